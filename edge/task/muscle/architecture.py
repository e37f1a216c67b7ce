"""A muscle's architecture from what can be seen of its aponeuroses and fascicles.

Angles in degrees from the picture's horizontal, counter-clockwise positive as seen. Fascicle length is traced from
aponeurosis to aponeurosis, as observers draw it (Franchi and others, Med Sci Sports Exerc 2018;50:2492), with the part
beyond the picture continued straight.
"""

from dataclasses import dataclass
from itertools import combinations
from math import atan, cos, degrees, radians, tan
from typing import Final

import cv2
import numpy as np

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import Evidence, Floats
from edge.task.muscle.fascicles import Bend, Direction, between, direction, smooth_bend
from edge.task.muscle.quantiles import mean, median
from edge.task.muscle.streamlines import Streamlines, trace

WEAKER: Final = 0.5
"""Of the weaker of two aponeuroses: a curve between them that is less strong is a line within the muscle."""
SURE: Final = 0.85
"""Strength of a curve that parts two muscles even where fascicles above and below it run alike."""
ALIKE_DEG: Final = 8.0
LEAST_THICKNESS: Final = 0.06
"""Of the picture's height: what is thinner is no muscle."""
HELD: Final = 3.0
"""How much better another muscle must be read than the one that was followed so far, to be taken instead."""
HELD_REACH: Final = 0.2
"""Of its thickness: how far its borders may have moved from one frame to the next."""
CENTRAL: Final = 0.5
"""Of the width: where thickness is measured."""


@dataclass(frozen=True, slots=True)
class Size:
    """Lengths in the unit that the scale was given in."""

    thickness: float
    """Mean distance of the facing edges over the middle half of the width, at a right angle to the muscle."""
    length: float | None
    """Of a fascicle along its course, median of the lines; None where it could not be traced."""
    straight_length: float | None
    """From end to end."""
    extrapolated: float
    """Share of the length that lies outside the picture, 0 to 1."""
    curvature: float | None
    """Turn in radians per unit of length, positive where fascicles bend upward on their way to the right."""


@dataclass(frozen=True, slots=True, eq=False)
class Bent:
    """How the fascicles of a muscle were found to bend."""

    powers: Floats
    """(4, 4) edge.task.muscle.fascicles.Bend.powers."""
    turns: Floats | None
    """edge.task.muscle.streamlines.Streamlines.turns; None: no line was found."""


@dataclass(frozen=True, slots=True, eq=False)
class Architecture:
    """One muscle between two aponeuroses."""

    superficial: Aponeurosis
    deep: Aponeurosis
    fascicles: Direction
    fascicle_angle_deg: float
    superficial_angle_deg: float
    deep_angle_deg: float
    pennation_deg: float
    """Between fascicles and the deep aponeurosis, positive."""
    bend: Bend
    rows: int
    """Of the grid: the picture's height in cells."""
    streamlines: Streamlines | None
    size: Size

    @property
    def bent(self) -> Bent:
        return Bent(self.bend.powers, None if self.streamlines is None else self.streamlines.turns)


def choose_muscle(
    evidence: Evidence, curves: tuple[Aponeurosis, ...], held: tuple[float, float] | None = None
) -> tuple[Aponeurosis, Aponeurosis, Direction] | None:
    """The two neighbouring aponeuroses with the most readable fascicles between, and their direction; None: no pair.

    held: mean depths in cells of the borders of the muscle that was followed so far. It is kept unless another is read
    far better, so that a contraction is not measured now on one muscle, now on the one below.
    """
    rows = evidence.weight.shape[0]
    seen: dict[tuple[int, int], Direction | None] = {}

    def seen_between(first: int, second: int) -> Direction | None:
        if (first, second) not in seen:
            seen[first, second] = direction(evidence, between(curves[first], curves[second], rows))
        return seen[first, second]

    def parts(inner: int, strength: float) -> bool:
        """Whether a curve between two others parts two muscles, rather than being a line within one."""
        own = curves[inner].strength
        if own > SURE or own <= WEAKER * strength:
            return own > SURE
        return not _run_alike(seen_between(inner - 1, inner), seen_between(inner, inner + 1))

    pairs = list(combinations(range(len(curves)), 2))
    if held is not None:
        # The one that is likely to be taken first, so that the others need no closer look.
        pairs.sort(key=lambda pair: not _is_held(curves[pair[0]], curves[pair[1]], held))
    best: tuple[Aponeurosis, Aponeurosis, Direction] | None = None
    most = 0.0
    for first, second in pairs:
        upper, lower = curves[first], curves[second]
        strength = min(upper.strength, lower.strength)
        same = held is not None and _is_held(upper, lower, held)
        if mean(lower.upper - upper.lower) < LEAST_THICKNESS * rows:
            continue
        favour = (HELD if same else 1.0) * strength
        if most and favour * _weight_within(evidence, upper, lower) <= most:
            continue
        if not same and any(parts(inner, strength) for inner in range(first + 1, second)):
            continue
        found = seen_between(first, second)
        score = favour * found.weight * found.coherence if found else 0.0
        if found is not None and score > most:
            best, most = (upper, lower, found), score
    return best


