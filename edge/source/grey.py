"""Any picture to 8-bit grey, with a fixed scale."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def to_grey(picture: NDArray[Any], bits: int | None = None) -> NDArray[np.uint8]:
    """(height, width) uint8 grey of a (height, width[, 1 to 4]) uint8 or uint16 picture; colour comes as BGR[A].

    `bits` is the depth that the values use, by default the type's own. The scale depends on it alone, never on the
    content, so that the frames of a cine keep their relative brightness. Colour is weighed as ITU-R BT.601 luma;
    what is transparent is shown on black. Raises ValueError for another shape or type.
    """
    if picture.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels are {picture.dtype}; expected 8 or 16 bit unsigned")
    depth = bits or picture.dtype.itemsize * 8
    planes = picture.reshape(*picture.shape[:2], -1)
    channels = planes.shape[2]
    if picture.ndim not in (2, 3) or 0 in planes.shape or channels > 4:
        raise ValueError(f"a picture has 1 to 4 channels, not the shape {picture.shape}")
    colour = np.ascontiguousarray(planes[:, :, :3])
    grey = to_8_bit(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY) if channels > 2 else planes[:, :, 0], depth)
    if channels in (2, 4):
        alpha = to_8_bit(planes[:, :, -1], depth)
        grey = to_8_bit(grey.astype(np.uint32) * alpha, 8, full=255 * 255)
    return np.ascontiguousarray(grey)


def to_8_bit(values: NDArray[Any], bits: int, full: int | None = None) -> NDArray[np.uint8]:
    """0..2^bits-1 (or 0..`full`) onto 0..255, rounded; what exceeds the range becomes 255."""
    top = full or (1 << bits) - 1
    if top == 255:
        return np.asarray(np.minimum(values, 255), np.uint8)
    wide = np.minimum(values.astype(np.uint32), top)
    return np.asarray((wide * 255 + top // 2) // top, np.uint8)


def bits_used(picture: NDArray[Any]) -> int:
    """8, 12 or 16: the depth that a 16-bit container's values fit in. Scanners and converters keep 8 and 12 bits in 16,
    which the full scale would show as black."""
    if picture.dtype == np.uint8:
        return 8
    top = int(picture.max())
    return 8 if top < 1 << 8 else 12 if top < 1 << 12 else 16
