"""Where texts go: into the margins beside the ultrasound region, else where they hide least."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Anchor = tuple[float, float]
"""A point of the region as shares of its width and height."""

UPPER_LEFT: Final[Anchor] = (0.0, 0.0)
UPPER_RIGHT: Final[Anchor] = (1.0, 0.0)
LOWER_LEFT: Final[Anchor] = (0.0, 1.0)
LOWER_RIGHT: Final[Anchor] = (1.0, 1.0)

_TEXT_CONTRAST: Final = 40
"""What differs more from its ground is one of the scanner's own texts."""
_MARK_COST: Final = 6
_SCANNER_TEXT_COST: Final = 12


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def overlap(self, other: "Box") -> int:
        """Shared area in pixels."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(0, width) * max(0, height)

    def cut(self, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The box's part of `plane` (height, width[, channels]) uint8, as a view."""
        return plane[max(0, self.y) : max(0, self.bottom), max(0, self.x) : max(0, self.right)]

    def berths(self, width: int, height: int, gap: int) -> tuple[set["Box"], set["Box"]]:
        """Boxes of this size in the four corners and between them, `gap` from the sides; none where they do not fit."""
        if width + 2 * gap > self.width or height + 2 * gap > self.height:
            return set(), set()
        left, right = self.x + gap, self.right - width - gap
        top, bottom = self.y + gap, self.bottom - height - gap
        x_middle, y_middle = (left + right) // 2, (top + bottom) // 2
        between = {(x_middle, top), (x_middle, bottom), (left, y_middle), (right, y_middle)}
        corners = {(x, y) for x in (left, right) for y in (top, bottom)}
        return {Box(x, y, width, height) for x, y in corners}, {Box(x, y, width, height) for x, y in between}


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What is drawn on, and what must be kept clear of texts."""

    picture: NDArray[np.uint8]
    """(height, width, 3) uint8 BGR; drawn into."""
    grey: NDArray[np.uint8]
    """(height, width) uint8: the frame."""
    busy: NDArray[np.uint8]
    """(height, width) uint8: not 0 where a mark or a text is; drawn into."""
    region: Box
    """The ultrasound picture."""
    size: int
    """Font size in pixels."""

    @property
    def gap(self) -> int:
        return self.size // 2

    def claim(self, width: int, height: int, anchor: Anchor) -> Box | None:
        """The place for a text of this size where it hides least, the nearest to `anchor` among equals; marked as busy.

        A pixel of the region costs 1, and one more away from the corners; a mark or another text more, the scanner's
        own text most. None: no room.
        """
        shape = (self.grey.shape[0], self.grey.shape[1])
        best, best_cost = None, 0
        for least, hidden, box in candidates(shape, self.region, (width, height), self.gap, anchor):
            if best is not None and least >= best_cost:
                break
            cost = least + self._cost(box, hidden)
            if best is None or cost < best_cost:
                best, best_cost = box, cost
        if best is not None:
            best.cut(self.busy)[:] = 255
        return best

    def _cost(self, box: Box, hidden: int) -> int:
        cost = _MARK_COST * cv2.countNonZero(box.cut(self.busy))
        if hidden == 0:
            cost += _SCANNER_TEXT_COST * _pixels_that_stand_out(box.cut(self.grey))
        return cost


def _pixels_that_stand_out(pixels: NDArray[np.uint8]) -> int:
    """How many differ from the first one, be the margin black, grey or white."""
    ground = int(pixels[0, 0])
    return int(np.count_nonzero((pixels > ground + _TEXT_CONTRAST) | (pixels < ground - _TEXT_CONTRAST)))


@lru_cache(maxsize=128)
def candidates(
    shape: tuple[int, int], region: Box, size: tuple[int, int], gap: int, anchor: Anchor
) -> tuple[tuple[int, int, Box], ...]:
    """Boxes of `size` (width, height) along the sides of margins, picture and region, each with the least it costs and
    the area of the region that it hides; the cheapest first, then corners, then the nearest to `anchor` and
    flush with it.
    """
    picture = Box(0, 0, shape[1], shape[0])
    found = [space.berths(*size, gap) for space in (*margins(picture, region), picture, region)]
    corners = {box for at_corners, _ in found for box in at_corners}
    boxes = corners | {box for _, between in found for box in between}
    x, y = region.x + anchor[0] * region.width, region.y + anchor[1] * region.height

    def least(box: Box) -> int:
        return box.overlap(region) * (1 if box in corners else 2)

    def rank(box: Box) -> tuple[int, bool, float]:
        inwards = (box.x + anchor[0] * box.width - x) * (1 - 2 * anchor[0])
        flush = 2 * inwards if inwards > 0 else -inwards
        return least(box), box not in corners, flush + abs(box.y + box.height / 2 - y)

    return tuple((least(box), box.overlap(region), box) for box in sorted(boxes, key=rank))


def margins(picture: Box, region: Box) -> tuple[Box, ...]:
    """The strips of `picture` beside `region`: under and over its columns, under and over all, left, right."""
    under, over = picture.bottom - region.bottom, region.y - picture.y
    return (
        Box(region.x, region.bottom, region.width, under),
        Box(region.x, picture.y, region.width, over),
        Box(picture.x, region.bottom, picture.width, under),
        Box(picture.x, picture.y, picture.width, over),
        Box(picture.x, region.y, region.x - picture.x, region.height),
        Box(region.right, region.y, picture.right - region.right, region.height),
    )
