"""Figures that describe a transverse view of the spine: matches, midline, dark places along it.

Steps two and three of Yu, Tan, Sng, Li and Sia (Ultrasound Med Biol 2015; 41: 2677): the midline is where the picture
mirrors itself; black pixels are counted in windows along it, where a spinous process throws its shadow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.spine.levels import KINDS
from edge.task.spine.planes import LEAST_SKIN, contact_of
from edge.task.spine.seen import Floats
from edge.task.spine.templates import CELLS, HALF_CELLS, SIZES, Match, Working, column_of, row_of, x_of

MIRRORED_CELLS: Final = 26
"""To either side of a midline, what must look alike."""
MIRRORED_MM: Final = (6.0, 70.0)
"""Depths between which it is compared."""
NEAR_MM: Final = 5.0
"""From the best template's middle to the midline, at most."""
TISSUE_MM: Final = (3.0, 20.0)
"""Depth of what is always lit under skin that the array touches."""
DARK_SHARE: Final = 0.3
"""Of that tissue's grey level, below which a pixel counts as black."""
STEP_MM: Final = 8.0
STEPS: Final = 9
"""Windows along the midline, each STEP_MM high."""
MIDDLE_MM: Final = (-2.5, 2.5)
FLANK_MM: Final = (8.0, 16.0)
"""To either side of the midline."""
WING_MM: Final = (18.0, 26.0)
UNDER: Final = (
    ("sacrum", MIDDLE_MM, (2.0, 10.0)),
    ("sacrum", FLANK_MM, (6.0, 14.0)),
    ("sacrum", WING_MM, (2.0, 8.0)),
    ("sacrum", WING_MM, (10.0, 18.0)),
    ("bone", MIDDLE_MM, (-6.0, -1.5)),
    ("bone", MIDDLE_MM, (2.0, 10.0)),
    ("bone", MIDDLE_MM, (10.0, 18.0)),
    ("bone", FLANK_MM, (2.0, 16.0)),
    ("interspinous", MIDDLE_MM, (-16.0, -8.0)),
    ("interspinous", MIDDLE_MM, (-8.0, -1.0)),
    ("interspinous", MIDDLE_MM, (-0.5, 4.0)),
    ("interspinous", MIDDLE_MM, (5.0, 12.0)),
    ("interspinous", FLANK_MM, (2.0, 12.0)),
)
"""Windows that hang on a kind's best place: kind, from and to beside the midline, from and to below the anchor."""
SKIN_MM: Final = (0.5, 8.0)
FEATURES: Final = (
    *(f"match of {kind} {size}" for kind in KINDS for size in range(SIZES)),
    *(f"match of {kind} over others" for kind in KINDS),
    *(f"match of {kind} at the midline" for kind in KINDS),
    *(f"{kind} beside the midline" for kind in KINDS),
    "symmetry",
    "contact",
    "contact at the midline",
    *(f"dark in the middle {step}" for step in range(STEPS)),
    *(f"dark beside {step}" for step in range(STEPS)),
    *(f"dark by {kind}, {x[0]:g} beside, {y[0]:g} below" for kind, x, y in UNDER),
    *(f"bright by {kind}, {x[0]:g} beside, {y[0]:g} below" for kind, x, y in UNDER),
)


