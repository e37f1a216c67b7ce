"""A simulated probe in virtual time behind a real client: time passes only while somebody reads the line."""

from collections.abc import Callable
from typing import Any

from firmware_bridge.device.stepped_probe import SimulationSettings, SteppedProbe, TrueExposure
from firmware_bridge.errors import LinkLostError, PortNotFoundError
from firmware_bridge.host.probe import Probe
from firmware_bridge.line.transport.contract import Transport

STEP_US = 500
FIRST_US = 7_000_000
"""The host's clock when a test begins."""


class Clocked:
    """The host's clock and its port. Without a device the port is dead."""

    def __init__(self) -> None:
        self.now_us = FIRST_US
        self.missing = False
        """The port is gone: it cannot be opened."""
        self.n_opened = 0
        self.written = bytearray()

    def now_ns(self) -> int:
        return self.now_us * 1000

    def sleep(self, timeout_s: float) -> None:
        self.step(round(timeout_s * 1e6))

    def connect(self) -> Transport:
        if self.missing:
            raise PortNotFoundError("there is no such port")
        self.n_opened += 1
        return Cable(self)

    def step(self, us: int) -> None:
        self.now_us += us

    def take(self) -> bytes:
        return b""

    def feed(self, data: bytes) -> None:
        self.written += data


class Bench(Clocked):
    """A simulated probe on that port."""

    def __init__(self, settings: SimulationSettings | None = None, **made: Any) -> None:
        super().__init__()
        self.device = SteppedProbe(settings or SimulationSettings(**made), now_us=FIRST_US)
        self.truth: list[TrueExposure] = []
        self.device.on_exposure(self.truth.append)
        self.take = self.device.take
        self.said: list[str] = []
        self._planned: list[tuple[int, Callable[[], None]]] = []

    def plan(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen after this time, in the midst of whatever the client does."""
        self._planned.append((self.now_us + round(seconds * 1e6), act))

    def step(self, us: int) -> None:
        super().step(us)
        self.device.step(self.now_us)
        due = [entry for entry in self._planned if entry[0] <= self.now_us]
        self._planned = [entry for entry in self._planned if entry not in due]
        for _, act in due:
            act()

    def feed(self, data: bytes) -> None:
        super().feed(data)
        self.device.feed(data)

    def unplug(self) -> None:
        self.device.unplug()
        self.missing = True

    def plug(self) -> None:
        self.device.plug()
        self.missing = False

    def open(self, **options: Any) -> Probe:
        """The client, moved by its own calls: no thread."""
        return Probe(
            self.connect,
            name="the bench",
            tell=self.said.append,
            threaded=False,
            now_ns=self.now_ns,
            pause=self.sleep,
            **options,
        )


class Cable(Transport):
    """The host's end; reading lets time pass until something comes."""

    def __init__(self, port: Clocked) -> None:
        self._port = port
        self.closed = False

    def read(self, timeout_s: float) -> bytes:
        self._check()
        until_us = self._port.now_us + round(timeout_s * 1e6)
        while not (data := self._port.take()) and self._port.now_us < until_us:
            self._port.step(STEP_US)
        return data

    def write(self, data: bytes) -> None:
        self._check()
        self._port.feed(data)

    def close(self) -> None:
        self.closed = True

    def _check(self) -> None:
        if self.closed or self._port.missing:
            raise LinkLostError("the cable was pulled")


def run(probe: Probe, seconds: float) -> None:
    """Let virtual time pass with the line alive, and the program too."""
    wait_for(probe, lambda: False, seconds)


def wait_for(probe: Probe, holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    def lives() -> bool:
        probe.alive()
        return holds()

    return probe.line.wait_until(lives, seconds)
