"""The connection to a probe: a thread that keeps a session open over a transport, and the requests that go through it.

When the transport fails it is opened again, at its same address, until the probe is back. What that means for the user
stands in `probe.Probe`.
"""

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from firmware_bridge.errors import LinkClosedError, TransportError
from firmware_bridge.host.periodic import ALIVE_S
from firmware_bridge.host.session import REQUEST_TIMEOUT_S, ConnectionStatistics, ConnectionUser, Phase, ProbeSession
from firmware_bridge.line.packing import Command, Message
from firmware_bridge.line.transport.contract import Transport

REOPEN_EVERY_S: Final = 0.1
READ_TIMEOUT_S: Final = 0.005
"""How late a timeout is noticed on a quiet line; what arrives is handled at once."""


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
        self._open_transport, self._now_ns = open_transport, now_ns
        self._session = ProbeSession(user, name=name, alive_s=alive_s, now_ns=now_ns, pick=pick)
        self._lock = self._session.lock
        self._changed = threading.Condition()
        self._pause = pause or self._session.ended.wait
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
        self.wait_until(lambda: self._session.phase in (Phase.OPEN, Phase.ENDED))
        if self._session.phase is Phase.ENDED:
            self._join()
            raise self._session.failure

    @property
    def is_open(self) -> bool:
        return self._session.phase is Phase.OPEN

    def alive(self) -> None:
        """The program runs: heartbeats go on."""
        with self._lock:
            self._session.alive()

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
            return self._session.submit(command, timeout_s, inside=threading.get_ident() == self._pumping)

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
            return holds() or self._session.phase is Phase.ENDED

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
            return self._session.statistics()

    def close(self) -> None:
        """End the session; the probe stops transmitting within half a second. A second call does nothing."""
        with self._lock:
            self._session.end(LinkClosedError(f"{self.name} was closed; open it again"))
        if self._thread and self._thread.is_alive():
            self._join()
        else:
            self._hand_out()

    # -------------------------------------------------------------------------------------------- the line's own turn
    def _run(self) -> None:
        self._pumping = threading.get_ident()
        try:
            while self._session.phase is not Phase.ENDED:
                self._turn()
        finally:
            with self._lock:
                self._session.end(LinkClosedError(f"the thread of {self.name} has failed; open it again"))
            self._hand_out()
            with self._changed:  # who waits for the end hears of it, though nothing else happened
                self._changed.notify_all()

    def _turn(self) -> None:
        transport = self._session.transport
        if transport is None:
            self._reopen()
        else:
            try:
                chunk = transport.read(READ_TIMEOUT_S)
                received_ns = self._now_ns()
                with self._lock:
                    self._session.step(chunk, received_ns)
            except TransportError as error:
                with self._lock:
                    self._session.lose_transport(error)
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
            self._session.begin(transport)

    def _hand_out(self) -> None:
        """Tell what happened, the lock not held: who is told may use the line."""
        outer, self._pumping = self._pumping, threading.get_ident()
        while handouts := self._take_handouts():
            for handout in handouts:
                handout()
            with self._changed:
                self._changed.notify_all()
        self._pumping = outer

    def _take_handouts(self) -> list[Callable[[], None]]:
        with self._lock:
            return self._session.take_handouts()

    def _join(self) -> None:
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()
