"""A support vector machine with Gaussian kernel, as plain array arithmetic (Cortes and Vapnik 1995)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SupportVectors:
    """What training found."""

    vectors: Floats
    """(m, features)."""
    weights: Floats
    """(m,) dual coefficients; positive: of the class that is looked for."""
    bias: float
    gamma: float

    def decide(self, features: Floats) -> Floats:
        """(n,) positive: of the class, from features (n, features) scaled as in training."""
        kernel = np.exp(np.float32(-self.gamma) * squared_distances(features, self.vectors))
        return np.asarray(kernel @ self.weights + np.float32(self.bias), np.float32)


def squared_distances(one: Floats, other: Floats) -> Floats:
    """(n, m) between the rows of (n, features) and (m, features)."""
    table = one @ other.T
    table *= -2
    table += np.einsum("nk,nk->n", one, one)[:, None]
    table += np.einsum("mk,mk->m", other, other)
    return np.asarray(np.maximum(table, 0, out=table), np.float32)
