"""Graf's three lines, the two angles between them, and how much of the femoral head the socket covers.

All of it is geometry of points in one unit of length with square steps: millimetres, or pixels that are square. The
picture may be mirrored, turned or scaled; nothing here depends on it.

- Base line: along the straight part of the iliac line, by a fit that outliers do not move; the ilium near the bony rim,
  which is curved, is left out.
- Bony roof line: from the lower limb of the ilium as a tangent to the bony roof: it touches bone and does not cut it.
- Cartilage roof line: from the bony rim, where the roof's hollow turns into the ilium's bulge, to the labrum's middle.
- Coverage (Morin 1985, Terjesen 1989): depth of the head below the base line over its diameter.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEFT_OUT_SHARE: Final = 0.3
"""Of the iliac line's length, at the rim: there the ilium is curved."""
ROUNDS: Final = 12
"""Of re-weighting, at most."""
SETTLED: Final = 1e-5
"""Radians by which the line still turns."""
TOUCHING_QUANTILE: Final = 0.95
"""Of the roof's points as seen from the lower limb: a tangent to all of them would lie on the farthest stray one."""
NEAR_SHARE: Final = 0.3
"""Of the roof's length at the lower limb, where a point's direction from it says little."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """What a sonographer marks, in (x, y) of one unit of length, y downwards."""

    ilium: Floats
    """(n, 2) along the iliac line, from its cranial end to the rim."""
    roof: Floats
    """(n, 2) along the bony roof, from the rim to the lower limb."""
    rim: Floats
    """(2,) bony rim, the turning point."""
    lower_limb: Floats
    """(2,) lower limb of the ilium."""
    labrum: Floats | None
    """(2,) its middle; None: not seen."""
    head: Floats | None
    """(2,) middle of the femoral head; None: not seen."""
    head_radius: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A straight line that is directed."""

    at: Floats
    """(2,) a point on it."""
    way: Floats
    """(2,) unit vector."""

    def side(self, points: Floats) -> Floats:
        """(...,) signed distance of points (..., 2): positive to the right of its direction where y points down."""
        beside = points - self.at
        return np.asarray(self.way[0] * beside[..., 1] - self.way[1] * beside[..., 0], np.float64)

    def along(self, points: Floats) -> Floats:
        """(...,) how far along it points (..., 2) lie."""
        return np.asarray((points - self.at) @ self.way, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class GrafLines:
    """The three lines; each is directed away from the cranial end of the ilium, or from the bone."""

    base: Line
    roof: Line
    """From the touched point to the lower limb."""
    cartilage: Line | None
    """From the bony rim to the labrum. None: no labrum is seen."""
    straightness: float
    """Deviation of the ilium's straight part from the base line over that part's length."""
    bend_deg: float
    """By which the ilium's cranial half is turned against its caudal half, signed as `Line.side` is; 0: straight."""


@dataclass(frozen=True, slots=True)
class HipAngles:
    """Degrees, and percent."""

    alpha_deg: float
    beta_deg: float | None
    """Negative where the labrum lies on the bone's side of the base line."""
    coverage: float | None
    """Of the femoral head, percent."""


def lines_of(marks: Landmarks) -> GrafLines:
    """Graf's construction through what was marked."""
    straight = straight_part(marks.ilium)
    base = fitted_line(straight)
    cartilage = None if marks.labrum is None else through(marks.rim, marks.labrum)
    middle = len(straight) // 2
    bend = 0.0
    if middle >= 4:
        cranial, caudal = fitted_line(straight[:middle]), fitted_line(straight[middle:])
        bend = float(np.degrees(np.arctan2(_cross(cranial.way, caudal.way), cranial.way @ caudal.way)))
    length = max(float(np.linalg.norm(straight[-1] - straight[0])), 1e-9)
    rough = float(np.sqrt(np.mean(base.side(straight) ** 2))) / length
    return GrafLines(base, roof_tangent(marks.roof, marks.lower_limb, base), cartilage, rough, bend)


def angles_of(marks: Landmarks, lines: GrafLines | None = None) -> HipAngles:
    """What the lines say. lines: those of the same marks, where they are known already."""
    lines = lines or lines_of(marks)
    turn = np.sign(_cross(lines.base.way, lines.roof.way)) or 1.0
    beta = None
    if lines.cartilage is not None:
        beta = -turn * _turned_deg(lines.base.way, lines.cartilage.way)
    return HipAngles(abs(_turned_deg(lines.base.way, lines.roof.way)), beta, _coverage(marks, lines.base, float(turn)))


def _coverage(marks: Landmarks, base: Line, turn: float) -> float | None:
    """turn: on which side of the base line the bone lies, as `Line.side` is signed."""
    if marks.head is None or marks.head_radius <= 0:
        return None
    deep = turn * float(base.side(marks.head)) + marks.head_radius
    return float(np.clip(100 * deep / (2 * marks.head_radius), 0.0, 100.0))


def straight_part(ilium: Floats) -> Floats:
    """The iliac line (n, 2) without its curved end at the rim."""
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(ilium, axis=0), axis=1))))
    kept = ilium[way <= way[-1] * (1 - LEFT_OUT_SHARE)]
    return kept if len(kept) >= 4 else ilium


