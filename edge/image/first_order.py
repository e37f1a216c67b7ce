"""First-order statistics: what a histogram of grey levels says."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NAMES: Final = ("mean", "sd", "skewness", "kurtosis", "entropy", "p10", "p50", "p90")
TINY: Final = 1e-12


def first_order(counts: Floats, step: float = 1.0) -> Floats:
    """(n, 8) in the order of NAMES, from histograms (n, levels).

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
