"""The network's input from a frame: shared by all tasks whose model takes one grey picture."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region


def grey_tensor(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(1, 1, side, side) uint8: a picture (height, width) stretched to a square.

    A mean over as many pixels as become one, then bilinear: within a grey level of area interpolation, and five times
    as fast at 640 x 480.
    """
    window = [_odd(length / side) for length in picture.shape[::-1]]
    smooth = cv2.blur(picture, window) if max(window) > 1 else picture
    return np.asarray(cv2.resize(smooth, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)[None, None]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in a square: scaled to fit, in its middle. Pixel centres at whole numbers."""

    scale: float
    """Pixels of the square per pixel of the picture."""
    left: float
    top: float

    @classmethod
    def of(cls, height: int, width: int, side: int) -> Self:
        """Of a picture."""
        scale = side / max(height, width)
        left, top = ((side - length * scale) / 2 + 0.5 * scale - 0.5 for length in (width, height))
        return cls(scale, left, top)

    @classmethod
    def of_region(cls, region: Region, side: int) -> Self:
        """Of a frame whose region fills the square."""
        fit = cls.of(region.height, region.width, side)
        return cls(fit.scale, fit.left - fit.scale * region.x, fit.top - fit.scale * region.y)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): from pixels of the picture to pixels of the square."""
        return np.array([[self.scale, 0.0, self.left], [0.0, self.scale, self.top]])


def fitted_tensor(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(1, 1, side, side) uint8: a picture (height, width) scaled to fit, the rest black, so that angles stay."""
    height, width = picture.shape
    fit = Fit.of(height, width, side)
    smooth = softened(picture, 1 / fit.scale)
    placed = cv2.warpAffine(smooth, fit.matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(placed, np.uint8)[None, None]


def windowed_tensor(
    picture: NDArray[np.uint8], px_per_px: tuple[float, float], matrix: NDArray[np.float64], side: int
) -> NDArray[np.uint8]:
    """(1, 1, side, side) uint8: the part of a picture (height, width) that a window shows, black beside it.

    px_per_px: pixels of the square per pixel of the picture, across and down; matrix: (2, 3) from the picture's pixels
    to the square's.
    """
    blur = [round(1 / one) | 1 if one < 0.8 else 1 for one in px_per_px]
    smooth = cv2.blur(picture, blur) if max(blur) > 1 else picture
    return np.asarray(cv2.warpAffine(smooth, matrix, (side, side), flags=cv2.INTER_LINEAR), np.uint8)[None, None]


def softened(picture: NDArray[np.uint8], shrink: float) -> NDArray[np.uint8]:
    """A picture that is to be made `shrink` times smaller: a mean over as many pixels as become one."""
    window = _odd(shrink)
    return np.asarray(cv2.blur(picture, (window, window)), np.uint8) if window > 1 else picture


def _odd(scale: float) -> int:
    """The odd number of pixels nearest above `scale` that an average is taken over; 1 up to a quarter more."""
    return round(scale) | 1 if scale > 1.25 else 1
