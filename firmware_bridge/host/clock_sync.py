"""The probe's clock against the host's, out of query round trips, with an uncertainty that holds.

Somewhere between sending a query and receiving its reply the device read its counter (Cristian, 1989). So each round
trip is an upright bar that the line `host time = offset + rate * device time` must cross. Of all lines that do so
(Duda, Harrus, Haddad and Bernard, 1987; Moon, Skelly and Towsley, 1999, do it for one direction) the middle is the
estimate and the edge the uncertainty. This regression needs no law of the delays: the low-delay round trips are the
ones that bind, and a delay that is always longer one way stays inside the bars. The drift may wander: each bar is
widened by how far that can have led since, so an old one loses its say by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from firmware_bridge.errors import ClockNotReadyError

MAX_DRIFT_PPM: Final = 200.0
"""The device's clock runs at most this much faster or slower than the host's."""

MAX_WANDER_PPM_PER_S: Final = 0.1
"""The drift itself changes at most this fast: a crystal of 0.5 ppm/K that warms by 0.2 K/s."""

MAX_BARS: Final = 64
"""Round trips kept, the tightest: a minute of equally good ones."""

MIN_SAMPLES: Final = 3
"""Round trips in agreement before a time is given."""

MAX_CONTRADICTIONS: Final = 3
"""Round trips in a row that no admissible clock explains together with the earlier ones; then all is learned anew."""

_COUNTER_TICKS: Final = 1 << 32
_MAX_RATE: Final = MAX_DRIFT_PPM / (1e6 - MAX_DRIFT_PPM)
_HALF_TICK_NS: Final = 501
"""Half a microsecond of a slow device. A count stands for the middle of its tick."""

_Corner = tuple[float, float]
"""Offset (ns) and rate (host ns gained per device ns) of a line, relative to a reference."""


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One answered clock query. None whose query or reply was sent twice may be given."""

    host_sent_ns: int
    """Taken before the query was written."""
    host_received_ns: int
    """Taken after the reply was read."""
    device_us: int
    """The device's 32-bit counter when it had read the query."""
    device_turnaround_us: int = 0
    """By the same counter, from then until it sent the reply."""


@dataclass(frozen=True, slots=True)
class HostTime:
    """A moment on the host's clock; the truth lies in `host_ns` +- `uncertainty_ns`."""

    host_ns: int
    uncertainty_ns: int


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """A moment on the device's counter, extended beyond 32 bits; the truth lies in `device_us` +- `uncertainty_us`."""

    device_us: int
    uncertainty_us: int


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """How well the device's clock is known."""

    ready: bool
    drift_ppm: float
    """Device against host; positive where the device runs fast."""
    drift_uncertainty_ppm: float
    n_used: int
    n_rejected: int
    """Round trips that contradicted the earlier ones."""
    n_restarts: int
    """Times all was learned anew. An extended count from before a restart means nothing after it."""


@dataclass(frozen=True, slots=True)
class _Bar:
    """At the middle of its tick `device_us` (extended) the host's clock stood between these."""

    device_us: int
    earliest_ns: int
    latest_ns: int

    @property
    def middle_ns(self) -> int:
        return (self.earliest_ns + self.latest_ns) // 2


@dataclass(frozen=True, slots=True)
class _Fit:
    """All lines that cross all bars: the corners of a convex region, relative to the newest bar's middle."""

    bars: tuple[_Bar, ...]
    """The newest last."""
    corners: tuple[_Corner, ...]
    known_since_ns: int
    """Host time of the first bar of all; what the clock did before is unknown."""

    def extended_us(self, device_us_32: int, near_host_ns: int) -> int:
        newest = self.bars[-1]
        expected_us = newest.device_us + (near_host_ns - newest.middle_ns) // 1000
        half = _COUNTER_TICKS // 2
        return expected_us + (device_us_32 - expected_us + half) % _COUNTER_TICKS - half

    def host_span_ns(self, device_us: int) -> tuple[int, int]:
        """The first and last moment at which the counter can have shown `device_us` (extended)."""
        newest = self.bars[-1]
        since_ns = (device_us - newest.device_us) * 1000
        offsets_ns = [offset_ns + rate * since_ns for offset_ns, rate in self.corners]
        slack_ns = _wandered_ns(since_ns) + _HALF_TICK_NS
        nominal_ns = newest.middle_ns + since_ns
        return nominal_ns + floor(min(offsets_ns) - slack_ns), nominal_ns + ceil(max(offsets_ns) + slack_ns)

    def with_bar(self, bar: _Bar) -> "_Fit":
        """This and one more round trip; without corners where they contradict each other."""
        since_ns = self.known_since_ns if self.bars else bar.earliest_ns
        return _Fit((*_tightest(self.bars, bar), bar), _admissible(self.bars, bar), since_ns)


