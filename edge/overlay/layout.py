"""Where texts go: into the margins beside the ultrasound region, else where they hide least; and stay there."""

from dataclasses import dataclass, field
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

_TEXT_CONTRAST: Final = 40
"""What differs more from its ground is one of the scanner's own texts."""
_LIT_LEVEL: Final = 12
"""Grey level from which anatomy is seen."""
_BLACK_SHARE: Final = 0.1
"""Lit share under which a part of the region is as black as a margin: nothing is hidden there."""
_LIT_COST: Final = 3
"""Times as much again as a black part costs."""
_MARK_COST: Final = 24
_TEXT_COST: Final = 10_000_000
"""Of any overlap: texts over each other cannot be read, and one would have to give way in the next picture."""
_SCANNER_TEXT_COST: Final = 48
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
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(0, width) * max(0, height)

    def cut(self, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The box's part of `plane` (height, width[, channels]) uint8, as a view."""
        return plane[max(0, self.y) : max(0, self.bottom), max(0, self.x) : max(0, self.right)]

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
        most = _MOST_HIDDEN * cv2.countNonZero(marks)
        for name, (_, box, covering) in list(self._kept.items()):
            if covering and cv2.countNonZero(box.cut(marks)) > most:
                del self._kept[name]


def _goes_on(last: tuple[int, str, tuple[int, ...], Box], now: tuple[int, str, tuple[int, ...], Box]) -> bool:
    step_ns = now[0] - last[0]
    together = 0 < step_ns < LONGEST_STEP_NS or (step_ns == 0 and now[1] == last[1])
    shared = now[3].overlap(last[3])
    largest = max(box.width * box.height for box in (now[3], last[3]))
    return together and now[2] == last[2] and shared >= _SAME_REGION * largest


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
    places: Places = field(default_factory=Places)
    taken: list[Box] = field(default_factory=list)
    """What has its place in this picture; appended to."""

    @property
    def gap(self) -> int:
        return self.size // 2

    def claim(self, name: str, width: int, height: int, anchor: Anchor, covering: bool = True) -> Box | None:
        """The place for a text of this size, marked as busy: where it stood before, else where it hides least, the
        nearest to `anchor` among equals.

        A pixel of the region costs 1, more away from the corners, and more where the region is not black; a mark more
        still, the scanner's own text most. covering: False for letters alone, which may as well stand on what is lit.
        None: no room.
        """
        kept = self.places.kept(name)
        box = self._moored(kept, width, height) if kept else None
        berth = kept if box else None
        if box is None:
            box, berth = self._best(width, height, anchor, covering)
        if box is None or berth is None:
            return None
        # One that had to give way this once comes back to its place.
        self.places.keep(name, kept or berth, box, covering)
        self.taken.append(box)
        box.cut(self.busy)[:] = 255
        return box

    def _moored(self, berth: Berth, width: int, height: int) -> Box | None:
        """At the berth, grown over its space where it must; None where the picture has no room, or another text is."""
        shape = (self.grey.shape[0], self.grey.shape[1])
        if width > shape[1] or height > shape[0]:
            return None
        box = spaces(shape, self.region)[berth.space].at(berth.side, width, height, self.gap)
        x, y = min(max(0, box.x), shape[1] - width), min(max(0, box.y), shape[0] - height)
        box = Box(x, y, width, height)
        return None if any(box.overlap(other) for other in self.taken) else box

    def _best(self, width: int, height: int, anchor: Anchor, covering: bool) -> tuple[Box | None, Berth | None]:
        shape = (self.grey.shape[0], self.grey.shape[1])
        best, best_berth, best_cost = None, None, 0
        for least, _, box, berth in candidates(shape, self.region, (width, height), self.gap, anchor):
            if best is not None and least >= best_cost:
                break
            cost = least + self._cost(box, least, covering)
            if best is None or cost < best_cost:
                best, best_berth, best_cost = box, berth, cost
        return best, best_berth

    def _cost(self, box: Box, least: int, covering: bool) -> int:
        cost = _MARK_COST * cv2.countNonZero(box.cut(self.busy))
        cost += sum(_TEXT_COST for other in self.taken if box.overlap(other))
        if least:
            lit = np.count_nonzero(box.cut(self.grey) > _LIT_LEVEL)
            black = covering and lit < _BLACK_SHARE * box.width * box.height
            return cost if black else cost + _LIT_COST * least
        return cost + _SCANNER_TEXT_COST * _pixels_that_stand_out(box.cut(self.grey))


def _pixels_that_stand_out(pixels: NDArray[np.uint8]) -> int:
    """How many differ from the first one, be the margin black, grey or white."""
    ground = int(pixels[0, 0])
    return int(np.count_nonzero((pixels > ground + _TEXT_CONTRAST) | (pixels < ground - _TEXT_CONTRAST)))


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
