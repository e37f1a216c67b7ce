"""The aponeuroses in a map that says how likely each place is one: smooth curves from side to side of the picture.

Straight lines are found first, by the mean of the map along lines of every slope and depth (a Radon transform), since
a mean over the whole width is not led astray by gaps, bundles and letters. Each line is then bent to the ridge that it
lies on by robust, weighted fits.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.evidence import Floats, Plane

STEEPEST_DEG: Final = 28.0
SLOPES: Final = 29
THINNED: Final = 4
"""Columns taken together while lines are sought."""
MOST: Final = 7
"""Curves that are looked for: fat and deeper muscles have theirs too."""
LEAST_MEAN: Final = 0.2
"""Mean of the map along a line that is worth a closer look."""
INSIDE: Final = 0.5
"""The map's value at an aponeurosis' edge."""
LEAST_SEEN: Final = 0.3
"""Share of the picture's width over which a curve must be seen to be kept."""
LONGEST_GAP: Final = 0.06
"""Of the width: gaps that do not end a stretch."""
BEND: Final = (0.0, 0.0, 0.02, 0.08)
"""Cost of each Legendre term of a curve, as a share of the weight of all columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Aponeurosis:
    """A curve: a depth for every column of the map, in cells (centres at whole numbers), downward."""

    middle: Floats
    """(columns,); beyond the part that is seen it goes on straight."""
    upper: Floats
    """(columns,) its upper edge."""
    lower: Floats
    seen: NDArray[np.bool_]
    """(columns,) where the map shows it; short gaps are closed."""
    slope: float
    """Of the straight line through the part that is seen: cells downward per cell to the right."""
    coverage: float
    """Share of the lit width over which it is seen, 0 to 1."""
    strength: float
    """Mean of the map along it over the lit width, 0 to 1."""


def find_aponeuroses(likely: Plane, lit: NDArray[np.bool_]) -> tuple[Aponeurosis, ...]:
    """Curves in a map (rows, columns), 0 to 1, from the uppermost down. Needs 16 columns or more.

    lit: (columns,) where there is a picture; a curve cannot be expected elsewhere.
    """
    left = likely * lit
    found: list[Aponeurosis] = []
    for _ in range(MOST):
        depth, slope, mean = _best_line(left)
        if mean < LEAST_MEAN:
            break
        curve = _bent(left, depth, slope, lit)
        _wipe(left, curve, depth, slope)
        if curve is not None and curve.coverage >= LEAST_SEEN and not any(_crosses(curve, other) for other in found):
            found.append(curve)
    return tuple(sorted(found, key=lambda curve: float(curve.middle.mean())))


def _best_line(likely: Plane) -> tuple[float, float, float]:
    """Depth at the middle column, slope and mean of the map along the strongest line."""
    rows, columns = likely.shape
    few = max(4, columns // THINNED)
    soft = cv2.blur(cv2.resize(likely, (few, rows), interpolation=cv2.INTER_AREA), (1, 3))
    best = (0.0, 0.0, 0.0)
    for slope in _slopes():
        step = slope * columns / few
        shear = np.array([[1, 0, 0], [step, 1, -step * (few - 1) / 2]])
        levelled = cv2.warpAffine(soft, shear, (few, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        means = cv2.reduce(levelled, 1, cv2.REDUCE_AVG)[:, 0]
        depth = int(means.argmax())
        if means[depth] > best[2]:
            best = (float(depth), float(slope), float(means[depth]))
    return best


@lru_cache(maxsize=1)
def _slopes() -> Floats:
    return np.tan(np.radians(np.linspace(-STEEPEST_DEG, STEEPEST_DEG, SLOPES)))


def _bent(left: Plane, depth: float, slope: float, lit: NDArray[np.bool_]) -> Aponeurosis | None:
    """The curve near a line; None where nothing holds it."""
    rows, columns = left.shape
    x = np.arange(columns, dtype=np.float64)
    middle = depth + slope * (x - (columns - 1) / 2)
    for share, terms in ((0.08, 2), (0.06, 3), (0.04, 4), (0.03, 4)):
        at, weight = _ridge(left, middle, max(2, round(share * rows)))
        if np.count_nonzero(weight) < 8:
            return None
        middle = _fitted(at, weight, middle, terms)
    return _edged(left, middle, lit)


def _ridge(likely: Plane, middle: Floats, reach: int) -> tuple[Floats, Floats]:
    """The depth of what is likely within `reach` of a curve, column by column, and how much there is."""
    window, rows = _window(likely, middle, reach)
    strength = window.astype(np.float64) ** 2
    total = strength.sum(axis=0)
    at = (strength * rows).sum(axis=0) / np.maximum(total, 1e-9)
    peak = window.max(axis=0).astype(np.float64)
    return at, np.where(peak > INSIDE / 2, peak, 0.0)


def _window(likely: Plane, middle: Floats, reach: int) -> tuple[Plane, NDArray[np.intp]]:
    """The map's values (2 reach + 1, columns) around a curve, 0 outside the map, and their rows."""
    rows = np.round(middle).astype(np.intp) + np.arange(-reach, reach + 1)[:, None]
    inside = (rows >= 0) & (rows < likely.shape[0])
    values = np.take_along_axis(likely, np.clip(rows, 0, likely.shape[0] - 1), axis=0)
    return np.where(inside, values, np.float32(0)), rows


