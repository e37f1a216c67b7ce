"""Made from messages.toml by `python -m tools.wire`; edit that, not this.

Every message is a frozen record; `pack` gives its bytes (message number first), `unpack` reads what follows the number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from struct import Struct
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple, Protocol, Self

PROTOCOL_VERSION: Final = 1
LAYOUT_DIGEST: Final = b")\x98\xce\xac{\x8f\x18\x95"
WINDOW_FRAMES: Final = 16
OUTBOX_BYTES: Final = 4_096
HELLO_RETRY_US: Final = 200_000
RESET_PAUSE_US: Final = 100_000
RTO_INITIAL_US: Final = 250_000
RTO_MIN_US: Final = 50_000
RTO_MAX_US: Final = 1_000_000
RTO_HEARD_MAX_US: Final = 200_000
RTO_GRANULARITY_US: Final = 1_000
HEARTBEAT_PERIOD_US: Final = 100_000
HEARTBEAT_TIMEOUT_US: Final = 500_000
TELEMETRY_PERIOD_US: Final = 100_000
STORM_WINDOW_US: Final = 1_000_000
STORM_DAMAGED_FRAMES: Final = 64
BATTERY_LOW_PERCENT: Final = 5
BATTERY_READY_PERCENT: Final = 8
PROBE_HOT_DC: Final = 430
PROBE_COOL_DC: Final = 410
PROBE_FAULT_DC: Final = 500
BOARD_HOT_DC: Final = 700
BOARD_COOL_DC: Final = 650
BOARD_FAULT_DC: Final = 850
MAX_PAIRS: Final = 17
HARDWARE_ID: Final = 1_397_706_289
MODEL: Final = "sonoedge reference probe"
MI_LIMIT_MILLI: Final = 1_900
ISPTA_LIMIT_MW_CM2: Final = 720
PRESSURE_KPA: Final = 5_500
SOURCE_POWER_UW: Final = 20_000


class Message(Protocol):
    """What every message can do."""

    NUMBER: ClassVar[int]
    RELIABLE: ClassVar[bool]

    def pack(self) -> bytes:
        """The message's number and fields. Raises struct.error where a value does not fit its field."""
        ...

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        """The message of these fields. Raises struct.error or UnicodeDecodeError where they do not fit."""
        ...


class ParameterRow(NamedTuple):
    """A parameter in raw units, which are 10^-decimals of the unit."""

    name: str
    unit: str
    decimals: int
    minimum: int
    maximum: int
    step: int
    default: int


class PresetRow(NamedTuple):
    """A preset's caps and its values of all parameters, raw."""

    name: str
    mi_cap_milli: int
    ispta_cap_mw_cm2: int
    ti_cap_milli: int
    values: tuple[int, ...]


class Refusal(IntEnum):
    """Why a request was not done; nothing was changed."""

    NONE = 0
    UNKNOWN_MESSAGE = 1
    MALFORMED = 2
    UNKNOWN_PARAMETER = 3
    OUT_OF_RANGE = 4
    OFF_STEP = 5
    UNKNOWN_PRESET = 6
    MI_TOO_HIGH = 7
    ISPTA_TOO_HIGH = 8
    TI_TOO_HIGH = 9
    FROZEN = 10
    FAULT_LATCHED = 11
    NO_HEARTBEAT = 12
    TOO_HOT = 13
    BATTERY_LOW = 14
    NOISY_LINE = 15
    NOT_IMAGING = 16
    IMAGING_ON = 17
    NO_UPDATE = 18
    BAD_SIZE = 19
    BAD_OFFSET = 20
    FLASH_FAILED = 21
    IMAGE_DAMAGED = 22
    WRONG_HARDWARE = 23
    TOO_OLD = 24
    NOTHING_PENDING = 25
    REPEATED_PARAMETER = 26


class TransmitOff(IntEnum):
    """Why the probe does not transmit; the first reason stays until it is armed again."""

    NONE = 0
    NOT_ARMED = 1
    DISARMED = 2
    HEARTBEAT_LOST = 3
    FROZEN = 4
    TOO_HOT = 5
    NOISY_LINE = 6
    BATTERY_LOW = 7
    FAULT = 8
    NEW_SESSION = 9
    STOPPED = 10


