"""The link: nothing lost, nothing twice, over a line that damages, drops and doubles bytes. No clock, no thread.

Both ends run this same machine; the firmware's core/link.c is its port to C and gives the same bytes for the same
calls. Hence integers throughout: microseconds that wrap at 2^32. The method is selective repeat with a window; a line
keeps the order of its bytes, so a frame is known to be lost as soon as one that left later was acknowledged. What is
sent again, and when, stands in sender.py. docs/protocol.md draws the frames.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final, Protocol

from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import LINK_HEADER_BYTES
from firmware_bridge.line.framing import DELIMITER, Deframer, encode_frame
from firmware_bridge.line.sender import SEQUENCES, RetransmitTimer, Sender, Slot, since

MAGIC: Final = b"SONO"
_GREETING: Final = Struct("<4sH8sI")
"""Magic, protocol version, layout digest, boot id: the one body that never changes."""
_BITMAP: Final = Struct("<H")
HOST_OUTBOX_BYTES: Final = 65_536


class FrameKind(IntEnum):
    """Upper three bits of a frame's first byte; the lower five are the session."""

    HELLO = 1
    WELCOME = 2
    DATA = 3
    PLAIN = 4
    ACK = 5
    NAK = 6
    RESET = 7


_OF_A_SESSION: Final = frozenset((FrameKind.DATA, FrameKind.PLAIN, FrameKind.ACK, FrameKind.NAK))


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the ends say of themselves before anything else is decoded."""

    version: int
    digest: bytes
    boot_id: int = 0
    """Of the device; another one means that it was reset. 0 from the host."""

    @property
    def fits(self) -> bool:
        """Whether this end can decode what that one says."""
        return (self.version, self.digest) == (wire.PROTOCOL_VERSION, wire.LAYOUT_DIGEST)


class LinkUser(Protocol):
    """What a link tells whoever owns it. Called inside `receive` and `tick`; may call `send` and `send_plain`."""

    def opened(self, greeting: Greeting) -> None:
        """A session began. On the host `greeting` may not fit: then nothing is open."""
        ...

    def reset(self, boot_id: int) -> None:
        """The device has no session any more (host only)."""
        ...

    def ready(self) -> bool:
        """Whether the next reliable body may come; else it waits in the link, and the other end sees a full window."""
        ...

    def reliable(self, body: bytes) -> None:
        """A reliable body, in order, once."""
        ...

    def plain(self, body: bytes) -> None:
        """An unreliable body."""
        ...


@dataclass(slots=True)
class LinkCounters:
    """What the link saw; in the order of the LinkStatistics message."""

    good: int = 0
    damaged: int = 0
    """Frames dropped: stuffing, length or CRC wrong."""
    malformed: int = 0
    """Whole frames that say nothing: too short, of an unknown kind, an impossible acknowledgement."""
    stale: int = 0
    """Frames of another session, or far outside the window."""
    duplicate: int = 0
    delivered: int = 0
    sent: int = 0
    """Reliable bodies, first transmissions."""
    retransmitted: int = 0
    timeouts: int = 0
    naks_sent: int = 0
    naks_received: int = 0
    plain_sent: int = 0
    plain_received: int = 0
    plain_lost: int = 0
    """Gaps in the other end's unreliable frames."""
    plain_dropped: int = 0
    """Own unreliable frames left out because the line was busy."""


