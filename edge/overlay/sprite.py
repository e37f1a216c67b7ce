"""Small pictures with see-through parts, pasted onto the frame."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """Ready to be pasted: picture = picture * keep / 255 + paint."""

    paint: NDArray[np.uint8]
    """(height, width, 3) uint8 BGR."""
    keep: NDArray[np.uint8]
    """(height, width, 3) uint8; 255: the picture stays as it is."""

    @property
    def width(self) -> int:
        return int(self.paint.shape[1])

    @property
    def height(self) -> int:
        return int(self.paint.shape[0])


def blank(width: int, height: int, keep: float = 1.0, grey: int = 0) -> Sprite:
    """A ground of one grey through which a share `keep` of the picture shines."""
    shape = (height, width, 3)
    return Sprite(np.full(shape, grey, np.uint8), np.full(shape, round(255 * keep), np.uint8))


def paste(picture: NDArray[np.uint8], item: Sprite, x: int, y: int) -> None:
    """Draws `item` into `picture` (height, width, 3), its upper left corner at (x, y); what is outside is cut off."""
    item = _inside(picture, item, x, y)
    target = picture[max(0, y) :, max(0, x) :][: item.paint.shape[0], : item.paint.shape[1]]
    if target.size:
        cv2.multiply(target, item.keep, target, 1 / 255)
        cv2.add(target, item.paint, target)


def paste_over(ground: Sprite, item: Sprite, x: int, y: int) -> None:
    """Draws `item` into `ground`, which then does to a picture what both would have done, one after the other."""
    item = _inside(ground.paint, item, x, y)
    target = ground.keep[max(0, y) :, max(0, x) :][: item.paint.shape[0], : item.paint.shape[1]]
    if target.size:
        cv2.multiply(target, item.keep, target, 1 / 255)
        paste(ground.paint, item, max(0, x), max(0, y))


def _inside(picture: NDArray[np.uint8], item: Sprite, x: int, y: int) -> Sprite:
    """What of `item` lies on the picture."""
    height, width = item.paint.shape[:2]
    if x >= 0 and y >= 0 and x + width <= picture.shape[1] and y + height <= picture.shape[0]:
        return item
    part = slice(max(0, -y), max(0, picture.shape[0] - y)), slice(max(0, -x), max(0, picture.shape[1] - x))
    return Sprite(item.paint[part], item.keep[part])
