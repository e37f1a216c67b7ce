"""Words and colours that all commands share."""

from collections.abc import Mapping
from types import MappingProxyType

from edge.finding import Verdict

COLOURS: Mapping[str, str] = MappingProxyType(
    {Verdict.MEASURED: "green", Verdict.LIMITED: "yellow", Verdict.REFUSED: "red"}
)
UNITS = MappingProxyType({"mm2": "mm²", "px2": "px²", "deg": "°", "grey level": "grey"})


def plain(name: str) -> str:
    """`mean_thickness_medial` as people write it."""
    return name.replace("_", " ")


def plain_unit(unit: str) -> str:
    return UNITS.get(unit, unit)


def counted(number: int, noun: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
