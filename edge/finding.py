"""What a frame led to: values with intervals and a verdict, or a refusal with its reasons."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.frame import PixelSpacing
from edge.terms import plain_unit


class Verdict(StrEnum):
    """How far a finding may be used."""

    MEASURED = "measured"
    LIMITED = "limited"
    """Marks hold, some measurements are withheld; `reasons` says which and why."""
    REFUSED = "refused"
    """No measurement; `reasons` says why."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value with its 90 % interval."""

    name: str
    """Standard term in snake_case; ends with `_px` where there is no scale."""
    value: float
    unit: str
    """`mm`, `mm2`, `deg`, `px`, `px2`, `1/m`, `%`, `grey level`."""
    low: float
    high: float
    single: float | None = None
    """What this frame alone says, where `value` was followed over time. None: `value` is that."""
    named: str = ""
    """What the value is called where it is one of a list, as people write it. Empty: it is a number."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskMark:
    """A segmented structure."""

    name: str
    label: int
    """Value in the label mask, 1 to 255."""
    mask: NDArray[np.uint8]
    """(height, width) uint8, 0 or 1, placed with its upper left corner at `origin`."""
    origin: tuple[int, int]
    """(x, y) in pixels of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class LineMark:
    """A polyline, such as a tissue border."""

    name: str
    points: NDArray[np.float32]
    """(n, 2) float32 (x, y) in pixels of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldMark:
    """Directions on a grid of square cells, such as those of fibres."""

    name: str
    angle_deg: NDArray[np.float32]
    """(rows, columns) float32 from the picture's horizontal, counter-clockwise as seen, in (-90, 90]."""
    confidence: NDArray[np.float32]
    """(rows, columns) float32, 0 (none) to 1."""
    origin: tuple[float, float]
    """(x, y) of the upper left cell's centre in pixels of the frame."""
    cell_px: float


@dataclass(frozen=True, slots=True)
class CaliperMark:
    """Two end points and what is written beside them."""

    name: str
    start: tuple[float, float]
    """(x, y) in pixels of the frame."""
    end: tuple[float, float]
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class SeriesMark:
    """The course of a measurement over the last seconds, the newest last."""

    name: str
    """The measurement's."""
    unit: str
    times_ns: NDArray[np.int64]
    """(n,) exposures, increasing. The last one is the finding's, unless nothing is known of it."""
    values: NDArray[np.float64]
    """(n, 3): the value, and the lower and upper end of its 90 % interval."""
    predicted: NDArray[np.bool_]
    """(n,): not measured, but what it must be by what was seen before and how the picture moved."""
    joined: NDArray[np.bool_]
    """(n,): goes on from the one before. False: there is a gap, or it began anew."""
    named: str = field(default="", kw_only=True)
    """What the newest value is called where it is one of a list, as `Measurement.named`."""


@dataclass(frozen=True, slots=True, eq=False)
class StageMark:
    """One step on the way to a finding, drawn only where the steps are asked for and never written."""

    name: str
    plane: NDArray[np.uint8]
    """(rows, columns) of square cells: grey levels, or how much speaks for each."""
    heat: bool
    """The plane is drawn as colour over the frame. False: in its place."""
    corner: tuple[float, float]
    """(x, y) of the upper left cell's outer corner in pixels of the frame."""
    cell_px: float
    lines: tuple[LineMark, ...]


@dataclass(frozen=True, slots=True)
class PanoramaLabel:
    """What some columns of a panorama show."""

    text: str
    start: int
    """First column."""
    end: int
    """The one after the last."""
    emphasised: bool = False
    """It is what the finding's own frame shows."""


@dataclass(frozen=True, slots=True, eq=False)
class PanoramaMark:
    """A long picture that grew with the scan: shown under the live one, and the last one of a run kept as a picture."""

    name: str
    plane: NDArray[np.uint8]
    """(height, width) grey."""
    mm_per_px: float | None = None
    """Across and down. None: not known."""
    sequences: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(width,) of the frame that each column came from, -1: of none. Empty: not known."""
    labels: tuple[PanoramaLabel, ...] = ()
    here: int | None = None
    """Column of the finding's frame. None: not known."""


Mark = MaskMark | LineMark | FieldMark | CaliperMark | SeriesMark | StageMark | PanoramaMark


@dataclass(frozen=True, slots=True)
class Check:
    """One item of a list that must be seen whole before anything is measured."""

    checklist: str
    item: str
    seen: bool


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds that each stage took. None: not measured (yet)."""

    grab_ms: float | None = None
    prepare_ms: float | None = None
    infer_ms: float | None = None
    conclude_ms: float | None = None
    overlay_ms: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What one task says of one frame. The task fills the upper part; the loop adds model, runtime and timings."""

    task: str
    sequence: int
    """The frame's."""
    exposed_ns: int
    """The frame's."""
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    marks: tuple[Mark, ...] = ()
    spacing: PixelSpacing | None = None
    notes: tuple[str, ...] = ()
    """The frame's notes on its scale and region."""
    checks: tuple[Check, ...] = ()
    """What was looked for in it, item by item; empty: the task has no list."""
    model_digest: str | None = None
    """SHA-256 of the model file that ran, hexadecimal."""
    runtime: str | None = None
    """`openvino int8, 2 threads`."""
    timings: Timings = Timings()

    def measurement(self, name: str) -> Measurement | None:
        return next((m for m in self.measurements if m.name == name), None)

    def summary(self) -> str:
        """One line for a log or a terminal."""
        values = ", ".join(
            f"{m.name} {m.named or f'{m.value:.2f} {plain_unit(m.unit)} ({m.low:.2f} to {m.high:.2f})'}"
            for m in self.measurements
        )
        reasons = "; ".join(self.reasons)
        return f"#{self.sequence} {self.verdict}: " + " | ".join(part for part in (values, reasons) if part)
