"""A camera's raw bytes to grey: the pixel formats that frame grabbers and UVC cameras send."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.source.jpeg import decode_grey


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How the bytes of one picture are laid out."""

    fourcc: str
    width: int
    height: int
    bytes_per_line: int
    full_range: bool
    """Luma runs over 0..255, not 16..235."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height."""


def grey_of(data: bytes, layout: RawFormat) -> NDArray[np.uint8] | None:
    """(height, width) grey, or None where the picture is damaged: too short, or a JPEG that lost bytes."""
    if layout.fourcc in JPEG_FORMATS:
        try:
            picture = decode_grey(data)
        except ValueError:
            return None
        return picture if picture.shape == (layout.height, layout.width) else None
    pixel_bytes, pick = _LAYOUTS[layout.fourcc]
    stride = max(layout.bytes_per_line, layout.width * pixel_bytes)
    # The last line may come without its padding.
    if len(data) < stride * (layout.height - 1) + layout.width * pixel_bytes:
        return None
    flat = np.frombuffer(data, np.uint8)
    if flat.size < stride * layout.height:
        flat = np.pad(flat, (0, stride * layout.height - flat.size))
    lines = flat[: stride * layout.height].reshape(layout.height, stride)[:, : layout.width * pixel_bytes]
    return pick(lines, layout)


def is_luma_limited(fourcc: str) -> bool:
    """Whether this format's luma is 16..235 unless the driver says otherwise."""
    return fourcc not in JPEG_FORMATS and fourcc not in ("GREY", "RGB3", "BGR3")


def _luma(lines: NDArray[np.uint8], layout: RawFormat, start: int, step: int) -> NDArray[np.uint8]:
    luma = lines if step == 1 else cv2.extractChannel(lines.reshape(layout.height, layout.width, step), start)
    if not layout.full_range:
        # 16..235 onto 0..255 (ITU-R BT.601), rounded and clipped.
        luma = cv2.convertScaleAbs(cv2.subtract(luma, np.full_like(luma, 16)), alpha=255 / 219)
    return np.ascontiguousarray(luma, np.uint8)


def _colour(lines: NDArray[np.uint8], layout: RawFormat, code: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(lines.reshape(layout.height, layout.width, 3), code), np.uint8)


_Pick = Callable[[NDArray[np.uint8], RawFormat], NDArray[np.uint8]]
_PLANAR: tuple[int, _Pick] = (1, lambda lines, layout: _luma(lines, layout, 0, 1))
_LAYOUTS: dict[str, tuple[int, _Pick]] = {
    # bytes per pixel in the first plane, and how its grey is picked; the colour planes that follow are not looked at
    "GREY": _PLANAR,
    "NV12": _PLANAR,
    "NV21": _PLANAR,
    "YU12": _PLANAR,
    "YV12": _PLANAR,
    "422P": _PLANAR,
    "NV16": _PLANAR,
    "YUYV": (2, lambda lines, layout: _luma(lines, layout, 0, 2)),
    "UYVY": (2, lambda lines, layout: _luma(lines, layout, 1, 2)),
    "BGR3": (3, lambda lines, layout: _colour(lines, layout, cv2.COLOR_BGR2GRAY)),
    "RGB3": (3, lambda lines, layout: _colour(lines, layout, cv2.COLOR_RGB2GRAY)),
}
JPEG_FORMATS = ("MJPG", "JPEG")
RAW_FORMATS = (*_LAYOUTS, *JPEG_FORMATS)
"""The most wanted first: uncompressed grey, luma, colour, then JPEG."""
