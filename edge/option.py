"""Settings as records: each field says once how it is asked for, and every way of asking reads it from there.

A settings record is a frozen dataclass whose fields are annotated with an `Option`. The command line, the Python
interface and the address of a simulated probe (`phantom:NAME,seed=3`) all make it through `made` or `taken`,
with the same checks and the same words.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from edge.errors import SettingError

R = TypeVar("R")
Readers = Mapping[type, Callable[[str], Any]]
"""By type: from what the user wrote to the value; raises SettingError."""


@dataclass(frozen=True, slots=True)
class Option:
    """How one field is asked for."""

    help: str
    flag: str = ""
    """On the command line; empty: the field's name with dashes."""
    short: str = ""
    """`-o`."""
    metavar: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    read: Callable[[str], Any] | None = None
    """From what the user wrote to the value; raises SettingError. None: as the field's type is usually written."""
    repeated: bool = False
    """It may be given several times: the field is a tuple of what `read` gives for each."""
    drawn: str = ""
    """How it is drawn on a picture, where it can be: `points`, `box`, or `area` (a box or a polygon)."""


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The record of what has no settings of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a settings record, as everything that asks for it needs to know it."""

    name: str
    option: Option
    kind: type
    """Without the None that the field may also be."""
    default: Any
    """MISSING where the field must be given."""

    @property
    def flag(self) -> str:
        return self.option.flag or "--" + self.name.replace("_", "-")

    @property
    def required(self) -> bool:
        return self.default is MISSING

    @property
    def span(self) -> str:
        """What is allowed, in words: `from 5 to 500`, `slide or still`; empty where anything is."""
        low, high = self.option.low, self.option.high
        if self.option.choices:
            *most, last = self.option.choices
            return f"{', '.join(most)} or {last}" if most else last
        if low is not None and high is not None:
            return f"from {low:g} to {high:g}"
        if low is not None:
            return f"{low:g} or more"
        return f"{high:g} or less" if high is not None else ""


def options_of(record: type) -> tuple[Asked, ...]:
    """The record's fields that are annotated with an Option, in their order."""
    hints = get_type_hints(record, include_extras=True)
    found = []
    for field in fields(record):
        notes = getattr(hints[field.name], "__metadata__", ())
        option = next((note for note in notes if isinstance(note, Option)), None)
        if option is not None:
            default = field.default_factory() if field.default_factory is not MISSING else field.default
            found.append(Asked(field.name, option, _plain_type(get_args(hints[field.name])[0]), default))
    return tuple(found)


def _plain_type(hint: Any) -> type:
    """`float` of `float | None`."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (one for one in get_args(hint) if one is not type(None))
    plain: type = get_origin(hint) or hint
    return plain


def made(record: type[R], given: Mapping[str, Any], what: str, readers: Readers | None = None, **others: Any) -> R:
    """The record of the values `given` by field name; text is read as the user writes it.

    None is as if it were not given. what: whose settings these are, for messages: `the task NAME`. others: fields that
    nobody asks for. Raises SettingError for a name that is no field, a value of another kind or out of its range, and
    what the record itself finds.
    """
    asked = {one.name: one for one in options_of(record)}
    if strange := [name for name in given if name not in asked]:
        known = ", ".join(asked) or "none"
        raise SettingError(f"{what} has no setting '{strange[0]}'; there are: {known}")
    if missing := [one for one in asked.values() if one.required and given.get(one.name) is None]:
        raise SettingError(f"{what} needs {missing[0].flag}: {missing[0].option.help}")
    values = {name: _checked(asked[name], value, readers or {}) for name, value in given.items() if value is not None}
    return record(**others, **values)


def taken(record: type[R], given: Mapping[str, Any], what: str) -> tuple[R, dict[str, Any]]:
    """The record of those of the `given` values that are its fields, and the others. Raises as `made`."""
    own = {one.name for one in options_of(record)}
    mine = {name: value for name, value in given.items() if name in own}
    return made(record, mine, what), {name: value for name, value in given.items() if name not in own}


def _checked(asked: Asked, value: Any, readers: Readers) -> Any:
    """The value of one field, read where it is text. Raises SettingError."""
    if asked.option.repeated and asked.option.read is not None:
        return tuple(_one_of_several(asked.option.read, one) for one in _several(value))
    if isinstance(value, str) and asked.kind is not str:
        value = _read(asked, value, readers)
    # numpy's numbers are taken for Python's, and a list for a tuple; True is no number.
    alike = _ALIKE.get(asked.kind)
    if alike is not None and isinstance(value, alike) and not isinstance(value, bool):
        value = asked.kind(value)
    if not isinstance(value, asked.kind) or (isinstance(value, bool) and asked.kind is not bool):
        raise SettingError(f"{asked.flag} is {value!r}; it must be {_kind(asked)}")
    _check_span(asked, value)
    return value


def _several(value: Any) -> list[Any]:
    """One value, or several of them: a pair of numbers is one."""
    alone = isinstance(value, str) or not isinstance(value, list | tuple)
    return [value] if alone or (all(isinstance(part, Real) for part in value) and value) else list(value)


def _one_of_several(read: Callable[[str], Any], value: Any) -> Any:
    """Read as it is written, or would be: numbers beside each other with commas between, a value as its own text."""
    return read(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def _read(asked: Asked, text: str, readers: Readers) -> Any:
    read = asked.option.read or readers.get(asked.kind) or _USUAL.get(asked.kind)
    if read is None:
        return text
    try:
        return read(text)
    except SettingError:
        raise
    except (ValueError, RuntimeError) as error:
        allowed = f" {asked.span}" if asked.span else ""
        raise SettingError(f"{asked.flag} is '{text}'; it must be {_kind(asked)}{allowed}") from error


def _check_span(asked: Asked, value: Any) -> None:
    low, high = asked.option.low, asked.option.high
    if asked.option.choices and value not in asked.option.choices:
        raise SettingError(f"{asked.flag} is '{value}'; it must be one of: {', '.join(asked.option.choices)}")
    if asked.kind not in (int, float):
        return
    inside = (low is None or value >= low) and (high is None or value <= high)
    if not (math.isfinite(value) and inside):
        raise SettingError(f"{asked.flag} is {value}; it must be {asked.span or 'a finite number'}")


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError(text)
    return text.lower() == "yes"


_USUAL: Readers = {int: int, float: float, bool: _yes_or_no, Path: lambda text: Path(text).expanduser()}
_KINDS = {int: "a whole number", float: "a number", bool: "yes or no", str: "text", Path: "a path", tuple: "names"}
_ALIKE: Mapping[type, type] = {int: Integral, float: Real, tuple: list}


def _kind(asked: Asked) -> str:
    return _KINDS.get(asked.kind, asked.kind.__name__)
