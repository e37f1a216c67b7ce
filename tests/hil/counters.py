"""The error counters of both ends, and what a quiet line may have counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from firmware_bridge.host.session import ConnectionCounters, ConnectionStatistics
from firmware_bridge.line.link import LinkCounters
from firmware_bridge.line.messages import LinkStatistics

TRAFFIC = ("good", "delivered", "sent", "plain_sent", "plain_received", "plain_dropped")
LINE_TRAFFIC = ("bytes_read", "bytes_written", "sessions", "requests", "replies", "clock_replies")
"""What moves where all is well; every other counter is one of errors."""
SENDING = ("timeouts", "retransmitted", "duplicate")
STILL = tuple(field.name for field in fields(LinkCounters) if field.name not in (*TRAFFIC, *SENDING))
"""Of a link, at both ends: on a line without faults they stay where they are."""
LINE_STILL = tuple(field.name for field in fields(ConnectionCounters) if field.name not in LINE_TRAFFIC)
"""Of the host's line."""
NAMES = (*STILL, *LINE_STILL, *SENDING)

AGAIN = ("retransmitted", "duplicate")
"""What a device that answers late makes the other end do."""
CUT = ("losses", "stale", "damaged", "malformed", "naks_sent", "naks_received", "plain_lost", *AGAIN)
"""What a cut or a restart in the middle of anything may leave behind."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one end counted."""

    end: str
    errors: dict[str, int]
    timeouts: int
    retransmitted: int
    duplicate: int


def counted_by_program(then: ConnectionStatistics, now: ConnectionStatistics) -> Counted:
    """A program's session: its errors since `then`; what was sent again since it began, as the device counts it too."""
    link = {name: getattr(now.link, name) - getattr(then.link, name) for name in STILL}
    line = {name: getattr(now.line, name) - getattr(then.line, name) for name in LINE_STILL}
    return Counted("program", link | line, *(getattr(now.link, name) for name in SENDING))


def counted_by_link(end: str, counters: LinkCounters | LinkStatistics) -> Counted:
    """A bare link or the device, since its start."""
    return Counted(
        end, {name: getattr(counters, name) for name in STILL}, *(getattr(counters, name) for name in SENDING)
    )


def complaints(hosts: Sequence[Counted], device: Counted, announced: Collection[str]) -> list[str]:
    """What moved without being announced.

    A frame may be sent again where its answer took longer than the timeout, which is a busy machine and no error; then
    the other end may get it twice, and nothing else may come of it.
    """
    ends = [*hosts, device]
    found = [
        f"{end.end}: {name} moved by {n}"
        for end in ends
        for name, n in end.errors.items()
        if n and name not in announced
    ]
    if "retransmitted" not in announced:
        found += [f"{end.end}: sent again before any timeout" for end in ends if end.retransmitted and not end.timeouts]
    if "duplicate" not in announced:
        by_hosts = sum(host.retransmitted for host in hosts), sum(host.duplicate for host in hosts)
        found += ["device: duplicates of nothing"] if device.duplicate > by_hosts[0] else []
        found += ["hosts: duplicates of nothing"] if by_hosts[1] > device.retransmitted else []
    return found
