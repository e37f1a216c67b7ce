"""Many findings in few numbers: how often each verdict came, and each measure's middle value."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from edge.exam.even_sample import EvenSample
from edge.finding import Finding, Measurement

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
MOST_VALUES = 4096
"""Of each measure, evenly spread over the run: all of them in the first minutes, and never more memory than that."""
Row = tuple[float, float, float]
"""Value, and the ends of its interval."""


@dataclass(frozen=True, slots=True)
class MeasureSummary:
    """One measure over the frames that have it."""

    name: str
    unit: str
    median: float
    low: float
    """Median of the intervals' lower ends."""
    high: float
    p5: float
    """5th percentile of the values, not an interval of any one of them."""
    p95: float
    frames: int
    named: str = ""
    """The most frequent name, where the values have names."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run's findings say together."""

    verdicts: tuple[tuple[str, int], ...]
    """Verdict and frames, the most frequent first."""
    measures: tuple[MeasureSummary, ...]
    """In the order in which they first came up."""
    reasons: tuple[tuple[str, int], ...]
    """Reason and frames, the most frequent first. Those that differ by their numbers only are one, with the range."""
    unscaled: int = 0
    """Frames whose lengths in pixels are not among the measures, since other frames have millimetres."""

    @property
    def frames(self) -> int:
        return sum(count for _, count in self.verdicts)


class FindingTally:
    """Counts findings as they come; `summary` may be asked for at any time."""

    def __init__(self) -> None:
        self._verdicts: Counter[str] = Counter()
        self._unscaled = 0
        self._reasons = ReasonTally()
        self._values: dict[tuple[str, str], EvenSample[Row]] = {}
        self._names: dict[tuple[str, str], Counter[str]] = {}

    def add(self, finding: Finding) -> None:
        self._verdicts[finding.verdict.value] += 1
        self._unscaled += any(one.name.endswith("_px") for one in finding.measurements)
        self._reasons.add(finding.reasons)
        for measurement in finding.measurements:
            if math.isfinite(measurement.value):
                self._values_of(measurement).add(partial(_row, measurement))
            if measurement.named:
                self._names.setdefault((measurement.name, measurement.unit), Counter())[measurement.named] += 1

    def summary(self) -> Summary:
        scaled = any(unit in ("mm", "mm2") for _, unit in self._values)
        kept = {key: values for key, values in self._values.items() if not (scaled and key[0].endswith("_px"))}
        measures = tuple(_measure(*key, values, self._names.get(key)) for key, values in kept.items())
        return Summary(
            tuple(self._verdicts.most_common()),
            measures,
            self._reasons.counted(),
            self._unscaled if scaled else 0,
        )

    def _values_of(self, measurement: Measurement) -> EvenSample[Row]:
        return self._values.setdefault((measurement.name, measurement.unit), EvenSample(MOST_VALUES))


class ReasonTally:
    """Reasons of many frames; those that differ by their numbers alone are one."""

    def __init__(self) -> None:
        self._reasons: dict[str, _Reason] = {}

    def add(self, reasons: Iterable[str]) -> None:
        """Of one frame."""
        for reason in reasons:
            self._reasons.setdefault(_NUMBER.sub("#", reason), _Reason(reason)).add(reason)

    def counted(self) -> tuple[tuple[str, int], ...]:
        """Each with its number of frames, the most frequent first."""
        return tuple((str(one), one.frames) for one in sorted(self._reasons.values(), key=lambda one: -one.frames))


class _Reason:
    """One sentence with other numbers in it each time."""

    def __init__(self, first: str) -> None:
        self.frames = 0
        self._words = _NUMBER.split(first)
        self._ends = [(number, number) for number in _NUMBER.findall(first)]

    def add(self, reason: str) -> None:
        self.frames += 1
        numbers = _NUMBER.findall(reason)
        self._ends = [
            (min(low, number, key=float), max(high, number, key=float))
            for (low, high), number in zip(self._ends, numbers, strict=True)
        ]

    def __str__(self) -> str:
        spans = [low if float(low) == float(high) else f"{low} to {high}" for low, high in self._ends]
        return "".join(f"{words}{span}" for words, span in zip(self._words, [*spans, ""], strict=True))


def summarise(findings: Iterable[Finding]) -> Summary:
    """The summary of findings that are all there already."""
    tally = FindingTally()
    for finding in findings:
        tally.add(finding)
    return tally.summary()


def _row(measurement: Measurement) -> Row:
    return measurement.value, measurement.low, measurement.high


def _measure(name: str, unit: str, values: EvenSample[Row], names: Counter[str] | None) -> MeasureSummary:
    rows = np.array(values.kept)
    median, low, high = (float(each) for each in np.median(rows, axis=0))
    p5, p95 = (float(each) for each in np.percentile(rows[:, 0], (5, 95)))
    named = names.most_common(1)[0][0] if names else ""
    return MeasureSummary(name, unit, median, low, high, p5, p95, values.seen, named)
