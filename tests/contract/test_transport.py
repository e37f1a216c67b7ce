"""What every transport must do, from the point of view of its user; `far` is the other end of the line."""

import os
import socket
import struct
import tempfile
import threading
import tty
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from firmware_bridge.device.simulator import SimulatedLine
from firmware_bridge.errors import LinkClosedError, LinkLostError, WriteStalledError
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.faulty import FaultyLine, FaultyTransport
from firmware_bridge.line.transport.loopback import Loopback, loopback_pair
from firmware_bridge.line.transport.recorded import RecordingTransport, TraceFile
from firmware_bridge.line.transport.socket_line import open_tcp, open_unix
from firmware_bridge.line.transport.table import TRANSPORTS, open_transport

SOON_S = 60.0
"""Long enough on a busy machine; nothing waits that long unless it fails."""
STALL_S = 0.05


class Far(Protocol):
    def send(self, data: bytes) -> None: ...

    def receive(self, n: int) -> bytes: ...

    def vanish(self) -> None: ...


Ends = tuple[Transport, Far]


class LoopbackFar:
    def __init__(self, end: Loopback) -> None:
        self.end = end
        self.send = end.write
        self.vanish = end.close

    def receive(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            part = self.end.read(SOON_S)
            assert part, f"{len(data)} of {n} bytes arrived"
            data += part
        return data


class PtyFar:
    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.master, data) :]

    def receive(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            data += os.read(self.master, n - len(data))
        return data

    def vanish(self) -> None:
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)
        self.master = self.slave = -1


class SocketFar:
    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        self.socket.settimeout(SOON_S)
        self.send = accepted.sendall

    def receive(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            assert part, f"{len(data)} of {n} bytes arrived"
            data += part
        return data

    def vanish(self) -> None:
        if self.socket.family == socket.AF_INET and self.socket.fileno() >= 0:
            # Closing then waits until the near end has heard of it, which TCP else does not promise.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, int(SOON_S)))
            self.socket.settimeout(None)
        self.socket.close()


@contextmanager
def loopback_line(write_timeout_s: float) -> Iterator[Ends]:
    near, end = loopback_pair(write_timeout_s)
    with near, end:
        yield near, LoopbackFar(end)


@contextmanager
def serial_line(write_timeout_s: float) -> Iterator[Ends]:
    from firmware_bridge.line.transport.serial_port import SerialPort

    far = PtyFar()
    try:
        with SerialPort(far.path, write_timeout_s=write_timeout_s) as near:
            yield near, far
    finally:
        far.vanish()


@contextmanager
def tcp_line(write_timeout_s: float) -> Iterator[Ends]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = open_tcp(f"//127.0.0.1:{server.getsockname()[1]}", write_timeout_s)
        with near, server.accept()[0] as accepted:
            yield near, SocketFar(accepted)


@contextmanager
def unix_line(write_timeout_s: float) -> Iterator[Ends]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/probe")
        server.listen()
        with open_unix(f"{folder}/probe", write_timeout_s) as near, server.accept()[0] as accepted:
            yield near, SocketFar(accepted)


@contextmanager
def faulty_line(write_timeout_s: float) -> Iterator[Ends]:
    with loopback_line(write_timeout_s) as (inner, far), FaultyTransport(inner, FaultyLine(1), FaultyLine(2)) as near:
        yield near, far


@contextmanager
def late_line(write_timeout_s: float) -> Iterator[Ends]:
    out, back = FaultyLine(1, delay_ms=(0, 2)), FaultyLine(2, delay_ms=(0, 2))
    with loopback_line(write_timeout_s) as (inner, far), FaultyTransport(inner, out, back) as near:
        yield near, far


@contextmanager
def simulated_line(write_timeout_s: float) -> Iterator[Ends]:
    near, end = loopback_pair(write_timeout_s)
    with SimulatedLine(near, end.close) as cable:
        yield cable, LoopbackFar(end)


@contextmanager
def recorded_line(write_timeout_s: float) -> Iterator[Ends]:
    with (
        tempfile.TemporaryDirectory() as folder,
        TraceFile(Path(folder) / "line.trace") as trace,
        loopback_line(write_timeout_s) as (inner, far),
        RecordingTransport(inner, trace) as near,
    ):
        yield near, far


LINES = {
    "loopback": loopback_line,
    "serial": serial_line,
    "socket": tcp_line,
    "unix": unix_line,
    "faulty": faulty_line,
    "late": late_line,
    "recorded": recorded_line,
    "sim": simulated_line,
}
"""A new transport joins all tests below with one line here: its write timeout in seconds to both ends of a line."""


@pytest.fixture(params=LINES)
def line(request: pytest.FixtureRequest) -> Iterator[Ends]:
    with LINES[request.param](SOON_S) as ends:
        yield ends


@pytest.fixture(params=LINES)
def impatient_line(request: pytest.FixtureRequest) -> Iterator[Ends]:
    with LINES[request.param](STALL_S) as ends:
        yield ends


def read_exactly(transport: Transport, n: int) -> bytes:
    data = b""
    while len(data) < n:
        part = transport.read(SOON_S)
        assert part, f"{len(data)} of {n} bytes arrived"
        data += part
    return data


def test_each_transport_of_the_table_is_held_to_the_contract() -> None:
    assert set(TRANSPORTS) <= set(LINES)


def test_bytes_travel_both_ways_unchanged(line: Ends) -> None:
    near, far = line
    every_byte = bytes(range(256))
    near.write(every_byte)
    assert far.receive(256) == every_byte
    far.send(every_byte)
    assert read_exactly(near, 256) == every_byte


def test_nothing_within_the_time_is_no_error(line: Ends) -> None:
    near, far = line
    assert near.read(0.0) == b""
    assert near.read(0.01) == b""
    far.send(b"late")
    assert read_exactly(near, 4) == b"late"


def test_a_read_does_not_wait_for_more_than_there_is(line: Ends) -> None:
    near, far = line
    far.send(b"x")
    assert near.read(3600.0) == b"x"


def test_more_than_the_line_holds_passes_while_it_is_read(line: Ends) -> None:
    near, far = line
    data = os.urandom(100_000)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(far.receive(len(data))))
    reader.start()
    for start in range(0, len(data), 1000):
        near.write(data[start : start + 1000])
    reader.join(SOON_S)
    assert received == [data]


