"""What a run did: frames grabbed, worked on and lost (and where), how old the shown picture was, how long each stage
took."""

from collections import Counter, deque
from dataclasses import dataclass, fields

import numpy as np

from edge.finding import Timings
from edge.loop.step import Result

RECENT_SAMPLES = 4096
"""Medians are over this many last frames, so that a run of days stays small."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one duration was distributed."""

    name: str
    median_ms: float
    p95_ms: float
    samples: int


@dataclass(frozen=True, slots=True)
class Drops:
    """Frames that one place lost."""

    place: str
    """`source` (never read from it), `mailbox` (a newer one came while the loop was busy), `budget` (left out to
    keep to it), or the sink's name."""
    frames: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counters of a run at one moment."""

    grabbed: int
    processed: int
    dropped: tuple[Drops, ...]
    frames_per_s: float
    """Over the whole run; 0 before the second frame."""
    age_at_display: Spread | None
    """From exposure (live) or arrival (recorded) to the finished picture. None: no frame yet."""
    stages: tuple[Spread, ...]
    verdicts: tuple[tuple[str, int], ...]
    """Verdict and how many frames had it, the most frequent first."""

    @property
    def lost(self) -> int:
        """Frames lost before the loop; what single sinks left out is not counted."""
        return sum(drop.frames for drop in self.dropped if drop.place in ("source", "mailbox"))


class Tally:
    """Counts results as they come."""

    def __init__(self) -> None:
        self._ages_ms: deque[float] = deque(maxlen=RECENT_SAMPLES)
        self._timings: deque[Timings] = deque(maxlen=RECENT_SAMPLES)
        self._verdicts: Counter[str] = Counter()
        self._first_ns = self._last_ns = 0
        self.processed = 0

    def add(self, result: Result, now_ns: int) -> None:
        self._ages_ms.append(result.age_ms)
        self._timings.append(result.finding.timings)
        self._verdicts[result.finding.verdict.value] += 1
        self._first_ns = self._first_ns if self.processed else now_ns
        self._last_ns = now_ns
        self.processed += 1

    def statistics(self, grabbed: int, dropped: tuple[Drops, ...]) -> Statistics:
        elapsed_s = (self._last_ns - self._first_ns) / 1e9
        return Statistics(
            grabbed=grabbed,
            processed=self.processed,
            dropped=dropped,
            frames_per_s=(self.processed - 1) / elapsed_s if elapsed_s > 0 else 0.0,
            age_at_display=spread("age", list(self._ages_ms)),
            stages=stage_spreads(list(self._timings)),
            verdicts=tuple(self._verdicts.most_common()),
        )


def spread(name: str, samples_ms: list[float]) -> Spread | None:
    """Median and 95th percentile; None of nothing."""
    if not samples_ms:
        return None
    median_ms, p95_ms = np.percentile(samples_ms, (50, 95))
    return Spread(name, float(median_ms), float(p95_ms), len(samples_ms))


def stage_spreads(timings: list[Timings]) -> tuple[Spread, ...]:
    """One Spread a stage that was measured, in the order of the chain; named `grab`, `prepare`, ..."""
    found = []
    for field in fields(Timings):
        samples_ms = [value for timing in timings if (value := getattr(timing, field.name)) is not None]
        if (one := spread(field.name.removesuffix("_ms"), samples_ms)) is not None:
            found.append(one)
    return tuple(found)