class FaultCode(IntEnum):
    """The first fault latches until it is cleared."""

    NONE = 0
    FRONT_END = 1
    OVER_TEMPERATURE = 2
    WATCHDOG = 3
    SELF_TEST = 4
    FLASH = 5


class Unit(IntEnum):
    """Unit of a parameter."""

    NONE = 0
    MM = 1
    MHZ = 2
    DB = 3
    HZ = 4


class Action(IntEnum):
    """What the imaging message asks for."""

    STOP = 0
    START = 1
    FREEZE = 2
    UNFREEZE = 3
    ARM = 4
    DISARM = 5


class BootReason(IntEnum):
    """Why the device started."""

    POWER = 0
    REQUEST = 1
    WATCHDOG = 2
    UPDATE = 3


class UpdateState(IntEnum):
    """Where a firmware update stands."""

    IDLE = 0
    RECEIVING = 1
    PENDING = 2
    TRYING = 3


class LogLevel(IntEnum):
    """Of a log line."""

    INFO = 0
    WARNING = 1
    ERROR = 2


class Stimulus(IntEnum):
    """What the bench does to a simulated probe, over its side channel."""

    PRESS_BUTTON = 0
    RELEASE_BUTTON = 1
    PROBE_TEMPERATURE_DC = 2
    BOARD_TEMPERATURE_DC = 3
    BATTERY_PERCENT = 4
    IMU_AX = 5
    IMU_AY = 6
    IMU_AZ = 7
    IMU_GX = 8
    IMU_GY = 9
    IMU_GZ = 10
    FRONT_END_FAULT = 11
    HANG = 12
    CUT_FLASH_AFTER = 13
    SELF_TEST_FAILS = 14
    RESET = 15


class ExposureFlag(IntFlag):
    """Bits of an exposure's and a heartbeat's flags."""

    TRANSMITTING = 1
    FROZEN = 2
    IMAGING = 4
    ARMED = 8


@dataclass(frozen=True, slots=True)
class Identify:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x01
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class DescribeParameter:
    """To the device; acknowledged."""

    tag: int
    index: int
    NUMBER: ClassVar[int] = 0x02
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.index)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class DescribePreset:
    """To the device; acknowledged."""

    tag: int
    index: int
    NUMBER: ClassVar[int] = 0x03
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.index)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class GetParameter:
    """To the device; acknowledged."""

    tag: int
    parameter: int
    NUMBER: ClassVar[int] = 0x04
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.parameter)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class SetParameters:
    """To the device; acknowledged.

    All or nothing. `pairs`: 1 to max_pairs of (parameter u8, value i32); a preset must come first.
    """

    tag: int
    pairs: bytes
    NUMBER: ClassVar[int] = 0x05
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag) + self.pairs

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:1]), fields[1:]))


@dataclass(frozen=True, slots=True)
class ReportParameters:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x06
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Imaging:
    """To the device; acknowledged."""

    tag: int
    action: int
    NUMBER: ClassVar[int] = 0x07
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.action)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class ClearFault:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x08
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class SelfTest:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x09
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class AskLinkStatistics:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x0A
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Echo:
    """To the device; acknowledged."""

    tag: int
    data: bytes
    NUMBER: ClassVar[int] = 0x0B
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag) + self.data

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:1]), fields[1:]))


@dataclass(frozen=True, slots=True)
class UpdateBegin:
    """To the device; acknowledged.

    `digest`: SHA-256 of the whole image file; the same again resumes.
    """

    tag: int
    size: int
    digest: bytes
    NUMBER: ClassVar[int] = 0x0C
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BI32s")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.size, self.digest)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class UpdateData:
    """To the device; acknowledged."""

    tag: int
    offset: int
    data: bytes
    NUMBER: ClassVar[int] = 0x0D
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.offset) + self.data

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:5]), fields[5:]))


