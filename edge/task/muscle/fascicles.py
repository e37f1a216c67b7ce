"""The fascicles between two aponeuroses: one angle for the muscle, a smooth field of angles, and lines along it from
aponeurosis to aponeurosis, also where they leave the picture."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import Evidence, Floats, Plane

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
    total = float(weight.sum())
    if weight.size == 0 or total < 1e-3:
        return None
    angle = np.degrees(np.arctan2(evidence.sine[belly], evidence.cosine[belly]).astype(np.float64)) / 2
    off = _folded(angle - _mode_deg(angle, weight))
    near = np.abs(off) < BESIDE_MODE_DEG
    if not weight[near].any():
        return None
    low, middle, high = weighted_quantiles(off[near], weight[near], (0.25, 0.5, 0.75))
    at = float(_folded(_mode_deg(angle, weight) + middle))
    return Direction(at, (high - low) / 1.349, float(weight[near].sum()) / total, total, total / weight.size)


def _mode_deg(angle: Floats, weight: Floats) -> float:
    """The commonest angle."""
    bins = round(180 / BIN_DEG)
    place = np.floor((angle + 90) / BIN_DEG).astype(np.intp) % bins
    votes = np.bincount(place, weight, minlength=bins)
    reach = round(4 * MODE_SIGMA_BINS)
    kernel = cv2.getGaussianKernel(2 * reach + 1, MODE_SIGMA_BINS)[:, 0]
    smooth = np.convolve(np.concatenate((votes[-reach:], votes, votes[:reach])), kernel, "valid")
    return (float(smooth.argmax()) + 0.5) * BIN_DEG - 90


def _folded(degrees: Floats | float) -> Floats:
    """Into (-90, 90]."""
    return np.asarray(90 - (90 - np.asarray(degrees)) % 180)


def weighted_quantiles(values: Floats, weight: Floats, shares: tuple[float, ...]) -> tuple[float, ...]:
    """The values below which these shares of the weight lie, each between two values where it falls there."""
    order = np.argsort(values)
    values, weight = values[order], weight[order]
    place = (np.cumsum(weight) - weight / 2) / weight.sum()
    return tuple(float(v) for v in np.interp(shares, place, values))


def smooth_bend(evidence: Evidence, upper: Aponeurosis, lower: Aponeurosis, angle_deg: float) -> Plane:
    """(rows, columns) radians by which the fascicles differ from `angle_deg`: a polynomial of the third degree across
    the picture and from aponeurosis to aponeurosis, fitted to what can be read.

    Fitted rather than averaged, since an average flattens what bends toward the aponeuroses and has holes.
    """
    rows, columns = evidence.weight.shape
    across = np.linspace(-1, 1, columns)
    top, bottom = upper.lower, lower.upper
    down = 2 * (np.arange(rows)[:, None] - top) / np.maximum(bottom - top, 1.0) - 1
    y, x = (part[::1] for part in np.nonzero(between(upper, lower, rows)))
    y, x = y[(x + y) % 2 == 0], x[(x + y) % 2 == 0]
    twice = np.arctan2(evidence.sine[y, x], evidence.cosine[y, x]).astype(np.float64)
    off = np.radians(_folded(np.degrees(twice) / 2 - angle_deg))
    weight = evidence.weight[y, x] * (np.abs(off) < np.radians(BESIDE_MODE_DEG))
    terms = _terms(across[x], down[y, x])
    factors = _solved(terms, off, weight)
    factors = _solved(terms, off, weight * _robust(off - factors @ terms, weight))
    depth = np.clip(down, -1, 1)
    return np.asarray(sum(f * t for f, t in zip(factors, _terms(across + 0 * depth, depth), strict=True)), np.float32)


def _terms(across: Floats, down: Floats) -> Floats:
    """Legendre products up to the third degree."""
    one = np.ones_like(across)
    x2, x3 = 1.5 * across**2 - 0.5, across * (2.5 * across**2 - 1.5)
    y2, y3 = 1.5 * down**2 - 0.5, down * (2.5 * down**2 - 1.5)
    return np.stack((one, across, down, x2, across * down, y2, x3, x2 * down, across * y2, y3))


def _solved(terms: Floats, off: Floats, weight: Floats) -> Floats:
    weighted = terms * weight
    dear = np.diag(np.array(TERM_COST)) * max(float(weight.sum()), 1.0)
    return np.asarray(np.linalg.solve(weighted @ terms.T + dear, weighted @ off))


def _robust(off: Floats, weight: Floats) -> Floats:
    """Tukey's biweight."""
    (spread,) = weighted_quantiles(np.abs(off), weight + 1e-9, (0.5,))
    return np.asarray(np.clip(1 - (off / max(6 * spread, 0.02)) ** 2, 0, None) ** 2)


