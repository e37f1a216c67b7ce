"""What the texture features read of one region of a working picture, without counting the whole picture in cells.

The same counts and sums as the cells inside add up to (`edge.image.textures.texture_cells`), each looked at only as far
around the region as it reaches. Whatever hangs on the region alone is worked out once and kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, pi
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image import binary_patterns, gabor, grey_statistics
from edge.image.despeckle import median
from edge.image.textures import DESPECKLE_PX, DISTANCES_PX, GREYS, LEVELS, LONGEST_PX, TextureCells
from edge.image.windows import CELL_PX

Cells = NDArray[np.bool_]
"""(rows, columns) whether each cell of a working picture is in the region."""
Box = tuple[slice, slice]

KEPT: Final = 8
"""Regions of which what hangs on them alone is kept: a run has one."""
BESIDE_PX: Final = 5
"""Above and to the left: the farthest pair of pixels, and one for the median."""
BEYOND_PX: Final = LONGEST_PX + 2
"""Below and to the right: a run that begins in the region is followed so far."""
PATTERN_PX: Final = 4
"""Around a pixel: its adaptive pattern's widest window."""
SAMPLED_PX: Final = 3
"""Around a pixel: its local pattern's widest circle."""
PARTNERS: Final = tuple((px * down, px * right) for px in DISTANCES_PX for down, right in grey_statistics.DIRECTIONS)
OUTSIDE: Final = LEVELS
"""The level of what lies beyond the picture: pairs with it count nowhere."""
REACH_PX: Final = ceil(gabor.DEVIATIONS * gabor.deviation_px(gabor.FREQUENCY))
"""Of the Gabor filters."""
SECOND: Final = 2 * LEVELS
"""Room for the second level of a pair in its code."""


@dataclass(frozen=True, slots=True, eq=False)
class TextureSums:
    """What a region's cells add up to; the fields are those of `TextureCells`."""

    counts: NDArray[np.float32]
    """(bins,)."""
    values: NDArray[np.float64]
    """(channels,)."""


def sums_in(cells: TextureCells, inside: Cells) -> TextureSums:
    """From cells that were counted before."""
    return TextureSums(cells.counts[inside].sum(axis=0), cells.values[inside].sum(axis=0))


