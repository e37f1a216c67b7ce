"""The nearest of known examples (Fix and Hodges 1951)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.image.support_vectors import squared_distances

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Examples that are remembered."""

    examples: Floats
    """(m, features)."""
    positive: NDArray[np.bool_]
    """(m,) of the class that is looked for."""
    count: int
    """How many of the nearest are asked; at most m."""

    def share(self, features: Floats) -> Floats:
        """(n,) share of the nearest examples that are of the class, 0 to 1."""
        distances = squared_distances(features, self.examples)
        nearest = np.argpartition(distances, self.count - 1, axis=1)[:, : self.count]
        return np.asarray(self.positive[nearest].mean(axis=1), np.float32)
