"""Lines along the fascicles from aponeurosis to aponeurosis, also where they leave the picture."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Curve, Floats, Plane

LINES: Final = 9
STEPS: Final = 28
"""Of one half of a line within the picture."""
FLATTEST_SINE: Final = 0.035
"""Two degrees: what runs flatter meets the aponeuroses too far away to say where."""


@dataclass(frozen=True, slots=True, eq=False)
class Streamlines:
    """Lines through the middle of the muscle, each from the superficial to the deep aponeurosis. In cells."""

    paths: NDArray[np.float64]
    """(n, points, 2) x, y; the first and the last step of a line that leaves the picture are straight and long."""
    inside: NDArray[np.bool_]
    """(n, points - 1): the steps that lie in the picture."""


def trace(bend: Plane, angle_deg: float, upper: Curve, lower: Curve, lines: int = LINES) -> Streamlines | None:
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
