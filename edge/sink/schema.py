"""One line of `findings.jsonl`, as docs/records.md defines it, and how a frame and its finding become one."""

import math
from typing import Annotated, Final

import msgspec
import numpy as np

from edge.finding import CaliperMark, Finding, LineMark, MaskMark, Measurement, SeriesMark, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin

SCHEMA: Final = 1
"""Raised whenever a field changes its meaning or goes; a new optional field does not raise it."""
POINT_DECIMALS: Final = 2
"""A hundredth of a pixel: far below what any border can be seen to."""

_OF_FILES: Final = frozenset(("stills", "video", "dicom"))
"""The kinds of sources whose frames' origin names a file."""

Point = tuple[float, float]


class PictureRecord(msgspec.Struct, frozen=True):
    width: int
    height: int


class RegionRecord(msgspec.Struct, frozen=True):
    x: int
    y: int
    width: int
    height: int


class SpacingRecord(msgspec.Struct, frozen=True):
    x_mm_per_px: Annotated[float, msgspec.Meta(gt=0)]
    y_mm_per_px: Annotated[float, msgspec.Meta(gt=0)]
    origin: SpacingOrigin
    relative_uncertainty: float


class ProbeRecord(msgspec.Struct, frozen=True):
    depth_mm: float | None
    frequency_mhz: float | None
    gain_db: float | None
    frozen: bool | None
    mi: float | None
    tis: float | None
    tib: float | None
    battery_percent: float | None
    temperature_c: float | None
    # Fields that came later have a default, so that older files can still be read.
    tgc_db: tuple[float, ...] | None = None
    focus_mm: float | None = None
    dynamic_range_db: float | None = None
    transmit_power_db: float | None = None
    preset: str | None = None
    epoch: int | None = None
    transmitting: bool | None = None
    transmit_off_reason: str = ""
    doubt: str = ""
    frozen_ns: int | None = None


class MeasurementRecord(msgspec.Struct, frozen=True):
    name: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    single: float | None = None
    named: str = ""


class LineRecord(msgspec.Struct, frozen=True):
    name: str
    points: tuple[Point, ...]


class CaliperRecord(msgspec.Struct, frozen=True):
    name: str
    start: Point
    end: Point
    text: str


class MaskRecord(msgspec.Struct, frozen=True):
    name: str
    label: int
    pixels: int


class TimingsRecord(msgspec.Struct, frozen=True):
    grab_ms: float | None
    prepare_ms: float | None
    infer_ms: float | None
    conclude_ms: float | None
    overlay_ms: float | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One frame and what was found in it. The fields are defined in docs/records.md."""

    schema: int
    sequence: int
    exposed_ns: int
    origin: str
    task: str
    verdict: Verdict
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    measurements: tuple[MeasurementRecord, ...]
    spacing: SpacingRecord | None
    picture: PictureRecord
    region: RegionRecord | None
    probe: ProbeRecord | None
    lines: tuple[LineRecord, ...]
    calipers: tuple[CaliperRecord, ...]
    masks: tuple[MaskRecord, ...]
    model_digest: str | None
    runtime: str | None
    timings: TimingsRecord
    predicted: tuple[MeasurementRecord, ...] = ()
    timed: bool = True
    file: str | None = None


def file_of(frame: Frame) -> str | None:
    """Which file the frame is of, in the folder that was named; None where the source has none."""
    kind, _, name = frame.origin.partition(":")
    return name if kind in _OF_FILES and name else None


def record_of(frame: Frame, finding: Finding) -> Record:
    """The record of one result."""
    height, width = frame.pixels.shape
    return Record(
        schema=SCHEMA,
        sequence=finding.sequence,
        exposed_ns=finding.exposed_ns,
        origin=frame.origin,
        file=file_of(frame),
        task=finding.task,
        verdict=finding.verdict,
        reasons=finding.reasons,
        notes=finding.notes,
        measurements=tuple(_measurement(measurement) for measurement in finding.measurements),
        spacing=_spacing(finding.spacing),
        picture=PictureRecord(width, height),
        region=None if frame.region is None else msgspec.convert(frame.region, RegionRecord, from_attributes=True),
        probe=None if frame.probe is None else msgspec.convert(frame.probe, ProbeRecord, from_attributes=True),
        lines=tuple(_line(mark) for mark in finding.marks if isinstance(mark, LineMark)),
        calipers=tuple(_caliper(mark) for mark in finding.marks if isinstance(mark, CaliperMark)),
        masks=tuple(_mask(mark) for mark in finding.marks if isinstance(mark, MaskMark)),
        model_digest=finding.model_digest,
        runtime=finding.runtime,
        timings=msgspec.convert(finding.timings, TimingsRecord, from_attributes=True),
        predicted=tuple(_measurement(measurement) for measurement in predictions(finding)),
        timed=frame.timed,
    )


def predictions(finding: Finding) -> tuple[Measurement, ...]:
    """What the finding's courses say of its frame though the frame was not measured."""
    series = (mark for mark in finding.marks if isinstance(mark, SeriesMark))
    present = (mark for mark in series if mark.times_ns.size and mark.times_ns[-1] == finding.exposed_ns)
    return tuple(
        Measurement(mark.name, value, mark.unit, low, high, named=mark.named)
        for mark in present
        if mark.predicted[-1]
        for value, low, high in [mark.values[-1].tolist()]
    )


def _measurement(one: Measurement) -> MeasurementRecord:
    single = None if one.single is None else _finite(one.single)
    return MeasurementRecord(
        one.name, _finite(one.value), one.unit, _finite(one.low), _finite(one.high), single, one.named
    )


def _spacing(spacing: PixelSpacing | None) -> SpacingRecord | None:
    if spacing is None:
        return None
    return SpacingRecord(spacing.x_mm_per_px, spacing.y_mm_per_px, spacing.origin, spacing.relative_uncertainty)


def _line(mark: LineMark) -> LineRecord:
    # All points at once: a border has hundreds.
    rounded = np.round(np.asarray(mark.points, np.float64), POINT_DECIMALS)
    return LineRecord(mark.name, tuple(map(tuple, rounded.tolist())))


def _caliper(mark: CaliperMark) -> CaliperRecord:
    return CaliperRecord(mark.name, _point(*mark.start), _point(*mark.end), mark.text)


def _mask(mark: MaskMark) -> MaskRecord:
    return MaskRecord(mark.name, mark.label, int(np.count_nonzero(mark.mask)))


def _point(x: float, y: float) -> Point:
    return round(float(x), POINT_DECIMALS), round(float(y), POINT_DECIMALS)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
