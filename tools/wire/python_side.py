"""The Python side: messages, enumerations, parameters, presets and the device's constants."""

import textwrap

from tools.wire.layout import CODES, Enumeration, Field, Layout, Message

HEADER = '''"""Made from messages.toml by `python -m tools.wire`; edit that, not this.

Every message is a frozen record; `pack` gives its bytes (message number first), `unpack` reads what follows the number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from struct import Struct
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple, Protocol, Self
'''

CONTRACT = '''

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

'''


def python_source(layout: Layout) -> str:
    """The text of firmware_bridge/line/messages.py, before the formatter."""
    parts = [HEADER, _constants(layout), CONTRACT]
    parts += [_enumeration(enum) for enum in layout.enums]
    parts += [_message(message) for message in layout.messages]
    parts += [_tables(layout)]
    return "\n".join(parts)


def _constants(layout: Layout) -> str:
    lines = [f"PROTOCOL_VERSION: Final = {layout.version}", f"LAYOUT_DIGEST: Final = {layout.digest!r}"]
    for group in (layout.link, layout.device, layout.acoustic):
        lines += [f"{name.upper()}: Final = {_literal(value)}" for name, value in group.items() if name != "table_db"]
    return "\n".join(lines)


def _literal(value: int | str) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:_}"


def _enumeration(enum: Enumeration) -> str:
    base = "IntFlag" if enum.bits else "IntEnum"
    values = [f"    {name.upper()} = {1 << k if enum.bits else k}" for k, name in enumerate(enum.values)]
    return "\n".join([f"\nclass {enum.name}({base}):", f'    """{enum.doc}"""\n', *values, ""])


def _message(message: Message) -> str:
    fixed = [field for field in message.fields if not field.is_tail]
    tail = message.tail
    layout = "<" + "".join(_code(field) for field in fixed)
    lines = [
        "\n@dataclass(frozen=True, slots=True)",
        f"class {message.name}:",
        *_doc(message),
        *[f"    {field.name}: {_annotation(field)}" for field in message.fields],
        f"    NUMBER: ClassVar[int] = {message.number:#04x}",
        f"    RELIABLE: ClassVar[bool] = {message.reliable}",
        f'    LAYOUT: ClassVar[Struct] = Struct("{layout}")\n',
        "    def pack(self) -> bytes:",
        f"        return {_packed(message)}\n",
        "    @classmethod",
        "    def unpack(cls, fields: bytes) -> Self:",
        *_unpack(fixed, tail, message.fixed_size),
    ]
    return "\n".join([*lines, ""])


def _doc(message: Message) -> list[str]:
    way = "To the device" if message.sender == "host" else f"From the {message.sender}"
    kind = "acknowledged" if message.reliable else "may be lost"
    if not message.doc:
        return [f'    """{way}; {kind}."""\n']
    return [
        f'    """{way}; {kind}.\n',
        *textwrap.wrap(message.doc, 116, initial_indent="    ", subsequent_indent="    "),
        '    """\n',
    ]


def _code(field: Field) -> str:
    if field.count is None:
        return CODES[field.kind]
    return f"{field.count}s" if field.kind == "u8" else f"{field.count}{CODES[field.kind]}"


def _annotation(field: Field) -> str:
    if field.kind == "text":
        return "str"
    if field.kind == "bytes" or (field.kind == "u8" and field.count):
        return "bytes"
    return "tuple[int, ...]" if field.count else "int"


def _is_array(field: Field) -> bool:
    return field.count is not None and field.kind != "u8"


def _packed(message: Message) -> str:
    values = [f"*self.{f.name}" if _is_array(f) else f"self.{f.name}" for f in message.fields if not f.is_tail]
    packed = f"bytes((self.NUMBER,)) + self.LAYOUT.pack({', '.join(values)})"
    if message.tail is None:
        return packed
    return f"{packed} + self.{message.tail.name}" + (".encode()" if message.tail.kind == "text" else "")


def _unpack(fixed: list[Field], tail: Field | None, size: int) -> list[str]:
    rest = "" if tail is None else f", fields[{size}:]" + (".decode()" if tail.kind == "text" else "")
    source = "fields" if tail is None else f"fields[:{size}]"
    if not any(_is_array(field) for field in fixed):
        values = f"cls.LAYOUT.unpack({source})"
        return [f"        return cls(*{values})" if tail is None else f"        return cls(*(*{values}{rest}))"]
    arguments, at = [], 0
    for field in fixed:
        width = field.count if _is_array(field) and field.count else 1
        arguments.append(f"values[{at}:{at + width}]" if _is_array(field) else f"values[{at}]")
        at += width
    return [f"        values = cls.LAYOUT.unpack({source})", f"        return cls({', '.join(arguments)}{rest})"]


def _tables(layout: Layout) -> str:
    factors = ", ".join(str(factor) for factor in pressure_factors(layout))
    return "\n".join(
        [
            "\nPARAMETERS: Final = (",
            *[
                f"    ParameterRow{(p.name, p.unit, p.decimals, p.minimum, p.maximum, p.step, p.default)!r},"
                for p in layout.parameters
            ],
            ")",
            '"""In the order of the wire."""\n',
            "PARAMETER_NUMBERS: Final[Mapping[str, int]] = MappingProxyType(",
            "    {row.name: number for number, row in enumerate(PARAMETERS)}",
            ")",
            '"""On the wire, by name."""\n',
            "PRESETS: Final = (",
            *[
                f"    PresetRow{(p.name, p.mi_cap_milli, p.ispta_cap_mw_cm2, p.ti_cap_milli, p.values)!r},"
                for p in layout.presets
            ],
            ")\n",
            f"PRESSURE_FACTORS: Final = ({factors})",
            '"""10^(-n/20) in 1/65536, n in decibels from 0."""\n',
            "MESSAGES: Final[Mapping[int, type[Message]]] = MappingProxyType(",
            "    {message.NUMBER: message for message in (",
            *[f"        {message.name}," for message in layout.messages],
            "    )}",
            ")\n",
        ]
    )


def pressure_factors(layout: Layout) -> list[int]:
    return [round(65536 * 10 ** (-n / 20)) for n in range(layout.acoustic["table_db"] + 1)]