_UNKNOWN: Final = _Fit((), (), 0)


class ClockSync:
    """Learns from clock queries and translates between the device's counter and the host's monotonic clock.

    Not safe for several threads at once.
    """

    def __init__(self) -> None:
        self._fit = _UNKNOWN
        self._doubtful: tuple[_Bar, ...] = ()
        self._n_agreed = 0
        self._n_used = 0
        self._n_rejected = 0
        self._n_restarts = 0

    @property
    def ready(self) -> bool:
        """Enough round trips agree and the last one does not contradict them."""
        return self._n_agreed >= MIN_SAMPLES and not self._doubtful

    @property
    def status(self) -> ClockStatus:
        rates = [rate for _, rate in self._fit.corners] or [-_MAX_RATE, _MAX_RATE]
        fast_ppm, slow_ppm = (-rate / (1 + rate) * 1e6 for rate in (min(rates), max(rates)))
        return ClockStatus(
            ready=self.ready,
            drift_ppm=(fast_ppm + slow_ppm) / 2,
            drift_uncertainty_ppm=(fast_ppm - slow_ppm) / 2,
            n_used=self._n_used,
            n_rejected=self._n_rejected,
            n_restarts=self._n_restarts,
        )

    def reset(self) -> None:
        """Forget all: the device has another boot id, so its counter has started again."""
        self._fit, self._doubtful, self._n_agreed = _UNKNOWN, (), 0
        self._n_restarts += 1

    def add(self, sample: ClockSample) -> None:
        """Learn from one round trip. Samples come in the order in which they were sent."""
        bar = self._bar(sample)
        fit = self._fit.with_bar(bar)
        if not fit.corners:
            self._doubt(bar)
            return
        self._fit, self._doubtful = fit, ()
        self._n_agreed += 1
        self._n_used += 1

    def extended_us(self, device_us_32: int, near_host_ns: int) -> int:
        """The extended count of a 32-bit one that was taken within half an hour of `near_host_ns`.

        Raises ClockNotReadyError before the first round trip.
        """
        if not self._fit.bars:
            raise ClockNotReadyError("the probe has answered no clock query yet; wait for the first")
        return self._fit.extended_us(device_us_32, near_host_ns)

    def host_ns_from_device_us(self, device_us_32: int, near_host_ns: int) -> HostTime:
        """When the 32-bit counter showed `device_us_32`; that was within half an hour of `near_host_ns`.

        Raises ClockNotReadyError while not `ready`, and for a time before the first round trip.
        """
        self._check_ready()
        earliest_ns, latest_ns = self._fit.host_span_ns(self._fit.extended_us(device_us_32, near_host_ns))
        self._check_known(latest_ns)
        host_ns = (earliest_ns + latest_ns) // 2
        return HostTime(host_ns, latest_ns - host_ns)

    def device_us_from_host_ns(self, host_ns: int) -> DeviceTime:
        """What the extended counter showed at `host_ns`.

        Raises ClockNotReadyError while not `ready`, and for a time before the first round trip.
        """
        self._check_ready()
        self._check_known(host_ns)
        newest = self._fit.bars[-1]
        guess_us = newest.device_us + (host_ns - newest.middle_ns) // 1000
        device_us = guess_us + (host_ns - sum(self._fit.host_span_ns(guess_us)) // 2) // 1000
        earliest_ns, latest_ns = self._fit.host_span_ns(device_us)
        off_ns = max(latest_ns - host_ns, host_ns - earliest_ns)
        return DeviceTime(device_us, ceil(off_ns / 1000 * (1 + _MAX_RATE)))

    def _bar(self, sample: ClockSample) -> _Bar:
        turnaround_ns = floor(max(0, sample.device_turnaround_us - 1) * 1000 * (1 - _MAX_RATE))
        earliest_ns, latest_ns = sample.host_sent_ns, sample.host_received_ns - turnaround_ns
        device_us = sample.device_us
        if self._fit.bars:
            device_us = self._fit.extended_us(device_us, (earliest_ns + latest_ns) // 2)
        return _Bar(device_us, earliest_ns - _HALF_TICK_NS, latest_ns + _HALF_TICK_NS)

    def _doubt(self, bar: _Bar) -> None:
        self._n_rejected += 1
        self._doubtful = (*self._doubtful, bar)
        if len(self._doubtful) == MAX_CONTRADICTIONS:
            doubtful = self._doubtful
            self.reset()
            self._fit = _fit_of_the_last(doubtful)
            self._n_agreed = len(self._fit.bars)

    def _check_ready(self) -> None:
        if self._doubtful:
            raise ClockNotReadyError(
                "the probe's clock contradicts what it said before; wait for further clock queries"
            )
        if not self.ready:
            raise ClockNotReadyError(
                f"the probe has answered {self._n_agreed} of the {MIN_SAMPLES} clock queries needed; wait for them"
            )

    def _check_known(self, host_ns: int) -> None:
        if host_ns < self._fit.known_since_ns:
            early_s = (self._fit.known_since_ns - host_ns) / 1e9
            raise ClockNotReadyError(
                f"that was {early_s:.3f} s before the probe's clock was known; ask for a later time"
            )


def _wandered_ns(since_ns: int) -> float:
    """How far the clock can have left its tangent after `since_ns` of wandering drift."""
    return 0.5 * MAX_WANDER_PPM_PER_S * 1e-15 * since_ns * since_ns


def _tightest(bars: tuple[_Bar, ...], newest: _Bar) -> tuple[_Bar, ...]:
    """`bars` without the one that now says least, where there are too many."""
    if len(bars) < MAX_BARS:
        return bars

    def width_ns(bar: _Bar) -> float:
        return bar.latest_ns - bar.earliest_ns + 2 * _wandered_ns((newest.device_us - bar.device_us) * 1000)

    loosest = max(bars, key=width_ns)
    return tuple(bar for bar in bars if bar is not loosest)


def _fit_of_the_last(bars: tuple[_Bar, ...]) -> _Fit:
    """Begun anew wherever they contradict each other."""
    fit = _UNKNOWN
    for bar in bars:
        longer = fit.with_bar(bar)
        fit = longer if longer.corners else _UNKNOWN
    return fit


def _admissible(bars: tuple[_Bar, ...], newest: _Bar) -> tuple[_Corner, ...]:
    """The corners of all lines that cross `bars` and `newest`, relative to the latter's middle; none if none does."""
    low_ns, high_ns = newest.earliest_ns - newest.middle_ns, newest.latest_ns - newest.middle_ns
    if low_ns > high_ns:
        return ()
    corners: tuple[_Corner, ...] = tuple(
        (float(offset_ns), rate)
        for offset_ns, rate in ((low_ns, -_MAX_RATE), (low_ns, _MAX_RATE), (high_ns, _MAX_RATE), (high_ns, -_MAX_RATE))
    )
    for bar in reversed(bars):
        since_ns = (bar.device_us - newest.device_us) * 1000
        nominal_ns, slack_ns = newest.middle_ns + since_ns, _wandered_ns(since_ns)
        corners = _below(corners, since_ns, bar.latest_ns - nominal_ns + slack_ns, 1)
        corners = _below(corners, since_ns, bar.earliest_ns - nominal_ns - slack_ns, -1)
    return corners


def _below(corners: tuple[_Corner, ...], since_ns: int, limit_ns: float, sign: int) -> tuple[_Corner, ...]:
    """The part of a convex region where `sign * (offset + rate * since)` is at most `sign * limit`."""
    excess = [sign * (offset_ns + rate * since_ns - limit_ns) for offset_ns, rate in corners]
    if max(excess, default=0.0) <= 0:
        return corners
    return tuple(_kept(corners, excess))


def _kept(corners: tuple[_Corner, ...], excess: list[float]) -> Iterator[_Corner]:
    for k, (offset_ns, rate) in enumerate(corners):
        (last_offset_ns, last_rate), last_excess = corners[k - 1], excess[k - 1]
        if last_excess * excess[k] < 0:
            share = last_excess / (last_excess - excess[k])
            yield last_offset_ns + share * (offset_ns - last_offset_ns), last_rate + share * (rate - last_rate)
        if excess[k] <= 0:
            yield offset_ns, rate
