"""The whole device twice, Python and C, on one line: each call goes to both, and both must do the same."""

from collections.abc import Callable
from typing import Final

from firmware_bridge.device.boot import BootOutcome
from firmware_bridge.device.device import Device
from firmware_bridge.errors import PowerCutError
from firmware_bridge.line.messages import BootReason
from tests.firmware.boot_twins import HARDWARE, NOTHING, CTwin, PythonTwin, Started, Twin, image, install
from tests.firmware.core_device import CoreDevice
from tests.firmware.core_library import Core

SERIAL_NUMBER: Final = 0x89ABCDEF
CUT, HANG, RESET, NOTHING_ASKED = "cut", "hang", "reset", ""
"""What became of the machine in a call."""


class Probe:
    """A machine with its flash, and the device that runs on it since the last `begin`: the device's own port."""

    hardware_id, serial_number = HARDWARE, SERIAL_NUMBER

    def __init__(self, twin: Twin, make_device: Callable[["Probe", int], Device | CoreDevice]) -> None:
        self.twin, self._make_device = twin, make_device

    def begin(self, reason: BootReason, now_us: int) -> None:
        self.boot_reason, self.asked = reason, NOTHING_ASKED
        self.device = self._make_device(self, now_us)

    def call(self, name: str, *arguments: object) -> str:
        try:
            getattr(self.device, name)(*arguments)
        except PowerCutError:
            return CUT
        return self.asked

    def request_reset(self) -> None:
        self.asked = RESET

    def hang(self) -> None:
        self.asked = HANG

    def cut_flash_after(self, n_operations: int) -> None:
        self.twin.cut_after(n_operations)

    def exposed(self, *exposure: object) -> None: ...

    def felt(self, device_us: int) -> None: ...


class PythonProbe(Probe):
    def __init__(self) -> None:
        twin = PythonTwin()
        super().__init__(twin, Device)
        self.flash = twin.flash

    @property
    def running(self) -> BootOutcome:
        return self.twin.running


def core_probe(core: Core) -> Probe:
    """In C down to its flash."""
    twin = CTwin(core)
    return Probe(twin, lambda probe, now_us: CoreDevice(core, probe, now_us, twin, twin.running))


class Twins:
    """Both probes, fresh from the factory and started."""

    def __init__(self, core: Core, now_us: int) -> None:
        self.probes: tuple[Probe, Probe] = PythonProbe(), core_probe(core)
        self.now_us = now_us
        self.started = NOTHING
        self.n_starts = 0
        for probe in self.probes:
            install(probe.twin, 0, image(1, counter=2))
        self.start(BootReason.POWER)

    def start(self, reason: BootReason) -> None:
        """As the machine does after a reset, and again where the power is cut in it."""
        self.n_starts += 1
        python, c = (_start(probe.twin) for probe in self.probes)
        assert python == c
        if python is None:
            self.start(BootReason.POWER)
        elif python == NOTHING:
            self.each(lambda probe: install(probe.twin, 0, image(1, counter=9)))
            self.start(reason)
        else:
            self.started = python
            reason = BootReason.UPDATE if reason == BootReason.REQUEST and python.on_trial else reason
            for probe in self.probes:
                probe.begin(reason, self.now_us)

    def each(self, act):
        """The same to both."""
        results = [act(probe) for probe in self.probes]
        assert results[0] == results[1]
        return results[0]

    def call(self, name: str, *arguments: object) -> None:
        outcome = self.each(lambda probe: probe.call(name, *arguments, self.now_us))
        if outcome != NOTHING_ASKED:
            self.check_flash()
            self.start({CUT: BootReason.POWER, HANG: BootReason.WATCHDOG, RESET: BootReason.REQUEST}[outcome])

    def pull(self, room: int) -> bytes:
        return self.each(lambda probe: probe.device.pull(room))

    def check_flash(self) -> None:
        assert self.probes[0].twin.cells() == self.probes[1].twin.cells()


def _start(twin: Twin) -> Started | None:
    try:
        return twin.start()
    except PowerCutError:
        return None
