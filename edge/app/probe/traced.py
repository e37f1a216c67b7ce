"""A recorded line taken apart: what went which way, damage included. No file, no clock."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.errors import MessageError
from firmware_bridge.line.codec import LINK_HEADER_BYTES, decode
from firmware_bridge.line.framing import DELIMITER, Deframer
from firmware_bridge.line.link import FrameKind, Greeting, read_greeting
from firmware_bridge.line.messages import WINDOW_FRAMES, Message
from firmware_bridge.line.transport.recorded import Direction, TraceEntry

_GREETINGS: Final = (FrameKind.HELLO, FrameKind.WELCOME)
_WITH_MESSAGE: Final = (FrameKind.DATA, FrameKind.PLAIN)
_ANSWERS: Final = (FrameKind.ACK, FrameKind.NAK)
_REMEMBERED: Final = 2 * WINDOW_FRAMES
"""Sequence numbers that can still be of a frame sent again."""


@dataclass(frozen=True, slots=True)
class TracedFrame:
    """One frame of the line."""

    time_ns: int
    """When its last byte was read or written, from the recording's first bytes."""
    direction: Direction
    n_bytes: int
    """On the line, delimiter included."""
    kind: FrameKind | None = None
    """None: damaged, so that nothing can be said of it, or of no kind that there is."""
    session: int = 0
    sequence: int = 0
    expects: int = 0
    """The sequence number that the sender waits for; it has all before."""
    holds: tuple[int, ...] = ()
    """Of an ACK or NAK: sequence numbers that are there already beyond the one waited for."""
    again: bool = False
    """A retransmission."""
    greeting: Greeting | None = None
    message: Message | None = None
    body: bytes = b""
    problem: str = ""
    """What is wrong with it; empty where it is well."""

    @property
    def damaged(self) -> bool:
        return self.kind is None and not self.body


@dataclass(slots=True)
class WayTally:
    """What went one way."""

    n_bytes: int = 0
    n_frames: int = 0
    """Undamaged."""
    n_problems: int = 0
    """Frames that are whole and say nothing that this release understands."""
    n_damaged: int = 0
    n_again: int = 0
    n_naks: int = 0
    messages: Counter[str] = field(default_factory=Counter)

    def add(self, frame: TracedFrame) -> None:
        self.n_bytes += frame.n_bytes
        self.n_damaged += frame.damaged
        self.n_frames += not frame.damaged
        self.n_problems += bool(frame.problem) and not frame.damaged
        self.n_again += frame.again
        self.n_naks += frame.kind is FrameKind.NAK
        if frame.message is not None:
            self.messages[type(frame.message).__name__] += 1


class LineReader:
    """One direction of a line: bytes in, frames out. A piece without end at the end of the recording gives none."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._deframer = Deframer()
        self._n_waiting = 0
        self._sent: deque[tuple[int, int, bytes]] = deque(maxlen=_REMEMBERED)
        self._foreign = False

    def read(self, data: bytes, time_ns: int) -> Iterator[TracedFrame]:
        *ended, rest = data.split(DELIMITER)
        for piece in ended:
            n_bytes = self._n_waiting + len(piece) + len(DELIMITER)
            self._n_waiting = 0
            damaged = self._deframer.n_damaged
            for payload in self._deframer.feed(piece + DELIMITER):
                yield self._frame(payload, n_bytes, time_ns)
            if self._deframer.n_damaged > damaged:
                yield TracedFrame(time_ns, self._direction, n_bytes, problem="stuffing, length or CRC wrong")
        self._deframer.feed(rest)
        self._n_waiting += len(rest)

    def _frame(self, payload: bytes, n_bytes: int, time_ns: int) -> TracedFrame:
        kind = next((kind for kind in FrameKind if kind == payload[0] >> 5), None)
        if kind is None or len(payload) < LINK_HEADER_BYTES:
            return TracedFrame(
                time_ns, self._direction, n_bytes, body=payload, problem="whole, but no frame of this link"
            )
        session, sequence, expects, body = payload[0] & 0x1F, payload[1], payload[2], payload[LINK_HEADER_BYTES:]
        greeting, message, problem = self._content(kind, body)
        return TracedFrame(
            time_ns,
            self._direction,
            n_bytes,
            kind,
            session,
            sequence,
            expects,
            holds=_holds(expects, body) if kind in _ANSWERS else (),
            again=kind is FrameKind.DATA and self._is_again((session, sequence, body)),
            greeting=greeting,
            message=message,
            body=body,
            problem=problem,
        )

    def _content(self, kind: FrameKind, body: bytes) -> tuple[Greeting | None, Message | None, str]:
        if kind in _GREETINGS:
            greeting = read_greeting(body)
            self._foreign = greeting is not None and not greeting.fits
            return greeting, None, "" if greeting else "no greeting of this link"
        if kind not in _WITH_MESSAGE:
            return None, None, ""
        if self._foreign:
            return None, None, "of another release's layout"
        try:
            return None, decode(body), ""
        except MessageError as error:
            return None, None, str(error)

    def _is_again(self, sent: tuple[int, int, bytes]) -> bool:
        if sent in self._sent:
            return True
        self._sent.append(sent)
        return False


def frames_of(entries: Iterable[TraceEntry]) -> Iterator[TracedFrame]:
    """The frames of a recorded line, in the order in which they were complete."""
    readers = {direction: LineReader(direction) for direction in Direction}
    start_ns: int | None = None
    for entry in entries:
        start_ns = entry.time_ns if start_ns is None else start_ns
        yield from readers[entry.direction].read(entry.data, entry.time_ns - start_ns)


def _holds(expects: int, body: bytes) -> tuple[int, ...]:
    bits = int.from_bytes(body[:2], "little")
    return tuple((expects + k) % 256 for k in range(WINDOW_FRAMES) if bits >> k & 1)
