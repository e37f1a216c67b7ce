"""Choosing features by relevance and redundancy (mRMR; Peng, Long and Ding, IEEE PAMI 2005; Ding and Peng 2005)."""

import numpy as np
from numpy.typing import NDArray

BINS = 12
SMALL = 0.01
"""Added to the redundancy, so that what is like nothing that was chosen is not chosen for that alone."""


def mutual_information(features: NDArray[np.float32], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(features,) nats that each column, in BINS equally full bins, tells of the class (n,)."""
    return np.array([_told(column, positive) for column in features.T])


def _told(column: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    edges = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]))
    table = np.zeros((BINS, 2))
    np.add.at(table, (np.searchsorted(edges, column), positive.astype(int)), 1 / len(column))
    alone = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
    seen = table > 0
    return float((table[seen] * np.log(table[seen] / alone[seen])).sum())


def select(features: NDArray[np.float32], positive: NDArray[np.bool_], count: int) -> list[int]:
    """Columns in the order in which they were chosen: each with the greatest quotient of what it tells of the class and
    its mean absolute correlation with those before. Columns that never change are never chosen."""
    relevance = mutual_information(features, positive)
    changing = np.flatnonzero(features.std(axis=0) > 1e-9)
    alike = np.abs(np.corrcoef(features[:, changing].T))
    told = relevance[changing]
    chosen = [int(told.argmax())]
    while len(chosen) < min(count, changing.size):
        quotient = told / (alike[:, chosen].mean(axis=1) + SMALL)
        quotient[chosen] = -1
        chosen.append(int(quotient.argmax()))
    return [int(changing[index]) for index in chosen]
