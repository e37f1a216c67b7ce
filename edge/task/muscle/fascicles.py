"""The fascicles between two aponeuroses: one angle for the muscle, a smooth field of angles, and lines along it from
aponeurosis to aponeurosis, also where they leave the picture."""

from dataclasses import dataclass
from functools import lru_cache
from math import atan, copysign, radians, sin
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import Evidence, Floats, folded_deg
from edge.task.muscle.quantiles import mean, weighted_quantiles

BIN_DEG: Final = 2.0
MODE_SIGMA_BINS: Final = 2.0
BESIDE_MODE_DEG: Final = 20.0
"""What differs more from the commonest direction is no fascicle of this muscle."""
MARGIN: Final = 0.07
"""Of the muscle's thickness beside each aponeurosis, where its echo outshines the fascicles'."""
TERM_COST: Final = (1e-6, 0.01, 0.01, 0.03, 0.03, 0.03, 0.06, 0.06, 0.06, 0.06)
"""Cost of each term of the smooth field, as a share of the weight there is."""
LINES: Final = 9
STEPS: Final = 28
"""Of one half of a line within the picture."""
KNOTS: Final = 29
"""Of a line, where the field is asked; odd, so that one lies in the middle."""
GOES_ON: Final = 3.0
"""Distance from the middle, in halves of the picture's width and of the thickness, up to which the field goes on."""
ROUNDS: Final = 30
"""At most, in which a line is found."""
HELD_CELLS: Final = 5e-4
"""A line that a round moves by less is found; the next would move it by a tenth of that."""
DEG_PER_TWICE: Final = 90 / np.pi
"""From twice an angle in radians to the angle in degrees."""
FLATTEST_SINE: Final = 0.035
"""Two degrees: what runs flatter meets the aponeuroses too far away to say where."""


@dataclass(frozen=True, slots=True)
class Direction:
    """The fascicles' one angle in degrees, in (-90, 90]."""

    angle_deg: float
    """Weighted median."""
    spread_deg: float
    """Standard deviation of the fascicles about it, from the quartiles."""
    coherence: float
    """Share of the weight that lies near the commonest direction, 0 to 1."""
    weight: float
    """Sum over the cells: the evidence there is."""
    filled: float
    """Mean weight of a cell of the belly, 0 to 1."""


def between(upper: Aponeurosis, lower: Aponeurosis, rows: int, margin: float = MARGIN) -> NDArray[np.bool_]:
    """(rows, columns): the cells of the belly, less the margins. margin: share of the thickness."""
    top, bottom = upper.lower, lower.upper
    side = np.maximum(margin * (bottom - top), 0.5)
    at = np.arange(rows)[:, None]
    return np.asarray((at > top + side) & (at < bottom - side))


def direction(evidence: Evidence, belly: NDArray[np.bool_]) -> Direction | None:
    """The one direction of the fascicles in a belly; None where nothing can be read."""
    weight = evidence.weight[belly].astype(np.float64)
    total = float(np.add.reduce(weight))
    if weight.size == 0 or total < 1e-3:
        return None
    angle = evidence.twice[belly].astype(np.float64)
    angle *= DEG_PER_TWICE
    mode = _mode_deg(angle, weight)
    off = _off_deg(angle, mode)
    near = (np.abs(off) < BESIDE_MODE_DEG).nonzero()[0]
    close = weight[near]
    most = float(np.add.reduce(close))
    if not most > 0:
        return None
    low, middle, high = weighted_quantiles(off[near], close, (0.25, 0.5, 0.75))
    return Direction(folded_deg(mode + middle), (high - low) / 1.349, most / total, total, total / weight.size)


def _mode_deg(angle: Floats, weight: Floats) -> float:
    """The commonest angle."""
    bins = round(180 / BIN_DEG)
    # None lies below -180, so that what is cut off is what is rounded down.
    shifted = angle + (90 + 180)
    shifted *= 1 / BIN_DEG
    counts = np.bincount(shifted.astype(np.intp), weight, minlength=2 * bins)
    votes = counts[:bins] + counts[bins : 2 * bins]
    votes[: counts.size - 2 * bins] += counts[2 * bins :]
    kernel = _mode_kernel()
    reach = kernel.size // 2
    smooth = np.convolve(np.concatenate((votes[-reach:], votes, votes[:reach])), kernel, "valid")
    return (float(smooth.argmax()) + 0.5) * BIN_DEG - 90


@lru_cache(maxsize=1)
def _mode_kernel() -> Floats:
    reach = round(4 * MODE_SIGMA_BINS)
    return np.asarray(cv2.getGaussianKernel(2 * reach + 1, MODE_SIGMA_BINS)[:, 0], np.float64)


