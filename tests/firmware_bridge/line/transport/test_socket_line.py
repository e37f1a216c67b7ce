"""What a socket says when it cannot be reached. What it does when it can: tests/contract/test_transport.py."""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.errors import (
    LinkLostError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortUnsuitableError,
)
from firmware_bridge.line.transport.socket_line import open_tcp, open_unix
from firmware_bridge.line.transport.table import open_transport

NOBODY = 65534


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def unix_server(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "probe"))
        listening.listen(0)
        yield listening


@pytest.mark.parametrize("form", ["socket://127.0.0.1:{}", "socket:127.0.0.1:{}", "socket://127.0.0.1:{}/"])
def test_each_spelling_of_an_address_leads_there(server: socket.socket, form: str) -> None:
    with open_transport(form.format(server.getsockname()[1])) as near, server.accept()[0] as far:
        near.write(b"hello")
        assert far.recv(5) == b"hello"


def test_an_ipv6_address_stands_in_brackets() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with server, open_transport(f"socket://[::1]:{server.getsockname()[1]}") as near, server.accept()[0] as far:
        far.sendall(b"x")
        assert near.read(60.0) == b"x"
    with pytest.raises(PortUnsuitableError, match=r"write|brackets: socket://\[::1\]:5566"):
        open_tcp("//::1:5566")


def test_small_frames_are_not_held_back(server: socket.socket) -> None:
    with open_tcp(f"127.0.0.1:{server.getsockname()[1]}") as near:
        assert near._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_unix_socket_by_its_address(unix_server: socket.socket) -> None:
    with open_transport(f"unix:{unix_server.getsockname()}") as near, unix_server.accept()[0] as far:
        far.sendall(b"x")
        assert near.read(60.0) == b"x"


def test_what_was_sent_before_the_end_hung_up_is_still_read(unix_server: socket.socket) -> None:
    with open_unix(unix_server.getsockname()) as near:
        far, _ = unix_server.accept()
        far.sendall(b"last words")
        far.close()
        assert near.read(60.0) == b"last words"
        with pytest.raises(LinkLostError, match="hung up"):
            near.read(60.0)


def test_an_end_that_resets_the_connection_is_gone(server: socket.socket) -> None:
    with open_tcp(f"127.0.0.1:{server.getsockname()[1]}") as near:
        far, _ = server.accept()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        with pytest.raises(LinkLostError, match=r"is gone \(.*reset"):
            near.read(60.0)


def test_nothing_listens(server: socket.socket) -> None:
    address = f"socket://127.0.0.1:{server.getsockname()[1]}"
    server.close()
    with pytest.raises(PortNotFoundError, match=f"nothing listens on {address}; start the device first"):
        open_transport(address)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no host 'probe.invalid'"),
        (TimeoutError("timed out"), "did not answer for 5 s"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "cannot be reached.*Network is unreachable"),
    ],
    ids=["name", "silence", "route"],
)
def test_a_host_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, failure: OSError, told: str) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "create_connection", fail)
    with pytest.raises(PortNotFoundError, match=told):
        open_tcp("//probe.invalid:5566")


def test_a_host_that_no_name_can_be() -> None:
    with pytest.raises(PortNotFoundError, match=r"there is no host 'a\.\.b'"):
        open_tcp("//a..b:5566")


@pytest.mark.parametrize("port", ["0", "65536", "probe", "-1", "٣", "80.5", ""])
def test_a_port_that_is_no_number(port: str) -> None:
    with pytest.raises(PortUnsuitableError, match=f"'{port}' in .* is not a port number, 1 to 65535; write socket:"):
        open_tcp(f"//127.0.0.1:{port}")


@pytest.mark.parametrize("rest", ["", "//", "//5566", "//:5566", ":5566"])
def test_an_address_without_a_host(rest: str) -> None:
    with pytest.raises(PortUnsuitableError, match="lacks a host or a port; write socket://HOST:PORT"):
        open_tcp(rest)


def test_a_unix_socket_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PortNotFoundError, match=f"there is no socket {tmp_path}/probe"):
        open_unix(str(tmp_path / "probe"))


def test_a_unix_socket_that_was_left_over(unix_server: socket.socket) -> None:
    path = unix_server.getsockname()
    unix_server.close()
    with pytest.raises(PortNotFoundError, match=r"nothing listens on .* has ended: start it again"):
        open_unix(path)


def test_a_unix_socket_that_others_hold(unix_server: socket.socket) -> None:
    path = unix_server.getsockname()
    with open_unix(path), pytest.raises(PortBusyError, match="in use by another program"):
        open_unix(path)


@pytest.mark.parametrize("path", [__file__, "/tmp", "/dev/null", f"/tmp/{'x' * 120}"])
def test_a_path_that_is_no_unix_socket(path: str) -> None:
    with pytest.raises(PortUnsuitableError, match="expected a unix stream socket, as QEMU makes"):
        open_unix(path)


def test_a_unix_socket_for_datagrams(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(tmp_path / "probe"))
        with pytest.raises(PortUnsuitableError, match="expected a unix stream socket"):
            open_unix(str(tmp_path / "probe"))


def test_no_path_at_all() -> None:
    with pytest.raises(PortUnsuitableError, match="names no socket; write unix:PATH"):
        open_transport("unix:")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_a_unix_socket_that_the_user_may_not_use(unix_server: socket.socket, tmp_path: Path) -> None:
    Path(unix_server.getsockname()).chmod(0o600)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(PortPermissionError, match="you may not use the socket"):
            open_unix(unix_server.getsockname())
    finally:
        os.seteuid(0)