@dataclass(frozen=True, slots=True, eq=False)
class Midline:
    """Where the picture mirrors itself."""

    profile: Floats
    """(columns,) correlation of either side, from the first column that has both, HALF_CELLS."""
    x_mm: float
    """To the right of the array's middle."""
    symmetry: float
    """The correlation there, -1 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """A picture."""

    work: Working
    matches: tuple[Match, ...]
    """By KINDS."""
    midline: Midline
    lit: NDArray[np.bool_]
    """(CELLS,) columns that touch skin."""
    dark: NDArray[np.bool_]
    """(CELLS, CELLS)."""
    features: NDArray[np.float32]
    """(FEATURES,)."""


def described(work: Working, matches: tuple[Match, ...]) -> Described:
    """The picture with its figures."""
    midline = find_midline(work.detail, max(matches, key=lambda one: one.value).x_mm)
    lit = work.calm[slice(*map(row_of, SKIN_MM))].mean(axis=0) > LEAST_SKIN
    tissue = work.calm[slice(*map(row_of, TISSUE_MM)), lit]
    level = float(tissue.mean()) if tissue.size else 1.0
    dark = work.calm < DARK_SHARE * level
    found = Described(work, matches, midline, lit, dark, np.zeros(0, np.float32))
    return Described(work, matches, midline, lit, dark, _features(found, level))


def find_midline(detail: NDArray[np.float32], near_mm: float) -> Midline:
    """Within NEAR_MM of where a template fits best."""
    part = detail[slice(*map(row_of, MIRRORED_MM))]
    wide = np.lib.stride_tricks.sliding_window_view(part, 2 * MIRRORED_CELLS + 1, axis=1)
    wide = wide[:, HALF_CELLS - MIRRORED_CELLS : CELLS - HALF_CELLS - MIRRORED_CELLS]
    left, right = wide[..., :MIRRORED_CELLS][..., ::-1], wide[..., MIRRORED_CELLS + 1 :]
    both = np.einsum("rck,rck->c", left, right)
    power = np.einsum("rck,rck->c", left, left) * np.einsum("rck,rck->c", right, right)
    profile = np.asarray(both / np.sqrt(np.maximum(power, 1e-6)), np.float64)
    x_mm = x_of(np.arange(profile.size) + HALF_CELLS)
    allowed = np.where(np.abs(x_mm - near_mm) <= NEAR_MM, profile, -2.0)
    best = int(allowed.argmax())
    return Midline(profile, float(x_mm[best]), float(profile[best]))


def windows_along(midline_mm: float, beside_mm: tuple[float, float]) -> list[Floats]:
    """(5, 2) the outlines of STEPS windows, closed: mm to the right of the array's middle and under the skin."""
    left, right = midline_mm + beside_mm[0], midline_mm + beside_mm[1]
    tops = STEP_MM * np.arange(STEPS)
    return [
        np.array([[left, top], [right, top], [right, top + STEP_MM], [left, top + STEP_MM], [left, top]])
        for top in tops
    ]


def _features(found: Described, level: float) -> NDArray[np.float32]:
    matches, x_mm = found.matches, found.midline.x_mm
    values = [one.value for one in matches]
    over = [value - max(values[:kind] + values[kind + 1 :]) for kind, value in enumerate(values)]
    column = column_of(x_mm) - HALF_CELLS
    here = [float(one.map[:, max(0, column - 2) : column + 3].max(initial=-1.0)) for one in matches]
    near = found.lit[max(0, column_of(x_mm - 6)) : column_of(x_mm + 6) + 1]
    means = np.stack((found.dark.astype(np.float32), np.minimum(found.work.calm / max(level, 1.0), 4.0)))
    total = np.stack([cv2.integral(plane) for plane in means])
    steps = [(STEP_MM * step, STEP_MM * (step + 1)) for step in range(STEPS)]
    middle = [_mean(total, x_mm, MIDDLE_MM, depth)[0] for depth in steps]
    beside = [_mean(total, x_mm, FLANK_MM, depth)[0] for depth in steps]
    under = np.array(
        [
            _mean(total, x_mm, across, (anchor + low, anchor + high))
            for kind, across, (low, high) in UNDER
            for anchor in (matches[KINDS.index(kind)].depth_mm,)
        ]
    )
    figures = (
        *(value for one in matches for value in one.values),
        *over,
        *here,
        *(abs(one.x_mm - x_mm) for one in matches),
        found.midline.symmetry,
        contact_of(found.work.fine),
        float(near.mean()),
        *middle,
        *beside,
        *under.T.ravel(),
    )
    return np.asarray(figures, np.float32)


def _mean(total: Floats, x_mm: float, across_mm: Sequence[float], depth_mm: Sequence[float]) -> Floats:
    """(2,) shares of what is dark, and brightness, in a window beside a midline; where it is not across it, of both
    sides."""
    top, bottom = (min(max(row_of(one), 0), CELLS) for one in depth_mm)
    sides = [across_mm] if across_mm[0] < 0 else [across_mm, (-across_mm[1], -across_mm[0])]
    sums, area = np.zeros(2), 0
    for near, far in sides:
        left, right = (min(max(column_of(x_mm + one), 0), CELLS) for one in (near, far))
        sums += total[:, bottom, right] - total[:, top, right] - total[:, bottom, left] + total[:, top, left]
        area += (bottom - top) * (right - left)
    return np.asarray(sums / max(area, 1))
