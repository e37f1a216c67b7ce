"""A whole simulated probe, moved on step by step: the device, its machine and its line. Nothing happens but by `step`.

The same calls give the same bytes, whatever the real clock does. `simulator.py` drives it with a real one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from firmware_bridge.device import boot
from firmware_bridge.device.device import Device
from firmware_bridge.device.flash import Flash
from firmware_bridge.device.journal import JournalRecord, append_record
from firmware_bridge.device.settings import IMU_RATE
from firmware_bridge.device.timing import MASK, since
from firmware_bridge.errors import NothingBootsError, PowerCutError
from firmware_bridge.line.messages import HARDWARE_ID, BootReason, Stimulus
from firmware_bridge.line.transport.faulty import FaultSettings

WATCHDOG_US: Final = 1_000_000
"""A device that hangs is started again after this; until then it takes no bytes and gives none."""

BUFFER_BYTES: Final = 16384
"""Bytes that wait on the line and at its end before the device can send no more, as on a Linux pty."""

_BUSY_TICK_US: Final = 1_000
_QUIET_TICK_US: Final = 5_000


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """What a simulated probe is made as."""

    drift_ppm: int = 0
    """How much faster than the host's its clock runs."""
    seed: int = 0
    """Of its serial number, its first boot id, the start of its clock and the faults of its line."""
    start_us: int | None = None
    """What its clock shows at each start; None: drawn from the seed."""
    faults: FaultSettings = field(default_factory=FaultSettings)
    """Of the line, each way. Their seed counts, not the probe's."""


@dataclass(frozen=True, slots=True)
class TrueExposure:
    """An exposure as it happened at the front end, whatever the line makes of its report."""

    host_ns: int
    """The host's time, truly: the clock that `step` follows, in nanoseconds."""
    frame: int
    device_us: int
    """32 bits."""
    values: tuple[int, ...]
    """Raw, of all parameters."""
    flags: int
    """Bits of ExposureFlag."""


Feel = Callable[[int], Sequence[int] | None]
"""What the inertial sensor reads at a time of the host in nanoseconds: acceleration in mg, then turning rate in 0.1
deg/s, each x y z. None: what the bench said last."""


@dataclass(slots=True)
class _Machine:
    """The device's port, and what the device asked of it."""

    flash: Flash
    running: boot.BootOutcome
    serial_number: int
    exposed: Callable[[int, int, Sequence[int], int], None]
    felt: Callable[[int], Sequence[int] | None]
    boot_reason: BootReason = BootReason.POWER
    hardware_id: int = HARDWARE_ID
    resets: bool = False
    hangs: bool = False

    def request_reset(self) -> None:
        self.resets = True

    def hang(self) -> None:
        self.hangs = True

    def cut_flash_after(self, n_operations: int) -> None:
        self.flash.cut_after(n_operations)


