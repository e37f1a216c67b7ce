"""The line to a probe: a thread that keeps a session open over a transport, and the requests that go through it.

It loses the probe when the transport does, when no whole frame came for a second, and when the device says that it has
no session (it was reset). Then it opens the transport again, at its same address, and a new session. What that
means for the user stands in `probe.Probe`.
"""

import secrets
import threading
import time
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
from firmware_bridge.host.periodic import ALIVE_S, PeriodicMessages
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
REOPEN_EVERY_S: Final = 0.1
READ_TIMEOUT_S: Final = 0.005
"""How late a timeout is noticed on a quiet line; what arrives is handled at once."""


class _Phase(Enum):
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


class Connection:
    """A session with a probe. `open` it; then any thread may `request`.

    Heartbeats go out for `alive_s` after each request and each `alive`, so they end with a program that hangs. Not
    `threaded`, it moves on only while somebody waits in `open`, `request` or `wait_until` (tests with their own time).
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        user: ConnectionUser,
        *,
        name: str,
        alive_s: float = ALIVE_S,
        threaded: bool = True,
        now_ns: Callable[[], int] = time.monotonic_ns,
        pause: Callable[[float], object] | None = None,
        pick: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self.name = name
        self._open_transport, self._user, self._now_ns, self._pick = open_transport, user, now_ns, pick
        self._inbox = _Inbox()
        self._link = Link(self._inbox)
        self._requests = Requests()
        self._periodic = PeriodicMessages(now_ns(), alive_s)
        self._counters = ConnectionCounters()
        self._first_bytes = FirstBytes()
        self._transport: Transport | None = None
        self._phase = _Phase.AWAY
        self._was_open = self._told_open = False
        self._session = 0
        self._phase_ns = self._heard_ns = now_ns()
        self._failure: BridgeError = LinkClosedError(f"{name} is not open; open it")
        self._broken: TransportError | None = None
        self._handouts: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._pause = pause or self._closing.wait
        self._pumping = 0
        self._thread = threading.Thread(target=self._run, name=f"probe {name}", daemon=True) if threaded else None

    # ----------------------------------------------------------------------------------------------- for all threads
    def open(self) -> None:
        """Open the transport and a session.

        Raises what the transport raises, NoAnswerError, NotAProbeError, ProtocolVersionError; then all is closed.
        """
        self._begin(self._open_transport())
        if self._thread:
            self._thread.start()
        self.wait_until(lambda: self._phase in (_Phase.OPEN, _Phase.ENDED))
        if self._phase is _Phase.ENDED:
            self._join()
            raise self._failure

    @property
    def is_open(self) -> bool:
        return self._phase is _Phase.OPEN

    def alive(self) -> None:
        """The program runs: heartbeats go on."""
        with self._lock:
            self._periodic.alive(self._now_ns())

    def request(self, command: Command, timeout_s: float = REQUEST_TIMEOUT_S) -> Message:
        """The probe's reply.

        Raises NoReplyError where none came in time, LinkLostError where the line was lost meanwhile (in both cases it
        is unknown whether it was done) or is away, LinkClosedError, and MalformedMessageError where it cannot be sent.
        """
        return self.result(self.submit(command, timeout_s))

    def submit(self, command: Command, timeout_s: float = REQUEST_TIMEOUT_S) -> Future[Message]:
        """As `request`, without waiting: the future ends with the reply or with one of those errors.

        Its callbacks run in the line's thread. Raises only what is known at once.
        """
        with self._lock:
            now_ns = self._now_ns()
            inside = threading.get_ident() == self._pumping
            if self._phase is not _Phase.OPEN and not (inside and self._link.session):
                raise type(self._failure)(str(self._failure))
            answer = self._requests.add(command, now_ns, now_ns + round(timeout_s * 1e9))
            self._counters.requests += 1
            if not inside:
                self._periodic.alive(now_ns)
            self._send_requests(now_ns)
            self._write()
        return answer

    def result(self, answer: Future[Message]) -> Message:
        """Wait for what was submitted; raises as `request` does."""
        if threading.get_ident() == self._pumping:
            raise RuntimeError("a callback of the line cannot wait for it; use submit, or another thread")
        while self._thread is None and not answer.done():
            self._turn()
        return answer.result()

    def wait_until(self, holds: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Whether `holds` within the time, looked at whenever something came; a line that has ended is not waited for.

        `holds` holds up the line: it must be quick.
        """

        def enough() -> bool:
            return holds() or self._phase is _Phase.ENDED

        if self._thread:
            with self._changed:
                self._changed.wait_for(enough, timeout_s)
        else:
            end_ns = None if timeout_s is None else self._now_ns() + round(timeout_s * 1e9)
            while not enough() and (end_ns is None or self._now_ns() < end_ns):
                self._turn()
        return holds()

    def statistics(self) -> ConnectionStatistics:
        with self._lock:
            timer = self._link.timer
            return ConnectionStatistics(
                replace(self._counters), replace(self._link.counters), timer.srtt_us, timer.rto_us
            )

    def close(self) -> None:
        """End the session; the probe stops transmitting within half a second. A second call does nothing."""
        with self._lock:
            self._end(LinkClosedError(f"{self.name} was closed; open it again"))
        if self._thread and self._thread.is_alive():
            self._join()
        else:
            self._hand_out()

    # -------------------------------------------------------------------------------------------- the line's own turn
    def _run(self) -> None:
        self._pumping = threading.get_ident()
        try:
            while self._phase is not _Phase.ENDED:
                self._turn()
        finally:
            with self._lock:
                self._end(LinkClosedError(f"the thread of {self.name} has failed; open it again"))
            self._hand_out()
            with self._changed:  # who waits for the end hears of it, though nothing else happened
                self._changed.notify_all()

    def _turn(self) -> None:
        transport = self._transport
        if transport is None:
            self._reopen()
        else:
            try:
                chunk = transport.read(READ_TIMEOUT_S)
                received_ns = self._now_ns()
                with self._lock:
                    self._step(chunk, received_ns)
            except TransportError as error:
                with self._lock:
                    self._lose_transport(error)
        self._hand_out()

    def _reopen(self) -> None:
        try:
            transport = self._open_transport()
        except TransportError:
            self._pause(REOPEN_EVERY_S)
            return
        self._begin(transport)

    def _begin(self, transport: Transport) -> None:
        with self._lock:
            if self._closing.is_set():
                transport.close()
                return
            self._transport, self._broken, self._first_bytes = transport, None, FirstBytes()
            self._greet()
            self._write()

    def _greet(self) -> None:
        """Ask for a session with a number that is not the last one's."""
        now_ns = self._now_ns()
        self._session = (self._session + self._pick(30)) % 31 + 1
        self._link.open(self._session, now_ns // 1000 & 0xFFFFFFFF)
        self._phase, self._phase_ns, self._heard_ns = _Phase.OPENING, now_ns, now_ns

    def _step(self, chunk: bytes, received_ns: int) -> None:
        if self._phase is _Phase.ENDED:
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
            self._lose(LinkLostError(f"the probe on {self.name} was reset"))
            self._greet()

    def _greeted(self, greeting: Greeting, now_ns: int) -> None:
        if not greeting.fits:
            self._end(misfit_error(greeting, self.name))
            return
        self._counters.sessions += 1
        self._was_open = self._told_open = True
        self._heard_ns = now_ns
        self._periodic.restart(now_ns)
        self._handouts += [partial(self._user.opened, greeting.boot_id), self._let_in]

    def _let_in(self) -> None:
        with self._lock:
            if self._link.session:
                self._phase = _Phase.OPEN

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
                self._handouts.append(partial(self._user.clock, sample))
        elif tag := getattr(message, "tag", 0):
            self._answer(tag, message)
        else:
            self._handouts.append(partial(self._hear, message, now_ns))

    def _hear(self, message: Message, now_ns: int) -> None:
        try:
            self._user.heard(message, now_ns)
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
        if not data or self._transport is None:
            return
        try:
            self._transport.write(data)
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
                    f"{self.name} did not answer {request.name} within {waited_s:g} s; it is unknown whether it was "
                    "done: look at the probe's state, then try again"
                ),
            )

    def _look_for_loss(self, now_ns: int) -> None:
        if self._broken is not None:
            raise self._broken
        if self._phase is _Phase.OPENING and not self._link.session:
            if now_ns - self._phase_ns >= OPENING_TIMEOUT_S * 1e9:
                self._give_up_opening()
            return
        patience_ns = self._requests.longest_ns if self._requests.longest_ns > REQUEST_TIMEOUT_S * 1e9 else 0
        if self._link.session and now_ns - self._heard_ns >= max(SILENCE_S * 1e9, patience_ns):
            self._lose(LinkLostError(f"the probe on {self.name} has sent nothing for {SILENCE_S:g} s"))
            self._greet()
            self._write()

    def _give_up_opening(self) -> None:
        if self._was_open:
            raise LinkLostError(f"the probe on {self.name} does not answer")
        self._end(opening_error(self._first_bytes, self._link.counters, self.name, OPENING_TIMEOUT_S))

    def _lose_transport(self, error: TransportError) -> None:
        if self._phase is _Phase.ENDED:
            return
        if not self._was_open:
            self._end(error)
            return
        self._lose(error)
        self._drop_transport()
        self._phase, self._phase_ns = _Phase.AWAY, self._now_ns()

    def _lose(self, error: TransportError) -> None:
        """The session is over; said once until another one opened."""
        self._failure = LinkLostError(f"{error}; it is being looked for: try again when it is back")
        for request in self._requests.take_all():
            self._fail(request, LinkLostError(f"{error}; it is unknown whether {request.name} was done"))
        if self._told_open:
            self._told_open = False
            self._counters.losses += 1
            self._handouts.append(partial(self._user.lost, error))
        self._link.close()

    def _end(self, error: BridgeError) -> None:
        if self._phase is _Phase.ENDED:
            return
        self._phase, self._failure = _Phase.ENDED, error
        self._closing.set()
        for request in self._requests.take_all():
            self._fail(request, error)
        self._link.close()
        self._drop_transport()

    def _drop_transport(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(TransportError, OSError):
                transport.close()

    def _fail(self, request: Request, error: BridgeError) -> None:
        self._handouts.append(partial(request.answer.set_exception, error))

    def _hand_out(self) -> None:
        """Tell what happened, the lock not held: who is told may use the line."""
        outer, self._pumping = self._pumping, threading.get_ident()
        while self._handouts:
            with self._lock:
                handouts, self._handouts = self._handouts, []
            for handout in handouts:
                handout()
            with self._changed:
                self._changed.notify_all()
        self._pumping = outer

    def _join(self) -> None:
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()
