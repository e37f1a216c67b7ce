"""Outlines of nerves and vessels from the network's scores, as smooth closed curves in pixels of the frame, and the
inner edge of a nerve's bright rim (epineurium), where a cross-sectional area is traced by convention."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.task.tensor import Fit

SIDE: Final = 256
"""Height and width of the square that the picture is fitted into."""
BLOCK: Final = 2
"""The network gives a block of so many pixels a side as channels of one cell (sub-pixel convolution)."""
LEAST_AREA_PX: Final = 60.0
"""Of the square; what is smaller is no structure."""
FINER: Final = 4
POINTS: Final = 128
HARMONICS: Final = 10
"""Kept of an outline's course: a border finer than a twentieth of its length is noise of the scores."""
Floats = NDArray[np.float64]
RAYS: Final = 96
"""Around the outline."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One structure's border."""

    points: Floats
    """(n, 2) x, y in pixels of the frame; closed, the first point not repeated; as many as POINTS."""
    confidence: float
    """Mean probability inside, 0 to 1."""

    @property
    def area_px2(self) -> float:
        return polygon_area(self.points)

    @property
    def centre(self) -> tuple[float, float]:
        return centroid(self.points)


def full_scores(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """(classes, SIDE, SIDE) from the network's (1, classes * BLOCK ** 2, SIDE / BLOCK, SIDE / BLOCK)."""
    _, channels, height, width = output.shape
    parts = output.reshape(channels // BLOCK**2, BLOCK, BLOCK, height, width)
    return np.ascontiguousarray(parts.transpose(0, 3, 1, 4, 2).reshape(-1, height * BLOCK, width * BLOCK))


def outlines_of(scores: NDArray[np.float32], region: Region, cut: float = 0.0) -> tuple[Outline, ...]:
    """The structures where the log odds (SIDE, SIDE) exceed `cut`, the largest first."""
    fit = Fit.of(region.height, region.width, SIDE)
    soft = np.asarray(cv2.GaussianBlur(scores, (0, 0), 1.0), np.float32) - np.float32(cut)
    soft = np.where(_held(region, fit), soft, np.float32(-10))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((soft > 0).astype(np.uint8), connectivity=4)
    found = []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= LEAST_AREA_PX:
            ring = _ring(soft, np.asarray(labels, np.int32), label, stats[label])
            confidence = float(np.mean(1 / (1 + np.exp(-np.clip(scores[labels == label], -30, 30)))))
            points = (ring - (fit.left, fit.top)) / fit.scale + (region.x, region.y)
            found.append(Outline(smoothed(points), confidence))
    return tuple(sorted(found, key=lambda outline: -outline.area_px2))


def _held(region: Region, fit: Fit) -> NDArray[np.bool_]:
    """(SIDE, SIDE) whether a pixel of the square lies on the picture."""
    across, down = (
        (place > offset - 0.5 * fit.scale) & (place < offset + (length - 0.5) * fit.scale)
        for place, offset, length in (
            (np.arange(SIDE), fit.left, region.width),
            (np.arange(SIDE), fit.top, region.height),
        )
    )
    return np.asarray(down[:, None] & across[None])


def _ring(soft: NDArray[np.float32], labels: NDArray[np.int32], label: int, stats: NDArray[Any]) -> Floats:
    """Where the scores of one structure pass through zero, by a finer grid; pixels of the square."""
    x, y, width, height = (int(v) for v in stats[:4])
    x0, y0, x1, y1 = max(0, x - 2), max(0, y - 2), min(SIDE, x + width + 2), min(SIDE, y + height + 2)
    part, own = soft[y0:y1, x0:x1], labels[y0:y1, x0:x1]
    others = (own > 0) & (own != label)
    level = np.pad(np.where(others, np.float32(-2), np.clip(part, -4, 4)), 1, constant_values=-4)
    finer = cv2.resize(level, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours((finer > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    return np.asarray((longest + 0.5) / FINER - 0.5 - 1 + (x0, y0))


def smoothed(ring: Floats) -> Floats:
    """(POINTS, 2) at equal steps along a closed ring (n, 2), without its finest turns; its area is kept."""
    even = resampled(ring, POINTS)
    course = np.fft.fft(even[:, 0] + 1j * even[:, 1])
    order = np.abs(np.fft.fftfreq(POINTS, 1 / POINTS))
    course *= np.exp(-((order / HARMONICS) ** 4))
    smooth = np.fft.ifft(course)
    points = np.stack((smooth.real, smooth.imag), axis=1)
    before, after = polygon_area(even), polygon_area(points)
    middle = points.mean(axis=0)
    return np.asarray(middle + (points - middle) * (before / after) ** 0.5 if after > 0 else even)


def resampled(ring: Floats, count: int) -> Floats:
    """(count, 2) at equal steps along a closed ring (n, 2)."""
    closed = np.concatenate((ring, ring[:1]))
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))))
    at = np.arange(count) * along[-1] / count
    return np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def polygon_area(points: Floats) -> float:
    """Of a closed ring (n, 2), by Gauss's formula."""
    x, y = points.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def centroid(points: Floats) -> tuple[float, float]:
    """Of the area inside a closed ring (n, 2)."""
    x, y = points.T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    total = float(cross.sum())
    if abs(total) < 1e-9:
        return float(x.mean()), float(y.mean())
    middle_x = float(((x + np.roll(x, -1)) * cross).sum()) / (3 * total)
    return middle_x, float(((y + np.roll(y, -1)) * cross).sum()) / (3 * total)


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
    outward = _normals(ring)
    offsets = np.linspace(*RIM_REACH, RIM_STEPS)
    places = ring[:, None] + outward[:, None] * (offsets * radius)[None, :, None]
    slope = np.gradient(_sampled(pixels, places, RIM_BLUR * radius), axis=1)
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
    """The cheapest way around (rays, steps) that moves by at most one step per ray, and closes about where it began."""
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
