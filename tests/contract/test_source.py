"""What every source of frames must keep to."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SourceNotFoundError, SourceStalledError
from edge.frame import Frame
from edge.option import options_of
from edge.phantom.anatomy import Anatomy
from edge.source.arrays import ArraySource
from edge.source.contract import FrameSource
from edge.source.opening import open_source
from edge.source.table import SOURCES
from edge.task.table import anatomies

_FRAMES = 5


@dataclass(frozen=True, slots=True)
class _Case:
    make: Callable[[Path], str | list[np.ndarray]]
    """What is opened, after its files were made in a folder: a spec, or a program's own pictures."""
    live: bool
    length: int | None = _FRAMES
    """None: without end."""

    def open(self, folder: Path, **options: Any) -> FrameSource:
        made = self.make(folder)
        if isinstance(made, str):
            return open_source(made, **options)
        return ArraySource(made, **options)


def _picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (48, 64), dtype=np.uint8)


def _stills(folder: Path) -> str:
    for number in range(_FRAMES):
        cv2.imwrite(str(folder / f"f{number}.png"), _picture(number))
    return f"stills:{folder}"


def _video(folder: Path) -> str:
    path = folder / "cine.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        for number in range(_FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(number), format="gray")))
        container.mux(stream.encode(None))
    return f"video:{path}"


def _dicom(folder: Path) -> str:
    pydicom = pytest.importorskip("pydicom", reason="pydicom is missing: pip install 'sonoedge[dicom]'")
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.SOPClassUID = pydicom.uid.UltrasoundMultiFrameImageStorage
    data.SOPInstanceUID = pydicom.uid.generate_uid()
    data.Rows, data.Columns, data.NumberOfFrames, data.SamplesPerPixel = 48, 64, _FRAMES, 1
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.PhotometricInterpretation, data.FrameTime = "MONOCHROME2", 40
    data.PixelData = b"".join(_picture(number).tobytes() for number in range(_FRAMES))
    data.save_as(folder / "cine.dcm", enforce_file_format=True)
    return f"dicom:{folder / 'cine.dcm'}"


def _phantom(anatomy: Anatomy) -> str:
    """With its own settings as far from the usual as they go."""
    asked = options_of(anatomy.options)
    far = [
        "yes" if one.kind is bool else (*one.option.choices, one.option.high)[-1 - bool(one.option.choices)]
        for one in asked
    ]
    return ",".join(
        [f"phantom:{anatomy.name}", *(f"{one.name}={value}" for one, value in zip(asked, far, strict=True))]
    )


_CASES = {
    "stills": _Case(_stills, live=False),
    "video": _Case(_video, live=False),
    "dicom": _Case(_dicom, live=False),
    "arrays": _Case(lambda folder: [_picture(number) for number in range(_FRAMES)], live=False),
    "camera": _Case(lambda folder: "camera:0", live=True, length=None),
}
_CASES |= {
    f"phantom:{name}": _Case(lambda folder, one=one: _phantom(one), live=True, length=None)
    for name, one in anatomies().items()
}
# The camera's turn comes in tests/source/test_camera.py, in a process that sees a simulated one.
_HERE = [name for name in _CASES if name != "camera" or os.environ.get("SONOEDGE_TEST_CAMERA")]


@pytest.fixture(params=_HERE)
def case(request: pytest.FixtureRequest) -> _Case:
    return _CASES[request.param]


@pytest.fixture
def source(case: _Case, tmp_path: Path):
    with case.open(tmp_path) as opened:
        yield opened


def _read(source: FrameSource, count: int) -> list[Frame]:
    frames = [source.read(30.0) for _ in range(count)]
    assert None not in frames
    return [frame for frame in frames if frame is not None]


def test_every_source_is_in_the_contract_test() -> None:
    assert {name.partition(":")[0] for name in _CASES} == {*SOURCES.own, "arrays"}


def test_frames_are_grey_and_cannot_be_written(source: FrameSource) -> None:
    for frame in _read(source, 2):
        assert isinstance(frame, Frame)
        assert frame.pixels.dtype == np.uint8 and frame.pixels.ndim == 2
        with pytest.raises(ValueError, match="read-only"):
            frame.pixels[0, 0] = 0


def test_frames_come_in_the_order_of_exposure(source: FrameSource) -> None:
    frames = _read(source, _FRAMES)
    sequences, times = [f.sequence for f in frames], [f.exposed_ns for f in frames]
    assert sequences[0] >= 0 and all(a < b for a, b in pairwise(sequences))
    assert all(a < b for a, b in pairwise(times))


def test_origin_names_the_source(source: FrameSource, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["case"]
    origin = kind if ":" in kind or kind == "arrays" else f"{kind}:"
    assert all(frame.origin.startswith(origin) for frame in _read(source, 2))


def test_live_is_told(case: _Case, source: FrameSource) -> None:
    assert source.live is case.live


def test_a_recording_ends_and_stays_ended(case: _Case, source: FrameSource) -> None:
    if case.length is None:
        _read(source, 3)
        return
    assert [frame.sequence for frame in _read(source, case.length)] == list(range(case.length))
    assert source.read(1.0) is None
    assert source.read(1.0) is None


def test_after_close_there_is_nothing_more_and_closing_again_is_harmless(source: FrameSource) -> None:
    _read(source, 1)
    source.close()
    assert source.read(1.0) is None
    source.close()
    assert source.read(1.0) is None


def test_leaving_the_context_closes(case: _Case, tmp_path: Path) -> None:
    with case.open(tmp_path) as source:
        _read(source, 1)
    assert source.read(1.0) is None


def test_an_error_inside_the_context_gets_out(case: _Case, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), case.open(tmp_path) as source:
        raise ZeroDivisionError
    assert source.read(1.0) is None


def test_closing_from_another_thread_ends_the_reading(source: FrameSource) -> None:
    def read_all() -> None:
        try:
            while source.read(30.0) is not None:
                pass
        except Exception as error:
            problems.append(error)

    problems: list[Exception] = []
    reader = threading.Thread(target=read_all)
    reader.start()
    source.close()
    reader.join(60)
    assert not reader.is_alive()
    assert problems == []


def test_a_live_source_keeps_to_its_timeout(case: _Case, source: FrameSource) -> None:
    """A reader with no patience gets a frame or is told that there is none; it never hangs."""
    if not case.live:
        assert isinstance(source.read(0.0), Frame)
        return
    for _ in range(3):
        try:
            assert isinstance(source.read(0.0), Frame)
        except SourceStalledError as error:
            assert str(error)


@pytest.mark.parametrize("kind", ["stills", "video", "dicom", "camera"])
def test_what_is_not_there_is_told(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="nowhere"):
        open_source(f"{kind}:{tmp_path / 'nowhere'}")


@pytest.mark.parametrize("kind", ["stills", "video", "dicom", "arrays"])
def test_fps_paces_a_recording_by_the_clock(kind: str, tmp_path: Path) -> None:
    clock = ManualClock()
    with _CASES[kind].open(tmp_path, fps=10, clock=clock) as source:
        arrived = []
        while source.read(1.0) is not None:
            arrived.append(clock.now_ns())
    assert arrived == [number * 100_000_000 for number in range(_FRAMES)]
