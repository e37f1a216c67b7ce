"""From a classifier's score to a probability, by figures that were fitted on pictures kept back from training."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Platt 1999: 1 / (1 + exp(slope * score + offset))."""

    slope: float
    offset: float

    def probability(self, score: Floats) -> Floats:
        """(n,) 0 to 1."""
        # exp of more overflows float32.
        exponent = np.clip(self.slope * score + self.offset, -80, 80)
        return np.asarray(1 / (1 + np.exp(exponent)), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A rising polygon (isotonic regression, Zadrozny and Elkan 2002); level beyond its ends."""

    score: Floats
    """(k,) rising."""
    share: Floats
    """(k,) 0 to 1, never falling."""

    def probability(self, score: Floats) -> Floats:
        """(n,) 0 to 1."""
        return np.interp(score, self.score, self.share).astype(np.float32)