def _fitted(at: Floats, weight: Floats, before: Floats, terms: int) -> Floats:
    """A smooth curve of so many Legendre terms through depths; what lies far off counts little (Tukey's biweight).

    Beyond the outermost columns that have weight it goes on straight.
    """
    basis = _basis(at.size, terms)
    cost = np.diag(np.array(BEND[:terms])) * weight.sum()
    curve = before
    there = weight > 0
    for _ in range(2):
        off = at - curve
        distance = np.abs(off[there])
        spread = max(4.5 * float(np.partition(distance, distance.size // 2)[distance.size // 2]), 1.5)
        robust = weight * np.maximum(1 - (off / spread) ** 2, 0) ** 2
        if np.count_nonzero(robust) < 8:
            break
        weighted = basis * robust
        curve = np.linalg.solve(weighted @ basis.T + cost + 1e-6 * np.eye(terms), weighted @ at) @ basis
    return _straight_beyond(curve, weight)


@lru_cache(maxsize=16)
def _basis(columns: int, terms: int) -> Floats:
    return np.polynomial.legendre.legvander(np.linspace(-1, 1, columns), terms - 1).T.astype(np.float64)


def _straight_beyond(curve: Floats, weight: Floats) -> Floats:
    """The curve with its ends, where nothing was seen, replaced by straight lines."""
    seen = np.flatnonzero(weight)
    first, last = int(seen[0]), int(seen[-1])
    run = max(4, (last - first) // 3)
    straight = curve.copy()
    for end, step, part in ((first, run, slice(0, first)), (last, -run, slice(last + 1, None))):
        inner = min(max(end + step, 0), curve.size - 1)
        if inner != end:
            slope = (curve[end] - curve[inner]) / (end - inner)
            straight[part] = curve[end] + slope * (np.arange(curve.size)[part] - end)
    return straight


def _edged(likely: Plane, middle: Floats, lit: NDArray[np.bool_]) -> Aponeurosis | None:
    """The curve with its edges, where the map falls to one half of what it is in the middle, and where it is seen."""
    reach = max(3, round(0.05 * likely.shape[0]))
    window, rows = _window(likely, middle, reach)
    peak = window.max(axis=0)
    seen = _closed(peak > INSIDE, round(LONGEST_GAP * middle.size))
    if np.count_nonzero(seen) < 8:
        return None
    up, down = _half_widths(window, rows, middle, seen)
    x = np.flatnonzero(seen)
    slope = float(np.polyfit(x, middle[x], 1)[0])
    n_lit = max(1, int(np.count_nonzero(lit)))
    near = float(np.minimum(peak, 1).sum()) / n_lit
    return Aponeurosis(middle, middle - up, middle + down, seen, slope, int(np.count_nonzero(seen & lit)) / n_lit, near)


def _half_widths(window: Plane, rows: NDArray[np.intp], middle: Floats, seen: NDArray[np.bool_]) -> tuple[float, float]:
    """Distances from the middle to the upper and the lower edge, each the median over the columns."""
    start = (window.shape[0] - 1) // 2
    ways = []
    for step in (-1, 1):
        half = window[start::step]
        below = half < INSIDE
        first = np.where(below.any(axis=0), below.argmax(axis=0), half.shape[0] - 1)
        inner = np.take_along_axis(half, np.maximum(first - 1, 0)[None], axis=0)[0]
        outer = np.take_along_axis(half, first[None], axis=0)[0]
        share = np.where(first > 0, (inner - INSIDE) / np.maximum(inner - outer, 1e-6), 0.0)
        way = first - 1 + np.clip(share, 0, 1) + step * (rows[start] - middle)
        known = seen & (first > 0)
        ways.append(max(0.0, float(np.median(way[known]))) if known.any() else 0.5)
    return ways[0], ways[1]


def _closed(seen: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """`seen` with gaps of at most so many columns closed."""
    at = np.flatnonzero(seen)
    closed = seen.copy()
    for a, b in pairwise(at):
        if 1 < b - a <= gap + 1:
            closed[a:b] = True
    return closed


def _wipe(likely: Plane, curve: Aponeurosis | None, depth: float, slope: float) -> None:
    """Takes what a curve explains out of the map, or the line where it led to none."""
    rows, columns = likely.shape
    if curve is None:
        middle = depth + slope * (np.arange(columns) - (columns - 1) / 2)
        upper, lower = middle - 1, middle + 1
    else:
        upper, lower = curve.upper, curve.lower
    at = np.arange(rows)[:, None]
    margin = 1.5
    likely[(at >= upper - margin) & (at <= lower + margin)] = 0


def _crosses(one: Aponeurosis, other: Aponeurosis) -> bool:
    """Whether two curves meet within the picture: then they are one structure or one of them is none."""
    between = one.middle - other.middle
    return bool(np.abs(between).min() < 1.0 or (between > 0).any() != (between > 0).all())
