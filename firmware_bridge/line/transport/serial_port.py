"""A serial port: the probe's USB or UART line, or a pty that stands in for it."""

import errno
import grp
import os
from pathlib import Path
from threading import Event, Lock
from typing import Final

import serial

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

DEFAULT_BAUD: Final = 921_600
"""Bits per second, 8N1: ten bits a byte."""

_READ_AND_WRITE: Final = 0o060
"""A group's rights in a file's mode."""

_GONE: Final = (OSError, TypeError, ValueError)
"""What pyserial raises when the line goes away; the last two where another thread closed it in the middle of a call."""


class SerialPort(Transport):
    """An open serial port, held exclusively.

    Raises PortNotFoundError, PortBusyError, PortPermissionError or PortUnsuitableError where it cannot be opened.
    """

    def __init__(self, path: str, baud: int = DEFAULT_BAUD, write_timeout_s: float = 1.0) -> None:
        self.path = path
        self._write_timeout_s = write_timeout_s
        self._closed, self._closing = Event(), Lock()
        try:
            self._port = serial.Serial(path, baud, timeout=0.0, write_timeout=write_timeout_s, exclusive=True)
        except (OSError, ValueError) as error:
            raise _open_error(path, baud, error) from error

    def read(self, timeout_s: float) -> bytes:
        self._check_open()
        try:
            if self._port.timeout != timeout_s:
                self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except _GONE as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> None:
        self._check_open()
        try:
            self._port.write(data)
        except serial.SerialTimeoutException as error:
            raise WriteStalledError(
                f"{self.path} took no bytes for {self._write_timeout_s} s; "
                "the device hangs or is no probe: power it off and on, then connect again"
            ) from error
        except _GONE as error:
            raise self._lost(error) from error

    def close(self) -> None:
        with self._closing:  # pyserial would close the descriptor twice, and it may be another file's by then
            if not self._closed.is_set():
                self._closed.set()
                self._port.cancel_read()
                self._port.close()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise LinkClosedError(f"{self.path} was closed; open it again")

    def _lost(self, error: Exception) -> TransportError:
        self._check_open()
        # Without a number it is pyserial's own guess, which is long and no help.
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else "it hung up"
        return LinkLostError(f"{self.path} is gone ({reason}); check the probe's cable and power, then connect again")


def open_serial_port(rest: str) -> SerialPort:
    """A port from `PATH` or `PATH@BAUD`, such as `/dev/ttyACM0@115200`."""
    path, _, baud = rest.rpartition("@") if "@" in rest else (rest, "", str(DEFAULT_BAUD))
    if not path:
        raise PortUnsuitableError(f"'serial:{rest}' names no port; write serial:/dev/ttyACM0, or /dev/ttyACM0 alone")
    if not baud.isdecimal() or int(baud) == 0:
        raise PortUnsuitableError(f"'{baud}' is not a speed; write {path}@921600, or {path} alone")
    return SerialPort(path, int(baud))


def _open_error(path: str, baud: int, error: Exception) -> TransportError:
    # pyserial leaves its number out where the terminal's settings fail, and keeps what termios raised.
    number = getattr(error, "errno", None) or next(iter(getattr(error.__context__, "args", ())), None)
    if number in (errno.ENOTTY, errno.EISDIR):
        return PortUnsuitableError(f"{path} is no serial port; sonoedge probe list shows those there are")
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return PortNotFoundError(
            f"there is no serial port {path}; plug the probe in, or look: ls /dev/ttyACM* /dev/ttyUSB*"
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return PortBusyError(f"{path} is in use by another program; close it, or find it with: fuser {path}")
    if number in (errno.EACCES, errno.EPERM):
        return PortPermissionError(f"you may not open {path}; {_remedy(path)}")
    reason = os.strerror(number) if isinstance(number, int) else str(error)
    return PortUnsuitableError(f"{path} cannot be used as a serial port at {baud} bit/s ({reason}); expected a tty")


def _remedy(path: str) -> str:
    """How the user comes to the right: by joining the port's group, unless that is root's or has no right itself."""
    try:
        about = Path(path).stat()
        group, mode = grp.getgrgid(about.st_gid).gr_name, about.st_mode
    except (OSError, KeyError):
        group, mode = "dialout", _READ_AND_WRITE
    if group == "root" or mode & _READ_AND_WRITE != _READ_AND_WRITE:
        return (
            f"its group '{group}' gives no right to it either: "
            f"sudo chgrp dialout {path} && sudo chmod 660 {path} && sudo usermod -aG dialout $USER, then log in again"
        )
    return f"its group is '{group}': sudo usermod -aG {group} $USER, then log in again"