def _weight_within(evidence: Evidence, upper: Aponeurosis, lower: Aponeurosis) -> float:
    """At least what a direction between two curves can have of evidence."""
    top, bottom = max(0, int(upper.lower.min())), int(lower.upper.max()) + 1
    return float(cv2.sumElems(evidence.weight[top:bottom])[0])


def _is_held(upper: Aponeurosis, lower: Aponeurosis, held: tuple[float, float]) -> bool:
    """Whether both borders lie about where those of the muscle that was followed lay."""
    reach = HELD_REACH * (held[1] - held[0])
    now = mean(upper.lower), mean(lower.upper)
    return all(abs(at - before) < reach for at, before in zip(now, held, strict=True))


def _run_alike(above: Direction | None, below: Direction | None) -> bool:
    """Whether the fascicles of two layers run in one direction, as they do where a line within a muscle parts them."""
    return above is not None and below is not None and apart_deg(above.angle_deg, below.angle_deg) < ALIKE_DEG


def apart_deg(one: float, other: float) -> float:
    """The acute angle between two directions."""
    return abs((one - other + 90) % 180 - 90)


def measure(
    evidence: Evidence,
    muscle: tuple[Aponeurosis, Aponeurosis, Direction],
    scale: tuple[float, float],
    known: Bent | None = None,
) -> Architecture:
    """scale: (x, y) units of length per cell. known: how the fascicles bend, where that is known."""
    upper, lower, fascicles = muscle
    if known is None:
        bend = smooth_bend(evidence, upper, lower, fascicles.angle_deg)
    else:
        bend = Bend.between(known.powers, upper, lower)
    lines = trace(bend, fascicles.angle_deg, upper, lower, turns=None if known is None else known.turns)
    squeeze = scale[1] / scale[0]
    angle = scaled_angle_deg(tan(radians(fascicles.angle_deg)), squeeze)
    superficial, deep = (scaled_angle_deg(-curve.slope, squeeze) for curve in (upper, lower))
    size = _size(upper, lower, superficial, deep, lines, scale)
    pennation = apart_deg(angle, deep)
    return Architecture(
        upper, lower, fascicles, angle, superficial, deep, pennation, bend, evidence.weight.shape[0], lines, size
    )


def scaled_angle_deg(slope: float, squeeze: float) -> float:
    """The angle of a slope in cells where a cell is `squeeze` times as high as it is wide."""
    return degrees(atan(slope * squeeze))


def _size(
    upper: Aponeurosis,
    lower: Aponeurosis,
    superficial_deg: float,
    deep_deg: float,
    lines: Streamlines | None,
    scale: tuple[float, float],
) -> Size:
    gap = (lower.upper - upper.lower) * scale[1]
    columns = gap.size
    margin = round(columns * (1 - CENTRAL) / 2)
    tilt = cos(radians((superficial_deg + deep_deg) / 2))
    thickness = mean(gap[margin : columns - margin]) * tilt
    if lines is None:
        return Size(thickness, None, None, 1.0, None)
    x, y = (lines.paths[..., axis] * scale[axis] for axis in (0, 1))
    right, down = x[:, 1:] - x[:, :-1], y[:, 1:] - y[:, :-1]
    steps = np.sqrt(right * right + down * down)
    length = np.add.reduce(steps, axis=1)
    straight = np.hypot(x[:, -1] - x[:, 0], y[:, -1] - y[:, 0])
    outside = 1 - float(np.vdot(steps, lines.inside) / np.add.reduce(length))
    curvature = _curvature(right[:, 1:-1], down[:, 1:-1], steps[:, 1:-1])
    return Size(thickness, median(length), median(straight), outside, curvature)


def _curvature(right: Floats, down: Floats, steps: Floats) -> float | None:
    """Median over the lines (n, steps) of the turn over the length, both of what lies in the picture."""
    real = steps > 1e-9
    count = real.sum(axis=1)
    # The steps of no length are at a line's ends.
    each, first = np.arange(len(real)), real.argmax(axis=1)
    last = first + np.maximum(count, 1) - 1
    from_x, from_y, to_x, to_y = right[each, first], -down[each, first], right[each, last], -down[each, last]
    turn = np.arctan2(from_x * to_y - from_y * to_x, from_x * to_x + from_y * to_y)
    turn *= np.where(right.sum(axis=1) > 0, 1.0, -1.0)
    enough = count > 3
    return median(turn[enough] / steps.sum(axis=1)[enough]) if enough.any() else None
