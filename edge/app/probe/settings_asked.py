"""`depth=35mm gain=-3` as it was typed, and what it means to this probe."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from edge.errors import SettingError
from firmware_bridge.host.parameters import ParameterDescription, Setting

_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))\s*(\D*)")
_UNCHANGED: Final = "nothing was changed"


@dataclass(frozen=True, slots=True)
class Asked:
    """One NAME=VALUE."""

    name: str
    value: str


def split_settings(texts: Iterable[str]) -> tuple[Asked, ...]:
    """Raises SettingError where a text is not NAME=VALUE."""
    return tuple(_split(text) for text in texts)


def changes_from(asked: Sequence[Asked], table: Sequence[ParameterDescription]) -> dict[str, Setting]:
    """What `Probe.set` takes, by keyword. Range and step are left to the probe.

    Raises SettingError for a name that the probe does not have or that stands twice, a value that is no number, or
    another unit.
    """
    rows = {row.keyword: row for row in table} | {row.name: row for row in table}
    changes: dict[str, Setting] = {}
    for each in asked:
        row = _row(each.name, rows)
        if row.keyword in changes:
            raise SettingError(f"{row.name} is asked for twice; give it once; {_UNCHANGED}")
        changes[row.keyword] = _value(each, row)
    return changes


def _split(text: str) -> Asked:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise SettingError(f"'{text}' is no setting; write NAME=VALUE, such as depth=35; {_UNCHANGED}")
    return Asked(name.replace("-", "_").lower(), value)


def _row(name: str, rows: dict[str, ParameterDescription]) -> ParameterDescription:
    if name in rows:
        return rows[name]
    near = get_close_matches(name, rows, n=1)
    names = dict.fromkeys(row.name for row in rows.values())
    meant = f"; did you mean {near[0]}?" if near else ";"
    raise SettingError(f"there is no parameter '{name}'{meant} there are: {', '.join(names)}; {_UNCHANGED}")


def _value(asked: Asked, row: ParameterDescription) -> Setting:
    if row.name == "preset":
        return asked.value
    found = _NUMBER.fullmatch(asked.value)
    if found is None:
        raise SettingError(f"{asked.name} takes a number in {row.unit}, not '{asked.value}'; {_UNCHANGED}")
    number, unit = found[1], found[2].strip()
    if unit and unit.lower() != row.unit.lower():
        raise SettingError(f"{asked.name} is set in {row.unit}, not in '{unit}'; {_UNCHANGED}")
    return float(number)
