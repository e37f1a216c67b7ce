"""The cartilage's dimensions and echo intensity as measurements with their intervals.

Thickness of a part is its area over its length (as in the clinical definition of mean regional cartilage thickness);
the length is that of the line midway between the borders, which makes the mean thickness of a curved band of constant
thickness exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.finding import Measurement
from edge.frame import Frame, PixelSpacing
from edge.task.cartilage.band import SIDE, Borders, Floats
from edge.task.cartilage.spec import THIRDS
from edge.trust.interval import interval

OUTER_SHARE = 0.08
"""Of the length at either end, where the band tapers."""
ENDS: Final = np.array([OUTER_SHARE, 1 / 3, 2 / 3, 1 - OUTER_SHARE])
"""Of the part that counts for the smallest thickness, and of the thirds, as shares of the length."""


@dataclass(frozen=True, slots=True)
class BandSize:
    """Dimensions in the unit that the borders were given in."""

    thirds: tuple[float, float, float]
    """Mean thickness of the left, middle and right third of the length."""
    mean: float
    minimum: float
    """Smallest local thickness, leaving out OUTER_SHARE at either end."""
    area: float
    length: float


def sizes_of(borders: Borders, spacing: PixelSpacing | None) -> BandSize:
    """Dimensions in mm, or in pixels (taken as square) where the scale is unknown."""
    x_mm, y_mm = (spacing.x_mm_per_px, spacing.y_mm_per_px) if spacing else (1.0, 1.0)
    return measure_band(borders.x * x_mm, *(borders.y * y_mm))


def measure_band(x: Floats, upper: Floats, lower: Floats) -> BandSize:
    """Dimensions of a band from its borders (n,) at evenly spaced lateral positions `x` (n,), in one unit of length.

    Each column stands for its full width. Needs 12 columns or more.
    """
    step = float(x[1] - x[0])
    slope = slope_of((upper + lower) / 2, step)
    columns = np.empty((2, x.size))
    areas, lengths = columns
    np.multiply(np.maximum(lower - upper, 0), step, out=areas)
    np.multiply(np.sqrt(1 + slope * slope), step, out=lengths)
    sums = columns.cumsum(axis=1)
    area, length = sums[:, -1].tolist()
    # Of the columns' middles, along the line.
    way = sums[1] - lengths / 2
    start, second, last, end = way.searchsorted(length * ENDS).tolist()
    (left_area, left), (both_area, both) = sums[:, second - 1].tolist(), sums[:, last - 1].tolist()
    thirds = left_area / left, (both_area - left_area) / (both - left), (area - both_area) / (length - both)
    return BandSize(thirds, area / length, float((areas[start:end] / lengths[start:end]).min()), area, length)


def slope_of(line: Floats, step: float) -> Floats:
    """Slope of a line (n,) at each of its points, which lie `step` apart: np.gradient for this one case, in a quarter
    of its time."""
    slope = np.empty_like(line)
    np.subtract(line[2:], line[:-2], out=slope[1:-1])
    slope[0], slope[-1] = 2 * (line[1] - line[0]), 2 * (line[-1] - line[-2])
    slope /= 2 * step
    return slope


def measurements_of(
    size: BandSize, sides: Sequence[str] | None, frame: Frame, figures: Mapping[str, float]
) -> tuple[Measurement, ...]:
    """sides: which of THIRDS the size's thirds are, from left to right; None: they are not told. figures: half-widths
    of 90 % intervals as the calibration found them, `half_width_` and the name, or `half_width` for all the others."""
    lengths = [("mean_thickness", size.mean), ("minimum_thickness", size.minimum)]
    if sides is not None:
        thirds = sorted(zip(sides, size.thirds, strict=True), key=lambda pair: THIRDS.index(pair[0]))
        lengths = [*((f"mean_thickness_{side}", value) for side, value in thirds), *lengths]
    found = [_length(name, value, frame, _half_width(name, frame, figures)) for name, value in lengths]
    half = size.length * _half_width("mean_thickness", frame, figures)
    return (*found, _area(size.area, frame, half))


def _length(name: str, value: float, frame: Frame, half: float) -> Measurement:
    relative = frame.spacing.relative_uncertainty if frame.spacing else 0.0
    low, high = interval(value, half, relative)
    return Measurement(_named(name, frame), value, "mm" if frame.spacing else "px", low, high)


def _area(value: float, frame: Frame, half: float) -> Measurement:
    relative = 2 * frame.spacing.relative_uncertainty if frame.spacing else 0.0
    unit = "mm2" if frame.spacing else "px2"
    return Measurement(_named("area", frame), value, unit, *interval(value, half, relative))


def _half_width(name: str, frame: Frame, figures: Mapping[str, float]) -> float:
    """Half the interval, in mm or px; the figures count in rows of the network's picture."""
    rows = figures.get(f"half_width_{name}", figures.get("half_width", 2.0))
    row_px = frame.ultrasound.height / SIDE
    return rows * row_px * (frame.spacing.y_mm_per_px if frame.spacing else 1.0)


def _named(name: str, frame: Frame) -> str:
    return name if frame.spacing else f"{name}_px"