def _off_deg(angle: Floats, middle: float) -> Floats:
    """By how much angles differ from one, in [-90, 90)."""
    off = angle - middle
    turns = off * (1 / 180)
    np.rint(turns, out=turns)
    turns *= 180
    off -= turns
    return off


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """By how much the fascicles differ from one angle: a polynomial of the third degree across the picture and from
    aponeurosis to aponeurosis."""

    powers: Floats
    """(4, 4) radians of each power of the depth (rows) and of the place across (columns)."""
    top: Floats
    """(columns,) the superficial edge, in cells."""
    scale: Floats
    """(columns,) depths, which go from -1 to 1, per cell."""

    @classmethod
    def between(cls, powers: Floats, upper: Aponeurosis, lower: Aponeurosis) -> Self:
        return cls(powers, upper.lower, 2 / np.maximum(lower.upper - upper.lower, 1.0))

    def at(self, x: Floats, y: Floats) -> Floats:
        """In radians, at places in cells. A little beyond the picture and the muscle it goes on, then stays."""
        last = self.top.size - 1
        columns = _columns(last + 1)
        places = np.empty((2, *x.shape))
        across, down = places
        np.multiply(x, 2 / last, out=across)
        np.subtract(y, np.interp(x, columns, self.top), out=down)
        down *= np.interp(x, columns, self.scale)
        places -= 1
        np.maximum(places, -GOES_ON, out=places)
        np.minimum(places, GOES_ON, out=places)
        terms = np.empty((4, *x.shape))
        terms[0] = 1
        terms[1] = across
        np.multiply(across, across, out=terms[2])
        np.multiply(terms[2], across, out=terms[3])
        constant, first, second, found = (self.powers @ terms.reshape(4, -1)).reshape(terms.shape)
        found *= down
        for power in (second, first):
            found += power
            found *= down
        found += constant
        return np.asarray(found)


@lru_cache(maxsize=8)
def _columns(count: int) -> Floats:
    return np.arange(count, dtype=np.float64)


def smooth_bend(evidence: Evidence, upper: Aponeurosis, lower: Aponeurosis, angle_deg: float) -> Bend:
    """What differs from `angle_deg`, fitted to what can be read.

    Fitted rather than averaged, since an average flattens what bends toward the aponeuroses and has holes.
    """
    rows, columns = evidence.weight.shape
    top, bottom = upper.lower, lower.upper
    scale = 2 / np.maximum(bottom - top, 1.0)
    # Every second cell tells as much as all of them.
    cells = np.flatnonzero(between(upper, lower, rows) & _chequered(rows, columns))
    y, x = np.divmod(cells, columns)
    off = _off_deg(evidence.twice.ravel()[cells] * np.degrees(0.5), angle_deg)
    weight = evidence.weight.ravel()[cells].astype(np.float64) * (np.abs(off) < BESIDE_MODE_DEG)
    off *= np.radians(1.0)
    terms = _terms(x * (2 / (columns - 1)) - 1, (y - top[x]) * scale[x] - 1)
    factors = _solved(terms, off, weight)
    factors = _solved(terms, off, weight * _robust(off - factors @ terms, weight))
    return Bend(_powers(factors), top, scale)


@lru_cache(maxsize=8)
def _chequered(rows: int, columns: int) -> NDArray[np.bool_]:
    return np.asarray((np.arange(rows)[:, None] + np.arange(columns)) % 2 == 0)


def _terms(across: Floats, down: Floats) -> Floats:
    """Legendre products up to the third degree."""
    terms = np.empty((len(TERM_COST), across.size))
    terms[0], terms[1], terms[2] = 1, across, down
    for first, square, cube in ((1, 3, 6), (2, 5, 9)):
        np.multiply(terms[first], terms[first], out=terms[square])
        terms[square] *= 1.5
        terms[square] -= 0.5
        np.multiply(terms[square], 5 / 3, out=terms[cube])
        terms[cube] -= 2 / 3
        terms[cube] *= terms[first]
    np.multiply(across, down, out=terms[4])
    np.multiply(terms[3], down, out=terms[7])
    np.multiply(across, terms[5], out=terms[8])
    return terms


def _powers(factors: Floats) -> Floats:
    """(4, 4) the polynomial that has these factors of the Legendre products: of each power of the depth (rows) and of
    the place across (columns)."""
    one, x, y, x2, xy, y2, x3, x2y, xy2, y3 = factors.tolist()
    return np.array(
        [
            [one - x2 / 2 - y2 / 2, x - 1.5 * x3 - xy2 / 2, 1.5 * x2, 2.5 * x3],
            [y - 1.5 * y3 - x2y / 2, xy, 1.5 * x2y, 0],
            [1.5 * y2, 1.5 * xy2, 0, 0],
            [2.5 * y3, 0, 0, 0],
        ]
    )


def _solved(terms: Floats, off: Floats, weight: Floats) -> Floats:
    weighted = terms * weight
    dear = np.diag(np.array(TERM_COST)) * max(float(weight.sum()), 1.0)
    return np.asarray(np.linalg.solve(weighted @ terms.T + dear, weighted @ off))


def _robust(off: Floats, weight: Floats) -> Floats:
    """Tukey's biweight."""
    (spread,) = weighted_quantiles(np.abs(off), weight + 1e-9, (0.5,))
    near = np.maximum(1 - (off / max(6 * spread, 0.02)) ** 2, 0)
    return near * near


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
            at = np.interp(x, _columns(last + 1), edge)
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
