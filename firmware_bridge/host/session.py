"""A session with a probe, and how it is kept: greeting, requests, heartbeats, silence, loss. No thread.

It loses the probe when the transport does, when no whole frame came for a second, and when the device says that it has
no session (it was reset). Then it asks for a new one.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Final

from firmware_bridge.errors import (
    BridgeError,
    LinkClosedError,
    LinkLostError,
    MessageError,
    NoReplyError,
    TransportError,
)
from firmware_bridge.host.clock_sync import ClockSample
from firmware_bridge.host.opening_errors import FirstBytes, misfit_error, opening_error
from firmware_bridge.host.periodic import PeriodicMessages
from firmware_bridge.host.requests import Request, Requests
from firmware_bridge.line.codec import decode, encode
from firmware_bridge.line.link import Greeting, Link, LinkCounters
from firmware_bridge.line.messages import ClockReply
from firmware_bridge.line.packing import Command, Message
from firmware_bridge.line.transport.contract import Transport

REQUEST_TIMEOUT_S: Final = 10.0
"""Enough for a line that damages one byte in a hundred; a probe that is gone is noticed sooner, by its silence."""
OPENING_TIMEOUT_S: Final = 2.0
"""A probe answers within this, or it is none. Longer than two HELLO, so one may be lost."""
SILENCE_S: Final = 1.0
"""No whole frame for so long: the probe is lost. It sends ten a second."""


class Phase(Enum):
    """Where a session stands."""

    OPENING = "opening"
    OPEN = "open"
    AWAY = "away"
    ENDED = "ended"


@dataclass(slots=True)
class ConnectionCounters:
    """What the line saw, beyond what its link counts."""

    bytes_read: int = 0
    bytes_written: int = 0
    sessions: int = 0
    losses: int = 0
    """Sessions that ended without being asked to."""
    requests: int = 0
    replies: int = 0
    unanswered: int = 0
    """Requests given up when their time was over."""
    stale_replies: int = 0
    """Replies that nobody waited for any more."""
    undecodable: int = 0
    """Whole messages that say nothing to this release."""
    clock_replies: int = 0


@dataclass(frozen=True, slots=True)
class ConnectionStatistics:
    """A copy of all counters."""

    line: ConnectionCounters
    link: LinkCounters
    srtt_us: int
    """Smoothed round trip of the link; 0: none measured yet."""
    rto_us: int


@dataclass(frozen=True, slots=True)
class ConnectionUser:
    """Whom the line tells what. All are called by its thread, must return soon, and may `submit` but not `request`."""

    opened: Callable[[int], None]
    """A session began, with the device's boot id; requests of others are taken after this."""
    lost: Callable[[BridgeError], None]
    """The session ended by itself; the line looks for the probe."""
    heard: Callable[[Message, int], None]
    """A message that is no reply, and the host's time (ns) of its arrival. May raise MessageError: it is counted."""
    clock: Callable[[ClockSample], None]


@dataclass(slots=True)
class _Inbox:
    """What the link delivered during one step: perhaps a greeting, then bodies, then perhaps a reset."""

    greetings: list[Greeting] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)

    def opened(self, greeting: Greeting) -> None:
        self.greetings.append(greeting)

    def reset(self, boot_id: int) -> None:
        self.resets.append(boot_id)

    def ready(self) -> bool:
        return True

    def reliable(self, body: bytes) -> None:
        self.bodies.append(body)

    def plain(self, body: bytes) -> None:
        self.bodies.append(body)


