"""Measurements as several tasks give them: a size in millimetres or in pixels, and how bright a place is."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import MaskMark, Measurement
from edge.frame import Frame, PixelSpacing

Z_90: Final = 1.645
GRAIN_PX: Final = 9
"""Pixels that one independent speckle covers."""


def sized(
    name: str, value: float, reach: tuple[float, float], spacing: PixelSpacing | None, power: str = ""
) -> Measurement:
    """In mm, or `NAME_px` in px where the scale is unknown. reach: (low, high); power: `2` of an area."""
    if spacing is None:
        return Measurement(f"{name}_px", value, f"px{power}", *reach)
    return Measurement(name, value, f"mm{power}", *reach)


def echo_of(name: str, grey: NDArray[np.uint8], mask: NDArray[np.uint8] | None = None) -> Measurement:
    """Mean grey level of pixels, with its 90 % interval by the speckle. mask: of those that count, 1; None: all do."""
    # Norms of whole numbers are exact, and take a tenth of the time of numpy's deviation.
    count = grey.size if mask is None else max(1, cv2.countNonZero(mask))
    mean = cv2.norm(grey, cv2.NORM_L1, mask) / count
    variance = max(0.0, cv2.norm(grey, cv2.NORM_L2SQR, mask) / count - mean * mean)
    error = Z_90 * variance**0.5 / max(1.0, (count / GRAIN_PX) ** 0.5)
    return Measurement(name, mean, "grey level", max(0.0, mean - error), min(255.0, mean + error))


def echo_in(name: str, frame: Frame, mark: MaskMark) -> Measurement:
    """The same of the marked pixels, as far as they lie in the frame."""
    (x, y), (height, width) = mark.origin, mark.mask.shape
    pixels = frame.pixels[max(y, 0) : y + height, max(x, 0) : x + width]
    return echo_of(name, pixels, mark.mask[max(-y, 0) :, max(-x, 0) :][: pixels.shape[0], : pixels.shape[1]])