def fitted_line(points: Floats) -> Line:
    """Through points (n, 2) in their order: least squares at right angles to it, re-weighted with Tukey's biweight."""
    weight = np.ones(len(points))
    x, y = np.ascontiguousarray(points.T)
    middle, way, half = points.mean(axis=0), np.array((1.0, 0.0)), len(points) // 2
    for _ in range(ROUNDS):
        total = float(weight.sum())
        before, middle = way, np.array((weight @ x / total, weight @ y / total))
        across, down = x - middle[0], y - middle[1]
        heavy = weight * across
        # The main axis of the second moments.
        turn = 0.5 * np.arctan2(2 * heavy @ down, heavy @ across - (weight * down) @ down)
        way = np.array((np.cos(turn), np.sin(turn)))
        if np.abs(way - before).max() < SETTLED:
            break
        off = np.abs(way[0] * down - way[1] * across)
        reach = 4.685 * max(1.4826 * float(np.partition(off, half)[half]), 1e-9)
        weight = np.clip(1 - (off / reach) ** 2, 1e-6, 1) ** 2
    if way @ (points[-1] - points[0]) < 0:
        way = -way
    return Line(middle, way)


def through(start: Floats, end: Floats) -> Line:
    """From one point to another."""
    way = end - start
    return Line(start, way / max(float(np.linalg.norm(way)), 1e-9))


def roof_tangent(roof: Floats, lower_limb: Floats, base: Line) -> Line:
    """From the lower limb to where the roof (n, 2) is touched: of all lines from there to the roof, the one with the
    bone on one side. The roof bulges towards the joint where it is touched, so the fewest points lie joint-wards of
    it."""
    beside = roof - lower_limb
    far = np.linalg.norm(beside, axis=1)
    kept = beside[far >= NEAR_SHARE * far.max()] if len(far) else beside
    if len(kept) < 3:
        return through(roof[0], lower_limb)
    direction = np.arctan2(kept[:, 1], kept[:, 0])
    middle = np.arctan2(np.sin(direction).mean(), np.cos(direction).mean())
    off = np.angle(np.exp(1j * (direction - middle)))
    # Turned towards the side on which the joint lies: with the base line's own direction.
    toward = np.sign(_cross(np.array((np.cos(middle), np.sin(middle))), base.way)) or 1.0
    turned = float(middle + toward * np.quantile(toward * off, TOUCHING_QUANTILE))
    away = np.array((np.cos(turned), np.sin(turned)))
    reach = float((kept @ away).max())
    return Line(lower_limb + reach * away, -away)


def _cross(one: Floats, other: Floats) -> float:
    return float(one[0] * other[1] - one[1] * other[0])


def _turned_deg(start: Floats, end: Floats) -> float:
    return float(np.degrees(np.arctan2(_cross(start, end), start @ end)))
