"""A card: a few lines of text on a dark translucent ground with a coloured bar at its left."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Card:
    """What a card says."""

    rows: tuple[Row, ...]
    bar: Colour
    broken_bar: bool = False
    """A bar in pieces, so that a limited verdict differs from a full one also without colour."""
    banner: bool = False
    """The first row stands on the bar's colour across the whole card."""

    @cached_property
    def pad(self) -> int:
        return self.rows[0][0].size // 2

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Widths of the table's columns."""
        return columns(self.rows)

    @cached_property
    def width(self) -> int:
        gap = 2 * self.pad
        loose = [sum([cell.width for cell in row]) + gap * (len(row) - 1) for row in self.rows if len(row) < 4]
        return max(table_width(self.columns, self.pad), *loose) + 3 * self.pad

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """Of the rows; a row without texts is a small gap."""
        return tuple(max([cell.height for cell in row], default=self.pad) for row in self.rows)

    @cached_property
    def height(self) -> int:
        return sum(self.heights) + 2 * self.pad

    @cached_property
    def ground(self) -> Ground:
        return Ground(self.width, self.height, _GROUND_KEEPS, _GROUND_GREY, tuple(self._bar_fills()))

    def _bar_fills(self) -> Iterator[Fill]:
        width = max(2, self.pad // 2)
        period = max(2, self.pad * 3 // 2)
        yield Box(0, 0, width, self.height), 0.0, self.bar
        if self.banner:
            height = self.pad + self.heights[0] + self.pad // 2
            yield Box(0, 0, self.width, height), 0.0, self.bar
        if self.broken_bar:
            for top in range(period - period // 3, self.height, period):
                yield Box(0, top, width, period // 3), 0.0, (0, 0, 0)

    @cached_property
    def texts(self) -> tuple[Placed, ...]:
        """Each at its place on the card."""
        placed: list[Placed] = []
        left, right, y = 2 * self.pad, self.width - self.pad, self.pad
        for row, height in zip(self.rows, self.heights, strict=True):
            for cell, x in zip(row, _positions(row, left, right, self.columns, 2 * self.pad), strict=True):
                placed.append((cell, x, y + round((height - cell.height) * 0.75)))
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
    paste(picture, plate.drawn(card.ground, card.texts), box.x, box.y)


def _positions(row: Row, left: int, right: int, columns: tuple[int, ...], gap: int) -> tuple[int, ...]:
    """The x at which each of the row's texts starts: names and units flush left, values and intervals flush right."""
    if len(row) < 2:
        return (left,) * len(row)
    if len(row) == 2:
        return left, right - row[1].width
    interval = right - row[3].width
    unit = right - columns[3] - gap - columns[2]
    return left, unit - row[1].width, unit, interval
