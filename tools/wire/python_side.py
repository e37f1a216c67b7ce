"""The Python side: messages, enumerations, parameters, presets and the device's constants."""

import textwrap

from tools.wire.layout import CODES, Enumeration, FieldLayout, Layout, MessageLayout

HEADER = '''"""Made from messages.toml by `python -m tools.wire`; edit that, not this.

Every message is a frozen record that declares its fields in the order of the wire; packing.py makes the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Annotated, Final

from firmware_bridge.line.packing import I16, I32, U8, U16, U32, Command, Message, ParameterRow, PresetRow, Rest, Text
'''


def python_source(layout: Layout) -> str:
    """The text of firmware_bridge/line/messages.py, before the formatter."""
    parts = [HEADER, _constants(layout)]
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


def _message(message: MessageLayout) -> str:
    base = "Command" if message.is_command else "Message"
    return "\n".join(
        [
            "\n@dataclass(frozen=True, slots=True)",
            f"class {message.name}({base}):",
            *_doc(message),
            f"    NUMBER = {message.number:#04x}",
            f"    RELIABLE = {message.reliable}\n",
            *[f"    {field.name}: {_annotation(field)}" for field in message.fields],
            "",
        ]
    )


def _doc(message: MessageLayout) -> list[str]:
    way = "To the device" if message.sender == "host" else f"From the {message.sender}"
    kind = "acknowledged" if message.reliable else "may be lost"
    if not message.doc:
        return [f'    """{way}; {kind}."""\n']
    return [
        f'    """{way}; {kind}.\n',
        *textwrap.wrap(message.doc, 116, initial_indent="    ", subsequent_indent="    "),
        '    """\n',
    ]


def _annotation(field: FieldLayout) -> str:
    if field.is_tail:
        return "Text" if field.kind == "text" else "Rest"
    if field.count is None:
        return field.kind.upper()
    if field.kind == "u8":
        return f'Annotated[bytes, "{field.count}s"]'
    return f'Annotated[tuple[int, ...], "{field.count}{CODES[field.kind]}"]'


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
