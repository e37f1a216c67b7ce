"""What a DICOM data set says of a picture's scale, region and frame times, and where it contradicts itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite
from typing import Final

from pydicom import Dataset

from edge.frame import PixelSpacing, Region, SpacingOrigin
from edge.source.picture_tags import nearly_square

_CENTIMETRES = 3
_TWO_DIMENSIONAL = 1
_TISSUE = 1
_WHOLE = 0.99
"""A region of at least this share of the picture is the whole screen: it says nothing of where the ultrasound is."""
_SAME: Final = 0.02
"""Two scales no further apart than this share agree."""
_OVERRUN: Final = 0.005
"""Share of the picture by which writers let a region overrun it."""
_OBLONG: Final = 4.0
"""No scanner's pixels are longer than this: one of the two scales is in another unit."""
_FILLER = 1.0
"""A Pixel Spacing that converters write who know none."""
_MOST_OF_DEPTH, _MANY_DEPTHS = 0.8, 3.0
"""Between these the height of a whole picture is plausible for the depth of its scan, with texts above and below."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Scale and region of all frames of one DICOM object."""

    spacing: PixelSpacing | None
    region: Region | None
    notes: tuple[str, ...]
    """With what contradicts itself, where no scale is given for it."""
    pixel_aspect: float
    """Width of a pixel over its height."""
    doubts: tuple[str, ...]


def scale_of(header: Dataset, width: int, height: int) -> Scale:
    """From the Sequence of Ultrasound Regions (DICOM PS3.3 C.8.5.5), else from Pixel Spacing.

    Of several regions the 2D tissue (B-mode) one in centimetres is taken, the largest where there are more. A Pixel
    Spacing of exactly 1.0 without regions is what converters write who know no scale: unknown. Where two statements
    cannot both be right there is no scale; where one is only odd, a doubt.
    """
    plain, plain_fault = _pixel_spacing(header)
    flat = [region for region in _regions(header) if _number(region, "RegionSpatialFormat", 1) == _TWO_DIMENSIONAL]
    best = max((region for region in flat if not _unfit(region)), key=_rank, default=None)
    stated, notes, doubts = _pixel_aspect(header), list[str](), list[str]()
    region: Region | None = None
    if best is not None:
        spacing: PixelSpacing | None = _spacing(best)
        region = _region(best, width, height)
        faults = [*_contradictions(best, flat, width, height), plain_fault, _conflict(spacing, plain)]
        doubts += _oddities(best)
    else:
        spacing, faults = plain, [plain_fault]
        if flat:
            unfit = _unfit(max(flat, key=_rank))
            notes.append(f"the DICOM's ultrasound regions give no 2D scale in cm: {unfit}")
            doubts += [notes[-1]] if spacing else []
        elif list(_regions(header)):
            notes.append("the DICOM's ultrasound regions give no 2D scale in cm")
        if spacing is not None and spacing.x_mm_per_px == spacing.y_mm_per_px == _FILLER:
            notes.append("the DICOM's Pixel Spacing of exactly 1.0 is a converter's filler: scale unknown")
            spacing = None
    if spacing is not None:
        faults.append(_oblong(spacing))
        doubts += _depth_conflict(header, spacing, height)
    found = [f"the DICOM contradicts itself, its scale is not used: {fault}" for fault in faults if fault]
    if found:
        return Scale(None, region, (*notes, *found), stated or 1.0, ())
    if spacing is None:
        return Scale(None, region, tuple(notes), stated or 1.0, ())
    own = spacing.x_mm_per_px / spacing.y_mm_per_px
    if stated and abs(stated / own - 1) > _SAME:
        doubts.append(
            f"the DICOM's Pixel Aspect Ratio makes pixels {stated:.3g} times as wide as high, its scale {own:.3g}"
        )
    return Scale(spacing, region, tuple(notes), own, tuple(doubts))


def frame_times_ns(header: Dataset, frames: int) -> Sequence[int] | None:
    """Time of each frame from the first in nanoseconds, or None where the object does not tell.

    From Frame Time Vector, Frame Time, Cine Rate or Recommended Display Frame Rate (PS3.3 C.7.6.5), in that order.
    """
    vector = _values(header, "FrameTimeVector")
    steps_ms = [_as_number(step) for step in vector]
    if len(steps_ms) == frames > 1 and all(step is not None and step >= 0 for step in steps_ms):
        return [round(ms * 1e6) for ms in accumulate((0.0, *(step or 0.0 for step in steps_ms[1:])))]
    period_ms = _positive(header, "FrameTime")
    rate = _positive(header, "CineRate") or _positive(header, "RecommendedDisplayFrameRate")
    period_ms = period_ms or (1000 / rate if rate else None)
    return None if period_ms is None else [round(number * period_ms * 1e6) for number in range(frames)]


def _regions(header: Dataset) -> Iterator[Dataset]:
    yield from header.get("SequenceOfUltrasoundRegions") or ()


def _unfit(region: Dataset) -> str:
    """Why a 2D region gives no scale, or nothing."""
    units = {axis: _number(region, f"PhysicalUnits{axis}Direction", 0) for axis in "XY"}
    if any(unit != _CENTIMETRES for unit in units.values()):
        return f"their units are number {units['X']:g} across and {units['Y']:g} down, not {_CENTIMETRES} (cm)"
    for axis, direction in (("X", "across"), ("Y", "down")):
        if not _number(region, f"PhysicalDelta{axis}", 0):
            return f"the length of a pixel {direction} is {_text(region, f'PhysicalDelta{axis}') or 'missing'}"
    return ""


