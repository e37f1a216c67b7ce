"""Distance across the picture's plane from how much of the speckle is left.

Two pictures `d` apart correlate with exp(-(d / length)^2) where the beam is Gaussian across the plane (Chen et al., IEEE
Trans. UFFC 1997, for fully developed speckle); the length belongs to the transducer and its focus. What lies in layers
correlates at any distance: that floor is taken off.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

WIDTH_MM: Final = 32.0
DEPTH_MM: Final = 40.0
"""Of the tissue that is compared: the middle of the picture, from the skin."""
SIZE: Final = (64, 96)
"""Pixels across and down: speckle is about as large as one of them."""
BLUR_PX: Final = 4.0
"""What is smoother than this is no speckle."""
SHIFT_PX: Final = 2
"""A hand's drift within the plane that is looked for, in either direction."""
LEAST: Final = 0.05
"""Share of the speckle from which a distance can be told."""


@dataclass(frozen=True, slots=True)
class Decorrelation:
    """How a probe's speckle changes with distance across its plane."""

    length_mm: float = 1.2
    """Distance at which exp(-1) of the correlation is left."""
    rest: float = 0.97
    """Correlation of two pictures at one place: the rest is the receiver's noise."""

    def expected(self, distance_mm: float) -> float:
        """Share of the speckle that is left."""
        return exp(-((distance_mm / self.length_mm) ** 2))

    def distance_mm(self, share: float) -> tuple[float, float]:
        """The distance and its standard deviation."""
        share = min(share, 1.0)
        if share <= LEAST:
            furthest = self.length_mm * sqrt(-log(LEAST))
            return 1.2 * furthest, 0.5 * furthest
        distance = self.length_mm * sqrt(-log(share))
        # A correlation is known to within a few hundredths, which is much of a distance where it is near 1.
        slope = 2 * share * distance / self.length_mm**2
        return distance, min(0.04 / max(slope, 0.05), self.length_mm)


def speckle(picture: NDArray[np.uint8], px_per_mm: tuple[float, float], skin_px: float) -> Picture:
    """What is compared, (SIZE[1], SIZE[0]), of a picture (height, width) whose skin lies at a row.

    px_per_mm: across and down.
    """
    across, down = px_per_mm
    height, width = picture.shape
    top, bottom = round(skin_px), min(height, round(skin_px + DEPTH_MM * down))
    left = max(0, round(width / 2 - WIDTH_MM / 2 * across))
    part = picture[top:bottom, left : width - left]
    small = cv2.resize(part.astype(np.float32), SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(small - cv2.GaussianBlur(small, (0, 0), BLUR_PX), np.float32)


def correlation(earlier: Picture, later: Picture) -> float:
    """Of two pictures of `speckle`, -1 to 1, at the shift within the plane where they agree best."""
    middle = later[SHIFT_PX:-SHIFT_PX, SHIFT_PX:-SHIFT_PX]
    size = float(np.linalg.norm(middle)) * float(np.linalg.norm(earlier[SHIFT_PX:-SHIFT_PX, SHIFT_PX:-SHIFT_PX]))
    if size == 0:
        return 0.0
    # Faster than a Fourier transform, as long as shifts are few.
    shifted = np.lib.stride_tricks.sliding_window_view(earlier, middle.shape)
    return float(np.tensordot(shifted, middle, 2).max()) / size