class ProbeSession:
    """All of a connection but its thread. Whoever calls it holds `lock`, and then calls what `take_handouts` gives
    without holding it: those who are told may use the connection."""

    def __init__(
        self,
        user: ConnectionUser,
        *,
        name: str,
        alive_s: float,
        now_ns: Callable[[], int],
        pick: Callable[[int], int],
    ) -> None:
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.user = user
        self.transport: Transport | None = None
        self.phase = Phase.AWAY
        self.failure: BridgeError = LinkClosedError(f"{name} is not open; open it")
        """Why nothing can be asked now, while nothing can."""
        self._name, self._now_ns, self._pick = name, now_ns, pick
        self._inbox = _Inbox()
        self._link = Link(self._inbox)
        self._requests = Requests()
        self._periodic = PeriodicMessages(now_ns(), alive_s)
        self._counters = ConnectionCounters()
        self._first_bytes = FirstBytes()
        self._was_open = self._told_open = False
        self._number = 0
        self._since_ns = self._heard_ns = now_ns()
        self._broken: TransportError | None = None
        self._handouts: list[Callable[[], None]] = []

    # -------------------------------------------------------------------------------------------- for the connection
    def begin(self, transport: Transport) -> None:
        """Ask for a session over a transport that has just been opened."""
        if self.ended.is_set():
            transport.close()
            return
        self.transport, self._broken, self._first_bytes = transport, None, FirstBytes()
        self._greet()
        self._write()

    def alive(self) -> None:
        """The program runs: heartbeats go on."""
        self._periodic.alive(self._now_ns())

    def submit(self, command: Command, timeout_s: float, *, inside: bool) -> Future[Message]:
        """Send a command; `inside`: asked for by a handout, which is no sign that the program lives, and may come
        before the session is open for others."""
        now_ns = self._now_ns()
        if self.phase is not Phase.OPEN and not (inside and self._link.session):
            raise type(self.failure)(str(self.failure))
        answer = self._requests.add(command, now_ns, now_ns + round(timeout_s * 1e9))
        self._counters.requests += 1
        if not inside:
            self._periodic.alive(now_ns)
        self._send_requests(now_ns)
        self._write()
        return answer

    def step(self, chunk: bytes, received_ns: int) -> None:
        """Take what was read, do what is due. Raises TransportError where a write failed or the probe is gone."""
        if self.phase is Phase.ENDED:
            return
        now_ns = self._now_ns()  # not earlier than what others sent before they let go of the lock
        n_good, now_us = self._link.counters.good, now_ns // 1000 & 0xFFFFFFFF
        if chunk:
            self._counters.bytes_read += len(chunk)
            self._first_bytes.add(chunk)
            self._link.receive(chunk, now_us)
        if self._link.counters.good != n_good:
            self._heard_ns = now_ns
        self._link.tick(now_us)
        self._empty_inbox(received_ns)
        if self._link.session:
            self._send_periodic()
            self._send_requests(now_ns)
        self._write()
        self._give_up_overdue(now_ns)
        self._look_for_loss(now_ns)

    def lose_transport(self, error: TransportError) -> None:
        """The transport failed: look for the probe, unless it never was there."""
        if self.phase is Phase.ENDED:
            return
        if not self._was_open:
            self.end(error)
            return
        self._lose(error)
        self._drop_transport()
        self.phase, self._since_ns = Phase.AWAY, self._now_ns()

    def end(self, error: BridgeError) -> None:
        """For good; a second call does nothing."""
        if self.phase is Phase.ENDED:
            return
        self.phase, self.failure = Phase.ENDED, error
        self.ended.set()
        for request in self._requests.take_all():
            self._fail(request, error)
        self._link.close()
        self._drop_transport()

    def take_handouts(self) -> list[Callable[[], None]]:
        """Whom to tell what, in order; each is given once."""
        handouts, self._handouts = self._handouts, []
        return handouts

    def statistics(self) -> ConnectionStatistics:
        link, timer = self._link, self._link.timer
        return ConnectionStatistics(replace(self._counters), replace(link.counters), timer.srtt_us, timer.rto_us)

    # ----------------------------------------------------------------------------------------------------- receiving
    def _greet(self) -> None:
        """Ask for a session with a number that is not the last one's."""
        now_ns = self._now_ns()
        self._number = (self._number + self._pick(30)) % 31 + 1
        self._link.open(self._number, now_ns // 1000 & 0xFFFFFFFF)
        self.phase, self._since_ns, self._heard_ns = Phase.OPENING, now_ns, now_ns

    def _empty_inbox(self, now_ns: int) -> None:
        inbox = self._inbox
        for greeting in inbox.greetings:
            self._greeted(greeting, now_ns)
        for body in inbox.bodies:
            self._deliver(body, now_ns)
        was_reset = bool(inbox.resets)
        for waiting in (inbox.greetings, inbox.bodies, inbox.resets):
            waiting.clear()
        if was_reset:
            self._lose(LinkLostError(f"the probe on {self._name} was reset"))
            self._greet()

    def _greeted(self, greeting: Greeting, now_ns: int) -> None:
        if not greeting.fits:
            self.end(misfit_error(greeting, self._name))
            return
        self._counters.sessions += 1
        self._was_open = self._told_open = True
        self._heard_ns = now_ns
        self._periodic.restart(now_ns)
        self._handouts += [partial(self.user.opened, greeting.boot_id), self._let_in]

    def _let_in(self) -> None:
        with self.lock:
            if self._link.session:
                self.phase = Phase.OPEN

    def _deliver(self, body: bytes, now_ns: int) -> None:
        try:
            message = decode(body)
        except MessageError:
            self._counters.undecodable += 1
            return
        if isinstance(message, ClockReply):
            sample = self._periodic.sample(message, now_ns)
            if sample:
                self._counters.clock_replies += 1
                self._handouts.append(partial(self.user.clock, sample))
        elif tag := getattr(message, "tag", 0):
            self._answer(tag, message)
        else:
            self._handouts.append(partial(self._hear, message, now_ns))

    def _hear(self, message: Message, now_ns: int) -> None:
        try:
            self.user.heard(message, now_ns)
        except MessageError:
            self._counters.undecodable += 1

    def _answer(self, tag: int, message: Message) -> None:
        request = self._requests.take(tag)
        if request is None:
            self._counters.stale_replies += 1
        else:
            self._counters.replies += 1
            self._handouts.append(partial(request.answer.set_result, message))

    # ------------------------------------------------------------------------------------------------------- sending
    def _send_periodic(self) -> None:
        now_ns = self._now_ns()
        if self._requests.longest_ns:
            self._periodic.alive(now_ns)
        for message in self._periodic.due(now_ns):
            self._link.send_plain(encode(message))

    def _send_requests(self, now_ns: int) -> None:
        while self._link.n_free and (body := self._requests.next_body()):
            self._link.send(body)
        self._link.flush(now_ns // 1000 & 0xFFFFFFFF)

    def _write(self) -> None:
        data = self._link.pull(self._link.n_waiting_bytes)
        if not data or self.transport is None:
            return
        try:
            self.transport.write(data)
            self._counters.bytes_written += len(data)
        except TransportError as error:
            self._broken = error  # for the line's own turn: the thread that wrote may be another

    # ----------------------------------------------------------------------------------------------------- what ends
    def _give_up_overdue(self, now_ns: int) -> None:
        for request in self._requests.take_overdue(now_ns):
            self._counters.unanswered += 1
            waited_s = (request.deadline_ns - request.sent_ns) / 1e9
            self._fail(
                request,
                NoReplyError(
                    f"{self._name} did not answer {request.name} within {waited_s:g} s; it is unknown whether it was "
                    "done: look at the probe's state, then try again"
                ),
            )

    def _look_for_loss(self, now_ns: int) -> None:
        if self._broken is not None:
            raise self._broken
        if self.phase is Phase.OPENING and not self._link.session:
            if now_ns - self._since_ns >= OPENING_TIMEOUT_S * 1e9:
                self._give_up_opening()
            return
        patience_ns = self._requests.longest_ns if self._requests.longest_ns > REQUEST_TIMEOUT_S * 1e9 else 0
        if self._link.session and now_ns - self._heard_ns >= max(SILENCE_S * 1e9, patience_ns):
            self._lose(LinkLostError(f"the probe on {self._name} has sent nothing for {SILENCE_S:g} s"))
            self._greet()
            self._write()

    def _give_up_opening(self) -> None:
        if self._was_open:
            raise LinkLostError(f"the probe on {self._name} does not answer")
        self.end(opening_error(self._first_bytes, self._link.counters, self._name, OPENING_TIMEOUT_S))

    def _lose(self, error: TransportError) -> None:
        """The session is over; said once until another one opened."""
        self.failure = LinkLostError(f"{error}; it is being looked for: try again when it is back")
        for request in self._requests.take_all():
            self._fail(request, LinkLostError(f"{error}; it is unknown whether {request.name} was done"))
        if self._told_open:
            self._told_open = False
            self._counters.losses += 1
            self._handouts.append(partial(self.user.lost, error))
        self._link.close()

    def _drop_transport(self) -> None:
        transport, self.transport = self.transport, None
        if transport is not None:
            with suppress(TransportError, OSError):
                transport.close()

    def _fail(self, request: Request, error: BridgeError) -> None:
        self._handouts.append(partial(request.answer.set_exception, error))
