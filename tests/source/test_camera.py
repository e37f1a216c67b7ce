"""The camera, against a simulated V4L2 driver, and what cameras there are."""

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SettingError, SourceBusyError, SourceError, SourceNotFoundError
from edge.source.camera import CameraInfo, camera_error, list_cameras, open_camera

REPOSITORY = Path(__file__).parents[2]
Run = Callable[..., list[Any]]

_SLEEP_THEN_READ = """
import pathlib

def made():
    return int.from_bytes(pathlib.Path({progress!r}).read_bytes(), "little")

def sleep_until_all_are_made():
    while made() < 40:
        time.sleep(0.02)
    time.sleep(1.0)
"""


def test_frames_come_in_order_with_the_drivers_own_numbers_and_times(with_camera: Run) -> None:
    frames = with_camera("""
        with open_source("camera:0") as source:
            read = [source.read(10) for _ in range(10)]
            now_ns = time.monotonic_ns()
        for f in read:
            out([*told(f), f.exposed_ns, now_ns, list(f.pixels.shape), f.origin, str(f.region), str(f.spacing)])
    """)
    for sequence, burnt, exposed_ns, now_ns, shape, origin, region, spacing in frames:
        assert sequence == burnt
        assert 0 <= exposed_ns <= now_ns
        assert (shape, origin, region, spacing) == ([480, 640], "camera:/dev/video0", "None", "None")
    assert [f[0] for f in frames] == sorted({f[0] for f in frames})
    assert [f[2] for f in frames] == sorted({f[2] for f in frames})


def test_a_reader_that_slept_gets_the_newest_frame(with_camera: Run, tmp_path: Path) -> None:
    progress = str(tmp_path / "progress")
    Path(progress).touch()
    waiting = _SLEEP_THEN_READ.format(progress=progress)
    first, last, after = with_camera(
        waiting
        + """
with open_source("camera:0") as source:
    out(told(source.read(10)))
    sleep_until_all_are_made()
    out(told(source.read(10)))
    try:
        source.read(0.1)
    except SourceStalledError as error:
        out(str(error))
""",
        stall_after=40,
        progress=progress,
    )
    assert first[0] < 39
    assert last == [39, 39]  # the gap tells that the others were never read
    assert "no frames" in after


def test_the_simulated_driver_does_hand_out_old_frames(with_camera: Run, tmp_path: Path) -> None:
    """The test above is worth something only if a plain reader would get a stale frame."""
    progress = str(tmp_path / "progress")
    Path(progress).touch()
    waiting = _SLEEP_THEN_READ.format(progress=progress)
    (stale,) = with_camera(
        waiting
        + """
import av
container = av.open("/dev/video0", format="video4linux2")
frames = container.decode(video=0)
next(frames)
sleep_until_all_are_made()
out(int.from_bytes(next(frames).to_ndarray(format="gray")[0, :4].tobytes(), "little"))
container.close()
""",
        stall_after=40,
        progress=progress,
    )
    assert stale < 39


def test_unplug_is_told_at_once_and_again_after_each_timeout(with_camera: Run) -> None:
    answers = with_camera(
        """
        with open_source("camera:0") as source:
            for _ in range(40):
                try:
                    out(told(source.read(60)))
                except SourceLostError as error:
                    out(str(error))
                    break
            for _ in range(2):
                try:
                    source.read(0.01)
                except SourceLostError as error:
                    out(str(error))
        """,
        unplug_after=6,
    )
    frames, errors = [a for a in answers if isinstance(a, list)], [a for a in answers if isinstance(a, str)]
    assert frames and frames[-1][0] <= 5
    assert len(errors) == 3
    assert all("was unplugged" in text and "Shim Grabber" in text for text in errors)


def test_reading_goes_on_after_the_camera_is_plugged_in_again(with_camera: Run) -> None:
    answers = with_camera(
        """
        with open_source("camera:0") as source:
            for _ in range(40):
                try:
                    out(told(source.read(60)))
                except SourceLostError as error:
                    out(str(error))
                    break
            for _ in range(3):
                out(told(source.read(60)))
        """,
        unplug_after=6,
        replug_ms=300,
    )
    where = next(i for i, a in enumerate(answers) if isinstance(a, str))
    before, after = answers[:where], answers[where + 1 :]
    assert len(after) == 3
    assert after[0][0] > before[-1][0] + 1  # what was missed shows as a gap
    assert after[0][1] < after[0][0]  # the driver started to count anew, the source did not
    assert [f[0] for f in after] == sorted({f[0] for f in after})


def test_connected_but_no_frames(with_camera: Run) -> None:
    (text,) = with_camera(
        """
        with open_source("camera:0") as source:
            try:
                source.read(0.3)
            except SourceStalledError as error:
                out(str(error))
        """,
        stall_after=0,
    )
    assert "connected but sends no frames" in text


@pytest.mark.parametrize(
    ("switch", "code", "kind", "hint"),
    [
        ("open_errno", errno.EBUSY, "SourceBusyError", "another program"),
        ("streamon_errno", errno.EBUSY, "SourceBusyError", "another program"),
        ("open_errno", errno.EACCES, "SourceError", "group 'video'"),
        ("open_errno", errno.ENOENT, "SourceNotFoundError", "no camera /dev/video0"),
        ("open_errno", errno.ENODEV, "SourceNotFoundError", "no camera /dev/video0"),
        ("streamon_errno", errno.ENOSPC, "SourceError", "cannot be opened"),
    ],
)
def test_why_a_camera_cannot_be_opened(with_camera: Run, switch: str, code: int, kind: str, hint: str) -> None:
    ((name, text),) = with_camera(
        """
        try:
            open_source("camera:0")
        except SourceError as error:
            out([type(error).__name__, str(error)])
        """,
        **{switch: code},
    )
    assert name == kind
    assert hint in text


