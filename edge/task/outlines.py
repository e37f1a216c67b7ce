"""Closed outlines as marks and masks; an outline is a ring (n, 2) of x, y whose first point is not repeated."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import LineMark, MaskMark

Ring = NDArray[np.floating]
_SUBPIXEL_BITS: Final = 4
"""Outlines are filled with 1/16 px accuracy."""


def filled_mark(name: str, label: int, *rings: Ring) -> MaskMark:
    """The pixels inside rings in pixels of the frame."""
    points = np.concatenate(rings)
    x, y = (int(np.floor(low)) for low in points.min(axis=0))
    width, height = (int(np.ceil(high)) for high in points.max(axis=0) - (x, y) + 1)
    return MaskMark(name, label, filled((height, width), *(ring - (x, y) for ring in rings)), (x, y))


def filled(shape: tuple[int, ...], *rings: Ring) -> NDArray[np.uint8]:
    """(height, width) 1 inside the rings and on them, 0 outside."""
    mask = np.zeros(shape, np.uint8)
    for ring in rings:
        cv2.fillPoly(mask, [np.round(ring * (1 << _SUBPIXEL_BITS)).astype(np.int32)], 1, shift=_SUBPIXEL_BITS)
    return mask


def closed_line(name: str, ring: Ring) -> LineMark:
    """The ring drawn back to its first point."""
    return LineMark(name, np.concatenate((ring, ring[:1])).astype(np.float32))
