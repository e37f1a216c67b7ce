"""Femoral cartilage in the suprapatellar transverse view: borders, thickness by thirds, area, echo intensity.

Convention: from the leading edge of the interface to fluid, or the end of the bright soft tissue, to the leading edge
of the bone. Thickness of a third is its area over its length. Speed of sound is taken as the scanner takes it
(1540 m/s), which reads cartilage some 5 to 8 % too thin; nothing is corrected in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, Finding, LineMark, Mark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing
from edge.task.cartilage.band import Band, BandSize, Floats, measure_band, trace_band
from edge.task.cartilage.bone_line import sample_bone_line
from edge.task.cartilage.spec import SPEC, THIRDS, CartilageOptions
from edge.task.cartilage.view import band_faults, one_sided, view_faults
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.tensor import grey_tensor
from edge.trust.faults import missing_scale
from edge.trust.interval import interval

SIDE = 256
"""Height and width of the network's input."""
NOTHING_GIVEN = Given(CartilageOptions())


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """The band's borders in pixels of the frame, one point a column of the network's picture."""

    x: Floats
    upper: Floats
    lower: Floats


class CartilageTask:
    """The picture's left side is taken for medial; `mirrored` says that its right side is."""

    def __init__(self, given: Given[CartilageOptions] = NOTHING_GIVEN) -> None:
        self._figures = given.figures
        self.border_logit = given.figures.get("border_logit", 0.0)
        self._sides = THIRDS[::-1] if given.options.mirrored else THIRDS

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame, grey_tensor(frame.ultrasound.crop(frame.pixels), SIDE))

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: None) -> Concluded[None]:
        if prepared.faults:
            return Concluded(refused(SPEC.name, prepared.frame, prepared.faults))
        return Concluded(self._judged(prepared.frame, outputs))

    def _judged(self, frame: Frame, outputs: Outputs) -> Finding:
        band = trace_band(outputs[0][0, 0] - np.float32(self.border_logit))
        if band is None:
            return refused(SPEC.name, frame, ("no femoral cartilage is seen",))
        borders = _in_frame(band, frame)
        bone = sample_bone_line(frame.pixels, borders.x, borders.upper, borders.lower)
        faults = view_faults(frame.ultrasound, borders.x, borders.upper, borders.lower, band.confidence, bone)
        if faults:
            return refused(SPEC.name, frame, faults)
        marks = _outline(borders)
        faults = band_faults(band, bone)
        if faults:
            return refused(SPEC.name, frame, faults, marks)
        return self._measure(frame, borders, marks)

    def _measure(self, frame: Frame, borders: Borders, marks: tuple[Mark, ...]) -> Finding:
        echo = _echo_intensity(frame, marks)
        reasons: tuple[str, ...] = () if frame.spacing else (missing_scale(frame.probe),)
        size = _sized(borders, frame.spacing)
        partial = one_sided(frame.ultrasound, borders.lower)
        measurements = [*self._regions(size, frame, partial), *self._whole(size, frame), echo]
        if partial:
            reasons += ("one condyle only is in view: no thirds; centre the sulcus",)
        if frame.spacing and not partial:
            marks += _calipers(borders, self._sides, size)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return finding_of(SPEC.name, frame, verdict, reasons, tuple(measurements), marks)

    def _regions(self, size: BandSize, frame: Frame, partial: bool) -> list[Measurement]:
        if partial:
            return []
        named = zip(self._sides, size.thirds, strict=True)
        ordered = sorted(named, key=lambda pair: THIRDS.index(pair[0]))
        return [self._length(f"mean_thickness_{side}", value, frame) for side, value in ordered]

    def _whole(self, size: BandSize, frame: Frame) -> list[Measurement]:
        area_unit = "mm2" if frame.spacing else "px2"
        half = size.length * self._half_width("mean_thickness", frame)
        relative = 2 * frame.spacing.relative_uncertainty if frame.spacing else 0.0
        area = Measurement(_named("area", frame), size.area, area_unit, *interval(size.area, half, relative))
        lengths = (("mean_thickness", size.mean), ("minimum_thickness", size.minimum))
        return [*(self._length(name, value, frame) for name, value in lengths), area]

    def _length(self, name: str, value: float, frame: Frame) -> Measurement:
        relative = frame.spacing.relative_uncertainty if frame.spacing else 0.0
        low, high = interval(value, self._half_width(name, frame), relative)
        return Measurement(_named(name, frame), value, "mm" if frame.spacing else "px", low, high)

    def _half_width(self, name: str, frame: Frame) -> float:
        """Half the interval, in mm or px: so many rows of the network's picture, as the calibration found."""
        rows = self._figures.get(f"half_width_{name}", self._figures.get("half_width", 2.0))
        row_px = frame.ultrasound.height / SIDE
        return rows * row_px * (frame.spacing.y_mm_per_px if frame.spacing else 1.0)


