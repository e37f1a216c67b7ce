"""A joint in the picture: region, capsule, bone, the line that joins the bones, doubtful places; the steps there."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from edge.finding import LineMark, Mark, StageMark
from edge.frame import PixelSpacing, Region
from edge.task.caliper import caliper
from edge.task.outlines import closed_line, filled_mark
from edge.task.synovitis.failures import Failure
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.joint import JointPlace
from edge.task.synovitis.region import ring_of
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.spec import LABELS
from edge.task.synovitis.surfaces import Surfaces
from edge.task.synovitis.working import Working, in_frame, px

LEAST_PIECE_PX: Final = 4


def marks_of(
    seen: JointSeen, region: Region, spacing: PixelSpacing | None, failures: Sequence[Failure]
) -> tuple[Mark, ...]:
    """In pixels of the frame."""
    work, found = seen.work, seen.region
    marks: list[Mark] = []
    fluid = found.inside & (found.upper - found.capsule > 1)
    if found.ring.size:
        marks.append(filled_mark(LABELS[0], 1, in_frame(work, region, found.ring)))
    if fluid.any():
        ring = ring_of(found.columns, found.capsule, found.upper, fluid)
        marks.append(filled_mark(LABELS[1], 2, in_frame(work, region, ring)))
    if found.inside.any():
        marks.append(LineMark("capsule", _line(work, region, found.columns[found.inside], found.capsule[found.inside])))
    marks += _bone(seen, region)
    tops = np.asarray(seen.joint.tops, np.float64)
    marks.append(LineMark("line joining the bones", in_frame(work, region, tops)))
    marks += [
        closed_line(f"doubtful place {number}", in_frame(work, region, failure.place))
        for number, failure in enumerate(failures, start=1)
        if len(failure.place) > 2
    ]
    if spacing is not None and found.ring.size:
        marks.append(_thickest(seen, region, spacing))
    return tuple(marks)


def _line(work: Working, region: Region, columns: np.ndarray, rows: Floats) -> np.ndarray:
    return in_frame(work, region, np.stack((columns.astype(np.float64), rows), axis=1))


def _bone(seen: JointSeen, region: Region) -> list[Mark]:
    """Its pieces around the joint, as far as they are seen."""
    columns = seen.region.columns
    there = seen.surfaces.seen[columns]
    pieces = np.split(columns, np.flatnonzero(np.diff(there.astype(np.int8))) + 1)
    seen_pieces = [piece for piece in pieces if piece.size > LEAST_PIECE_PX and seen.surfaces.seen[piece[0]]]
    return [LineMark("bone surface", _line(seen.work, region, one, seen.surfaces.bone[one])) for one in seen_pieces]


def _thickest(seen: JointSeen, region: Region, spacing: PixelSpacing) -> Mark:
    found = seen.region
    thick = np.where(found.inside, found.floor - found.upper, 0)
    at = int(thick.argmax())
    column = float(found.columns[at])
    ends = in_frame(seen.work, region, np.array([[column, found.upper[at]], [column, found.floor[at]]]))
    (x, top), (_, bottom) = ends.astype(np.float64).tolist()
    return caliper("thickest", (x, top), (x, bottom), spacing)


def stages_of(
    work: Working, surfaces: Surfaces, joints: Sequence[JointPlace], seen: JointSeen | None, region: Region
) -> tuple[Mark, ...]:
    """In the order in which they are made."""
    calm = np.clip(work.calm, 0, 255).astype(np.uint8)
    ridge = np.clip(surfaces.map * 200, 0, 255).astype(np.uint8)
    cell = 1 / work.px_per_px[1]
    corner = region.x - 0.5, region.y - 0.5
    columns = np.arange(surfaces.bone.size)
    paths = (
        LineMark("before", _line(work, region, columns, surfaces.skin)),
        LineMark("after", _line(work, region, columns, surfaces.bone)),
    )
    places = tuple(
        LineMark(f"candidate {number}", _upright(work, region, one)) for number, one in enumerate(joints, start=1)
    )
    steps = [
        StageMark("speckle taken away", calm, False, corner, cell, ()),
        StageMark("bone: bright over a shadow", ridge, True, corner, cell, ()),
        StageMark("skin (dashed) and bone, followed", calm, False, corner, cell, paths),
        StageMark("joint: gap between two convexities", calm, False, corner, cell, places),
    ]
    if seen is not None:
        found = seen.region
        lines = [LineMark("after", _line(work, region, found.columns, found.capsule))]
        lines.insert(0, LineMark("before", _line(work, region, found.columns, found.floor)))
        steps.append(StageMark("capsule over the floor (dashed)", calm, False, corner, cell, tuple(lines)))
    return tuple(steps)


def _upright(work: Working, region: Region, joint: JointPlace) -> np.ndarray:
    """Across both tops, and down the gap."""
    (x0, y0), (x1, y1) = joint.tops
    low = max(y0, y1) + px(1.5)
    return in_frame(work, region, np.array([[x0, y0], [joint.gap, low], [x1, y1]]))
