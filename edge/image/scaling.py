"""Features on one scale, and as small as they are stored: standard deviations from the mean, cut off and rounded."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STEP: Final = 1 / 31
"""Standard deviations that one count of a stored vector stands for."""
MOST: Final = 4.0
"""Standard deviations beyond which a feature says no more."""


def standardised(features: Floats, mean: Floats, deviation: Floats) -> Floats:
    """(n, features) standard deviations from the mean."""
    return np.asarray(np.clip((features - mean) / deviation, -MOST, MOST), np.float32)


def packed(vectors: Floats) -> NDArray[np.int8]:
    """Counts of STEP."""
    return np.round(vectors / STEP).astype(np.int8)


def unpacked(counts: NDArray[np.int8]) -> Floats:
    return counts.astype(np.float32) * np.float32(STEP)
