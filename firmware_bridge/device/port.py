"""What the device's program may ask of the machine it runs on; core/port.h is the same in C, but for `exposed` and
`felt`, which only a simulation has."""

from collections.abc import Sequence
from typing import Protocol

from firmware_bridge.device.boot import BootOutcome
from firmware_bridge.device.flash import Flash
from firmware_bridge.line.messages import BootReason


class DevicePort(Protocol):
    """The machine. The clock is not here: it comes with each call."""

    hardware_id: int
    serial_number: int
    boot_reason: BootReason
    flash: Flash
    running: BootOutcome
    """Bank, boot id and image that the boot loader chose."""

    def request_reset(self) -> None:
        """Restart through the boot loader; the restart then happens before the next call of the device."""
        ...

    def hang(self) -> None:
        """Stop until the watchdog resets (a test's stimulus)."""
        ...

    def cut_flash_after(self, n_operations: int) -> None:
        """Tear the next but `n_operations` erase or program (a test's stimulus)."""
        ...

    def exposed(self, frame: int, device_us: int, values: Sequence[int], flags: int) -> None:
        """The front end exposed a frame with these raw values. The device tells the machine nothing else about it."""
        ...

    def felt(self, device_us: int) -> Sequence[int] | None:
        """What the inertial sensor read then: acceleration in mg and turning rate in 0.1 deg/s, each x y z.

        None: what the bench said last.
        """
        ...
