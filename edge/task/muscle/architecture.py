"""A muscle's architecture from what can be seen of its aponeuroses and fascicles.

Angles in degrees from the picture's horizontal, counter-clockwise positive as seen. Fascicle length is traced from
aponeurosis to aponeurosis, as observers draw it (Franchi and others, Med Sci Sports Exerc 2018;50:2492), with the part
beyond the picture continued straight.
"""

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import Evidence, Floats
from edge.task.muscle.fascicles import Direction, Streamlines, between, direction, smooth_bend, trace

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
    rows: int
    """Of the grid: the picture's height in cells."""
    streamlines: Streamlines | None
    size: Size


def choose_muscle(
    evidence: Evidence, curves: tuple[Aponeurosis, ...], held: tuple[float, float] | None = None
) -> tuple[Aponeurosis, Aponeurosis, Direction] | None:
    """The two neighbouring aponeuroses with the most readable fascicles between, and their direction; None: no pair.

    held: mean depths in cells of the borders of the muscle that was followed so far. It is kept unless another is read
    far better, so that a contraction is not measured now on one muscle, now on the one below.
    """
    rows = evidence.weight.shape[0]
    layers = [direction(evidence, between(upper, lower, rows)) for upper, lower in pairwise(curves)]
    passed = [_run_alike(above, below) for above, below in pairwise(layers)]
    best: tuple[Aponeurosis, Aponeurosis, Direction] | None = None
    most = 0.0
    for first, second in combinations(range(len(curves)), 2):
        upper, lower = curves[first], curves[second]
        strength = min(upper.strength, lower.strength)
        inner = range(first + 1, second)
        same = held is not None and _is_held(upper, lower, held)
        if not same and any(curves[k].strength > (SURE if passed[k - 1] else WEAKER * strength) for k in inner):
            continue
        if float(np.mean(lower.upper - upper.lower)) < LEAST_THICKNESS * rows:
            continue
        found = direction(evidence, between(upper, lower, rows)) if inner else layers[first]
        score = (HELD if same else 1.0) * strength * found.weight * found.coherence if found else 0.0
        if found is not None and score > most:
            best, most = (upper, lower, found), score
    return best


def _is_held(upper: Aponeurosis, lower: Aponeurosis, held: tuple[float, float]) -> bool:
    """Whether both borders lie about where those of the muscle that was followed lay."""
    reach = HELD_REACH * (held[1] - held[0])
    now = float(np.mean(upper.lower)), float(np.mean(lower.upper))
    return all(abs(at - before) < reach for at, before in zip(now, held, strict=True))


def _run_alike(above: Direction | None, below: Direction | None) -> bool:
    """Whether the fascicles of two layers run in one direction, as they do where a line within a muscle parts them."""
    return above is not None and below is not None and apart_deg(above.angle_deg, below.angle_deg) < ALIKE_DEG


def apart_deg(one: float, other: float) -> float:
    """The acute angle between two directions."""
    return abs((one - other + 90) % 180 - 90)


def measure(
    evidence: Evidence, muscle: tuple[Aponeurosis, Aponeurosis, Direction], scale: tuple[float, float]
) -> Architecture:
    """scale: (x, y) units of length per cell."""
    upper, lower, fascicles = muscle
    bend = smooth_bend(evidence, upper, lower, fascicles.angle_deg)
    lines = trace(bend, fascicles.angle_deg, upper, lower)
    squeeze = scale[1] / scale[0]
    angle = scaled_angle_deg(np.tan(np.radians(fascicles.angle_deg)), squeeze)
    superficial, deep = (scaled_angle_deg(-curve.slope, squeeze) for curve in (upper, lower))
    size = _size(upper, lower, superficial, deep, lines, scale)
    pennation = apart_deg(angle, deep)
    return Architecture(
        upper, lower, fascicles, angle, superficial, deep, pennation, evidence.weight.shape[0], lines, size
    )


def scaled_angle_deg(slope: float, squeeze: float) -> float:
    """The angle of a slope in cells where a cell is `squeeze` times as high as it is wide."""
    return float(np.degrees(np.arctan(slope * squeeze)))


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
    tilt = np.cos(np.radians((superficial_deg + deep_deg) / 2))
    thickness = float(gap[margin : columns - margin].mean() * tilt)
    if lines is None:
        return Size(thickness, None, None, 1.0, None)
    paths = lines.paths * np.array(scale)
    steps = np.hypot(*np.moveaxis(np.diff(paths, axis=1), 2, 0))
    length = steps.sum(axis=1)
    straight = np.hypot(*(paths[:, -1] - paths[:, 0]).T)
    outside = 1 - float((steps * lines.inside).sum() / length.sum())
    curvature = _curvature(paths, steps)
    return Size(thickness, float(np.median(length)), float(np.median(straight)), outside, curvature)


def _curvature(paths: NDArray[np.float64], steps: Floats) -> float | None:
    """Median over the lines of the turn over the length, both of what lies in the picture."""
    core = np.diff(paths[:, 1:-1], axis=1)
    long_enough = np.hypot(core[..., 0], core[..., 1]) > 1e-9
    turns = []
    for way, real, length in zip(core, long_enough, steps[:, 1:-1], strict=True):
        if np.count_nonzero(real) > 3:
            heading = np.unwrap(np.arctan2(-way[real, 1], way[real, 0]))
            rightward = 1.0 if way[real, 0].sum() > 0 else -1.0
            turns.append((heading[-1] - heading[0]) * rightward / float(length[real].sum()))
    return float(np.median(turns)) if turns else None
