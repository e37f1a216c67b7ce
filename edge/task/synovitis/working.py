"""The picture that a joint is looked for in: of one scale, speckle taken away, what is coloured filled in."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import PixelSpacing, Region
from edge.image.despeckle import median
from edge.image.shrinking import resized
from edge.task.synovitis.grades import Floats

MM_PER_PX: Final = 0.08
"""Of the working picture, both ways."""
MOST_PX: Final = 640
LEAST_PX: Final = 56
CALM_SIGMA: Final = 0.9
FILLED_SIGMA: Final = 3.0
"""Pixels of the working picture from which what is coloured is filled in."""


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """The picture that is looked at."""

    calm: NDArray[np.float32]
    """(height, width) grey levels."""
    coloured: NDArray[np.bool_]
    """(height, width) where the picture shows flow."""
    px_per_px: tuple[float, float]
    """Its pixels for each of the region's, across and down."""

    def to_region(self, points: Floats) -> Floats:
        """From its pixels (..., 2) to the region's; centres at whole numbers in both."""
        return np.asarray((points + 0.5) / self.px_per_px - 0.5, np.float64)


def px(mm: float) -> int:
    """Pixels of the working picture, at least 1."""
    return max(1, round(mm / MM_PER_PX))


def working_of(
    picture: NDArray[np.uint8], spacing: PixelSpacing, coloured: NDArray[np.bool_] | None = None
) -> Working | None:
    """From the ultrasound region (height, width). coloured: where it shows flow. None: too small, or too large."""
    height, width = picture.shape
    size = (
        max(1, round(width * spacing.x_mm_per_px / MM_PER_PX)),
        max(1, round(height * spacing.y_mm_per_px / MM_PER_PX)),
    )
    if min(size) < LEAST_PX or max(size) > 4 * MOST_PX or min(height, width) < LEAST_PX:
        return None
    small, hidden = resized(picture, size), np.zeros(size[::-1], bool)
    if coloured is not None and coloured.any():
        hidden = np.asarray(cv2.resize(coloured.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0, bool)
        small = filled_in(small, hidden)
    calm = cv2.GaussianBlur(median(small, 3).astype(np.float32), (0, 0), CALM_SIGMA)
    return Working(np.asarray(calm, np.float32), hidden, (size[0] / width, size[1] / height))


def filled_in(picture: NDArray[np.uint8], hidden: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture (height, width) with what is hidden taken from around it."""
    seen = (~hidden).astype(np.float32)
    weight = cv2.GaussianBlur(seen, (0, 0), FILLED_SIGMA) + np.float32(1e-4)
    around = cv2.GaussianBlur(picture.astype(np.float32) * seen, (0, 0), FILLED_SIGMA) / weight
    return np.where(hidden, np.clip(around, 0, 255).astype(np.uint8), picture)


def in_frame(work: Working, region: Region, points: Floats) -> NDArray[np.float32]:
    """(n, 2) pixels of the frame from the working picture's."""
    return np.asarray(work.to_region(points) + np.array((region.x, region.y)), np.float32)
