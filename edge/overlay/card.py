"""A card: a few lines of text on a dark translucent ground with a coloured bar at its left."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.overlay.layout import Box
from edge.overlay.palette import Colour
from edge.overlay.plate import Fill, Ground, Placed, Plate
from edge.overlay.sprite import paste
from edge.overlay.text import Text

_GROUND_KEEPS: Final = 0.25
"""Share of the picture that shines through."""
_GROUND_GREY: Final = 14

Row = tuple[Text, ...]
"""One text: a line. Two: left and right. Four: a row of the table (name, value, unit, interval). None: a small gap."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says; sizes in pixels."""

    rows: tuple[Row, ...]
    bar: Colour
    broken_bar: bool = False
    """A bar in pieces, so that a limited verdict differs from a full one also without colour."""
    banner: bool = False
    """The first row stands on the bar's colour across the whole card."""
    pad: int = field(init=False)
    columns: tuple[int, ...] = field(init=False)
    """Widths of the table's columns."""
    heights: tuple[int, ...] = field(init=False)
    """Of the rows; a row without texts is a small gap."""
    width: int = field(init=False)
    height: int = field(init=False)

    def __post_init__(self) -> None:
        pad = self.rows[0][0].size // 2
        widths = columns(self.rows)
        loose = [sum([cell.width + 2 * pad for cell in row]) - 2 * pad for row in self.rows if len(row) < 4]
        heights = tuple([max([cell.height for cell in row], default=pad) for row in self.rows])
        object.__setattr__(self, "pad", pad)
        object.__setattr__(self, "columns", widths)
        object.__setattr__(self, "heights", heights)
        object.__setattr__(self, "width", max(table_width(widths, pad), *loose) + 3 * pad)
        object.__setattr__(self, "height", sum(heights) + 2 * pad)

    def ground(self) -> Ground:
        head_height = self.pad + self.heights[0] + self.pad // 2 if self.banner else 0
        return _ground(self.width, self.height, self.pad, self.bar, self.broken_bar, head_height)

    def texts(self) -> tuple[Placed, ...]:
        """Each at its place on the card."""
        placed: list[Placed] = []
        y = self.pad
        for row, height in zip(self.rows, self.heights, strict=True):
            placed += _placed(row, y, height, self.width, self.pad, self.columns)
            y += height
        return tuple(placed)


def columns(rows: tuple[Row, ...]) -> tuple[int, ...]:
    """Widths of the columns of what `rows` hold of the table, in pixels."""
    table = [row for row in rows if len(row) == 4]
    return tuple(max([cell.width for cell in column]) for column in zip(*table, strict=True))


def table_width(widths: tuple[int, ...], pad: int) -> int:
    """Of a table with columns of these widths."""
    return sum(widths) + 4 * pad


def draw_card(picture: NDArray[np.uint8], card: Card, box: Box, plate: Plate) -> None:
    """Draws `card` into `picture` (height, width, 3) uint8 at `box`, which has the card's size."""
    paste(picture, plate.drawn(card.ground(), card.texts()), box.x, box.y)


@lru_cache(maxsize=16)
def _ground(width: int, height: int, pad: int, bar: Colour, broken: bool, head_height: int) -> Ground:
    """With its bar; the uppermost `head_height` pixels have the bar's colour."""
    bar_width, period = max(2, pad // 2), max(2, pad * 3 // 2)
    fills: list[Fill] = [(Box(0, 0, bar_width, height), 0.0, bar), (Box(0, 0, width, head_height), 0.0, bar)]
    if broken:
        tops = range(period - period // 3, height, period)
        fills += [(Box(0, top, bar_width, period // 3), 0.0, (0, 0, 0)) for top in tops]
    return Ground(width, height, _GROUND_KEEPS, _GROUND_GREY, tuple(fills))


@lru_cache(maxsize=256)
def _placed(row: Row, y: int, height: int, width: int, pad: int, columns: tuple[int, ...]) -> tuple[Placed, ...]:
    """The texts of a row of a card of this width; most rows are as in the frame before."""
    xs = _positions(row, 2 * pad, width - pad, columns, 2 * pad)
    return tuple((cell, x, y + round((height - cell.height) * 0.75)) for cell, x in zip(row, xs, strict=True))


def _positions(row: Row, left: int, right: int, columns: tuple[int, ...], gap: int) -> tuple[int, ...]:
    """The x at which each of the row's texts starts: names and units flush left, values and intervals flush right."""
    if len(row) < 2:
        return (left,) * len(row)
    if len(row) == 2:
        return left, right - row[1].width
    interval = right - row[3].width
    unit = right - columns[3] - gap - columns[2]
    return left, unit - row[1].width, unit, interval
