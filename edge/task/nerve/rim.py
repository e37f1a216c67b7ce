"""The inner edge of a nerve's bright rim (epineurium): where a cross-sectional area is traced by convention.

The network was taught with outlines that people drew on the rim: over 204 pictures the rim's brightest line lies just
inside of them. So the edge is looked for a little further in: where it turns from dark to bright on the way out,
smoothly around the nerve (dynamic programming over a ring of rays, as active contours are solved exactly: Amini 1990).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.nerve.outlines import Floats, polygon_area, resampled, smoothed

RAYS: Final = 96
REACH: Final = (-0.22, 0.05)
"""From the outline inwards and outwards, of the radius of a circle as large."""
STEPS: Final = 25
EXPECTED, SPREAD = -0.09, 0.06
"""Where the edge lies on average, of the same radius: a little inside the rim's brightest line, which lies at -0.04."""
PRIOR: Final = 0.35
"""What one SPREAD away costs, in standard deviations of the brightness's slope."""
BLUR: Final = 0.05
SMALLEST_RADIUS_PX: Final = 4.0


def inside_rim(pixels: NDArray[np.uint8], outline: Floats) -> Floats:
    """The ring (n, 2) at the inner edge of the rim under an outline (n, 2), both in pixels of the frame."""
    radius = (polygon_area(outline) / np.pi) ** 0.5
    if radius < SMALLEST_RADIUS_PX:
        return outline
    ring = resampled(outline, RAYS)
    outward = _normals(ring)
    offsets = np.linspace(*REACH, STEPS)
    places = ring[:, None] + outward[:, None] * (offsets * radius)[None, :, None]
    slope = np.gradient(_sampled(pixels, places, BLUR * radius), axis=1)
    cost = PRIOR * ((offsets - EXPECTED) / SPREAD) ** 2 - slope / max(float(slope.std()), 1e-6)
    chosen = offsets[_best_ring(cost)]
    return smoothed(ring + outward * (chosen * radius)[:, None])


def _normals(ring: Floats) -> Floats:
    """Unit vectors that point out of a closed ring (n, 2)."""
    along = np.roll(ring, -2, axis=0) - np.roll(ring, 2, axis=0)
    normal = np.stack((along[:, 1], -along[:, 0]), axis=1)
    x, y = ring.T
    turn = np.sign(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) or 1.0
    return np.asarray(turn * normal / np.maximum(np.hypot(*normal.T), 1e-9)[:, None])


def _sampled(pixels: NDArray[np.uint8], places: Floats, blur_px: float) -> Floats:
    low = np.maximum(np.floor(places.min(axis=(0, 1))).astype(int) - 4, 0)
    high = np.maximum(np.ceil(places.max(axis=(0, 1))).astype(int) + 5, low + 1)
    part = pixels[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    if part.size == 0:
        return np.zeros(places.shape[:2])
    soft = cv2.GaussianBlur(part, (0, 0), max(0.5, blur_px))
    x, y = (places - low).astype(np.float32).transpose(2, 0, 1)
    return np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def _best_ring(cost: Floats) -> NDArray[np.intp]:
    """The cheapest way around (rays, steps) that moves by at most one step a ray, and closes about where it began."""
    start = _way(np.concatenate((cost, cost)))[len(cost)]
    held = cost.copy()
    held[0] = np.where(np.arange(cost.shape[1]) == start, cost[0], np.inf)
    return _way(np.concatenate((held, held[:1])))[:-1]


def _way(cost: Floats) -> NDArray[np.intp]:
    rays, steps = cost.shape
    total, came, here = np.full(steps + 2, np.inf), np.zeros((rays, steps), np.intp), np.arange(steps)
    total[1:-1] = cost[0]
    # Views of one buffer: a step inwards, none, a step outwards.
    options = np.lib.stride_tricks.sliding_window_view(total, 3)
    for ray in range(1, rays):
        came[ray] = here + options.argmin(axis=1) - 1
        total[1:-1] = cost[ray] + total[1 + came[ray]]
    way = np.zeros(rays, np.intp)
    way[-1] = int(np.argmin(total[1:-1]))
    for ray in range(rays - 1, 0, -1):
        way[ray - 1] = came[ray, way[ray]]
    return way
