"""Segmented structures: a translucent tint, or a dashed outline."""

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


def trimmed(mark: MaskMark) -> MaskMark | None:
    """Without the empty rows and columns around it; None: it is empty."""
    x, y, width, height = cv2.boundingRect(mark.mask) if mark.mask.size else (0, 0, 0, 0)
    if width == 0:
        return None
    origin = mark.origin[0] + x, mark.origin[1] + y
    return MaskMark(mark.name, mark.label, mark.mask[y : y + height, x : x + width], origin)


def tint(
    picture: NDArray[np.uint8],
    mark: MaskMark,
    colour: Colour,
    share: float,
    planes: Planes,
    grey: NDArray[np.uint8] | None = None,
) -> None:
    """Mixes `colour` into `picture` (height, width, 3) uint8 where the mask is set.

    grey: (height, width) uint8, what the picture still shows under the mask, where that is known: it costs a third.
    """
    target, mask = under(picture, mark)
    mixed = planes.plane("mixed", *target.shape)
    if grey is None:
        cv2.convertScaleAbs(target, mixed, 1 - share)
    else:
        plane = planes.plane("grey", *mask.shape)
        cv2.convertScaleAbs(under(grey, mark)[0], plane, 1 - share)
        cv2.cvtColor(plane, cv2.COLOR_GRAY2BGR, mixed)
    # Whole numbers, or OpenCV reckons with floating point.
    cv2.add(mixed, np.rint(share * np.array((*colour, 0), np.float64)), mixed)
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
