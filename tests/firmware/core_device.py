"""The device in C behind the methods of `firmware_bridge.device.device.Device`, so that one test runs on either."""

from typing import Any, Protocol

from firmware_bridge.device.boot import BootOutcome
from firmware_bridge.device.flash import Flash
from firmware_bridge.device.port import DevicePort
from firmware_bridge.errors import FlashBitError, FlashRangeError, PowerCutError
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import decode
from tests.firmware.core_library import Core

NOTED_EXPOSURE = 0
"""Of core/device.h: which of the noted bodies is the exposure's."""
FLASH_STATUS = {FlashRangeError: 1, FlashBitError: 2, PowerCutError: 3}


class FlashInC(Protocol):
    """What the core writes to."""

    device: Any
    """A `flash_device *`."""
    is_dead: bool
    """The power went, and was not switched on again."""


class CoreDevice:
    """One run of core/device.c; as in Python, PowerCutError leaves it where flash is written."""

    def __init__(self, core: Core, port: DevicePort, now_us: int, flash: FlashInC, running: Any) -> None:
        """`running`: a `boot_outcome *`."""
        self._ffi, self._c, self._port, self._flash = core.ffi, core.c, port, flash
        ffi = core.ffi
        self._device, self._room = ffi.new("device *"), ffi.new("uint8_t[]", wire.OUTBOX_BYTES)
        calls = (
            ffi.callback("void(void *)", lambda _: port.request_reset()),
            ffi.callback("void(void *)", lambda _: port.hang()),
            ffi.callback("void(void *, uint32_t)", lambda _, n_operations: port.cut_flash_after(n_operations)),
        )
        facts = (port.hardware_id, port.serial_number, port.boot_reason)
        # What the core only points at must live as long as it does.
        self._kept = calls, running
        self._machine = ffi.new("port *", (ffi.NULL, flash.device, running, *facts, *calls))
        # Memory after a reset holds anything: whatever the start forgets to set shows.
        ffi.memmove(self._device, b"\xa5" * ffi.sizeof("device"), ffi.sizeof("device"))
        core.c.device_start(self._device, self._machine, now_us)
        self._epoch, self._values = self._device.chosen.epoch, tuple(self._device.chosen.values)
        self.state = CoreState(core, self._device, port)

    def receive(self, chunk: bytes, now_us: int) -> None:
        self._call(self._c.device_receive, chunk, len(chunk), now_us)

    def tick(self, now_us: int) -> None:
        self._call(self._c.device_tick, now_us)

    def stimulate(self, stimulus: int, value: int, now_us: int) -> None:
        self._call(self._c.device_stimulate, stimulus, value, now_us)

    def pull(self, room: int) -> bytes:
        room = min(room, wire.OUTBOX_BYTES)
        return bytes(self._ffi.buffer(self._room, self._c.device_pull(self._device, self._room, room)))

    def _call(self, function: Any, *arguments: object) -> None:
        device = self._device
        next_frame = device.frames.next_frame
        function(device, *arguments)
        if device.frames.next_frame != next_frame:
            self._tell_exposure()
        if device.chosen.epoch != self._epoch:
            self._epoch, self._values = device.chosen.epoch, tuple(device.chosen.values)
        if self._flash.is_dead:
            raise PowerCutError("cut")

    def _tell_exposure(self) -> None:
        """The core calls nobody at an exposure. It comes before what else a call does, so its values are those before
        the call; the rest is in the report, which stays where it was made whether or not the line had room for it."""
        noted = self._device.noted[NOTED_EXPOSURE].body
        exposure = decode(bytes(noted)[: 1 + wire.Exposure.LAYOUT.size])
        assert isinstance(exposure, wire.Exposure)
        self._port.exposed(exposure.frame, exposure.device_us, self._values, exposure.flags)


class CoreState:
    """A look inside, by the names of `DeviceState`. The parts are the core's own structures where the fields agree."""

    def __init__(self, core: Core, device: Any, port: DevicePort) -> None:
        self.port = port
        self.settings, self.faults = device.chosen, device.latch
        self.heartbeat, self.storm = device.host, device.line
        self.permission = CorePermission(core, device.transmit)
        self.link = CoreLinkState(core, device.link)
        self.updating = CoreUpdating(core, device.update)


class CorePermission:
    def __init__(self, core: Core, permission: Any) -> None:
        self._c, self._pointer, self._permission = core.c, core.ffi.addressof(permission), permission

    def __getattr__(self, name: str) -> Any:
        return getattr(self._permission, name)

    @property
    def flags(self) -> int:
        return self._c.permission_flags(self._pointer)


class CoreUpdating:
    def __init__(self, core: Core, updating: Any) -> None:
        self._c, self._pointer, self._updating = core.c, core.ffi.addressof(updating), updating

    def __getattr__(self, name: str) -> Any:
        return getattr(self._updating, name)

    @property
    def state(self) -> int:
        return self._c.updating_state(self._pointer)


class CoreLinkState:
    def __init__(self, core: Core, link: Any) -> None:
        self._c, self._pointer, self._link = core.c, core.ffi.addressof(link), link
        self.counters = link.counters

    @property
    def n_free(self) -> int:
        return self._c.link_n_free(self._pointer)

    @property
    def n_waiting_bytes(self) -> int:
        return self._link.output.n_bytes

    def close(self) -> None:
        """A device has no way to do this; a test stands for a session that was never opened."""
        self._link.session = 0


class PythonFlash:
    """A simulator's flash, as the core writes to it."""

    def __init__(self, core: Core, flash: Flash) -> None:
        self._ffi, self.is_dead = core.ffi, False
        self._calls = (
            core.ffi.callback(
                "flash_status(void *, uint32_t, uint8_t *, uint32_t)",
                lambda _, at, to, n_bytes: self._tried(lambda: self._copy(to, flash.read(at, n_bytes))),
            ),
            core.ffi.callback(
                "flash_status(void *, uint32_t)",
                lambda _, at: self._tried(lambda: flash.erase_sector(at)),
            ),
            core.ffi.callback(
                "flash_status(void *, uint32_t, const uint8_t *, uint32_t)",
                lambda _, at, content, n_bytes: self._tried(
                    lambda: flash.program(at, bytes(core.ffi.buffer(content, n_bytes)))
                ),
            ),
        )
        self.device = core.ffi.new("flash_device *", (core.ffi.NULL, *self._calls))

    def _copy(self, to: Any, content: bytes) -> None:
        self._ffi.memmove(to, content, len(content))

    def _tried(self, operation: Any) -> int:
        try:
            operation()
        except (FlashRangeError, FlashBitError, PowerCutError) as error:
            self.is_dead |= isinstance(error, PowerCutError)
            return FLASH_STATUS[type(error)]
        return 0


def core_device(core: Core, port: DevicePort, now_us: int) -> CoreDevice:
    """In the place of `Device(port, now_us)`."""
    return CoreDevice(core, port, now_us, PythonFlash(core, port.flash), outcome_in_c(core, port.running))


def outcome_in_c(core: Core, running: BootOutcome) -> Any:
    """A `boot_outcome *`."""
    image, version = running.image, running.image.version
    facts = {
        "version_major": version.major,
        "version_minor": version.minor,
        "version_revision": version.revision,
        "version_build": version.build,
        "hardware_id": image.hardware_id,
        "security_counter": image.security_counter,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
    }
    made = {"bank": running.bank, "on_trial": running.on_trial, "boot_id": running.boot_id, "image": facts}
    return core.ffi.new("boot_outcome *", made)
