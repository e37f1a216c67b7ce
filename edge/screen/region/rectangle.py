"""A part of a screen: the mask of its pixels, and the rectangle around them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""(height, width) uint8, 0 or 1."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Left, top, right and bottom in px; right and bottom are one past the end."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height


def rectangle_around(mask: Mask) -> Rectangle:
    """The smallest rectangle that holds all of `mask`."""
    x, y, width, height = cv2.boundingRect(mask)
    return Rectangle(x, y, x + width, y + height)
