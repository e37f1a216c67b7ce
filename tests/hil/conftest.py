"""One suite, three devices. Each test begins with a restart and ends with a look at every error counter."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_bridge.host.probe import Probe
from firmware_bridge.host.session import ConnectionStatistics
from firmware_bridge.line import messages as wire
from firmware_bridge.line.transport.faulty import FaultSettings
from tests.hil.counters import NAMES, Counted, complaints, counted_by_link, counted_by_program
from tests.hil.firmware import KINDS, Firmware
from tools.bridge.devices import ProbeDevice
from tools.bridge.raw_host import RawHost

AWAKE_S = 600.0
"""A test may think for so long before its probe's heartbeats end."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"disturbs(*names): error counters that the test moves, of {', '.join(NAMES)}")


class Bench:
    """A device under test, and all the ends that a test opened on it."""

    def __init__(self, device: ProbeDevice, kind: str, firmware: Firmware) -> None:
        self.device, self.kind, self.firmware = device, kind, firmware
        self._opened: list[tuple[Probe, ConnectionStatistics]] = []
        self._raw: list[RawHost] = []

    def open(self, alive_s: float = AWAKE_S) -> Probe:
        """A program's session. Closed with the test."""
        probe = Probe(self.device.open_line, name=self.device.name, alive_s=alive_s)
        self._opened.append((probe, probe.line.statistics()))
        return probe

    def raw(self) -> RawHost:
        """To be used as a context manager, while no other session is open."""
        self._raw.append(RawHost(self.device.open_line()))
        return self._raw[-1]

    def image(self, version: str, **wrong: int) -> Path:
        return self.firmware.image(self.kind, version, **wrong)

    def look(self, announced: Collection[str]) -> None:
        """Close everything; fail where a counter moved that should not have."""
        probe = next((probe for probe, _ in reversed(self._opened) if probe.line.is_open), None) or self.open()
        duplicates = [host.duplicate for host in self._counted()]
        of_device = counted_by_link("device", probe.ask(wire.AskLinkStatistics(0), wire.LinkStatistics))
        # The device's very answer may come twice, which it cannot tell in it.
        of_hosts = [replace(host, duplicate=n) for host, n in zip(self._counted(), duplicates, strict=True)]
        self.close()
        assert not complaints(of_hosts, of_device, announced)

    def _counted(self) -> list[Counted]:
        of_programs = [counted_by_program(then, opened.line.statistics()) for opened, then in self._opened]
        return of_programs + [counted_by_link("raw host", host.link.counters) for host in self._raw]

    def close(self) -> None:
        for probe, _ in self._opened:
            probe.close()
        self._opened.clear()
        self._raw.clear()


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return Firmware(tmp_path_factory.mktemp("firmware"))


@pytest.fixture(scope="module", params=KINDS)
def switched_on(request: pytest.FixtureRequest, firmware: Firmware, tmp_path_factory: pytest.TempPathFactory):
    kind = request.param
    with firmware.device(kind, tmp_path_factory.mktemp("device") / "flash.bin") as device:
        yield Bench(device, kind, firmware)


@pytest.fixture
def bench(switched_on: Bench, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The module's device, restarted."""
    _make_ready(switched_on.device)
    with _looked_after(switched_on, request):
        yield switched_on


@pytest.fixture(params=KINDS)
def new_bench(request: pytest.FixtureRequest, firmware: Firmware, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """To make a device for this test alone, from the factory; its options are `drift_ppm` and `start_us`."""
    with ExitStack() as made:

        def make(**options: int) -> Bench:
            device = made.enter_context(firmware.device(request.param, tmp_path / "flash.bin", **options))
            bench = Bench(device, request.param, firmware)
            made.enter_context(_looked_after(bench, request))
            return bench

        yield make


@pytest.fixture
def probe(bench: Bench) -> Probe:
    """A program's session with the module's device."""
    return bench.open()


def _make_ready(device: ProbeDevice) -> None:
    device.faults = FaultSettings()
    device.go_on()
    device.plug()
    device.restart()


@contextmanager
def _looked_after(bench: Bench, request: pytest.FixtureRequest) -> Iterator[None]:
    announced = {name for mark in request.node.iter_markers("disturbs") for name in mark.args}
    assert announced <= set(NAMES), f"no such counter: {announced - set(NAMES)}"
    yield
    try:
        bench.look(announced)
    finally:
        bench.close()
