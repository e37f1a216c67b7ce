"""Grey-level co-occurrence: how often two levels stand at a given distance and direction (Haralick 1973)."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.image.shared_sums import NOTHING

Floats = NDArray[np.float32]

NAMES: Final = ("contrast", "dissimilarity", "homogeneity", "asm", "entropy", "correlation")
DIRECTIONS: Final = ((0, 1), (-1, 1), (-1, 0), (-1, -1))
"""(down, right) for 0, 45, 90 and 135 degrees, counter-clockwise as seen."""
TINY: Final = 1e-12


def n_pairs(levels: int) -> int:
    """How many unordered pairs of levels there are."""
    return levels * (levels + 1) // 2


def pair_codes(levels: NDArray[np.uint8], n_levels: int, down: int, right: int) -> NDArray[np.intp]:
    """(height, width) the unordered pair of levels that a pixel forms with the one so far below and to the right;
    NOTHING where that lies outside."""
    height, width = levels.shape
    rows = slice(max(0, -down), height - max(0, down))
    columns = slice(max(0, -right), width - max(0, right))
    there = levels[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right]
    codes = np.full(levels.shape, NOTHING, np.intp)
    codes[rows, columns] = _pair_number(n_levels).ravel()[levels[rows, columns].astype(np.intp) * n_levels + there]
    return codes


def symmetric(counts: Floats, n_levels: int) -> Floats:
    """(..., n_levels, n_levels) co-occurrence, each pair counted both ways, from pair counts (..., n_pairs)."""
    return np.asarray(counts[..., _pair_number(n_levels)] * (1 + np.eye(n_levels, dtype=np.float32)), np.float32)


def haralick(counts: Floats, n_levels: int) -> Floats:
    """(..., 6) in the order of NAMES, from pair counts (..., n_pairs); entropy in nats. Correlation is 1 where all is
    of one level; all is 0 where nothing was counted."""
    total = counts.sum(axis=-1, keepdims=True)
    share = counts / np.maximum(total, 1)
    first, second = _pairs(n_levels)
    apart = (second - first).astype(np.float32)
    both = np.where(apart > 0, np.float32(2), np.float32(1))
    # A pair of two different levels stands twice in the symmetric table, each time with half of its share.
    each = share / both
    linear = np.stack([apart**2, apart, 1 / (1 + apart**2), (first + second) / 2, first * second], axis=1)
    contrast, dissimilarity, homogeneity, mean, product = np.moveaxis(share @ linear.astype(np.float32), -1, 0)
    square = share @ ((first**2 + second**2) / 2).astype(np.float32)
    variance = square - mean**2
    correlation = np.where(variance > 1e-6, (product - mean**2) / np.maximum(variance, 1e-6), total[..., 0] > 0)
    asm = (share * each).sum(axis=-1)
    entropy = -(share * np.log(np.maximum(each, TINY))).sum(axis=-1)
    return np.stack([contrast, dissimilarity, homogeneity, asm, entropy, correlation], axis=-1).astype(np.float32)


@cache
def _pairs(n_levels: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(n_levels)


@cache
def _pair_number(n_levels: int) -> NDArray[np.intp]:
    """(n_levels, n_levels) the number of each pair, whichever comes first."""
    first, second = _pairs(n_levels)
    number = np.zeros((n_levels, n_levels), np.intp)
    number[first, second] = number[second, first] = np.arange(first.size)
    return number
