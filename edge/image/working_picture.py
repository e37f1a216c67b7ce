"""The picture that texture is looked at in: of a known scale, its grey levels spread evenly."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.shrinking import shrunk
from edge.image.windows import CELL_PX

WIDTH_PX: Final = 256
"""Of the working picture where no scale is known: linear probes are some 38 mm wide, whatever the depth."""
MM_PER_PX: Final = 38.4 / WIDTH_PX
"""And where it is known."""
MOST_ROWS_PX: Final = 320
"""48 mm deep."""
MOST_COLUMNS_PX: Final = 512
LEAST_PX: Final = 64
DARK: Final = 4
"""Grey levels below this are no echo."""


@dataclass(frozen=True, slots=True)
class WorkingPicture:
    """The picture that is looked at."""

    pixels: NDArray[np.uint8]
    """(height, width), sides multiples of 16; grey levels spread evenly, 0: no echo."""
    px_per_px: float
    """Its pixels per pixel of the region that it was made from; both begin at the upper left corner."""


def working_picture(picture: NDArray[np.uint8], mm_per_px: float | None = None) -> WorkingPicture:
    """From the ultrasound region (height, width), grey. Its right and lower edge may lose up to 15 px, and what lies
    deeper than 48 mm; one that is wider than 77 mm is brought down to that, and a tiny one gets dark margins."""
    scale = WIDTH_PX / picture.shape[1] if mm_per_px is None else mm_per_px / MM_PER_PX
    scale = min(scale, MOST_COLUMNS_PX / picture.shape[1])
    rows, columns = (max(1, round(length * scale)) for length in picture.shape)
    small = shrunk(picture, (columns, rows))
    step = 4 * CELL_PX
    height, width = (max(LEAST_PX, length // step * step) for length in (min(rows, MOST_ROWS_PX), columns))
    part = small[:height, :width]
    if part.shape != (height, width):
        part = np.zeros((height, width), np.uint8)
        part[:rows, :columns] = small[:height, :width]
    return WorkingPicture(evened(part, DARK), scale)


def evened(picture: NDArray[np.uint8], dark: int) -> NDArray[np.uint8]:
    """The picture (height, width) with the grey levels of its lit pixels spread evenly over 1 to 255: what gain, gamma
    and compression change goes away, for they keep which of two pixels is the brighter. Those below `dark` are unlit,
    and become 0."""
    # Counts are whole, and exact in float32.
    counts = cv2.calcHist([picture], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    counts[:dark] = 0
    middle = (np.cumsum(counts) - counts / 2) / max(int(counts.sum()), 1)
    levels = (1 + np.floor(middle * 255)).clip(1, 255).astype(np.uint8)
    levels[:dark] = 0
    return np.asarray(cv2.LUT(picture, levels), np.uint8)
