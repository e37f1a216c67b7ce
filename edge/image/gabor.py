"""A bank of Gabor filters: how strong a wave of a given length and direction is (Daugman 1985)."""

from functools import cache, lru_cache
from math import ceil, cos, log, pi, sin, sqrt
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

FREQUENCY: Final = 0.25
"""Waves per pixel of the level that is looked at."""
ORIENTATIONS: Final = 8
LEVELS: Final = 3
"""Each of half the resolution of the one before: waves of 4, 8 and 16 px."""
SMALL_PX: Final = 3072
"""Of a window, up to which matrices are quicker than filters."""
TINY: Final = 1e-9
"""Below this a part of a filter is nothing but rounding."""
DEVIATIONS: Final = 3
"""How far a filter reaches."""


def deviation_px(frequency: float, bandwidth_octaves: float = 1.0) -> float:
    """Of the Gaussian that gives this half-power bandwidth."""
    ratio = 2.0**bandwidth_octaves
    return float(sqrt(log(2) / 2) / pi * (ratio + 1) / (ratio - 1) / frequency)


REACH_PX: Final = ceil(DEVIATIONS * deviation_px(FREQUENCY))
"""How far around a pixel of its level a filter looks."""


def gabor_kernel(frequency: float, theta_rad: float) -> NDArray[np.complex128]:
    """A round Gabor filter, one octave wide; theta: of the wave, from the picture's right towards its bottom."""
    down, across = _factors(frequency, theta_rad)
    return np.outer(down, across)


@cache
def _factors(frequency: float, theta_rad: float) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """What the filter is down the columns and along the rows: a round one is their product."""
    sigma = deviation_px(frequency)
    reach = ceil(max(abs(DEVIATIONS * sigma * cos(theta_rad)), abs(DEVIATIONS * sigma * sin(theta_rad)), 1))
    place = np.arange(-reach, reach + 1)
    bell = np.exp(-0.5 * (place / sigma) ** 2) / (sqrt(2 * pi) * sigma)
    down, across = (bell * np.exp(2j * pi * frequency * part * place) for part in (sin(theta_rad), cos(theta_rad)))
    return down, across


class GaborBank:
    """A picture's answers to LEVELS * ORIENTATIONS filters, each computed when it is first asked for.

    window: the rows and columns in which they are asked for, in multiples of 4 px. None: everywhere.
    """

    def __init__(self, picture: NDArray[np.float32], window: tuple[slice, slice] | None = None) -> None:
        self._levels = [picture]
        self._window = window or (slice(0, picture.shape[0]), slice(0, picture.shape[1]))
        self._found: dict[tuple[int, int], NDArray[np.float32]] = {}

    def level(self, index: int) -> NDArray[np.float32]:
        """(height / 2^index, width / 2^index)."""
        while len(self._levels) <= index:
            finer = self._levels[-1]
            size = (finer.shape[1] // 2, finer.shape[0] // 2)
            self._levels.append(np.asarray(cv2.resize(finer, size, interpolation=cv2.INTER_AREA), np.float32))
        return self._levels[index]

    def magnitude(self, level: int, turn: int) -> NDArray[np.float32]:
        """(height / 2^level, width / 2^level) of the window, of the wave that is turned by turn * 180 / ORIENTATIONS
        degrees."""
        if (level, turn) not in self._found:
            (part, own), mirrored = self._part(level), (ORIENTATIONS - turn) % ORIENTATIONS
            both = gabor_magnitudes(part, FREQUENCY, pi * min(turn, mirrored) / ORIENTATIONS)
            self._found[level, min(turn, mirrored)] = both[0][own]
            self._found[level, max(turn, mirrored)] = both[1][own]
        return self._found[level, turn]

    def magnitudes(self, level: int, turns: tuple[int, ...]) -> NDArray[np.float32]:
        """(turns, height / 2^level, width / 2^level) the same of several."""
        part, own = self._part(level)
        high, wide = (side.stop - side.start for side in own)
        if high * wide > SMALL_PX:
            return np.stack([self.magnitude(level, turn) for turn in turns])
        # Where little is asked for, two products of matrices take less time than to begin each filter.
        down = _as_matrices(turns, part.shape[0], own[0].start, high, down=True)
        across = _as_matrices(turns, part.shape[1], own[1].start, wide, down=False)
        passed = np.matmul(part, across).reshape(len(turns), 2 * part.shape[0], wide)
        answers = np.matmul(down, passed).reshape(len(turns), 2, high * wide)
        return _magnitude(answers[:, 0], answers[:, 1]).reshape(len(turns), high, wide)

    def _part(self, level: int) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
        """What the filters look at for the window's sake, and where the window lies in that."""
        picture = self.level(level)
        asked = [slice(side.start >> level, side.stop >> level) for side in self._window]
        rows, columns = (slice(max(0, side.start - REACH_PX), side.stop + REACH_PX) for side in asked)
        down, right = (
            slice(side.start - of.start, side.stop - of.start) for side, of in zip(asked, (rows, columns), strict=True)
        )
        return picture[rows, columns], (down, right)


@lru_cache(maxsize=24)
def _as_matrices(turns: tuple[int, ...], length: int, start: int, count: int, *, down: bool) -> NDArray[np.float32]:
    """What filters make of lines of so many pixels at `count` of them from `start` on; lines are mirrored at their
    ends. Down: (turns, 2 count, 2 length) from the real and the imaginary part of what was passed across, one below the
    other, to those of the answer. Across: (turns, 2, length, count) to the real and the imaginary part."""
    matrices = np.zeros((len(turns), count, length), np.complex128)
    for turn, matrix in zip(turns, matrices, strict=True):
        line = np.conj(_factors(FREQUENCY, pi * turn / ORIENTATIONS)[0 if down else 1])
        for place, row in enumerate(matrix, start - line.size // 2):
            taken = np.arange(place, place + line.size) % (2 * length)
            np.add.at(row, np.minimum(taken, 2 * length - 1 - taken), line)
    real, imaginary = matrices.real, matrices.imag
    if down:
        return np.asarray(np.block([[real, -imaginary], [imaginary, real]]), np.float32)
    return np.ascontiguousarray(np.stack([real, imaginary], axis=1).transpose(0, 1, 3, 2), np.float32)


def gabor_magnitudes(
    picture: NDArray[np.float32], frequency: float, theta_rad: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(height, width) each: the filter's answer without its phase, and that of the filter turned by pi - theta, which
    is made of the same parts; the picture is mirrored at its border."""
    down, across = (np.conj(part) for part in _factors(frequency, theta_rad))

    def passed(along: NDArray[np.float64], downwards: NDArray[np.float64]) -> NDArray[np.float32]:
        answer = cv2.sepFilter2D(picture, cv2.CV_32F, along, downwards, borderType=cv2.BORDER_REFLECT)
        return np.asarray(answer, np.float32)

    straight = passed(across.real, down.real)
    if np.abs(across.imag).max() < TINY:
        one = _magnitude(straight, passed(across.real, down.imag))
        return one, one
    if np.abs(down.imag).max() < TINY:
        one = _magnitude(straight, passed(across.imag, down.real))
        return one, one
    twice = passed(across.imag, down.imag)
    first, second = passed(across.real, down.imag), passed(across.imag, down.real)
    return _magnitude(straight - twice, first + second), _magnitude(straight + twice, first - second)


def _magnitude(real: NDArray[np.float32], imaginary: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.magnitude(real, imaginary), np.float32)
