"""The cartilage in the picture: its pixels, its surfaces, and a calliper per third."""

from collections.abc import Sequence

import numpy as np

from edge.finding import CaliperMark, LineMark, MaskMark
from edge.task.cartilage.band import Borders
from edge.task.cartilage.sizes import BandSize
from edge.task.outlines import filled_mark


def marks_of(borders: Borders) -> tuple[MaskMark, LineMark, LineMark]:
    """The pixels between the borders, the upper and the lower surface."""
    upper = np.stack((borders.x, borders.upper), axis=1).astype(np.float32)
    lower = np.stack((borders.x, borders.lower), axis=1).astype(np.float32)
    filled = filled_mark("femoral cartilage", 1, np.concatenate((upper, lower[::-1])))
    return filled, LineMark("upper surface", upper), LineMark("lower surface", lower)


def thirds_of(borders: Borders, sides: Sequence[str], size: BandSize) -> tuple[CaliperMark, ...]:
    """One calliper in the middle of each third, at a right angle to the band. size: in mm."""
    middle = (borders.upper + borders.lower) / 2
    slope = np.gradient(middle, borders.x)
    way = np.cumsum(np.sqrt(1 + slope**2))
    marks = []
    for part, (side, value) in enumerate(zip(sides, size.thirds, strict=True)):
        at = int(np.searchsorted(way, way[-1] * (2 * part + 1) / 6))
        # A right angle to the band: the vertical chord is tilted by the slope and shortened by its cosine.
        run, chord = float(slope[at]), float(borders.lower[at] - borders.upper[at])
        reach = chord / 2 / (1 + run**2)
        x, y = float(borders.x[at]), float(middle[at])
        marks.append(CaliperMark(side, (x + run * reach, y - reach), (x - run * reach, y + reach), f"{value:.1f} mm"))
    return tuple(marks)
