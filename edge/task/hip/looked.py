"""What a pathway saw of a hip, whichever it is: landmarks, Graf's lines, and what the plane is worth."""

from dataclasses import dataclass

import numpy as np

from edge.task.hip.lines import Floats, GrafLines, Landmarks
from edge.task.hip.plane import Plane


@dataclass(frozen=True, slots=True, eq=False)
class SeenHip:
    """Points are in square pixels, cranial to the left."""

    marks: Landmarks
    lines: GrafLines
    plane: Plane
    mirrored: bool
    """Cranial is on the picture's right, and the points' x runs from there."""
    width: float
    """Of the picture, in square pixels."""
    px_per_px: tuple[float, float]
    """Square pixels for each of the region's, across and down."""
    borders: tuple[tuple[str, Floats], ...] = ()
    """Further lines (n, 2) by the names of their marks."""
    spots: tuple[tuple[str, Floats], ...] = ()
    """Further points (2,) likewise."""

    def to_region(self, points: Floats) -> Floats:
        """From its pixels (..., 2) to the region's; centres at whole numbers in both."""
        upright = (self.width - 1, 0) + points * (-1, 1) if self.mirrored else points
        return np.asarray((upright + 0.5) / self.px_per_px - 0.5, np.float64)
