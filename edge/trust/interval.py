"""Intervals of measurements from what was measured of their errors (split conformal prediction, Lei 2018)."""

import numpy as np
from numpy.typing import NDArray

COVERAGE = 0.9


def conformal_half_width(errors: NDArray[np.float64], coverage: float = COVERAGE) -> float:
    """Half-width that held the `errors` (n,) of a calibration set with this coverage; n is 10 or more."""
    n = errors.size
    rank = int(np.ceil((n + 1) * coverage))
    return float(np.sort(np.abs(errors))[min(rank, n) - 1])


def interval(value: float, half_width: float, relative: float) -> tuple[float, float]:
    """(low, high): the model's half-width and the scale's relative uncertainty added up; never below zero."""
    reach = half_width + relative * abs(value)
    return max(0.0, value - reach), value + reach


def interval_by_factor(value: float, factor: float, relative: float) -> tuple[float, float]:
    """(low, high) of a size that may be several times too small: as many times smaller as larger. factor: 1 or more."""
    reach = factor * (1 + relative)
    return value / reach, value * reach
