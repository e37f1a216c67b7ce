"""The hip as a whole: of all places where the bony rim may be, both ways round, the one whose surroundings fit best;
and its landmarks."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge.task.hip.bone import BonePath, Rim, find_rims, follow
from edge.task.hip.bone_map import Working, sampled
from edge.task.hip.head import Head, Labrum, find_head, find_labrum
from edge.task.hip.lines import Floats, GrafLines, Landmarks, fitted_line, lines_of, straight_part

TURN_SHARE: Final = 0.012
"""Of the picture's width: the line of bone is evened out so far before its direction is taken."""
LEAST_TURN_DEG: Final = 20.0
"""Against the ilium, where the rim's rounding has begun for sure."""
TURNED_SHARE: Final = 0.96
"""Of the angle between ilium and roof, at which the rounding counts as ended."""
STRAY_SHARE: Final = 0.007
"""Of the same: where the path is farther from the roof line, it has left the roof for what is beyond."""
ROOF_LEAST: Final = 0.05
"""Of the same: length of a straight part that can be the roof."""
SAMPLED: Final = 24
"""Points of a path that straight lines are laid through."""
LEAST_POINTS: Final = 8
OTHER_SCORE, OTHER_SHADOW, OTHER_LENGTH, OTHER_DEEPER = 0.3, 0.45, 0.13, 0.05
"""What a line of bone on the far side must have to be the ilium: score of its rim, shadow at most, length of the
picture's width, and depth below the other, of the picture's height. The ilium lies deeper than the shaft does."""
BEYOND_HEAD: Final = 0.6
"""Of the head's radius, how far beyond its middle that rim lies."""
LEVEL_DEG: Final = 14.0
"""Of inclination, at which a candidate loses most of its weight."""
ROUGH: Final = 0.02
USUAL_ALPHA_DEG: Final = (38.0, 80.0)
"""Beyond them a candidate loses weight: most of them are roundings of the ilium, or of the shaft."""
SHADOW_SHARES: Final = (0.05, 0.25)
"""Of the picture's height under the ilium, where it must be dark."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """What was seen of a hip, in pixels of the working picture, cranial to the left."""

    work: Working
    """The picture, mirrored where `mirrored` says so."""
    mirrored: bool
    rim: Rim
    ilium: BonePath
    """From its cranial end to the rim."""
    roof: BonePath
    marks: Landmarks
    lines: GrafLines
    head: Head
    labrum: Labrum | None
    shadow: float
    """Brightness under the ilium, as a share of the ilium's."""
    fit: float
    """How well everything fits together; the candidate with the most was taken."""

    def upright(self, points: Floats) -> Floats:
        """Points (..., 2) in the picture as it was given, not mirrored."""
        if not self.mirrored:
            return points
        return np.asarray((self.work.calm.shape[1] - 1, 0) + points * (-1, 1), np.float64)


def find_joint(work: Working, mirrored: bool | None = None) -> Joint | None:
    """The hip that fits best. mirrored: which way round it is, where that is known."""
    ways = (False, True) if mirrored is None else (mirrored,)
    found = []
    for way in ways:
        seen = work.mirrored() if way else work
        rims = find_rims(seen)
        joints = (_joint(seen, way, rim, *paths) for rim, paths in zip(rims, follow(seen, rims), strict=True))
        found += [joint for joint in joints if joint is not None]
    own = [joint for joint in found if not any(_lies_over(joint, other) for other in found)]
    return max(own or found, key=lambda joint: joint.fit) if found else None


def _lies_over(joint: Joint, other: Joint) -> bool:
    """Whether what was taken for the ilium is the shaft: beyond its head a line of bone comes in from the other side,
    and lies deeper."""
    width, height = joint.work.calm.shape[1], joint.work.calm.shape[0]
    if other.mirrored == joint.mirrored or other.rim.score < OTHER_SCORE or other.shadow > OTHER_SHADOW:
        return False
    length = float(np.linalg.norm(other.ilium.points[-1] - other.ilium.points[0]))
    deeper = float(other.ilium.points[-1][1] - joint.ilium.points[-1][1]) / height
    across = width - 1 - float(other.marks.rim[0]) - float(joint.head.middle[0])
    return bool(length >= OTHER_LENGTH * width and deeper >= OTHER_DEEPER and across > BEYOND_HEAD * joint.head.radius)


def _joint(work: Working, mirrored: bool, rim: Rim, ilium: BonePath, roof: BonePath) -> Joint | None:
    width = work.calm.shape[1]
    contour = _contour(ilium, roof)
    if len(contour.points) < 3 * LEAST_POINTS:
        return None
    ilium, roof = _parted(contour, width)
    roof = _own_roof(roof, width)
    if len(ilium.points) < LEAST_POINTS or len(roof.points) < LEAST_POINTS:
        return None
    base, roof_line = fitted_line(straight_part(ilium.points)), fitted_line(roof.points)
    turning = roof.points[0]
    head = find_head(work, base, roof_line)
    labrum = find_labrum(work, turning, base, head)
    marks = Landmarks(
        ilium.points,
        roof.points,
        turning,
        roof_line.at + roof_line.along(roof.points[-1]) * roof_line.way,
        None if labrum is None else labrum.at,
        head.middle,
        head.radius,
    )
    lines = lines_of(marks)
    shadow = _shadow(work, ilium)
    fit = _fit(work, rim, ilium, roof, lines, head, shadow)
    return Joint(work, mirrored, rim, ilium, roof, marks, lines, head, labrum, shadow, fit)


