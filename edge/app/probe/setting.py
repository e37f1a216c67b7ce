"""`depth=35mm gain=-3` as it was typed, what it means to this probe, and what it changed."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from rich.table import Table
from rich.text import Text

from edge.app.probe.tables import named_value
from edge.errors import SettingError
from firmware_bridge.host.parameters import ParameterDescription, PresetDescription, Setting

_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))\s*(\D*)")
_UNCHANGED: Final = "nothing was changed"


@dataclass(frozen=True, slots=True)
class AskedSetting:
    """One NAME=VALUE."""

    name: str
    value: str


def split_settings(texts: Iterable[str]) -> tuple[AskedSetting, ...]:
    """Raises SettingError where a text is not NAME=VALUE."""
    return tuple(_split(text) for text in texts)


def changes_from(asked: Sequence[AskedSetting], table: Sequence[ParameterDescription]) -> dict[str, Setting]:
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


def change_table(
    before: Sequence[ParameterDescription],
    after: Sequence[ParameterDescription],
    presets: Sequence[PresetDescription],
    asked: Set[str],
) -> Table:
    """Before and after of what was asked for, by keyword, and of what a preset changed along with it."""
    table = Table.grid(padding=(0, 1))
    for old, new in zip(before, after, strict=True):
        if new.keyword in asked or new.value != old.value:
            same = "" if new.value != old.value else "as before"
            was, now = named_value(old, presets), named_value(new, presets)
            table.add_row(new.name, was, "->", now, new.unit, Text(same, style="dim"))
    return table


def _split(text: str) -> AskedSetting:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise SettingError(f"'{text}' is no setting; write NAME=VALUE, such as depth=35; {_UNCHANGED}")
    return AskedSetting(name.replace("-", "_").lower(), value)


def _row(name: str, rows: dict[str, ParameterDescription]) -> ParameterDescription:
    if name in rows:
        return rows[name]
    near = get_close_matches(name, rows, n=1)
    names = dict.fromkeys(row.name for row in rows.values())
    meant = f"; did you mean {near[0]}?" if near else ";"
    raise SettingError(f"there is no parameter '{name}'{meant} there are: {', '.join(names)}; {_UNCHANGED}")


def _value(asked: AskedSetting, row: ParameterDescription) -> Setting:
    if row.name == "preset":
        return asked.value
    found = _NUMBER.fullmatch(asked.value)
    if found is None:
        raise SettingError(f"{asked.name} takes a number in {row.unit}, not '{asked.value}'; {_UNCHANGED}")
    number, unit = found[1], found[2].strip()
    if unit and unit.lower() != row.unit.lower():
        raise SettingError(f"{asked.name} is set in {row.unit}, not in '{unit}'; {_UNCHANGED}")
    return float(number)
