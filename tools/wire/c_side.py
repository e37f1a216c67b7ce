"""The C side: one header, the packing of messages, and the catalogue of parameters and presets."""

import re

from tools.wire.layout import SIZES, Enumeration, FieldLayout, Layout, MessageLayout
from tools.wire.python_side import pressure_factors

BANNER = "/* Made from messages.toml by `python -m tools.wire`; edit that, not this. */\n"
C_TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "i16": "int16_t", "i32": "int32_t"}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def header_source(layout: Layout) -> str:
    """The text of core/messages.h."""
    digest = ", ".join(f"0x{byte:02x}u" for byte in layout.digest)
    parts = [
        BANNER,
        "#ifndef MESSAGES_H\n#define MESSAGES_H\n",
        "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n",
        f"#define PROTOCOL_VERSION {layout.version}u",
        f"#define LAYOUT_DIGEST {{ {digest} }}",
        *[
            _define(name, value)
            for group in (layout.link, layout.device, layout.acoustic)
            for name, value in group.items()
        ],
        f"#define N_PARAMETERS {len(layout.parameters)}u",
        f"#define N_PRESETS {len(layout.presets)}u\n",
        *[_enumeration(enum) for enum in layout.enums],
        _parameter_indices(layout),
        _ROWS,
        *[_struct(message) for message in layout.messages],
        *[_prototype(message) + ";" for message in layout.messages],
        "\n#endif",
    ]
    return "\n".join(parts) + "\n"


_ROWS = """/* A parameter in raw units, which are 10^-decimals of the unit. */
typedef struct {
    const char *name;
    uint8_t unit;
    uint8_t decimals;
    int32_t minimum;
    int32_t maximum;
    int32_t step;
    int32_t initial;
} parameter_row;

typedef struct {
    const char *name;
    uint16_t mi_cap_milli;
    uint16_t ispta_cap_mw_cm2;
    uint16_t ti_cap_milli;
    int32_t values[N_PARAMETERS];
} preset_row;

extern const parameter_row PARAMETER_ROWS[N_PARAMETERS];
extern const preset_row PRESET_ROWS[N_PRESETS];
/* 10^(-n/20) in 1/65536, n in decibels from 0. */
extern const uint32_t PRESSURE_FACTORS[TABLE_DB + 1u];
"""


def _define(name: str, value: int | str) -> str:
    return f'#define {name.upper()} "{value}"' if isinstance(value, str) else f"#define {name.upper()} {value}u"


def _enumeration(enum: Enumeration) -> str:
    stem = snake(enum.name).upper()
    rows = [f"#define {stem}_{name.upper()} {1 << k if enum.bits else k}u" for k, name in enumerate(enum.values)]
    return "\n".join([f"/* {enum.doc} */", *rows, ""])


def _parameter_indices(layout: Layout) -> str:
    rows = [f"#define PARAMETER_{p.name.upper()} {k}u" for k, p in enumerate(layout.parameters)]
    return "\n".join(["/* Numbers of the parameters. */", *rows, ""])


def _declared(field: FieldLayout) -> str:
    if field.is_tail:
        return f"    const uint8_t *{field.name};\n    size_t {field.name}_size;"
    array = f"[{field.count}]" if field.count else ""
    return f"    {C_TYPES[field.kind]} {field.name if field.name != 'default' else 'initial'}{array};"


def _struct(message: MessageLayout) -> str:
    number = f"#define MESSAGE_{snake(message.name).upper()} 0x{message.number:02x}u"
    comment = f"/* {message.doc} */\n" if message.doc else ""
    fields = "\n".join(_declared(field) for field in message.fields)
    return f"{comment}{number}\ntypedef struct {{\n{fields}\n}} message_{snake(message.name)};\n"


def _prototype(message: MessageLayout) -> str:
    name = snake(message.name)
    if message.sender == "device":
        return f"size_t pack_{name}(const message_{name} *m, uint8_t *out)"
    return f"bool unpack_{name}(message_{name} *m, const uint8_t *in, size_t size)"