def _named(name: str, frame: Frame) -> str:
    return name if frame.spacing else f"{name}_px"


def _in_frame(band: Band, frame: Frame) -> Borders:
    """From pixels of the network's picture to pixels of the frame (pixel centres at whole numbers)."""
    region = frame.ultrasound
    across, down = region.width / SIDE, region.height / SIDE
    x = np.asarray(region.x + (band.columns + 0.5) * across - 0.5, np.float64)
    upper, lower = (region.y + (border + 0.5) * down - 0.5 for border in (band.upper, band.lower))
    return Borders(x, upper, lower)


def _sized(borders: Borders, spacing: PixelSpacing | None) -> BandSize:
    """Dimensions in mm, or in pixels (taken as square) where the scale is unknown."""
    x_mm, y_mm = (spacing.x_mm_per_px, spacing.y_mm_per_px) if spacing else (1.0, 1.0)
    return measure_band(borders.x * x_mm, borders.upper * y_mm, borders.lower * y_mm)


def _outline(borders: Borders) -> tuple[Mark, ...]:
    upper = np.stack((borders.x, borders.upper), axis=1).astype(np.float32)
    lower = np.stack((borders.x, borders.lower), axis=1).astype(np.float32)
    return (_filled(upper, lower), LineMark("upper surface", upper), LineMark("lower surface", lower))


def _filled(upper: NDArray[np.float32], lower: NDArray[np.float32]) -> MaskMark:
    """The pixels between the borders, drawn with 1/16 px accuracy."""
    ring = np.concatenate((upper, lower[::-1]))
    x, y = (int(np.floor(low)) for low in ring.min(axis=0))
    width, height = (int(np.ceil(high)) for high in ring.max(axis=0) - (x, y) + 1)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round((ring - (x, y)) * 16).astype(np.int32)], 1, shift=4)
    return MaskMark("femoral cartilage", 1, mask, (x, y))


def _echo_intensity(frame: Frame, marks: tuple[Mark, ...]) -> Measurement:
    mark = next(mark for mark in marks if isinstance(mark, MaskMark))
    (x, y), (height, width) = mark.origin, mark.mask.shape
    pixels = frame.pixels[max(y, 0) : y + height, max(x, 0) : x + width]
    mask = mark.mask[max(-y, 0) :, max(-x, 0) :][: pixels.shape[0], : pixels.shape[1]]
    mean, deviation = cv2.meanStdDev(pixels, mask=mask)
    value, error = float(mean[0, 0]), 1.645 * float(deviation[0, 0]) / max(1.0, float(mask.sum()) ** 0.5 / 3)
    return Measurement("echo_intensity", value, "grey level", max(0.0, value - error), min(255.0, value + error))


def _calipers(borders: Borders, sides: Sequence[str], size: BandSize) -> tuple[Mark, ...]:
    """One caliper in the middle of each third, at a right angle to the band."""
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
