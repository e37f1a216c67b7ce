"""A camera's raw bytes to grey: the pixel formats that frame grabbers and UVC cameras send."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.source.jpeg import decode_grey, decode_stored


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
    stride = _stride(layout)
    # The last line may come without its padding.
    if len(data) < stride * (layout.height - 1) + layout.width * pixel_bytes:
        return None
    return pick(_plane(np.frombuffer(data, np.uint8), layout.height, stride, layout.width * pixel_bytes), layout)


def has_colour(fourcc: str) -> bool:
    """Whether pictures of this format may be in colour."""
    return fourcc != "GREY"


def colour_of(data: bytes, layout: RawFormat) -> NDArray[np.uint8]:
    """(height, width, 3) BGR of what `grey_of` gave grey; grey where its colour planes are missing."""
    if layout.fourcc in JPEG_FORMATS:
        picture = decode_stored(data)
        return picture if picture.ndim == 3 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
    flat = np.frombuffer(data, np.uint8)
    if layout.fourcc in ("BGR3", "RGB3"):
        lines = _plane(flat, layout.height, _stride(layout), layout.width * 3)
        if layout.fourcc == "RGB3":
            return _colour(lines, layout, cv2.COLOR_RGB2BGR)
        return lines.reshape(layout.height, layout.width, 3)
    luma, size = grey_of(data, layout), (layout.width, layout.height)
    assert luma is not None
    blue, red = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in _chroma(flat, layout))
    if not layout.full_range:
        # 16..240 onto 0..255 around 128 (ITU-R BT.601).
        blue, red = (cv2.convertScaleAbs(plane, alpha=255 / 224, beta=128 * (1 - 255 / 224)) for plane in (blue, red))
    return np.asarray(cv2.cvtColor(cv2.merge((luma, red, blue)), cv2.COLOR_YCrCb2BGR), np.uint8)


def _chroma(flat: NDArray[np.uint8], layout: RawFormat) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The planes of blue and of red difference, as coarse as they come."""
    height, width, stride, kind = layout.height, layout.width, _stride(layout), layout.fourcc
    if kind in ("YUYV", "UYVY"):
        pairs = _plane(flat, height, stride, width // 2 * 4).reshape(height, width // 2, 4)
        first = 1 if kind == "YUYV" else 0
        return np.ascontiguousarray(pairs[..., first]), np.ascontiguousarray(pairs[..., first + 2])
    rest, rows = flat[height * stride :], height if kind in ("422P", "NV16") else height // 2
    if kind in ("NV12", "NV21", "NV16"):
        both = _plane(rest, rows, stride, width // 2 * 2).reshape(rows, width // 2, 2)
        planes = np.ascontiguousarray(both[..., 0]), np.ascontiguousarray(both[..., 1])
    else:
        half = stride // 2
        planes = _plane(rest, rows, half, width // 2), _plane(rest[rows * half :], rows, half, width // 2)
    return (planes[1], planes[0]) if kind in ("NV21", "YV12") else (planes[0], planes[1])


def _stride(layout: RawFormat) -> int:
    return max(layout.bytes_per_line, layout.width * _LAYOUTS[layout.fourcc][0])


def _plane(flat: NDArray[np.uint8], height: int, stride: int, width: int) -> NDArray[np.uint8]:
    """(height, width) of lines that begin every `stride` bytes; what is missing has no colour."""
    if flat.size < stride * height:
        flat = np.pad(flat, (0, stride * height - flat.size), constant_values=128)
    return np.ascontiguousarray(flat[: stride * height].reshape(height, stride)[:, :width])


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
