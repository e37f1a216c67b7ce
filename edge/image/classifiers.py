"""Classifiers as plain array arithmetic: features on one scale, two judges of them, and their scores as probabilities.

A support vector machine with Gaussian kernel (Cortes and Vapnik 1995) and the nearest of known examples (Fix and Hodges
1951). The figures that make probabilities were fitted on pictures kept back from training. Training is no part of this.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

STEP: Final = 1 / 31
"""Standard deviations that one count of a stored vector stands for."""
AT_ONCE: Final = 128
MOST: Final = 4.0
"""Standard deviations beyond which a feature says no more."""


def standardised(
    features: NDArray[np.float32], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, features) standard deviations from the mean, at most MOST."""
    return np.asarray(np.clip((features - mean) / deviation, -MOST, MOST), np.float32)


def packed(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Standardised vectors as they are stored: rounded to counts of STEP."""
    return np.round(vectors / STEP).astype(np.int8)


def unpacked(counts: NDArray[np.int8]) -> NDArray[np.float32]:
    """What `packed` stored."""
    return counts.astype(np.float32) * np.float32(STEP)


@dataclass(frozen=True, slots=True, eq=False)
class SupportVectors:
    """What training found."""

    vectors: NDArray[np.float32]
    """(m, features)."""
    weights: NDArray[np.float32]
    """(m,) dual coefficients; positive: of the class that is looked for."""
    bias: float
    gamma: float

    def decide(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) positive: of the class, from features (n, features) scaled as in training."""
        # exp(-gamma |x - v|^2) of x and v as exp(2 gamma xv - gamma |v|^2) times exp(-gamma |x|^2).
        gamma = np.float32(self.gamma)
        length = np.einsum("mk,mk->m", self.vectors, self.vectors)
        vectors = np.concatenate((self.vectors * (2 * gamma), length[:, None] * -gamma), axis=1).T
        decided = np.empty(len(features), np.float32)
        # As many at once as the processor's nearest memory holds products of.
        for start in range(0, len(features), AT_ONCE):
            part = features[start : start + AT_ONCE]
            kernel = np.concatenate((part, np.ones((len(part), 1), np.float32)), axis=1) @ vectors
            # As exact as numpy's, in a fifth of the time.
            kernel = np.asarray(cv2.exp(kernel, kernel), np.float32)
            np.matmul(kernel, self.weights, out=decided[start : start + AT_ONCE])
        decided *= np.exp(-gamma * np.einsum("nk,nk->n", features, features))
        return decided + np.float32(self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Examples that are remembered."""

    examples: NDArray[np.float32]
    """(m, features)."""
    positive: NDArray[np.bool_]
    """(m,) of the class that is looked for."""
    count: int
    """How many of the nearest are asked; at most m."""

    def share(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) share of the nearest examples that are of the class, 0 to 1."""
        distances = squared_distances(features, self.examples)
        nearest = np.argpartition(distances, self.count - 1, axis=1)[:, : self.count]
        return np.asarray(self.positive[nearest].mean(axis=1), np.float32)


def squared_distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, m) between the rows of (n, features) and (m, features)."""
    table = one @ other.T
    table *= -2
    table += np.einsum("nk,nk->n", one, one)[:, None]
    table += np.einsum("mk,mk->m", other, other)
    return np.asarray(np.maximum(table, 0, out=table), np.float32)


def risen(
    score: NDArray[np.float32], slope: float | NDArray[np.float32], offset: float | NDArray[np.float32]
) -> NDArray[np.float32]:
    """1 / (1 + exp(slope * score + offset)): a score as a probability (Platt 1999)."""
    # exp of more overflows float32.
    exponent = np.minimum(np.maximum(slope * score + offset, -80), 80)
    return np.asarray(1 / (1 + np.exp(exponent)), np.float32)


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """From a score to a probability, as `risen` does."""

    slope: float
    offset: float

    def probability(self, score: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) 0 to 1."""
        return risen(score, self.slope, self.offset)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """From a score to a probability by a rising polygon (isotonic regression, Zadrozny and Elkan 2002), level beyond
    its ends."""

    score: NDArray[np.float32]
    """(k,) rising."""
    share: NDArray[np.float32]
    """(k,) 0 to 1, never falling."""

    def probability(self, score: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) 0 to 1."""
        return np.interp(score, self.score, self.share).astype(np.float32)
