"""What an affine movement does to directions, lengths along them, and the thickness of a layer.

Angles in degrees from the picture's horizontal, counter-clockwise positive as seen.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Strain:
    """The linear part (2, 2) of a movement, x to the right and y down, in square units of length."""

    linear: Floats

    @classmethod
    def of(cls, linear: Floats, squeeze: float) -> Self:
        """From pixels that are `squeeze` times as high as wide."""
        scale = np.array([1.0, squeeze])
        return cls(linear * scale[:, None] / scale[None, :])

    def turn_deg(self, angle_deg: float) -> float:
        """By how much a direction turns, in (-90, 90]."""
        x, y = self.linear @ _along(angle_deg)
        return folded_deg(float(np.degrees(np.arctan2(-y, x))) - angle_deg)

    def stretch(self, angle_deg: float) -> float:
        """A length along a direction afterwards as a multiple of what it was."""
        return float(np.hypot(*(self.linear @ _along(angle_deg))))

    def thickening(self, angle_deg: float) -> float:
        """The thickness afterwards, as a multiple, of a layer whose borders run in a direction."""
        return float(abs(np.linalg.det(self.linear))) / max(self.stretch(angle_deg), 1e-6)


def folded_deg(angle_deg: float) -> float:
    """An angle between lines, in (-90, 90]."""
    return 90.0 - (90.0 - angle_deg) % 180.0


def _along(angle_deg: float) -> Floats:
    radians = np.radians(angle_deg)
    return np.array([np.cos(radians), -np.sin(radians)])
