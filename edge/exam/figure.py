"""A figure as a list of what is on it, for whoever draws it. Lengths in points (1/72 inch), y down."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]
Points = NDArray[np.float64]
"""(n, 2) x, y."""

INK: Final[Rgb] = (25, 25, 25)
PALE: Final[Rgb] = (150, 150, 150)


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    points: Points
    colour: Rgb = INK
    width: float = 0.75
    dash: float = 0.0
    """Length of a dash and of the gap after it; 0: a whole line."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A filled polygon."""

    points: Points
    colour: Rgb
    opacity: float


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    points: Points
    colour: Rgb
    radius: float


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text."""

    text: str
    x: float
    y: float
    """Of the baseline."""
    size: float = 8.0
    colour: Rgb = INK
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    turned: bool = False
    """Reads upward."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    pixels: NDArray[np.uint8]
    """(rows, columns, 3) BGR; shown whole at the place and size given."""
    x: float
    y: float
    width: float
    height: float


Item = Polyline | Area | Dots | Label | Picture


@dataclass(frozen=True, slots=True)
class Figure:
    """A white sheet; later items lie on earlier ones."""

    width: float
    height: float
    title: str
    """For readers that cannot see it; not drawn."""
    items: tuple[Item, ...]
