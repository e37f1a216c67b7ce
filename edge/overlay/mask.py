"""Segmented structures: a translucent tint, or a dashed outline."""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import MaskMark
from edge.overlay.buffers import Planes
from edge.overlay.lines import draw_dashes
from edge.overlay.palette import Colour

TINT: Final = 0.28
"""Share of the colour: enough to see the extent, too little to hide the speckle."""


def tint(picture: NDArray[np.uint8], mark: MaskMark, colour: Colour, share: float, planes: Planes) -> None:
    """Mixes `colour` into `picture` (height, width, 3) uint8 where the mask is set; touches only its bounding box."""
    target, mask = under(picture, mark)
    if target.size == 0:
        return
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return
    target, mask = target[y : y + height, x : x + width], mask[y : y + height, x : x + width]
    solid = _solid(picture.shape[0], picture.shape[1], colour)[:height, :width]
    mixed = planes.plane("mixed", height, width, 3)
    cv2.addWeighted(target, 1 - share, solid, share, 0, mixed)
    cv2.copyTo(mixed, mask, target)


def outline(picture: NDArray[np.uint8], mark: MaskMark, colour: Colour, dash_px: float) -> None:
    """Draws the mask's border dashed, without filling it."""
    contours, _ = cv2.findContours(mark.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=mark.origin)
    closed = [np.concatenate((contour, contour[:1]))[:, 0, :].astype(np.float32) for contour in contours]
    draw_dashes(picture, closed, colour, 1, dash_px)


def under(picture: NDArray[np.uint8], mark: MaskMark) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The part of the picture under the mask, and the part of the mask on the picture."""
    x, y = mark.origin
    mask = mark.mask[max(0, -y) :, max(0, -x) :]
    target = picture[max(0, y) :, max(0, x) :][: mask.shape[0], : mask.shape[1]]
    return target, mask[: target.shape[0], : target.shape[1]]


@lru_cache(maxsize=8)
def _solid(height: int, width: int, colour: Colour) -> NDArray[np.uint8]:
    """Kept from frame to frame, since filling it takes longer than mixing it in."""
    return np.full((height, width, 3), colour, np.uint8)
