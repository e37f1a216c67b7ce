"""The inner edge of a nerve's bright rim (epineurium), where a cross-sectional area is traced by convention."""

from math import ceil, floor
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.nerve.rings import Floats, polygon_area, resampled, smoothed, turned_area

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
SMALLEST_RADIUS_PX: Final = 4.0
OFFSETS: Final = np.linspace(*RIM_REACH, RIM_STEPS)
UNUSUAL: Final = PRIOR * ((OFFSETS - EXPECTED) / SPREAD) ** 2


def inside_rim(pixels: NDArray[np.uint8], outline: Floats) -> Floats:
    """The ring (n, 2) at the inner edge of the rim under an outline (n, 2), both in pixels of the frame.

    The network was taught with outlines that people drew on the rim: over 204 pictures the rim's brightest line lies
    just inside of them. So the edge is looked for a little further in: where it turns from dark to bright on the way
    out, smoothly around the nerve (dynamic programming over a ring of rays, as active contours are solved exactly:
    Amini 1990).
    """
    radius = (polygon_area(outline) / np.pi) ** 0.5
    if radius < SMALLEST_RADIUS_PX:
        return outline
    ring = resampled(outline, RAYS)
    outward = _normals(ring) * radius
    x, y = (ring[:, axis, None] + outward[:, axis, None] * OFFSETS for axis in (0, 1))
    bright = _sampled(pixels, x, y, RIM_BLUR * radius)
    slope = np.empty_like(bright)
    np.subtract(bright[:, 2:], bright[:, :-2], out=slope[:, 1:-1])
    slope[:, 1:-1] /= 2
    slope[:, 0], slope[:, -1] = bright[:, 1] - bright[:, 0], bright[:, -1] - bright[:, -2]
    chosen = OFFSETS[best_ring(UNUSUAL - slope * (1 / max(float(cv2.meanStdDev(slope)[1][0, 0]), 1e-6)))]
    return smoothed(ring + outward * chosen[:, None])


def _normals(ring: Floats) -> Floats:
    """Unit vectors that point out of a closed ring (n, 2)."""
    x, y = (np.concatenate((ring[2:], ring[:2])) - np.concatenate((ring[-2:], ring[:-2]))).T
    turn = -1.0 if turned_area(ring) < 0 else 1.0
    return np.stack((y, -x), axis=1) * (turn / np.maximum(np.hypot(x, y), 1e-9))[:, None]


def _sampled(pixels: NDArray[np.uint8], x: Floats, y: Floats, blur_px: float) -> Floats:
    """(rays, steps) brightness at places in the frame."""
    left, top = (max(floor(float(axis.min())) - 4, 0) for axis in (x, y))
    right, bottom = (max(ceil(float(axis.max())) + 5, low + 1) for axis, low in ((x, left), (y, top)))
    part = pixels[top:bottom, left:right].astype(np.float32)
    if part.size == 0:
        return np.zeros(x.shape)
    soft = cv2.GaussianBlur(part, (0, 0), max(0.5, blur_px))
    x, y = ((axis - low).astype(np.float32) for axis, low in ((x, left), (y, top)))
    return np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def best_ring(cost: Floats) -> NDArray[np.intp]:
    """(rays,) the cheapest way around (rays, steps) that moves by at most one step per ray, and closes.

    rays: an even number. The way begins at the step where an open one, half around before the first ray and half around
    after it, crosses that ray. Two ways that come from both sides and meet need half the time of one that goes through.
    """
    half = len(cost) // 2
    before, after = _ways(np.concatenate((cost[half:], cost[:1])), cost[half::-1])
    start = int((before[-1] + after[-1] - cost[0]).argmin())
    held = np.full_like(cost[:1], np.inf)
    held[0, start] = 0
    there, back = _ways(np.concatenate((held, cost[1 : half + 1])), np.concatenate((held, cost[: half - 1 : -1])))
    meeting = int((there[-1] + back[-1] - cost[half]).argmin())
    return np.array([*_traced(there, meeting), *_traced(back, meeting)[half - 1 : 0 : -1]])


def _ways(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """What the cheapest way from the first row to each place costs, in two tables (rows, steps) of one shape."""
    walls = np.full((len(one), 1), np.inf)
    total = np.concatenate((walls, one, walls, other, walls), axis=1)
    inward, straight, outward = total[:, :-2], total[:, 1:-1], total[:, 2:]
    nearest = np.empty_like(straight[0])
    for low, middle, high, here in zip(inward, straight, outward, straight[1:], strict=False):
        np.minimum(low, high, out=nearest)
        np.minimum(nearest, middle, out=nearest)
        np.add(here, nearest, out=here)
    steps = one.shape[1]
    return total[:, 1 : steps + 1], total[:, steps + 2 : -1]


def _traced(total: Floats, end: int) -> list[int]:
    """The cheapest way to a place of the last row, from the first row on."""
    held = np.full((len(total), total.shape[1] + 2), np.inf)
    held[:, 1:-1] = total
    came = np.argmin((held[:, :-2], held[:, 1:-1], held[:, 2:]), axis=0).tolist()
    way = [end]
    for row in came[-2::-1]:
        way.append(way[-1] + row[way[-1]] - 1)
    return way[::-1]
