"""The steps of the nerve chain without a network, as marks on the frame."""

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import LineMark, Mark, StageMark
from edge.frame import Region
from edge.image.windows import CELL_PX
from edge.image.working_picture import WorkingPicture
from edge.task.nerve.chain import NerveSight
from edge.task.nerve.marks import closed, filled
from edge.task.nerve.vote_map import NerveCandidate, VoteMap

WINDOWS_SHOWN: Final = 40
"""The most probable ones; all of them, some thousands, would hide each other."""
CANDIDATE: Final = 1


@dataclass(frozen=True, slots=True)
class OnFrame:
    """From the working picture to pixels of the frame, pixel centres at whole numbers in both."""

    x: float
    y: float
    px_per_px: float
    """Working pixels per pixel of the frame."""

    @classmethod
    def of(cls, region: Region, working: WorkingPicture) -> Self:
        return cls(region.x, region.y, working.px_per_px)

    def points(self, working: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 2) x, y."""
        return np.asarray((working.astype(np.float64) + 0.5) / self.px_per_px - 0.5 + (self.x, self.y))

    def cells(self, column: float, row: float) -> tuple[float, float]:
        """x, y of a corner between cells."""
        ((x, y),) = self.points(np.array([[column, row]]) * CELL_PX - 0.5)
        return float(x), float(y)


def marks_of(sight: NerveSight, on: OnFrame) -> tuple[Mark, ...]:
    """The first candidate's border, filled, and the borders of the others."""
    rings = [on.points(one.after) for one in sight.outlines]
    if not rings:
        return ()
    others = [closed(f"other candidate {number}", ring) for number, ring in enumerate(rings[1:], start=2)]
    first = filled("nerve candidate", CANDIDATE, rings[0]), closed("nerve candidate border", rings[0])
    return (*first, *others)


def stages_of(sight: NerveSight, on: OnFrame) -> tuple[Mark, ...]:
    """In the order in which they are made."""
    calm = np.clip(sight.calm, 0, 255).astype(np.uint8)
    boxes = tuple(_box(f"candidate {number}", one, on) for number, one in enumerate(sight.candidates, start=1))
    borders = tuple(
        closed(name, on.points(ring))
        for one in sight.outlines
        for name, ring in (("before", one.before), ("after", one.after))
    )
    picture, cell = 1 / on.px_per_px, CELL_PX / on.px_per_px
    return (
        StageMark("speckle taken away", calm, False, (on.x, on.y), picture, ()),
        StageMark("windows: the most probable", calm, False, (on.x, on.y), picture, _windows(sight, on)),
        StageMark("votes of this frame", _heat(sight.votes), True, (on.x, on.y), cell, ()),
        StageMark("votes of the last frames; candidates", _heat(sight.voted), True, (on.x, on.y), cell, boxes),
        StageMark("border before (dashed) and after", calm, False, (on.x, on.y), picture, borders),
    )


def _heat(votes: VoteMap) -> NDArray[np.uint8]:
    """0 to 255, the peak being 255."""
    most = float(votes.max())
    return np.asarray(cv2.convertScaleAbs(votes, alpha=255 / most if most > 0 else 0.0), np.uint8)


def _windows(sight: NerveSight, on: OnFrame) -> tuple[LineMark, ...]:
    """The least probable of those shown first."""
    likely = np.argsort(sight.probability, kind="stable")[-WINDOWS_SHOWN:]
    some = sight.windows.taken(likely)
    sides = zip(some.left.tolist(), some.top.tolist(), some.right.tolist(), some.bottom.tolist(), strict=True)
    return tuple(_rectangle("window", *side, on) for side in sides)


def _box(name: str, candidate: NerveCandidate, on: OnFrame) -> LineMark:
    return _rectangle(name, candidate.left, candidate.top, candidate.right, candidate.bottom, on)


def _rectangle(name: str, left: float, top: float, right: float, bottom: float, on: OnFrame) -> LineMark:
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return closed(name, np.array([on.cells(*corner) for corner in corners]))
