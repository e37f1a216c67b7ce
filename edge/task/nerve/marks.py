"""A nerve in the picture: its border, the inner edge of its rim, its axes, the vessels and the way to the nearest."""

from collections.abc import Sequence
from math import hypot
from typing import Final

import cv2
import numpy as np

from edge.finding import CaliperMark, LineMark, Mark, MaskMark
from edge.frame import PixelSpacing
from edge.task.nerve.outlines import Floats, Outline
from edge.task.nerve.sizes import Axis, axes_of, nearest_points

NERVE, VESSEL = 1, 2
LEAST_APART: Final = 0.25
"""Of the nerve's long axis: a shorter way to the vessel is not drawn."""


def marks_of(
    nerves: Sequence[Outline], vessels: Sequence[Outline], inner: Floats | None, spacing: PixelSpacing | None
) -> tuple[Mark, ...]:
    """nerves: the measured one first. inner: the edge inside its rim, drawn with its axes; None: neither."""
    marks: list[Mark] = []
    if nerves:
        marks.append(filled("nerve", NERVE, *(nerve.points for nerve in nerves)))
    if vessels:
        marks.append(filled("vessel", VESSEL, *(vessel.points for vessel in vessels)))
    for number, nerve in enumerate(nerves, start=1):
        marks.append(closed("nerve border" if number == 1 else f"nerve {number} border", nerve.points))
    marks += [closed("vessel border", vessel.points) for vessel in vessels]
    if inner is not None:
        marks.append(closed("inner edge of the rim", inner))
        marks += _calipers(inner, nerves[0].points, vessels, spacing)
    return tuple(marks)


def filled(name: str, label: int, *rings: Floats) -> MaskMark:
    """The pixels inside the rings, drawn with 1/16 px accuracy."""
    points = np.concatenate(rings)
    x, y = (int(np.floor(low)) for low in points.min(axis=0))
    width, height = (int(np.ceil(high)) for high in points.max(axis=0) - (x, y) + 1)
    mask = np.zeros((height, width), np.uint8)
    for ring in rings:
        cv2.fillPoly(mask, [np.round((ring - (x, y)) * 16).astype(np.int32)], 1, shift=4)
    return MaskMark(name, label, mask, (x, y))


def closed(name: str, ring: Floats) -> LineMark:
    return LineMark(name, np.concatenate((ring, ring[:1])).astype(np.float32))


def _calipers(
    inner: Floats, outer: Floats, vessels: Sequence[Outline], spacing: PixelSpacing | None
) -> list[CaliperMark]:
    """Axes and the way to the nearest vessel; there are none without a scale."""
    if spacing is None:
        return []
    unit = np.array([spacing.x_mm_per_px, spacing.y_mm_per_px])
    axes = axes_of(inner * unit)
    marks = [_axis(name, axis, unit) for name, axis in zip(("long axis", "short axis"), axes, strict=True)]
    ways = [nearest_points(outer * unit, vessel.points * unit) for vessel in vessels]
    if ways:
        start, end = min(ways, key=lambda way: hypot(way[0][0] - way[1][0], way[0][1] - way[1][1]))
        length = hypot(start[0] - end[0], start[1] - end[1])
        if length > LEAST_APART * axes[0].length:
            marks.append(_axis("vessel distance", Axis(start, end, length), unit))
    return marks


def _axis(name: str, axis: Axis, unit: Floats) -> CaliperMark:
    (ax, ay), (bx, by) = np.array(axis.start) / unit, np.array(axis.end) / unit
    return CaliperMark(name, (float(ax), float(ay)), (float(bx), float(by)), f"{axis.length:.1f} mm")
