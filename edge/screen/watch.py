"""Notices that a screen changed where it matters, in a small part of a millisecond."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region

_TOLERANCE = 40
_FEWEST_PX = 6
_BLUR_PX = 8


class Watch:
    """Remembers the pixels around the picture. Those that changed to no effect (a clock) are watched no longer."""

    def __init__(self, pixels: NDArray[np.uint8], region: Region) -> None:
        self._low = cv2.subtract(pixels, np.full_like(pixels, _TOLERANCE))
        self._high = cv2.add(pixels, np.full_like(pixels, _TOLERANCE))
        rows = slice(max(region.y - _BLUR_PX, 0), region.y + region.height + _BLUR_PX)
        columns = slice(max(region.x - _BLUR_PX, 0), region.x + region.width + _BLUR_PX)
        self._ignore((rows, columns))

    def changed(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether `pixels` differ from what was remembered in more than the odd pixel."""
        same = cv2.inRange(pixels, self._low, self._high)
        return pixels.size - cv2.countNonZero(same) >= _FEWEST_PX

    def forget_changes(self, pixels: NDArray[np.uint8]) -> None:
        """Watches no longer what differs now."""
        different = cv2.bitwise_not(cv2.inRange(pixels, self._low, self._high))
        self._ignore(cv2.dilate(different, np.ones((7, 7), np.uint8)) > 0)

    def _ignore(self, where: tuple[slice, slice] | NDArray[np.bool_]) -> None:
        self._low[where] = 0
        self._high[where] = 255