def _contour(ilium: BonePath, roof: BonePath) -> BonePath:
    """One line from the ilium's cranial end down the roof."""
    return BonePath(
        np.concatenate((ilium.points[::-1], roof.points[1:])), np.concatenate((ilium.level[::-1], roof.level[1:]))
    )


def _parted(contour: BonePath, width: int) -> tuple[BonePath, BonePath]:
    """The ilium and what is beyond the bony rim: the point where the line's bulge ends, as it has turned from the
    ilium's direction to the roof's; from there on it is straight or hollow."""
    points = contour.points
    sigma = TURN_SHARE * width
    smooth = cv2.GaussianBlur(points, (1, 0), sigmaX=0.1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)
    way = np.gradient(smooth, axis=0)
    base = fitted_line(straight_part(points[: len(points) * 2 // 3]))
    turned = np.degrees(np.arctan2(base.way[0] * way[:, 1] - base.way[1] * way[:, 0], way @ base.way))
    steep = np.flatnonzero(turned >= LEAST_TURN_DEG)
    if steep.size == 0:
        return contour, BonePath(points[:0], contour.level[:0])
    first = int(steep[0])
    roof = _own_roof(BonePath(points[first:], contour.level[first:]), width)
    own = fitted_line(roof.points)
    alpha = np.degrees(np.arctan2(base.way[0] * own.way[1] - base.way[1] * own.way[0], own.way @ base.way))
    there = np.flatnonzero(turned[first:] >= TURNED_SHARE * alpha)
    at = first + (int(there[0]) if there.size else 0)
    return BonePath(points[: at + 1], contour.level[: at + 1]), BonePath(points[at:], contour.level[at:])


def _own_roof(roof: BonePath, width: int) -> BonePath:
    """The path as far as it is the roof: up to the end of its longest straight part, before it turns to the socket's
    floor or to the limb's hook."""
    points = roof.points
    n = len(points)
    if n < LEAST_POINTS:
        return roof
    ends = np.linspace(0, n - 1, min(n, SAMPLED)).round().astype(int)
    first, last = (one.ravel() for one in np.meshgrid(ends, ends, indexing="ij"))
    apart = last - first >= max(LEAST_POINTS // 2, round(ROOF_LEAST * width))
    if not apart.any():
        return roof
    first, last = first[apart], last[apart]
    way = points[last] - points[first]
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    off = points[None] - points[first][:, None]
    near = np.abs(way[:, :1] * off[..., 1] - way[:, 1:] * off[..., 0]) <= STRAY_SHARE * width
    # Seen parts count by their brightness: a dark gap on the same line is no bone.
    best = int((near * np.minimum(roof.level, 1.0)).sum(axis=1).argmax())
    beyond = np.flatnonzero(~near[best][int(last[best]) :])
    end = int(last[best]) + (int(beyond[0]) if beyond.size else n - int(last[best]))
    return BonePath(points[:end], roof.level[:end])


def _shadow(work: Working, ilium: BonePath) -> float:
    height = work.calm.shape[0]
    places = ilium.points[None] + np.array((0, 1)) * np.linspace(*SHADOW_SHARES, 8)[:, None, None] * height
    on = sampled(work.calm, ilium.points[None])
    return float(sampled(work.calm, places).mean() / max(float(on.mean()), 1.0))


def _fit(
    work: Working, rim: Rim, ilium: BonePath, roof: BonePath, lines: GrafLines, head: Head, shadow: float
) -> float:
    """Bright lines, a dark head, a dark shadow; a level, straight ilium at a usual depth."""
    height, width = work.calm.shape
    level = float(np.degrees(np.arctan2(lines.base.way[1], lines.base.way[0])))
    depth = ilium.points[-1][1] / height
    usual = np.exp(-((level / LEVEL_DEG) ** 2) - (lines.straightness / ROUGH) ** 2 / 4 - ((depth - 0.52) / 0.22) ** 2)
    alpha = float(np.degrees(np.arccos(np.clip(abs(lines.base.way @ lines.roof.way), 0, 1))))
    usual *= np.exp(-((max(USUAL_ALPHA_DEG[0] - alpha, alpha - USUAL_ALPHA_DEG[1], 0) / 10) ** 2))
    length = min(len(ilium.points) / (0.25 * width), 1.0) * min(len(roof.points) / (0.1 * width), 1.0)
    return float(
        (0.5 * rim.score + max(head.score, 0) + 0.3 * roof.strength) * usual * length * max(0.1, 1 - 1.5 * shadow)
    )
