"""What a serial port says when it cannot be opened. What it does when it can: tests/contract/test_transport.py."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from firmware_bridge.errors import (
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortUnsuitableError,
    TransportError,
    UnknownTransportError,
)
from firmware_bridge.line.transport.serial_port import SerialPort, open_serial_port
from firmware_bridge.line.transport.table import open_transport

NOBODY = 65534


@pytest.fixture
def port_path() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    path = str(tmp_path / "ttyACM7")
    with pytest.raises(PortNotFoundError, match="plug the probe in") as caught:
        SerialPort(path)
    assert path in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)


def test_a_port_that_is_open_already_is_busy_until_it_is_closed(port_path: str) -> None:
    with SerialPort(port_path), pytest.raises(PortBusyError, match=f"fuser {port_path}"):
        SerialPort(port_path)
    SerialPort(port_path).close()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Opens files as somebody who is no member of any group, then as before."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
@pytest.mark.parametrize(
    ("group", "mode", "told"),
    [
        ("dialout", 0o660, "its group is 'dialout': sudo usermod -aG dialout $USER, then log in again"),
        ("tty", 0o660, "its group is 'tty': sudo usermod -aG tty $USER, then log in again"),
        ("dialout", 0o620, "sudo chmod 660"),
        ("root", 0o660, "sudo chgrp dialout"),
    ],
)
def test_a_port_that_the_user_may_not_open(port_path: str, group: str, mode: int, told: str) -> None:
    shutil.chown(port_path, "root", group)
    Path(port_path).chmod(mode)
    with pytest.raises(PortPermissionError) as caught, as_nobody():
        SerialPort(port_path)
    assert port_path in str(caught.value)
    assert told in str(caught.value)
    assert "usermod -aG root" not in str(caught.value)
    assert isinstance(caught.value, PermissionError)


def test_a_port_whose_group_cannot_be_told_is_taken_for_debians(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    monkeypatch.setattr(serial, "Serial", deny)
    with pytest.raises(PortPermissionError, match="/nowhere/ttyACM0; its group is 'dialout'"):
        SerialPort("/nowhere/ttyACM0")


@pytest.mark.parametrize("rest", ["", "@115200"])
def test_an_address_without_a_port(rest: str) -> None:
    with pytest.raises(PortUnsuitableError, match="names no port; write serial:/dev/ttyACM0"):
        open_serial_port(rest)


@pytest.mark.parametrize("path", ["/dev/null", "/tmp", __file__])
def test_a_path_that_is_no_serial_port(path: str) -> None:
    with pytest.raises(PortUnsuitableError, match="no serial port; sonoedge probe list"):
        SerialPort(path)


def test_a_speed_that_no_port_has(port_path: str) -> None:
    with pytest.raises(PortUnsuitableError, match="-1 bit/s"):
        SerialPort(port_path, baud=-1)


@pytest.mark.parametrize("speed", ["fast", "0", "", "9600.5"])
def test_a_speed_that_is_no_number(port_path: str, speed: str) -> None:
    with pytest.raises(PortUnsuitableError, match="is not a speed"):
        open_serial_port(f"{port_path}@{speed}")


@pytest.mark.parametrize("address", ["carrier-pigeon:coop", "", "ttyACM0"])
def test_a_transport_that_does_not_exist_lists_those_that_do(address: str) -> None:
    with pytest.raises(UnknownTransportError, match=r"there are: .*serial"):
        open_transport(address)


def test_every_transport_error_is_one() -> None:
    for error in (PortBusyError, PortNotFoundError, PortPermissionError, PortUnsuitableError):
        assert issubclass(error, TransportError)
