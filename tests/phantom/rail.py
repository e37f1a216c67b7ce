"""A body on a rail, under a hand whose sensor and picture both tell the time: they agree, or it shows."""

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.option import NoOptions
from edge.phantom.anatomy import Anatomy, Felt, Sizes
from edge.phantom.records import Imaging


class Picture:
    """(48, 64) grey, whose first eight pixels are the time in nanoseconds."""

    def __init__(self, t_s: float) -> None:
        self.pixels = np.zeros((48, 64), np.uint8)
        self.pixels[0, :8] = np.array([round(t_s * 1e9)], "<i8").view(np.uint8)


class RailCine:
    """Moving. It speeds up by 1 g a second along x, and turns about z by 10 deg/s more each second."""

    def __init__(self, seed: int = 1, options: NoOptions | None = None) -> None:
        self.imaging = Imaging()

    def picture(self, t_s: float, imaging: Imaging) -> Picture:
        return Picture(t_s)

    def dark(self, t_s: float, imaging: Imaging) -> NDArray[np.uint8]:
        return Picture(t_s).pixels

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        return {}

    def felt(self, t_s: float) -> Felt:
        return t_s, 0.0, 1.0, 0.0, 0.0, 10 * t_s


RAIL = {"rail": Anatomy("rail", "tests.phantom.rail:RailCine")}


def shown_ns(pixels: NDArray[np.uint8]) -> int:
    """The time that a picture tells."""
    return int(pixels[0, :8].copy().view("<i8")[0])