def test_the_order_is_kept_over_many_writes(line: Ends) -> None:
    near, far = line
    for number in range(100):
        near.write(number.to_bytes(2, "big"))
    assert far.receive(200) == b"".join(number.to_bytes(2, "big") for number in range(100))


def test_nobody_reads(impatient_line: Ends) -> None:
    near, _ = impatient_line
    with pytest.raises(WriteStalledError, match="took no bytes") as caught:
        near.write(b"x" * 1_000_000)
    assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("use", [lambda t: t.read(SOON_S), lambda t: t.write(b"x")], ids=["read", "write"])
def test_the_other_end_is_gone(line: Ends, use: Callable[[Transport], object]) -> None:
    near, far = line
    far.vanish()
    with pytest.raises(LinkLostError) as caught:
        use(near)
    assert isinstance(caught.value, ConnectionError)


def test_a_waiting_read_hears_that_the_other_end_goes(line: Ends) -> None:
    near, far = line
    outcome: list[object] = []

    def wait() -> None:
        try:
            outcome.append(near.read(3600.0))
        except LinkLostError as error:
            outcome.append(error)

    reader = threading.Thread(target=wait, daemon=True)
    reader.start()
    far.vanish()
    reader.join(SOON_S)
    assert [type(item) for item in outcome] == [LinkLostError]


def test_a_waiting_read_ends_when_this_end_is_closed(line: Ends) -> None:
    near, _ = line
    outcome: list[object] = []

    def wait() -> None:
        try:
            outcome.append(near.read(3600.0))
        except LinkClosedError as error:
            outcome.append(error)

    reader = threading.Thread(target=wait, daemon=True)
    reader.start()
    near.close()
    reader.join(SOON_S)
    assert len(outcome) == 1
    assert outcome[0] == b"" or isinstance(outcome[0], LinkClosedError)


def test_several_threads_may_close_at_once(line: Ends) -> None:
    near, _ = line
    together = threading.Barrier(8)

    def close(_: int) -> None:
        together.wait(SOON_S)
        near.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(close, range(8))) == [None] * 8


@pytest.mark.parametrize("use", [lambda t: t.read(0.0), lambda t: t.write(b"x")], ids=["read", "write"])
def test_use_after_close(line: Ends, use: Callable[[Transport], object]) -> None:
    near, _ = line
    near.close()
    near.close()
    with pytest.raises(LinkClosedError, match="closed"):
        use(near)


def test_an_address_leads_to_its_transport() -> None:
    far = PtyFar()
    try:
        for address in (far.path, f"serial:{far.path}", f"serial:{far.path}@115200"):
            with open_transport(address) as near:
                near.write(b"hello")
                assert far.receive(5) == b"hello"
    finally:
        far.vanish()
