"""The cartilage in the picture: its pixels, its surfaces, and a calliper per third."""

from collections.abc import Sequence
from math import ceil, floor
from typing import Final

import numpy as np

from edge.finding import CaliperMark, LineMark, MaskMark
from edge.frame import PixelSpacing
from edge.task.caliper import across
from edge.task.cartilage.band import Borders
from edge.task.cartilage.sizes import slope_of
from edge.task.outlines import filled

MIDDLES: Final = np.array([1, 3, 5]) / 6
"""Of the thirds, as shares of the length."""


def marks_of(borders: Borders) -> tuple[MaskMark, LineMark, LineMark]:
    """The pixels between the borders, the upper and the lower surface."""
    upper, lower = surfaces = np.empty((2, borders.x.size, 2), np.float32)
    surfaces[..., 0], surfaces[..., 1] = borders.x, borders.y
    # Of the points as they are drawn, not of the borders, which float32 may have rounded over a pixel's edge.
    left, right = float(upper[0, 0]), float(upper[-1, 0])
    top, bottom = float(surfaces[..., 1].min()), float(surfaces[..., 1].max())
    x, y = floor(left), floor(top)
    width, height = ceil(right - x + 1), ceil(bottom - y + 1)
    ring = np.concatenate((upper, lower[::-1]))
    mask = filled((height, width), ring - np.array((x, y), np.float32))
    return (
        MaskMark("femoral cartilage", 1, mask, (x, y)),
        LineMark("upper surface", upper),
        LineMark("lower surface", lower),
    )


def thirds_of(borders: Borders, sides: Sequence[str], spacing: PixelSpacing) -> tuple[CaliperMark, ...]:
    """One calliper in the middle of each third, at a right angle to the band."""
    middle = (borders.upper + borders.lower) / 2
    slope = slope_of(middle, float(borders.x[1] - borders.x[0]))
    way = np.sqrt(1 + slope * slope).cumsum()
    marks = []
    for side, at in zip(sides, way.searchsorted(way[-1] * MIDDLES).tolist(), strict=True):
        place = float(borders.x[at]), float(middle[at])
        marks.append(across(side, place, float(slope[at]), float(borders.lower[at] - borders.upper[at]), spacing))
    return tuple(marks)
