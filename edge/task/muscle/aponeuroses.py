"""The aponeuroses in a map that says how likely each place is one: smooth curves from side to side of the picture.

Straight lines are found first, by the mean of the map along lines of every slope and depth (a Radon transform), since
a mean over the whole width is not led astray by gaps, bundles and letters. Each line is then bent to the ridge that it
lies on by robust, weighted fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.evidence import Floats, Plane
from edge.task.muscle.quantiles import median

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
FITS: Final = ((0.08, 2), (0.06, 3), (0.04, 4), (0.03, 4))
"""(share of the height around a curve in which its ridge is looked for, Legendre terms) of each fit to it."""
FITS_AGAIN: Final = FITS[2:]
"""The same from where the curve was a frame before,"""
STILL_CELLS: Final = 0.5
"""up to the first that moves it by no more."""
EDGE_REACH: Final = 0.05
"""Share of the height around a curve in which its edges are looked for."""
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


@dataclass(frozen=True, slots=True, eq=False)
class _Map:
    """The map (rows, columns) with rows of nothing above and below, so that a window may reach beyond it."""

    padded: Plane
    pad: int

    @classmethod
    def of(cls, likely: Plane) -> "_Map":
        # Twice what the widest window reaches: one that has a row in the map never leaves the padded one.
        pad = 2 * max(_reach(likely.shape[0], share) for share in (FITS[0][0], EDGE_REACH))
        return cls(np.asarray(cv2.copyMakeBorder(likely, pad, pad, 0, 0, cv2.BORDER_CONSTANT), np.float32), pad)

    @property
    def plane(self) -> Plane:
        """(rows, columns), not a copy."""
        return self.padded[self.pad : -self.pad]

    def window(self, middle: Floats, reach: int) -> tuple[Plane, Floats]:
        """The values (2 reach + 1, columns) around a curve, 0 outside the map, and the row that is each column's
        middle."""
        columns = middle.size
        nearest = np.rint(middle)
        start = nearest.astype(np.intp)
        start += self.pad
        start *= columns
        # What lies further outside is taken from the padding's corners.
        return self.padded.ravel().take(start + _window_places(reach, columns), mode="clip"), nearest


def _reach(rows: int, share: float) -> int:
    return max(3, round(share * rows))


@lru_cache(maxsize=32)
def _window_places(reach: int, columns: int) -> NDArray[np.intp]:
    """(2 reach + 1, columns) places in a flat map, from the first of the window's middle row."""
    return np.arange(-reach, reach + 1)[:, None] * columns + np.arange(columns)


def find_aponeuroses(likely: Plane, lit: NDArray[np.bool_]) -> tuple[Aponeurosis, ...]:
    """Curves in a map (rows, columns), 0 to 1, from the uppermost down. Needs 16 columns or more.

    lit: (columns,) where there is a picture; a curve cannot be expected elsewhere.
    """
    left = _Map.of(likely if lit.all() else likely * lit)
    found: list[Aponeurosis] = []
    for _ in range(MOST):
        depth, slope, mean = _best_line(left.plane)
        if mean < LEAST_MEAN:
            break
        line = depth + slope * (np.arange(likely.shape[1]) - (likely.shape[1] - 1) / 2)
        curve = _bent(left, line, lit, FITS)
        _wipe(left.plane, *((line - 1, line + 1) if curve is None else (curve.upper, curve.lower)))
        if curve is not None and curve.coverage >= LEAST_SEEN and not any(_crosses(curve, other) for other in found):
            found.append(curve)
    return tuple(sorted(found, key=lambda curve: float(curve.middle.mean())))


def found_again(
    likely: Plane, lit: NDArray[np.bool_], before: tuple[Aponeurosis, Aponeurosis]
) -> tuple[Aponeurosis, Aponeurosis] | None:
    """Two curves of a frame before as this frame's map shows them, as thick as they were; None where one is not seen
    near its old place."""
    left = _Map.of(likely if lit.all() else likely * lit)
    found = []
    for curve in before:
        middle = curve.middle
        for share, terms in FITS_AGAIN:
            start = middle
            at, weight = _ridge(left, start, max(2, round(share * likely.shape[0])))
            if np.count_nonzero(weight) < 8:
                return None
            middle = _fitted(at, weight, start, terms)
            if float(np.abs(middle - start).max()) < STILL_CELLS:
                break
        edged = _edged(
            left, middle, lit, (float(curve.middle[0] - curve.upper[0]), float(curve.lower[0] - curve.middle[0]))
        )
        if edged is None:
            return None
        found.append(edged)
    upper, lower = found
    return upper, lower


