"""Records as JSON says them: enumerations by name, bytes in hexadecimal."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum, IntFlag
from typing import Any

import msgspec
import typer

from edge.app.probe.fields import Plain


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
