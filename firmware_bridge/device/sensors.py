"""What the device feels: temperatures, battery, motion, front end; and the rules that clear the permission."""

from collections.abc import Sequence
from typing import Final

from firmware_bridge.device.permission import FaultLatch, Permission
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import FaultCode, Stimulus, TransmitOff

SELF_TESTS: Final = 0x1F
"""Bits of all self-tests; SelfTestResult names them."""

_COLDEST_DC, _WARMEST_DC = -400, 1500
_LOWEST, _HIGHEST = -0x8000, 0x7FFF
"""Of a field of 16 bits."""


class Sensors:
    """Readings. On the simulated probe they are what the bench says last."""

    def __init__(self, permission: Permission, faults: FaultLatch) -> None:
        self._permission, self._faults = permission, faults
        self.probe_dc, self.board_dc, self.battery_percent = 320, 350, 80
        self.motion = [0, 0, 1000, 0, 0, 0]
        """Acceleration in mg, then turning rate in 0.1 deg/s, each x, y, z."""
        self.front_end_fails = False
        self.self_test_fails = 0
        """Bits of the self-tests that fail on purpose."""
        self.hot = False
        self._over = False
        """Past the temperature of the fault, and not cool since."""

    @property
    def fault_persists(self) -> bool:
        """Whether a cause of a fault is still there, so that nothing can be cleared."""
        return self._over or self.front_end_fails

    @property
    def readings_can_be(self) -> bool:
        """Whether both temperatures lie within what the sensors measure, -40 to 150 degrees C."""
        return all(_COLDEST_DC <= reading <= _WARMEST_DC for reading in (self.probe_dc, self.board_dc))

    def watch(self, now_us: int) -> None:
        """The rules of temperature and battery."""
        if self.probe_dc >= wire.PROBE_HOT_DC or self.board_dc >= wire.BOARD_HOT_DC:
            self.hot = True
        elif self.probe_dc < wire.PROBE_COOL_DC and self.board_dc < wire.BOARD_COOL_DC:
            self.hot = self._over = False
        if self.hot:
            self._permission.clear(TransmitOff.TOO_HOT, now_us)
        if not self._over and (self.probe_dc >= wire.PROBE_FAULT_DC or self.board_dc >= wire.BOARD_FAULT_DC):
            self._over = True
            hottest = self.probe_dc if self.probe_dc >= wire.PROBE_FAULT_DC else self.board_dc
            self._faults.latch(FaultCode.OVER_TEMPERATURE, hottest, now_us)
        if self.battery_percent < wire.BATTERY_LOW_PERCENT:
            self._permission.clear(TransmitOff.BATTERY_LOW, now_us)

    def stimulate(self, stimulus: int, value: int, now_us: int) -> None:
        """Take the bench's reading; it is brought into its field's range. Other stimuli are not for the sensors."""
        reading = _in_range(value)
        if stimulus == Stimulus.PROBE_TEMPERATURE_DC:
            self.probe_dc = reading
        elif stimulus == Stimulus.BOARD_TEMPERATURE_DC:
            self.board_dc = reading
        elif stimulus == Stimulus.BATTERY_PERCENT:
            self.battery_percent = min(max(value, 0), 100)
        elif Stimulus.IMU_AX <= stimulus <= Stimulus.IMU_GZ:
            self.motion[stimulus - Stimulus.IMU_AX] = reading
        elif stimulus == Stimulus.FRONT_END_FAULT:
            self._fail_front_end(value, now_us)
        elif stimulus == Stimulus.SELF_TEST_FAILS:
            self.self_test_fails = value & SELF_TESTS

    def moved(self, felt: Sequence[int] | None) -> tuple[int, ...]:
        """Readings of the inertial sensor, six: what the machine `felt`, brought into its field's range, else the
        bench's."""
        return tuple(self.motion if felt is None else map(_in_range, felt))

    def _fail_front_end(self, value: int, now_us: int) -> None:
        if value and not self.front_end_fails:
            self._faults.latch(FaultCode.FRONT_END, value, now_us)
        self.front_end_fails = value != 0


def _in_range(value: int) -> int:
    return min(max(value, _LOWEST), _HIGHEST)