def _best_line(likely: Plane) -> tuple[float, float, float]:
    """Depth at the middle column, slope and mean of the map along the strongest line; (0, 0, 0) where no mean reaches
    LEAST_MEAN."""
    rows, columns = likely.shape
    scan = _Scan.of(columns)
    soft = cv2.blur(cv2.resize(likely, (scan.few, rows), interpolation=cv2.INTER_AREA), (1, 3))
    if float(soft.max(axis=0).mean()) < LEAST_MEAN:
        return 0.0, 0.0, 0.0
    means = scan.means(np.asarray(soft, np.float32))
    at, depth = divmod(int(means.argmax()), rows)
    return float(depth), float(_slopes()[at]), float(means[at, depth])


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """Lines of every slope and depth: where in each column they run, and the share of the two cells between which."""

    few: int
    """Columns, of which each stands for several of the map."""
    reach: int
    """Rows that the steepest line leaves its middle depth by."""
    first: NDArray[np.intp]
    """(slopes, few) the upper cell, in rows below `reach` rows above the line's middle."""
    weight: Plane
    """(slopes, 2, few) of the upper and the lower cell in a line's mean."""

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, columns: int) -> "_Scan":
        few = max(4, columns // THINNED)
        off = _slopes()[:, None] * (columns / few) * (np.arange(few) - (few - 1) / 2)
        whole = np.floor(off)
        reach = int(-whole.min())
        weight = np.stack((1 - (off - whole), off - whole), axis=1) / few
        return cls(few, reach, whole.astype(np.intp) + reach, weight.astype(np.float32))

    def means(self, soft: Plane) -> Plane:
        """(slopes, rows) of a map (rows, few) along each line; 0 is taken outside it."""
        rows = soft.shape[0]
        across = cv2.copyMakeBorder(
            cv2.transpose(soft), 0, 0, self.reach, self.reach + 1, cv2.BORDER_CONSTANT
        )  # (few, rows and what lies beyond)
        start = across.strides
        # Each column from each start on, without a copy.
        runs: Plane = np.ndarray((self.few, 2 * self.reach + 1, rows + 1), np.float32, across, 0, (*start, start[1]))
        both = np.matmul(self.weight, runs[np.arange(self.few), self.first])
        return np.asarray(both[:, 0, :-1] + both[:, 1, 1:])


@lru_cache(maxsize=1)
def _slopes() -> Floats:
    return np.tan(np.radians(np.linspace(-STEEPEST_DEG, STEEPEST_DEG, SLOPES)))


def _bent(left: _Map, middle: Floats, lit: NDArray[np.bool_], fits: Sequence[tuple[float, int]]) -> Aponeurosis | None:
    """The curve near another; None where nothing holds it."""
    rows = left.plane.shape[0]
    for share, terms in fits:
        at, weight = _ridge(left, middle, max(2, round(share * rows)))
        if np.count_nonzero(weight) < 8:
            return None
        middle = _fitted(at, weight, middle, terms)
    return _edged(left, middle, lit)


def _ridge(likely: _Map, middle: Floats, reach: int) -> tuple[Floats, Floats]:
    """The depth of what is likely within `reach` of a curve, column by column, and how much there is."""
    window, nearest = likely.window(middle, reach)
    peak = np.maximum.reduce(window).astype(np.float64)
    strength = window.astype(np.float64)
    strength *= strength
    total, aside = _moments(reach) @ strength
    aside /= np.maximum(total, 1e-9, out=total)
    aside += nearest
    peak *= peak > INSIDE / 2
    return aside, peak


@lru_cache(maxsize=32)
def _moments(reach: int) -> Floats:
    """(2, 2 reach + 1) what sums up a window's rows, and what weighs them by how far they lie below its middle."""
    below = np.arange(-reach, reach + 1, dtype=np.float64)
    return np.stack((np.ones_like(below), below))


def _fitted(at: Floats, weight: Floats, before: Floats, terms: int) -> Floats:
    """A smooth curve of so many Legendre terms through depths; what lies far off counts little (Tukey's biweight).

    Beyond the outermost columns that have weight it goes on straight.
    """
    basis, products, bend, least = _basis(at.size, terms)
    cost = bend * np.add.reduce(weight) + least
    curve = before
    there = weight.nonzero()[0]
    for _ in range(2):
        off = at - curve
        distance = off[there]
        np.abs(distance, out=distance)
        distance.partition(distance.size // 2)
        off /= max(4.5 * float(distance[distance.size // 2]), 1.5)
        off *= off
        np.subtract(1, off, out=off)
        robust = np.maximum(off, 0, out=off)
        robust *= robust
        robust *= weight
        if np.count_nonzero(robust) < 8:
            break
        sums = (products @ robust).reshape(terms, terms)
        sums += cost
        robust *= at
        curve = cv2.solve(sums, (basis @ robust)[:, None])[1][:, 0] @ basis
    return _straight_beyond(curve, int(there[0]), int(there[-1]))


@lru_cache(maxsize=32)
def _basis(columns: int, terms: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Of Legendre terms over the width: (terms, columns) values, (terms * terms, columns) their products, and
    (terms, terms) what bending costs, and what each term costs at least."""
    values = np.polynomial.legendre.legvander(np.linspace(-1, 1, columns), terms - 1).T.astype(np.float64)
    products = (values[:, None] * values).reshape(terms * terms, columns)
    return np.ascontiguousarray(values), products, np.diag(np.array(BEND[:terms])), 1e-6 * np.eye(terms)


def _straight_beyond(curve: Floats, first: int, last: int) -> Floats:
    """The curve with its ends, before and beyond the columns where something was seen, replaced by straight lines."""
    run = max(4, (last - first) // 3)
    straight = curve.copy()
    for end, step, part in ((first, run, slice(0, first)), (last, -run, slice(last + 1, curve.size))):
        inner = min(max(end + step, 0), curve.size - 1)
        if inner != end and part.start < part.stop:
            slope = (curve[end] - curve[inner]) / (end - inner)
            straight[part] = curve[end] + slope * (np.arange(part.start, part.stop) - end)
    return straight


def _edged(
    likely: _Map, middle: Floats, lit: NDArray[np.bool_], half_widths: tuple[float, float] | None = None
) -> Aponeurosis | None:
    """The curve with its edges, where the map falls to one half of what it is in the middle, and where it is seen.
    half_widths: upward and downward, where they are known."""
    window, nearest = likely.window(middle, _reach(likely.plane.shape[0], EDGE_REACH))
    peak = window.max(axis=0)
    seen = _closed(peak > INSIDE, round(LONGEST_GAP * middle.size))
    x = seen.nonzero()[0]
    if x.size < 8:
        return None
    up, down = half_widths or _half_widths(window, nearest - middle, seen)
    off = x - x.sum() / x.size
    slope = float(off @ middle[x]) / float(off @ off)
    n_lit = max(1, int(np.count_nonzero(lit)))
    near = float(np.minimum(peak, 1).sum()) / n_lit
    return Aponeurosis(middle, middle - up, middle + down, seen, slope, int(np.count_nonzero(seen & lit)) / n_lit, near)


def _half_widths(window: Plane, off: Floats, seen: NDArray[np.bool_]) -> tuple[float, float]:
    """Distances from the middle to the upper and the lower edge, each the median over the columns. off: (columns,) how
    far the window's middle row lies below the curve's."""
    start, columns = (window.shape[0] - 1) // 2, np.arange(window.shape[1])
    ways = []
    for step in (-1, 1):
        half = window[start::step]
        below = half < INSIDE
        first = below.argmax(axis=0)
        # argmax is 0 too where the map never falls so far.
        first = np.where(below[first, columns], first, half.shape[0] - 1)
        known = np.flatnonzero(seen & (first > 0))
        if not known.size:
            ways.append(0.5)
            continue
        edge = first[known]
        inner, outer = half[edge - 1, known], half[edge, known]
        share = (inner - np.float32(INSIDE)) / np.maximum(inner - outer, np.float32(1e-6))
        way = edge - 1 + np.minimum(np.maximum(share, 0), 1) + step * off[known]
        ways.append(max(0.0, median(way)))
    return ways[0], ways[1]


def _closed(seen: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """`seen` with gaps of at most so many columns closed."""
    at = seen.nonzero()[0]
    closed = seen.copy()
    steps = at[1:] - at[:-1]
    for k in ((steps > 1) & (steps <= gap + 1)).nonzero()[0].tolist():
        closed[at[k] : at[k + 1]] = True
    return closed


def _wipe(likely: Plane, upper: Floats, lower: Floats) -> None:
    """Takes what a curve explains, from edge to edge, out of the map."""
    rows = likely.shape[0]
    margin = 1.5
    first, last = max(0, int((upper - margin).min())), min(rows, int((lower + margin).max()) + 1)
    at = np.arange(first, last)[:, None]
    likely[first:last] *= (at < upper - margin) | (at > lower + margin)


def _crosses(one: Aponeurosis, other: Aponeurosis) -> bool:
    """Whether two curves meet within the picture: then they are one structure or one of them is none."""
    between = one.middle - other.middle
    least, most = float(between.min()), float(between.max())
    return least < 1.0 and most > -1.0
