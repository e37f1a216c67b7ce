"""What is drawn on, where texts find their places on it, and what one picture of a scan leaves to the next."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.overlay.buffers import Pictures, Planes
from edge.overlay.card import Card
from edge.overlay.layout import Anchor, Berth, Box, Places, candidates, spaces
from edge.overlay.plate import Plate

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


@dataclass(slots=True)
class OverlayMemory:
    """What one picture of a scan leaves to the next."""

    places: Places = field(default_factory=Places)
    plates: dict[str, Plate] = field(default_factory=dict)
    """By what they show."""
    card: Card | None = None
    """The last one."""
    pictures: Pictures = field(default_factory=Pictures)
    planes: Planes = field(default_factory=Planes)

    def plate(self, name: str) -> Plate:
        return self.plates.setdefault(name, Plate())


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
    memory: OverlayMemory = field(default_factory=OverlayMemory)
    taken: list[Box] = field(default_factory=list)
    """What has its place in this picture; appended to."""
    in_colour: bool = False
    """The picture shows the frame in colour."""

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
        kept = self.memory.places.kept(name)
        box = self._moored(kept, width, height) if kept else None
        berth = kept if box else None
        if box is None:
            box, berth = self._best(width, height, anchor, covering)
        if box is None or berth is None:
            return None
        # One that had to give way this once comes back to its place.
        self.memory.places.keep(name, kept or berth, box, covering)
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
        return None if box.meets_any(self.taken) else box

    def _best(self, width: int, height: int, anchor: Anchor, covering: bool) -> tuple[Box | None, Berth | None]:
        shape = (self.grey.shape[0], self.grey.shape[1])
        best, best_berth, best_cost = None, None, 0
        for least, _, box, berth in candidates(shape, self.region, (width, height), self.gap, anchor):
            if best is not None and least >= best_cost:
                break
            cost = self._cost(box, least, covering, best_cost if best is not None else None)
            if cost is not None:
                best, best_berth, best_cost = box, berth, cost
        return best, best_berth

    def _cost(self, box: Box, least: int, covering: bool, below: int | None) -> int | None:
        """None: not `below` that; what it takes longest to count is left out then."""
        cost = least + sum(_TEXT_COST for other in self.taken if box.overlap(other))
        if below is not None and cost >= below:
            return None
        cost += _MARK_COST * cv2.countNonZero(box.cut(self.busy))
        if below is not None and cost >= below:
            return None
        if least:
            lit = np.count_nonzero(box.cut(self.grey) > _LIT_LEVEL)
            black = covering and lit < _BLACK_SHARE * box.width * box.height
            cost += 0 if black else _LIT_COST * least
        else:
            cost += _SCANNER_TEXT_COST * _pixels_that_stand_out(box.cut(self.grey))
        return cost if below is None or cost < below else None


def _pixels_that_stand_out(pixels: NDArray[np.uint8]) -> int:
    """How many differ from the first one, be the margin black, grey or white."""
    ground = int(pixels[0, 0])
    return int(np.count_nonzero((pixels > ground + _TEXT_CONTRAST) | (pixels < ground - _TEXT_CONTRAST)))