@dataclass(frozen=True, slots=True)
class UpdateFinish:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x0E
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class UpdateConfirm:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x0F
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class AskUpdate:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x10
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Reboot:
    """To the device; acknowledged."""

    tag: int
    NUMBER: ClassVar[int] = 0x11
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class HostHeartbeat:
    """To the device; may be lost."""

    counter: int
    NUMBER: ClassVar[int] = 0x20
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.counter)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class ClockQuery:
    """To the device; may be lost."""

    query: int
    NUMBER: ClassVar[int] = 0x21
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<H")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.query)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Stimulate:
    """From the bench; may be lost.

    Only on the side channel of a simulated probe.
    """

    stimulus: int
    value: int
    NUMBER: ClassVar[int] = 0x30
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<Bi")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.stimulus, self.value)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Identity:
    """From the device; acknowledged.

    `version`: major, minor, revision (low byte, high byte) of the running image.
    """

    tag: int
    hardware_id: int
    version: bytes
    build: int
    boot_id: int
    boot_reason: int
    bank: int
    confirmed: int
    n_parameters: int
    n_presets: int
    serial_number: int
    model: str
    NUMBER: ClassVar[int] = 0x81
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BI4sIIBBBBBI")

    def pack(self) -> bytes:
        return (
            bytes((self.NUMBER,))
            + self.LAYOUT.pack(
                self.tag,
                self.hardware_id,
                self.version,
                self.build,
                self.boot_id,
                self.boot_reason,
                self.bank,
                self.confirmed,
                self.n_parameters,
                self.n_presets,
                self.serial_number,
            )
            + self.model.encode()
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:26]), fields[26:].decode()))


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """From the device; acknowledged."""

    tag: int
    parameter: int
    unit: int
    decimals: int
    minimum: int
    maximum: int
    step: int
    default: int
    value: int
    label: str
    NUMBER: ClassVar[int] = 0x82
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBBBiiiii")

    def pack(self) -> bytes:
        return (
            bytes((self.NUMBER,))
            + self.LAYOUT.pack(
                self.tag,
                self.parameter,
                self.unit,
                self.decimals,
                self.minimum,
                self.maximum,
                self.step,
                self.default,
                self.value,
            )
            + self.label.encode()
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:24]), fields[24:].decode()))


