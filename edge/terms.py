"""What the names in a task's findings mean: words and units of measurements, roles of marks.

A task declares its terms once. The overlay, charts, tables, series and pages read them; none of them knows a task.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

_UNITS: Final = MappingProxyType({"mm2": "mm²", "px2": "px²", "deg": "°", "grey level": "grey"})
ASCII_SIGNS: Final = MappingProxyType(
    {"²": "2", "³": "3", "°": " deg", "–": "-", "—": "-", "·": "|", "…": "...", "µ": "u", "±": "+-", "×": "x"}
)
"""For fonts and terminals without the signs that people read."""
_DECIMALS: Final = MappingProxyType(
    {"mm": 1, "mm2": 0, "px": 0, "px2": 0, "deg": 0, "1/m": 0, "%": 0, "grey level": 0, "SD": 1, ":1": 1}
)
_MOST_DECIMALS: Final = 2


class Role(StrEnum):
    """What a line is to the person who looks at the picture; it is drawn by this."""

    UPPER_BORDER = "upper border"
    """Of a layer: the one nearer to the probe."""
    LOWER_BORDER = "lower border"
    OUTLINE = "outline"
    """Of the structure that is measured."""
    NUMBERED = "numbered"
    """Outline of one of several structures that are measured: in the colour of its number, which stands beside it."""
    NEIGHBOUR = "neighbour"
    """Outline of a structure beside it."""
    INNER_EDGE = "inner edge"
    FIBRE = "fibre"
    EXTRAPOLATED = "extrapolated"
    """Continued where nothing was seen: dashed."""
    PROPOSAL = "proposal"
    """Could be what is looked for, and is not measured: dashed."""
    ALTERNATIVE = "alternative"
    """Could be meant instead: dashed."""
    REGION = "region"
    """Set by the user, or proposed for measuring in."""
    WINDOW = "window"
    """One of many that were judged on the way; the later, the stronger."""
    CANDIDATE = "candidate"
    """A numbered choice on the way."""
    BEFORE = "before"
    """A border before it was refined: dashed."""
    AFTER = "after"
    OTHER = "other"
    """Not declared; each has a colour by its place among the lines."""


@dataclass(frozen=True, slots=True)
class Projection:
    """How a picture is turned before people see it: its rows become columns, so that the probe is on the left."""

    mirrored: bool
    """Left and right side of the scanned picture are exchanged before."""


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Published values that people hold a measurement against."""

    condition: str
    """Of what they were published: `if this is the median nerve at the wrist`."""
    between: tuple[float, float]
    """Values between which they are told, in the measurement's unit: beyond, it is something else."""
    values: tuple[tuple[float, str], ...]
    """Each with what it was found to tell: `sensitivity 81 %, specificity 82 %`."""
    source: str


@dataclass(frozen=True, slots=True)
class MeasurementTerm:
    """A measurement that a task gives."""

    name: str
    """As in the finding, without the `_px` that it ends with where there is no scale."""
    unit: str
    """With a scale: `mm`, `mm2`, `deg`, ..."""
    words: str = ""
    """As short as the picture's read-out needs; empty: the name without underscores."""
    decimals: int | None = None
    """In `unit`. None: as its unit has."""
    detail: bool = False
    """Kept in the records, not written over the picture."""
    lane: int | None = None
    """Its lane in the strip chart, counted from above. None: it has none."""
    curve: int | None = None
    """Its turn among the curves of a series' figure. None: after all that have one."""
    plausible: tuple[float, float] | None = None
    """Lowest and highest value in a living person, in `unit`; beyond, the scale or the structure is doubted."""
    source: str = ""
    """Where the plausible range is from."""
    signed: bool = False
    """Zero is a value like any other, as for an angle, a share or a distance: its interval may be wider than it."""
    cut_offs: CutOffs | None = None
    summed: str = ""
    """What the sum over several recordings of one visit is called, such as a score over joints. Empty: it is not
    added up."""
    named: bool = False
    """Its value is one of a list, and the finding gives its name, which people read in place of a number."""
    simulated_only: str = ""
    """Why it is told of a simulated probe's pictures alone. Empty: it is told of all."""


@dataclass(frozen=True, slots=True)
class MarkTerm:
    """A mark that a task draws."""

    name: str
    """As in the finding, with `#` for each number in it: `rib #`."""
    role: Role = Role.OTHER
    measurement: str = ""
    """Name of the measurement that the key of a field of directions points to."""


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """All of one task's; looked up many times a frame, and so told apart by identity."""

    measurements: tuple[MeasurementTerm, ...] = ()
    marks: tuple[MarkTerm, ...] = ()

    def measurement(self, name: str) -> MeasurementTerm:
        """Of this name, with or without `_px`; for one that was not declared a plain term."""
        plain = name.removesuffix("_px")
        return _by_name(self)[0].get(plain) or MeasurementTerm(plain, "")

    def number(self, name: str) -> int | None:
        """That of a mark that is numbered, or is one of several proposals; None for others."""
        found = _NUMBER.search(name) if self.mark(name).role in (Role.NUMBERED, Role.PROPOSAL) else None
        return int(found[0]) if found else None

    def mark(self, name: str) -> MarkTerm:
        """Of this name; for one that was not declared a plain term."""
        pattern = _NUMBER.sub("#", name)
        return _by_name(self)[1].get(pattern) or MarkTerm(pattern)

    def words(self, name: str) -> str:
        """Its words; a name without any loses its underscores.

        The `_px` of a measurement without scale goes too: the unit beside it says so.
        """
        term = self.measurement(name)
        return term.words or term.name.replace("_", " ").strip().capitalize()

    def lanes(self) -> tuple[str, ...]:
        """Names of the measurements that have a lane in the strip chart, from above."""
        return tuple(one.name for one in sorted_by(self.measurements, "lane"))

    def curves(self) -> tuple[str, ...]:
        """Names of the measurements in the order in which a figure prefers them."""
        return tuple(one.name for one in sorted_by(self.measurements, "curve"))


_NUMBER = re.compile(r"\d+")


def sorted_by(terms: tuple[MeasurementTerm, ...], field: str) -> list[MeasurementTerm]:
    """Those that have the field, in its order."""
    having = [one for one in terms if getattr(one, field) is not None]
    return sorted(having, key=lambda one: getattr(one, field))


@lru_cache(maxsize=64)
def _by_name(terms: Terms) -> tuple[dict[str, MeasurementTerm], dict[str, MarkTerm]]:
    return {one.name: one for one in terms.measurements}, {one.name: one for one in terms.marks}


def plain_unit(unit: str) -> str:
    """As people read it, wherever they do: `mm²`. Records keep `mm2`."""
    return _UNITS.get(unit, unit)


def decimals_of(unit: str, term: MeasurementTerm | None = None) -> int:
    """With which a value in this unit is written, wherever people read it; the same for all frames, lest the last digit
    come and go."""
    if term is not None and term.decimals is not None and unit == term.unit:
        return term.decimals
    return _DECIMALS.get(unit, _MOST_DECIMALS)
