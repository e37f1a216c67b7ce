"""What stands before the web server: how many may be connected, and for how long one may ask for nothing."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from edge.viewer.access import Refusal, Refusals
from edge.viewer.control import Allowance

MOST: Final = 64
"""At once: eight viewers, each with a browser's six connections, and some."""
MOST_OF_ONE: Final = 24
"""From one address beyond this machine."""
ASK_S: Final = 5.0
"""For the first whole request, TLS done."""
LIFE_S: Final = 30.0
"""Of a connection that did not become a stream: long enough for all files of the page on a slow line."""


class DoorSocket(socket.socket):
    """Listens, and turns away what comes beyond the most connections before it costs anything more, a TLS handshake
    that may never end among it."""

    def __init__(self, listening: socket.socket, refusals: Refusals) -> None:
        """Takes `listening` over."""
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._refusals = refusals
        self._open: list[tuple[socket.socket, str]] = []

    def accept(self) -> tuple[socket.socket, Any]:
        """Raises ConnectionAbortedError for one that was turned away."""
        connection, address = super().accept()
        peer = str(address[0])
        self._open = [(one, other) for one, other in self._open if one.fileno() >= 0]
        of_one = sum(other == peer for _, other in self._open)
        if len(self._open) >= MOST or (of_one >= MOST_OF_ONE and not _is_loopback(peer)):
            connection.close()
            self._refusals.add(Refusal.TOO_MANY)
            raise ConnectionAbortedError("there are enough")
        self._open.append((connection, peer))
        return connection, address


class Connections:
    """Wraps the server's protocol for each connection. `upgraded` says that one became a stream, which its own limits
    end."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        refusals: Refusals,
        *,
        ask_s: float = ASK_S,
        life_s: float = LIFE_S,
    ) -> None:
        self.ask_s, self.life_s = ask_s, life_s
        self.refusals = refusals
        self._protocol = protocol
        self._guards: dict[Any, Guard] = {}

    def __call__(self) -> asyncio.Protocol:
        return Guard(self._protocol(), self)

    def allow(self, transport: Any) -> bool:
        """Whether one more request of this connection is looked at; else it ends."""
        guard = self._guards.get(transport)
        if guard is None or guard.allowance.take(asyncio.get_running_loop().time()):
            return True
        self.refusals.add(Refusal.TOO_FAST)
        transport.abort()
        return False

    def asked(self, transport: Any) -> None:
        """A whole request came in."""
        if guard := self._guards.get(transport):
            guard.asked = True
            guard.give_time(self.life_s)

    def upgraded(self, transport: Any) -> None:
        if guard := self._guards.get(transport):
            guard.give_time(None)

    def keep(self, guard: "Guard", transport: Any) -> None:
        self._guards[transport] = guard

    def drop(self, transport: Any) -> None:
        self._guards.pop(transport, None)


class Guard(asyncio.Protocol):
    """One connection: hands on to `inner`, and ends it where its time is over."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner, self._connections = inner, connections
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.allowance = Allowance()
        self.asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.keep(self, transport)
        self._inner.connection_made(transport)
        self.give_time(self._connections.ask_s)

    def give_time(self, seconds: float | None) -> None:
        """None: without end."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._late)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.give_time(None)
        self._connections.drop(self._transport)
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _late(self) -> None:
        """What a browser keeps open in reserve ends the same way, and counts for nothing where it has read all."""
        assert self._transport is not None
        if self._transport.get_write_buffer_size():
            self._connections.refusals.add(Refusal.SLOW)
        elif not self.asked:
            self._connections.refusals.add(Refusal.IDLE)
        self._transport.abort()


def comes_from_here(transport: Any) -> bool:
    """Whether its other end is on this machine: no packet from elsewhere comes from an address of this board's own."""
    here = transport.get_extra_info("sockname") if transport is not None else None
    peer = _peer(transport) if transport is not None else ""
    return _is_loopback(peer) or (isinstance(here, tuple) and peer == str(here[0]))


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _peer(transport: Any) -> str:
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else ""
