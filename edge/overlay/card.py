"""A card: a few lines of text on a dark translucent ground with a coloured bar at its left."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.overlay.layout import Box
from edge.overlay.palette import Colour, dimmed
from edge.overlay.text import REGULAR, line_height, paste, sprite, text_width

_GROUND_KEEPS: Final = 0.25
"""Share of the picture that shines through."""
_GROUND_GREY: Final = 14.0


@dataclass(frozen=True, slots=True)
class Text:
    """One piece of text on a card."""

    text: str
    size: int
    colour: Colour
    weight: int = REGULAR

    @property
    def width(self) -> int:
        return text_width(self.text, self.size, self.weight)

    def dim(self) -> "Text":
        return replace(self, colour=dimmed(self.colour))


Row = tuple[Text, ...]
"""One text: a line. Two: left and right. Four: a row of the table (name, value, unit, interval). None: a small gap."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says."""

    rows: tuple[Row, ...]
    bar: Colour
    broken_bar: bool = False
    """A bar in pieces, so that a limited verdict differs from a full one also without colour."""
    banner: bool = False
    """The first row stands on the bar's colour across the whole card."""

    @property
    def pad(self) -> int:
        return self.rows[0][0].size // 2

    @property
    def columns(self) -> tuple[int, ...]:
        """Widths of the table's columns."""
        table = [row for row in self.rows if len(row) == 4]
        return tuple(max(cell.width for cell in column) for column in zip(*table, strict=True))

    @property
    def text_width(self) -> int:
        """Pixels of the widest row."""
        gaps = 2 * self.pad
        loose = (sum(cell.width for cell in row) + gaps * (len(row) - 1) for row in self.rows if len(row) < 4)
        return max(sum(self.columns) + 2 * gaps, *loose, 0)

    @property
    def width(self) -> int:
        return self.text_width + 3 * self.pad

    @property
    def height(self) -> int:
        return sum(row_height(row, self.pad) for row in self.rows) + 2 * self.pad


def row_height(row: Row, gap: int) -> int:
    """Pixels; `gap` for a row without texts."""
    return max((line_height(cell.size) for cell in row), default=gap)


def draw_card(picture: NDArray[np.uint8], card: Card, box: Box) -> None:
    """Draws `card` into `picture` (height, width, 3) uint8 at `box`, which has the card's size."""
    ground = box.cut(picture)
    cv2.convertScaleAbs(ground, ground, _GROUND_KEEPS, _GROUND_GREY)
    _draw_bar(ground, card)
    columns = card.columns
    left, right, y = box.x + 2 * card.pad, box.right - card.pad, box.y + card.pad
    for row in card.rows:
        height = row_height(row, card.pad)
        for cell, x in zip(row, _positions(row, left, right, columns, 2 * card.pad), strict=True):
            baseline_drop = round((height - line_height(cell.size)) * 0.75)
            paste(picture, sprite(cell.text, cell.size, cell.colour, cell.weight), x, y + baseline_drop)
        y += height


def _positions(row: Row, left: int, right: int, columns: tuple[int, ...], gap: int) -> tuple[int, ...]:
    """The x at which each of the row's texts starts: names and units flush left, values and intervals flush right."""
    if len(row) < 2:
        return (left,) * len(row)
    if len(row) == 2:
        return left, right - row[1].width
    interval = right - row[3].width
    unit = right - columns[3] - gap - columns[2]
    return left, unit - row[1].width, unit, interval


def _draw_bar(ground: NDArray[np.uint8], card: Card) -> None:
    width = max(2, card.pad // 2)
    period = max(2, card.pad * 3 // 2)
    ground[:, :width] = card.bar
    if card.banner:
        ground[: card.pad + row_height(card.rows[0], card.pad) + card.pad // 2] = card.bar
    if card.broken_bar:
        for top in range(period - period // 3, ground.shape[0], period):
            ground[top : top + period // 3, :width] = 0
