"""What a probe tells by itself, and what happens to its line: one frozen record each.

`received_ns` is the host's monotonic time of arrival, `device_us` the probe's 32-bit counter when it happened
(`Probe.host_time` translates it).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from firmware_bridge.errors import MalformedMessageError
from firmware_bridge.host.parameters import ProbeParameters, parameters_from_raw
from firmware_bridge.host.reasons import TRANSMIT_OFF
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import ExposureFlag, FaultCode, LogLevel, TransmitOff
from firmware_bridge.line.packing import Message


@dataclass(frozen=True, slots=True)
class ButtonMoved:
    """Button 0 freezes; the probe does that itself."""

    received_ns: int
    device_us: int
    button: int
    pressed: bool


@dataclass(frozen=True, slots=True)
class FaultLatched:
    """The first fault since the last was cleared."""

    received_ns: int
    device_us: int
    fault: FaultCode
    detail: int


@dataclass(frozen=True, slots=True)
class TransmitChanged:
    """What the probe does, after each change."""

    received_ns: int
    device_us: int
    flags: ExposureFlag
    off: TransmitOff
    """Why it does not transmit: the first reason since it was armed."""

    @property
    def transmitting(self) -> bool:
        return ExposureFlag.TRANSMITTING in self.flags

    @property
    def frozen(self) -> bool:
        return ExposureFlag.FROZEN in self.flags

    @property
    def imaging(self) -> bool:
        return ExposureFlag.IMAGING in self.flags

    @property
    def off_reason(self) -> str:
        """In words; empty while it transmits."""
        return TRANSMIT_OFF[self.off]


@dataclass(frozen=True, slots=True)
class ParametersChanged:
    """All parameters after a change, and at the start of each session."""

    received_ns: int
    device_us: int
    """Since when they hold."""
    parameters: ProbeParameters


@dataclass(frozen=True, slots=True)
class Exposed:
    """One exposure; some get lost on a bad line."""

    received_ns: int
    device_us: int
    frame_number: int
    epoch: int
    flags: ExposureFlag


@dataclass(frozen=True, slots=True)
class TelemetryReport:
    """Ten times a second. MI and TI are those of the present setting, whether it transmits or not."""

    received_ns: int
    device_us: int
    battery_percent: int
    probe_temperature_c: float
    board_temperature_c: float
    mi: float
    tis: float
    tib: float
    ispta_mw_cm2: int


@dataclass(frozen=True, slots=True)
class MotionSample:
    """One sample of the inertial sensor, x y z."""

    received_ns: int
    device_us: int
    acceleration_g: tuple[float, ...]
    rate_deg_per_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the firmware's log."""

    received_ns: int
    device_us: int
    level: LogLevel
    line: str


@dataclass(frozen=True, slots=True)
class LineLost:
    """The probe is away; it is looked for until it is back."""

    received_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class LineRestored:
    """The probe is back. It does not transmit until it is armed again."""

    received_ns: int
    away_s: float
    restarted: bool
    """It was reset meanwhile: imaging is off."""
    refusal: str
    """Why it did not take its settings again; empty: it did, or there were none."""


Event = (
    ButtonMoved
    | FaultLatched
    | TransmitChanged
    | ParametersChanged
    | Exposed
    | TelemetryReport
    | MotionSample
    | Logged
    | LineLost
    | LineRestored
)


def _button(message: wire.Button, received_ns: int) -> Event:
    return ButtonMoved(received_ns, message.device_us, message.button, bool(message.pressed))


def _fault(message: wire.FaultReport, received_ns: int) -> Event:
    return FaultLatched(received_ns, message.device_us, FaultCode(message.fault), message.detail)


def _transmit(message: wire.TransmitState | wire.DeviceHeartbeat, received_ns: int) -> Event:
    return TransmitChanged(received_ns, message.device_us, ExposureFlag(message.flags), TransmitOff(message.off))


def _parameters(message: wire.Parameters, received_ns: int) -> Event:
    parameters = parameters_from_raw(message.values, message.epoch)
    return ParametersChanged(received_ns, message.since_us, parameters)


def _exposure(message: wire.Exposure, received_ns: int) -> Event:
    flags = ExposureFlag(message.flags)
    return Exposed(received_ns, message.device_us, message.frame, message.epoch, flags)


def _telemetry(message: wire.Telemetry, received_ns: int) -> Event:
    return TelemetryReport(
        received_ns,
        message.device_us,
        message.battery_percent,
        message.probe_temperature_dc / 10,
        message.board_temperature_dc / 10,
        message.mi_milli / 1000,
        message.tis_milli / 1000,
        message.tib_milli / 1000,
        message.ispta_mw_cm2,
    )


def _imu(message: wire.Imu, received_ns: int) -> Event:
    return MotionSample(
        received_ns,
        message.device_us,
        tuple(value / 1000 for value in message.acceleration_mg),
        tuple(value / 10 for value in message.rate_ddps),
    )


def _log(message: wire.LogLine, received_ns: int) -> Event:
    return Logged(received_ns, message.device_us, LogLevel(message.level), message.line)


_EVENTS: Final[Mapping[type[Message], Callable[[Any, int], Event]]] = MappingProxyType(
    {
        wire.Button: _button,
        wire.FaultReport: _fault,
        wire.TransmitState: _transmit,
        wire.DeviceHeartbeat: _transmit,
        wire.Parameters: _parameters,
        wire.Exposure: _exposure,
        wire.Telemetry: _telemetry,
        wire.Imu: _imu,
        wire.LogLine: _log,
    }
)


def event_from(message: Message, received_ns: int) -> Event:
    """The record of a message that the probe sent by itself.

    Raises MalformedMessageError for one that a probe does not send by itself, or with a number that has no meaning.
    """
    make = _EVENTS.get(type(message))
    if make is None:
        raise MalformedMessageError(f"a probe does not send {type(message).__name__} by itself")
    try:
        return make(message, received_ns)
    except (ValueError, IndexError) as error:
        raise MalformedMessageError(f"{message} says nothing: {error}") from error
