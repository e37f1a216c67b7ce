"""A nerve in the picture: its border, the inner edge of its rim, its axes, the vessels and the way to the nearest; and
where one may lie without a network, with the steps on the way there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, LineMark, Mark, StageMark
from edge.frame import PixelSpacing, Region
from edge.image.rings import Floats
from edge.image.windows import CELL_PX
from edge.image.working_picture import WorkingPicture
from edge.task.caliper import along
from edge.task.nerve.candidates import NerveCandidate, NerveSight, VoteMap
from edge.task.nerve.sizes import NerveSizes
from edge.task.outlines import closed_line, filled_mark
from edge.task.scores import Outline

NERVE, VESSEL = 1, 2
LEAST_APART: Final = 0.25
"""Of the nerve's long axis: a shorter way to the vessel is not drawn."""
WINDOWS_SHOWN: Final = 40
"""The most probable ones; all of them, some thousands, would hide each other."""
CANDIDATE: Final = 1


def marks_of(
    nerves: Sequence[Outline],
    vessels: Sequence[Outline],
    spacing: PixelSpacing | None,
    measured: tuple[Floats, NerveSizes] | None = None,
) -> tuple[Mark, ...]:
    """nerves: the measured one first. measured: the edge inside its rim and its sizes, where they are drawn."""
    marks: list[Mark] = []
    if nerves:
        marks.append(filled_mark("nerve", NERVE, *(nerve.points for nerve in nerves)))
    if vessels:
        marks.append(filled_mark("vessel", VESSEL, *(vessel.points for vessel in vessels)))
    for number, nerve in enumerate(nerves, start=1):
        marks.append(closed_line("nerve border" if number == 1 else f"nerve {number} border", nerve.points))
    marks += [closed_line("vessel border", vessel.points) for vessel in vessels]
    if measured is not None:
        inner, sizes = measured
        marks.append(closed_line("inner edge of the rim", inner))
        marks += _calipers(sizes, spacing)
    return tuple(marks)


def proposals_of(nerves: Sequence[Outline], vessels: Sequence[Outline]) -> tuple[Mark, ...]:
    """What may be nerves, numbered for a person to choose from, and the vessels."""
    found: list[Mark] = [closed_line(f"proposal {number}", one.points) for number, one in enumerate(nerves, start=1)]
    return (*marks_of((), vessels, None), *found)


def _calipers(sizes: NerveSizes, spacing: PixelSpacing | None) -> list[CaliperMark]:
    """Axes and the way to the nearest vessel; there are none without a scale."""
    if spacing is None:
        return []
    marks = [along("long axis", sizes.long, spacing), along("short axis", sizes.short, spacing)]
    if sizes.to_vessel and sizes.to_vessel.length > LEAST_APART * sizes.long.length:
        marks.append(along("vessel distance", sizes.to_vessel, spacing))
    return marks


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the working picture lies in the frame; pixel centres at whole numbers in both."""

    x: float
    y: float
    px_per_px: float
    """Working pixels per pixel of the frame."""

    @classmethod
    def of(cls, region: Region, working: WorkingPicture) -> Self:
        return cls(region.x, region.y, working.px_per_px)

    def points(self, working: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 2) x, y in pixels of the frame."""
        return np.asarray((working.astype(np.float64) + 0.5) / self.px_per_px - 0.5 + (self.x, self.y))

    def cells(self, column: float, row: float) -> tuple[float, float]:
        """x, y of a corner between cells."""
        ((x, y),) = self.points(np.array([[column, row]]) * CELL_PX - 0.5)
        return float(x), float(y)


def candidate_marks(sight: NerveSight, place: Placement) -> tuple[Mark, ...]:
    """The first candidate's border, filled, and the borders of the others."""
    rings = [place.points(one.after) for one in sight.outlines]
    if not rings:
        return ()
    others = [closed_line(f"other candidate {number}", ring) for number, ring in enumerate(rings[1:], start=2)]
    first = filled_mark("nerve candidate", CANDIDATE, rings[0]), closed_line("nerve candidate border", rings[0])
    return (*first, *others)


def stages_of(sight: NerveSight, place: Placement) -> tuple[Mark, ...]:
    """In the order in which they are made."""
    calm = np.clip(sight.calm, 0, 255).astype(np.uint8)
    boxes = tuple(_box(f"candidate {number}", one, place) for number, one in enumerate(sight.candidates, start=1))
    borders = tuple(
        closed_line(name, place.points(ring))
        for one in sight.outlines
        for name, ring in (("before", one.before), ("after", one.after))
    )
    picture, cell = 1 / place.px_per_px, CELL_PX / place.px_per_px
    return (
        StageMark("speckle taken away", calm, False, (place.x, place.y), picture, ()),
        StageMark("windows: the most probable", calm, False, (place.x, place.y), picture, _windows(sight, place)),
        StageMark("votes of this frame", _heat(sight.votes), True, (place.x, place.y), cell, ()),
        StageMark("votes of the last frames; candidates", _heat(sight.voted), True, (place.x, place.y), cell, boxes),
        StageMark("border before (dashed) and after", calm, False, (place.x, place.y), picture, borders),
    )


def _heat(votes: VoteMap) -> NDArray[np.uint8]:
    """0 to 255, the peak being 255."""
    most = float(votes.max())
    return np.asarray(cv2.convertScaleAbs(votes, alpha=255 / most if most > 0 else 0.0), np.uint8)


def _windows(sight: NerveSight, place: Placement) -> tuple[LineMark, ...]:
    """The least probable of those shown first."""
    likely = np.argsort(sight.probability, kind="stable")[-WINDOWS_SHOWN:]
    some = sight.windows.taken(likely)
    sides = zip(some.left.tolist(), some.top.tolist(), some.right.tolist(), some.bottom.tolist(), strict=True)
    return tuple(_rectangle("window", *side, place) for side in sides)


def _box(name: str, candidate: NerveCandidate, place: Placement) -> LineMark:
    return _rectangle(name, candidate.left, candidate.top, candidate.right, candidate.bottom, place)


def _rectangle(name: str, left: float, top: float, right: float, bottom: float, place: Placement) -> LineMark:
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return closed_line(name, np.array([place.cells(*corner) for corner in corners]))
