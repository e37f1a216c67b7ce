"""What grey levels say of texture: how often each stands (first order), which stand side by side (co-occurrence), and
how far one goes on (run lengths).

Each begins with counts, which many windows can share, and makes its features of what a window adds up to.
"""

from functools import cache
from math import log
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.windows import NOTHING

FIRST_ORDER: Final = ("mean", "sd", "skewness", "kurtosis", "entropy", "p10", "p50", "p90")
HARALICK: Final = ("contrast", "dissimilarity", "homogeneity", "asm", "entropy", "correlation")
RUNS: Final = ("sre", "lre", "gln", "rln", "rp", "lgre", "hgre", "srlge", "srhge", "lrlge", "lrhge")
"""Short and long run emphasis, grey level and run length non-uniformity (as shares), run percentage, low and high grey
level run emphasis, and the four of both."""
DIRECTIONS: Final = ((0, 1), (-1, 1), (-1, 0), (-1, -1))
"""(down, right) for 0, 45, 90 and 135 degrees, counter-clockwise as seen."""
TINY: Final = 1e-12


def first_order(counts: NDArray[np.float32], step: float = 1.0) -> NDArray[np.float32]:
    """(n, 8) in the order of FIRST_ORDER, from histograms (n, levels).

    Level k stands for the grey level (k + 0.5) * step - 0.5, the middle of its bin. Entropy in bits; kurtosis is 3 for
    a normal distribution; both it and skewness are 0 where all is of one level. Percentiles are the first level that
    reaches them.
    """
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    share = counts / total
    level = ((np.arange(counts.shape[1]) + 0.5) * step - 0.5).astype(np.float32)
    mean = share @ level
    off = level - mean[:, None]
    squares = off * off
    variance = (share * squares).sum(axis=1)
    spread = np.where(variance > TINY, variance, 1)
    skewness = (share * squares * off).sum(axis=1) / spread**1.5
    kurtosis = (share * squares * squares).sum(axis=1) / spread**2
    entropy = -(share * np.log2(np.maximum(share, TINY))).sum(axis=1)
    # Counts are whole: half a pixel below decides nothing and takes rounding away.
    so_far = counts @ np.triu(np.ones((counts.shape[1],) * 2, np.float32))
    at = [level[np.argmax(so_far >= part * total - 0.01, axis=1)] for part in (0.1, 0.5, 0.9)]
    return np.stack([mean, np.sqrt(variance), skewness, kurtosis, entropy, *at], axis=1).astype(np.float32)


def n_pairs(levels: int) -> int:
    """How many unordered pairs of levels there are."""
    return levels * (levels + 1) // 2


def pair_codes(levels: NDArray[np.uint8], n_levels: int, down: int, right: int) -> NDArray[np.int16]:
    """(height, width) the unordered pair of levels that a pixel forms with the one so far below and to the right;
    NOTHING where that lies outside. n_levels: at most 16."""
    height, width = levels.shape
    rows = slice(max(0, -down), height - max(0, down))
    columns = slice(max(0, -right), width - max(0, right))
    there = levels[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right]
    codes = np.full(levels.shape, NOTHING, np.int16)
    if there.size:
        codes[rows, columns] = cv2.LUT(cv2.scaleAdd(levels[rows, columns], n_levels, there), _pair_table(n_levels))
    return codes


def symmetric(counts: NDArray[np.float32], n_levels: int) -> NDArray[np.float32]:
    """(..., n_levels, n_levels) co-occurrence, each pair counted both ways, from pair counts (..., n_pairs)."""
    return np.asarray(counts[..., _pair_number(n_levels)] * (1 + np.eye(n_levels, dtype=np.float32)), np.float32)


def haralick(counts: NDArray[np.float32], n_levels: int) -> NDArray[np.float32]:
    """(..., 6) in the order of HARALICK (Haralick 1973), from pair counts (..., n_pairs); entropy in nats. Correlation
    is 1 where all is of one level; all is 0 where nothing was counted."""
    flat = counts.reshape(-1, counts.shape[-1])
    linear = flat @ _pair_weights(n_levels)
    runs = linear[:, -1]
    total = np.maximum(runs, 1)
    contrast, dissimilarity, homogeneity, mean, product, square, unlike = (linear[:, :-1] / total[:, None]).T
    variance = square - mean**2
    correlation = np.where(variance > 1e-6, (product - mean**2) / np.maximum(variance, 1e-6), runs > 0)
    # A pair of two different levels stands twice in the symmetric table, each time with half of its share.
    asm = (flat * flat) @ _each(n_levels) / total**2
    logs = np.log(np.maximum(flat, 1))
    logs *= flat
    entropy = np.log(total) - logs.sum(axis=1) / total + np.float32(log(2)) * unlike
    values = (contrast, dissimilarity, homogeneity, asm, entropy, correlation)
    return np.stack(values, axis=-1).astype(np.float32).reshape(*counts.shape[:-1], len(HARALICK))


