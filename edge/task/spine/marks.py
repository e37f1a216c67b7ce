"""Surfaces, posterior complex and midline as they are drawn over the picture."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import LineMark, Mark, MaskMark, StageMark
from edge.frame import Frame
from edge.task.caliper import caliper
from edge.task.scores import BLOCK, SIDE, full_scores, shares_of
from edge.task.spine.planes import COMPLEX, MM_PER_PX, OVER_SKIN_MM, PLANES, Window
from edge.task.spine.seen import SpineSeen
from edge.task.spine.spec import LABELS

LEAST_PX: Final = 24
"""Of the square: less is no surface."""
DEPTH: Final = "depth of the posterior complex"


def marks_of(frame: Frame, window: Window, seen: SpineSeen, output: NDArray[np.float32]) -> tuple[Mark, ...]:
    """Of what the network saw."""
    marks: list[Mark] = []
    drawn = full_scores(output[: (COMPLEX + 1) * BLOCK**2])
    for number, (name, plane) in enumerate(zip(LABELS, drawn, strict=True), start=1):
        mark = _mask(frame, window, name, number, plane)
        marks += [] if mark is None else [mark]
    return (*marks, *lines_of(frame, window, seen))


def lines_of(frame: Frame, window: Window, seen: SpineSeen) -> tuple[Mark, ...]:
    """Midline, and the way from the skin to the posterior complex."""
    x = seen.midline_mm or 0.0
    marks: list[Mark] = []
    if seen.midline_mm is not None:
        ends = _in_frame(frame, window, np.array([x, x]), np.array([0.0, seen.target_mm or 60.0]))
        marks.append(LineMark("midline", ends.astype(np.float32)))
    if seen.target_mm is not None:
        ends = _in_frame(frame, window, np.array([x, x]), np.array([0.0, seen.target_mm]))
        start, end = ((float(one[0]), float(one[1])) for one in ends)
        marks += [] if frame.spacing is None else [caliper(DEPTH, start, end, frame.spacing)]
    return tuple(marks)


def _in_frame(
    frame: Frame, window: Window, x_mm: NDArray[np.float64], depth_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    region = frame.ultrasound
    return window.in_region(x_mm, depth_mm) + np.array([region.x, region.y], np.float64)


def _mask(frame: Frame, window: Window, name: str, number: int, plane: NDArray[np.float32]) -> MaskMark | None:
    """Where a plane (SIDE, SIDE) of log odds is above 0."""
    if cv2.countNonZero((plane > 0).view(np.uint8)) < LEAST_PX:
        return None
    region = frame.ultrasound
    matrix = window.matrix
    x, y, width, height = cv2.boundingRect((plane > 0).view(np.uint8))
    left, right = (int((edge - matrix[0, 2]) / matrix[0, 0]) for edge in (x - 1, x + width + 1))
    top, bottom = (int((edge - matrix[1, 2]) / matrix[1, 1]) for edge in (y - 1, y + height + 1))
    left, top = max(0, left), max(0, top)
    right, bottom = min(region.width, right + 1), min(region.height, bottom + 1)
    if right <= left or bottom <= top:
        return None
    # From the box's own pixels to the square's.
    moved = matrix.copy()
    moved[:, 2] += matrix[0, 0] * left, matrix[1, 1] * top
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    level = cv2.warpAffine(
        plane, moved, (right - left, bottom - top), flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=-9
    )
    return MaskMark(name, number, (level > 0).view(np.uint8), (region.x + left, region.y + top))


def stages_of(frame: Frame, window: Window, square: NDArray[np.uint8], output: NDArray[np.float32]) -> tuple[Mark, ...]:
    """What the network is given, and each of its planes."""
    corner = tuple(
        float(v) for v in _in_frame(frame, window, np.array([-SIDE / 2 * MM_PER_PX]), np.array([-OVER_SKIN_MM]))[0]
    )
    cell = 1 / window.px_per_px[0]
    found = [StageMark("what the network is given", square, False, (corner[0], corner[1]), cell, ())]
    for name, plane in zip(PLANES, full_scores(output), strict=True):
        heat = np.clip(255 * shares_of(plane), 0, 255).astype(np.uint8)
        found.append(StageMark(name, heat, True, (corner[0], corner[1]), cell, ()))
    return tuple(found)
