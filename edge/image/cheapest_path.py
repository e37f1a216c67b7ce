"""The cheapest way across a picture, by dynamic programming: a border that is followed from side to side."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cheapest_path(cost: Floats, bending: float) -> NDArray[np.intp]:
    """(rows,) the column of the cheapest path down `cost` (rows, columns), a step of one column to the side at most in
    each row, for `bending` each."""
    total = cost.copy()
    rows, columns = cost.shape
    wall = np.full(1, np.inf)
    for row in range(1, rows):
        before = np.concatenate((wall, total[row - 1], wall))
        aside = np.minimum(before[:-2], before[2:]) + bending
        total[row] += np.minimum(before[1:-1], aside)
    way = np.empty(rows, np.intp)
    way[-1] = int(total[-1].argmin())
    for row in range(rows - 2, -1, -1):
        at = int(way[row + 1])
        low, high = max(0, at - 1), min(columns, at + 2)
        near = total[row, low:high] + bending * (np.arange(low, high) != at)
        way[row] = low + int(near.argmin())
    return way
