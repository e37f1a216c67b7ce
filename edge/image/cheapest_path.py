"""The cheapest ways across pictures, by dynamic programming: a border that is followed from side to side."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cheapest_paths(cost: Floats, bending: float) -> NDArray[np.intp]:
    """(n, rows) the column of the cheapest path down each `cost` (n, rows, columns), a step of one column to the side
    at most in each row, for `bending` each."""
    n, rows, columns = cost.shape
    # Rows first, with a wall on either side: each step down is then three views of one array.
    total = np.full((rows, n, columns + 2), np.inf)
    total[:, :, 1:-1] = cost.transpose(1, 0, 2)
    aside = np.empty((n, columns))
    for row in range(1, rows):
        before = total[row - 1]
        np.minimum(before[:, :-2], before[:, 2:], out=aside)
        aside += bending
        np.minimum(aside, before[:, 1:-1], out=aside)
        total[row, :, 1:-1] += aside
    way = np.empty((rows, n), np.intp)
    way[-1] = total[-1].argmin(axis=1)
    each, steps = np.arange(n), np.arange(-1, 2)
    costs = bending * np.abs(steps)
    for row in range(rows - 2, -1, -1):
        near = total[row][each[:, None], way[row + 1][:, None] + steps] + costs
        way[row] = way[row + 1] + near.argmin(axis=1) - 1
    return way.T - 1
