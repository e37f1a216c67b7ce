"""One visit: several recordings, one of each place, and what is added up over them; the change since an earlier visit.

What is added up is what a task's terms call `summed`, such as a grade of each joint to a score. Of a recording with
many frames the upper median of those that have it counts, so that a grade stays a grade.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_high

from edge.finding import Verdict
from edge.sink.schema import MeasurementRecord, Record


@dataclass(frozen=True, slots=True)
class Rated:
    """A value with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Place:
    """One recording of a visit."""

    name: str
    frames: int
    measured: int
    """Frames that were not refused."""
    rated: Mapping[str, Rated]
    """By measurement; what no frame has is not in it."""
    reasons: tuple[str, ...]
    """Of the last frame that is not `measured`."""


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over places. Its interval is the sum of theirs, and so holds more than they do."""

    measurement: str
    sum: Rated
    places: tuple[str, ...]
    """That are in it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Of a sum, over the places that both visits measured."""

    measurement: str
    change: Rated
    places: tuple[str, ...]
    only_now: tuple[str, ...]
    only_before: tuple[str, ...]


def place_of(name: str, records: Iterable[Record], summed: Sequence[str]) -> Place:
    """summed: names of the measurements."""
    frames = measured = 0
    kept: dict[str, list[MeasurementRecord]] = {one: [] for one in summed}
    reasons: tuple[str, ...] = ()
    for record in records:
        frames += 1
        measured += record.verdict is not Verdict.REFUSED
        if record.verdict is not Verdict.MEASURED:
            reasons = record.reasons
        for one in record.measurements:
            if one.name in kept and one.value is not None:
                kept[one.name].append(one)
    rated = {
        one: Rated(*(median_high(_number(getattr(each, end), each) for each in values) for end in _ENDS))
        for one, values in kept.items()
        if values
    }
    return Place(name, frames, measured, rated, reasons)


_ENDS = ("value", "low", "high")


def _number(value: float | None, of: MeasurementRecord) -> float:
    """An end that is not known is the value itself."""
    return float(value if value is not None else of.value or 0.0)


def total_of(places: Sequence[Place], measurement: str) -> Total | None:
    """None: no place has it."""
    having = [place for place in places if measurement in place.rated]
    if not having:
        return None
    rated = [place.rated[measurement] for place in having]
    ends = (sum(getattr(one, end) for one in rated) for end in _ENDS)
    return Total(measurement, Rated(*ends), tuple(place.name for place in having))


def change_of(now: Sequence[Place], before: Sequence[Place], measurement: str) -> Change | None:
    """None: no place was measured both times."""
    new = {place.name: place.rated[measurement] for place in now if measurement in place.rated}
    old = {place.name: place.rated[measurement] for place in before if measurement in place.rated}
    both = [name for name in new if name in old]
    if not both:
        return None
    value = sum(new[name].value - old[name].value for name in both)
    low = sum(new[name].low - old[name].high for name in both)
    high = sum(new[name].high - old[name].low for name in both)
    only_now, only_before = ([name for name in one if name not in other] for one, other in ((new, old), (old, new)))
    return Change(measurement, Rated(value, low, high), tuple(both), tuple(only_now), tuple(only_before))
