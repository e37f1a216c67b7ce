"""Two batches of one archive held against each other: each recording with itself, measured by A and by B.

The agreement is that of Bland and Altman (Lancet 1986; 327: 307): of the differences B - A their mean, the shift, and
the limits between which 95 % of them lie, with confidence intervals (Stat Methods Med Res 1999; 8: 135). A recording
counts by the median over its frames.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import isfinite, nan, sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge.batch.results import differences, read_about, read_recordings
from edge.batch.tables import ERROR, RECORDING, quantities_of
from edge.errors import SettingError, SourceFormatError
from edge.exam.series import NAMED, Quantity
from edge.terms import Terms

LIMIT_SDS: Final = 1.96
ALL: Final = "all"
"""In the place of a device's name."""
NO_DEVICE: Final = "not known"
LEAST: Final = 3
"""Recordings of which limits can be told."""
ABSENT: Final = "not there"
"""The outcome of a recording that one of both lacks."""
OTHER_CONTENT: Final = "other content"
"""Of one whose file was changed between both."""


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """One measurement in all recordings in which both have it."""

    quantity: Quantity
    recordings: tuple[str, ...]
    devices: tuple[str, ...]
    a: NDArray[np.float64]
    """(n,) medians over each recording's frames."""
    b: NDArray[np.float64]
    alike: int | None = None
    """Recordings with the same name in both. None: the values are numbers, and have none."""

    @property
    def differences(self) -> NDArray[np.float64]:
        """(n,) B - A."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Shift:
    """How far B lies from A, of one measurement, in all recordings or in one device's. NaN: too few to tell."""

    measurement: str
    """The column's name, such as `area_mm2`."""
    unit: str
    device: str
    recordings: int
    mean_a: float
    mean_b: float
    shift: float
    """Mean of B - A."""
    shift_low: float
    """95 % confidence interval of the shift."""
    shift_high: float
    median_shift: float
    sd: float
    """Of the differences."""
    limit_low: float
    """Limits of agreement."""
    limit_high: float
    limit_half: float
    """Half the 95 % confidence interval of either limit."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A and B."""

    task: str
    differing: str
    """In what they were measured otherwise; empty: in nothing."""
    paired: tuple[Paired, ...]
    outcomes: tuple[tuple[str, str, str, int], ...]
    """(device, outcome in A, outcome in B, recordings)."""


def compare(a: Path, b: Path, terms_of: Any) -> Comparison:
    """Two batches' folders. terms_of: from a task's name to its Terms.

    Raises SourceNotFoundError, SourceFormatError, and SettingError where they are of two tasks.
    """
    told_a, told_b = read_about(a), read_about(b)
    tasks = tuple(str(told.get("settings", {}).get("task")) for told in (told_a, told_b))
    if tasks[0] != tasks[1]:
        raise SettingError(f"{a} is of the task {tasks[0]} and {b} of {tasks[1]}; name two batches of one task")
    rows_a, rows_b = (_by_name(read_recordings(path)) for path in (a, b))
    alike = [name for name in rows_a if name in rows_b and _is_same(rows_a[name], rows_b[name])]
    if not alike:
        raise SourceFormatError(f"{a} and {b} have no recording of the same content; name two batches of one archive")
    terms: Terms = terms_of(tasks[0])
    paired = (
        _paired(one, alike, rows_a, rows_b, named=terms.measurement(one.name).named) for one in quantities_of(terms)
    )
    return Comparison(
        tasks[0],
        differences(told_a, told_b, ("in A", "in B")),
        tuple(one for one in paired if one.recordings),
        tuple(_outcomes(rows_a, rows_b)),
    )


def shifts_of(paired: Paired) -> Iterator[Shift]:
    """Of all recordings together, then of each device, by name."""
    yield _shift(paired, ALL, np.ones(len(paired.a), bool))
    devices = np.array(paired.devices)
    for device in sorted(set(paired.devices)):
        yield _shift(paired, device, devices == device)


def shift_table(shifts: Sequence[Shift]) -> pa.Table:
    """One row each; not known is null."""
    cells = {field.name: [getattr(one, field.name) for one in shifts] for field in fields(Shift)}
    return pa.table({name: [_known(value) for value in column] for name, column in cells.items()})


def difference_table(paired: Sequence[Paired]) -> pa.Table:
    """One row per recording and measurement, so that what shifted most can be looked up."""
    names = ("recording", "device", "measurement", "unit", "a", "b", "difference")
    rows = [
        (recording, device, one.quantity.column, one.quantity.unit, *values)
        for one in paired
        for recording, device, *values in zip(
            one.recordings, one.devices, one.a.tolist(), one.b.tolist(), one.differences.tolist(), strict=True
        )
    ]
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {})


def student_95(freedom: int) -> float:
    """Student's t that 2.5 % exceed, by Fisher and Cornish's expansion: within 0.3 % from 4 degrees of freedom on."""
    z = 1.959964
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return {1: 12.706, 2: 4.303, 3: 3.182}.get(freedom) or z + sum(
        term / freedom**power for power, term in enumerate(terms, start=1)
    )


def _shift(paired: Paired, device: str, chosen: NDArray[np.bool_]) -> Shift:
    a, b = paired.a[chosen], paired.b[chosen]
    off = b - a
    number, shift = len(off), float(off.mean())
    sd = float(off.std(ddof=1)) if number >= LEAST else nan
    half = student_95(number - 1) * sd / sqrt(number) if number >= LEAST else nan
    return Shift(
        measurement=paired.quantity.column,
        unit=paired.quantity.unit,
        device=device,
        recordings=number,
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        shift=shift,
        shift_low=shift - half,
        shift_high=shift + half,
        median_shift=float(np.median(off)),
        sd=sd,
        limit_low=shift - LIMIT_SDS * sd,
        limit_high=shift + LIMIT_SDS * sd,
        limit_half=half * sqrt(1 + LIMIT_SDS**2 / 2 * number / (number - 1)) if number >= LEAST else nan,
    )


def _by_name(table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row[RECORDING]: row for row in table.to_pylist()}


def _is_same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return bool(a["sha256"]) and a["sha256"] == b["sha256"]


def _paired(
    quantity: Quantity,
    alike: Sequence[str],
    rows_a: dict[str, dict[str, Any]],
    rows_b: dict[str, dict[str, Any]],
    *,
    named: bool,
) -> Paired:
    column = quantity.column
    found = [
        (name, rows_a[name]["device"] or NO_DEVICE, rows_a[name][column], rows_b[name][column])
        for name in alike
        if rows_a[name].get(column) is not None and rows_b[name].get(column) is not None
    ]
    names, devices, a, b = zip(*found, strict=True) if found else ((), (), (), ())
    same = sum(rows_a[name].get(column + NAMED) == rows_b[name].get(column + NAMED) for name in names)
    return Paired(quantity, names, devices, np.array(a, float), np.array(b, float), same if named else None)


def _outcomes(
    rows_a: dict[str, dict[str, Any]], rows_b: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, str, str, int]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for name in {**rows_a, **rows_b}:
        a, b = rows_a.get(name), rows_b.get(name)
        device = (a or b or {})["device"] or NO_DEVICE
        if a and b and not _is_same(a, b) and ERROR not in (a["outcome"], b["outcome"]):
            counts[device, a["outcome"], OTHER_CONTENT] += 1
        else:
            counts[device, a["outcome"] if a else ABSENT, b["outcome"] if b else ABSENT] += 1
    return ((*key, number) for key, number in sorted(counts.items()))


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