class Link:
    """One end. `boot_id` is the device's; None makes the host's end, which opens sessions.

    After every call the caller takes the bytes for the line with `pull`. Unacknowledged bodies die with their session.
    """

    def __init__(self, user: LinkUser, *, boot_id: int | None = None, outbox_bytes: int = HOST_OUTBOX_BYTES) -> None:
        self._user = user
        self._boot_id = boot_id
        self._outbox_bytes = outbox_bytes
        self._deframer = Deframer()
        self._out = bytearray()
        self.counters = LinkCounters()
        self.session = 0
        """0: none is open."""
        self._opening = 0
        self._asked_us = 0
        self._reset_said_us: int | None = None
        self._clear()

    def _clear(self) -> None:
        self._sender = Sender()
        self._expected = 0
        self._held: dict[int, bytes] = {}
        self._ack_due = self._nak_due = False
        self._nak_standing = False
        self._plain_seq = 0
        self._plain_expected: int | None = None
        self._used = False
        """Whether a frame of this session came in."""

    # ------------------------------------------------------------------------------------------------ for the caller
    @property
    def n_free(self) -> int:
        """Reliable bodies that may still be sent before one is acknowledged."""
        return self._sender.n_free

    @property
    def timer(self) -> RetransmitTimer:
        """Of the present session."""
        return self._sender.timer

    def open(self, session: int, now_us: int) -> None:
        """Ask for a session, 1 to 31 and not the last one (host only); asked again until the device answers."""
        self.close()
        self._opening = session
        self._ask(now_us)

    def close(self) -> None:
        """Forget the session and all that is on its way."""
        self.session = self._opening = 0
        self._clear()

    def send(self, body: bytes) -> bool:
        """Take a reliable body; it leaves with the next `flush`. False: no session is open or the window is full."""
        return self.session != 0 and self._sender.take(body)

    def send_plain(self, body: bytes) -> bool:
        """Send an unreliable body now. False, and counted: half of the outbox is taken by what did not leave yet."""
        if self.session == 0:
            return False
        if 2 * len(self._out) > self._outbox_bytes:
            self.counters.plain_dropped += 1
            return False
        self._emit(FrameKind.PLAIN, self._plain_seq, body)
        self._plain_seq = (self._plain_seq + 1) % SEQUENCES
        self.counters.plain_sent += 1
        return True

    def receive(self, chunk: bytes, now_us: int) -> None:
        """Take bytes off the line, deliver what they complete, and answer."""
        damaged = self._deframer.n_damaged
        for payload in self._deframer.feed(chunk):
            self.counters.good += 1
            self._frame(payload, now_us)
        self._count_damage(self._deframer.n_damaged - damaged)
        self.flush(now_us)

    def tick(self, now_us: int) -> None:
        """To be called at least every few milliseconds: timeouts, and what found no room before."""
        if self._opening and since(now_us, self._asked_us) >= wire.HELLO_RETRY_US:
            self._ask(now_us)
        self.counters.timeouts += self._sender.timed_out(now_us)
        self.flush(now_us)

    def flush(self, now_us: int) -> None:
        """Deliver what the user is ready for, and put what is due on its way as far as there is room."""
        self._deliver()
        for seq, slot in self._sender.due():
            if not self._transmit(seq, slot, now_us):
                break
        if self._nak_due or self._ack_due:
            self._acknowledge()

    def pull(self, room: int) -> bytes:
        """Up to `room` bytes for the line."""
        data = bytes(self._out[:room])
        del self._out[:room]
        return data

    @property
    def n_waiting_bytes(self) -> int:
        """Bytes that `pull` would give."""
        return len(self._out)

    # -------------------------------------------------------------------------------------------------------- frames
    def _frame(self, payload: bytes, now_us: int) -> None:
        kind, session = payload[0] >> 5, payload[0] & 0x1F
        if len(payload) < LINK_HEADER_BYTES or kind == 0:
            self.counters.malformed += 1
        elif kind in _OF_A_SESSION:
            self._session_frame(FrameKind(kind), session, payload, now_us)
        else:
            self._greeting_frame(FrameKind(kind), session, payload[LINK_HEADER_BYTES:])

    def _greeting_frame(self, kind: FrameKind, session: int, body: bytes) -> None:
        handler = self._GREETINGS.get((kind, self._boot_id is None))
        if handler is None or not handler(self, session, body):
            self.counters.malformed += 1

    def _hello(self, session: int, body: bytes) -> bool:
        greeting = read_greeting(body)
        if greeting is None or session == 0:
            return False
        if greeting.fits and (session != self.session or self._used):
            # A host that asks again has not had the answer and so has not used the session; one that was used is new.
            self.close()
            self.session = session
            self._user.opened(greeting)
        own = _GREETING.pack(MAGIC, wire.PROTOCOL_VERSION, wire.LAYOUT_DIGEST, self._boot_id)
        self._emit(FrameKind.WELCOME, 0, own, session=session, lead=True)
        return True

    def _welcome(self, session: int, body: bytes) -> bool:
        greeting = read_greeting(body)
        if greeting is None:
            return False
        if session != self._opening:
            self.counters.stale += 1
            return True
        self.close()
        self.session = session if greeting.fits else 0
        self._user.opened(greeting)
        return True

    def _reset(self, session: int, body: bytes) -> bool:
        if len(body) != 4:
            return False
        if self.session:
            self.close()
            self._user.reset(int.from_bytes(body, "little"))
        return True

    _GREETINGS: Final[dict[tuple[FrameKind, bool], Callable[["Link", int, bytes], bool]]] = {
        (FrameKind.HELLO, False): _hello,
        (FrameKind.WELCOME, True): _welcome,
        (FrameKind.RESET, True): _reset,
    }

    def _session_frame(self, kind: FrameKind, session: int, payload: bytes, now_us: int) -> None:
        if session != self.session or session == 0:
            self.counters.stale += 1
            if self.session == 0:
                self._say_reset(now_us)
            return
        seq, ack, body = payload[1], payload[2], payload[LINK_HEADER_BYTES:]
        if kind in (FrameKind.ACK, FrameKind.NAK) and len(body) != _BITMAP.size:
            self.counters.malformed += 1
            return
        self._used, self._nak_standing = True, False
        bitmap = _BITMAP.unpack(body)[0] if kind in (FrameKind.ACK, FrameKind.NAK) else 0
        self.counters.malformed += not self._sender.acknowledged(ack, bitmap, now_us)
        if kind == FrameKind.DATA:
            self._data(seq, body)
        elif kind == FrameKind.PLAIN:
            self._plain(seq, body)
        else:
            self._sender.find_lost()
        if kind == FrameKind.NAK:
            self.counters.naks_received += 1
            self._sender.nak(now_us)

    def _data(self, seq: int, body: bytes) -> None:
        ahead = (seq - self._expected) % SEQUENCES
        if ahead < wire.WINDOW_FRAMES and seq not in self._held:
            self._held[seq] = body
        elif ahead < wire.WINDOW_FRAMES or ahead >= SEQUENCES - wire.WINDOW_FRAMES:
            self.counters.duplicate += 1
        else:
            self.counters.stale += 1
            return
        self._ack_due = True
        self._deliver()

    def _deliver(self) -> None:
        while self._expected in self._held and self._user.ready():
            body = self._held.pop(self._expected)
            self._expected = (self._expected + 1) % SEQUENCES
            self._ack_due = True
            self.counters.delivered += 1
            self._user.reliable(body)

    def _plain(self, seq: int, body: bytes) -> None:
        if self._plain_expected is not None:
            self.counters.plain_lost += (seq - self._plain_expected) % SEQUENCES
        self._plain_expected = (seq + 1) % SEQUENCES
        self.counters.plain_received += 1
        self._user.plain(body)

    def _count_damage(self, n: int) -> None:
        self.counters.damaged += n
        if n and self.session and not self._nak_standing:
            self._nak_due = self._nak_standing = True

    # ------------------------------------------------------------------------------------------------------ emission
    def _transmit(self, seq: int, slot: Slot, now_us: int) -> bool:
        if not self._emit(FrameKind.DATA, seq, slot.body, lead=slot.sends > 0):
            return False
        if slot.sends == 0:
            self.counters.sent += 1
        else:
            self.counters.retransmitted += 1
        self._sender.sent(slot, now_us)
        return True

    def _acknowledge(self) -> None:
        kind = FrameKind.NAK if self._nak_due else FrameKind.ACK
        if self._emit(kind, 0, _BITMAP.pack(self._bitmap())):
            self.counters.naks_sent += self._nak_due
            self._nak_due = self._ack_due = False

    def _bitmap(self) -> int:
        bits = 0
        for seq in self._held:
            ahead = (seq - self._expected) % SEQUENCES
            bits |= 1 << ahead
        return bits

    def _emit(self, kind: FrameKind, seq: int, body: bytes, *, session: int | None = None, lead: bool = False) -> bool:
        first = kind << 5 | (self.session if session is None else session)
        frame = encode_frame(bytes((first, seq, self._expected)) + body)
        if lead:
            frame = DELIMITER + frame
        if len(self._out) + len(frame) > self._outbox_bytes:
            return False
        self._out += frame
        if kind in (FrameKind.DATA, FrameKind.PLAIN) and not self._bitmap():
            self._ack_due = False
        return True

    def _ask(self, now_us: int) -> None:
        self._asked_us = now_us
        own = _GREETING.pack(MAGIC, wire.PROTOCOL_VERSION, wire.LAYOUT_DIGEST, 0)
        self._emit(FrameKind.HELLO, 0, own, session=self._opening, lead=True)

    def _say_reset(self, now_us: int) -> None:
        """Tell a host that still talks in an old session that there is none; not more often than it can be heard."""
        if self._boot_id is None:
            return
        if self._reset_said_us is None or since(now_us, self._reset_said_us) >= wire.RESET_PAUSE_US:
            self._reset_said_us = now_us
            self._emit(FrameKind.RESET, 0, self._boot_id.to_bytes(4, "little"), session=0, lead=True)


def read_greeting(body: bytes) -> Greeting | None:
    """What the body of a HELLO or WELCOME says; None where it is no greeting of this link."""
    if len(body) != _GREETING.size or body[:4] != MAGIC:
        return None
    _, version, digest, boot_id = _GREETING.unpack(body)
    return Greeting(version, digest, boot_id)
