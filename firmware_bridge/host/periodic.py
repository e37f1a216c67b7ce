"""What the host sends by itself: heartbeats and clock queries. Neither is ever sent twice. No clock, no thread."""

from typing import Final

from firmware_bridge.host.clock_sync import ClockSample
from firmware_bridge.line import messages as wire
from firmware_bridge.line.packing import Message

ALIVE_S: Final = 1.0
"""Heartbeats stop when the program has called nothing for so long; 0.5 s later the probe stops transmitting."""

_HEARTBEAT_NS: Final = wire.HEARTBEAT_PERIOD_US * 1000
_N_QUICK_QUERIES: Final = 10
_QUICK_QUERY_NS: Final = 53_000_000
_QUERY_NS: Final = 487_000_000
"""No multiple of any other period on the line, so that queries do not always meet the same traffic."""
_N_ASKED: Final = 8
"""Queries whose answer is still looked for."""
_COUNTS: Final = 1 << 16


class PeriodicMessages:
    """When to send the next heartbeat and clock query, and what the reply to a query says.

    Heartbeats run for `alive_s` after each `alive`; a program that hangs feeds it no more.
    """

    def __init__(self, now_ns: int, alive_s: float = ALIVE_S) -> None:
        self._alive_s = alive_s
        self._alive_ns = self._next_beat_ns = self._next_query_ns = now_ns
        self._n_beats = self._n_queries = self._n_quick = 0
        self._asked: dict[int, int] = {}

    def restart(self, now_ns: int) -> None:
        """A session began: the probe has heard nothing in it yet."""
        self._next_beat_ns = self._next_query_ns = now_ns
        self._n_quick = 0
        self._asked.clear()

    def alive(self, now_ns: int) -> None:
        """The program runs."""
        self._alive_ns = now_ns

    def due(self, now_ns: int) -> list[Message]:
        """What to send now; `now_ns` is taken as the time at which a query leaves."""
        due: list[Message] = []
        if now_ns >= self._next_query_ns:
            due.append(self._query(now_ns))
        if now_ns >= self._next_beat_ns and now_ns - self._alive_ns <= self._alive_s * 1e9:
            self._n_beats += 1
            self._next_beat_ns = now_ns + _HEARTBEAT_NS
            due.append(wire.HostHeartbeat(self._n_beats % 256))
        return due

    def sample(self, reply: wire.ClockReply, received_ns: int) -> ClockSample | None:
        """The round trip of a reply; None: it answers no open query, or one for the second time."""
        sent_ns = self._asked.pop(reply.query, None)
        if sent_ns is None:
            return None
        turnaround_us = (reply.sent_us - reply.received_us) % (1 << 32)
        return ClockSample(sent_ns, received_ns, reply.received_us, turnaround_us)

    def _query(self, now_ns: int) -> wire.ClockQuery:
        self._n_queries = (self._n_queries + 1) % _COUNTS
        self._n_quick += 1
        self._next_query_ns = now_ns + (_QUICK_QUERY_NS if self._n_quick < _N_QUICK_QUERIES else _QUERY_NS)
        self._asked[self._n_queries] = now_ns
        if len(self._asked) > _N_ASKED:
            del self._asked[next(iter(self._asked))]
        return wire.ClockQuery(self._n_queries)
