"""Finds the full width of a sector whose sides lie in shadow: two mirrored rays and the depth give its corners."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.screen.region.rectangle import Mask, Rectangle

_SLOPES: NDArray[np.float64] = np.tan(np.deg2rad(np.arange(12.0, 50.0, 0.5)))
_SNUG_PX = 1.6


@dataclass(frozen=True, slots=True)
class _Ray:
    """One straight side of a sector: x = start + slope * y, x counted outwards."""

    start: float
    slope: float
    share: float
    """Share of the rows in which the picture ends on the ray."""


def widened_to_sector(texture: Mask, box: Rectangle, canvas: Rectangle) -> Rectangle:
    """`box`, widened within `canvas` to the sector's corners where `texture` shows both its rays; else as it is."""
    beside = round(0.6 * box.width)
    limits = replace(box, left=max(box.left - beside, canvas.left), right=min(box.right + beside, canvas.right))
    # Opening removes letters, ticks and curves, which are thin; the tips of a sector stay.
    broad = np.asarray(cv2.morphologyEx(texture, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)
    rows = broad[box.top : box.bottom, limits.left : limits.right]
    used = np.flatnonzero(rows.any(axis=1))
    if used.size < 40:
        return box
    left = limits.left + rows[used].argmax(axis=1).astype(np.float64)
    right = limits.right - 1 - rows[used][:, ::-1].argmax(axis=1).astype(np.float64)
    y = (used + box.top).astype(np.float64)
    rays = _ray(y, -left, _SLOPES), _ray(y, right, _SLOPES)
    sure, other = sorted(rays, key=lambda ray: -ray.share)
    near = np.asarray(sure.slope * np.linspace(0.93, 1.07, 15), np.float64)
    mirrored = _ray(y, -left if sure is rays[1] else right, near)
    if sure.share < 0.18 or max(mirrored.share, other.share) < 0.08:
        return box
    facing = mirrored if abs(other.slope / sure.slope - 1) > 0.07 else other
    to_left, to_right = (facing, sure) if sure is rays[1] else (sure, facing)
    return _corners(box, limits, to_left, to_right)


def _corners(box: Rectangle, limits: Rectangle, to_left: _Ray, to_right: _Ray) -> Rectangle:
    slope = (to_left.slope + to_right.slope) / 2
    axis = (to_right.start - to_left.start) / 2
    apex = -(to_left.start + to_right.start) / (2 * slope)
    if not (box.left < axis < box.right and apex < box.top + 0.3 * box.height):
        return box
    half_width = (box.bottom - apex) * slope / float(np.hypot(1, slope))
    # The array's middle is taken to be the region's, so what is seen on one side counts for both.
    half_width = max(half_width, axis - box.left, box.right - 1 - axis)
    left, right = round(axis - half_width), round(axis + half_width) + 1
    return replace(box, left=max(left, limits.left), right=min(right, limits.right))


def _ray(y: NDArray[np.float64], outward: NDArray[np.float64], slopes: NDArray[np.float64]) -> _Ray:
    """The line that bounds the picture outwards; of `slopes`, the one for which most rows end on the line."""
    starts = outward[None, :] - slopes[:, None] * y[None, :]
    limit = np.percentile(starts, 97, axis=1)
    share = (np.abs(starts - limit[:, None]) <= _SNUG_PX).mean(axis=1)
    best = int(np.argmax(share))
    return _Ray(float(limit[best]), float(slopes[best]), float(share[best]))
