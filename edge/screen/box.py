"""A rectangle by its four borders."""

from dataclasses import dataclass

import cv2

from edge.screen.panels import Mask


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, right, bottom; the last two are one past the end."""

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


def bounds(mask: Mask) -> Box:
    x, y, width, height = cv2.boundingRect(mask)
    return Box(x, y, x + width, y + height)
