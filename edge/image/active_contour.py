"""An active contour around a middle, by dynamic programming (Amini, Weymouth and Jain, IEEE PAMI 1990).

Each ray from the middle meets the contour at one of a few places. What a place costs and how far it may lie from its
neighbours' gives one cheapest closed contour: nothing to step, nothing to stop.
"""

import numpy as np
from numpy.typing import NDArray


def closed_contour(cost: NDArray[np.float64], stiffness: float) -> NDArray[np.intp]:
    """(rays,) which place of each ray the contour takes.

    cost: (rays, places); to it comes stiffness times the squared difference of neighbouring rays' places. The first
    ray's place is the one that an endless contour would take; among those that begin and end there it is the cheapest.
    """
    places = np.arange(cost.shape[1])
    step = np.asarray(stiffness * (places[:, None] - places) ** 2, np.float64)
    three_times = _path(np.concatenate([cost] * 3), step, np.zeros(len(places)), np.zeros(len(places)))
    first = int(three_times[len(cost)])
    only = np.where(places == first, 0.0, np.inf)
    return _path(cost, step, only, step[first])


def _path(
    cost: NDArray[np.float64], step: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.intp]:
    """The cheapest path from the first row to the last; start and end: what each place costs more there."""
    total, came_from = start + cost[0], []
    for row in cost[1:]:
        ways = total + step
        best = ways.argmin(axis=1)
        came_from.append(best)
        total = ways[np.arange(len(best)), best] + row
    path = [int(np.argmin(total + end))]
    for best in reversed(came_from):
        path.append(int(best[path[-1]]))
    return np.array(path[::-1])
