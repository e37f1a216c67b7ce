"""The cartilage in the picture: its pixels, its surfaces, and a calliper per third."""

from collections.abc import Sequence

import numpy as np

from edge.finding import CaliperMark, LineMark, MaskMark
from edge.frame import PixelSpacing
from edge.task.caliper import across
from edge.task.cartilage.band import Borders
from edge.task.outlines import filled_mark


def marks_of(borders: Borders) -> tuple[MaskMark, LineMark, LineMark]:
    """The pixels between the borders, the upper and the lower surface."""
    upper = np.stack((borders.x, borders.upper), axis=1).astype(np.float32)
    lower = np.stack((borders.x, borders.lower), axis=1).astype(np.float32)
    filled = filled_mark("femoral cartilage", 1, np.concatenate((upper, lower[::-1])))
    return filled, LineMark("upper surface", upper), LineMark("lower surface", lower)


def thirds_of(borders: Borders, sides: Sequence[str], spacing: PixelSpacing) -> tuple[CaliperMark, ...]:
    """One calliper in the middle of each third, at a right angle to the band."""
    middle = (borders.upper + borders.lower) / 2
    slope = np.gradient(middle, borders.x)
    way = np.cumsum(np.sqrt(1 + slope**2))
    marks = []
    for part, side in enumerate(sides):
        at = int(np.searchsorted(way, way[-1] * (2 * part + 1) / 6))
        place = float(borders.x[at]), float(middle[at])
        marks.append(across(side, place, float(slope[at]), float(borders.lower[at] - borders.upper[at]), spacing))
    return tuple(marks)