def sums_of(picture: NDArray[np.uint8], inside: Cells) -> TextureSums:
    """From a working picture (height, width) itself; at least one cell is inside."""
    place = _place(inside.tobytes(), (inside.shape[0], inside.shape[1]))
    calm = median(picture[place.around], DESPECKLE_PX)
    return TextureSums(
        np.concatenate([_grey_counts(calm, place), _pattern_counts(picture, calm, place)]), _wave_sums(picture, place)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a region lies."""

    box: tuple[int, int, int, int]
    """top, left, bottom, right of its cells, in cells."""
    inside: Cells
    """(rows, columns) of the box."""
    around: Box
    """As far as pairs and runs reach."""
    at: NDArray[np.intp]
    """(n,) its pixels in that part, as flat indices."""
    partners: NDArray[np.intp]
    """(1 + pairs, n) its pixels and their partners in that part with a margin, as flat indices."""
    sampled: Box
    """Of that part: as far as local patterns reach."""
    sampled_at: NDArray[np.intp]
    patterned: Box
    """Of the picture: as far as median patterns reach."""
    patterned_at: NDArray[np.intp]


@lru_cache(maxsize=KEPT)
def _place(inside_bytes: bytes, shape: tuple[int, int]) -> _Place:
    inside = np.frombuffer(inside_bytes, bool).reshape(shape)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    box = top, left, bottom, right = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    within = inside[top:bottom, left:right]
    y, x = np.nonzero(within.repeat(CELL_PX, axis=0).repeat(CELL_PX, axis=1))
    y, x = y + top * CELL_PX, x + left * CELL_PX
    size = shape[0] * CELL_PX, shape[1] * CELL_PX

    def part(before: int, after: int) -> Box:
        return (
            slice(max(0, top * CELL_PX - before), min(size[0], bottom * CELL_PX + after)),
            slice(max(0, left * CELL_PX - before), min(size[1], right * CELL_PX + after)),
        )

    def flat(of: Box) -> NDArray[np.intp]:
        found: NDArray[np.intp] = (y - of[0].start) * (of[1].stop - of[1].start) + x - of[1].start
        return found

    around, sampled, patterned = part(BESIDE_PX, BEYOND_PX), part(SAMPLED_PX, SAMPLED_PX), part(PATTERN_PX, PATTERN_PX)
    reach = max(DISTANCES_PX)
    wide = around[1].stop - around[1].start + 2 * reach
    own = (y - around[0].start + reach) * wide + x - around[1].start + reach
    shifts = np.array([0, *(down * wide + right for down, right in PARTNERS)])
    sampled_in = (
        slice(sampled[0].start - around[0].start, sampled[0].stop - around[0].start),
        slice(sampled[1].start - around[1].start, sampled[1].stop - around[1].start),
    )
    return _Place(
        box, within, around, flat(around), own + shifts[:, None], sampled_in, flat(sampled), patterned, flat(patterned)
    )


def _counted(codes: NDArray[np.intp], bins: int) -> NDArray[np.intp]:
    """(bins,) how often each code stands; NOTHING, which is -1, nowhere."""
    return np.bincount(codes + 1, minlength=bins + 1)[1:]


def _grey_counts(calm: NDArray[np.uint8], place: _Place) -> NDArray[np.float32]:
    """Grey levels, pairs and runs."""
    levels = calm // (256 // LEVELS)
    reach = max(DISTANCES_PX)
    padded = cv2.copyMakeBorder(levels, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=OUTSIDE)
    found = padded.astype(np.intp).ravel().take(place.partners)
    pairs = LEVELS * SECOND
    codes = found[1:] + (found[0] * SECOND + np.arange(0, len(PARTNERS) * pairs, pairs)[:, None])
    table = np.bincount(codes.ravel(), minlength=len(PARTNERS) * pairs).reshape(len(PARTNERS), pairs)
    return np.concatenate(
        [
            _counted((calm // (256 // GREYS)).ravel().take(place.at).astype(np.intp), GREYS),
            (table.astype(np.float32) @ _unordered()).ravel(),
            *(
                _counted(
                    grey_statistics.run_codes(levels, LONGEST_PX, downwards=downwards).ravel().take(place.at),
                    LEVELS * LONGEST_PX,
                )
                for downwards in (False, True)
            ),
        ]
    ).astype(np.float32)


@lru_cache(maxsize=1)
def _unordered() -> NDArray[np.float32]:
    """(codes of ordered pairs, pairs) 1 where a code is of a pair."""
    table = np.zeros((LEVELS, SECOND, grey_statistics.n_pairs(LEVELS)), np.float32)
    for number, (first, second) in enumerate(zip(*np.triu_indices(LEVELS), strict=True)):
        table[first, second, number] = table[second, first, number] = 1
    return table.reshape(LEVELS * SECOND, -1)


def _pattern_counts(picture: NDArray[np.uint8], calm: NDArray[np.uint8], place: _Place) -> NDArray[np.float32]:
    """Local patterns of the calm picture, median patterns of the picture itself."""
    sampled, patterned = np.ascontiguousarray(calm[place.sampled]), np.ascontiguousarray(picture[place.patterned])
    turned = binary_patterns.uniform_codes(8)
    adaptive, side = binary_patterns.adaptive_median_binary_pattern(patterned)
    plain = binary_patterns.median_binary_pattern(patterned)
    at = place.patterned_at
    return np.concatenate(
        [
            _counted(binary_patterns.local_binary_pattern(sampled).ravel().take(place.sampled_at), 10),
            _counted(binary_patterns.local_binary_pattern(sampled, 16, 2.0).ravel().take(place.sampled_at), 18),
            _counted(turned[plain.ravel().take(at)], 10),
            _counted(turned[adaptive.ravel().take(at)] + 10 * side.ravel().take(at), 30),
        ]
    ).astype(np.float32)


def _wave_sums(picture: NDArray[np.uint8], place: _Place) -> NDArray[np.float64]:
    """Sums of the Gabor bank's magnitudes, then those of their squares."""
    level = picture.astype(np.float32)
    sums = np.zeros((2, gabor.LEVELS, gabor.ORIENTATIONS))
    for halved in range(gabor.LEVELS):
        if halved:
            half = (level.shape[1] // 2, level.shape[0] // 2)
            level = np.asarray(cv2.resize(level, half, interpolation=cv2.INTER_AREA), np.float32)
        cell = CELL_PX >> halved
        top, left, bottom, right = (cell * side for side in place.box)
        above, before = min(top, REACH_PX), min(left, REACH_PX)
        part = level[top - above : bottom + REACH_PX, left - before : right + REACH_PX]
        own = np.s_[above : above + bottom - top, before : before + right - left]
        mask = None if place.inside.all() else place.inside.repeat(cell, 0).repeat(cell, 1).view(np.uint8)
        for turn, (real, imaginary) in _answers(part):
            strength = cv2.magnitude(real[own], imaginary[own])
            sums[0, halved, turn] = cv2.norm(strength, cv2.NORM_L1, mask) * 4**halved
            sums[1, halved, turn] = cv2.norm(strength, cv2.NORM_L2SQR, mask) * 4**halved
    return sums.ravel()


def _answers(part: NDArray[np.float32]) -> Iterator[tuple[int, tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """The filters of all orientations: their numbers, real and imaginary answers.

    A filter is a product of one along the rows and one down the columns. Two that mirror each other have the same
    products and differ in a sign; the filters along the rows and down the columns have an imaginary part only there.
    """

    def passed(along: NDArray[np.float64], downwards: NDArray[np.float64]) -> NDArray[np.float32]:
        answer = cv2.sepFilter2D(part, cv2.CV_32F, along, downwards, borderType=cv2.BORDER_REFLECT)
        return np.asarray(answer, np.float32)

    quarter = gabor.ORIENTATIONS // 2
    for turn, (down, across) in enumerate(_factors()):
        even = passed(across.real, down.real)
        if turn == 0:
            yield turn, (even, passed(across.imag, down.real))
        elif turn == quarter:
            yield turn, (even, passed(across.real, down.imag))
        else:
            both, one, other = (
                passed(across.imag, down.imag),
                passed(across.real, down.imag),
                passed(across.imag, down.real),
            )
            yield turn, (even - both, one + other)
            yield gabor.ORIENTATIONS - turn, (even + both, one - other)


@lru_cache(maxsize=1)
def _factors() -> tuple[tuple[NDArray[np.complex128], NDArray[np.complex128]], ...]:
    """Down the columns and along the rows, of the orientations up to a right angle."""
    found = []
    for turn in range(gabor.ORIENTATIONS // 2 + 1):
        kernel = gabor.gabor_kernel(gabor.FREQUENCY, pi * turn / gabor.ORIENTATIONS)
        middle = len(kernel) // 2
        # The product of its middle column and its middle row, over what both share.
        share = np.sqrt(kernel[middle, middle].real)
        found.append((kernel[:, middle] / share, kernel[middle] / share))
    return tuple(found)
