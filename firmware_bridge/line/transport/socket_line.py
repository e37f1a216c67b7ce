"""A TCP or unix stream socket that carries raw bytes, as an emulator's serial port does."""

import select
import socket
from contextlib import suppress
from pathlib import Path
from threading import Event, RLock
from typing import Final

from firmware_bridge.errors import (
    LinkClosedError,
    LinkLostError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortUnsuitableError,
    TransportError,
    WriteStalledError,
)
from firmware_bridge.line.transport.contract import Transport

CONNECT_TIMEOUT_S: Final = 5.0
WRITE_TIMEOUT_S: Final = 1.0
READ_BYTES: Final = 65536
SEND_BUFFER_BYTES: Final = 65536
"""For TCP, which else takes megabytes before it is noticed that the device hangs."""
LONGEST_WAIT_S: Final = 86_400.0
"""The system counts milliseconds in 31 bits; a longer wait returns nothing after this."""

_GONE: Final = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class SocketLine(Transport):
    """A connected stream socket; `open_tcp` and `open_unix` make one. `name` stands in the messages."""

    def __init__(self, connected: socket.socket, name: str, write_timeout_s: float) -> None:
        connected.setblocking(False)
        self.name = name
        self._socket = connected
        self._write_timeout_s = write_timeout_s
        self._closed = Event()
        self._reading, self._writing = RLock(), RLock()
        self._arrivals, self._room = select.poll(), select.poll()
        self._arrivals.register(connected, select.POLLIN)
        self._room.register(connected, select.POLLOUT | select.POLLRDHUP)

    def read(self, timeout_s: float) -> bytes:
        with self._reading:
            self._check_open()
            self._arrivals.poll(1000 * min(timeout_s, LONGEST_WAIT_S))
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                return b""
            except OSError as error:
                raise self._lost(_reason(error)) from error
            if not data:
                raise self._lost("the other end hung up")
            return data

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        with self._writing:
            self._has_room(0.0)
            while left:
                try:
                    left = left[self._socket.send(left) :]
                except BlockingIOError:
                    self._await_room()
                except OSError as error:
                    raise self._lost(_reason(error)) from error

    def close(self) -> None:
        self._closed.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # Not before reader and writer are out: the number of a closed socket may already belong to another file.
        with self._reading, self._writing:
            self._socket.close()

    def _await_room(self) -> None:
        if not self._has_room(self._write_timeout_s):
            raise WriteStalledError(
                f"{self.name} took no bytes for {self._write_timeout_s} s; "
                "the device hangs or is no probe: start it again, then connect again"
            )

    def _has_room(self, timeout_s: float) -> bool:
        self._check_open()
        happened = self._room.poll(1000 * timeout_s)
        if any(event & _GONE for _, event in happened):
            raise self._lost("the other end hung up")
        return bool(happened)

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise LinkClosedError(f"{self.name} was closed; open it again")

    def _lost(self, reason: str) -> TransportError:
        if self._closed.is_set():
            return LinkClosedError(f"{self.name} was closed; open it again")
        return LinkLostError(f"{self.name} is gone ({reason}); see that the device still runs, then connect again")


def open_tcp(rest: str, write_timeout_s: float = WRITE_TIMEOUT_S) -> SocketLine:
    """A line from `//HOST:PORT` or `HOST:PORT`; an IPv6 address stands in brackets.

    Raises PortUnsuitableError where that is no address, PortNotFoundError where nothing answers there within
    `CONNECT_TIMEOUT_S`.
    """
    host, port = _host_and_port(rest)
    name = f"socket://[{host}]:{port}" if ":" in host else f"socket://{host}:{port}"
    try:
        connected = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
    except (OSError, UnicodeError) as error:
        raise _tcp_error(name, host, error) from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return SocketLine(connected, name, write_timeout_s)


def open_unix(path: str, write_timeout_s: float = WRITE_TIMEOUT_S) -> SocketLine:
    """A line from the path of a unix stream socket.

    Raises PortUnsuitableError where the path is none, PortNotFoundError where nothing listens on it, PortBusyError,
    PortPermissionError.
    """
    if not path:
        raise PortUnsuitableError("'unix:' names no socket; write unix:PATH, such as unix:/tmp/probe.sock")
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(CONNECT_TIMEOUT_S)
        connected.connect(path)
    except OSError as error:
        connected.close()
        raise _unix_error(path, error) from error
    return SocketLine(connected, f"unix:{path}", write_timeout_s)


def _host_and_port(rest: str) -> tuple[str, int]:
    host, _, port = rest.removeprefix("//").removesuffix("/").rpartition(":")
    example = "write socket://HOST:PORT, such as socket://127.0.0.1:5566"
    if not host:
        raise PortUnsuitableError(f"'socket:{rest}' lacks a host or a port; {example}")
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise PortUnsuitableError(f"'{port}' in 'socket:{rest}' is not a port number, 1 to 65535; {example}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise PortUnsuitableError(f"'{host}' must stand in brackets: socket://[{host}]:{port}")
    return host, int(port)


def _tcp_error(name: str, host: str, error: Exception) -> TransportError:
    if isinstance(error, ConnectionRefusedError):
        return PortNotFoundError(f"nothing listens on {name}; start the device first, or correct the port number")
    if isinstance(error, socket.gaierror | UnicodeError):
        return PortNotFoundError(
            f"there is no host '{host}' ({_reason(error)}); check its spelling, or write its address"
        )
    if isinstance(error, TimeoutError):
        return PortNotFoundError(
            f"{name} did not answer for {CONNECT_TIMEOUT_S:g} s; see that it is switched on and on the same network"
        )
    return PortNotFoundError(f"{name} cannot be reached ({_reason(error)}); check the address and the network")


def _unix_error(path: str, error: Exception) -> TransportError:
    if isinstance(error, FileNotFoundError):
        return PortNotFoundError(f"there is no socket {path}; start the device first, or correct the path")
    if isinstance(error, PermissionError):
        return PortPermissionError(
            f"you may not use the socket {path}; start the device as the same user, or: sudo chown $USER {path}"
        )
    if isinstance(error, BlockingIOError):
        return PortBusyError(f"{path} is in use by another program; close it, then connect again")
    if isinstance(error, ConnectionRefusedError) and Path(path).is_socket():
        return PortNotFoundError(f"nothing listens on {path}; the device that made it has ended: start it again")
    return PortUnsuitableError(
        f"{path} cannot be connected to ({_reason(error)}); expected a unix stream socket, as QEMU makes with "
        "-serial unix:PATH,server=on,wait=off"
    )


def _reason(error: Exception) -> str:
    """Without the number that the system puts before it."""
    return getattr(error, "strerror", None) or str(error)
