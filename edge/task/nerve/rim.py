"""The inner edge of a nerve's bright rim (epineurium), where a cross-sectional area is traced by convention."""

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.rings import Floats, polygon_area, resampled, smoothed, turned_area

RAYS: Final = 96
"""Around the outline; an even number."""
RIM_REACH: Final = (-0.22, 0.05)
"""Where the rim's inner edge is looked for, inwards and outwards from the outline, in radii of a circle as large."""
RIM_STEPS: Final = 25
EXPECTED, SPREAD = -0.09, 0.06
"""Where the edge lies on average, of the same radius: a little inside the rim's brightest line, which lies at -0.04."""
PRIOR: Final = 0.35
"""Cost of an edge one SPREAD away from EXPECTED, in standard deviations of the brightness's slope."""
RIM_BLUR: Final = 0.05
"""Sigma, of the same radius, over which brightness is evened out before its slope is taken."""
OPEN_RAYS: Final = RIM_STEPS - 1
"""As many as a way needs from one end of the steps to the other: what lies further around changed none of 1,399
nerves."""
SMALLEST_RADIUS_PX: Final = 4.0
OFFSETS: Final = np.linspace(*RIM_REACH, RIM_STEPS)
UNUSUAL: Final = PRIOR * ((OFFSETS - EXPECTED) / SPREAD) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """Where a rim's inner edge lies under an outline."""

    edge: Floats
    """The ring (n, 2), in pixels of the frame."""
    turn: Floats | None = None
    """(RAYS,) direction from the outline's middle to the beginning of each ray, radians. None: too small to trace."""
    offset: Floats | None = None
    """(RAYS,) of the edge along each ray, outwards, in shares of the radius."""

    def carried(self, outline: Floats) -> "Rim":
        """The edge as deep under another outline of the nerve."""
        if self.turn is None or self.offset is None:
            return Rim(outline)
        ring, outward = _rays(outline)
        offset = np.interp(_turn(ring), self.turn, self.offset, period=2 * np.pi)
        return replace(self, edge=smoothed(ring + outward * offset[:, None]))


def inside_rim(pixels: NDArray[np.uint8], outline: Floats) -> Rim:
    """The inner edge of the rim under an outline (n, 2), both in pixels of the frame.

    The network was taught with outlines that people drew on the rim: over 204 pictures the rim's brightest line lies
    just inside of them. So the edge is looked for a little further in: where it turns from dark to bright on the way
    out, smoothly around the nerve (dynamic programming over a ring of rays, as active contours are solved exactly:
    Amini 1990).
    """
    radius = (polygon_area(outline) / np.pi) ** 0.5
    if radius < SMALLEST_RADIUS_PX:
        return Rim(outline)
    ring, outward = _rays(outline)
    x, y = (ring[:, axis, None] + outward[:, axis, None] * OFFSETS for axis in (0, 1))
    bright = _sampled(pixels, x, y, RIM_BLUR * radius)
    slope = np.empty_like(bright)
    np.subtract(bright[:, 2:], bright[:, :-2], out=slope[:, 1:-1])
    slope[:, 1:-1] /= 2
    slope[:, 0], slope[:, -1] = bright[:, 1] - bright[:, 0], bright[:, -1] - bright[:, -2]
    chosen = OFFSETS[best_ring(UNUSUAL - slope * (1 / max(float(cv2.meanStdDev(slope)[1][0, 0]), 1e-6)))]
    return Rim(smoothed(ring + outward * chosen[:, None]), _turn(ring), chosen)


def _rays(outline: Floats) -> tuple[Floats, Floats]:
    """(RAYS, 2) where rays begin on an outline (n, 2), and as far as its radius out of it at each."""
    ring = resampled(outline, RAYS)
    return ring, _normals(ring) * (polygon_area(outline) / np.pi) ** 0.5


def _turn(ring: Floats) -> Floats:
    x, y = (ring - ring.mean(axis=0)).T
    return np.asarray(np.arctan2(y, x))


def _normals(ring: Floats) -> Floats:
    """Unit vectors that point out of a closed ring (n, 2)."""
    x, y = (np.concatenate((ring[2:], ring[:2])) - np.concatenate((ring[-2:], ring[:-2]))).T
    turn = -1.0 if turned_area(ring) < 0 else 1.0
    return np.asarray(np.stack((y, -x), axis=1) * (turn / np.maximum(np.hypot(x, y), 1e-9))[:, None])


def _sampled(pixels: NDArray[np.uint8], x: Floats, y: Floats, blur_px: float) -> Floats:
    """(rays, steps) brightness at places in the frame."""
    left, top = (max(floor(float(axis.min())) - 4, 0) for axis in (x, y))
    right, bottom = (max(ceil(float(axis.max())) + 5, low + 1) for axis, low in ((x, left), (y, top)))
    part = pixels[top:bottom, left:right].astype(np.float32)
    if part.size == 0:
        return np.zeros(x.shape)
    soft = cv2.GaussianBlur(part, (0, 0), max(0.5, blur_px))
    across, down = (x - left).astype(np.float32), (y - top).astype(np.float32)
    return np.asarray(cv2.remap(soft, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def best_ring(cost: Floats) -> NDArray[np.intp]:
    """(rays,) the cheapest way around (rays, steps) that moves by at most one step per ray, and closes.

    rays: an even number. The way begins at the step where an open one, OPEN_RAYS before the first ray and as many after
    it, crosses that ray. Two ways that come from both sides and meet need half the time of one that goes through.
    """
    half = len(cost) // 2
    steps = cost.shape[1]
    one, other = slice(1, steps + 1), slice(steps + 2, -1)
    last = _ways(np.concatenate((cost[-OPEN_RAYS:], cost[:1])), cost[OPEN_RAYS::-1])[-1]
    held = np.full_like(cost[:1], np.inf)
    held[0, int((last[one] + last[other] - cost[0]).argmin())] = 0
    total = _ways(np.concatenate((held, cost[1 : half + 1])), np.concatenate((held, cost[: half - 1 : -1])))
    last = total[-1]
    meeting, rows = int((last[one] + last[other] - cost[half]).argmin()), total.tolist()
    there, back = (_traced(rows, part.start + meeting) for part in (one, other))
    return np.concatenate((np.array(there[::-1]) - one.start, np.array(back[1:-1]) - other.start))


def _ways(one: Floats, other: Floats) -> Floats:
    """(rows, 1 + steps + 1 + steps + 1) what the cheapest way from the first row to each place costs, in two tables
    (rows, steps) side by side, between columns where no way goes."""
    wall = np.full((len(one), 1), np.inf)
    total = np.concatenate((wall, one, wall, other, wall), axis=1)
    inward, straight, outward = total[:, :-2], total[:, 1:-1], total[:, 2:]
    nearest = np.empty_like(straight[0])
    for low, middle, high, here in zip(inward, straight, outward, straight[1:], strict=False):
        np.minimum(low, high, out=nearest)
        np.minimum(nearest, middle, out=nearest)
        np.add(here, nearest, out=here)
    return total


def _traced(total: list[list[float]], place: int) -> list[int]:
    """The cheapest way back from a place of the last row to the first row."""
    way = [place]
    for row in total[-2::-1]:
        place = min((row[place - 1], place - 1), (row[place], place), (row[place + 1], place + 1))[1]
        way.append(place)
    return way
