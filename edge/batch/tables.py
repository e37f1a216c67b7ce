"""The two tables of a batch: a row per recording, and a row per frame. Their columns hang on the task alone, so that
every part of a table has the same ones. docs/batch.md defines them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from edge.exam.series import DECIMALS, ENDS, NAMED, Quantity, Series, columns, rows
from edge.exam.summary import MeasureSummary, Summary
from edge.finding import Verdict
from edge.terms import Terms

RECORDING: Final = "recording"
ERROR: Final = "error"
"""The outcome of a recording of which there is no frame."""
SUMMARY_ENDS: Final = ("", "_low", "_high", "_p5", "_p95", "_frames")
_HEAD: Final = (
    (RECORDING, pa.string()),
    ("kind", pa.string()),
    ("device", pa.string()),
    ("manufacturer", pa.string()),
    ("model", pa.string()),
    ("station", pa.string()),
    ("outcome", pa.string()),
    ("error", pa.string()),
    ("frames", pa.int64()),
    *((verdict.value, pa.int64()) for verdict in Verdict),
    ("reasons", pa.string()),
    ("seconds", pa.float64()),
)
_TAIL: Final = (
    ("sha256", pa.string()),
    ("bytes", pa.int64()),
    ("modified_ns", pa.int64()),
    ("sonoedge", pa.string()),
    ("model_digest", pa.string()),
    ("runtime", pa.string()),
    ("libraries", pa.string()),
    ("host", pa.string()),
    ("measured_at", pa.string()),
    ("took_s", pa.float64()),
)
_FRAME_HEAD: Final = (
    (RECORDING, pa.string()),
    ("sequence", pa.int64()),
    ("seconds", pa.float64()),
    ("verdict", pa.string()),
    ("reasons", pa.string()),
    ("tracking", pa.string()),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """All that one recording led to."""

    recording: str
    """Its path below the archive as it is written."""
    row: Mapping[str, Any]
    """By the columns of `recording_schema`; what is left out is not known."""
    frames: pa.Table
    """By `frame_schema`."""


def quantities_of(terms: Terms) -> tuple[Quantity, ...]:
    """All that a task can give: each length with a scale and without."""
    found: dict[Quantity, None] = {}
    for term in terms.measurements:
        for unit in (term.unit, term.unit.replace("mm", "px")):
            found[Quantity(term.name, unit)] = None
    return tuple(found)


def recording_schema(terms: Terms) -> pa.Schema:
    measured = [
        (one.column + end, pa.int64() if end == "_frames" else pa.float64())
        for one in quantities_of(terms)
        for end in SUMMARY_ENDS
    ]
    return pa.schema([*_HEAD, *measured, *_named(terms), *_TAIL])


def frame_schema(terms: Terms) -> pa.Schema:
    measured = [(one.column + end, pa.float64()) for one in quantities_of(terms) for end in ENDS]
    return pa.schema([*_FRAME_HEAD, *measured, *_named(terms)])


def _named(terms: Terms) -> Iterator[tuple[str, pa.DataType]]:
    """Columns of the names of values that have any."""
    return ((one.column + NAMED, pa.string()) for one in quantities_of(terms) if terms.measurement(one.name).named)


def frame_table(recording: str, series: Series, terms: Terms) -> pa.Table:
    """What `sonoedge series` writes of it, cell by cell."""
    schema, names = frame_schema(terms), columns(series)
    cells = dict(zip(names, zip(*rows(series), strict=True), strict=False))
    known = {RECORDING: [recording] * len(series.instants), **cells}
    nothing = [None] * len(series.instants)
    return pa.table({name: known.get(name, nothing) for name in schema.names}, schema=schema)


def summary_cells(summary: Summary, series: Series) -> dict[str, Any]:
    """Of a recording's row: what `sonoedge series` tells of it at its end."""
    counts = dict(summary.verdicts)
    times = [instant.seconds for instant in series.instants if instant.seconds is not None]
    cells: dict[str, Any] = {
        "outcome": outcome_of(counts),
        "frames": summary.frames,
        **{verdict.value: counts.get(verdict.value, 0) for verdict in Verdict},
        "reasons": "; ".join(f"{reason} ({frames})" for reason, frames in summary.reasons),
        "seconds": times[-1] if series.timed and times else None,
    }
    for measure in summary.measures:
        column = Quantity(measure.name.removesuffix("_px"), measure.unit).column
        cells |= dict(zip((column + end for end in SUMMARY_ENDS), _numbers(measure), strict=True))
        cells |= {column + NAMED: measure.named} if measure.named else {}
    return cells


def outcome_of(frames: Mapping[str, int]) -> str:
    """The best verdict that any frame of a recording has; `error` where there is no frame."""
    return next((verdict.value for verdict in Verdict if frames.get(verdict.value)), ERROR)


def recording_table(measured: Iterable[Measured], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(one.row) for one in measured], schema=schema)


def _numbers(measure: MeasureSummary) -> Iterator[float | int]:
    for value in (measure.median, measure.low, measure.high, measure.p5, measure.p95):
        yield round(value, DECIMALS)
    yield measure.frames
