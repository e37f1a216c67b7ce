"""The reference of all messages, parameters and presets for docs/messages.md."""

from tools.wire.layout import Enumeration, FieldLayout, Layout, MessageLayout, Parameter

HEADER = """# Messages, parameters, presets

Made from `firmware_bridge/line/messages.toml` by `python -m tools.wire`; edit that, not this. What the messages are
for and how they travel stands in [protocol.md](protocol.md).

Little-endian, packed. `tag` of a command is repeated in its reply. A last field `bytes` or `text` (UTF-8) takes the
rest.
"""


def markdown_source(layout: Layout) -> str:
    """The text of docs/messages.md."""
    parts = [HEADER, f"Protocol version {layout.version}, layout digest `{layout.digest.hex()}`.\n"]
    for title, sender in (("To the device", "host"), ("From the device", "device"), ("Bench", "bench")):
        parts += [f"## {title}\n", "| id | message | fields | |", "|---|---|---|---|"]
        parts += [_message(message) for message in layout.messages if message.sender == sender] + [""]
    parts += [
        "## Parameters\n",
        "| number | parameter | unit | from | to | step | at start |",
        "|---|---|---|---|---|---|---|",
    ]
    parts += [_parameter(number, row) for number, row in enumerate(layout.parameters)]
    parts += [
        "\nOn the wire a value is a whole number of 10^-decimals of the unit: depth 30 mm travels as 300.\n",
        "## Presets\n",
        "| number | preset | MI at most | ISPTA.3 at most, mW/cm2 | TI at most | own values |",
        "|---|---|---|---|---|---|",
    ]
    parts += [_preset(number, layout) for number in range(len(layout.presets))]
    parts += ["\n## Enumerations\n", *[_enumeration(enum) for enum in layout.enums]]
    return "\n".join(parts)


def _message(message: MessageLayout) -> str:
    fields = ", ".join(f"{field.name} {_kind(field)}" for field in message.fields)
    reliable = "" if message.reliable else "may be lost. "
    return f"| {message.number:#04x} | {message.name} | {fields} | {reliable}{message.doc} |"


def _kind(field: FieldLayout) -> str:
    return f"{field.kind}[{field.count}]" if field.count else field.kind


def _parameter(number: int, row: Parameter) -> str:
    values = [f"{value / 10**row.decimals:g}" for value in (row.minimum, row.maximum, row.step, row.default)]
    return f"| {number} | {row.name} | {row.unit} | {' | '.join(values)} |"


def _preset(number: int, layout: Layout) -> str:
    preset = layout.presets[number]
    own = [
        f"{row.name} {value / 10**row.decimals:g}"
        for row, value in zip(layout.parameters, preset.values, strict=True)
        if value != row.default and row.name != "preset"
    ]
    caps = f"{preset.mi_cap_milli / 1000:g} | {preset.ispta_cap_mw_cm2} | {preset.ti_cap_milli / 1000:g}"
    return f"| {number} | {preset.name} | {caps} | {', '.join(own)} |"


def _enumeration(enum: Enumeration) -> str:
    values = ", ".join(f"{1 << k if enum.bits else k} {name}" for k, name in enumerate(enum.values))
    return f"**{enum.name}**: {enum.doc} {values}.\n"
