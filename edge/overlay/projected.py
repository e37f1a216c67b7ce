"""A frame and its finding as another projection shows them: turned as people of a field hold such pictures. What is
kept of a run stays in the frame's own pixels."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, FieldMark, Finding, LineMark, Mark, MaskMark
from edge.frame import Frame, Region
from edge.terms import Projection

_Kind = TypeVar("_Kind", bound=np.generic)


def projected(frame: Frame, finding: Finding, projection: Projection) -> tuple[Frame, Finding]:
    """Rows become columns; of a mirrored one the picture's left and right side are exchanged before."""
    width = frame.pixels.shape[1]
    pixels = _grid(frame.pixels, projection)
    region = frame.ultrasound
    left = width - region.x - region.width if projection.mirrored else region.x
    there = Region(region.y, left, region.height, region.width)
    spacing = frame.spacing
    turned = spacing and replace(spacing, x_mm_per_px=spacing.y_mm_per_px, y_mm_per_px=spacing.x_mm_per_px)
    marks = tuple(_moved(mark, width, projection) for mark in finding.marks)
    # A finding of another frame keeps its own scale, which tells that it is another one.
    own = finding.spacing == spacing
    return (
        replace(frame, pixels=pixels, region=there, spacing=turned),
        replace(finding, marks=marks, spacing=turned if own else finding.spacing),
    )


def _grid(plane: NDArray[_Kind], projection: Projection) -> NDArray[_Kind]:
    return np.ascontiguousarray((plane[:, ::-1] if projection.mirrored else plane).T)


def _placed(points: NDArray[np.floating], width: int, projection: Projection) -> NDArray[np.float32]:
    """Points (..., 2) of the frame."""
    across = width - 1 - points[..., 0] if projection.mirrored else points[..., 0]
    return np.stack((points[..., 1], across), axis=-1).astype(np.float32)


def _moved(mark: Mark, width: int, projection: Projection) -> Mark:
    """A mark in the projected picture; those that lie nowhere in it, as they are."""
    if isinstance(mark, LineMark):
        return LineMark(mark.name, _placed(mark.points, width, projection))
    if isinstance(mark, MaskMark):
        x, y = mark.origin
        column = width - x - mark.mask.shape[1] if projection.mirrored else x
        return replace(mark, mask=_grid(mark.mask, projection), origin=(y, column))
    if isinstance(mark, CaliperMark):
        (x0, y0), (x1, y1) = _placed(np.array((mark.start, mark.end)), width, projection).tolist()
        return replace(mark, start=(x0, y0), end=(x1, y1))
    if isinstance(mark, FieldMark):
        left, top = mark.origin
        last = left + (mark.angle_deg.shape[1] - 1) * mark.cell_px if projection.mirrored else left
        across, down = _placed(np.array((last, top)), width, projection).tolist()
        seen = -mark.angle_deg if projection.mirrored else mark.angle_deg
        angle = 90 - (90 - (90 - seen)) % 180
        return replace(
            mark,
            angle_deg=_grid(np.asarray(angle, np.float32), projection),
            confidence=_grid(mark.confidence, projection),
            origin=(across, down),
        )
    return mark