@cache
def _pair_weights(n_levels: int) -> NDArray[np.float32]:
    """(n_pairs, 8) what a pair adds to contrast, dissimilarity, homogeneity, mean, product, square, to the pairs of two
    different levels, and to all."""
    first, second = _pairs(n_levels)
    apart = second - first
    mean, product, square = (first + second) / 2, first * second, (first**2 + second**2) / 2
    weights = (apart**2, apart, 1 / (1 + apart**2), mean, product, square, apart > 0, np.ones(apart.size))
    return np.stack(weights, axis=1).astype(np.float32)


@cache
def _each(n_levels: int) -> NDArray[np.float32]:
    """(n_pairs,) 1 for a pair of one level, 1/2 for a pair of two, which stands twice in the symmetric table."""
    first, second = _pairs(n_levels)
    return np.where(first == second, 1, 0.5).astype(np.float32)


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


@cache
def _pair_table(n_levels: int) -> NDArray[np.int16]:
    """(256,) the number of each pair by first * n_levels + second."""
    table = np.zeros(256, np.int16)
    table[: n_levels**2] = _pair_number(n_levels).ravel()
    return table


def run_codes(levels: NDArray[np.uint8], longest: int, *, downwards: bool = False) -> NDArray[np.int16]:
    """(height, width) where a run begins: level * longest + its length - 1; elsewhere NOTHING.

    Runs go to the right or downwards, over the whole picture; longer ones count as `longest`. So a window's table
    holds the runs that begin in it, in full length: that is what many windows can share.
    """
    if downwards:
        return np.ascontiguousarray(run_codes(np.ascontiguousarray(levels.T), longest).T)
    begins = np.ones(levels.shape, bool)
    begins[:, 1:] = levels[:, 1:] != levels[:, :-1]
    start = np.flatnonzero(begins)
    length = np.diff(start, append=levels.size)
    codes = np.full(levels.size, NOTHING, np.int16)
    codes[start] = levels.ravel()[start].astype(np.int16) * longest + np.minimum(length, longest) - 1
    return codes.reshape(levels.shape)


def run_features(counts: NDArray[np.float32], longest: int, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 11) in the order of RUNS (Galloway 1975; Chu 1990; Dasarathy and Holder 1991), from counts
    (n, levels * longest) over `pixels` (n,) each; 0 where no run is.

    Levels count from 1, as in the sources.
    """
    linear = counts @ _run_weights(counts.shape[1] // longest, longest)
    runs = linear[:, 0]
    total = np.maximum(runs, 1)
    sre, lre, lgre, hgre, *mixed = linear[:, 1:9].T
    by_length, by_level = linear[:, 9 : 9 + longest], linear[:, 9 + longest :]
    gln, rln = (np.einsum("nk,nk->n", of, of) / total for of in (by_level, by_length))
    rp = total * runs / np.maximum(pixels, 1)
    return np.asarray(np.stack([sre, lre, gln, rln, rp, lgre, hgre, *mixed], axis=1) / total[:, None], np.float32)


@cache
def _run_weights(levels: int, longest: int) -> NDArray[np.float32]:
    """(levels * longest, 9 + longest + levels) what a run adds to the number of runs, to their emphases, and to the
    numbers of runs of each length and of each level."""
    level, length = (np.arange(1, count + 1, dtype=np.float64) for count in (levels, longest))
    of_level = (level**-2, level**2)
    of_length = (length**-2, length**2)
    even_level, even_length = np.ones(levels), np.ones(longest)
    pairs = [(even_level, even_length)]
    pairs += [(even_level, run) for run in of_length] + [(grey, even_length) for grey in of_level]
    pairs += [(grey, run) for run in of_length for grey in of_level]
    pairs += [(even_level, each) for each in np.eye(longest)] + [(each, even_length) for each in np.eye(levels)]
    return np.stack([np.outer(grey, run).ravel() for grey, run in pairs], axis=1).astype(np.float32)
