"""A muscle in the picture: direction field, aponeuroses, streamlines, thickness."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, FieldMark, LineMark, Mark
from edge.frame import PixelSpacing
from edge.task.caliper import across
from edge.task.muscle.architecture import Architecture
from edge.task.muscle.evidence import Evidence, Grid, twice_of
from edge.task.outlines import filled_mark

EXTRAPOLATED: Final = "extrapolated fascicle"
FIELD_STEP: Final = 2
"""Cells of the grid per cell of the mark, each way."""


def marks_of(muscle: Architecture, evidence: Evidence, grid: Grid, spacing: PixelSpacing | None) -> tuple[Mark, ...]:
    superficial, deep = (
        grid.in_frame(np.stack((np.arange(edge.size), edge), axis=1))
        for edge in (muscle.superficial.lower, muscle.deep.upper)
    )
    marks: list[Mark] = [
        _field(evidence, grid),
        filled_mark("muscle", 1, np.concatenate((superficial, deep[::-1]))),
        LineMark("superficial aponeurosis", superficial),
        LineMark("deep aponeurosis", deep),
    ]
    marks += _streamlines(muscle, grid)
    if spacing is not None:
        marks.append(_thickness(superficial, deep, spacing))
    return tuple(marks)


def _field(evidence: Evidence, grid: Grid) -> FieldMark:
    """The field as it was read, deeper muscles too."""
    size = tuple(-(-length // FIELD_STEP) for length in evidence.weight.shape[::-1])
    parts = (*cv2.polarToCart(evidence.weight, evidence.twice), evidence.weight)
    cosine, sine, weight = (
        np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32) for part in parts
    )
    angle = twice_of(cosine, sine) * np.float32(np.degrees(0.5))
    rows, columns = evidence.weight.shape
    step = columns / size[0]
    middle = (step - 1) / 2
    x, y = grid.in_frame(np.array([[middle, (rows / size[1] - 1) / 2]]))[0].tolist()
    return FieldMark(
        "fascicle direction",
        np.asarray(angle, np.float32),
        np.asarray(np.clip(weight, 0, 1), np.float32),
        (x, y),
        grid.cell_px * step,
    )


def _streamlines(muscle: Architecture, grid: Grid) -> list[LineMark]:
    """The part of each that lies in the picture, and its straight ends outside."""
    if muscle.streamlines is None:
        return []
    paths, inside = muscle.streamlines.paths, muscle.streamlines.inside
    # A line's first and last step alone may lie outside; where it meets an aponeurosis it stands still.
    kept = np.ones(paths.shape[:2], bool)
    kept[:, 1:] = np.abs(np.diff(paths, axis=1)).max(axis=2) > 1e-6
    kept[:, 0], kept[:, -1] = inside[:, 0], kept[:, -1] & inside[:, -1]
    kept[:, 1] |= ~inside[:, 0]
    points = grid.in_frame(paths.reshape(-1, 2)).reshape(paths.shape)
    lines = []
    for path, there, seen in zip(points, kept, inside, strict=True):
        lines.append(LineMark("fascicle", path[there]))
        lines += [LineMark(EXTRAPOLATED, end) for end, here in ((path[:2], seen[0]), (path[-2:], seen[-1])) if not here]
    return [line for line in lines if len(line.points) > 1]


def _thickness(superficial: NDArray[np.float32], deep: NDArray[np.float32], spacing: PixelSpacing) -> CaliperMark:
    """In the middle, at a right angle to the line midway between the aponeuroses."""
    at = len(superficial) // 2
    middle = (superficial + deep) / 2
    slope = float(np.gradient(middle[:, 1], middle[:, 0])[at])
    x, y = (float(v) for v in middle[at])
    return across("muscle thickness", (x, y), slope, float(deep[at, 1] - superficial[at, 1]), spacing)
