"""Values, units and names as a person reads them."""

from types import MappingProxyType
from typing import Final

from edge.finding import Measurement
from edge.terms import MeasurementTerm

_UNITS: Final = MappingProxyType({"mm2": "mm²", "px2": "px²", "deg": "°", "grey level": "grey"})


def plain(name: str) -> str:
    """`long_name` as people write it: long name."""
    return name.replace("_", " ").strip()


def plain_unit(unit: str) -> str:
    return _UNITS.get(unit, unit)


def decimals(measurement: Measurement, term: MeasurementTerm) -> int:
    """As its task says, else as many as the interval bears: 2.13 mm within 0.2 mm either way reads 2.1 mm."""
    if term.decimals is not None:
        return term.decimals
    half_width = abs(measurement.high - measurement.low) / 2
    return 0 if half_width >= 1 else 1 if half_width >= 0.1 else 2


def interval_text(measurement: Measurement, places: int) -> str:
    """`1.9 – 2.3`; `-24 to -20`, since a dash would be read as a sign."""
    low, high = fixed(measurement.low, places), fixed(measurement.high, places)
    return f"{low} to {high}" if "-" in low + high else f"{low} – {high}"


def fixed(value: float, places: int) -> str:
    """Without the sign of a rounded zero."""
    return f"{round(value, places) + 0.0:.{places}f}"
