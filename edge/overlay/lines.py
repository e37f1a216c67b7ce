"""Polylines with parts of a pixel, whole or dashed."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import isfinite
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.overlay.palette import Colour

_SHIFT: Final = 4
"""OpenCV takes points in sixteenths of a pixel."""
_CORNERS: Final = 12 * np.array([[(-1, -1)], [(1, -1)], [(-1, 1)], [(1, 1)]], np.int32)
"""Three quarters of a pixel."""
_FARTHEST_PX: Final = 1 << 15
"""OpenCV's line drawing overflows far outside the picture."""
_LONGEST_PX: Final = 50_000.0
"""More than any border; bounds the work for points that make no sense."""
_FEW_POINTS: Final = 16
_DASH_STEP_PX: Final = 2.0

Line = NDArray[np.float32]
"""(n, 2) (x, y) in pixels."""
FixedLine = NDArray[np.int32]
"""(n, 2) (x, y) in sixteenths of a pixel."""


def draw_lines(picture: NDArray[np.uint8], lines: Sequence[Line], colour: Colour, width_px: int) -> None:
    """Draws smooth lines through the points of each into `picture` (height, width[, 3]) uint8."""
    draw_fixed(picture, whole(lines, width_px), colour, width_px)


def draw_dashes(
    picture: NDArray[np.uint8], lines: Sequence[Line], colour: Colour, width_px: int, dash_px: float
) -> None:
    """As `draw_lines`, in dashes of `dash_px` with gaps as long."""
    draw_fixed(picture, dashed(lines, dash_px), colour, width_px)


def draw_fixed(picture: NDArray[np.uint8], lines: Sequence[FixedLine], colour: Colour, width_px: int) -> None:
    """As `draw_lines`, of what `whole` or `dashed` made of them."""
    drawn = [line for line in lines if len(line) > 1]
    if not drawn:
        return
    if width_px == 2:
        # OpenCV takes twenty times as long for a smooth line of two pixels as for one of one pixel.
        drawn, width_px = _beside(drawn), 1
    cv2.polylines(picture, drawn, False, colour, width_px, cv2.LINE_AA, _SHIFT)


def _beside(lines: Sequence[FixedLine]) -> list[FixedLine]:
    """Each of the lines four times, moved towards the four corners: together they are as wide as one of two pixels."""
    ends = list(accumulate(map(len, lines)))
    return [
        moved[end - len(line) : end]
        for moved in np.concatenate(lines) + _CORNERS
        for line, end in zip(lines, ends, strict=True)
    ]


def whole(lines: Sequence[Line], width_px: int) -> list[FixedLine]:
    """Each of the lines as it is drawn `width_px` wide."""
    near, points = _near([thinned(line, 2.0 * width_px) for line in lines])
    fixed = in_sixteenths(points)
    found: list[FixedLine] = []
    start = 0
    for line in near:
        found.append(fixed[start : start + len(line)])
        start += len(line)
    return found


def may_show(line: Line, width: int, height: int) -> bool:
    """False: it is straight and lies beyond an edge of a picture of this size."""
    if len(line) != 2:
        return True
    (x0, y0), (x1, y1) = line.tolist()
    right, bottom = width - 0.5, height - 0.5
    # A comparison with what is no number is false: such a line is looked at where it is drawn.
    beside = (x0 <= -0.5 and x1 <= -0.5) or (x0 >= right and x1 >= right)
    return not (beside or (y0 <= -0.5 and y1 <= -0.5) or (y0 >= bottom and y1 >= bottom))


def thinned(points: Line, step_px: float) -> Line:
    """Of points that follow each other more closely than `step_px` about every `step_px` one; the ends stay.

    Drawing time goes with the number of points, and a border has one per column.
    """
    if len(points) <= _FEW_POINTS:
        return points
    length_px = cv2.arcLength(np.ascontiguousarray(points), False)
    if not isfinite(length_px) or len(points) <= (wanted := max(2, int(length_px / step_px) + 1)):
        return points
    return points[_evenly(len(points), wanted)]


@lru_cache(maxsize=256)
def _evenly(count: int, wanted: int) -> NDArray[np.intp]:
    """Indices of `wanted` among `count` points."""
    return np.linspace(0, count - 1, wanted).round().astype(np.intp)


