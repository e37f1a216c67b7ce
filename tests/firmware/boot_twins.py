"""The boot decision twice, Python and C, behind the same methods, so that one test holds both to the same truth."""

from dataclasses import dataclass
from typing import Any, Protocol

from firmware_bridge.device import boot
from firmware_bridge.device.boot import BANK_STARTS, UpdateOutcome
from firmware_bridge.device.flash import FLASH_SIZE, Flash
from firmware_bridge.errors import FlashBitError, FlashRangeError, NothingBootsError, PowerCutError
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE, FirmwareVersion, unsigned_image
from tests.firmware.core_library import Core

HARDWARE = 0x534F4E31
FLASH_ERRORS = {1: FlashRangeError, 2: FlashBitError, 3: PowerCutError}


@dataclass(frozen=True)
class Started:
    """What a start ended in."""

    bank: int
    on_trial: bool
    boot_id: int
    version: str
    security_counter: int
    sha256: bytes


NOTHING = Started(0xFF, False, 0, "", 0, b"")


class Twin(Protocol):
    """A probe's flash and boot code. Operations raise PowerCutError where the power goes."""

    def cells(self) -> bytes: ...

    def store(self, at: int, content: bytes) -> None:
        """Without the rules of flash: what a factory, a bad bit or a test does."""

    def read(self, at: int, n_bytes: int) -> bytes: ...

    def erase(self, at: int) -> None: ...

    def program(self, at: int, content: bytes) -> None: ...

    def cut_after(self, n_operations: int) -> None: ...

    def start(self) -> Started:
        """Power on, and the boot loader's decision."""

    def begin_update(self) -> UpdateOutcome: ...

    def mark_pending(self) -> UpdateOutcome: ...

    def confirm(self) -> UpdateOutcome: ...

    def is_on_trial(self) -> bool: ...


class PythonTwin:
    def __init__(self) -> None:
        self.flash = Flash()
        self.read, self.erase, self.program = self.flash.read, self.flash.erase_sector, self.flash.program
        self.cut_after = self.flash.cut_after

    def cells(self) -> bytes:
        return bytes(self.flash.cells)

    def store(self, at: int, content: bytes) -> None:
        self.flash.cells[at : at + len(content)] = content

    def start(self) -> Started:
        self.flash.power_on()
        try:
            self.running = boot.select(self.flash, HARDWARE)
        except NothingBootsError:
            return NOTHING
        r = self.running
        return Started(r.bank, r.on_trial, r.boot_id, str(r.image.version), r.image.security_counter, r.image.sha256)

    def begin_update(self) -> UpdateOutcome:
        return boot.begin_update(self.flash, self.running)

    def mark_pending(self) -> UpdateOutcome:
        return boot.mark_pending(self.flash, self.running, HARDWARE)

    def confirm(self) -> UpdateOutcome:
        return boot.confirm(self.flash, self.running)

    def is_on_trial(self) -> bool:
        return boot.is_on_trial(self.flash, self.running)


class CTwin:
    def __init__(self, core: Core) -> None:
        self.ffi, self.c = core.ffi, core.c
        self.bytes = self.ffi.new("uint8_t[]", b"\xff" * FLASH_SIZE)
        self.cut_in = self.ffi.new("uint32_t *")
        self.memory = self.ffi.new("flash_memory *", {"bytes": self.bytes, "cut_in": self.cut_in})
        self.device = self.ffi.new("flash_device *", self.c.flash_memory_device(self.memory))
        self.running = self.ffi.new("boot_outcome *")

    @property
    def is_dead(self) -> bool:
        """The power went, and was not switched on again."""
        return self.memory.dead

    def cells(self) -> bytes:
        return bytes(self.ffi.buffer(self.bytes, FLASH_SIZE))

    def store(self, at: int, content: bytes) -> None:
        self.ffi.memmove(self.bytes + at, content, len(content))

    def read(self, at: int, n_bytes: int) -> bytes:
        into = self.ffi.new("uint8_t[]", n_bytes)
        self._check(self.device.read(self.device.context, at, into, n_bytes))
        return bytes(into)

    def erase(self, at: int) -> None:
        self._check(self.device.erase_sector(self.device.context, at))

    def program(self, at: int, content: bytes) -> None:
        self._check(self.device.program(self.device.context, at, content, len(content)))

    def cut_after(self, n_operations: int) -> None:
        self.cut_in[0] = n_operations + 1

    def start(self) -> Started:
        self.memory.dead = False
        self.running[0] = self.c.boot_select(self.device, HARDWARE)
        self._check_power()
        r, image = self.running, self.running.image
        if r.bank == 0xFF:
            return NOTHING
        version = FirmwareVersion(image.version_major, image.version_minor, image.version_revision, image.version_build)
        return Started(r.bank, r.on_trial, r.boot_id, str(version), image.security_counter, bytes(image.sha256))

    def begin_update(self) -> UpdateOutcome:
        return self._done(self.c.boot_begin_update(self.device, self.running))

    def mark_pending(self) -> UpdateOutcome:
        return self._done(self.c.boot_mark_pending(self.device, self.running, HARDWARE))

    def confirm(self) -> UpdateOutcome:
        return self._done(self.c.boot_confirm(self.device, self.running))

    def is_on_trial(self) -> bool:
        return bool(self.c.boot_is_on_trial(self.device, self.running))

    def _done(self, status: Any) -> UpdateOutcome:
        self._check_power()
        return UpdateOutcome(status)

    def _check_power(self) -> None:
        """The C goes on after a cut until its owner looks; nothing that it then says counts."""
        if self.memory.dead:
            raise PowerCutError("cut")

    def _check(self, status: int) -> None:
        if status:
            raise FLASH_ERRORS[status](str(status))


def image(version: int = 1, hardware_id: int = HARDWARE, counter: int = 1, n_program: int = 5000) -> bytes:
    """An image that spans two sectors, another one for each version."""
    program = bytes((version * 7 + i * 31) % 251 for i in range(n_program))
    return unsigned_image(program, FirmwareVersion(version, 0, 0, 0), hardware_id, counter)


def install(twin: Twin, bank: int, content: bytes) -> None:
    """What a factory does."""
    twin.store(BANK_STARTS[bank], content)


def upload(twin: Twin, running: Started, content: bytes) -> None:
    """Erase and program the spare bank, as the probe does while an update arrives."""
    start = BANK_STARTS[1 - running.bank]
    for at in range(start, start + len(content), FLASH_SECTOR_SIZE):
        twin.erase(at)
    for at in range(0, len(content), 1000):
        twin.program(start + at, content[at : at + 1000])


def update(twin: Twin, running: Started, content: bytes) -> Started:
    """A whole update, to the confirmation."""
    assert twin.begin_update() == UpdateOutcome.OK
    upload(twin, running, content)
    assert twin.mark_pending() == UpdateOutcome.OK
    started = twin.start()
    assert twin.confirm() == UpdateOutcome.OK
    return started
