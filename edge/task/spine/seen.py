"""What a pathway saw in one frame of a sweep along the lumbar spine, whichever way it looked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeenAlong:
    """Of a paramedian view: what lies where along the spine."""

    x_mm: Floats
    """(n,) from the picture's middle, to the right."""
    chances: Floats
    """(n, 3) by KINDS; each row sums to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class SpineSeen:
    """One frame."""

    chances: Floats
    """(3,) by KINDS, of what lies under the array's middle; sums to 1."""
    clear: float
    """0 to 1: how far the frame may be believed. 0: nothing of the spine is seen."""
    contact: float
    """Share of the array that touches skin, 0 to 1."""
    transverse: float
    """Chance that the picture is a transverse view, not a paramedian one."""
    midline_mm: float | None = None
    """Of a transverse view: the spine's midline from the picture's middle, to the right. None: not seen."""
    target_mm: float | None = None
    """Depth under the skin of the posterior complex (ligamentum flavum and dura). None: not seen."""
    along: SeenAlong | None = None
    """None in a transverse view."""