def dashed(lines: Sequence[Line], dash_px: float) -> list[FixedLine]:
    """Cuts each of the lines (n, 2) into dashes of `dash_px`, the first at its start.

    Steps are about two pixels long; what is left of a line after its last whole step is not drawn. The dashes of lines
    of two points come last.
    """
    straight = [line for line in lines if len(line) == 2]
    bent = [line for line in lines if len(line) > 2]
    return (_dashed_bent(bent, dash_px) if bent else []) + (_dashed_straight(straight, dash_px) if straight else [])


def _dashed_straight(lines: Sequence[Line], dash_px: float) -> list[FixedLine]:
    """Of lines of two points, in which no place but the dashes' ends needs to be known."""
    ends = np.stack([near_points(line) for line in lines if np.isfinite(line).all()] or [np.zeros((2, 2), np.float32)])
    start, way = ends[:, 0].astype(np.float64), (ends[:, 1] - ends[:, 0]).astype(np.float64)
    lengths = np.hypot(way[:, 0], way[:, 1])
    per_dash = max(1, round(dash_px / _DASH_STEP_PX))
    step_px = dash_px / per_dash
    last = np.ceil(np.minimum(lengths, _LONGEST_PX) / step_px) - 1
    counts = np.maximum(np.ceil(last / (2 * per_dash)), 0).astype(np.intp)
    which = np.repeat(np.arange(len(counts)), counts)
    first = (np.arange(which.size) - (np.cumsum(counts) - counts)[which]) * (2 * per_dash)
    steps = np.stack((first, np.minimum(first + per_dash, last[which])), axis=1)
    share = steps * (step_px / np.maximum(lengths[which], 1e-9))[:, None]
    return list(in_sixteenths((start[which, None] + share[..., None] * way[which, None]).astype(np.float32)))


def _dashed_bent(lines: Sequence[Line], dash_px: float) -> list[FixedLine]:
    near, points = _near(lines)
    if not len(points):
        return []
    ends = np.cumsum([len(line) for line in near])
    steps = _steps(points)
    # From one line to the next lies a gap that no sample falls into, so that all are resampled at once.
    steps[ends[:-1] - 1] = 1.0
    along = np.concatenate(([0.0], np.cumsum(steps)))
    starts = along[ends - [len(line) for line in near]]
    per_dash = max(1, round(dash_px / _DASH_STEP_PX))
    step_px = dash_px / per_dash
    counts = np.ceil(np.minimum(along[ends - 1] - starts, _LONGEST_PX) / step_px).astype(np.intp)
    firsts = np.cumsum(counts) - counts
    at = (np.arange(counts.sum()) - np.repeat(firsts, counts)) * step_px + np.repeat(starts, counts)
    even = np.empty((len(at), 2), np.float32)
    for axis in (0, 1):
        even[:, axis] = np.interp(at, along, points[:, axis])
    fixed = in_sixteenths(even)
    found: list[FixedLine] = []
    for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
        end = first + count
        # A last dash of a single point is none.
        found += [fixed[start : min(start + per_dash + 1, end)] for start in range(first, end - 1, 2 * per_dash)]
    return found


def _steps(points: Line) -> NDArray[np.float64]:
    """Distances between following points."""
    steps = np.diff(points.astype(np.float64), axis=0)
    lengths: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", steps, steps))
    return lengths


def _near(lines: Sequence[Line]) -> tuple[Sequence[Line], Line]:
    """The lines with the points that can be drawn, and all of these, one line behind the other."""
    if not lines:
        return lines, np.empty((0, 2), np.float32)
    points = np.concatenate(lines)
    # All at once, since each call takes as long as a few hundred points do.
    if not cv2.checkRange(points, True, -_FARTHEST_PX, _FARTHEST_PX)[0]:
        lines = [near_points(line) for line in lines]
        points = np.concatenate(lines)
    return lines, points


def near_points(points: Line) -> Line:
    """`points` without those that are not finite, moved to within what can be drawn; (m, 2) float32."""
    finite = np.isfinite(points)
    known = points if finite.all() else points[finite.all(axis=1)]
    near: Line = np.minimum(np.maximum(known, -_FARTHEST_PX), _FARTHEST_PX - 1)
    return near


def in_sixteenths(points: Line) -> FixedLine:
    """Finite points in sixteenths of a pixel; `points` are changed."""
    points *= 1 << _SHIFT
    return np.rint(points, out=points).astype(np.int32)
