"""Closed curves around a centre, such as the outline of a nerve or a vessel in section, and polygons' measures.

Lateral positions are mm from the picture's centre line, depths mm under the skin, growing downward.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples

CORNERS = 96
"""Of an outline."""
Polygon = NDArray[np.float64]
"""(n, 2): lateral position and depth in mm of a closed polygon's corners, the first not repeated."""


@dataclass(frozen=True, slots=True)
class Oval:
    """An ellipse whose radius is changed by a few waves around it."""

    x_mm: float
    depth_mm: float
    half_width_mm: float
    half_height_mm: float
    turn_rad: float = 0.0
    """Of the width, clockwise as seen."""
    waves: tuple[complex, ...] = ()
    """Share of the radius: waves of 2, 3, ... periods around."""

    def outline(self, corners: int = CORNERS) -> Polygon:
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        unit = np.exp(1j * turn)
        local = unit * self._swelling(unit)
        placed = (local.real * self.half_width_mm + 1j * local.imag * self.half_height_mm) * np.exp(1j * self.turn_rad)
        return np.stack([placed.real + self.x_mm, placed.imag + self.depth_mm], axis=1)

    def reach(self, x_mm: Samples, depth_mm: Samples) -> Samples:
        """(rows, beams) from `depth_mm` (rows, 1) and `x_mm` (beams,): 0 at the centre, 1 on the outline."""
        across, down = x_mm - np.float32(self.x_mm), depth_mm - np.float32(self.depth_mm)
        cosine, sine = np.float32(np.cos(self.turn_rad)), np.float32(np.sin(self.turn_rad))
        u = (across * cosine + down * sine) * np.float32(1 / self.half_width_mm)
        v = (down * cosine - across * sine) * np.float32(1 / self.half_height_mm)
        length = np.maximum(np.sqrt(u * u + v * v), np.float32(1e-4))
        if not self.waves:
            return length
        return np.asarray(length / self._swelling((u + 1j * v).astype(np.complex64) / length), np.float32)

    def local_to_mm(self, u: float, v: float) -> tuple[float, float]:
        """Where a place in halves of width and height from the centre lies."""
        at = complex(u * self.half_width_mm, v * self.half_height_mm) * np.exp(1j * self.turn_rad)
        return float(at.real + self.x_mm), float(at.imag + self.depth_mm)

    def grown(self, width: float, height: float) -> Self:
        """Width and height multiplied."""
        return replace(self, half_width_mm=self.half_width_mm * width, half_height_mm=self.half_height_mm * height)

    def widened(self, edge_mm: float) -> Self:
        """By an edge all around."""
        width, height = self.half_width_mm + edge_mm, self.half_height_mm + edge_mm
        return replace(self, half_width_mm=width, half_height_mm=height)

    def _swelling(self, unit: NDArray[np.complexfloating]) -> NDArray[np.floating]:
        power, swelling = unit, np.ones(unit.shape, unit.real.dtype)
        for wave in self.waves:
            power = power * unit
            swelling += power.real * unit.real.dtype.type(wave.real) - power.imag * unit.real.dtype.type(wave.imag)
        return swelling


@dataclass(frozen=True, slots=True)
class PolygonSize:
    """A polygon's area, centre and the full axes of the ellipse with the same second moments."""

    area_mm2: float
    centre_mm: tuple[float, float]
    long_axis_mm: float
    short_axis_mm: float


def polygon_size(outline: Polygon) -> PolygonSize:
    """By Green's theorem."""
    start = outline.mean(axis=0)
    x, y = (outline - start).T
    x1, y1 = np.roll(x, -1), np.roll(y, -1)
    cross = x * y1 - x1 * y
    area = float(cross.sum() / 2)
    cx, cy = (float(((a + b) * cross).sum() / (6 * area)) for a, b in ((x, x1), (y, y1)))
    xx, yy = (float(((a * a + a * b + b * b) * cross).sum() / (12 * area)) for a, b in ((x, x1), (y, y1)))
    xy = float(((x * y1 + 2 * x * y + 2 * x1 * y1 + x1 * y) * cross).sum() / (24 * area))
    moments = np.array([[xx - cx * cx, xy - cx * cy], [xy - cx * cy, yy - cy * cy]])
    short, long = 4 * np.sqrt(np.linalg.eigvalsh(moments))
    return PolygonSize(abs(area), (cx + float(start[0]), cy + float(start[1])), float(long), float(short))


def gap_mm(first: Polygon, second: Polygon) -> float:
    """The least distance between the corners of two outlines that do not overlap; exact to half a step between them."""
    return float(np.sqrt(((first[:, None] - second[None]) ** 2).sum(axis=2).min()))