def test_pictures_that_the_driver_marks_as_damaged_are_passed_over(with_camera: Run) -> None:
    (frame,) = with_camera(
        """
        with open_source("camera:0") as source:
            out(told(source.read(10)))
        """,
        damaged=5,
    )
    assert frame[0] == frame[1] >= 5


@pytest.mark.parametrize(
    ("stated", "expected"), [("54/59", 59 / 54 * (720 / 640) / (576 / 480)), (None, 1.0), ("0/0", 1.0)]
)
def test_the_shape_of_the_pixels_is_the_drivers(with_camera: Run, stated: str | None, expected: float) -> None:
    """An analogue grabber that samples 720 x 576 and scales that to 640 x 480."""
    (aspect,) = with_camera(
        """
        with open_source("camera:0@640x480") as source:
            out(source.read(10).pixel_aspect)
        """,
        **({} if stated is None else {"aspect": stated}),
    )
    assert aspect == pytest.approx(expected)


@pytest.mark.parametrize(("format_", "level"), [("GREY", 100), ("YUYV", 128)])
def test_formats(with_camera: Run, format_: str, level: int) -> None:
    """YUYV luma keeps to 16..235: 126 is (126 - 16) * 255 / 219 = 128."""
    (middle,) = with_camera(
        """
        with open_source("camera:0") as source:
            out(int(source.read(10).pixels[240, 320]))
        """,
        format=format_,
    )
    assert middle == level


def test_mjpeg_and_a_cut_jpeg(with_camera: Run, tmp_path: Path) -> None:
    picture = np.full((480, 640), 77, np.uint8)
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    read = """
        with open_source("camera:0") as source:
            try:
                out(int(source.read(3).pixels[240, 320]))
            except SourceStalledError as error:
                out(str(error))
    """
    assert with_camera(read, format="MJPG", jpeg=tmp_path / "whole.jpg") == [77]
    (text,) = with_camera(read, format="MJPG", jpeg=tmp_path / "cut.jpg")
    assert "damaged pictures only" in text


def test_a_size_can_be_asked_for(with_camera: Run) -> None:
    shapes = with_camera("""
        for spec in ("camera:0", "camera:0@320x240"):
            with open_source(spec) as source:
                out(list(source.read(10).pixels.shape))
        try:
            open_source("camera:0@1x1")
        except SourceError as error:
            out(str(error))
    """)
    assert shapes[:2] == [[480, 640], [240, 320]]
    assert "320x240, 640x480" in shapes[2]


def test_a_driver_that_lists_no_modes_is_used_as_it_stands(with_camera: Run) -> None:
    script = """
        with open_source("camera:0") as source:
            out(list(source.read(10).pixels.shape))
    """
    assert with_camera(script, no_modes=1) == [[240, 320]]


def test_closing_lets_go_of_the_device(with_camera: Run) -> None:
    """Opening, closing and opening again leaves no descriptor behind."""
    (before, after) = with_camera("""
        import os
        def count():
            return len(os.listdir("/proc/self/fd"))
        with open_source("camera:0") as source:
            source.read(10)
        out(count())
        for _ in range(5):
            with open_source("camera:0") as source:
                source.read(10)
        out(count())
    """)
    assert before == after


def test_the_contract_holds_for_a_camera(camera_environment: Callable[..., dict[str, str]]) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/contract/test_source.py",
            "-k",
            "camera",
        ],
        env={**camera_environment(), "SONOEDGE_TEST_CAMERA": "1"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout.splitlines()[-1]


@pytest.mark.parametrize("size", ["640", "640x", "x480", "axb", "640x480x3", "-1x5"])
def test_a_mistyped_size(size: str) -> None:
    with pytest.raises(SettingError, match="WIDTHxHEIGHT"):
        open_camera(f"0@{size}", fps=None, clock=ManualClock())


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_mistyped_rate(rate: float) -> None:
    with pytest.raises(SettingError, match="frame rate"):
        open_camera("0", fps=rate, clock=ManualClock())


def test_a_file_that_is_no_camera(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.write_bytes(b"x")
    with pytest.raises(SourceError, match="no video device"):
        open_camera(str(path), fps=None, clock=ManualClock())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOENT, SourceNotFoundError),
        (errno.EBUSY, SourceBusyError),
        (errno.EPERM, SourceError),
        (errno.EIO, SourceError),
    ],
)
def test_every_failure_to_open_is_a_source_error(code: int, kind: type[SourceError]) -> None:
    assert type(camera_error("/dev/video7", OSError(code, "x"))) is kind


def test_cameras_in_natural_order_without_data_nodes(tmp_path: Path) -> None:
    dev, sys_folder = tmp_path / "dev", tmp_path / "sys"
    dev.mkdir()
    for number, (name, index) in {0: ("Grabber", "0"), 1: ("Grabber", "1"), 2: ("Webcam", "0"), 10: ("", "")}.items():
        (dev / f"video{number}").touch()
        if name:
            (sys_folder / f"video{number}").mkdir(parents=True)
            (sys_folder / f"video{number}" / "name").write_text(name + "\n")
            (sys_folder / f"video{number}" / "index").write_text(index + "\n")
    assert list_cameras(sys_folder, dev) == (
        CameraInfo(str(dev / "video0"), "Grabber"),
        CameraInfo(str(dev / "video2"), "Webcam"),
        CameraInfo(str(dev / "video10"), ""),
    )


def test_a_machine_without_cameras(tmp_path: Path) -> None:
    assert list_cameras(tmp_path / "sys", tmp_path / "dev") == ()
