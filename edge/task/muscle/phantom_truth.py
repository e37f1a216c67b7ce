"""A muscle's architecture as it truly is: angles, lengths, thickness, curvature, borders."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.phantom.soft_tissue import TABLE_X_MM, Belly, SoftTissue, locate

FASCICLES = 15
"""How many are followed."""
STEPS = 97
"""Points on each."""
REACH_MM = np.arange(-400.0, 400.01, 0.25)
"""Of the material in which a fascicle is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueArchitecture:
    """One belly, over the width that the picture shows. Angles in degrees from the horizontal, counter-clockwise
    positive as seen, in (-90, 90]."""

    fascicle_angle_deg: float
    """Mean direction over the belly's area."""
    superficial_angle_deg: float
    deep_angle_deg: float
    """Of lines fitted to the aponeuroses' edges that face the belly."""
    pennation_deg: float
    """Between fascicles and the deep aponeurosis, positive."""
    superficial_pennation_deg: float
    """Between fascicles and the superficial one, positive."""
    fascicle_length_mm: float
    """Along the curve from aponeurosis to aponeurosis: mean of the fascicles with their middle in the middle half of
    `x_mm`. NaN where they do not reach from one to the other."""
    straight_length_mm: float
    """From end to end of the same fascicles."""
    thickness_mm: float
    """Mean distance between the facing edges, at a right angle to the superficial one."""
    curvature_per_m: float
    """Mean turn of these fascicles in radians per metre, positive where they bend upward on their way to the right."""
    x_mm: NDArray[np.float64]
    """(beams,) from the picture's centre line."""
    superficial_mm: NDArray[np.float64]
    deep_mm: NDArray[np.float64]
    """(beams,) depth of the facing edges."""


def architecture(muscle: SoftTissue, k: int, x_mm: NDArray[np.float64]) -> TrueArchitecture:
    """Of belly `k` at `x_mm` (beams,)."""
    belly = muscle.bellies[k]
    superficial, deep = (np.interp(x_mm, TABLE_X_MM, edge) for edge in _edges(muscle, k))
    upper_deg, lower_deg = (float(np.degrees(np.arctan(-np.polyfit(x_mm, edge, 1)[0]))) for edge in (superficial, deep))
    angle = _mean_angle_deg(belly, x_mm, superficial, deep)
    middle = x_mm[0] + (x_mm[-1] - x_mm[0]) * np.linspace(0.25, 0.75, FASCICLES)
    paths = fascicles(muscle, k, middle)
    steps = np.diff(paths, axis=1)
    length = np.hypot(*np.moveaxis(steps, 2, 0)).sum(axis=1)
    turn = np.unwrap(np.arctan2(-steps[..., 1], steps[..., 0]), axis=1)
    rightward = np.sign(paths[:, -1, 0] - paths[:, 0, 0])
    return TrueArchitecture(
        fascicle_angle_deg=angle,
        superficial_angle_deg=upper_deg,
        deep_angle_deg=lower_deg,
        pennation_deg=abs(_acute(angle - lower_deg)),
        superficial_pennation_deg=abs(_acute(angle - upper_deg)),
        fascicle_length_mm=float(length.mean()),
        straight_length_mm=float(np.hypot(*(paths[:, -1] - paths[:, 0]).T).mean()),
        thickness_mm=float((deep - superficial).mean() * np.cos(np.radians(upper_deg))),
        curvature_per_m=float(((turn[:, -1] - turn[:, 0]) * rightward / length).mean() * 1000),
        x_mm=x_mm,
        superficial_mm=superficial,
        deep_mm=deep,
    )


def fascicles(muscle: SoftTissue, k: int, middle_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, STEPS, 2) the courses, across and down in mm, of the fascicles of belly `k` that pass `middle_mm` (n,)
    halfway down. NaN where one does not reach from aponeurosis to aponeurosis."""
    belly = muscle.bellies[k]
    v = np.linspace(0, 1, STEPS).astype(np.float32)
    sign = -1.0 if belly.rest.angle_rad < 0 else 1.0
    across = sign * np.cos(belly.rest.angle_rad) * belly.height_mm * belly.rest.across(v).astype(np.float64)
    along = sign * belly.along(REACH_MM.astype(np.float32)).astype(np.float64)
    carried, half = belly.carried(v).astype(np.float64), STEPS // 2
    level = np.interp((middle_mm - carried[half]) / belly.stretch, REACH_MM, along) + across[half]
    rest_x = np.interp(level[:, None] - across, along, REACH_MM, left=np.nan, right=np.nan)
    if (np.diff(along) <= 0).any():
        rest_x = np.full_like(rest_x, np.nan)
    x = rest_x * belly.stretch + carried
    top, bottom = (np.interp(x, TABLE_X_MM, edge) for edge in _edges(muscle, k))
    return np.stack([x, top + v * (bottom - top)], axis=-1)


def _edges(muscle: SoftTissue, k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    upper, lower = muscle.sheets[k], muscle.sheets[k + 1]
    return upper.top_mm + upper.thickness_mm, lower.top_mm


def _mean_angle_deg(
    belly: Belly, x_mm: NDArray[np.float64], superficial: NDArray[np.float64], deep: NDArray[np.float64]
) -> float:
    """By area: each column's directions count as much as the column is high."""
    shares = ((np.arange(48) + 0.5) / 48)[:, None]
    x, top, bottom = (values.astype(np.float32) for values in (x_mm, superficial, deep))
    place = locate(belly, x, (top + shares * (bottom - top)).astype(np.float32), top, bottom)
    doubled = np.exp(2j * place.angle_rad.astype(np.float64)) * (bottom - top)
    return float(np.degrees(np.angle(doubled.sum())) / 2)


def _acute(degrees: float) -> float:
    return (degrees + 90) % 180 - 90