class SteppedProbe:
    """`feed` is the host's writing, `take` its reading. The host's time is in microseconds, never goes back and does
    not wrap; the first start happens at `now_us`."""

    def __init__(self, settings: SimulationSettings, flash: Flash | None = None, now_us: int = 0) -> None:
        """A `flash` keeps what is in it; without one it is new, as the factory made it.

        Raises PortUnsuitableError for faults that cannot be.
        """
        self.now_us = now_us
        self.flash = new_flash(settings.seed) if flash is None else flash
        self.device: Device | None = None
        """None: it hangs, or nothing can boot."""
        self._settings = settings
        self._serial_number = Random(f"serial number {settings.seed}").getrandbits(32)
        drawn_us = Random(f"clock {settings.seed}").getrandbits(32)
        self._start_us = drawn_us if settings.start_us is None else settings.start_us
        self._to_device, self._to_host = settings.faults.lines()
        self._arrived = bytearray()
        self._plugged = True
        self._tell: Callable[[TrueExposure], None] = _nobody
        self._feel: Feel = _nothing
        self._hung_until_us: int | None = None
        self._started_us = self._next_tick_us = now_us
        self._start(BootReason.POWER)

    # ---------------------------------------------------------------------------------------------------- the host
    def feed(self, data: bytes) -> None:
        """Bytes leave the host now."""
        self._to_device.feed(data, self.now_us)
        self.step(self.now_us)

    def take(self) -> bytes:
        """Bytes that have arrived at the host."""
        data = bytes(self._arrived)
        self._arrived.clear()
        self._collect()
        return data

    def step(self, until_us: int) -> None:
        """Let time pass, with everything in it that is due."""
        while (next_us := self._next_us()) <= until_us:
            self.now_us = max(self.now_us, next_us)
            self._happen()
            self._collect()
        self.now_us = max(self.now_us, until_us)
        self._collect()

    def unplug(self) -> None:
        """What is on the line is lost, and all that is sent until `plug`. The device goes on."""
        self._plugged = False
        for line in (self._to_device, self._to_host):
            line.cut()
        self._arrived.clear()

    def plug(self) -> None:
        self._plugged = True
        for line in (self._to_device, self._to_host):
            line.mend()

    # --------------------------------------------------------------------------------------------------- the bench
    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        """Do something to the device now."""
        device = self.device
        if device is not None:
            self._run(lambda: device.stimulate(stimulus, value, self.device_us))
            self._collect()

    def on_exposure(self, tell: Callable[[TrueExposure], None]) -> None:
        """`tell` is called at each exposure, inside `step`; it must not call back. A second one replaces the first."""
        self._tell = tell

    def on_motion(self, feel: Feel) -> None:
        """`feel` is asked for each sample of the inertial sensor that is due, inside `step`; it must not call back. A
        second one replaces the first."""
        self._feel = feel

    @property
    def device_us(self) -> int:
        """What the device's clock shows now."""
        return (self._start_us + self._run_us(self.now_us)) & MASK

    # ------------------------------------------------------------------------------------------------------ inside
    def _run_us(self, host_us: int) -> int:
        """Microseconds of the device's clock from its start to `host_us`."""
        passed_us = host_us - self._started_us
        return passed_us + passed_us * self._settings.drift_ppm // 1_000_000

    def _next_us(self) -> int:
        wake_us = self._next_tick_us if self._hung_until_us is None else self._hung_until_us
        return min(wake_us, self._to_device.next_due_us())

    def _happen(self) -> None:
        arrived = self._to_device.due(self.now_us)
        device = self.device
        if device is not None and arrived:
            self._run(lambda: device.receive(arrived, self.device_us))
        if self._hung_until_us is not None and self.now_us >= self._hung_until_us:
            self._start(BootReason.WATCHDOG)
        elif self.now_us >= self._next_tick_us:
            self._next_tick_us = self.now_us + self._tick_period_us()
            self._tick()

    def _tick(self) -> None:
        device = self.device
        if device is not None:
            self._run(lambda: device.tick(self.device_us))

    def _tick_period_us(self) -> int:
        if self.device is None:
            return _QUIET_TICK_US
        state = self.device.state
        return _BUSY_TICK_US if state.permission.imaging or state.settings.values[IMU_RATE] else _QUIET_TICK_US

    def _run(self, call: Callable[[], None]) -> None:
        """A call of the device, and what becomes of the machine in it."""
        try:
            call()
        except PowerCutError:
            self._start(BootReason.POWER)
            return
        if self._machine.hangs:
            self.device, self._hung_until_us = None, self.now_us + WATCHDOG_US
            self._machine.hangs = False
        elif self._machine.resets:
            self._start(BootReason.REQUEST)

    def _start(self, reason: BootReason) -> None:
        self.device, self._hung_until_us = None, None
        self._started_us = self._next_tick_us = self.now_us
        self.flash.power_on()
        try:
            running = boot.select(self.flash, HARDWARE_ID)
        except NothingBootsError:
            return
        except PowerCutError:
            self._start(BootReason.POWER)
            return
        if reason == BootReason.REQUEST and running.on_trial:
            reason = BootReason.UPDATE
        self._machine = _Machine(self.flash, running, self._serial_number, self._exposed, self._felt, reason)
        self.device = Device(self._machine, self.device_us)

    def _collect(self) -> None:
        """What the device says goes onto the line as far as there is room, and off it where it is due."""
        room = BUFFER_BYTES - len(self._arrived) - self._to_host.n_under_way
        if self.device is not None and room > 0:
            self._to_host.feed(self.device.pull(room), self.now_us)
        self._arrived += self._to_host.due(self.now_us)

    def _exposed(self, frame: int, device_us: int, values: Sequence[int], flags: int) -> None:
        self._tell(TrueExposure(self._host_ns(device_us), frame, device_us, tuple(values), flags))

    def _felt(self, device_us: int) -> Sequence[int] | None:
        return self._feel(self._host_ns(device_us))

    def _host_ns(self, device_us: int) -> int:
        """The host's time, truly, when the device's clock showed this last."""
        run_us = self._run_us(self.now_us) - since(self.device_us, device_us)
        return self._started_us * 1000 + -(-run_us * 10**9 // (10**6 + self._settings.drift_ppm))


def new_flash(seed: int, path: Path | None = None) -> Flash:
    """A flash as the factory leaves it, in a file or in memory; what `path` already holds stays.

    The first boot id is drawn from the seed, so that two probes do not pass for one. Raises FlashRangeError.
    """
    kept = path is not None and path.exists() and path.stat().st_size > 0
    flash = Flash(path)
    if not kept:
        boot.factory_reset(flash, HARDWARE_ID)
        append_record(flash, JournalRecord(boot_count=Random(f"boots {seed}").getrandbits(31)))
    return flash


def _nobody(exposure: TrueExposure) -> None:
    """Listens to no exposure."""


def _nothing(host_ns: int) -> None:
    """Leaves motion to the bench."""
