"""Values and names as a person reads them."""

from dataclasses import dataclass
from functools import lru_cache

from edge.finding import Measurement
from edge.terms import Terms, decimals_of, plain_unit


@dataclass(frozen=True, slots=True)
class Said:
    """How a measurement is written."""

    words: str
    decimals: int
    detail: bool


@lru_cache(maxsize=256)
def said(terms: Terms, name: str, unit: str) -> Said:
    """Of the measurement `name` in `unit`; asked for each one of each frame."""
    term = terms.measurement(name)
    return Said(terms.words(name), decimals_of(unit, term), term.detail)


def plain(name: str) -> str:
    """`long_name` as people write it: long name."""
    return name.replace("_", " ").strip()


def value_text(one: Measurement, terms: Terms) -> str:
    """`Medial 2.1 mm`; a value that has a name is written by it."""
    if one.named:
        return f"{terms.words(one.name)} {one.named}"
    number = fixed(one.value, decimals_of(one.unit, terms.measurement(one.name)))
    return f"{terms.words(one.name)} {number} {plain_unit(one.unit)}"


def range_text(lowest: float, highest: float, places: int) -> str:
    """`1.9 – 2.3`; `-24 to -20`, since a dash would be read as a sign."""
    low, high = fixed(lowest, places), fixed(highest, places)
    return f"{low} to {high}" if "-" in low + high else f"{low} – {high}"


def fixed(value: float, places: int) -> str:
    """Without the sign of a rounded zero."""
    text = f"{value:.{places}f}"
    return text if text[0] != "-" or text.strip("-0.") else text[1:]
