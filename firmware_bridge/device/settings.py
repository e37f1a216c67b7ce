"""The parameters and their epoch. A change is all or nothing, and holds for the exposures after its moment."""

from typing import Final

from firmware_bridge.device.limits import SettingVerdict, check
from firmware_bridge.device.timing import MASK
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Refusal
from firmware_bridge.line.packing import PARAMETER_PAIR

PRESET: Final = PARAMETER_NUMBERS["preset"]
FRAME_RATE: Final = PARAMETER_NUMBERS["frame_rate"]
IMU_RATE: Final = PARAMETER_NUMBERS["imu_rate"]


class DeviceSettings:
    """Values of preset 0 at the start. They outlive sessions, imaging and freeze."""

    def __init__(self, now_us: int) -> None:
        self.values = list(wire.PRESETS[0].values)
        self.epoch = 0
        self.since_us = now_us
        """The epoch holds for the exposures whose time is later than this."""
        self.unreported = False

    def change(self, pairs: bytes, now_us: int) -> SettingVerdict:
        """Set what `pairs` ask for together. A refusal names the first pair that cannot be, then the first limit."""
        verdict, candidate = self._asked_for(pairs)
        if not verdict.refusal:
            verdict = check(candidate)
        if not verdict.refusal:
            self.values, self.epoch, self.since_us = candidate, (self.epoch + 1) & MASK, now_us
            self.unreported = True
        return verdict

    def _asked_for(self, pairs: bytes) -> tuple[SettingVerdict, list[int]]:
        """All values as they would be; ranges are not looked at yet, save the preset's."""
        candidate = list(self.values)
        n_pairs, rest = divmod(len(pairs), PARAMETER_PAIR.size)
        if rest or not 1 <= n_pairs <= wire.MAX_PAIRS:
            return SettingVerdict(Refusal.MALFORMED), candidate
        seen = 0
        for k in range(n_pairs):
            number, value = PARAMETER_PAIR.unpack_from(pairs, k * PARAMETER_PAIR.size)
            verdict = _check_pair(k, number, value, seen)
            if verdict.refusal:
                return verdict, candidate
            if number == PRESET:
                candidate = list(wire.PRESETS[value].values)
            candidate[number] = value
            seen |= 1 << number
        return SettingVerdict(), candidate


def _check_pair(place: int, number: int, value: int, seen: int) -> SettingVerdict:
    if number >= len(wire.PARAMETERS):
        return SettingVerdict(Refusal.UNKNOWN_PARAMETER, number, value)
    if seen >> number & 1:
        return SettingVerdict(Refusal.REPEATED_PARAMETER, number, value)
    if number == PRESET and place:
        return SettingVerdict(Refusal.MALFORMED, number, value)
    if number == PRESET and not 0 <= value < len(wire.PRESETS):
        return SettingVerdict(Refusal.UNKNOWN_PRESET, number, value, 0, len(wire.PRESETS) - 1)
    return SettingVerdict()
