"""Faults on purpose: a seeded model of a bad line, and a transport that has one in each direction.

Address: `faulty:damage=0.001,drop=0,double=0,delay=0..60,seed=1,via=ADDRESS`, the same faults both ways.
"""

import math
import time
from collections import deque
from dataclasses import dataclass
from random import Random
from threading import TIMEOUT_MAX, Condition, Event, Thread
from typing import Final

from firmware_bridge.errors import LinkClosedError, LinkLostError, PortUnsuitableError, TransportError
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.table import open_transport

NEVER_US: Final = 1 << 62
"""Later than any due time."""

IN_FLIGHT_BYTES: Final = 16384
"""Bytes that may be under way on a faulty transport before its writer has to wait."""


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """What a line did so far, in bytes."""

    n_fed: int
    n_damaged: int
    n_dropped: int
    n_doubled: int
    n_cut: int
    """Lost because the line was cut, those under way at that moment included."""


class FaultyLine:
    """One direction of a line that damages, drops, doubles and delays bytes, yet never reorders them.

    Which bytes are hit depends on the seed and on their place in the stream alone, not on how the stream is cut into
    chunks. The clock is the caller's: microseconds that never go back and do not wrap. No threads, no locks.
    """

    def __init__(
        self,
        seed: int,
        *,
        damage: float = 0.0,
        drop: float = 0.0,
        double: float = 0.0,
        delay_ms: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Probabilities are a byte's; a damaged byte has one bit flipped or is another byte, half the time each.

        A chunk's delay is drawn evenly from `delay_ms`, and grows where an earlier chunk is still under way.
        Raises PortUnsuitableError for probabilities or delays that cannot be.
        """
        self._any = damage + drop + double
        if not (min(damage, drop, double) >= 0 and self._any <= 1):
            raise PortUnsuitableError(
                f"damage {damage:g}, drop {drop:g} and double {double:g} cannot be a byte's probabilities; "
                "expected none below 0 and a sum of at most 1, such as damage=0.001"
            )
        if not 0 <= delay_ms[0] <= delay_ms[1] < math.inf:
            raise PortUnsuitableError(f"a delay of {delay_ms} ms cannot be; expected 0 <= low <= high, such as 0..60")
        self._damage, self._drop = damage, drop
        self._log_whole = math.log1p(-self._any) if self._any < 1 else -math.inf
        self._delay_us = (round(1000 * delay_ms[0]), round(1000 * delay_ms[1]))
        self._faults, self._delays = Random(f"faults {seed}"), Random(f"delays {seed}")
        self._under_way: deque[tuple[int, bytes]] = deque()
        self._last_due_us = 0
        self._whole_bytes = self._draw_gap()
        self._is_cut = False
        self.n_under_way = 0
        """Bytes that were fed and are not out yet."""
        self._n_fed = self._n_damaged = self._n_dropped = self._n_doubled = self._n_cut = 0

    @property
    def counts(self) -> FaultCounts:
        return FaultCounts(self._n_fed, self._n_damaged, self._n_dropped, self._n_doubled, self._n_cut)

    def feed(self, data: bytes, now_us: int) -> None:
        """`data` enters the line."""
        if not data:
            return
        self._n_fed += len(data)
        if self._is_cut:
            self._n_cut += len(data)
            return
        left = self._with_faults(data)
        self._last_due_us = max(self._last_due_us, now_us + self._delays.randint(*self._delay_us))
        if left:
            self._under_way.append((self._last_due_us, left))
            self.n_under_way += len(left)

    def due(self, now_us: int) -> bytes:
        """What leaves the line until `now_us`."""
        parts = []
        while self._under_way and self._under_way[0][0] <= now_us:
            parts.append(self._under_way.popleft()[1])
        data = b"".join(parts)
        self.n_under_way -= len(data)
        return data

    def next_due_us(self) -> int:
        """When `due` has something next; NEVER_US where nothing is under way."""
        return self._under_way[0][0] if self._under_way else NEVER_US

    def cut(self) -> None:
        """Lose what is under way and all that is fed until `mend`."""
        self._is_cut = True
        self._n_cut += self.n_under_way
        self.n_under_way = 0
        self._under_way.clear()

    def mend(self) -> None:
        self._is_cut = False

    def _with_faults(self, data: bytes) -> bytes:
        if self._whole_bytes >= len(data):
            self._whole_bytes -= len(data)
            return data
        parts: list[bytes] = []
        start, at = 0, self._whole_bytes
        while at < len(data):
            parts += (data[start:at], self._hit(data[at]))
            start = at + 1
            at = start + self._draw_gap()
        self._whole_bytes = at - len(data)
        parts.append(data[start:])
        return b"".join(parts)

    def _hit(self, byte: int) -> bytes:
        """What becomes of a byte that is not spared."""
        kind = self._any * self._faults.random()
        if kind < self._damage:
            self._n_damaged += 1
            one_bit = self._faults.random() < 0.5
            return bytes([byte ^ (1 << self._faults.randrange(8) if one_bit else self._faults.randrange(1, 256))])
        if kind < self._damage + self._drop:
            self._n_dropped += 1
            return b""
        self._n_doubled += 1
        return bytes([byte, byte])

    def _draw_gap(self) -> int:
        """Bytes spared until the next that is not: geometric, so that a long stretch costs one draw."""
        if self._any == 0:
            return NEVER_US
        return int(min(math.log(1.0 - self._faults.random()) / self._log_whole, NEVER_US))


class FaultyTransport(Transport):
    """Another transport behind a faulty line in each direction, in real time.

    A delay counts from the write, or from the read that took the bytes from `inner`, so keep reading. An error of a
    delayed write comes with the write after it. Closing closes `inner`.
    """

    def __init__(self, inner: Transport, outgoing: FaultyLine, incoming: FaultyLine) -> None:
        self.outgoing, self.incoming = outgoing, incoming
        self._inner = inner
        self._closed, self._cut = Event(), Event()
        self._changed = Condition()
        self._failures: list[TransportError] = []
        Thread(target=self._carry_delayed, name="faulty line", daemon=True).start()

    def read(self, timeout_s: float) -> bytes:
        until_us = _now_us() + int(min(1e6 * timeout_s, NEVER_US))
        while True:
            wait_us = min(until_us, self.incoming.next_due_us()) - _now_us()
            try:
                arrived = self._inner.read(max(0, wait_us) / 1e6)
            except LinkClosedError as error:
                raise self._why_closed() from error
            self.incoming.feed(arrived, _now_us())
            data = self.incoming.due(_now_us())
            if data or _now_us() >= until_us:
                return data

    def write(self, data: bytes) -> None:
        with self._changed:
            self._raise_failure()
            self.outgoing.feed(data, _now_us())
            self._send_due()
            self._changed.notify_all()
            self._changed.wait_for(self._has_room)
            self._raise_failure()
            if self._is_over():
                raise self._why_closed()

    def cut(self) -> None:
        """Unplug: from now on, and for a read that waits, the other end is gone."""
        self._end(self._cut)

    def close(self) -> None:
        self._end(self._closed)

    def _end(self, how: Event) -> None:
        how.set()
        self._inner.close()
        with self._changed:
            self._changed.notify_all()

    def _is_over(self) -> bool:
        return self._closed.is_set() or self._cut.is_set()

    def _has_room(self) -> bool:
        return bool(self._failures) or self._is_over() or self.outgoing.n_under_way <= IN_FLIGHT_BYTES

    def _raise_failure(self) -> None:
        if self._failures:
            raise self._failures.pop()

    def _send_due(self) -> None:
        try:
            self._inner.write(self.outgoing.due(_now_us()))
        except LinkClosedError:
            self._failures[:] = [self._why_closed()]
        except TransportError as error:
            self._failures[:] = [error]

    def _why_closed(self) -> TransportError:
        if self._cut.is_set() and not self._closed.is_set():
            return LinkLostError("the faulty line was cut on purpose; open it again to plug the probe in")
        return LinkClosedError("this faulty line was closed; open it again")

    def _carry_delayed(self) -> None:
        with self._changed:
            while not self._is_over():
                wait_us = self.outgoing.next_due_us() - _now_us()
                if wait_us > 0:
                    self._changed.wait(min(wait_us / 1e6, TIMEOUT_MAX))
                    continue
                self._send_due()
                self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """The faults of both directions; the meaning of each is FaultyLine's."""

    damage: float = 0.0
    drop: float = 0.0
    double: float = 0.0
    delay_ms: tuple[float, float] = (0.0, 0.0)
    seed: int = 0

    def lines(self) -> tuple[FaultyLine, FaultyLine]:
        """Outgoing and incoming, with draws of their own."""
        return self._line(2 * self.seed), self._line(2 * self.seed + 1)

    def _line(self, seed: int) -> FaultyLine:
        return FaultyLine(seed, damage=self.damage, drop=self.drop, double=self.double, delay_ms=self.delay_ms)


def open_faulty(rest: str) -> FaultyTransport:
    """The transport of `SETTING=VALUE,...,via=ADDRESS`. Raises PortUnsuitableError, and what ADDRESS raises."""
    settings, via, address = rest.partition("via=")
    if not via:
        raise PortUnsuitableError(
            f"'faulty:{rest}' does not say what it leads to; end it with via=ADDRESS, "
            "such as faulty:damage=0.001,via=/dev/ttyACM0"
        )
    outgoing, incoming = fault_settings(settings.removesuffix(",")).lines()
    return FaultyTransport(open_transport(address), outgoing, incoming)


def fault_settings(text: str) -> FaultSettings:
    """`damage=0.001,delay=0..60,seed=1` read; all may be left out. Raises PortUnsuitableError."""
    given = dict(part.partition("=")[::2] for part in text.split(",") if part)
    try:
        settings = FaultSettings(
            damage=float(given.pop("damage", "0")),
            drop=float(given.pop("drop", "0")),
            double=float(given.pop("double", "0")),
            delay_ms=delay_range_ms(given.pop("delay", "0")),
            seed=int(given.pop("seed", "0")),
        )
    except ValueError as error:
        raise PortUnsuitableError(f"a setting in '{text}' is no number ({error}); write damage=0.001") from error
    if given:
        raise PortUnsuitableError(
            f"there is no fault '{next(iter(given))}'; there are: damage, drop, double, delay, seed"
        )
    return settings


def delay_range_ms(text: str) -> tuple[float, float]:
    """`20` or `0..60` read, in milliseconds. Raises ValueError."""
    low, _, high = text.partition("..")
    return float(low), float(high or low)


def _now_us() -> int:
    return time.monotonic_ns() // 1000
