"""The probe's reasons in words, fit to be shown to the user."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from firmware_bridge.line.messages import FaultCode, Refusal, TransmitOff

REFUSALS: Final[Mapping[Refusal, str]] = MappingProxyType(
    {
        Refusal.NONE: "nothing was refused",
        Refusal.UNKNOWN_MESSAGE: "the probe does not know this message; update its firmware or this program",
        Refusal.MALFORMED: "the probe could not read the message; update its firmware or this program",
        Refusal.UNKNOWN_PARAMETER: "the probe has no such parameter",
        Refusal.OUT_OF_RANGE: "a value is out of its range",
        Refusal.OFF_STEP: "a value lies between two steps",
        Refusal.UNKNOWN_PRESET: "the probe has no such preset",
        Refusal.MI_TOO_HIGH: "the mechanical index would be over its limit",
        Refusal.ISPTA_TOO_HIGH: "the intensity would be over its limit",
        Refusal.TI_TOO_HIGH: "the thermal index would be over its limit",
        Refusal.FROZEN: "the picture is frozen; unfreeze it first",
        Refusal.FAULT_LATCHED: "a fault is latched; remove its cause, then clear it",
        Refusal.NO_HEARTBEAT: "the probe hears no heartbeat of this program; is it stopped?",
        Refusal.TOO_HOT: "the probe is too hot; let it cool down",
        Refusal.BATTERY_LOW: "the battery is too low; charge it",
        Refusal.NOISY_LINE: "the line is noisy: too many damaged frames; check the cable",
        Refusal.NOT_IMAGING: "imaging is off; start it first",
        Refusal.IMAGING_ON: "imaging is on; stop it first",
        Refusal.NO_UPDATE: "no firmware update is under way; begin it again",
        Refusal.BAD_SIZE: "the size does not fit: the image is too large for the probe, or a part has a wrong length",
        Refusal.BAD_OFFSET: "a part of the image does not follow the last one",
        Refusal.FLASH_FAILED: "the probe's flash memory failed",
        Refusal.IMAGE_DAMAGED: "the image arrived damaged, or is none",
        Refusal.WRONG_HARDWARE: "the image was made for another probe",
        Refusal.TOO_OLD: "the image is older than the probe takes, which would bring an old weakness back",
        Refusal.NOTHING_PENDING: "no new firmware waits to be confirmed",
        Refusal.REPEATED_PARAMETER: "a parameter was named twice",
    }
)

TRANSMIT_OFF: Final[Mapping[TransmitOff, str]] = MappingProxyType(
    {
        TransmitOff.NONE: "",
        TransmitOff.NOT_ARMED: "not armed yet",
        TransmitOff.DISARMED: "disarmed",
        TransmitOff.HEARTBEAT_LOST: "heartbeat lost",
        TransmitOff.FROZEN: "frozen",
        TransmitOff.TOO_HOT: "too hot",
        TransmitOff.NOISY_LINE: "noisy line",
        TransmitOff.BATTERY_LOW: "battery low",
        TransmitOff.FAULT: "fault",
        TransmitOff.NEW_SESSION: "a new session began",
        TransmitOff.STOPPED: "imaging stopped",
    }
)

FAULTS: Final[Mapping[FaultCode, str]] = MappingProxyType(
    {
        FaultCode.NONE: "no fault",
        FaultCode.FRONT_END: "the front end failed",
        FaultCode.OVER_TEMPERATURE: "the probe overheated",
        FaultCode.WATCHDOG: "the firmware hung and was restarted by its watchdog",
        FaultCode.SELF_TEST: "the self-test failed",
        FaultCode.FLASH: "the flash memory failed",
    }
)

SELF_TESTS: Final = ("memory", "flash", "front end", "limits", "sensors")
"""In the order of the result's bits."""
