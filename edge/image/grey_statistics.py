"""What grey levels say of texture: how often each stands (first order), which stand side by side (co-occurrence), and
how far one goes on (run lengths).

Each begins with counts, which many windows can share, and makes its features of what a window adds up to.
"""

from collections.abc import Sequence
from functools import cache
from math import log
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.windows import NOTHING

FIRST_ORDER: Final = ("mean", "sd", "skewness", "kurtosis", "entropy", "p10", "p50", "p90")
PERCENTILES: Final = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
HARALICK: Final = ("contrast", "dissimilarity", "homogeneity", "asm", "entropy", "correlation")
RUNS: Final = ("sre", "lre", "gln", "rln", "rp", "lgre", "hgre", "srlge", "srhge", "lrlge", "lrhge")
"""Short and long run emphasis, grey level and run length non-uniformity (as shares), run percentage, low and high grey
level run emphasis, and the four of both."""
DIRECTIONS: Final = ((0, 1), (-1, 1), (-1, 0), (-1, -1))
"""(down, right) for 0, 45, 90 and 135 degrees, counter-clockwise as seen."""
TINY: Final = 1e-12
AT_ONCE: Final = 1024
"""Tables whose logarithms the processor's nearest memory holds."""


def first_order(
    counts: NDArray[np.number[Any]], step: float = 1.0, names: Sequence[str] = FIRST_ORDER
) -> NDArray[np.float32]:
    """(n, names) of FIRST_ORDER, from histograms (n, levels).

    Level k stands for the grey level (k + 0.5) * step - 0.5, the middle of its bin. Entropy in bits; kurtosis is 3 for
    a normal distribution; both it and skewness are 0 where all is of one level. Percentiles are the first level that
    reaches them.
    """
    counts = np.asarray(counts, np.float64)
    level, about, powers = _level_powers(counts.shape[1], step)
    total, *sums = np.ascontiguousarray((counts @ powers).T)
    total = np.maximum(total, 1)
    one, two, three, four = (each / total for each in sums)
    variance = two - one**2
    even = variance <= TINY
    spread = np.where(even, 1, variance)
    found = {"mean": one + about, "sd": np.sqrt(np.maximum(variance, 0))}
    if "skewness" in names:
        found["skewness"] = np.where(even, 0, three - 3 * one * two + 2 * one**3) / spread**1.5
    if "kurtosis" in names:
        found["kurtosis"] = np.where(even, 0, four - 4 * one * three + 6 * one**2 * two - 3 * one**4) / spread**2
    if "entropy" in names:
        share = counts / total[:, None]
        found["entropy"] = -(share * np.log2(np.maximum(share, TINY))).sum(axis=1)
    percentiles = [name for name in names if name in PERCENTILES]
    if percentiles:
        # Counts are whole: half a pixel below decides nothing and takes rounding away.
        so_far = counts.cumsum(axis=1)
        for name in percentiles:
            found[name] = level[np.argmax(so_far >= (PERCENTILES[name] * total - 0.01)[:, None], axis=1)]
    return np.stack([found[name] for name in names], axis=1).astype(np.float32)


@cache
def _level_powers(levels: int, step: float) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """(levels,) what each stands for; the middle of all; (levels, 5) powers of the distance from it, which double
    precision has the digits for."""
    level = np.asarray((np.arange(levels) + 0.5) * step - 0.5, np.float64)
    about = float(level.mean())
    return level, about, np.asarray(np.stack([(level - about) ** power for power in range(5)], axis=1), np.float64)


def n_pairs(levels: int) -> int:
    """How many unordered pairs of levels there are."""
    return levels * (levels + 1) // 2


def pair_codes(
    levels: NDArray[np.uint8], n_levels: int, ways: Sequence[tuple[int, int]], box: tuple[slice, slice]
) -> NDArray[np.uint8]:
    """(ways, height, width) for each pixel of the box (rows, columns): n_levels times its level and the level so far
    (down, right) of it, as `pair_table` reads them; 128 and more where that lies outside the picture. n_levels: at most
    11."""
    reach = max(max(abs(down), abs(right)) for down, right in ways)
    rows, columns = box
    part = levels[max(0, rows.start - reach) : rows.stop + reach, max(0, columns.start - reach) : columns.stop + reach]
    above, below = max(0, reach - rows.start), max(0, rows.stop + reach - levels.shape[0])
    left, right = max(0, reach - columns.start), max(0, columns.stop + reach - levels.shape[1])
    bordered = cv2.copyMakeBorder(part, above, below, left, right, cv2.BORDER_CONSTANT, value=128)
    wide = np.asarray(bordered, np.uint8)
    high, across = rows.stop - rows.start, columns.stop - columns.start
    first = wide[reach : reach + high, reach : reach + across] * np.uint8(n_levels)
    codes = np.empty((len(ways), high, across), np.uint8)
    for (down, aside), each in zip(ways, codes, strict=True):
        np.add(first, wide[reach + down :, reach + aside :][:high, :across], out=each)
    return codes