@dataclass(frozen=True, slots=True)
class PresetInfo:
    """From the device; acknowledged."""

    tag: int
    preset: int
    mi_cap_milli: int
    ispta_cap_mw_cm2: int
    ti_cap_milli: int
    label: str
    NUMBER: ClassVar[int] = 0x83
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBHHH")

    def pack(self) -> bytes:
        return (
            bytes((self.NUMBER,))
            + self.LAYOUT.pack(self.tag, self.preset, self.mi_cap_milli, self.ispta_cap_mw_cm2, self.ti_cap_milli)
            + self.label.encode()
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:8]), fields[8:].decode()))


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """From the device; acknowledged."""

    tag: int
    refusal: int
    parameter: int
    value: int
    epoch: int
    NUMBER: ClassVar[int] = 0x84
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBBiI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.refusal, self.parameter, self.value, self.epoch)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class SetResult:
    """From the device; acknowledged.

    Refused: `parameter` and `asked` say which; `low` to `high` is what is allowed, in its raw unit or that of the
    limit.
    """

    tag: int
    refusal: int
    parameter: int
    asked: int
    low: int
    high: int
    epoch: int
    NUMBER: ClassVar[int] = 0x85
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBBiiiI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(
            self.tag, self.refusal, self.parameter, self.asked, self.low, self.high, self.epoch
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Parameters:
    """From the device; acknowledged.

    All values, after each change (tag 0) and on request. They hold for exposures of this epoch.
    """

    tag: int
    epoch: int
    since_us: int
    values: tuple[int, ...]
    NUMBER: ClassVar[int] = 0x86
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BII17i")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.epoch, self.since_us, *self.values)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        values = cls.LAYOUT.unpack(fields)
        return cls(values[0], values[1], values[2], values[3:20])


@dataclass(frozen=True, slots=True)
class Done:
    """From the device; acknowledged."""

    tag: int
    refusal: int
    NUMBER: ClassVar[int] = 0x87
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.refusal)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class SelfTestResult:
    """From the device; acknowledged.

    Bits: 0 memory, 1 flash, 2 front end, 3 limits, 4 sensors.
    """

    tag: int
    run: int
    failed: int
    NUMBER: ClassVar[int] = 0x88
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.run, self.failed)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class LinkStatistics:
    """From the device; acknowledged."""

    tag: int
    good: int
    damaged: int
    malformed: int
    stale: int
    duplicate: int
    delivered: int
    sent: int
    retransmitted: int
    timeouts: int
    naks_sent: int
    naks_received: int
    plain_sent: int
    plain_received: int
    plain_lost: int
    plain_dropped: int
    srtt_us: int
    rto_us: int
    NUMBER: ClassVar[int] = 0x89
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BIIIIIIIIIIIIIIIII")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(
            self.tag,
            self.good,
            self.damaged,
            self.malformed,
            self.stale,
            self.duplicate,
            self.delivered,
            self.sent,
            self.retransmitted,
            self.timeouts,
            self.naks_sent,
            self.naks_received,
            self.plain_sent,
            self.plain_received,
            self.plain_lost,
            self.plain_dropped,
            self.srtt_us,
            self.rto_us,
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Echoed:
    """From the device; acknowledged."""

    tag: int
    data: bytes
    NUMBER: ClassVar[int] = 0x8A
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<B")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag) + self.data

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:1]), fields[1:]))


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """From the device; acknowledged."""

    tag: int
    refusal: int
    state: int
    bank: int
    offset: int
    size: int
    NUMBER: ClassVar[int] = 0x8B
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBBBII")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(
            self.tag, self.refusal, self.state, self.bank, self.offset, self.size
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Refused:
    """From the device; acknowledged.

    A message that the device does not know or whose fields do not fit.
    """

    tag: int
    refusal: int
    message: int
    NUMBER: ClassVar[int] = 0x8C
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.tag, self.refusal, self.message)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Button:
    """From the device; acknowledged."""

    button: int
    pressed: int
    device_us: int
    NUMBER: ClassVar[int] = 0x90
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.button, self.pressed, self.device_us)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class FaultReport:
    """From the device; acknowledged."""

    fault: int
    detail: int
    device_us: int
    NUMBER: ClassVar[int] = 0x91
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BiI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.fault, self.detail, self.device_us)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class TransmitState:
    """From the device; acknowledged.

    After each change. `flags` as in ExposureFlag.
    """

    flags: int
    off: int
    device_us: int
    NUMBER: ClassVar[int] = 0x92
    RELIABLE: ClassVar[bool] = True
    LAYOUT: ClassVar[Struct] = Struct("<BBI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.flags, self.off, self.device_us)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class DeviceHeartbeat:
    """From the device; may be lost."""

    flags: int
    off: int
    fault: int
    epoch: int
    device_us: int
    NUMBER: ClassVar[int] = 0xA0
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<BBBII")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.flags, self.off, self.fault, self.epoch, self.device_us)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class ClockReply:
    """From the device; may be lost."""

    query: int
    received_us: int
    sent_us: int
    NUMBER: ClassVar[int] = 0xA1
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<HII")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.query, self.received_us, self.sent_us)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Exposure:
    """From the device; may be lost."""

    frame: int
    device_us: int
    epoch: int
    flags: int
    NUMBER: ClassVar[int] = 0xA2
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<IIIB")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.frame, self.device_us, self.epoch, self.flags)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Telemetry:
    """From the device; may be lost."""

    device_us: int
    battery_percent: int
    probe_temperature_dc: int
    board_temperature_dc: int
    mi_milli: int
    tis_milli: int
    tib_milli: int
    ispta_mw_cm2: int
    damaged: int
    retransmitted: int
    plain_dropped: int
    NUMBER: ClassVar[int] = 0xA3
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<IBhhHHHHIII")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(
            self.device_us,
            self.battery_percent,
            self.probe_temperature_dc,
            self.board_temperature_dc,
            self.mi_milli,
            self.tis_milli,
            self.tib_milli,
            self.ispta_mw_cm2,
            self.damaged,
            self.retransmitted,
            self.plain_dropped,
        )

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*cls.LAYOUT.unpack(fields))


@dataclass(frozen=True, slots=True)
class Imu:
    """From the device; may be lost.

    Acceleration in mg, turning rate in 0.1 deg/s.
    """

    device_us: int
    acceleration_mg: tuple[int, ...]
    rate_ddps: tuple[int, ...]
    NUMBER: ClassVar[int] = 0xA4
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<I3h3h")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.device_us, *self.acceleration_mg, *self.rate_ddps)

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        values = cls.LAYOUT.unpack(fields)
        return cls(values[0], values[1:4], values[4:7])


