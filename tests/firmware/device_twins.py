"""The whole device twice, Python and C, on one line: each call goes to both, and both must do the same."""

from typing import Final, Protocol

from firmware_bridge.device.device import Device
from firmware_bridge.errors import PowerCutError
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import BootReason
from tests.firmware.boot_twins import HARDWARE, NOTHING, CTwin, PythonTwin, Started, Twin, image, install
from tests.firmware.core_library import Core

SERIAL_NUMBER: Final = 0x89ABCDEF
CUT, HANG, RESET, NOTHING_ASKED = "cut", "hang", "reset", ""
"""What became of the machine in a call."""


class Probe(Protocol):
    """A machine with its flash, and the device that runs on it since the last `begin`."""

    twin: Twin

    def begin(self, reason: BootReason, now_us: int) -> None: ...

    def call(self, name: str, *arguments: object) -> str: ...

    def pull(self, room: int) -> bytes: ...


class PythonProbe:
    """Its own port."""

    hardware_id, serial_number = HARDWARE, SERIAL_NUMBER

    def __init__(self) -> None:
        self.twin = PythonTwin()
        self.flash = self.twin.flash

    def begin(self, reason: BootReason, now_us: int) -> None:
        self.running, self.boot_reason, self.asked = self.twin.running, reason, NOTHING_ASKED
        self.device = Device(self, now_us)

    def call(self, name: str, *arguments: object) -> str:
        try:
            getattr(self.device, name)(*arguments)
        except PowerCutError:
            return CUT
        return self.asked

    def pull(self, room: int) -> bytes:
        return self.device.pull(room)

    def request_reset(self) -> None:
        self.asked = RESET

    def hang(self) -> None:
        self.asked = HANG

    def cut_flash_after(self, n_operations: int) -> None:
        self.flash.cut_after(n_operations)

    def exposed(self, *exposure: object) -> None: ...


class CProbe:
    def __init__(self, core: Core) -> None:
        self.twin, self.ffi, self.c = CTwin(core), core.ffi, core.c
        self.device, self.room = self.ffi.new("device *"), self.ffi.new("uint8_t[]", wire.OUTBOX_BYTES)
        self.calls = (
            self.ffi.callback("void(void *)", lambda _: self.ask(RESET)),
            self.ffi.callback("void(void *)", lambda _: self.ask(HANG)),
            self.ffi.callback("void(void *, uint32_t)", lambda _, n_operations: self.twin.cut_after(n_operations)),
        )

    def ask(self, what: str) -> None:
        self.asked = what

    def begin(self, reason: BootReason, now_us: int) -> None:
        machine = (self.ffi.NULL, self.twin.device, self.twin.running, HARDWARE, SERIAL_NUMBER, reason, *self.calls)
        self.port, self.asked = self.ffi.new("port *", machine), NOTHING_ASKED
        # Memory after a reset holds anything: whatever the start forgets to set shows.
        self.ffi.memmove(self.device, b"\xa5" * self.ffi.sizeof("device"), self.ffi.sizeof("device"))
        self.c.device_start(self.device, self.port, now_us)

    def call(self, name: str, *arguments: object) -> str:
        if name == "receive":
            chunk, now_us = arguments
            arguments = (chunk, len(chunk), now_us)
        getattr(self.c, f"device_{name}")(self.device, *arguments)
        return CUT if self.twin.memory.dead else self.asked

    def pull(self, room: int) -> bytes:
        return bytes(self.ffi.buffer(self.room, self.c.device_pull(self.device, self.room, room)))


class Twins:
    """Both probes, fresh from the factory and started."""

    def __init__(self, core: Core, now_us: int) -> None:
        self.probes: tuple[Probe, Probe] = PythonProbe(), CProbe(core)
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
        return self.each(lambda probe: probe.pull(room))

    def check_flash(self) -> None:
        assert self.probes[0].twin.cells() == self.probes[1].twin.cells()


def _start(twin: Twin) -> Started | None:
    try:
        return twin.start()
    except PowerCutError:
        return None
