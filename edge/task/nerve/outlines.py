"""Outlines of nerves and vessels from the network's scores, as smooth closed curves in pixels of the frame, and the
inner edge of a nerve's bright rim (epineurium), where a cross-sectional area is traced by convention."""

from dataclasses import dataclass
from functools import cache
from math import ceil, floor
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.task.tensor import Fit

SIDE: Final = 256
"""Height and width of the square that the picture is fitted into."""
BLOCK: Final = 2
"""The network gives a block of so many pixels a side as channels of one cell (sub-pixel convolution)."""
BLUR_PX: Final = 1.0
BLUR_REACH_PX: Final = 4
"""How far a GaussianBlur of BLUR_PX reaches in float32."""
RING_MARGIN_PX: Final = 2
"""Around a structure, within which its border is looked for."""
NO_SCORE: Final = -10.0
"""Log odds of what lies beside the picture."""
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
    area_px2: float
    centre: tuple[float, float]

    @classmethod
    def of(cls, points: Floats, confidence: float) -> Self:
        return cls(points, confidence, polygon_area(points), centroid(points))


def full_scores(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """(classes, SIDE, SIDE) from the network's (1, classes * BLOCK ** 2, SIDE / BLOCK, SIDE / BLOCK)."""
    _, channels, height, width = output.shape
    full = np.empty((channels // BLOCK**2, height, BLOCK, width, BLOCK), np.float32)
    for row in range(channels // BLOCK):
        # The channels of one row of the block stand one behind the other.
        cv2.merge(list(output[0, row * BLOCK : (row + 1) * BLOCK]), full[row // BLOCK, :, row % BLOCK])
    return full.reshape(-1, height * BLOCK, width * BLOCK)


def outlines_of(scores: NDArray[np.float32], region: Region, cut: float = 0.0) -> tuple[Outline, ...]:
    """The structures where the log odds (SIDE, SIDE) exceed `cut`, the largest first."""
    x, y, width, height = cv2.boundingRect(cv2.compare(scores, cut, cv2.CMP_GT))
    if width == 0:
        return ()
    # Beyond, the blurred scores exceed the cut nowhere, and no border is looked for.
    margin = 2 * BLUR_REACH_PX + RING_MARGIN_PX
    left, top = max(0, x - margin), max(0, y - margin)
    near = scores[top : y + height + margin, left : x + width + margin]
    fit = Fit.of(region.height, region.width, SIDE)
    soft = cv2.subtract(cv2.GaussianBlur(near, (0, 0), BLUR_PX), cut)
    _leave_out_margins(soft, region, fit, left, top)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.compare(soft, 0, cv2.CMP_GT), connectivity=4)
    found = []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= LEAST_AREA_PX:
            ring = smoothed(_ring(soft, labels, label, stats[label]))
            confidence = float(np.mean(1 / (1 + np.exp(-np.clip(near[labels == label], -30, 30)))))
            points = (ring + (left - fit.left, top - fit.top)) / fit.scale + (region.x, region.y)
            found.append(Outline.of(points, confidence))
    return tuple(sorted(found, key=lambda outline: -outline.area_px2))


def _leave_out_margins(soft: NDArray[np.float32], region: Region, fit: Fit, left: int, top: int) -> None:
    """Takes the scores away where a part of the square, which begins at `left` and `top`, lies beside the picture."""
    for part, offset, length in (
        (soft.T, fit.left - left, region.width),
        (soft, fit.top - top, region.height),
    ):
        part[: max(0, floor(offset - 0.5 * fit.scale) + 1)] = NO_SCORE
        part[max(0, ceil(offset + (length - 0.5) * fit.scale)) :] = NO_SCORE


def _ring(soft: NDArray[np.float32], labels: NDArray[Any], label: int, stats: NDArray[Any]) -> Floats:
    """Where the scores of one structure pass through zero, by a finer grid; pixels of `soft`."""
    x, y, width, height = (int(v) for v in stats[:4])
    x0, y0 = max(0, x - RING_MARGIN_PX), max(0, y - RING_MARGIN_PX)
    box = slice(y0, y + height + RING_MARGIN_PX), slice(x0, x + width + RING_MARGIN_PX)
    level = np.clip(soft[box], -4, 4)
    if len(np.unique(own := labels[box])) > 2:
        level[(own > 0) & (own != label)] = -2
    level = cv2.copyMakeBorder(level, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=-4)
    finer = cv2.resize(level, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours(cv2.compare(finer, 0, cv2.CMP_GT), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    return np.asarray((longest + 0.5) / FINER - 0.5 - 1 + (x0, y0))


def smoothed(ring: Floats) -> Floats:
    """(POINTS, 2) at equal steps along a closed ring (n, 2), without its finest turns; its area is kept."""
    even = resampled(ring, POINTS)
    points = _without_fine_turns() @ even
    before, after = polygon_area(even), polygon_area(points)
    middle = points.mean(axis=0)
    return np.asarray(middle + (points - middle) * (before / after) ** 0.5 if after > 0 else even)


@cache
def _without_fine_turns() -> Floats:
    """(POINTS, POINTS): a ring's course in circular waves, the higher ones damped, and back again."""
    order = np.abs(np.fft.fftfreq(POINTS, 1 / POINTS))
    kept = np.exp(-((order / HARMONICS) ** 4))
    return np.ascontiguousarray(np.fft.ifft(kept[:, None] * np.fft.fft(np.eye(POINTS), axis=0), axis=0).real)


def resampled(ring: Floats, count: int) -> Floats:
    """(count, 2) at equal steps along a closed ring (n, 2)."""
    closed = np.concatenate((ring, ring[:1]))
    x, y = closed.T
    along = np.zeros(len(closed))
    np.cumsum(np.hypot(x[1:] - x[:-1], y[1:] - y[:-1]), out=along[1:])
    at = np.arange(count) * (along[-1] / count)
    return np.stack((np.interp(at, along, x), np.interp(at, along, y)), axis=1)


def polygon_area(points: Floats) -> float:
    """Of a closed ring (n, 2), by Gauss's formula."""
    return abs(_doubled_area(points)) / 2


def _doubled_area(points: Floats) -> float:
    """Positive where a ring (n, 2) turns from x to y."""
    x, y = points.T
    return float(x[:-1] @ y[1:] - y[:-1] @ x[1:] + x[-1] * y[0] - y[-1] * x[0])


def centroid(points: Floats) -> tuple[float, float]:
    """Of the area inside a closed ring (n, 2)."""
    x, y = points.T
    x1, y1 = np.concatenate((points[1:], points[:1])).T
    cross = x * y1 - x1 * y
    total = float(cross.sum())
    if abs(total) < 1e-9:
        return float(x.mean()), float(y.mean())
    return float((x + x1) @ cross) / (3 * total), float((y + y1) @ cross) / (3 * total)


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
    chosen = offsets[best_ring(cost)]
    return smoothed(ring + outward * (chosen * radius)[:, None])


def _normals(ring: Floats) -> Floats:
    """Unit vectors that point out of a closed ring (n, 2)."""
    x, y = (np.concatenate((ring[2:], ring[:2])) - np.concatenate((ring[-2:], ring[:-2]))).T
    turn = np.sign(_doubled_area(ring)) or 1.0
    return np.asarray(np.stack((y, -x), axis=1) * (turn / np.maximum(np.hypot(x, y), 1e-9))[:, None])


def _sampled(pixels: NDArray[np.uint8], places: Floats, blur_px: float) -> Floats:
    x, y = places[..., 0], places[..., 1]
    left, top = (max(floor(float(axis.min())) - 4, 0) for axis in (x, y))
    right, bottom = (max(ceil(float(axis.max())) + 5, low + 1) for axis, low in ((x, left), (y, top)))
    part = pixels[top:bottom, left:right].astype(np.float32)
    if part.size == 0:
        return np.zeros(places.shape[:2])
    soft = cv2.GaussianBlur(part, (0, 0), max(0.5, blur_px))
    x, y = ((axis - low).astype(np.float32) for axis, low in ((x, left), (y, top)))
    return np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def best_ring(cost: Floats) -> NDArray[np.intp]:
    """(rays,) the cheapest way around (rays, steps) that moves by at most one step per ray, and closes.

    rays: an even number. The way begins at the step where an open one, half around before the first ray and half around
    after it, crosses that ray. Two ways that come from both sides and meet need half the time of one that goes through.
    """
    half, steps = len(cost) // 2, cost.shape[1]
    before, after = _ways(np.concatenate((cost[half:], cost[:1])), cost[half::-1])
    start = int(np.argmin(before[-1] + after[-1] - cost[0]))
    held = np.where(np.arange(steps) == start, cost[:1], np.inf)
    there, back = _ways(np.concatenate((held, cost[1 : half + 1])), np.concatenate((held, cost[: half - 1 : -1])))
    meeting = int(np.argmin(there[-1] + back[-1] - cost[half]))
    return np.array([*_traced(there, meeting), *_traced(back, meeting)[half - 1 : 0 : -1]])


def _ways(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """What the cheapest way from the first row to each place costs, in two tables (rows, steps) of one shape."""
    walls = np.full((len(one), 1), np.inf)
    cost = np.concatenate((walls, one, walls, other, walls), axis=1)
    total = cost.copy()
    for row in range(1, len(cost)):
        before, here = total[row - 1], total[row, 1:-1]
        nearest = np.minimum(before[:-2], before[2:])
        np.minimum(nearest, before[1:-1], out=nearest)
        np.add(here, nearest, out=here)
    steps = one.shape[1]
    return total[:, 1 : steps + 1], total[:, steps + 2 : -1]


def _traced(total: Floats, end: int) -> list[int]:
    """The cheapest way to a place of the last row, from the first row on."""
    walls = np.full((len(total), 1), np.inf)
    held = np.concatenate((walls, total, walls), axis=1)
    came = np.argmin((held[:, :-2], held[:, 1:-1], held[:, 2:]), axis=0).tolist()
    way = [end]
    for row in came[-2::-1]:
        way.append(way[-1] + row[way[-1]] - 1)
    return way[::-1]
