"""The hip in the picture: its structures, Graf's three lines, the head."""

from typing import Final

import cv2
import numpy as np

from edge.finding import CaliperMark, LineMark, Mark, MaskMark
from edge.frame import Region
from edge.task.hip.head import crossing
from edge.task.hip.lines import Floats, HipAngles, Line
from edge.task.hip.looked import SeenHip
from edge.task.hip.spec import LABELS
from edge.task.outlines import closed_line, filled_mark

BONE_HALF_SHARE: Final = 0.007
"""Of the picture's width: half the height in which a bone's line is filled."""
SPOT_SHARE: Final = 0.1
"""Of the head's radius: size of a point as it is marked."""
BEYOND_SHARE: Final = 0.14
"""Of the picture's width, by which a line is drawn on beyond what it was laid through."""
LABRUM_SHARE: Final = 0.16
"""Of the head's radius: size of the labrum as it is marked."""


def marks_of(hip: SeenHip, region: Region, angles: HipAngles | None) -> tuple[Mark, ...]:
    """Structures and lines in pixels of the frame. angles: written beside their lines; None: no lines are drawn."""
    marks: list[Mark] = list(_masks(hip, region))
    marks.append(LineMark("iliac line", _placed(hip, region, hip.marks.ilium)))
    marks.append(LineMark("roof of bone", _placed(hip, region, hip.marks.roof)))
    if hip.marks.head is not None:
        ring = circle(hip.marks.head, hip.marks.head_radius)
        marks.append(closed_line("head outline", _placed(hip, region, ring)))
    marks += [LineMark(name, _placed(hip, region, line)) for name, line in hip.borders]
    spot = SPOT_SHARE * hip.marks.head_radius
    marks += [closed_line(name, _placed(hip, region, circle(at, spot))) for name, at in hip.spots]
    if angles is not None:
        marks += _construction(hip, region, angles)
    return tuple(marks)


def _placed(hip: SeenHip, region: Region, points: Floats) -> np.ndarray:
    return np.asarray(hip.to_region(points) + np.array((region.x, region.y)), np.float32)


def _masks(hip: SeenHip, region: Region) -> list[MaskMark]:
    seen, half = hip.marks, BONE_HALF_SHARE * hip.width
    rings = [(LABELS[1], _band(seen.ilium, half)), (LABELS[2], _band(seen.roof, half))]
    if seen.head is not None:
        rings.insert(0, (LABELS[0], circle(seen.head, seen.head_radius)))
    if seen.labrum is not None:
        rings.append((LABELS[3], circle(seen.labrum, LABRUM_SHARE * seen.head_radius)))
    order = {label: number for number, label in enumerate(LABELS, start=1)}
    return [filled_mark(name, order[name], _placed(hip, region, ring)) for name, ring in rings]


def _band(points: Floats, half: float) -> Floats:
    """A ring around a line of bone."""
    way = np.gradient(cv2.blur(points, (1, 7), borderType=cv2.BORDER_REPLICATE), axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    beside = half * np.stack((-way[:, 1], way[:, 0]), axis=1)
    return np.concatenate((points - beside, (points + beside)[::-1]))


def circle(middle: Floats, radius: float) -> Floats:
    """(72, 2) points around a middle."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.asarray(middle + radius * np.stack((np.cos(turn), np.sin(turn)), axis=1))


def _construction(hip: SeenHip, region: Region, angles: HipAngles) -> list[Mark]:
    """Graf's lines, and both angles beside the ends of theirs."""
    lines, beyond = hip.lines, BEYOND_SHARE * hip.width
    corner = crossing(lines.base, lines.roof)
    far = corner if hip.marks.head is None else hip.marks.head
    ends = (
        float(lines.base.along(hip.marks.ilium).min()),
        float(lines.base.along(far)) + hip.marks.head_radius + beyond,
    )
    start, limb = float(lines.roof.along(corner)) - beyond, float(lines.roof.along(hip.marks.roof[-1])) + beyond
    found: list[Mark] = [
        LineMark("base line", _placed(hip, region, _piece(lines.base, *ends))),
        LineMark("bony roof line", _placed(hip, region, _piece(lines.roof, start, limb))),
    ]
    found.append(_text(hip, region, "alpha", f"α {angles.alpha_deg:.0f}°", lines.roof, limb))
    if lines.cartilage is not None and hip.marks.labrum is not None and angles.beta_deg is not None:
        reach = float(lines.cartilage.along(hip.marks.labrum)) + beyond
        piece = _placed(hip, region, _piece(lines.cartilage, -0.3 * beyond, reach))
        found.append(LineMark("cartilage roof line", piece))
        found.append(_text(hip, region, "beta", f"β {angles.beta_deg:.0f}°", lines.cartilage, reach))
    return found


def _text(hip: SeenHip, region: Region, name: str, text: str, line: Line, at: float) -> CaliperMark:
    """A text at the end of a line: a caliper of no length."""
    x, y = (float(one) for one in _placed(hip, region, line.at + at * line.way))
    return CaliperMark(name, (x, y), (x, y), text)


def _piece(line: Line, start: float, end: float) -> Floats:
    return np.stack((line.at + start * line.way, line.at + end * line.way))
