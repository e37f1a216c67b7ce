"""The hip as a whole: of all places where the bony rim may be, both ways round, the one whose surroundings fit best; and
its landmarks."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge.task.hip.bone import BonePath, Rim, Working, find_rims, follow
from edge.task.hip.head import Head, Labrum, crossing, find_head, find_labrum
from edge.task.hip.lines import Floats, GrafLines, Landmarks, Line, fitted_line, lines_of, straight_part

NEAR_CORNER_SHARE: Final = 0.1
"""Of the picture's width: so far around the crossing of both lines the path is looked at."""
ROUND_SHARES: Final = tuple(np.arange(0.004, 0.08, 0.004))
"""Of the same: where the rounding between them begins."""
USUAL_ROUND, ROUND_COST = 0.025, 0.2
"""Of the same, and pixels by which a path may fit worse for each picture's width of another rounding."""
STRAY_SHARE: Final = 0.007
"""Of the same: where the path is farther from the roof line, it has left the roof for what is beyond."""
ROOF_LEAST: Final = 0.05
"""Of the same: length of a straight part that can be the roof."""
SAMPLED: Final = 24
"""Points of a path that straight lines are laid through."""
LEAST_POINTS: Final = 8
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
    """Away from the rim."""
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
        found += [joint for rim in find_rims(seen) if (joint := _joint(seen, way, rim)) is not None]
    return max(found, key=lambda joint: joint.fit) if found else None


def _joint(work: Working, mirrored: bool, rim: Rim) -> Joint | None:
    ilium, roof = follow(work, rim)
    roof = _own_roof(roof, work.calm.shape[1])
    if len(ilium.points) < LEAST_POINTS or len(roof.points) < LEAST_POINTS:
        return None
    base = fitted_line(straight_part(ilium.points[::-1]))
    roof_line = fitted_line(roof.points[len(roof.points) // 3 :])
    head = find_head(work.calm, base, roof_line)
    turning = _turning_point(ilium, roof, roof_line, base, work.calm.shape[1])
    labrum = find_labrum(work.calm, turning, base, head)
    marks = Landmarks(
        ilium.points[::-1],
        roof.points,
        turning,
        roof.points[-1],
        None if labrum is None else labrum.at,
        head.middle,
        head.radius,
    )
    lines = lines_of(marks)
    shadow = _shadow(work, ilium)
    return Joint(work, mirrored, rim, ilium, roof, marks, lines, head, labrum, shadow, _fit(work, rim, ilium, roof, lines, head, shadow))


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
    end = int(np.flatnonzero(near[best])[-1]) + 1
    return BonePath(points[:end], roof.level[:end])


def _turning_point(ilium: BonePath, roof: BonePath, roof_line: Line, base: Line, width: int) -> Floats:
    """Where the rounding between ilium and roof passes into the roof line.

    The rounding is taken for a parabola that touches both lines equally far from their crossing; of a few such
    distances the one is taken that the path near the crossing fits best, strays counting little.
    """
    corner = crossing(base, roof_line)
    near = NEAR_CORNER_SHARE * width
    way = np.concatenate((ilium.points[::-1], roof.points))
    way = way[np.linalg.norm(way - corner, axis=1) < near]
    if len(way) < LEAST_POINTS:
        return np.asarray(roof.points[0], np.float64)
    best, least = 0.0, np.inf
    for reach in np.array(ROUND_SHARES) * width:
        off = np.linalg.norm(way[:, None] - _rounded(corner, base, roof_line, reach, near)[None], axis=2).min(axis=1)
        cost = float(np.minimum(off, STRAY_SHARE * width).mean()) + ROUND_COST * abs(reach / width - USUAL_ROUND)
        if cost < least:
            best, least = float(reach), cost
    return np.asarray(corner + best * roof_line.way, np.float64)


def _rounded(corner: Floats, base: Line, roof: Line, reach: float, near: float) -> Floats:
    """(n, 2) along the base line to the corner and down the roof line, rounded between."""
    share = np.linspace(0, 1, 25)[:, None]
    start, end = corner - reach * base.way, corner + reach * roof.way
    bent = (1 - share) ** 2 * start + 2 * share * (1 - share) * corner + share**2 * end
    before, after = corner - near * base.way, corner + near * roof.way
    flat = np.linspace(0, 1, 40)[:, None]
    return np.concatenate((before + flat * (start - before), bent, end + flat * (after - end)))


def _shadow(work: Working, ilium: BonePath) -> float:
    height = work.calm.shape[0]
    places = ilium.points[None] + np.array((0, 1)) * np.linspace(*SHADOW_SHARES, 8)[:, None, None] * height
    x, y = (np.ascontiguousarray(one).astype(np.float32) for one in (places[..., 0], places[..., 1]))
    under = cv2.remap(work.calm, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    on = cv2.remap(work.calm, *(np.ascontiguousarray(ilium.points[:, i])[None].astype(np.float32) for i in (0, 1)), cv2.INTER_LINEAR)
    return float(under.mean() / max(float(on.mean()), 1.0))


def _fit(work: Working, rim: Rim, ilium: BonePath, roof: BonePath, lines: GrafLines, head: Head, shadow: float) -> float:
    """Bright lines, a dark head, a dark shadow; a level, straight ilium at a usual depth."""
    height, width = work.calm.shape
    level = float(np.degrees(np.arctan2(lines.base.way[1], lines.base.way[0])))
    depth = rim.at[1] / height
    usual = np.exp(-((level / LEVEL_DEG) ** 2) - (lines.straightness / ROUGH) ** 2 / 4 - ((depth - 0.52) / 0.22) ** 2)
    alpha = float(np.degrees(np.arccos(np.clip(abs(lines.base.way @ lines.roof.way), 0, 1))))
    usual *= np.exp(-((max(USUAL_ALPHA_DEG[0] - alpha, alpha - USUAL_ALPHA_DEG[1], 0) / 10) ** 2))
    length = min(len(ilium.points) / (0.25 * width), 1.0) * min(len(roof.points) / (0.1 * width), 1.0)
    return float((0.5 * rim.score + max(head.score, 0) + 0.3 * roof.strength) * usual * length * max(0.1, 1 - 1.5 * shadow))
