"""Lines along the fascicles from aponeurosis to aponeurosis, also where they leave the picture."""

from dataclasses import dataclass
from functools import lru_cache
from math import atan, copysign, radians, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import Floats
from edge.task.muscle.fascicles import Bend, columns_of
from edge.task.muscle.quantiles import mean

LINES: Final = 9
STEPS: Final = 28
"""Of one half of a line within the picture."""
KNOTS: Final = 29
"""Of a line, where the field is asked; odd, so that one lies in the middle."""
ROUNDS: Final = 30
"""At most, in which a line is found."""
HELD_CELLS: Final = 5e-4
"""A line that a round moves by less is found; the next would move it by a tenth of that."""
FLATTEST_SINE: Final = 0.035
"""Two degrees: what runs flatter meets the aponeuroses too far away to say where."""


@dataclass(frozen=True, slots=True, eq=False)
class Streamlines:
    """Lines through the middle of the muscle, each from the superficial to the deep aponeurosis. In cells."""

    paths: NDArray[np.float64]
    """(n, points, 2) x, y; the first and the last step of a line that leaves the picture are straight and long."""
    inside: NDArray[np.bool_]
    """(n, points - 1): the steps that lie in the picture."""
    turns: Floats
    """(KNOTS, n) radians by which each differs from the one angle on its way."""


