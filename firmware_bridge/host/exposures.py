"""What the probe was set to when it exposed a frame, out of exposure reports of which some get lost.

Each report names an epoch of the parameters, which counts up with every change. The moment of an exposure is known
only to an interval. It has an answer where nothing that can have been exposed in the interval differs, be it reported
or lost between two reports.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from statistics import median_low
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_EXPOSURES: Final = 512
"""Exposures kept: 8 s at 60 Hz."""

MAX_EPOCHS: Final = 64
"""Epochs whose parameters are kept."""

PAUSE_PERIODS: Final = 2
"""Frame periods without an exposure after which the probe counts as paused."""

_COUNTS: Final = 1 << 32
"""Frame numbers and epochs wrap here."""

_PERIOD_EXPOSURES: Final = 9
"""Newest exposures that the frame period is the median of."""


@dataclass(frozen=True, slots=True)
class ReportedExposure:
    """One report of the probe."""

    frame_number: int
    """32 bits. Counts every exposure, so a gap is lost reports."""
    device_us: int
    """Device time, extended beyond 32 bits."""
    epoch: int
    """32 bits. Which parameters were in force."""
    transmitting: bool
    frozen: bool


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """The parameters in force, and the nearest report that says so."""

    values: T
    exposure: ReportedExposure


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why the parameters in force cannot be told."""

    reason: str
    """Fit to be shown to the user."""
    later: bool
    """A report that is still to come may bring the answer."""


class ExposureHistory(Generic[T]):
    """The newest exposures, and the parameters of the newest epochs. Not safe for several threads at once.

    Every `device_us` given here is extended beyond 32 bits by the caller (`ClockSync.extended_us`). `T` is any
    immutable record that compares by value; `describe` words the change from one to another.
    """

    def __init__(self, describe: Callable[[T, T], str] = lambda before, after: "the settings were changed") -> None:
        self._describe = describe
        self._exposures: deque[ReportedExposure] = deque(maxlen=MAX_EXPOSURES)
        self._values: dict[int, T] = {}

    def forget(self) -> None:
        """The probe has started again, and its clock, frame numbers and epochs with it."""
        self._exposures.clear()
        self._values.clear()

    def add_exposure(self, frame_number: int, device_us: int, epoch: int, transmitting: bool, frozen: bool) -> None:
        """A report, in order of arrival. One that goes back in time or in number replaces all before it."""
        exposure = ReportedExposure(frame_number, device_us, epoch, transmitting, frozen)
        if self._exposures and exposure == self._exposures[-1]:
            return
        if self._exposures and not _follows(self._exposures[-1], exposure):
            self._exposures.clear()
        self._exposures.append(exposure)

    def add_parameters(self, epoch: int, values: T) -> None:
        """The parameters in force during `epoch`, in order of the epochs."""
        self._values[epoch] = values
        if len(self._values) > MAX_EPOCHS:
            del self._values[next(iter(self._values))]

    def lookup(self, earliest_us: int, latest_us: int) -> Known[T] | Unknown:
        """The parameters in force at the exposure made between these two (extended device time, both included).

        What was changed and changed back between two reports is noticed in the parameters, not in the two flags.
        Raises ValueError where the two times are the wrong way round.
        """
        if earliest_us > latest_us:
            raise ValueError(f"earliest_us {earliest_us} lies after latest_us {latest_us}; swap them")
        start = bisect_right(self._exposures, earliest_us, key=_time_us) - 1
        end = bisect_left(self._exposures, latest_us, key=_time_us)
        if end == len(self._exposures):
            return self._not_reported_yet(latest_us)
        if start < 0:
            return Unknown("the frame is older than every exposure still kept", later=False)
        around = list(islice(self._exposures, start, end + 1))
        inside = [exposure for exposure in around if earliest_us <= exposure.device_us <= latest_us]
        if not inside and _spacing_us(around[0], around[1]) > PAUSE_PERIODS * self._period_us():
            pause_us = around[1].device_us - around[0].device_us
            return Unknown(f"the probe paused: {_span(pause_us)} from one exposure to the next", later=False)
        hiding = [(before, after) for before, after in pairwise(around) if _n_lost(before, after)]
        witnesses = [*inside, *chain.from_iterable(hiding)] or around
        epochs = _epochs(witnesses, hiding)
        change = self._change(witnesses, epochs)
        if change:
            known_to = f"known to ±{_span((latest_us - earliest_us) / 2)}"
            return Unknown(f"{change} about the time of the exposure ({known_to}{_losses(hiding)})", later=False)
        missing = [epoch for epoch in epochs if epoch not in self._values]
        if missing:
            return self._unreported(missing)
        nearest = min(around, key=lambda exposure: abs(2 * exposure.device_us - earliest_us - latest_us))
        return Known(self._values[nearest.epoch], nearest)

    def _not_reported_yet(self, latest_us: int) -> Unknown:
        if not self._exposures:
            return Unknown("the probe has reported no exposure yet", later=True)
        behind_us = latest_us - self._exposures[-1].device_us
        if behind_us > PAUSE_PERIODS * self._period_us():
            return Unknown(f"the last exposure reported is {_span(behind_us)} older than the frame", later=True)
        return Unknown("the exposure has not been reported yet", later=True)

    def _period_us(self) -> float:
        newest = list(self._exposures)[-_PERIOD_EXPOSURES:]
        return median_low([_spacing_us(before, after) for before, after in pairwise(newest)] or [0])

    def _change(self, witnesses: list[ReportedExposure], epochs: list[int]) -> str:
        """What differs, in words; empty where nothing does as far as is known."""
        values = [self._values[epoch] for epoch in epochs if epoch in self._values]
        for before, after in pairwise(values):
            if before != after:
                return self._describe(before, after)
        if len({exposure.frozen for exposure in witnesses}) > 1:
            return "freeze was switched"
        if len({exposure.transmitting for exposure in witnesses}) > 1:
            return "transmit was switched"
        return ""

    def _unreported(self, missing: list[int]) -> Unknown:
        newest = next(reversed(self._values), None)
        if newest is None or all(_ahead(epoch, newest) for epoch in missing):
            return Unknown("the settings of that exposure have not been reported yet", later=True)
        return Unknown("the settings of that exposure are not kept, or were never reported", later=False)


