"""All texture features of a picture at once, for windows or for any part of it, and how a window differs from what is
beside it.

A picture becomes counts and sums in small cells; the features are read from what the cells of a window add up to.
Nothing here depends on how many windows there are but the last step.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image import binary_patterns, grey_statistics
from edge.image.despeckle import median
from edge.image.gabor import LEVELS as GABOR_LEVELS
from edge.image.gabor import ORIENTATIONS, gabor_bank
from edge.image.windows import CELL_PX, Windows, counted, shared, summed

GREYS: Final = 64
LEVELS: Final = 8
"""Of grey for co-occurrence and runs."""
DISTANCES_PX: Final = (1, 2, 4)
LONGEST_PX: Final = 16
"""Run that is told from longer ones."""
DESPECKLE_PX: Final = 3
_PAIRS: Final = grey_statistics.n_pairs(LEVELS)
_PATTERNS: Final = (
    *(f"lbp8 {code}" for code in range(10)),
    *(f"lbp16 {code}" for code in range(18)),
    *(f"mbp {code}" for code in range(10)),
    *(f"ambp {side} px {code}" for side in binary_patterns.SIDES_PX for code in range(10)),
)
_WAVES: Final = tuple(
    f"{4 << level} px {180 * turn / ORIENTATIONS:g} deg"
    for level in range(GABOR_LEVELS)
    for turn in range(ORIENTATIONS)
)
NAMES: Final = (
    *(f"grey {name}" for name in grey_statistics.FIRST_ORDER),
    *(
        f"glcm {name} {of} {px} px"
        for of in ("mean", "range")
        for px in DISTANCES_PX
        for name in grey_statistics.HARALICK
    ),
    *(f"runs {way} {name}" for way in ("across", "down") for name in grey_statistics.RUNS),
    *_PATTERNS,
    *(f"gabor mean {wave}" for wave in _WAVES),
    *(f"gabor sd {wave}" for wave in _WAVES),
)
"""What the features are, in their order."""
AROUND: Final = tuple(f"{side} {what}" for side in ("above", "below", "left", "right") for what in ("grey", "edges"))
"""What is said of each side of a window."""


@dataclass(frozen=True, slots=True, eq=False)
class TextureCells:
    """What the features are read from."""

    counts: NDArray[np.float32]
    """(rows, columns, bins) histograms of all codes, one after the other."""
    values: NDArray[np.float64]
    """(rows, columns, channels) sums of Gabor magnitudes and of their squares."""


def texture_cells(picture: NDArray[np.uint8]) -> TextureCells:
    """From a picture (height, width) whose sides are multiples of four cells."""
    calm = median(picture, DESPECKLE_PX)
    levels = (calm // (256 // LEVELS)).astype(np.uint8)
    pairs = [
        grey_statistics.pair_codes(levels, LEVELS, px * down, px * right)
        for px in DISTANCES_PX
        for down, right in grey_statistics.DIRECTIONS
    ]
    runs = [grey_statistics.run_codes(levels, LONGEST_PX, downwards=downwards) for downwards in (False, True)]
    turned = binary_patterns.uniform_codes(8)
    adaptive, side = binary_patterns.adaptive_median_binary_pattern(picture)
    patterns = (
        (binary_patterns.local_binary_pattern(calm), 10),
        (binary_patterns.local_binary_pattern(calm, 16, 2.0), 18),
        (turned[binary_patterns.median_binary_pattern(picture)], 10),
        (turned[adaptive] + 10 * side, 30),
    )
    counts = [
        counted((calm // (256 // GREYS)).astype(np.intp), GREYS),
        *(counted(codes, _PAIRS) for codes in pairs),
        *(counted(codes, LEVELS * LONGEST_PX) for codes in runs),
        *(counted(codes, bins) for codes, bins in patterns),
    ]
    waves = [
        summed(plane, CELL_PX >> level) * 4**level
        for level, plane in enumerate(
            np.concatenate([plane, plane * plane], axis=2) for plane in gabor_bank(picture.astype(np.float32))
        )
    ]
    by_kind = [wave[..., part] for part in (slice(0, ORIENTATIONS), slice(ORIENTATIONS, None)) for wave in waves]
    return TextureCells(np.concatenate(counts, axis=2), np.concatenate(by_kind, axis=2))


def describe(
    counts: NDArray[np.float32], values: NDArray[np.float32], pixels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, features) in the order of NAMES.

    counts: (n, bins), values: (n, channels), summed over parts of `pixels` (n,) each.
    """
    edges = np.cumsum([GREYS, 12 * _PAIRS, LEVELS * LONGEST_PX, LEVELS * LONGEST_PX])
    grey, pairs, across, down, patterns = np.split(counts, edges, axis=1)
    table = pairs.reshape(len(counts), len(DISTANCES_PX), len(grey_statistics.DIRECTIONS), _PAIRS)
    haralick = grey_statistics.haralick(table, LEVELS)
    each = np.maximum(pixels, 1)[:, None]
    mean, square = np.split(values / each, 2, axis=1)
    parts = [
        grey_statistics.first_order(grey, 256 / GREYS),
        haralick.mean(axis=2).reshape(len(counts), -1),
        np.ptp(haralick, axis=2).reshape(len(counts), -1),
        grey_statistics.run_features(across, LONGEST_PX, pixels),
        grey_statistics.run_features(down, LONGEST_PX, pixels),
        patterns / each,
        mean,
        np.sqrt(np.maximum(square - mean**2, 0)),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def surroundings(picture: NDArray[np.uint8], windows: Windows) -> NDArray[np.float32]:
    """(n, 8) in the order of AROUND: how much brighter and more structured each side is than the window, on a working
    picture (height, width)."""
    grey = picture.astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    edges = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    sums = shared(summed(np.stack([grey, edges], axis=2)))
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    own = sums.mean_over(windows, CELL_PX**2)
    apart = [(sums.mean_over(side, CELL_PX**2) - own) / 255 for side in _sides(windows, shape)]
    return np.concatenate(apart, axis=1).astype(np.float32)


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