def trace(
    bend: Bend,
    angle_deg: float,
    upper: Aponeurosis,
    lower: Aponeurosis,
    lines: int = LINES,
    turns: Floats | None = None,
) -> Streamlines | None:
    """Lines through the middle of the belly over the middle half of the picture's width, evenly spaced.

    bend: what the direction differs from `angle_deg` by. None where the fascicles run along the
    aponeuroses. Beyond the picture a line goes on straight in its mean direction, and so do the aponeuroses. turns: of
    lines that these are like, from which they are found sooner.
    """
    columns = bend.top.size
    start_x = (columns - 1) * _spread(lines)
    edges = _Edges(upper.lower, lower.upper, upper.slope, lower.slope)
    top, bottom = edges.at(start_x)
    rise = sin(radians(angle_deg) + atan((upper.slope + lower.slope) / 2))
    if abs(rise) < FLATTEST_SINE:
        return None
    half = mean(bottom - top) / 2
    step = 1.5 * min(half / abs(rise), columns * 0.75) / STEPS
    start = start_x, (top + bottom) / 2
    places, turns = _walked(bend, radians(angle_deg), start, copysign(step, rise), turns)
    # The first half of the lines goes up, the second down.
    points = np.concatenate((places[STEPS:], places[STEPS::-1]), axis=1)
    ends, left = _stopped(points, edges, columns)
    up, down = ends[:, :lines], ends[:, lines:]
    chord = up[-1] - down[-1]
    outer_up, outer_down = up[-1], down[-1]
    if left[:lines].any():
        outer_up = np.where(left[:lines, None], edges.met(outer_up, chord, 0), outer_up)
    if left[lines:].any():
        outer_down = np.where(left[lines:, None], edges.met(outer_down, -chord, 1), outer_down)
    paths = np.concatenate((outer_up[None], up[::-1], down[1:], outer_down[None])).transpose(1, 0, 2)
    inside = np.ones((lines, paths.shape[1] - 1), bool)
    inside[:, 0], inside[:, -1] = ~left[:lines], ~left[lines:]
    whole = np.isfinite(paths).all(axis=(1, 2))
    return Streamlines(paths[whole], inside[whole], turns) if whole.any() else None


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The facing edges of the two aponeuroses, on and on."""

    top: Floats
    bottom: Floats
    top_slope: float
    bottom_slope: float

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        found = []
        last = self.top.size - 1
        outside = float(x.min()) < 0 or float(x.max()) > last
        for edge, slope in ((self.top, self.top_slope), (self.bottom, self.bottom_slope)):
            at = np.interp(x, columns_of(last + 1), edge)
            if outside:
                at += slope * (np.minimum(x, 0) + np.maximum(x - last, 0))
            found.append(at)
        return found[0], found[1]

    def met(self, start: Floats, way: Floats, which: int) -> Floats:
        """Where a ray from `start` (n, 2) in direction `way` meets the edge's straight continuation; NaN: nowhere."""
        last = self.top.size - 1
        edge, slope = ((self.top, self.top_slope), (self.bottom, self.bottom_slope))[which]
        end = np.where(way[:, 0] > 0, last, 0)
        from_edge = start[:, 1] - edge[end] - slope * (start[:, 0] - end)
        closing = slope * way[:, 0] - way[:, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = from_edge / closing
        flat = np.abs(closing) < FLATTEST_SINE * np.hypot(way[:, 0], way[:, 1])
        share = np.where(flat | (share < 0), np.nan, share)
        return start + share[:, None] * way


@lru_cache(maxsize=4)
def _spread(lines: int) -> Floats:
    """Where lines start, as shares of the width."""
    return np.linspace(0.25, 0.75, lines)


def _walked(
    bend: Bend, angle: float, start: tuple[Floats, Floats], step: float, turns: Floats | None
) -> tuple[NDArray[np.float64], Floats]:
    """(2 STEPS + 1, n, 2): steps along the field, both ways from places (x, y) in the middle, and (KNOTS, n) radians by
    which the field turns there from `angle`. turns: about these, where something is known.

    All lines as a whole, and again along what the field says on the way, until they hold (Picard): the field bends so
    little that a few rounds do it, where Runge and Kutta would ask it place by place. It is asked at KNOTS, and is so
    smooth that a cubic from knot to knot says the rest.
    """
    to_knots, to_steps = _summed_up()
    to_knots = to_knots * step
    lines = start[0].size
    places, way = np.empty((2, KNOTS, 2 * lines))
    # Across, then down, one line beside the other.
    origin = np.concatenate(start)

    def along(turns: Floats) -> tuple[Floats, Floats]:
        heading = turns + angle
        np.cos(heading, out=way[:, :lines])
        up = np.sin(heading, out=way[:, lines:])
        np.negative(up, out=up)
        np.matmul(to_knots, way, out=places)
        np.add(places, origin, out=places)
        return places[:, :lines], places[:, lines:].copy()

    if turns is None or turns.shape != (KNOTS, lines):
        turns = np.zeros((KNOTS, lines))
    x, y = along(turns)
    for _ in range(ROUNDS):
        turns = bend.at(x, y)
        before = y
        x, y = along(turns)
        before -= y
        if max(float(before.max()), -float(before.min())) < HELD_CELLS:
            break
    found = step * (to_steps @ way)
    found += origin
    return found.reshape(-1, 2, lines).transpose(0, 2, 1), turns


@lru_cache(maxsize=1)
def _summed_up() -> tuple[Floats, Floats]:
    """(KNOTS, KNOTS) and (2 STEPS + 1, KNOTS): from values at the knots to their integral, in steps, from the middle to
    each knot and to each step: a cubic through the four knots around each interval."""
    per_knot = 2 * STEPS / (KNOTS - 1)
    at = np.arange(-STEPS, STEPS + 1) / per_knot + (KNOTS - 1) / 2
    whole = [np.zeros(KNOTS)]
    stencils = []
    for place in range(KNOTS - 1):
        first = min(max(place - 1, 0), KNOTS - 4)
        powers = (np.arange(4.0) + first - place) ** np.arange(4)[:, None]
        stencils.append((first, powers))
        whole.append(whole[-1] + _integral(first, powers, 1.0))
    rows = []
    for place in at:
        knot = min(int(place), KNOTS - 2)
        rows.append(whole[knot] + _integral(*stencils[knot], place - knot))
    middle = whole[(KNOTS - 1) // 2]
    return (np.stack(whole) - middle) * per_knot, (np.stack(rows) - middle) * per_knot


def _integral(first: int, powers: Floats, end: float) -> Floats:
    """(KNOTS,) from values at the knots to the integral from 0 to `end` of the cubic through the four from `first` on.
    powers: (4, 4) of their places."""
    factors = np.zeros(KNOTS)
    factors[first : first + 4] = np.linalg.solve(powers, end ** np.arange(1, 5) / np.arange(1, 5))
    return factors


def _stopped(points: NDArray[np.float64], edges: _Edges, columns: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The walks ended where they meet an edge, or the picture's side: then `left` is True."""
    x, y = np.ascontiguousarray(points[..., 0]), np.ascontiguousarray(points[..., 1])
    top, bottom = edges.at(x)
    np.subtract(y, top, out=top)
    np.subtract(bottom, y, out=bottom)
    room = np.minimum(top, bottom, out=top)
    side = np.minimum(x + 0.5, columns - 0.5 - x)
    free = np.minimum(room, side, out=bottom)
    np.maximum(free[0], 1e-6, out=free[0])
    out = free <= 0
    last = out.argmax(axis=0)
    each = np.arange(points.shape[1])
    ended = out[last, each]
    last[~ended] = len(points) - 1
    before, after = free[np.maximum(last - 1, 0), each], free[last, each]
    share = np.where(ended, before / np.maximum(before - after, 1e-9), 1.0)
    end = points[last - 1, each] + share[:, None] * (points[last, each] - points[last - 1, each])
    stopped = np.where((np.arange(len(points))[:, None] < last)[..., None], points, end)
    met_side = side[last, each] <= room[last, each]
    return stopped, ~ended | met_side