def _epochs(witnesses: list[ReportedExposure], hiding: list[tuple[ReportedExposure, ReportedExposure]]) -> list[int]:
    """The epochs that may have been in force, in order: of the witnesses, and all that lost reports can have named."""
    first = witnesses[0].epoch
    steps = {(exposure.epoch - first) % _COUNTS for exposure in witnesses}
    for before, after in hiding:
        start, n = (before.epoch - first) % _COUNTS, (after.epoch - before.epoch) % _COUNTS
        steps.update(range(start, start + min(n, MAX_EPOCHS)))  # more than are kept: one is missing for certain
    return [(first + step) % _COUNTS for step in sorted(steps)]


def _time_us(exposure: ReportedExposure) -> int:
    return exposure.device_us


def _ahead(number: int, of: int) -> bool:
    """Whether a counter that wraps has gone on from `of` to `number`."""
    return 0 < (number - of) % _COUNTS < _COUNTS // 2


def _follows(before: ReportedExposure, after: ReportedExposure) -> bool:
    return after.device_us > before.device_us and _ahead(after.frame_number, before.frame_number)


def _n_lost(before: ReportedExposure, after: ReportedExposure) -> int:
    return (after.frame_number - before.frame_number) % _COUNTS - 1


def _spacing_us(before: ReportedExposure, after: ReportedExposure) -> float:
    return (after.device_us - before.device_us) / (_n_lost(before, after) + 1)


def _losses(hiding: list[tuple[ReportedExposure, ReportedExposure]]) -> str:
    n = sum(_n_lost(before, after) for before, after in hiding)
    return f"; {n} exposure report{'s' if n > 1 else ''} lost" if n else ""


def _span(us: float) -> str:
    return f"{us / 1e6:.1f} s" if us >= 1e6 else f"{us / 1000:.1f}".removesuffix(".0") + " ms"
