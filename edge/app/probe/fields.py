"""Messages and records as people and programs read them: numbers with units, parameters and enumerations by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, IntEnum, IntFlag
from types import MappingProxyType
from typing import Any, Final

import msgspec
import typer

from firmware_bridge.line import messages as wire
from firmware_bridge.line.packing import PARAMETER_PAIR, Message

Plain = str | int | float | bool | None | tuple["Plain", ...] | Mapping[str, "Plain"]
"""What JSON can say."""

_SHOWN_BYTES: Final = 12

_ENUMERATIONS: Final[Mapping[str, type[IntEnum]]] = MappingProxyType(
    {
        "refusal": wire.Refusal,
        "off": wire.TransmitOff,
        "fault": wire.FaultCode,
        "unit": wire.Unit,
        "action": wire.Action,
        "boot_reason": wire.BootReason,
        "state": wire.UpdateState,
        "level": wire.LogLevel,
        "stimulus": wire.Stimulus,
    }
)
"""By the name of the field."""

_SCALES: Final[tuple[tuple[str, int, str, str], ...]] = (
    ("_dc", 1, "°C", "_c"),
    ("_milli", 3, "", ""),
    ("_us", 6, "s", "_s"),
    ("_percent", 0, "%", "_percent"),
    ("_mw_cm2", 0, "mW/cm²", "_mw_cm2"),
)
"""How a field's name ends on the wire, decimal places of its number, unit for people, ending of the name in JSON."""


def plain(value: Any) -> Plain:
    """A dataclass and all in it, as JSON can say it."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, IntFlag):
        return tuple(flag.name.lower() for flag in type(value) if flag.name and flag in value)
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str | int | float | bool | None):
        return value
    return _many(value)


def _many(values: Iterable[Any]) -> Plain:
    if isinstance(values, dict):
        return {str(name): plain(value) for name, value in values.items()}
    return tuple(plain(value) for value in values)


def print_json(value: Any) -> None:
    """Indented, for one whole answer."""
    typer.echo(msgspec.json.format(msgspec.json.encode(plain(value))).decode())


def print_json_line(value: Any) -> None:
    """On one line, for a stream of them."""
    typer.echo(msgspec.json.encode(plain(value)).decode())


def parameter_name(number: int) -> str:
    return wire.PARAMETERS[number].name if number < len(wire.PARAMETERS) else f"parameter {number}"


def unit_of(number: int) -> str:
    unit = wire.PARAMETERS[number].unit if number < len(wire.PARAMETERS) else ""
    return "" if unit == "none" else unit


def physical(number: int, raw: int) -> float | int | str:
    """A raw value in its parameter's unit; a preset by name."""
    if number >= len(wire.PARAMETERS):
        return raw
    row = wire.PARAMETERS[number]
    if row.name == "preset" and 0 <= raw < len(wire.PRESETS):
        return wire.PRESETS[raw].name
    return raw / 10**row.decimals if row.decimals else raw


def value_text(number: int, raw: int) -> str:
    """`35mm`, `-3.5dB`, or the name of a preset."""
    value = physical(number, raw)
    return f"{value}{unit_of(number)}" if isinstance(value, str) else f"{value:g}{unit_of(number)}"


def settings_text(settings: Iterable[tuple[int, int]]) -> str:
    """Numbers of parameters and raw values as `depth=35mm gain=-3dB`."""
    return " ".join(f"{parameter_name(number)}={value_text(number, raw)}" for number, raw in settings)


@dataclass(frozen=True, slots=True)
class MessageField:
    """One field of a message."""

    name: str
    text: str
    """For people, with its unit."""
    key: str
    """Its name in JSON, with its unit."""
    plain: Plain


def fields_of(message: Message) -> tuple[MessageField, ...]:
    """All fields but the tag, which only pairs a reply with its command."""
    return tuple(
        _field(message, each.name, getattr(message, each.name))
        for each in fields(message)  # type: ignore[arg-type]
        if each.name != "tag"
    )


def tag_of(message: Message) -> int | None:
    """The number that pairs a command with its reply; None where the message has none."""
    tag: int | None = getattr(message, "tag", None)
    return tag


def _field(message: Message, name: str, value: Any) -> MessageField:
    special = _SPECIAL.get((type(message).__name__, name))
    if special is not None:
        text, plain = special(message, value)
        return MessageField(name, text, name, plain)
    if name in _ENUMERATIONS:
        text = _name_in(_ENUMERATIONS[name], value)
        return MessageField(name, text, name, text)
    for ending, places, unit, key_ending in _SCALES:
        if name.endswith(ending):
            bare, number = name.removesuffix(ending), value / 10**places if places else value
            return MessageField(bare, f"{number:.{places}f}{unit}", bare + key_ending, number)
    text, plain = _general(value)
    return MessageField(name, text, name, plain)


