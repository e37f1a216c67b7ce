"""Made from messages.toml by `python -m tools.wire`; edit that, not this.

Every message is a frozen record that declares its fields in the order of the wire; packing.py makes the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Annotated, Final

from firmware_bridge.line.packing import I16, I32, U8, U16, U32, Command, Message, ParameterRow, PresetRow, Rest, Text

PROTOCOL_VERSION: Final = 2
LAYOUT_DIGEST: Final = b"\xb8\xfb\xa4P\x93E\xc0W"
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
    """Why the probe does not transmit: the first reason since it was armed; frozen: until the freeze ends."""

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
class Identify(Command):
    """To the device; acknowledged."""

    NUMBER = 0x01
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class DescribeParameter(Command):
    """To the device; acknowledged."""

    NUMBER = 0x02
    RELIABLE = True

    tag: U8
    index: U8


@dataclass(frozen=True, slots=True)
class DescribePreset(Command):
    """To the device; acknowledged."""

    NUMBER = 0x03
    RELIABLE = True

    tag: U8
    index: U8


@dataclass(frozen=True, slots=True)
class GetParameter(Command):
    """To the device; acknowledged."""

    NUMBER = 0x04
    RELIABLE = True

    tag: U8
    parameter: U8


@dataclass(frozen=True, slots=True)
class SetParameters(Command):
    """To the device; acknowledged.

    All or nothing. `pairs`: 1 to max_pairs of (parameter u8, value i32); a preset must come first.
    """

    NUMBER = 0x05
    RELIABLE = True

    tag: U8
    pairs: Rest


@dataclass(frozen=True, slots=True)
class ReportParameters(Command):
    """To the device; acknowledged."""

    NUMBER = 0x06
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class Imaging(Command):
    """To the device; acknowledged."""

    NUMBER = 0x07
    RELIABLE = True

    tag: U8
    action: U8


@dataclass(frozen=True, slots=True)
class ClearFault(Command):
    """To the device; acknowledged."""

    NUMBER = 0x08
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class SelfTest(Command):
    """To the device; acknowledged."""

    NUMBER = 0x09
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class AskLinkStatistics(Command):
    """To the device; acknowledged."""

    NUMBER = 0x0A
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class Echo(Command):
    """To the device; acknowledged."""

    NUMBER = 0x0B
    RELIABLE = True

    tag: U8
    data: Rest


@dataclass(frozen=True, slots=True)
class UpdateBegin(Command):
    """To the device; acknowledged.

    `digest`: SHA-256 of the whole image file; the same again resumes.
    """

    NUMBER = 0x0C
    RELIABLE = True

    tag: U8
    size: U32
    digest: Annotated[bytes, "32s"]


@dataclass(frozen=True, slots=True)
class UpdateData(Command):
    """To the device; acknowledged."""

    NUMBER = 0x0D
    RELIABLE = True

    tag: U8
    offset: U32
    data: Rest


@dataclass(frozen=True, slots=True)
class UpdateFinish(Command):
    """To the device; acknowledged."""

    NUMBER = 0x0E
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class UpdateConfirm(Command):
    """To the device; acknowledged."""

    NUMBER = 0x0F
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class AskUpdate(Command):
    """To the device; acknowledged."""

    NUMBER = 0x10
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class Reboot(Command):
    """To the device; acknowledged."""

    NUMBER = 0x11
    RELIABLE = True

    tag: U8


@dataclass(frozen=True, slots=True)
class HostHeartbeat(Message):
    """To the device; may be lost."""

    NUMBER = 0x20
    RELIABLE = False

    counter: U8


@dataclass(frozen=True, slots=True)
class ClockQuery(Message):
    """To the device; may be lost."""

    NUMBER = 0x21
    RELIABLE = False

    query: U16


@dataclass(frozen=True, slots=True)
class Stimulate(Message):
    """From the bench; may be lost.

    Only on the side channel of a simulated probe.
    """

    NUMBER = 0x30
    RELIABLE = False

    stimulus: U8
    value: I32


@dataclass(frozen=True, slots=True)
class Identity(Message):
    """From the device; acknowledged.

    `version`: major, minor, revision (low byte, high byte) of the running image.
    """

    NUMBER = 0x81
    RELIABLE = True

    tag: U8
    hardware_id: U32
    version: Annotated[bytes, "4s"]
    build: U32
    boot_id: U32
    boot_reason: U8
    bank: U8
    confirmed: U8
    n_parameters: U8
    n_presets: U8
    serial_number: U32
    model: Text


@dataclass(frozen=True, slots=True)
class ParameterInfo(Message):
    """From the device; acknowledged."""

    NUMBER = 0x82
    RELIABLE = True

    tag: U8
    parameter: U8
    unit: U8
    decimals: U8
    minimum: I32
    maximum: I32
    step: I32
    default: I32
    value: I32
    label: Text


@dataclass(frozen=True, slots=True)
class PresetInfo(Message):
    """From the device; acknowledged."""

    NUMBER = 0x83
    RELIABLE = True

    tag: U8
    preset: U8
    mi_cap_milli: U16
    ispta_cap_mw_cm2: U16
    ti_cap_milli: U16
    label: Text


@dataclass(frozen=True, slots=True)
class ParameterValue(Message):
    """From the device; acknowledged."""

    NUMBER = 0x84
    RELIABLE = True

    tag: U8
    refusal: U8
    parameter: U8
    value: I32
    epoch: U32


@dataclass(frozen=True, slots=True)
class SetResult(Message):
    """From the device; acknowledged.

    Refused: `parameter` and `asked` say which; `low` to `high` is what is allowed, in its raw unit or that of the
    limit.
    """

    NUMBER = 0x85
    RELIABLE = True

    tag: U8
    refusal: U8
    parameter: U8
    asked: I32
    low: I32
    high: I32
    epoch: U32


@dataclass(frozen=True, slots=True)
class Parameters(Message):
    """From the device; acknowledged.

    All values, after each change (tag 0) and on request. They hold for exposures of this epoch.
    """

    NUMBER = 0x86
    RELIABLE = True

    tag: U8
    epoch: U32
    since_us: U32
    values: Annotated[tuple[int, ...], "17i"]


@dataclass(frozen=True, slots=True)
class Done(Message):
    """From the device; acknowledged."""

    NUMBER = 0x87
    RELIABLE = True

    tag: U8
    refusal: U8


@dataclass(frozen=True, slots=True)
class SelfTestResult(Message):
    """From the device; acknowledged.

    Bits: 0 memory, 1 flash, 2 front end, 3 limits, 4 sensors.
    """

    NUMBER = 0x88
    RELIABLE = True

    tag: U8
    run: U8
    failed: U8


@dataclass(frozen=True, slots=True)
class LinkStatistics(Message):
    """From the device; acknowledged."""

    NUMBER = 0x89
    RELIABLE = True

    tag: U8
    good: U32
    damaged: U32
    malformed: U32
    stale: U32
    duplicate: U32
    delivered: U32
    sent: U32
    retransmitted: U32
    timeouts: U32
    naks_sent: U32
    naks_received: U32
    plain_sent: U32
    plain_received: U32
    plain_lost: U32
    plain_dropped: U32
    srtt_us: U32
    rto_us: U32


@dataclass(frozen=True, slots=True)
class Echoed(Message):
    """From the device; acknowledged."""

    NUMBER = 0x8A
    RELIABLE = True

    tag: U8
    data: Rest


@dataclass(frozen=True, slots=True)
class UpdateStatus(Message):
    """From the device; acknowledged."""

    NUMBER = 0x8B
    RELIABLE = True

    tag: U8
    refusal: U8
    state: U8
    bank: U8
    offset: U32
    size: U32


@dataclass(frozen=True, slots=True)
class Refused(Message):
    """From the device; acknowledged.

    A message that the device does not know or whose fields do not fit.
    """

    NUMBER = 0x8C
    RELIABLE = True

    tag: U8
    refusal: U8
    message: U8


@dataclass(frozen=True, slots=True)
class Button(Message):
    """From the device; acknowledged."""

    NUMBER = 0x90
    RELIABLE = True

    button: U8
    pressed: U8
    device_us: U32


@dataclass(frozen=True, slots=True)
class FaultReport(Message):
    """From the device; acknowledged."""

    NUMBER = 0x91
    RELIABLE = True

    fault: U8
    detail: I32
    device_us: U32


@dataclass(frozen=True, slots=True)
class TransmitState(Message):
    """From the device; acknowledged.

    After each change. `flags` as in ExposureFlag.
    """

    NUMBER = 0x92
    RELIABLE = True

    flags: U8
    off: U8
    device_us: U32


@dataclass(frozen=True, slots=True)
class DeviceHeartbeat(Message):
    """From the device; may be lost."""

    NUMBER = 0xA0
    RELIABLE = False

    flags: U8
    off: U8
    fault: U8
    epoch: U32
    device_us: U32


@dataclass(frozen=True, slots=True)
class ClockReply(Message):
    """From the device; may be lost."""

    NUMBER = 0xA1
    RELIABLE = False

    query: U16
    received_us: U32
    sent_us: U32


@dataclass(frozen=True, slots=True)
class Exposure(Message):
    """From the device; may be lost."""

    NUMBER = 0xA2
    RELIABLE = False

    frame: U32
    device_us: U32
    epoch: U32
    flags: U8


@dataclass(frozen=True, slots=True)
class Telemetry(Message):
    """From the device; may be lost."""

    NUMBER = 0xA3
    RELIABLE = False

    device_us: U32
    battery_percent: U8
    probe_temperature_dc: I16
    board_temperature_dc: I16
    mi_milli: U16
    tis_milli: U16
    tib_milli: U16
    ispta_mw_cm2: U16
    damaged: U32
    retransmitted: U32
    plain_dropped: U32


@dataclass(frozen=True, slots=True)
class Imu(Message):
    """From the device; may be lost.

    Acceleration in mg, turning rate in 0.1 deg/s.
    """

    NUMBER = 0xA4
    RELIABLE = False

    device_us: U32
    acceleration_mg: Annotated[tuple[int, ...], "3h"]
    rate_ddps: Annotated[tuple[int, ...], "3h"]


@dataclass(frozen=True, slots=True)
class LogLine(Message):
    """From the device; may be lost."""

    NUMBER = 0xA5
    RELIABLE = False

    level: U8
    device_us: U32
    line: Text


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
