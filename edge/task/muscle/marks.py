"""A muscle in the picture: direction field, aponeuroses, streamlines, thickness."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, FieldMark, LineMark, Mark
from edge.frame import PixelSpacing
from edge.task.caliper import across
from edge.task.muscle.architecture import Architecture
from edge.task.muscle.evidence import Evidence, Floats, Grid, twice_of
from edge.task.outlines import filled_mark

EXTRAPOLATED: Final = "extrapolated fascicle"
FIELD_STEP: Final = 2
"""Cells of the grid per cell of the mark, each way."""


def marks_of(muscle: Architecture, evidence: Evidence, grid: Grid, spacing: PixelSpacing | None) -> tuple[Mark, ...]:
    superficial, deep = (_line(edge, grid) for edge in (muscle.superficial.lower, muscle.deep.upper))
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


def _line(depths: Floats, grid: Grid) -> NDArray[np.float32]:
    """(n, 2) a depth for each column."""
    cells = np.empty((depths.size, 2))
    cells[:, 0] = np.arange(depths.size)
    cells[:, 1] = depths
    return grid.in_frame(cells)


def _field(evidence: Evidence, grid: Grid) -> FieldMark:
    """The field as it was read, deeper muscles too."""
    size = tuple(-(-length // FIELD_STEP) for length in evidence.weight.shape[::-1])
    parts = cv2.merge((*cv2.polarToCart(evidence.weight, evidence.twice), evidence.weight))
    cosine, sine, weight = cv2.split(cv2.resize(parts, size, interpolation=cv2.INTER_AREA))
    angle = twice_of(np.asarray(cosine, np.float32), np.asarray(sine, np.float32))
    angle *= np.float32(np.degrees(0.5))
    rows, columns = evidence.weight.shape
    step = columns / size[0]
    middle = (step - 1) / 2
    x, y = grid.in_frame(np.array([[middle, (rows / size[1] - 1) / 2]]))[0].tolist()
    return FieldMark(
        "fascicle direction",
        angle,
        np.asarray(np.minimum(np.maximum(weight, 0), 1), np.float32),
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
    steps = np.abs(paths[:, 1:] - paths[:, :-1])
    np.greater(np.maximum(steps[..., 0], steps[..., 1]), 1e-6, out=kept[:, 1:])
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
    (x0, y0), (x, y), (x1, y1) = ((superficial[at - 1 : at + 2] + deep[at - 1 : at + 2]) / 2).tolist()
    return across("muscle thickness", (x, y), (y1 - y0) / (x1 - x0), float(deep[at, 1] - superficial[at, 1]), spacing)
