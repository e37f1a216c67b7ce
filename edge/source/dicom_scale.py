"""What a DICOM data set says of a picture's scale, ultrasound region and frame times."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite

from pydicom import Dataset

from edge.frame import PixelSpacing, Region, SpacingOrigin

_CENTIMETRES = 3
_TWO_DIMENSIONAL = 1
_TISSUE = 1
_WHOLE = 0.99
"""A region of at least this share of the picture is the whole screen: it says nothing of where the ultrasound is."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Scale and region of all frames of one DICOM object."""

    spacing: PixelSpacing | None
    region: Region | None
    notes: tuple[str, ...]


def scale_of(header: Dataset, width: int, height: int) -> Scale:
    """From the Sequence of Ultrasound Regions (DICOM PS3.3 C.8.5.5), else from Pixel Spacing.

    Of several regions the 2D tissue (B-mode) one in centimetres is taken, the largest where there are more. A Pixel
    Spacing of exactly 1.0 without regions is what converters write who know no scale: unknown.
    """
    plain = _pixel_spacing(header)
    regions = header.get("SequenceOfUltrasoundRegions") or ()
    best = max(filter(_is_b_mode, regions), key=_rank, default=None)
    if best is None:
        notes = ("the DICOM's ultrasound regions give no 2D scale in cm",) if regions else ()
        return Scale(*_fallback(plain, notes))
    spacing = PixelSpacing(abs(best.PhysicalDeltaX) * 10, abs(best.PhysicalDeltaY) * 10, SpacingOrigin.DICOM)
    return Scale(spacing, _region(best, width, height), _disagreement(spacing, plain))


def frame_times_ns(header: Dataset, frames: int) -> Sequence[int] | None:
    """Time of each frame from the first in nanoseconds, or None where the object does not tell.

    From Frame Time Vector, Frame Time, Cine Rate or Recommended Display Frame Rate (PS3.3 C.7.6.5), in that order.
    """
    vector = header.get("FrameTimeVector")
    steps_ms = [float(step) for step in vector] if vector and not isinstance(vector, str | float) else []
    if len(steps_ms) == frames > 1 and all(isfinite(step) and step >= 0 for step in steps_ms):
        return [round(ms * 1e6) for ms in accumulate((0.0, *steps_ms[1:]))]
    period_ms = _positive(header.get("FrameTime"))
    rate = _positive(header.get("CineRate")) or _positive(header.get("RecommendedDisplayFrameRate"))
    period_ms = period_ms or (1000 / rate if rate else None)
    return None if period_ms is None else [round(number * period_ms * 1e6) for number in range(frames)]


def _is_b_mode(region: Dataset) -> bool:
    units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
    deltas = (_positive(region.get("PhysicalDeltaX"), sign=False), _positive(region.get("PhysicalDeltaY"), sign=False))
    is_2d = region.get("RegionSpatialFormat", _TWO_DIMENSIONAL) == _TWO_DIMENSIONAL
    return is_2d and units == (_CENTIMETRES, _CENTIMETRES) and None not in deltas


def _rank(region: Dataset) -> tuple[bool, int]:
    box = _corners(region)
    area = 0 if box is None else max(0, box[2] - box[0]) * max(0, box[3] - box[1])
    return region.get("RegionDataType") == _TISSUE, area


def _corners(region: Dataset) -> tuple[int, int, int, int] | None:
    names = ("MinX0", "MinY0", "MaxX1", "MaxY1")
    values = [region.get(f"RegionLocation{name}") for name in names]
    return None if None in values else (int(values[0]), int(values[1]), int(values[2]), int(values[3]))


def _region(region: Dataset, width: int, height: int) -> Region | None:
    """Corners are those of pixels inside (PS3.3 C.8.5.5.1.2), clipped: writers overrun them by one and more."""
    corners = _corners(region)
    if corners is None:
        return None
    left, top = max(0, corners[0]), max(0, corners[1])
    right, bottom = min(width - 1, corners[2]), min(height - 1, corners[3])
    if right <= left or bottom <= top:
        return None
    found = Region(left, top, right - left + 1, bottom - top + 1)
    return None if found.width * found.height >= _WHOLE * width * height else found


def _pixel_spacing(header: Dataset) -> PixelSpacing | None:
    values = header.get("PixelSpacing")
    if not values or isinstance(values, str) or len(values) != 2:
        return None
    down, across = _positive(values[0]), _positive(values[1])
    return PixelSpacing(across, down, SpacingOrigin.DICOM) if down and across else None


def _fallback(plain: PixelSpacing | None, notes: tuple[str, ...]) -> tuple[PixelSpacing | None, None, tuple[str, ...]]:
    if plain is not None and plain.x_mm_per_px == plain.y_mm_per_px == 1.0:
        return None, None, (*notes, "the DICOM's Pixel Spacing of exactly 1.0 is a converter's filler: scale unknown")
    return plain, None, notes


def _disagreement(spacing: PixelSpacing, plain: PixelSpacing | None) -> tuple[str, ...]:
    if plain is None or plain.x_mm_per_px == plain.y_mm_per_px == 1.0:
        return ()
    apart = max(
        abs(plain.x_mm_per_px / spacing.x_mm_per_px - 1),
        abs(plain.y_mm_per_px / spacing.y_mm_per_px - 1),
    )
    if apart <= 0.02:
        return ()
    return (f"the DICOM's Pixel Spacing and its ultrasound region's scale differ by {apart:.0%}; the region's is used",)


def _positive(value: object, *, sign: bool = True) -> float | None:
    """A finite number over zero (its absolute value where `sign` does not count), else None."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    number = number if sign else abs(number)
    return number if isfinite(number) and number > 0 else None