def _general(value: Any) -> tuple[str, Plain]:
    if isinstance(value, bytes):
        return _short(value), value.hex()
    if isinstance(value, tuple):
        return ",".join(map(str, value)), value
    return (f'"{value}"' if isinstance(value, str) else str(value)), value


def _flags(message: Any, value: int) -> tuple[str, Plain]:
    names = tuple(flag.name.lower() for flag in wire.ExposureFlag if flag.name and value & flag)
    return "+".join(names) or "none", names


def _settings(message: Any, values: tuple[int, ...]) -> tuple[str, Plain]:
    return _named_values(list(enumerate(values)))


def _pairs(message: Any, data: bytes) -> tuple[str, Plain]:
    if not data or len(data) % PARAMETER_PAIR.size:
        return _general(data)
    return _named_values(list(PARAMETER_PAIR.iter_unpack(data)))


def _named_values(settings: list[tuple[int, int]]) -> tuple[str, Plain]:
    return settings_text(settings), {parameter_name(number): physical(number, raw) for number, raw in settings}


def _parameter(message: Any, number: int) -> tuple[str, Plain]:
    return parameter_name(number), parameter_name(number)


def _preset(message: Any, number: int) -> tuple[str, Plain]:
    name = wire.PRESETS[number].name if number < len(wire.PRESETS) else str(number)
    return name, name


def _message_name(message: Any, number: int) -> tuple[str, Plain]:
    kind = wire.MESSAGES.get(number)
    name = kind.__name__ if kind else f"0x{number:02x}"
    return name, name


def _version(message: Any, version: bytes) -> tuple[str, Plain]:
    text = f"{version[0]}.{version[1]}.{int.from_bytes(version[2:4], 'little')}"
    return text, text


def _of_its_parameter(message: wire.ParameterValue, raw: int) -> tuple[str, Plain]:
    return value_text(message.parameter, raw), physical(message.parameter, raw)


def _described(message: wire.ParameterInfo, raw: int) -> tuple[str, Plain]:
    value = raw / 10**message.decimals
    return f"{value:g}", value


def _of_a_refusal(message: wire.SetResult, raw: int) -> tuple[str, Plain]:
    """In the parameter's unit, or in that of the limit that was passed."""
    if message.refusal in (wire.Refusal.MI_TOO_HIGH, wire.Refusal.TI_TOO_HIGH):
        return f"{raw / 1000:.3f}", raw / 1000
    if message.refusal == wire.Refusal.ISPTA_TOO_HIGH:
        return f"{raw}mW/cm²", raw
    return value_text(message.parameter, raw), physical(message.parameter, raw)


def _hexadecimal(message: Any, value: int) -> tuple[str, Plain]:
    return f"0x{value:08x}", value


_SPECIAL: Final[Mapping[tuple[str, str], Callable[[Any, Any], tuple[str, Plain]]]] = MappingProxyType(
    {
        ("SetParameters", "pairs"): _pairs,
        ("Parameters", "values"): _settings,
        ("DescribeParameter", "index"): _parameter,
        ("DescribePreset", "index"): _preset,
        ("GetParameter", "parameter"): _parameter,
        ("ParameterInfo", "parameter"): _parameter,
        ("ParameterValue", "parameter"): _parameter,
        ("ParameterValue", "value"): _of_its_parameter,
        ("PresetInfo", "preset"): _preset,
        ("SetResult", "parameter"): _parameter,
        **{("SetResult", name): _of_a_refusal for name in ("asked", "low", "high")},
        **{("ParameterInfo", name): _described for name in ("minimum", "maximum", "step", "default", "value")},
        ("Refused", "message"): _message_name,
        ("Identity", "version"): _version,
        **{("Identity", name): _hexadecimal for name in ("hardware_id", "boot_id", "serial_number")},
        **{(name, "flags"): _flags for name in ("Exposure", "DeviceHeartbeat", "TransmitState")},
    }
)


def _name_in(enumeration: type[IntEnum], value: int) -> str:
    names = {member.value: member.name.lower() for member in enumeration}
    return names.get(value, str(value))


def _short(data: bytes) -> str:
    shown = data[:_SHOWN_BYTES].hex()
    return f"{shown}... ({len(data)} bytes)" if len(data) > _SHOWN_BYTES else shown or "(none)"
