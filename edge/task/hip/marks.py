"""The hip in the picture: its structures, Graf's three lines, the head; and the steps on the way there."""

from typing import Final

import cv2
import numpy as np

from edge.finding import CaliperMark, LineMark, Mark, MaskMark, StageMark
from edge.frame import Region
from edge.task.hip.head import crossing
from edge.task.hip.joint import Joint
from edge.task.hip.lines import Floats, HipAngles, Line
from edge.task.hip.plane import upright_points
from edge.task.hip.spec import LABELS
from edge.task.outlines import closed_line, filled_mark

BONE_HALF_PX: Final = 2.0
"""Of the working picture: half the height in which a bone's line is filled."""
BEYOND_SHARE: Final = 0.14
"""Of the picture's width, by which a line is drawn on beyond what it was laid through."""
LABRUM_SHARE: Final = 0.16
"""Of the head's radius: size of the labrum as it is marked."""


def marks_of(joint: Joint, region: Region, angles: HipAngles | None) -> tuple[Mark, ...]:
    """Structures and lines in pixels of the frame. angles: written beside their lines; None: no lines are drawn."""
    marks: list[Mark] = list(_masks(joint, region))
    marks.append(LineMark("iliac line", _placed(joint, region, joint.ilium.points)))
    marks.append(LineMark("roof of bone", _placed(joint, region, joint.roof.points)))
    marks.append(closed_line("head outline", _placed(joint, region, _circle(joint.head.middle, joint.head.radius))))
    if angles is not None:
        marks += _construction(joint, region, angles)
    return tuple(marks)


def _placed(joint: Joint, region: Region, points: Floats) -> np.ndarray:
    return np.asarray(upright_points(joint, points) + np.array((region.x, region.y)), np.float32)


def _masks(joint: Joint, region: Region) -> list[MaskMark]:
    rings = [
        (LABELS[0], _circle(joint.head.middle, joint.head.radius)),
        (LABELS[1], _band(joint.ilium.points)),
        (LABELS[2], _band(joint.roof.points)),
    ]
    if joint.labrum is not None:
        rings.append((LABELS[3], _circle(joint.labrum.at, LABRUM_SHARE * joint.head.radius)))
    order = {label: number for number, label in enumerate(LABELS, start=1)}
    return [filled_mark(name, order[name], _placed(joint, region, ring)) for name, ring in rings]


def _band(points: Floats) -> Floats:
    """A ring around a line of bone."""
    way = np.gradient(cv2.blur(points, (1, 7), borderType=cv2.BORDER_REPLICATE), axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    beside = BONE_HALF_PX * np.stack((-way[:, 1], way[:, 0]), axis=1)
    return np.concatenate((points - beside, (points + beside)[::-1]))


def _circle(middle: Floats, radius: float) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.asarray(middle + radius * np.stack((np.cos(turn), np.sin(turn)), axis=1))


def _construction(joint: Joint, region: Region, angles: HipAngles) -> list[Mark]:
    """Graf's lines, and both angles beside the ends of theirs."""
    width = joint.work.calm.shape[1]
    lines, beyond = joint.lines, BEYOND_SHARE * width
    ilium = joint.ilium.points
    ends = float(lines.base.along(ilium).min()), lines.base.along(joint.head.middle) + joint.head.radius + beyond
    corner = crossing(lines.base, lines.roof)
    limb = lines.roof.along(joint.roof.points[-1]) + beyond
    found: list[Mark] = [
        LineMark("base line", _placed(joint, region, _piece(lines.base, *ends))),
        LineMark("bony roof line", _placed(joint, region, _piece(lines.roof, lines.roof.along(corner) - beyond, limb))),
    ]
    found.append(_text(joint, region, "alpha", f"α {angles.alpha_deg:.0f}°", lines.roof, limb))
    if lines.cartilage is not None and joint.labrum is not None and angles.beta_deg is not None:
        reach = lines.cartilage.along(joint.labrum.at) + beyond
        piece = _placed(joint, region, _piece(lines.cartilage, -0.3 * beyond, reach))
        found.append(LineMark("cartilage roof line", piece))
        found.append(_text(joint, region, "beta", f"β {angles.beta_deg:.0f}°", lines.cartilage, reach))
    return found


def _text(joint: Joint, region: Region, name: str, text: str, line: Line, at: float) -> CaliperMark:
    """A text at the end of a line: a caliper of no length."""
    x, y = (float(one) for one in _placed(joint, region, line.at + at * line.way))
    return CaliperMark(name, (x, y), (x, y), text)


def _piece(line: Line, start: float, end: float) -> Floats:
    return np.stack((line.at + start * line.way, line.at + end * line.way))


def stages_of(joint: Joint, region: Region) -> tuple[Mark, ...]:
    """In the order in which they are made."""
    calm = np.clip(joint.work.calm, 0, 255).astype(np.uint8)
    bone, steep = (np.clip(plane * 200, 0, 255).astype(np.uint8) for plane in (joint.work.bone, joint.work.steep))
    if joint.mirrored:
        calm, bone, steep = (np.ascontiguousarray(plane[:, ::-1]) for plane in (calm, bone, steep))
    cell = 1 / joint.work.px_per_px[1]
    corner = region.x - 0.5, region.y - 0.5
    rim = _placed(joint, region, _circle(joint.rim.at, 0.03 * calm.shape[1]))
    paths = (
        LineMark("before", _placed(joint, region, joint.ilium.points)),
        LineMark("after", _placed(joint, region, joint.roof.points)),
    )
    joints = [closed_line("after", _placed(joint, region, _circle(joint.head.middle, joint.head.radius)))]
    if joint.labrum is not None:
        spot = _circle(joint.labrum.at, LABRUM_SHARE * joint.head.radius)
        joints.append(closed_line("candidate 1", _placed(joint, region, spot)))
    return (
        StageMark("speckle taken away", calm, False, corner, cell, ()),
        StageMark("bone: bright over a shadow", bone, True, corner, cell, ()),
        StageMark("bony rim: where two lines meet", steep, True, corner, cell, (closed_line("candidate 1", rim),)),
        StageMark("ilium (dashed) and roof, followed", calm, False, corner, cell, paths),
        StageMark("head and labrum", calm, False, corner, cell, tuple(joints)),
    )
