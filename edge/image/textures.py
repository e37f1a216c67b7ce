"""All texture features of a picture at once, for windows or for any part of it, and how a window differs from what is
beside it.

A picture becomes counts and sums in small cells; the features are read from what the cells of a window add up to.
Nothing here depends on how many windows there are but the last step.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image import binary_patterns, grey_statistics
from edge.image.despeckle import median
from edge.image.gabor import LEVELS as GABOR_LEVELS
from edge.image.gabor import ORIENTATIONS, GaborBank
from edge.image.windows import CELL_PX, NOTHING, Windows, counted, shared, summed

GREYS: Final = 64
LEVELS: Final = 8
"""Of grey for co-occurrence and runs."""
DISTANCES_PX: Final = (1, 2, 4)
LONGEST_PX: Final = 16
"""Run that is told from longer ones."""
DESPECKLE_PX: Final = 3
_PAIRS: Final = grey_statistics.n_pairs(LEVELS)
_WAYS: Final = ("across", "down")
_PATTERNS: Final = (("lbp8", 10), ("lbp16", 18), ("mbp", 10), *((f"ambp {px} px", 10) for px in binary_patterns.SIDES_PX))
"""With how many codes each has."""
_WAVES: Final = {
    f"{4 << level} px {180 * turn / ORIENTATIONS:g} deg": (level, turn)
    for level in range(GABOR_LEVELS)
    for turn in range(ORIENTATIONS)
}
NAMES: Final = (
    *(f"grey {name}" for name in grey_statistics.FIRST_ORDER),
    *(
        f"glcm {name} {of} {px} px"
        for of in ("mean", "range")
        for px in DISTANCES_PX
        for name in grey_statistics.HARALICK
    ),
    *(f"runs {way} {name}" for way in _WAYS for name in grey_statistics.RUNS),
    *(f"{pattern} {code}" for pattern, codes in _PATTERNS for code in range(codes)),
    *(f"gabor mean {wave}" for wave in _WAVES),
    *(f"gabor sd {wave}" for wave in _WAVES),
)
"""What the features are, in their order."""
AROUND: Final = tuple(f"{side} {what}" for side in ("above", "below", "left", "right") for what in ("grey", "edges"))
"""What is said of each side of a window."""


@dataclass(frozen=True, slots=True)
class _Needed:
    """What some features are computed from."""

    grey: bool
    distances_px: tuple[int, ...]
    ways: tuple[str, ...]
    patterns: tuple[tuple[str, int], ...]
    """Each with the number of its codes."""
    waves: tuple[str, ...]


@lru_cache(maxsize=8)
def _needed(names: tuple[str, ...]) -> _Needed:
    def any_begins(start: str) -> bool:
        return any(name.startswith(start) for name in names)

    return _Needed(
        any_begins("grey "),
        tuple(px for px in DISTANCES_PX if any(n.startswith("glcm ") and n.endswith(f" {px} px") for n in names)),
        tuple(way for way in _WAYS if any_begins(f"runs {way} ")),
        tuple(pattern for pattern in _PATTERNS if any_begins(f"{pattern[0]} ")),
        tuple(wave for wave in _WAVES if any(n.startswith("gabor ") and n.endswith(f" {wave}") for n in names)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TextureCells:
    """What features are read from."""

    counts: NDArray[np.uint16]
    """(rows, columns, bins) histograms of all codes, one after the other."""
    values: NDArray[np.float64]
    """(rows, columns, channels) sums of Gabor magnitudes, then of their squares."""


def texture_cells(
    picture: NDArray[np.uint8], names: tuple[str, ...] = NAMES, bank: GaborBank | None = None
) -> TextureCells:
    """From a picture (height, width) whose sides are multiples of four cells.

    names: of NAMES, the features that will be read from them. bank: of the picture, where there is one already.
    """
    needed = _needed(names)
    calm = median(picture, DESPECKLE_PX)
    levels = calm >> np.uint8(8 - (LEVELS - 1).bit_length())
    counts = [counted(calm >> np.uint8(8 - (GREYS - 1).bit_length()), GREYS)] if needed.grey else []
    for px in needed.distances_px:
        for down, right in grey_statistics.DIRECTIONS:
            counts.append(counted(grey_statistics.pair_codes(levels, LEVELS, px * down, px * right), _PAIRS))
    for way in needed.ways:
        runs = grey_statistics.run_codes(levels, LONGEST_PX, downwards=way == "down")
        counts.append(counted(runs, LEVELS * LONGEST_PX))
    counts += _pattern_counts(picture, calm, needed.patterns)
    bank = bank or GaborBank(picture.astype(np.float32))
    sums, squares = [], []
    for level, turn in (_WAVES[wave] for wave in needed.waves):
        plane = bank.magnitude(level, turn)
        for found, values in ((sums, plane), (squares, cv2.multiply(plane, plane))):
            found.append(summed(values, CELL_PX >> level) * 4**level)
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    no_count, no_value = np.zeros((*shape, 0), np.uint16), np.zeros((*shape, 0))
    return TextureCells(
        np.concatenate(counts, axis=2) if counts else no_count,
        np.stack(sums + squares, axis=2) if sums else no_value,
    )


def _pattern_counts(
    picture: NDArray[np.uint8], calm: NDArray[np.uint8], patterns: tuple[tuple[str, int], ...]
) -> list[NDArray[np.uint16]]:
    turned = binary_patterns.uniform_codes(8)
    names = {name for name, _ in patterns}
    found = {}
    if "lbp8" in names:
        found["lbp8"] = binary_patterns.local_binary_pattern(calm)
    if "lbp16" in names:
        found["lbp16"] = binary_patterns.local_binary_pattern(calm, 16, 2.0)
    if "mbp" in names:
        found["mbp"] = cv2.LUT(binary_patterns.median_binary_pattern(picture), turned)
    if any(name.startswith("ambp") for name in names):
        adaptive, side = binary_patterns.adaptive_median_binary_pattern(picture)
        codes = cv2.LUT(adaptive, turned).astype(np.int16)
        for index, px in enumerate(binary_patterns.SIDES_PX):
            found[f"ambp {px} px"] = np.where(side == index, codes, np.int16(NOTHING))
    return [counted(found[name], codes) for name, codes in patterns]


def describe(
    counts: NDArray[np.number], values: NDArray[np.floating], pixels: NDArray[np.float32], names: tuple[str, ...] = NAMES
) -> NDArray[np.float32]:
    """(n, features) in the order of `names`.

    counts: (n, bins), values: (n, channels), summed over parts of `pixels` (n,) each of cells made for these names.
    """
    needed = _needed(names)
    counts = np.asarray(counts, np.float32)
    each = np.maximum(pixels, 1)[:, None]
    found: dict[str, NDArray[np.floating]] = {}
    first = 0

    def taken(bins: int) -> NDArray[np.float32]:
        nonlocal first
        first += bins
        return counts[:, first - bins : first]

    if needed.grey:
        levels = grey_statistics.first_order(taken(GREYS), 256 / GREYS)
        found |= zip((f"grey {name}" for name in grey_statistics.FIRST_ORDER), levels.T, strict=True)
    directions = len(grey_statistics.DIRECTIONS)
    pairs = taken(len(needed.distances_px) * directions * _PAIRS)
    table = np.ascontiguousarray(pairs).reshape(len(counts), len(needed.distances_px), directions, _PAIRS)
    haralick = grey_statistics.haralick(table, LEVELS)
    for of, over in (("mean", haralick.mean(axis=2)), ("range", haralick.max(axis=2) - haralick.min(axis=2))):
        for index, px in enumerate(needed.distances_px):
            columns = (f"glcm {name} {of} {px} px" for name in grey_statistics.HARALICK)
            found |= zip(columns, over[:, index].T, strict=True)
    for way in needed.ways:
        runs = grey_statistics.run_features(taken(LEVELS * LONGEST_PX), LONGEST_PX, pixels)
        found |= zip((f"runs {way} {name}" for name in grey_statistics.RUNS), runs.T, strict=True)
    for pattern, codes in needed.patterns:
        found |= zip((f"{pattern} {code}" for code in range(codes)), (taken(codes) / each).T, strict=True)
    mean, square = np.split(values / each, 2, axis=1)
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    for kind, columns_ in (("mean", mean), ("sd", spread)):
        found |= zip((f"gabor {kind} {wave}" for wave in needed.waves), columns_.T, strict=True)
    return np.stack([found[name] for name in names], axis=1).astype(np.float32)


def surroundings(
    picture: NDArray[np.uint8], windows: Windows, names: tuple[str, ...] = AROUND
) -> NDArray[np.float32]:
    """(n, names) how much brighter and more structured each side is than the window, on a working picture (height,
    width). names: of AROUND."""
    grey = picture.astype(np.float32)
    planes = [grey]
    if any(name.endswith("edges") for name in names):
        soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
        planes.append(cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)))
    sums = shared(np.stack([summed(plane) for plane in planes], axis=2))
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    own = sums.mean_over(windows, CELL_PX**2)
    sides = dict(zip(("above", "below", "left", "right"), _sides(windows, shape), strict=True))
    apart = {
        side: (sums.mean_over(sides[side], CELL_PX**2) - own) / 255 for side in {name.split()[0] for name in names}
    }
    asked = (name.split() for name in names)
    return np.stack([apart[side][:, int(what == "edges")] for side, what in asked], axis=1).astype(np.float32)


def _sides(windows: Windows, shape: tuple[int, int]) -> tuple[Windows, ...]:
    """Half a window's height above and below it, half its width to the left and right."""
    high, wide = (windows.bottom - windows.top + 1) // 2, (windows.right - windows.left + 1) // 2
    around = windows.grown(high, wide, shape)
    return (
        Windows(around.top, windows.left, windows.top, windows.right),
        Windows(windows.bottom, windows.left, around.bottom, windows.right),
        Windows(windows.top, around.left, windows.bottom, windows.left),
        Windows(windows.top, windows.right, windows.bottom, around.right),
    )