def symmetric(counts: NDArray[np.float32], n_levels: int) -> NDArray[np.float32]:
    """(..., n_levels, n_levels) co-occurrence, each pair counted both ways, from pair counts (..., n_pairs)."""
    return np.asarray(counts[..., _pair_number(n_levels)] * (1 + np.eye(n_levels, dtype=np.float32)), np.float32)


def haralick(
    counts: NDArray[np.float32], n_levels: int, names: Sequence[str] = HARALICK
) -> dict[str, NDArray[np.float32]]:
    """(...) each of `names`, of HARALICK (Haralick 1973), from pair counts (..., n_pairs); entropy in nats. Correlation
    is 1 where all is of one level; all is 0 where nothing was counted."""
    flat = counts.reshape(-1, counts.shape[-1])
    linear = flat @ _pair_weights(n_levels)
    runs = linear[:, -1]
    total = np.maximum(runs, 1)
    contrast, dissimilarity, homogeneity, mean, product, square, unlike = (linear[:, :-1] / total[:, None]).T
    found = {"contrast": contrast, "dissimilarity": dissimilarity, "homogeneity": homogeneity}
    if "correlation" in names:
        variance = square - mean**2
        rate = (product - mean**2) / np.maximum(variance, 1e-6)
        found["correlation"] = np.where(variance > 1e-6, rate, runs > 0)
    if "asm" in names:
        # A pair of two different levels stands twice in the symmetric table, each time with half of its share.
        found["asm"] = (flat * flat) @ _each(n_levels) / total**2
    if "entropy" in names:
        sums, one = np.empty_like(total), np.ones(flat.shape[1], np.float32)
        for start in range(0, len(flat), AT_ONCE):
            part = flat[start : start + AT_ONCE]
            # As exact as numpy's logarithm, in a fifth of the time.
            logs = np.asarray(cv2.log(np.maximum(part, 1)), np.float32).reshape(part.shape)
            np.matmul(np.multiply(logs, part, out=logs), one, out=sums[start : start + AT_ONCE])
        found["entropy"] = np.log(total) - sums / total
        found["entropy"] += np.float32(log(2)) * unlike
    return {name: found[name].reshape(counts.shape[:-1]).astype(np.float32) for name in names}


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
def pair_table(n_levels: int) -> NDArray[np.int16]:
    """(256,) the number of the unordered pair by first * n_levels + second; NOTHING for what is no pair."""
    table = np.full(256, NOTHING, np.int16)
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
    length = np.empty_like(start)
    np.subtract(start[1:], start[:-1], out=length[:-1])
    length[-1:] = levels.size - start[-1:]
    codes = np.full(levels.size, NOTHING, np.int16)
    codes[start] = levels.ravel()[start].astype(np.int16) * longest + np.minimum(length, longest) - 1
    return codes.reshape(levels.shape)


def run_weights(names: Sequence[str], levels: int, longest: int) -> NDArray[np.float32]:
    """(channels, levels * longest) what a run adds to each of the sums that `run_features` makes these features of:
    their number, the emphases that are asked for, the numbers of each level for gln and of each length for rln."""
    level, length = np.arange(1, levels + 1.0), np.arange(1, longest + 1.0)
    one, other = np.ones(levels), np.ones(longest)
    emphases = {
        "sre": (one, length**-2),
        "lre": (one, length**2),
        "lgre": (level**-2, other),
        "hgre": (level**2, other),
        "srlge": (level**-2, length**-2),
        "srhge": (level**2, length**-2),
        "lrlge": (level**-2, length**2),
        "lrhge": (level**2, length**2),
    }
    pairs = [(one, other), *(emphases[name] for name in names if name in emphases)]
    pairs += [(each, other) for each in np.eye(levels)] if "gln" in names else []
    pairs += [(one, each) for each in np.eye(longest)] if "rln" in names else []
    return np.stack([np.outer(grey, run).ravel() for grey, run in pairs]).astype(np.float32)


def run_features(
    sums: NDArray[np.floating], names: Sequence[str], levels: int, longest: int, pixels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, names) of RUNS (Galloway 1975; Chu 1990; Dasarathy and Holder 1991), from the sums (n, channels) of
    `run_weights` over `pixels` (n,) each; 0 where no run is.

    Levels count from 1, as in the sources.
    """
    runs = sums[:, 0]
    total = np.maximum(runs, 1)
    emphases = [name for name in names if name not in ("gln", "rln", "rp")]
    found = dict(zip(emphases, sums[:, 1:].T, strict=False))
    rest = sums[:, 1 + len(emphases) :]
    if "gln" in names:
        found["gln"] = (rest[:, :levels] ** 2).sum(axis=1) / total
        rest = rest[:, levels:]
    if "rln" in names:
        found["rln"] = (rest[:, :longest] ** 2).sum(axis=1) / total
    found["rp"] = total * runs / np.maximum(pixels, 1)
    return np.asarray(np.stack([found[name] for name in names], axis=1) / total[:, None], np.float32)
