"""Whether a frame continues an earlier one: soon after it, at the same scale, of the same picture."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame, PixelSpacing
from edge.image.shrinking import shrunk

SAME_SCALE: Final = 0.02
"""Share by which two scales may differ and still be one."""
LONGEST_GAP_NS: Final = 500_000_000
"""From one frame to the next that may continue it."""
Thumbnail = NDArray[np.uint8]


def soon_after(exposed_ns: int, before_ns: int) -> bool:
    """Whether an exposure may continue an earlier one."""
    return 0 < exposed_ns - before_ns <= LONGEST_GAP_NS


def same_scale(one: PixelSpacing | None, other: PixelSpacing | None) -> bool:
    """Two unknown scales are the same."""
    if one is None or other is None:
        return one is other
    pairs = ((one.x_mm_per_px, other.x_mm_per_px), (one.y_mm_per_px, other.y_mm_per_px))
    return all(abs(a / b - 1) <= SAME_SCALE for a, b in pairs)


def thumbnail_of(frame: Frame, size: tuple[int, int]) -> Thumbnail:
    """Of the ultrasound. size: (width, height)."""
    return shrunk(frame.ultrasound.crop(frame.pixels), size, either=True)


def is_frozen(thumbnail: Thumbnail, before: Thumbnail | None) -> bool:
    """Whether the picture equals the one before to the last grey level. What a probe says is frozen comes only once."""
    return before is not None and np.array_equal(thumbnail, before)


def similarity(one: Thumbnail, other: Thumbnail) -> float:
    """Correlation, -1 to 1; 1 where one of them is even."""
    a, b = (plane.astype(np.float64) - plane.mean() for plane in (one, other))
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / length if length else 1.0
