"""Grades of synovitis by the EULAR-OMERACT definitions (D'Agostino 2017, Terslev 2017), from sizes and from flow.

Grey scale: 0 no hypertrophy; 1 up to the line that joins the bones; 2 beyond it, with an upper surface that is flat or
hollow; 3 beyond it, with a convex one. Doppler: 1 up to three single spots, two confluent ones, or one confluent and
two single ones; 2 up to half of the hypertrophy; 3 more. Combined: the larger of both, where there is hypertrophy.

The definitions are words; the millimetres below put them into figures, and are this project's own choice.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_THICKNESS_MM: Final = 0.55
"""A thinner layer is the recess that healthy joints have."""
OVER_LINE_MM: Final = 0.5
"""The capsule of a healthy joint lies so far over the bones' line: cartilage and its own thickness."""
CONVEX_MM: Final = 0.15
"""By which the middle of a convex upper surface is higher than its places over the bones' tops."""
THIN_MM: Final = 0.3
"""Where the layer is thinner, it is no part of the region."""
MOST_SINGLE, MOST_CONFLUENT = 3, 2
HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class SurfaceSizes:
    """Of what lies between an upper surface and the floor of bone and cartilage, in mm and mm2."""

    area_mm2: float
    thickness_mm: float
    """The largest."""
    distension_mm: float
    """The greatest height of its upper surface over the line that joins the bones' tops; 0: it stays below."""
    arch_mm: float
    """By which the upper surface is higher in the middle than over both tops; below 0 it is hollow."""


NOTHING_THERE: Final = SurfaceSizes(0.0, 0.0, 0.0, 0.0)


def surface_sizes(
    x_mm: Floats, upper: Floats, floor: Floats, joining: Floats, tops_mm: tuple[float, float], inside: NDArray[np.bool_]
) -> SurfaceSizes:
    """From depths (n,) at evenly spaced places. tops_mm: places of the bones' tops; inside: (n,) where it may lie."""
    thick = np.where(inside, np.maximum(floor - upper, 0), 0)
    there = thick > THIN_MM
    if not there.any():
        return NOTHING_THERE
    height = joining - upper
    between = np.interp([tops_mm[0], (tops_mm[0] + tops_mm[1]) / 2, tops_mm[1]], x_mm, height)
    return SurfaceSizes(
        area_mm2=float(thick[there].sum() * abs(x_mm[1] - x_mm[0])),
        thickness_mm=float(thick.max()),
        distension_mm=max(0.0, float(height[there].max())),
        arch_mm=float(between[1] - (between[0] + between[2]) / 2),
    )


def grey_grade(sizes: SurfaceSizes) -> int:
    """0 to 3, by the definitions' words."""
    if sizes.thickness_mm < LEAST_THICKNESS_MM:
        return 0
    if sizes.distension_mm < OVER_LINE_MM:
        return 1
    return 3 if sizes.arch_mm >= CONVEX_MM else 2


def doppler_grade(single: int, confluent: int, share: float) -> int:
    """0 to 3. single, confluent: spots of flow inside the hypertrophy; share: of its area that shows flow."""
    if single + confluent == 0:
        return 0
    few = (
        (confluent == 0 and single <= MOST_SINGLE)
        or (single == 0 and confluent <= MOST_CONFLUENT)
        or (confluent == 1 and single <= 2)
    )
    if share > HALF:
        return 3
    return 1 if few else 2


def combined_grade(grey: int, doppler: int) -> int:
    """The larger of both; without hypertrophy 0, whatever flows."""
    return max(grey, doppler) if grey > 0 else 0
