"""Reads messages.toml into records, and refuses what neither side could speak."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "firmware_bridge" / "line" / "messages.toml"
CODES = {"u8": "B", "u16": "H", "u32": "I", "i16": "h", "i32": "i"}
"""Scalar types and their letters in Python's `struct`."""
SIZES = {"u8": 1, "u16": 2, "u32": 4, "i16": 2, "i32": 4}
TAILS = ("bytes", "text")


@dataclass(frozen=True, slots=True)
class FieldLayout:
    name: str
    kind: str
    """A scalar type, or `bytes` or `text` for the rest of the message."""
    count: int | None
    """Length of an array; None: one value."""

    @property
    def is_tail(self) -> bool:
        return self.kind in TAILS

    @property
    def is_array(self) -> bool:
        """Of numbers; several u8 are bytes."""
        return self.count is not None and self.kind != "u8"

    @property
    def size(self) -> int:
        return 0 if self.is_tail else SIZES[self.kind] * (self.count or 1)


@dataclass(frozen=True, slots=True)
class MessageLayout:
    name: str
    number: int
    sender: str
    reliable: bool
    doc: str
    fields: tuple[FieldLayout, ...]

    @property
    def fixed_size(self) -> int:
        return sum(field.size for field in self.fields)

    @property
    def is_command(self) -> bool:
        """Whether the device replies to it, with its tag."""
        return self.sender == "host" and self.fields[0].name == "tag"

    @property
    def tail(self) -> FieldLayout | None:
        return self.fields[-1] if self.fields and self.fields[-1].is_tail else None


@dataclass(frozen=True, slots=True)
class Enumeration:
    name: str
    doc: str
    values: tuple[str, ...]
    bits: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    unit: str
    decimals: int
    minimum: int
    maximum: int
    step: int
    default: int


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    mi_cap_milli: int
    ispta_cap_mw_cm2: int
    ti_cap_milli: int
    values: tuple[int, ...]
    """Of every parameter, in the order of the wire."""


@dataclass(frozen=True, slots=True)
class Layout:
    version: int
    digest: bytes
    """First 8 bytes of the SHA-256 over the layout's content, comments and spelling left out."""
    link: dict[str, int]
    device: dict[str, int | str]
    acoustic: dict[str, int]
    enums: tuple[Enumeration, ...]
    parameters: tuple[Parameter, ...]
    presets: tuple[Preset, ...]
    messages: tuple[MessageLayout, ...]


def load_layout(path: Path = SOURCE) -> Layout:
    """Raises SystemExit where two messages share a number, a tail is not last, or a single value follows an array."""
    content = tomllib.loads(path.read_text())
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    parameters = tuple(one for entry in content["parameter"] for one in _parameters(dict(entry)))
    layout = Layout(
        content["protocol_version"],
        hashlib.sha256(canonical).digest()[:8],
        content["link"],
        content["device"],
        content["acoustic"],
        tuple(Enumeration(e["name"], e["doc"], tuple(e["values"]), e.get("bits", False)) for e in content["enum"]),
        parameters,
        tuple(_preset(number, entry, parameters) for number, entry in enumerate(content["preset"])),
        tuple(_message(entry) for entry in content["message"]),
    )
    _check(layout)
    return layout


def _parameters(entry: dict[str, Any]) -> list[Parameter]:
    repeat = entry.pop("repeat", 1)
    stem = entry.pop("name")
    names = [stem] if repeat == 1 else [f"{stem.removesuffix('_1')}_{k + 1}" for k in range(repeat)]
    return [Parameter(name=name, **entry) for name in names]


def _preset(number: int, entry: dict[str, Any], parameters: tuple[Parameter, ...]) -> Preset:
    own = {**entry.get("values", {}), "preset": number}
    unknown = set(own) - {parameter.name for parameter in parameters}
    if unknown:
        raise SystemExit(f"preset {entry['name']} sets {', '.join(sorted(unknown))}, which is no parameter")
    caps = {name: entry[name] for name in ("mi_cap_milli", "ispta_cap_mw_cm2", "ti_cap_milli")}
    return Preset(entry["name"], values=tuple(own.get(p.name, p.default) for p in parameters), **caps)


def _message(entry: dict[str, Any]) -> MessageLayout:
    fields = tuple(_field(name, kind) for name, kind in entry["fields"])
    return MessageLayout(
        entry["name"], entry["id"], entry["from"], entry.get("reliable", True), entry.get("doc", ""), fields
    )


def _field(name: str, kind: str) -> FieldLayout:
    scalar, bracket, count = kind.partition("[")
    if scalar not in CODES and kind not in TAILS:
        raise SystemExit(f"field {name} is a {kind}; expected one of {', '.join([*CODES, *TAILS])}")
    return FieldLayout(name, scalar, int(count.rstrip("]")) if bracket else None)


def _check(layout: Layout) -> None:
    numbers = [message.number for message in layout.messages]
    if len(set(numbers)) != len(numbers):
        raise SystemExit("two messages share an id; give each its own")
    for message in layout.messages:
        if any(field.is_tail for field in message.fields[:-1]):
            raise SystemExit(f"{message.name} has a tail that is not its last field")
        order = [field.is_array for field in message.fields if not field.is_tail]
        if order != sorted(order):
            raise SystemExit(f"{message.name} has an array before a single value; put arrays behind all single values")