_PRIMITIVES = """
static void put_u8(uint8_t *out, uint8_t value)
{
    out[0] = value;
}

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value & 0xFFu);
    out[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *out, uint32_t value)
{
    put_u16(out, (uint16_t)(value & 0xFFFFu));
    put_u16(&out[2], (uint16_t)(value >> 16));
}

static void put_i16(uint8_t *out, int16_t value)
{
    put_u16(out, (uint16_t)value);
}

static void put_i32(uint8_t *out, int32_t value)
{
    put_u32(out, (uint32_t)value);
}

static uint8_t get_u8(const uint8_t *in)
{
    return in[0];
}

static uint16_t get_u16(const uint8_t *in)
{
    return (uint16_t)((uint32_t)in[0] | ((uint32_t)in[1] << 8));
}

static uint32_t get_u32(const uint8_t *in)
{
    return (uint32_t)get_u16(in) | ((uint32_t)get_u16(&in[2]) << 16);
}

static int32_t get_i32(const uint8_t *in)
{
    return (int32_t)get_u32(in);
}
"""


def packing_source(layout: Layout) -> str:
    """The text of core/messages.c: packing of what the device sends, unpacking of what it is sent."""
    parts = [BANNER, '#include "messages.h"\n\n#include <string.h>', _PRIMITIVES]
    parts += [_pack(m) if m.sender == "device" else _unpack(m) for m in layout.messages]
    return "\n".join(parts)


def _places(message: MessageLayout) -> list[tuple[FieldLayout, str, str]]:
    """Every scalar with its name in C and its offset behind the message's number."""
    places, at = [], 0
    for field in message.fields:
        name = "initial" if field.name == "default" else field.name
        if field.is_tail:
            continue
        for k in range(field.count or 1):
            places.append((field, f"{name}[{k}]" if field.count else name, str(at)))
            at += SIZES[field.kind]
    return places


def _pack(message: MessageLayout) -> str:
    size = message.fixed_size + 1
    lines = [_prototype(message), "{", f"    put_u8(out, MESSAGE_{snake(message.name).upper()});"]
    lines += [f"    put_{f.kind}(&out[{int(at) + 1}], m->{name});" for f, name, at in _places(message)]
    if message.tail is None:
        return "\n".join([*lines, f"    return {size}u;", "}\n"])
    tail = message.tail.name
    lines += [
        f"    if (m->{tail}_size > 0u) {{",
        f"        (void)memcpy(&out[{size}], m->{tail}, m->{tail}_size);",
        "    }",
        f"    return {size}u + m->{tail}_size;",
        "}\n",
    ]
    return "\n".join(lines)


def _unpack(message: MessageLayout) -> str:
    size, tail = message.fixed_size, message.tail
    fits = f"size {'==' if tail is None else '>='} {size}u"
    lines = [_prototype(message), "{", f"    const bool fits = ({fits});", "    if (fits) {"]
    lines += [f"        m->{name} = get_{f.kind}(&in[{at}]);" for f, name, at in _places(message)]
    if tail is not None:
        lines += [f"        m->{tail.name} = &in[{size}];", f"        m->{tail.name}_size = size - {size}u;"]
    return "\n".join([*lines, "    }", "    return fits;", "}\n"])


def catalogue_source(layout: Layout) -> str:
    """The text of core/catalogue.c."""
    units = {unit: k for k, unit in enumerate(next(e.values for e in layout.enums if e.name == "Unit"))}
    parameters = [
        f'    {{ "{p.name}", {units[p.unit]}u, {p.decimals}u, {p.minimum}, {p.maximum}, {p.step}, {p.default} }},'
        for p in layout.parameters
    ]
    presets = [
        f'    {{ "{p.name}", {p.mi_cap_milli}u, {p.ispta_cap_mw_cm2}u, {p.ti_cap_milli}u,\n'
        f"      {{ {', '.join(map(str, p.values))} }} }},"
        for p in layout.presets
    ]
    factors = [f"    {factor}u," for factor in pressure_factors(layout)]
    return "\n".join(
        [
            BANNER,
            '#include "messages.h"\n',
            "const parameter_row PARAMETER_ROWS[N_PARAMETERS] = {",
            *parameters,
            "};\n",
            "const preset_row PRESET_ROWS[N_PRESETS] = {",
            *presets,
            "};\n",
            "const uint32_t PRESSURE_FACTORS[TABLE_DB + 1u] = {",
            *factors,
            "};\n",
        ]
    )
