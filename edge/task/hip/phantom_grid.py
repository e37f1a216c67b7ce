"""The grid of beams and depths that a hip's curves are drawn on."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import row_depths
from edge.phantom.records import Samples
from edge.task.hip.lines import Floats

_BITS: Final = 4
"""Of a sample's place, behind the point, as OpenCV draws."""
_PIECE: Final = 3
"""Points of a line that are drawn with one strength."""
SOFT_MM: Final = 0.25
"""Over which one tissue passes into the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The samples' places."""

    x_mm: NDArray[np.float64]
    depth: Samples
    """(rows, 1)."""
    mm_per_beam: float
    mm_per_row: float

    @classmethod
    def of(cls, x_mm: NDArray[np.float64], depth_mm: float, rows: int) -> "Grid":
        return cls(x_mm, row_depths(depth_mm, rows), float(x_mm[1] - x_mm[0]), depth_mm / rows)

    @property
    def shape(self) -> tuple[int, int]:
        return self.depth.shape[0], self.x_mm.size

    def fixed(self, points: Floats) -> NDArray[np.int32]:
        """Points (n, 2) in sixteenths of a sample."""
        column = (points[:, 0] - self.x_mm[0]) / self.mm_per_beam
        row = points[:, 1] / self.mm_per_row - 0.5
        return np.clip(np.round(np.stack((column, row), axis=1) * (1 << _BITS)), -(1 << 18), 1 << 18).astype(np.int32)

    def filled(self, ring: Floats, soft_mm: float = SOFT_MM) -> Samples:
        """(rows, beams) share of each sample inside a ring (n, 2), 0 to 1."""
        mask = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(mask, [self.fixed(ring)], 255, cv2.LINE_AA, _BITS)
        return self._softened(mask, soft_mm)

    def drawn(self, points: Floats, strength: Floats | float, thick_mm: float, soft_mm: float = 0.12) -> Samples:
        """(rows, beams) a line along points (n, 2), its strength at each of them 0 to 1."""
        mask = np.zeros(self.shape, np.uint8)
        fixed = self.fixed(points)
        level = np.round(255 * np.clip(np.broadcast_to(strength, len(points)), 0, 1)).astype(int)
        thick = max(1, round(thick_mm / self.mm_per_row))
        for start in range(0, len(points) - 1, _PIECE):
            piece = fixed[start : start + _PIECE + 1]
            grey = int(level[start : start + _PIECE + 1].mean())
            cv2.polylines(mask, [piece], False, grey, thick, cv2.LINE_AA, _BITS)
        return self._softened(mask, soft_mm)

    def surface(self, points: Floats) -> NDArray[np.float64]:
        """(beams,) least depth of a curve (n, 2) under each beam; infinite where it is not."""
        column = (points[:, 0] - self.x_mm[0]) / self.mm_per_beam
        ends = np.sort(np.stack((column[:-1], column[1:])), axis=0)
        least = np.full(self.x_mm.size, np.inf)
        for (low, high), one, other in zip(ends.T, points[:-1], points[1:], strict=True):
            inside = np.arange(max(0, int(np.ceil(low))), min(self.x_mm.size, int(np.floor(high)) + 1))
            if inside.size == 0:
                continue
            across = other[0] - one[0]
            share = (self.x_mm[inside] - one[0]) / across if abs(across) > 1e-9 else np.zeros(inside.size)
            least[inside] = np.minimum(least[inside], one[1] + share * (other[1] - one[1]))
        return least

    def _softened(self, mask: NDArray[np.uint8], soft_mm: float) -> Samples:
        across, down = soft_mm / self.mm_per_beam, soft_mm / self.mm_per_row
        soft = cv2.GaussianBlur(mask, (0, 0), max(across, 0.3), sigmaY=max(down, 0.3))
        return np.asarray(soft.astype(np.float32) * np.float32(1 / 255))
