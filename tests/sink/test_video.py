"""The video: true times, odd and changing sizes, and what a kill leaves."""

import os
import signal
import subprocess
import sys

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import SettingError
from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.sink.video import VideoSink, even_sized

WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.sink.video import VideoSink
sink = VideoSink(Path(sys.argv[1]))
for i in range(10**6):
    pixels = np.full((120, 160), 100, np.uint8)
    pixels[:40, :40] = 255 * (i % 2)
    frame = Frame(pixels, i * 40_000_000, i, "test")
    sink.write(frame, Finding("t", i, i, Verdict.MEASURED), np.dstack([pixels] * 3))
    print(i, flush=True)
"""


def write(folder, times_ms, shapes=None, **options):
    with VideoSink(folder, **options) as sink:
        for number, time_ms in enumerate(times_ms):
            shape = shapes[number] if shapes else (48, 64)
            pixels = np.full(shape, 20 * number % 250, np.uint8)
            frame = Frame(pixels, time_ms * 1_000_000, number, "test")
            sink.write(frame, Finding("t", number, frame.exposed_ns, Verdict.MEASURED), np.dstack([pixels] * 3))


def read(path):
    with av.open(str(path)) as container:
        return [(round(frame.time * 1000), frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def times(path):
    return [time_ms for time_ms, _ in read(path)]


def test_playback_times_are_those_of_the_exposures(tmp_path):
    write(tmp_path, [5000, 5040, 5080, 5500, 5533, 9533])
    assert times(tmp_path / "video-001.mkv") == [0, 40, 80, 500, 533, 4533]


def test_times_that_stand_still_or_fall_back_go_on_at_the_nominal_rate(tmp_path):
    write(tmp_path, [100, 100, 100, 150, 20, 60], fps=20)
    assert times(tmp_path / "video-001.mkv") == [0, 50, 100, 150, 200, 240]


@pytest.mark.parametrize("shape", [(96, 128), (98, 130), (94, 126), (97, 129)])
def test_pictures_come_back_as_they_were_drawn(tmp_path, shape):
    pixels = np.zeros(shape, np.uint8)
    cv2.circle(pixels, (64, 48), 30, 255, -1)
    pixels[-8:] = 200
    picture = np.dstack([pixels // 2, pixels, pixels // 4])
    with VideoSink(tmp_path) as sink:
        for number in range(3):
            sink.write(
                Frame(pixels, number * 40_000_000, number, "t"), Finding("t", number, 0, Verdict.MEASURED), picture
            )
    for _, shown in read(tmp_path / "video-001.mkv"):
        assert shown.shape == even_sized(picture).shape
        assert np.abs(shown.astype(int) - even_sized(picture)).mean() < 3


def test_another_size_starts_another_file(tmp_path):
    write(tmp_path, [0, 40, 80, 120, 160], [(48, 64), (48, 64), (49, 65), (49, 65), (48, 64)])
    found = {path.name: [shown.shape[:2] for _, shown in read(path)] for path in sorted(tmp_path.iterdir())}
    assert found == {
        "video-001.mkv": [(48, 64)] * 2,
        "video-002.mkv": [(50, 66)] * 2,
        "video-003.mkv": [(48, 64)],
    }
    assert times(tmp_path / "video-002.mkv") == [0, 40]


@pytest.mark.parametrize("name", ["knee: left", os.fsdecode(b"knee-\xe9")], ids=["colon", "no UTF-8"])
def test_a_folder_may_have_any_name(tmp_path, name):
    write(tmp_path / name, [0, 40])
    with (tmp_path / name / "video-001.mkv").open("rb") as file, av.open(file) as container:
        assert sum(1 for _ in container.decode(video=0)) == 2


@pytest.mark.parametrize("count", [30, 144])
def test_kill_leaves_all_but_the_last_pictures_readable(tmp_path, count):
    """Wherever it strikes between two key pictures, of which there is one a second."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    written = -1
    for line in writer.stdout:
        written = int(line)
        if written >= count:
            os.kill(writer.pid, signal.SIGKILL)
            break
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    shown = read(tmp_path / "video-001.mkv")
    assert len(shown) >= written - 1
    for number, (time_ms, picture) in enumerate(shown):
        assert time_ms == number * 40
        assert (picture[5:35, 5:35].mean() > 128) == bool(number % 2)


@given(st.integers(1, 9), st.integers(1, 9))
@settings(deadline=None)
def test_odd_sizes_double_their_last_row_and_column(height, width):
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    even = even_sized(picture)
    assert even.shape == (height + height % 2, width + width % 2, 3)
    assert np.array_equal(even[:height, :width], picture)
    assert np.array_equal(even[-1, -1], picture[-1, -1])


@pytest.mark.parametrize("fps", [0, -5, float("nan"), 1e6])
def test_rate_must_be_one(tmp_path, fps):
    with pytest.raises(SettingError, match="frames per second"):
        VideoSink(tmp_path, fps=fps)
