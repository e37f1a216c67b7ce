"""Words and colours that all commands share."""

from collections.abc import Mapping
from types import MappingProxyType

from edge.finding import Verdict

COLOURS: Mapping[str, str] = MappingProxyType(
    {Verdict.MEASURED: "green", Verdict.LIMITED: "yellow", Verdict.REFUSED: "red"}
)


def counted(number: int, noun: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
