"""A run's measurements against time, or against frames where there is none: a row per frame, as CSV and JSON Lines."""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from edge.finding import Measurement
from edge.sink.schema import MeasurementRecord, Record

DECIMALS: Final = 4
HEAD: Final = ("sequence", "seconds", "verdict", "reasons", "tracking")
ENDS: Final = ("", "_low", "_high", "_single")
NAMED: Final = "_named"
"""Ends the column with the names of values that have any."""


class Tracking(StrEnum):
    """What a row's values rest on besides the frame itself."""

    TRACKED = "tracked"
    """The frame's own measurement and the frames before."""
    PREDICTED = "predicted"
    """The frames before and the picture's movement: the frame was not measured."""
    NONE = "none"
    """Nothing: the frame's own measurement stands alone, or there is none."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured thing, by its name without `_px`."""

    name: str
    unit: str

    @property
    def column(self) -> str:
        """`fascicle_angle_deg`."""
        return f"{self.name}_{_UNIT_WORDS.get(self.unit, self.unit)}"


_UNIT_WORDS: Final = {"1/m": "per_m", "%": "percent", "grey level": "grey"}


@dataclass(frozen=True, slots=True)
class Instant:
    """One frame."""

    sequence: int
    seconds: float | None
    """Since the first frame. None: its source tells no times."""
    verdict: str
    reasons: tuple[str, ...]
    """Why it is not `measured`."""
    tracking: Tracking
    values: tuple[Measurement | None, ...]
    """By the series' quantities. None: not known."""
    predicted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A run's course, oldest first."""

    task: str
    quantities: tuple[Quantity, ...]
    """In the order in which they first came up."""
    instants: tuple[Instant, ...]
    first_ns: int = 0
    """Exposure of the first frame."""

    @property
    def timed(self) -> bool:
        """Whether there is a time axis; else there are numbers of frames only."""
        return all(instant.seconds is not None for instant in self.instants)

    def named(self, index: int) -> dict[float, str]:
        """Name by value, of the quantity at `index`; empty: its values are numbers."""
        found = (instant.values[index] for instant in self.instants)
        return {one.value: one.named for one in found if one is not None and one.named}

    def position(self, name: str) -> int | None:
        """Of the quantity with this name that most frames have."""
        counts = {
            index: sum(instant.values[index] is not None for instant in self.instants)
            for index, quantity in enumerate(self.quantities)
            if quantity.name == name
        }
        return max(counts, key=lambda index: counts[index]) if counts else None


def series_of(records: Iterable[Record]) -> Series:
    """The course of all that was measured or predicted."""
    task, kept, quantities = "", [], dict[Quantity, None]()
    for record in records:
        # Without the lines, which take a hundred times as much memory.
        kept.append(msgspec.structs.replace(record, lines=(), calipers=(), masks=()))
        quantities.update(dict.fromkeys(map(_quantity, _known(record))))
        task = record.task
    first_ns = kept[0].exposed_ns if kept else 0
    instants = tuple(_instant(record, tuple(quantities), first_ns) for record in kept)
    return Series(task, tuple(quantities), instants, first_ns)


def csv_of(series: Series) -> str:
    """CSV (RFC 4180, decimal point, empty where nothing is known) with a head of names and units."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns(series))
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows(series))
    return text.getvalue()


def json_lines_of(series: Series) -> str:
    """One JSON object per frame with the CSV's columns; `null` where nothing is known."""
    names = columns(series)
    encode = msgspec.json.Encoder().encode
    return "".join(encode(dict(zip(names, row, strict=True))).decode() + "\n" for row in rows(series))


def columns(series: Series) -> tuple[str, ...]:
    ends = _ends(series)
    return (*HEAD, *(one.column + end for one, own in zip(series.quantities, ends, strict=True) for end in own))


def rows(series: Series) -> Iterator[tuple[str | int | float | None, ...]]:
    """Cells by `columns`."""
    ends = _ends(series)
    for instant in series.instants:
        cells = (cell for one, own in zip(instant.values, ends, strict=True) for cell in _cells(one)[: len(own)])
        seconds = None if instant.seconds is None else round(instant.seconds, 6)
        yield instant.sequence, seconds, instant.verdict, "; ".join(instant.reasons), instant.tracking.value, *cells


def _ends(series: Series) -> tuple[tuple[str, ...], ...]:
    """Of each quantity's columns: one more where its values have names."""
    return tuple((*ENDS, NAMED) if series.named(index) else ENDS for index in range(len(series.quantities)))


def _cells(one: Measurement | None) -> tuple[str | float | None, ...]:
    """By `ENDS` and `NAMED`."""
    if one is None:
        return (None,) * (len(ENDS) + 1)
    return *map(_rounded, (one.value, one.low, one.high, one.single)), one.named or None


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, DECIMALS)


def _known(record: Record) -> tuple[MeasurementRecord, ...]:
    return tuple(one for one in (*record.measurements, *record.predicted) if one.value is not None)


def _quantity(one: MeasurementRecord) -> Quantity:
    return Quantity(one.name.removesuffix("_px"), one.unit)


def _instant(record: Record, quantities: tuple[Quantity, ...], first_ns: int) -> Instant:
    measured = {_quantity(one): one for one in record.measurements if one.value is not None}
    predicted = {_quantity(one): one for one in record.predicted if one.value is not None}
    found = [measured.get(quantity) or predicted.get(quantity) for quantity in quantities]
    followed = any(one.single is not None for one in measured.values())
    return Instant(
        record.sequence,
        (record.exposed_ns - first_ns) / 1e9 if record.timed else None,
        record.verdict,
        tuple(record.reasons),
        Tracking.TRACKED if followed else Tracking.PREDICTED if predicted else Tracking.NONE,
        tuple(None if one is None else _measurement(one) for one in found),
        tuple(quantity in predicted and quantity not in measured for quantity in quantities),
    )


def _measurement(one: MeasurementRecord) -> Measurement:
    value, low, high = (math.nan if number is None else number for number in (one.value, one.low, one.high))
    return Measurement(one.name, value, one.unit, low, high, one.single, one.named)
