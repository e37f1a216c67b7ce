"""An active contour around a middle, by dynamic programming (Amini, Weymouth and Jain, IEEE PAMI 1990).

Each ray from the middle meets the contour at one of a few places. What a place costs and how far it may lie from its
neighbours' gives one cheapest closed contour: nothing to step, nothing to stop.
"""

import numpy as np
from numpy.typing import NDArray


def closed_contour(cost: NDArray[np.float64], stiffness: float) -> NDArray[np.intp]:
    """(..., rays) which place of each ray the contour takes.

    cost: (..., rays, places); to it comes stiffness times the squared difference of neighbouring rays' places. The
    first ray's place is the one that a contour takes which comes from once around and goes on once around; among those
    that begin and end there it is the cheapest.
    """
    *several, rays, places = cost.shape
    at = np.arange(places)
    step = np.asarray(stiffness * (at[:, None] - at) ** 2, np.float64)
    after = cost.reshape(-1, rays, places).transpose(1, 0, 2)
    # From the first ray on around both ways at once: (rays, two, contours, places).
    ways = np.stack((after, after[-np.arange(rays)]), axis=1)
    total = ways[0]
    for row in ways[1:]:
        total = _spread(total, step) + row
    first = (_spread(total, step).sum(axis=0) + after[0]).argmin(axis=1)
    return _held(ways, step, first).T.reshape(*several, rays)


def _spread(total: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., places) the least that it costs to come to each place of a ray from any of the ray before."""
    return np.asarray((total[..., None] + step).min(axis=-2))


def _held(ways: NDArray[np.float64], step: NDArray[np.float64], first: NDArray[np.intp]) -> NDArray[np.intp]:
    """(rays, contours) the cheapest contours that begin and end at `first` (contours,): two ways that meet."""
    backward = (len(ways) - 1) // 2
    forward = len(ways) - 1 - backward
    totals = [np.where(np.arange(len(step)) == first[:, None], 0.0, np.inf) + np.zeros_like(ways[0])]
    for row in ways[1 : backward + 1]:
        totals.append(_spread(totals[-1], step) + row)
    there, back = ([one[way] for one in totals] for way in (0, 1))
    if forward > backward:
        there.append(_spread(there[-1], step) + ways[forward, 0])
    last = (there[-1] + _spread(back[-1], step)).argmin(axis=1)
    beside = (back[-1] + step[last]).argmin(axis=1)
    return np.stack([*_traced(there, step, last)[::-1], *_traced(back, step, beside)[:-1]])


def _traced(
    totals: list[NDArray[np.float64]], step: NDArray[np.float64], last: NDArray[np.intp]
) -> list[NDArray[np.intp]]:
    """The places (contours,) of the cheapest ways, from the last ray back to the first."""
    way = [last]
    for total in totals[-2::-1]:
        way.append((total + step[way[-1]]).argmin(axis=1))
    return way
