"""What messages.py is declared with: fields that know their bytes, messages that pack themselves, table rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import get_annotations
from itertools import accumulate
from operator import attrgetter, itemgetter
from struct import Struct
from typing import Annotated, Any, ClassVar, Final, NamedTuple, Self, cast, get_args, get_origin

U8 = Annotated[int, "B"]
U16 = Annotated[int, "H"]
U32 = Annotated[int, "I"]
I16 = Annotated[int, "h"]
I32 = Annotated[int, "i"]
"""A number, with its letter in Python's `struct`; all are little-endian. Bytes of a fixed length are
`Annotated[bytes, "4s"]`; an array is `Annotated[tuple[int, ...], "3h"]`, and stands behind all single values."""

Rest = Annotated[bytes, ""]
Text = Annotated[str, ""]
"""All that follows the other fields, in UTF-8 where it is text; only the last field can be one of these."""

PARAMETER_PAIR: Final = Struct("<Bi")
"""A parameter's number and its raw value, as SetParameters carries them one after the other."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of message is packed."""

    number: bytes
    layout: Struct
    """Of all fields but a `Rest` or `Text`."""
    read: Callable[[Any], tuple[Any, ...]]
    """What the layout packs of a message."""
    group: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None
    """The fields out of what the layout unpacks; None: they are the same, for want of an array."""
    tail: str
    """Name of the `Rest` or `Text`; empty: there is none."""
    tail_is_text: bool


def _form_of(number: int, hints: Mapping[str, Any]) -> _Form:
    kinds = {name: get_args(hint) for name, hint in hints.items() if hasattr(hint, "__metadata__")}
    codes = {name: code for name, (_, code) in kinds.items() if code}
    widths = [int(code[:-1]) for name, code in codes.items() if get_origin(kinds[name][0]) is tuple]
    n_single = len(codes) - len(widths)
    tail = next((name for name in kinds if name not in codes), "")
    return _Form(
        bytes((number,)),
        Struct("<" + "".join(codes.values())),
        _reader(list(codes), n_single),
        _grouper(n_single, widths) if widths else None,
        tail,
        tail_is_text=bool(tail) and kinds[tail][0] is str,
    )


def _reader(names: list[str], n_single: int) -> Callable[[Any], tuple[Any, ...]]:
    """Reads the fields of a message into one flat tuple; those behind the first `n_single` are arrays."""
    if not names:
        return lambda message: ()
    read = attrgetter(*names)
    if len(names) == 1:
        return lambda message: (read(message),)
    if n_single == len(names):
        return read

    def flat(message: Any) -> tuple[Any, ...]:
        values = read(message)
        return sum(values[n_single:], values[:n_single])  # joins the tuples

    return flat


def _grouper(n_single: int, widths: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Gathers what a message's layout unpacks into its fields: `n_single` values, then arrays of these widths."""
    starts = accumulate(widths, initial=n_single)
    arrays = [slice(start, start + width) for start, width in zip(starts, widths, strict=False)]
    group: Callable[[tuple[Any, ...]], tuple[Any, ...]] = itemgetter(*range(n_single), *arrays)
    return group


class Message:
    """Base of all messages: a frozen dataclass that declares its number and its fields."""

    __slots__ = ()

    NUMBER: ClassVar[int] = 0
    RELIABLE: ClassVar[bool]
    LAYOUT: ClassVar[Struct]
    """Of all fields but a `Rest` or `Text`."""
    _form: ClassVar[_Form]

    def __init_subclass__(cls) -> None:
        cls._form = _form_of(cls.NUMBER, get_annotations(cls))
        cls.LAYOUT = cls._form.layout

    def pack(self) -> bytes:
        """The message's number and fields. Raises struct.error where a value does not fit its field."""
        form = self._form
        packed = form.number + form.layout.pack(*form.read(self))
        if not form.tail:
            return packed
        tail: Any = getattr(self, form.tail)
        rest: bytes = tail.encode() if form.tail_is_text else tail
        return packed + rest

    @classmethod
    def unpack(cls, fields: bytes) -> Self:
        """The message of these fields. Raises struct.error or UnicodeDecodeError where they do not fit."""
        form, make = cls._form, cast("Callable[..., Self]", cls)
        values = form.layout.unpack(fields[: form.layout.size] if form.tail else fields)
        if form.group:
            values = form.group(values)
        if not form.tail:
            return make(*values)
        rest = fields[form.layout.size :]
        return make(*values, rest.decode() if form.tail_is_text else rest)


class Command(Message):
    """A message that the probe replies to, with the same tag."""

    __slots__ = ()

    tag: int


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
