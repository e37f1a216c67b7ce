"""Polylines with parts of a pixel, whole or dashed."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.overlay.palette import Colour

_SHIFT: Final = 4
"""OpenCV takes points in sixteenths of a pixel."""
_FARTHEST_PX: Final = 1 << 15
"""OpenCV's line drawing overflows far outside the picture."""
_LONGEST_PX: Final = 50_000.0
"""More than any border; bounds the work for points that make no sense."""
_FEW_POINTS: Final = 16
_DASH_STEP_PX: Final = 2.0


def draw_line(picture: NDArray[np.uint8], points: NDArray[np.float32], colour: Colour, width_px: int) -> None:
    """Draws a smooth line through `points` (n, 2) float32 (x, y) into `picture` (height, width, 3) uint8."""
    _polylines(picture, [thinned(points, 2.0 * width_px)], colour, width_px)


def draw_dashes(
    picture: NDArray[np.uint8], points: NDArray[np.float32], colour: Colour, width_px: int, dash_px: float
) -> None:
    """As `draw_line`, in dashes of `dash_px` with gaps as long."""
    _polylines(picture, dashes(points, dash_px), colour, width_px)


def thinned(points: NDArray[np.float32], step_px: float) -> NDArray[np.float32]:
    """Of points that follow each other more closely than `step_px` about every `step_px` one; the ends stay.

    Drawing time goes with the number of points, and a border has one per column.
    """
    if len(points) <= _FEW_POINTS:
        return points
    length_px = float(_steps(points).sum())
    if not np.isfinite(length_px) or len(points) <= (wanted := max(2, int(length_px / step_px) + 1)):
        return points
    kept: NDArray[np.float32] = points[np.linspace(0, len(points) - 1, wanted).round().astype(int)]
    return kept


def dashes(points: NDArray[np.float32], dash_px: float) -> list[NDArray[np.float32]]:
    """Cuts the line through `points` (n, 2) into dashes of `dash_px`, the first at its start; each (m, 2), m >= 2.

    The line is resampled about every two pixels; what is left of it after the last whole step is not drawn.
    """
    near = near_points(points)
    if len(near) < 2:
        return []
    along = np.concatenate(([0.0], np.cumsum(_steps(near))))
    per_dash = max(1, round(dash_px / _DASH_STEP_PX))
    at = np.arange(0.0, min(along[-1], _LONGEST_PX), dash_px / per_dash)
    even = np.stack([np.interp(at, along, near[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)
    pieces = (even[start : start + per_dash + 1] for start in range(0, len(even), 2 * per_dash))
    return [piece for piece in pieces if len(piece) > 1]


def _steps(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distances between following points."""
    steps = points[1:].astype(np.float64) - points[:-1]
    lengths: NDArray[np.float64] = np.sqrt((steps * steps).sum(axis=1))
    return lengths


def _polylines(picture: NDArray[np.uint8], lines: list[NDArray[np.float32]], colour: Colour, width_px: int) -> None:
    fixed = [_fixed_point(line) for line in lines]
    cv2.polylines(picture, [line for line in fixed if len(line) > 1], False, colour, width_px, cv2.LINE_AA, _SHIFT)


def near_points(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """`points` without those that are not finite, moved to within what can be drawn; (m, 2) float32."""
    finite = np.isfinite(points)
    known = points if finite.all() else points[finite.all(axis=1)]
    near: NDArray[np.float32] = np.minimum(np.maximum(known, -_FARTHEST_PX), _FARTHEST_PX)
    return near


def _fixed_point(points: NDArray[np.float32]) -> NDArray[np.int32]:
    """(m, 2) int32 in sixteenths of a pixel."""
    fixed: NDArray[np.int32] = np.rint(near_points(points) * (1 << _SHIFT)).astype(np.int32)
    return fixed
