"""Run lengths: how far one grey level goes on (Galloway 1975; Chu 1990; Dasarathy and Holder 1991)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.image.shared_sums import NOTHING

Floats = NDArray[np.float32]

NAMES: Final = ("sre", "lre", "gln", "rln", "rp", "lgre", "hgre", "srlge", "srhge", "lrlge", "lrhge")
"""Short and long run emphasis, grey level and run length non-uniformity (as shares), run percentage, low and high grey
level run emphasis, and the four of both."""


def run_codes(levels: NDArray[np.uint8], longest: int, *, downwards: bool = False) -> NDArray[np.intp]:
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
    codes = np.full(levels.size, NOTHING, np.intp)
    codes[start] = levels.ravel()[start].astype(np.intp) * longest + np.minimum(length, longest) - 1
    return codes.reshape(levels.shape)


def run_features(counts: Floats, longest: int, pixels: Floats) -> Floats:
    """(n, 11) in the order of NAMES, from counts (n, levels * longest) over `pixels` (n,) each; 0 where no run is.

    Levels count from 1, as in the sources.
    """
    table = counts.reshape(len(counts), -1, longest)
    runs = table.sum(axis=(1, 2))
    total = np.maximum(runs, 1)
    long2 = np.arange(1, longest + 1, dtype=np.float32) ** 2
    high2 = np.arange(1, table.shape[1] + 1, dtype=np.float32) ** 2
    by_length, by_level = table.sum(axis=1), table.sum(axis=2)
    mixed = [np.einsum("nlr,l,r->n", table, level, run) for run in (1 / long2, long2) for level in (1 / high2, high2)]
    values = [
        by_length @ (1 / long2),
        by_length @ long2,
        (by_level**2).sum(axis=1) / total,
        (by_length**2).sum(axis=1) / total,
        total * runs / np.maximum(pixels, 1),
        by_level @ (1 / high2),
        by_level @ high2,
        *mixed,
    ]
    return np.asarray(np.stack(values, axis=1) / total[:, None], np.float32)
