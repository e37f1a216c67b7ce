"""Two ends of a line inside this process: the public fake."""

from threading import Condition
from typing import Final

from firmware_bridge.errors import LinkClosedError, LinkLostError, WriteStalledError
from firmware_bridge.line.transport.contract import Transport

BUFFER_BYTES: Final = 16384
"""Bytes that wait in each direction until they are read, as many as a Linux pty holds."""


class _Lane:
    """Bytes on their way in one direction."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.waiting = bytearray()
        self.closed = False


class Loopback(Transport):
    """One end of a line. `loopback_pair` makes both."""

    def __init__(self, incoming: _Lane, outgoing: _Lane, write_timeout_s: float) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._write_timeout_s = write_timeout_s
        self._closed = False

    def read(self, timeout_s: float) -> bytes:
        lane = self._incoming
        with lane.changed:
            lane.changed.wait_for(lambda: lane.waiting or lane.closed, timeout_s)
            self._check_open()
            if lane.closed and not lane.waiting:
                raise LinkLostError("the other end of the loopback line is closed; make a new pair")
            data = bytes(lane.waiting)
            lane.waiting.clear()
            lane.changed.notify_all()
            return data

    def write(self, data: bytes) -> None:
        lane = self._outgoing
        with lane.changed:
            for start in range(0, len(data), BUFFER_BYTES):
                self._hand_over(lane, data[start : start + BUFFER_BYTES])
            self._check_writable(lane)

    def _hand_over(self, lane: _Lane, part: bytes) -> None:
        def fits() -> bool:
            return lane.closed or self._closed or len(lane.waiting) + len(part) <= BUFFER_BYTES

        in_time = lane.changed.wait_for(fits, self._write_timeout_s)
        self._check_writable(lane)
        if not in_time:
            raise WriteStalledError(
                f"the other end of the loopback line took no bytes for {self._write_timeout_s} s; is it being read?"
            )
        lane.waiting += part
        lane.changed.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise LinkClosedError("this end of the loopback line was closed; make a new pair")

    def _check_writable(self, lane: _Lane) -> None:
        self._check_open()
        if lane.closed:
            raise LinkLostError("the other end of the loopback line is closed; make a new pair")

    def close(self) -> None:
        self._closed = True
        for lane in (self._incoming, self._outgoing):
            with lane.changed:
                lane.closed = True
                lane.changed.notify_all()


def loopback_pair(write_timeout_s: float = 1.0, far_write_timeout_s: float | None = None) -> tuple[Loopback, Loopback]:
    """Both ends of a new line: what is written to one is read from the other. The far end's patience can differ."""
    there, back = _Lane(), _Lane()
    far_s = write_timeout_s if far_write_timeout_s is None else far_write_timeout_s
    return Loopback(back, there, write_timeout_s), Loopback(there, back, far_s)
