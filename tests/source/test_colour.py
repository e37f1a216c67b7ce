"""Frames give their colour when they are asked: the same picture, place for place, whatever it came from."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.clock import MonotonicClock
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.screen.square_pixels import squared
from edge.source.arrays import ArraySource
from edge.source.dicom import open_dicom
from edge.source.pixel_format import RawFormat, colour_of, grey_of
from edge.source.stills import open_stills
from edge.source.video import open_video

CLOCK = MonotonicClock()


def flowing(height: int = 96, width: int = 128) -> np.ndarray:
    """A grey ramp with a red patch and a blue one, BGR."""
    grey = np.tile(np.linspace(20, 200, width).astype(np.uint8), (height, 1))
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    picture[32:64, 32:64] = (20, 30, 230)
    picture[32:64, 80:112] = (230, 60, 20)
    return np.asarray(picture, np.uint8)


def check(frame: Frame, picture: np.ndarray, tolerance: float) -> None:
    assert frame.colour is not None
    shown = frame.colour()
    assert shown.shape == (*frame.pixels.shape, 3) and shown.dtype == np.uint8
    assert np.abs(shown[40:56, 40:56].astype(float) - picture[40:56, 40:56]).mean() < tolerance
    assert np.abs(shown[40:56, 88:104].astype(float) - picture[40:56, 88:104]).mean() < tolerance


def test_an_array_is_kept_though_its_buffer_is_used_again() -> None:
    buffer = flowing()
    with ArraySource([buffer]) as source:
        frame = source.read(1.0)
        buffer[:] = 0
        assert frame is not None
        check(frame, flowing(), 0.1)


def test_a_grey_array_has_none() -> None:
    with ArraySource([flowing()[..., 0]]) as source:
        frame = source.read(1.0)
    assert frame is not None and frame.colour is None


@pytest.mark.parametrize(("suffix", "tolerance"), [("png", 0.1), ("jpg", 12.0)])
def test_a_still(tmp_path: Path, suffix: str, tolerance: float) -> None:
    path = tmp_path / f"flow.{suffix}"
    cv2.imwrite(str(path), flowing())
    with open_stills(str(path), fps=None, clock=CLOCK) as source:
        frame = source.read(1.0)
    assert frame is not None
    check(frame, flowing(), tolerance)


def test_a_video(tmp_path: Path) -> None:
    path = tmp_path / "flow.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 10, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(flowing(), format="bgr24")))
        container.mux(stream.encode())
    with open_video(str(path), fps=None, clock=CLOCK) as source:
        frames = list(iter(lambda: source.read(5.0), None))
    assert len(frames) == 4
    for frame in frames:
        check(frame, flowing(), 14.0)


def test_a_dicom(tmp_path: Path) -> None:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, UltrasoundImageStorage
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.Rows, data.Columns = UltrasoundImageStorage, 96, 128
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = np.ascontiguousarray(flowing()[..., ::-1]).tobytes()
    path = tmp_path / "flow.dcm"
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = "1.2.3"
    data.save_as(path, enforce_file_format=True)
    with open_dicom(str(path), fps=None, clock=CLOCK) as source:
        frame = source.read(1.0)
    assert frame is not None
    check(frame, flowing(), 0.1)


def packed(fourcc: str, picture: np.ndarray) -> bytes:
    """The picture in a camera's format, full range."""
    height, width = picture.shape[:2]
    luma, red, blue = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb))
    if fourcc == "BGR3":
        return picture.tobytes()
    if fourcc == "RGB3":
        return picture[..., ::-1].tobytes()
    down = 1 if fourcc in ("422P", "NV16", "YUYV", "UYVY") else 2
    blue, red = (plane[::down, ::2] for plane in (blue, red))
    if fourcc in ("YUYV", "UYVY"):
        lines = np.empty((height, width // 2, 4), np.uint8)
        first = 0 if fourcc == "YUYV" else 1
        lines[..., first], lines[..., first + 2] = luma[:, ::2], luma[:, 1::2]
        lines[..., 1 - first], lines[..., 3 - first] = blue, red
        return lines.tobytes()
    one, two = (red, blue) if fourcc in ("NV21", "YV12") else (blue, red)
    chroma = np.stack((one, two), axis=-1) if fourcc.startswith("NV") else np.stack((one, two))
    return luma.tobytes() + chroma.tobytes()


@pytest.mark.parametrize(
    "fourcc", ["NV12", "NV21", "NV16", "YU12", "YV12", "422P", "YUYV", "UYVY", "BGR3", "RGB3", "MJPG"]
)
def test_a_camera(fourcc: str) -> None:
    picture = flowing()
    data = cv2.imencode(".jpg", picture)[1].tobytes() if fourcc == "MJPG" else packed(fourcc, picture)
    layout = RawFormat(fourcc, 128, 96, 0, True)
    grey = grey_of(data, layout)
    assert grey is not None
    check(Frame(grey, 0, 0, "camera:x", colour=lambda: colour_of(data, layout)), picture, 12.0)


def test_limited_colour_is_stretched() -> None:
    data = np.full((16, 16), 126, np.uint8).tobytes() + np.full((8, 8, 2), 200, np.uint8).tobytes()
    limited, full = (colour_of(data, RawFormat("NV12", 16, 16, 0, wide)) for wide in (False, True))
    assert int(limited[8, 8, 0]) > int(full[8, 8, 0])


def test_colour_is_stretched_with_its_frame() -> None:
    picture = flowing()
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    spacing = PixelSpacing(0.2, 0.1, SpacingOrigin.USER)
    frame = squared(Frame(grey, 0, 0, "x", spacing, colour=lambda: picture))
    assert frame.colour is not None and frame.colour().shape == (96, 256, 3)
    luma = cv2.cvtColor(frame.colour(), cv2.COLOR_BGR2GRAY)
    assert np.abs(luma.astype(int) - frame.pixels).max() <= 2