@dataclass(frozen=True, slots=True, eq=False)
class Streamlines:
    """Lines through the middle of the muscle, each from the superficial to the deep aponeurosis. In cells."""

    paths: NDArray[np.float64]
    """(n, points, 2) x, y; the first and the last step of a line that leaves the picture are straight and long."""
    inside: NDArray[np.bool_]
    """(n, points - 1): the steps that lie in the picture."""


def trace(
    bend: Plane, angle_deg: float, upper: Aponeurosis, lower: Aponeurosis, lines: int = LINES
) -> Streamlines | None:
    """Lines through the middle of the belly over the middle half of the picture's width, evenly spaced.

    bend: (rows, columns) radians that the direction differs from `angle_deg`. None where the fascicles run along the
    aponeuroses. Fourth-order Runge-Kutta steps; beyond the picture a line goes on straight in its mean direction, and
    so do the aponeuroses.
    """
    columns = bend.shape[1]
    start_x = (columns - 1) * np.linspace(0.25, 0.75, lines)
    edges = _Edges(upper.lower, lower.upper, upper.slope, lower.slope)
    top, bottom = edges.at(start_x)
    rise = np.sin(np.radians(angle_deg) + np.arctan((upper.slope + lower.slope) / 2))
    if abs(rise) < FLATTEST_SINE:
        return None
    half = float(np.mean(bottom - top)) / 2
    step = 1.5 * min(half / abs(rise), columns * 0.75) / STEPS
    seeds = np.stack((start_x, (top + bottom) / 2), axis=1)
    # The first half of the lines goes up, the second down.
    way = np.where(np.arange(2 * lines) < lines, 1.0, -1.0) * np.sign(rise)
    points = _walk(bend, np.radians(angle_deg), np.concatenate((seeds, seeds)), way * step, edges)
    ends, left = _stopped(points, edges, columns)
    up, down = ends[:, :lines], ends[:, lines:]
    chord = up[-1] - down[-1]
    outer_up, outer_down = edges.met(up[-1], chord, 0), edges.met(down[-1], -chord, 1)
    outer_up = np.where(left[:lines, None], outer_up, up[-1])
    outer_down = np.where(left[lines:, None], outer_down, down[-1])
    paths = np.concatenate((outer_up[None], up[::-1], down[1:], outer_down[None])).transpose(1, 0, 2)
    inside = np.ones((lines, paths.shape[1] - 1), bool)
    inside[:, 0], inside[:, -1] = ~left[:lines], ~left[lines:]
    whole = np.isfinite(paths).all(axis=(1, 2))
    return Streamlines(paths[whole], inside[whole]) if whole.any() else None


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
        for edge, slope in ((self.top, self.top_slope), (self.bottom, self.bottom_slope)):
            beyond = np.minimum(x, 0) + np.maximum(x - last, 0)
            found.append(np.interp(x, np.arange(last + 1), edge) + slope * beyond)
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


def _walk(bend: Plane, angle: float, start: Floats, step: Floats, edges: _Edges) -> NDArray[np.float64]:
    """(STEPS + 1, n, 2): Runge-Kutta steps along the field."""

    def course(place: Floats) -> Floats:
        at = place.astype(np.float32)
        turned = cv2.remap(bend, at[:, 0], at[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()
        heading = angle + turned.astype(np.float64)
        return np.stack((np.cos(heading), -np.sin(heading)), axis=1) * step[:, None]

    points = [start]
    for _ in range(STEPS):
        place = points[-1]
        first = course(place)
        second = course(place + first / 2)
        third = course(place + second / 2)
        fourth = course(place + third)
        points.append(place + (first + 2 * second + 2 * third + fourth) / 6)
    return np.stack(points)


def _stopped(points: NDArray[np.float64], edges: _Edges, columns: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The walks ended where they meet an edge, or the picture's side: then `left` is True."""
    x, y = points[..., 0], points[..., 1]
    top, bottom = edges.at(x)
    room = np.minimum(y - top, bottom - y)
    side = np.minimum(x + 0.5, columns - 0.5 - x)
    free = np.minimum(room, side)
    free[0] = np.maximum(free[0], 1e-6)
    out = free <= 0
    ended = out.any(axis=0)
    last = np.where(ended, out.argmax(axis=0), len(points) - 1)
    each = np.arange(points.shape[1])
    before, after = free[np.maximum(last - 1, 0), each], free[last, each]
    share = np.where(ended, before / np.maximum(before - after, 1e-9), 1.0)
    end = points[last - 1, each] + share[:, None] * (points[last, each] - points[last - 1, each])
    stopped = np.where((np.arange(len(points))[:, None] < last)[..., None], points, end)
    met_side = side[last, each] <= room[last, each]
    return stopped, ~ended | met_side
