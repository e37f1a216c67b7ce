"""A host that does nothing by itself: no heartbeat, no clock query, no second session. For the bench only."""

import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from firmware_bridge.line.codec import decode, encode
from firmware_bridge.line.link import Greeting, Link
from firmware_bridge.line.packing import Message
from firmware_bridge.line.transport.contract import Transport

M = TypeVar("M", bound=Message)

SOON_S: Final = 60.0
"""Long enough on a busy machine; nothing waits that long unless it fails."""
_READ_S: Final = 0.002


class RawHost:
    """The host's end of a link. It moves only while one of its calls waits. A context manager, closes the transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.link = Link(self)
        self.heard: list[Message] = []
        """All messages that came, in order."""
        self.greetings: list[Greeting] = []
        self.boot_ids_of_resets: list[int] = []
        self._tag = 0

    # -------------------------------------------------------------------------------------------- for the link
    def opened(self, greeting: Greeting) -> None:
        self.greetings.append(greeting)

    def reset(self, boot_id: int) -> None:
        self.boot_ids_of_resets.append(boot_id)

    def ready(self) -> bool:
        return True

    def reliable(self, body: bytes) -> None:
        self.heard.append(decode(body))

    def plain(self, body: bytes) -> None:
        self.heard.append(decode(body))

    # ----------------------------------------------------------------------------------------------- for tests
    def open(self, session: int = 1) -> Self:
        """Open a session, and wait until it is."""
        self.link.open(session, now_us())
        self.wait_until(lambda: self.link.session == session)
        return self

    def send(self, *messages: Message) -> None:
        """Send these in one write."""
        for message in messages:
            send = self.link.send if message.RELIABLE else self.link.send_plain
            if not send(encode(message)):
                raise AssertionError(f"the link does not take {message}")
        self.link.flush(now_us())
        self._write()

    def ask(self, command: Any, kind: type[M]) -> M:
        """The reply to a command, which gets a tag of its own."""
        self._tag = self._tag % 255 + 1
        tag, n_before = self._tag, len(self.heard)
        self.send(replace(command, tag=tag))
        return self.next(kind, n_before, lambda reply: getattr(reply, "tag", 0) == tag)

    def next(self, kind: type[M], n_before: int, fits: Callable[[M], bool] = lambda message: True) -> M:
        """The first message of this kind that fits, of those after the first `n_before`; waits for it."""

        def found() -> list[M]:
            return [message for message in self.heard[n_before:] if isinstance(message, kind) and fits(message)]

        self.wait_until(lambda: bool(found()))
        return found()[0]

    def of(self, kind: type[M]) -> list[M]:
        """What was heard of this kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    def run(self, seconds: float) -> None:
        """Let time pass, the link alive."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn()

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Raises AssertionError where it does not come to that."""
        end = time.monotonic() + SOON_S
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"it did not happen within {SOON_S:g} s; last heard: {self.heard[-3:]}")
            self._turn()

    def _turn(self) -> None:
        self._write()
        self.link.receive(self.transport.read(_READ_S), now_us())
        self.link.tick(now_us())
        self._write()

    def _write(self) -> None:
        data = self.link.pull(self.link.n_waiting_bytes)
        if data:
            self.transport.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.transport.close()


def now_us() -> int:
    """The host's clock as links take it."""
    return time.monotonic_ns() // 1000 & 0xFFFF_FFFF
