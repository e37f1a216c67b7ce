"""A bank of Gabor filters: how strong a wave of a given length and direction is (Daugman 1985)."""

from functools import cache
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
DEVIATIONS: Final = 3
"""How far a filter reaches."""


def deviation_px(frequency: float, bandwidth_octaves: float = 1.0) -> float:
    """Of the Gaussian that gives this half-power bandwidth."""
    ratio = 2.0**bandwidth_octaves
    return float(sqrt(log(2) / 2) / pi * (ratio + 1) / (ratio - 1) / frequency)


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


def gabor_magnitude(picture: NDArray[np.float32], frequency: float, theta_rad: float) -> NDArray[np.float32]:
    """(height, width) the filter's answer without its phase; the picture is mirrored at its border."""
    down, across = (np.conj(part) for part in _factors(frequency, theta_rad))

    def passed(along: NDArray[np.float64], downwards: NDArray[np.float64]) -> NDArray[np.float32]:
        answer = cv2.sepFilter2D(picture, cv2.CV_32F, along, downwards, borderType=cv2.BORDER_REFLECT)
        return np.asarray(answer, np.float32)

    real = passed(across.real, down.real) - passed(across.imag, down.imag)
    imaginary = passed(across.real, down.imag) + passed(across.imag, down.real)
    return np.asarray(cv2.magnitude(real, imaginary), np.float32)


def gabor_bank(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """LEVELS planes (height / 2^k, width / 2^k, ORIENTATIONS) of magnitudes, fine to coarse."""
    level, planes = picture, []
    for index in range(LEVELS):
        if index:
            size = (level.shape[1] // 2, level.shape[0] // 2)
            level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.float32)
        turns = [gabor_magnitude(level, FREQUENCY, pi * turn / ORIENTATIONS) for turn in range(ORIENTATIONS)]
        planes.append(np.stack(turns, axis=-1))
    return tuple(planes)
