"""All texture features of a picture at once, for windows or for any part of it.

A picture becomes counts and sums in small cells; the features are read from what the cells of a window add up to.
Nothing here depends on how many windows there are but the last step.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.image import binary_patterns, cooccurrence, first_order, run_lengths
from edge.image.despeckle import median
from edge.image.gabor import LEVELS as GABOR_LEVELS
from edge.image.gabor import ORIENTATIONS, gabor_bank
from edge.image.shared_sums import CELL_PX, counted, summed

Floats = NDArray[np.float32]

GREYS: Final = 64
LEVELS: Final = 8
"""Of grey for co-occurrence and runs."""
DISTANCES_PX: Final = (1, 2, 4)
LONGEST_PX: Final = 16
"""Run that is told from longer ones."""
DESPECKLE_PX: Final = 3
_PAIRS: Final = cooccurrence.n_pairs(LEVELS)
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
    *(f"grey {name}" for name in first_order.NAMES),
    *(f"glcm {name} {of} {px} px" for of in ("mean", "range") for px in DISTANCES_PX for name in cooccurrence.NAMES),
    *(f"runs {way} {name}" for way in ("across", "down") for name in run_lengths.NAMES),
    *_PATTERNS,
    *(f"gabor mean {wave}" for wave in _WAVES),
    *(f"gabor sd {wave}" for wave in _WAVES),
)
"""What the features are, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class TextureCells:
    """What the features are read from."""

    counts: NDArray[np.float32]
    """(rows, columns, bins) histograms of all codes, one after the other."""
    values: NDArray[np.float64]
    """(rows, columns, channels) sums of Gabor magnitudes and of their squares."""


def evened(picture: NDArray[np.uint8], lit: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture (height, width) with its lit pixels' grey levels spread evenly over 1 to 255: what gain, gamma and
    compression change goes away, for they keep which of two pixels is the brighter. Unlit pixels become 0."""
    counts = np.bincount(picture[lit], minlength=256)
    middle = (np.cumsum(counts) - counts / 2) / max(int(counts.sum()), 1)
    levels = (1 + np.floor(middle * 255)).clip(1, 255).astype(np.uint8)
    return np.where(lit, levels[picture], 0).astype(np.uint8)


def texture_cells(picture: NDArray[np.uint8]) -> TextureCells:
    """From a picture (height, width) whose sides are multiples of four cells."""
    calm = median(picture, DESPECKLE_PX)
    levels = (calm // (256 // LEVELS)).astype(np.uint8)
    pairs = [
        cooccurrence.pair_codes(levels, LEVELS, px * down, px * right)
        for px in DISTANCES_PX
        for down, right in cooccurrence.DIRECTIONS
    ]
    runs = [run_lengths.run_codes(levels, LONGEST_PX, downwards=downwards) for downwards in (False, True)]
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


def describe(counts: Floats, values: Floats, pixels: Floats) -> Floats:
    """(n, features) in the order of NAMES.

    counts: (n, bins), values: (n, channels), summed over parts of `pixels` (n,) each.
    """
    edges = np.cumsum([GREYS, 12 * _PAIRS, LEVELS * LONGEST_PX, LEVELS * LONGEST_PX])
    grey, pairs, across, down, patterns = np.split(counts, edges, axis=1)
    table = pairs.reshape(len(counts), len(DISTANCES_PX), len(cooccurrence.DIRECTIONS), _PAIRS)
    haralick = cooccurrence.haralick(table, LEVELS)
    each = np.maximum(pixels, 1)[:, None]
    mean, square = np.split(values / each, 2, axis=1)
    parts = [
        first_order.first_order(grey, 256 / GREYS),
        haralick.mean(axis=2).reshape(len(counts), -1),
        np.ptp(haralick, axis=2).reshape(len(counts), -1),
        run_lengths.run_features(across, LONGEST_PX, pixels),
        run_lengths.run_features(down, LONGEST_PX, pixels),
        patterns / each,
        mean,
        np.sqrt(np.maximum(square - mean**2, 0)),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)