def _spacing(region: Dataset) -> PixelSpacing:
    across, down = (abs(_number(region, f"PhysicalDelta{axis}", 0)) * 10 for axis in "XY")
    return PixelSpacing(across, down, SpacingOrigin.DICOM)


def _contradictions(best: Dataset, flat: Sequence[Dataset], width: int, height: int) -> Iterator[str]:
    box = _corners(best)
    for last, size, direction in () if box is None else ((box[2], width, "wide"), (box[3], height, "high")):
        if last > size + max(2, _OVERRUN * size):
            yield f"its ultrasound region reaches to pixel {last}, the picture is {size} {direction}"
    for other in flat:
        if other is not best and not _unfit(other) and _corners(other) == box:
            yield _apart(_spacing(best), _spacing(other), "two of its regions in one place")


def _oddities(region: Dataset) -> Iterator[str]:
    for axis, meaning in (("X", "mirrored"), ("Y", "upside down")):
        if _number(region, f"PhysicalDelta{axis}", 0) < 0:
            yield f"the DICOM's scale is negative, as of a picture that is {meaning}"
    box = _corners(region)
    if box is not None and (box[2] <= box[0] or box[3] <= box[1]):
        yield "the DICOM's ultrasound region has no extent"


def _depth_conflict(header: Dataset, spacing: PixelSpacing, height: int) -> Iterator[str]:
    depth_mm = _positive(header, "DepthOfScanField")
    shown_mm = height * spacing.y_mm_per_px
    if depth_mm and not _MOST_OF_DEPTH * depth_mm <= shown_mm <= _MANY_DEPTHS * depth_mm:
        yield f"by the DICOM's scale the picture is {shown_mm:.0f} mm high, its scan is said to be {depth_mm:g} mm deep"


def _oblong(spacing: PixelSpacing) -> str:
    across, down = spacing.x_mm_per_px, spacing.y_mm_per_px
    if 1 / _OBLONG <= across / down <= _OBLONG:
        return ""
    return f"a pixel would be {across:.4g} mm wide and {down:.4g} mm high"


def _conflict(spacing: PixelSpacing | None, plain: PixelSpacing | None) -> str:
    if spacing is None or plain is None or plain.x_mm_per_px == plain.y_mm_per_px == _FILLER:
        return ""
    return _apart(spacing, plain, "its ultrasound region and its Pixel Spacing")


def _apart(one: PixelSpacing, other: PixelSpacing, what: str) -> str:
    pairs = ((one.x_mm_per_px, other.x_mm_per_px), (one.y_mm_per_px, other.y_mm_per_px))
    if all(abs(b / a - 1) <= _SAME for a, b in pairs):
        return ""
    (across, other_across), (down, other_down) = pairs
    return f"{what} say {across:.4g} and {other_across:.4g} mm per px across, {down:.4g} and {other_down:.4g} down"


def _rank(region: Dataset) -> tuple[bool, int]:
    box = _corners(region)
    area = 0 if box is None else max(0, box[2] - box[0]) * max(0, box[3] - box[1])
    return _number(region, "RegionDataType", 0) == _TISSUE, area


def _corners(region: Dataset) -> tuple[int, int, int, int] | None:
    names = ("MinX0", "MinY0", "MaxX1", "MaxY1")
    values = [_as_number(_text(region, f"RegionLocation{name}")) for name in names]
    left, top, right, bottom = (None if value is None else int(value) for value in values)
    return None if left is None or top is None or right is None or bottom is None else (left, top, right, bottom)


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


def _pixel_spacing(header: Dataset) -> tuple[PixelSpacing | None, str]:
    """Pixel Spacing, or what is wrong with it; neither where there is none."""
    values = _values(header, "PixelSpacing")
    if not values:
        return None, ""
    numbers = [_as_number(value) for value in values]
    down, across = numbers if len(numbers) == 2 else (None, None)
    if down is None or across is None or down <= 0 or across <= 0:
        return None, f"its Pixel Spacing is '{_text(header, 'PixelSpacing')}', expected two lengths in mm"
    return PixelSpacing(across, down, SpacingOrigin.DICOM), ""


def _pixel_aspect(header: Dataset) -> float | None:
    """Width of a pixel over its height by Pixel Aspect Ratio, which is written as height and width."""
    numbers = [_as_number(value) for value in _values(header, "PixelAspectRatio")]
    down, across = numbers if len(numbers) == 2 else (None, None)
    return nearly_square(across / down) if across and down and across > 0 and down > 0 else None


def _values(data: Dataset, name: str) -> list[str]:
    return [part for part in _text(data, name).split("\\") if part.strip()]


def _text(data: Dataset, name: str) -> str:
    """A value as it is written, its parts apart by backslashes; empty where there is none. What pydicom cannot convert,
    such as a number with a comma, is given as it is."""
    if name not in data:
        return ""
    try:
        value = data[name].value
    except (ValueError, TypeError, OverflowError, AttributeError):
        value = data.get_item(name).value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1").strip(" \0")
    return str(value) if isinstance(value, str | int | float) else "\\".join(str(part) for part in value)


def _number(data: Dataset, name: str, otherwise: float) -> float:
    """A finite number, or what holds where there is none."""
    found = _as_number(_text(data, name))
    return otherwise if found is None else found


def _positive(data: Dataset, name: str) -> float | None:
    found = _as_number(_text(data, name))
    return found if found is not None and found > 0 else None


def _as_number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None
