"""Where texts go: into the margins beside the ultrasound region, else where they hide least; and stay there."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame

Anchor = tuple[float, float]
"""A point of the region as shares of its width and height."""

UPPER_LEFT: Final[Anchor] = (0.0, 0.0)
UPPER_RIGHT: Final[Anchor] = (1.0, 0.0)
LOWER_LEFT: Final[Anchor] = (0.0, 1.0)
LOWER_RIGHT: Final[Anchor] = (1.0, 1.0)

LONGEST_STEP_NS: Final = 1_000_000_000
"""From one picture of a scan to the next, less a nanosecond: pictures without times of their own stand so far apart."""
_SAME_REGION: Final = 0.8
_MOST_HIDDEN: Final = 0.2
"""Share of what was found that a text may hide before it goes elsewhere."""


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
        left, top = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.x + self.width, other.x + other.width), min(self.bottom, other.bottom)
        return (right - left) * (bottom - top) if right > left and bottom > top else 0

    def meets_any(self, others: Iterable["Box"]) -> bool:
        """Whether it shares area with one of them."""
        right, bottom = self.x + self.width, self.y + self.height
        for other in others:
            beside = other.x >= right or self.x >= other.x + other.width
            if not beside and other.y < bottom and self.y < other.y + other.height:
                return True
        return False

    def cut(self, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The box's part of `plane` (height, width[, channels]) uint8, as a view."""
        right, bottom = self.x + self.width, self.y + self.height
        if self.x < 0 or self.y < 0:
            return plane[max(0, self.y) : max(0, bottom), max(0, self.x) : max(0, right)]
        return plane[self.y : bottom, self.x : right]

    def at(self, side: Anchor, width: int, height: int, gap: int) -> "Box":
        """A box of this size in one of the four corners or between them, `gap` from the sides."""
        x = self.x + gap + round(side[0] * (self.width - width - 2 * gap))
        y = self.y + gap + round(side[1] * (self.height - height - 2 * gap))
        return Box(x, y, width, height)

    def has_room(self, width: int, height: int, gap: int) -> bool:
        return width + 2 * gap <= self.width and height + 2 * gap <= self.height


@dataclass(frozen=True, slots=True)
class Berth:
    """A place whatever the size of what stands there."""

    space: int
    """Among `spaces`."""
    side: Anchor
    """Of the space: a corner, or the middle of a side."""


CORNERS: Final = tuple((x, y) for x in (0.0, 1.0) for y in (0.0, 1.0))
BETWEEN: Final = tuple(
    side for share in (0.5, 0.25, 0.75) for side in ((share, 0.0), (share, 1.0), (0.0, share), (1.0, share))
)


class Places:
    """Where each text stands, kept from picture to picture of one scan: what jumps about cannot be read.

    Places are chosen when something is shown for the first time, and then kept. One is chosen anew where a good part of
    what was found has come to lie under it; all are where another scan begins: another size or region, or pictures that
    do not follow closely.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Berth, Box, bool]] = {}
        self._shown: set[str] = set()
        self._last: tuple[int, str, tuple[int, ...], Box] | None = None

    def begin(self, frame: Frame, shown: set[str]) -> None:
        """Before a picture is drawn. shown: the kinds of things that it shows."""
        region = Box(frame.ultrasound.x, frame.ultrasound.y, frame.ultrasound.width, frame.ultrasound.height)
        now = (frame.exposed_ns, frame.origin, frame.pixels.shape, region)
        if self._last is None or not _goes_on(self._last, now):
            self._shown = set()
        if not self._shown or shown - self._shown:
            self._kept = {}
        self._shown |= shown
        self._last = now

    def kept(self, name: str) -> Berth | None:
        return self._kept[name][0] if name in self._kept else None

    def keep(self, name: str, berth: Berth, box: Box, covering: bool) -> None:
        """covering: it hides what lies under it."""
        self._kept[name] = (berth, box, covering)

    def give_way(self, marks: NDArray[np.uint8]) -> None:
        """marks (height, width) uint8: not 0 where something was found in this picture."""
        hidden = {name: cv2.countNonZero(box.cut(marks)) for name, (_, box, covering) in self._kept.items() if covering}
        most = _MOST_HIDDEN * cv2.countNonZero(marks) if any(hidden.values()) else 0
        for name, pixels in hidden.items():
            if pixels > most:
                del self._kept[name]


def _goes_on(last: tuple[int, str, tuple[int, ...], Box], now: tuple[int, str, tuple[int, ...], Box]) -> bool:
    step_ns = now[0] - last[0]
    together = 0 < step_ns < LONGEST_STEP_NS or (step_ns == 0 and now[1] == last[1])
    shared = now[3].overlap(last[3])
    largest = max(box.width * box.height for box in (now[3], last[3]))
    return together and now[2] == last[2] and shared >= _SAME_REGION * largest


@lru_cache(maxsize=128)
def candidates(
    shape: tuple[int, int], region: Box, size: tuple[int, int], gap: int, anchor: Anchor
) -> tuple[tuple[int, int, Box, Berth], ...]:
    """Boxes of `size` (width, height) along the sides of margins, picture and region, each with the least it costs and
    the area of the region that it hides; the cheapest first, then corners, then the nearest to `anchor` and
    flush with it.
    """
    found: dict[Box, Berth] = {}
    for sides in (CORNERS, BETWEEN):
        for index, space in enumerate(spaces(shape, region)):
            if space.has_room(*size, gap):
                for side in sides:
                    found.setdefault(space.at(side, *size, gap), Berth(index, side))
    x, y = region.x + anchor[0] * region.width, region.y + anchor[1] * region.height

    def least(box: Box) -> int:
        return box.overlap(region) * (1 if found[box].side in CORNERS else 2)

    def rank(box: Box) -> tuple[int, bool, float]:
        inwards = (box.x + anchor[0] * box.width - x) * (1 - 2 * anchor[0])
        flush = 2 * inwards if inwards > 0 else -inwards
        return least(box), found[box].side not in CORNERS, flush + abs(box.y + box.height / 2 - y)

    return tuple((least(box), box.overlap(region), box, found[box]) for box in sorted(found, key=rank))


@lru_cache(maxsize=16)
def spaces(shape: tuple[int, int], region: Box) -> tuple[Box, ...]:
    """What texts may stand at the sides of, in a picture of `shape` (height, width)."""
    picture = Box(0, 0, shape[1], shape[0])
    return *margins(picture, region), picture, region


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
