"""The cartilage's dimensions and echo intensity as measurements with their intervals.

Thickness of a part is its area over its length (as in the clinical definition of mean regional cartilage thickness);
the length is that of the line midway between the borders, which makes the mean thickness of a curved band of constant
thickness exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.finding import MaskMark, Measurement
from edge.frame import Frame, PixelSpacing
from edge.task.cartilage.band import SIDE, Borders, Floats
from edge.task.cartilage.spec import THIRDS
from edge.trust.interval import interval


@dataclass(frozen=True, slots=True)
class BandSize:
    """Dimensions in the unit that the borders were given in."""

    thirds: tuple[float, float, float]
    """Mean thickness of the left, middle and right third of the length."""
    mean: float
    minimum: float
    """Smallest local thickness, leaving out the outer 8 % at either end, where the band tapers."""
    area: float
    length: float


def sizes_of(borders: Borders, spacing: PixelSpacing | None) -> BandSize:
    """Dimensions in mm, or in pixels (taken as square) where the scale is unknown."""
    x_mm, y_mm = (spacing.x_mm_per_px, spacing.y_mm_per_px) if spacing else (1.0, 1.0)
    return measure_band(borders.x * x_mm, borders.upper * y_mm, borders.lower * y_mm)


def measure_band(x: Floats, upper: Floats, lower: Floats) -> BandSize:
    """Dimensions of a band from its borders (n,) at evenly spaced lateral positions `x` (n,), in one unit of length.

    Each column stands for its full width. Needs 12 columns or more.
    """
    step = float(x[1] - x[0])
    middle = (upper + lower) / 2
    slope = np.gradient(middle, step)
    lengths = step * np.sqrt(1 + slope**2)
    areas = np.maximum(lower - upper, 0) * step
    way = np.cumsum(lengths) - lengths / 2
    length, area = float(lengths.sum()), float(areas.sum())
    third = np.minimum((way / length * 3).astype(int), 2)
    thirds = [float(areas[third == part].sum() / lengths[third == part].sum()) for part in range(3)]
    core = (way > 0.08 * length) & (way < 0.92 * length)
    local = areas[core] / lengths[core]
    return BandSize((thirds[0], thirds[1], thirds[2]), area / length, float(local.min()), area, length)


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


def echo_intensity(frame: Frame, mark: MaskMark) -> Measurement:
    """Mean grey level of the marked pixels, with its 90 % interval by the speckle."""
    (x, y), (height, width) = mark.origin, mark.mask.shape
    pixels = frame.pixels[max(y, 0) : y + height, max(x, 0) : x + width]
    mask = mark.mask[max(-y, 0) :, max(-x, 0) :][: pixels.shape[0], : pixels.shape[1]]
    mean, deviation = cv2.meanStdDev(pixels, mask=mask)
    value, error = float(mean[0, 0]), 1.645 * float(deviation[0, 0]) / max(1.0, float(mask.sum()) ** 0.5 / 3)
    return Measurement("echo_intensity", value, "grey level", max(0.0, value - error), min(255.0, value + error))
