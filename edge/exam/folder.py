"""A run's folder, read back: its findings as they were, in order."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.errors import SourceNotFoundError
from edge.finding import CaliperMark, Finding, LineMark, Measurement, Timings
from edge.frame import PixelSpacing
from edge.sink.records import FILE_NAME, RecordReader, read_records
from edge.sink.schema import MeasurementRecord, Record


class RunFolder:
    """What `sonoedge run --out FOLDER` left. Raises SourceNotFoundError where the folder holds no run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / FILE_NAME).is_file():
            raise SourceNotFoundError(
                f"{path} holds no {FILE_NAME}, so it is no folder of a run; name the one given to --out"
            )

    def findings(self) -> Iterator[Finding]:
        """The findings, oldest first; those of damaged lines are left out."""
        return (finding_of(record) for record in self.records())

    def records(self) -> RecordReader:
        return read_records(self.path / FILE_NAME)

    def files(self) -> tuple[Path, ...]:
        """What there is besides the records: videos, stills, masks; the files only, sorted."""
        return tuple(sorted(path for path in self.path.rglob("*") if path.is_file() and path.name != FILE_NAME))


def finding_of(record: Record) -> Finding:
    """The finding that a record was made from; masks are not in it (`--masks` keeps them as pictures)."""
    lines = tuple(LineMark(line.name, np.array(line.points, np.float32).reshape(-1, 2)) for line in record.lines)
    calipers = tuple(CaliperMark(mark.name, mark.start, mark.end, mark.text) for mark in record.calipers)
    return Finding(
        task=record.task,
        sequence=record.sequence,
        exposed_ns=record.exposed_ns,
        verdict=record.verdict,
        reasons=record.reasons,
        measurements=tuple(_measurement(each) for each in record.measurements),
        marks=lines + calipers,
        spacing=_spacing(record),
        notes=record.notes,
        model_digest=record.model_digest,
        runtime=record.runtime,
        timings=Timings(**{name: getattr(record.timings, name) for name in record.timings.__struct_fields__}),
    )


def _measurement(record: MeasurementRecord) -> Measurement:
    low, high = _number(record.low), _number(record.high)
    return Measurement(record.name, _number(record.value), record.unit, low, high, record.single, record.named)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _spacing(record: Record) -> PixelSpacing | None:
    kept = record.spacing
    if kept is None:
        return None
    return PixelSpacing(kept.x_mm_per_px, kept.y_mm_per_px, kept.origin, kept.relative_uncertainty)