@dataclass(frozen=True, slots=True)
class LogLine:
    """From the device; may be lost."""

    level: int
    device_us: int
    line: str
    NUMBER: ClassVar[int] = 0xA5
    RELIABLE: ClassVar[bool] = False
    LAYOUT: ClassVar[Struct] = Struct("<BI")

    def pack(self) -> bytes:
        return bytes((self.NUMBER,)) + self.LAYOUT.pack(self.level, self.device_us) + self.line.encode()

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        return cls(*(*cls.LAYOUT.unpack(fields[:5]), fields[5:].decode()))


PARAMETERS: Final = (
    ParameterRow("depth", "mm", 1, 150, 800, 5, 300),
    ParameterRow("frequency", "MHz", 1, 40, 150, 5, 100),
    ParameterRow("gain", "dB", 1, -300, 300, 5, 0),
    ParameterRow("tgc_1", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_2", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_3", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_4", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_5", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_6", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_7", "dB", 1, -200, 200, 10, 0),
    ParameterRow("tgc_8", "dB", 1, -200, 200, 10, 0),
    ParameterRow("focus", "mm", 1, 50, 800, 5, 150),
    ParameterRow("dynamic_range", "dB", 0, 30, 90, 1, 60),
    ParameterRow("frame_rate", "Hz", 0, 5, 60, 1, 25),
    ParameterRow("transmit_power", "dB", 1, -300, 0, 5, -60),
    ParameterRow("preset", "none", 0, 0, 3, 1, 0),
    ParameterRow("imu_rate", "Hz", 0, 0, 400, 50, 0),
)
"""In the order of the wire."""

PARAMETER_NUMBERS: Final[Mapping[str, int]] = MappingProxyType(
    {row.name: number for number, row in enumerate(PARAMETERS)}
)
"""On the wire, by name."""

PRESETS: Final = (
    PresetRow("musculoskeletal", 1500, 500, 2000, (300, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 150, 60, 25, -60, 0, 0)),
    PresetRow("nerve", 1200, 300, 1500, (300, 120, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 60, 25, -60, 1, 0)),
    PresetRow("infant_hip", 700, 100, 700, (400, 75, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 60, 25, -100, 2, 0)),
    PresetRow("cartilage", 1300, 400, 1500, (300, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 60, 25, -60, 3, 0)),
)

PRESSURE_FACTORS: Final = (
    65536,
    58409,
    52057,
    46396,
    41350,
    36854,
    32846,
    29274,
    26090,
    23253,
    20724,
    18471,
    16462,
    14672,
    13076,
    11654,
    10387,
    9257,
    8250,
    7353,
    6554,
    5841,
    5206,
    4640,
    4135,
    3685,
    3285,
    2927,
    2609,
    2325,
    2072,
    1847,
    1646,
    1467,
    1308,
    1165,
    1039,
    926,
    825,
    735,
    655,
    584,
    521,
    464,
    414,
    369,
    328,
    293,
    261,
    233,
    207,
    185,
    165,
    147,
    131,
    117,
    104,
    93,
    83,
    74,
    66,
    58,
    52,
    46,
    41,
    37,
    33,
    29,
    26,
    23,
    21,
    18,
    16,
    15,
    13,
    12,
    10,
    9,
    8,
    7,
    7,
)
"""10^(-n/20) in 1/65536, n in decibels from 0."""

MESSAGES: Final[Mapping[int, type[Message]]] = MappingProxyType(
    {
        message.NUMBER: message
        for message in (
            Identify,
            DescribeParameter,
            DescribePreset,
            GetParameter,
            SetParameters,
            ReportParameters,
            Imaging,
            ClearFault,
            SelfTest,
            AskLinkStatistics,
            Echo,
            UpdateBegin,
            UpdateData,
            UpdateFinish,
            UpdateConfirm,
            AskUpdate,
            Reboot,
            HostHeartbeat,
            ClockQuery,
            Stimulate,
            Identity,
            ParameterInfo,
            PresetInfo,
            ParameterValue,
            SetResult,
            Parameters,
            Done,
            SelfTestResult,
            LinkStatistics,
            Echoed,
            UpdateStatus,
            Refused,
            Button,
            FaultReport,
            TransmitState,
            DeviceHeartbeat,
            ClockReply,
            Exposure,
            Telemetry,
            Imu,
            LogLine,
        )
    }
)
