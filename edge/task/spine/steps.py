"""The steps of the pathway without a network, for whoever wants to see why a frame was read so."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import LineMark, Mark, StageMark
from edge.frame import Frame
from edge.task.spine.features import FLANK_MM, MIDDLE_MM, Described, Midline, windows_along
from edge.task.spine.judging import JUDGES, Judged
from edge.task.spine.levels import KINDS
from edge.task.spine.planes import MM_PER_PX, OVER_SKIN_MM
from edge.task.spine.seen import Floats
from edge.task.spine.templates import CELL_MM, CELLS, HALF_CELLS, Match, corners, rows_around, x_of

PROFILE_MM: Final = 25.0
"""Height of a curve that is 1 everywhere."""
BAR_MM: Final = 12.0
"""Length of a decision of 1; so far apart the bars lie."""
MOST: Final = 3.0
"""Decision that a bar shows at most."""
Placed = Callable[[Floats], NDArray[np.float32]]


def stages_of(frame: Frame, found: Described, judged: Judged) -> tuple[Mark, ...]:
    """In the order in which they are made; those after the fifth are details of the second."""
    region, work = frame.ultrasound, found.work

    def placed(points: Floats) -> NDArray[np.float32]:
        """(n, 2) mm to the right of the array's middle and under the skin."""
        inside = work.window.in_region(points[:, 0], points[:, 1])
        return np.asarray(inside + np.array((region.x, region.y)), np.float32)

    left, top = placed(np.array([[-CELLS / 2 * CELL_MM, -OVER_SKIN_MM]]))[0].tolist()
    corner, cell = (left, top), CELL_MM / MM_PER_PX / work.window.px_per_px[0]

    def stage(name: str, plane: NDArray[np.uint8], heat: bool, lines: tuple[LineMark, ...] = ()) -> StageMark:
        return StageMark(name, plane, heat, corner, cell, lines)

    grey = np.clip(work.calm, 0, 255).astype(np.uint8)
    maps = [_at_anchors(match, kind) for kind, match in enumerate(found.matches)]
    boxes = tuple(
        LineMark(f"candidate {kind + 1}", placed(corners(match, kind))) for kind, match in enumerate(found.matches)
    )
    values = ", ".join(f"{name} {match.value:.2f}" for name, match in zip(KINDS, found.matches, strict=True))
    middle = found.midline.x_mm
    windows = [*windows_along(middle, MIDDLE_MM), *windows_along(middle, FLANK_MM)]
    windows += windows_along(middle, (-FLANK_MM[1], -FLANK_MM[0]))
    decided = ", ".join(f"{name} {value:+.1f}" for name, value in zip(JUDGES, judged.decisions, strict=True))
    return (
        stage("brighter than around", np.clip(128 + 50 * work.detail, 0, 255).astype(np.uint8), False),
        stage(f"templates: {values}", np.asarray(np.max(maps, axis=0), np.uint8), True, boxes),
        stage("mirrored at the midline", grey, False, _profile(found.midline, placed)),
        stage(
            "black pixels counted",
            np.where(found.dark, 255, 0).astype(np.uint8),
            True,
            tuple(LineMark("before", placed(one)) for one in windows),
        ),
        stage(f"decided: {decided}", grey, False, _bars(judged, placed)),
        *(stage(f"template of {name}", plane, True) for name, plane in zip(KINDS, maps, strict=True)),
    )


def _at_anchors(match: Match, kind: int) -> NDArray[np.uint8]:
    """(CELLS, CELLS) what of a template's correlation is above 0, at its anchor."""
    above, below = rows_around(kind)
    share = np.clip(255 * match.map, 0, 255).astype(np.uint8)
    sides = above, below - 1, HALF_CELLS, HALF_CELLS
    return np.asarray(cv2.copyMakeBorder(share, *sides, cv2.BORDER_CONSTANT, value=0), np.uint8)


def _profile(midline: Midline, placed: Placed) -> tuple[LineMark, ...]:
    """The correlation of either side over each column, and the midline that it gave."""
    columns = np.arange(midline.profile.size) + HALF_CELLS
    curve = np.stack((x_of(columns), PROFILE_MM * (1 - midline.profile)), axis=1)
    upright = np.array([[midline.x_mm, 0.0], [midline.x_mm, 3 * PROFILE_MM]])
    return LineMark("before", placed(curve)), LineMark("after", placed(upright))


def _bars(judged: Judged, placed: Placed) -> tuple[LineMark, ...]:
    """From the middle to the right what speaks for each judge's class, to the left what speaks against it."""
    ends = [BAR_MM * min(max(value, -MOST), MOST) for value in judged.decisions]
    return tuple(
        LineMark(f"candidate {number}", placed(np.array([[0.0, BAR_MM * number], [end, BAR_MM * number]])))
        for number, end in enumerate(ends, start=1)
    )
