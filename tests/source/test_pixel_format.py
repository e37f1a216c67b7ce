"""Camera bytes to grey, against OpenCV's own conversions."""

import cv2
import numpy as np
import pytest

from edge.source.pixel_format import JPEG_FORMATS, RAW_FORMATS, RawFormat, grey_of, is_luma_limited

_HEIGHT, _WIDTH = 8, 12
_BYTES_PER_PIXEL = {"GREY": 1, "NV12": 1.5, "NV21": 1.5, "YU12": 1.5, "YV12": 1.5, "422P": 2, "NV16": 2}
_BYTES_PER_PIXEL |= {"YUYV": 2, "UYVY": 2, "BGR3": 3, "RGB3": 3}
_TO_GREY = {
    "NV12": cv2.COLOR_YUV2GRAY_NV12,
    "NV21": cv2.COLOR_YUV2GRAY_NV21,
    "YU12": cv2.COLOR_YUV2GRAY_I420,
    "YV12": cv2.COLOR_YUV2GRAY_YV12,
    "YUYV": cv2.COLOR_YUV2GRAY_YUYV,
    "UYVY": cv2.COLOR_YUV2GRAY_UYVY,
    "BGR3": cv2.COLOR_BGR2GRAY,
    "RGB3": cv2.COLOR_RGB2GRAY,
}


def _layout(fourcc: str, *, stride: int = 0, full: bool = True) -> RawFormat:
    return RawFormat(fourcc, _WIDTH, _HEIGHT, stride, full)


def _payload(fourcc: str) -> bytes:
    return np.random.default_rng(5).bytes(int(_WIDTH * _HEIGHT * _BYTES_PER_PIXEL[fourcc]))


def test_no_format_is_forgotten() -> None:
    assert {*_BYTES_PER_PIXEL, *JPEG_FORMATS} == set(RAW_FORMATS)


@pytest.mark.parametrize("fourcc", sorted(_TO_GREY))
def test_full_range_formats_agree_with_opencv(fourcc: str) -> None:
    data = _payload(fourcc)
    packed = np.frombuffer(data, np.uint8)
    if fourcc in ("YUYV", "UYVY"):
        packed = packed.reshape(_HEIGHT, _WIDTH, 2)
    elif fourcc in ("BGR3", "RGB3"):
        packed = packed.reshape(_HEIGHT, _WIDTH, 3)
    else:
        packed = packed.reshape(_HEIGHT * 3 // 2, _WIDTH)
    grey = grey_of(data, _layout(fourcc))
    assert grey is not None
    assert (grey == cv2.cvtColor(packed, _TO_GREY[fourcc])).all()


@pytest.mark.parametrize("fourcc", sorted(set(_BYTES_PER_PIXEL) - set(_TO_GREY)))
def test_the_first_plane_is_the_luma(fourcc: str) -> None:
    data = _payload(fourcc)
    grey = grey_of(data, _layout(fourcc))
    assert grey is not None and grey.tobytes() == data[: _WIDTH * _HEIGHT]


def test_limited_luma_is_stretched_and_clipped() -> None:
    levels = np.arange(256)
    grey = grey_of(levels.astype(np.uint8).tobytes(), RawFormat("NV12", 32, 8, 0, False))
    assert grey is not None
    assert grey.ravel().tolist() == np.clip(np.rint((levels - 16) * 255 / 219), 0, 255).tolist()


@pytest.mark.parametrize("fourcc", sorted(_BYTES_PER_PIXEL))
def test_padded_lines_and_short_payloads(fourcc: str) -> None:
    first_plane = {"YUYV": 2, "UYVY": 2, "BGR3": 3, "RGB3": 3}.get(fourcc, 1) * _WIDTH
    lines = np.random.default_rng(6).integers(0, 256, (_HEIGHT, first_plane), dtype=np.uint8)
    padded = np.pad(lines, ((0, 0), (0, 7)), constant_values=99)
    tight = grey_of(lines.tobytes(), _layout(fourcc))
    loose = grey_of(padded.tobytes()[:-7], _layout(fourcc, stride=first_plane + 7))
    assert tight is not None and loose is not None
    assert (tight == loose).all()
    assert grey_of(lines.tobytes()[:-1], _layout(fourcc)) is None


def test_jpeg_also_without_its_tables_and_damaged() -> None:
    """Many UVC cameras leave the Huffman tables out, since Motion JPEG fixes them."""
    picture = np.tile(np.arange(0, 240, 20, dtype=np.uint8), (_HEIGHT, 1))
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    layout = _layout("MJPG")
    grey = grey_of(whole, layout)
    assert grey is not None and np.abs(grey.astype(int) - picture).max() < 8
    bare = grey_of(_without_tables(whole), layout)
    assert bare is not None and (bare == grey).all()
    assert grey_of(whole + bytes(100), layout) is not None  # drivers pad
    assert grey_of(whole[:-10], layout) is None
    assert grey_of(b"", layout) is None
    assert grey_of(whole, RawFormat("MJPG", _WIDTH * 2, _HEIGHT, 0, True)) is None


def test_a_camera_picture_that_lost_bytes_is_left_out() -> None:
    """A packet of the bus that never came, or came empty."""
    noise = np.random.default_rng(2).integers(0, 200, (30, 40), dtype=np.uint8)
    whole = cv2.imencode(".jpg", cv2.resize(noise, (320, 240)), [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    layout = RawFormat("MJPG", 320, 240, 0, True)
    assert grey_of(whole, layout) is not None
    at = len(whole) // 2
    assert grey_of(whole[:at] + whole[at + 512 :], layout) is None
    assert grey_of(whole[:at] + bytes(512) + whole[at + 512 :], layout) is None


def test_which_formats_have_limited_luma() -> None:
    limited = {fourcc for fourcc in RAW_FORMATS if is_luma_limited(fourcc)}
    assert limited == {"NV12", "NV21", "YU12", "YV12", "422P", "NV16", "YUYV", "UYVY"}


def _without_tables(jpeg: bytes) -> bytes:
    kept, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept += b"" if jpeg[at + 1] == 0xC4 else jpeg[at:end]
        at = end
    return kept + jpeg[at:]
