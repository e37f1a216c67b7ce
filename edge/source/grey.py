"""Any stored picture to 8-bit grey with a fixed scale, and where it was coloured before, as Doppler shows flow."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region

DEPTHS: Final = (8, 12, 16)
"""Bits that scanners and converters keep in samples of 16."""
_WORKING_PX: Final = 320
"""Longest side at which colour is looked for."""
_VIVID: Final = 90
"""Difference between the strongest and the weakest of red, green and blue, 0 to 255; tinted grey maps stay below."""
_LEAST_SHARE: Final = 0.0015
"""Of the picture's pixels."""
_FAINT: Final = (128 - 20, 128 + 20)
"""Chroma that is not vivid in any of the matrices and ranges that videos have."""
_SPREAD: Final = 9
"""Pixels that one of the chroma planes reaches in a smaller picture, at most."""


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
    # A copy in any case: what the picture lies in may be used for the next one.
    grey = to_8_bit(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY) if channels > 2 else planes[:, :, 0].copy(), depth)
    if channels in (2, 4):
        alpha = to_8_bit(planes[:, :, -1], depth)
        grey = to_8_bit(grey.astype(np.uint32) * alpha, 8, full=255 * 255)
    return np.ascontiguousarray(grey)


def to_bgr(picture: NDArray[Any], bits: int | None = None) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 of a picture (height, width, 3 or 4) as `to_grey` takes it; transparency is not looked
    at."""
    return np.ascontiguousarray(to_8_bit(picture[..., :3], bits or picture.dtype.itemsize * 8))


def colour_of(picture: NDArray[Any], bits: int | None = None) -> Callable[[], NDArray[np.uint8]] | None:
    """What gives the picture in colour when it is asked (edge.frame.Frame.colour); None of one without colour. The
    picture must not change any more."""
    return partial(to_bgr, picture, bits) if picture.ndim == 3 and picture.shape[2] >= 3 else None


def to_8_bit(values: NDArray[Any], bits: int, full: int | None = None) -> NDArray[np.uint8]:
    """0..2^bits-1 (or 0..`full`) onto 0..255, rounded; what exceeds the range becomes 255."""
    top = full or (1 << bits) - 1
    if top == 255:
        return np.asarray(values if values.dtype == np.uint8 else np.minimum(values, 255), np.uint8)
    wide = np.minimum(values.astype(np.uint32), top)
    return np.asarray((wide * 255 + top // 2) // top, np.uint8)


def may_be_coloured(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether a picture with these planes of chroma (height, width), 128 without colour, may hold a coloured patch: not
    where so few pixels have colour that they cannot fill one, however a smaller picture mixes them."""
    strong = sum(plane.size - cv2.countNonZero(cv2.inRange(plane, *_FAINT)) for plane in (first, second))
    return strong * _SPREAD >= _LEAST_SHARE * first.size


def coloured_region(picture: NDArray[Any]) -> Region | None:
    """The box around the largest coloured patch of a (height, width, 3 or 4) picture, BGR[A] or RGB[A]; None: grey."""
    if picture.ndim != 3 or picture.shape[2] < 3:
        return None
    step = max(1, -(-max(picture.shape[:2]) // _WORKING_PX))
    # Plane by plane, which is many times faster than max and min over an axis of three.
    first, second, third = _small_planes(picture, step)
    strongest = cv2.max(cv2.max(first, second), third)
    weakest = cv2.min(cv2.min(first, second), third)
    _, vivid = cv2.threshold(cv2.subtract(strongest, weakest, strongest), _VIVID, 1, cv2.THRESH_BINARY)
    if cv2.countNonZero(vivid) < _LEAST_SHARE * vivid.size:
        return None
    # Letters and lines are thinner than this.
    patches = cv2.morphologyEx(vivid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(patches)
    if count < 2:
        return None
    x, y, width, height, area = (int(v) for v in stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))])
    if area < _LEAST_SHARE * vivid.size:
        return None
    return Region(x * step, y * step, width * step, height * step)


def _small_planes(picture: NDArray[Any], step: int) -> Sequence[NDArray[np.uint8]]:
    """Its first three channels, of each `step`-th row and column; the upper 8 bits of 16."""
    height, width = picture.shape[:2]
    if picture.dtype == np.uint8 and height % step == 0 and width % step == 0:
        small = cv2.resize(picture, (width // step, height // step), interpolation=cv2.INTER_NEAREST)
        return [np.asarray(plane, np.uint8) for plane in cv2.split(small)[:3]]
    planes = (picture[::step, ::step, channel] for channel in range(3))
    return [np.ascontiguousarray(plane >> 8 if plane.dtype == np.uint16 else plane, np.uint8) for plane in planes]
