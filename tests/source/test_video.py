"""Videos that PyAV writes here, whole and damaged."""

from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SourceFormatError, SourceNotFoundError
from edge.frame import Frame
from edge.source.motion_jpeg import JpegPicture, MotionJpeg
from edge.source.recording import Recording
from edge.source.video import open_video

_DATA = Path(__file__).parents[2] / "../shared/data/handheld_screens"
_HEIGHT, _WIDTH = 48, 64


def _picture(number: int) -> np.ndarray:
    """Three plain columns of blocks that tell the number."""
    shown = np.full((_HEIGHT, _WIDTH), 40, np.uint8)
    shown[:, :32] = 10 * (number % 20) + 30
    return shown


def _write(
    path: Path,
    codec: str,
    pix_fmt: str,
    pictures: list[np.ndarray],
    times_ms: list[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], pix_fmt
        if times_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if codec in ("libx264", "mpeg4"):
            stream.options = {"g": "5", "crf": "5"} if codec == "libx264" else {"g": "5"}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format=pix_fmt)
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _open(path: Path, fps: float | None = None) -> Recording:
    return open_video(str(path), fps=fps, clock=ManualClock())


def _read_to_damage(source: Recording) -> tuple[list[Frame], str | None]:
    frames = []
    try:
        while (frame := source.read(1)) is not None:
            frames.append(frame)
    except SourceFormatError as error:
        assert source.read(1) is None
        return frames, str(error)
    return frames, None


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "tolerance"),
    [
        ("a.mkv", "ffv1", "gray", 0),
        ("a.mkv", "ffv1", "yuv420p", 1),
        ("a.avi", "mjpeg", "yuvj420p", 4),
        ("a.mp4", "mpeg4", "yuv420p", 6),
        ("a.mp4", "libx264", "yuv420p", 4),
        ("a.mov", "png", "rgb24", 1),
        ("a.mkv", "ffv1", "gray16le", 1),
    ],
)
def test_the_full_range_of_grey_is_kept(name: str, codec: str, pix_fmt: str, tolerance: int, tmp_path: Path) -> None:
    """Black, white and every grey between them, whether the codec stores 0..255 or 16..235."""
    ramp = np.repeat(np.repeat(np.linspace(0, 255, 16).astype(np.uint8), 8)[None], 64, axis=0)
    _write(tmp_path / name, codec, pix_fmt, [ramp] * 3)
    with _open(tmp_path / name) as source:
        frame = source.read(1)
    assert frame is not None and frame.pixels.shape == ramp.shape
    middle = frame.pixels[32, 4::8].astype(int)
    assert np.abs(middle - ramp[32, 4::8]).max() <= tolerance


def test_every_frame_in_order_with_its_time(tmp_path: Path) -> None:
    _write(tmp_path / "a.mkv", "ffv1", "gray", [_picture(n) for n in range(12)])
    with _open(tmp_path / "a.mkv") as source:
        frames, damage = _read_to_damage(source)
    assert damage is None
    assert [f.sequence for f in frames] == list(range(12))
    assert [f.exposed_ns for f in frames] == [n * 40_000_000 for n in range(12)]
    assert all((f.pixels == _picture(n)).all() for n, f in enumerate(frames))
    assert frames[0].origin == "video:a.mkv" and frames[0].spacing is None and frames[0].region is None


def test_a_variable_rate_keeps_its_own_times_whatever_the_pace(tmp_path: Path) -> None:
    times = [500, 540, 700, 710, 1500]
    _write(tmp_path / "a.mkv", "ffv1", "gray", [_picture(n) for n in range(5)], times)
    for fps in (None, 10.0):
        with _open(tmp_path / "a.mkv", fps) as source:
            frames, _ = _read_to_damage(source)
        assert [f.exposed_ns // 1_000_000 for f in frames] == [time - 500 for time in times]


def test_a_truncated_video_with_its_index_first_gives_what_it_holds_then_says_so(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 256, (_HEIGHT, _WIDTH), dtype=np.uint8) for _ in range(20)]
    path = _write(tmp_path / "a.mp4", "libx264", "yuv420p", pictures, options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with _open(path) as source:
        frames, damage = _read_to_damage(source)
    assert 5 <= len(frames) < 20
    assert damage is not None and "truncated" in damage and "a.mp4" in damage


def test_a_truncated_matroska_whose_header_tells_its_length(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 256, (_HEIGHT, _WIDTH), dtype=np.uint8) for _ in range(50)]
    path = _write(tmp_path / "a.mkv", "ffv1", "gray", pictures)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with _open(path) as source:
        frames, damage = _read_to_damage(source)
    assert 20 <= len(frames) <= 25
    assert all((f.pixels == pictures[n]).all() for n, f in enumerate(frames[:-1]))
    assert damage is not None and "truncated" in damage


def test_a_recording_that_a_power_cut_ended_reads_to_its_end(tmp_path: Path) -> None:
    """A Matroska file whose header promises no length, as a recorder leaves it that was killed."""
    pictures = [_picture(n) for n in range(30)]
    path = _write(tmp_path / "a.mkv", "ffv1", "gray", pictures, options={"live": "1"})
    with _open(path) as source:
        frames, damage = _read_to_damage(source)
    assert len(frames) == 30 and damage is None


def test_damage_in_the_middle_is_told_and_costs_only_its_own_frames(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 256, (_HEIGHT, _WIDTH), dtype=np.uint8) for _ in range(20)]
    path = _write(tmp_path / "a.mov", "png", "gray", pictures)
    data = bytearray(path.read_bytes())
    start = len(data) // 2
    start = data.index(b"IDAT", start) + 100
    data[start : start + 200] = bytes(200)
    path.write_bytes(data)
    with _open(path) as source:
        frames, damage = _read_to_damage(source)
    assert 18 <= len(frames) <= 19
    assert damage is not None and "damaged" in damage
    missing = set(range(20)) - {f.sequence for f in frames}
    assert len(missing) == 20 - len(frames)
    assert all((f.pixels == pictures[f.sequence]).all() for f in frames)


_ONE = 1 << 16
_TURNS = {
    "as stored": ((_ONE, 0, 0, _ONE), lambda stored: stored),
    "quarter right": ((0, _ONE, -_ONE, 0), lambda stored: np.rot90(stored, -1)),
    "half": ((-_ONE, 0, 0, -_ONE), lambda stored: np.rot90(stored, 2)),
    "quarter left": ((0, -_ONE, _ONE, 0), np.rot90),
    "mirrored": ((-_ONE, 0, 0, _ONE), np.fliplr),
    "upside down": ((_ONE, 0, 0, -_ONE), np.flipud),
    "transposed": ((0, _ONE, _ONE, 0), np.transpose),
    "transversed": ((0, -_ONE, -_ONE, 0), lambda stored: np.rot90(stored, 2).T),
}


def _with_matrix(path: Path, corner: tuple[int, ...], last: int = 1 << 30) -> Path:
    """Sets the display matrix in the track header: version and flags, then 36 bytes."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = corner
    data[at : at + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in (a, b, 0, c, d, 0, 0, 0, last))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("turn", _TURNS)
def test_a_video_is_seen_as_its_display_matrix_says(turn: str, tmp_path: Path) -> None:
    corner, expected = _TURNS[turn]
    shown = np.full((_HEIGHT, _WIDTH), 60, np.uint8)
    shown[4:20, 6:40] = 180
    colour = np.repeat(shown[..., None], 3, axis=2)
    colour[28:40, 44:60] = (230, 30, 20)
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2, 1)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(colour, format="rgb24")))
        container.mux(stream.encode(None))
    with _open(tmp_path / "a.mp4") as source:
        stored = source.read(1)
    with _open(_with_matrix(tmp_path / "a.mp4", corner)) as source:
        frame = source.read(1)
    assert stored is not None and frame is not None
    assert (frame.pixels == expected(stored.pixels)).all()
    assert frame.pixel_aspect == pytest.approx(0.5 if frame.pixels.shape != stored.pixels.shape else 2.0)
    box = np.zeros((_HEIGHT, _WIDTH), bool)
    assert stored.coloured is not None and frame.coloured is not None
    stored.coloured.crop(box)[:] = True
    seen = np.zeros(frame.pixels.shape, bool)
    frame.coloured.crop(seen)[:] = True
    assert (seen == expected(box)).all()


@pytest.mark.parametrize("corner", [(_ONE // 2, _ONE, -_ONE, _ONE // 2), (2 * _ONE, 0, 0, _ONE), (0, 0, 0, 0)])
def test_a_slanting_or_stretching_display_matrix_is_refused(corner: tuple[int, ...], tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mp4", "libx264", "yuv420p", [_picture(n) for n in range(5)])
    if any(corner):
        with pytest.raises(SourceFormatError, match="display matrix slants or stretches"):
            _open(_with_matrix(path, corner))
    else:
        with _open(_with_matrix(path, corner)) as source:  # a matrix of zeros is one that was never written
            assert source.read(1) is not None


def _in_codec(path: Path, codec: str, ratio: Fraction | None, count: int = 12, **options: str) -> Path:
    noise = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 192, 160
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if ratio is not None:
            stream.codec_context.sample_aspect_ratio = ratio
        stream.options = options
        for number in range(count):
            tissue = np.repeat(np.repeat(noise.integers(0, 200, (40, 48), dtype=np.uint8), 4, 0), 4, 1)
            tissue[:, :40] = 10 * number % 200
            frame = av.VideoFrame.from_ndarray(tissue, format="gray").reformat(format=stream.pix_fmt)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.avi", "mjpeg"), ("a.ts", "libx264")],
)
@pytest.mark.parametrize("ratio", [Fraction(8, 9), Fraction(2, 1), Fraction(1, 1), None])
def test_the_shape_of_the_pixels(name: str, codec: str, ratio: Fraction | None, tmp_path: Path) -> None:
    with _open(_in_codec(tmp_path / name, codec, ratio, count=3)) as source:
        frames, damage = _read_to_damage(source)
    assert damage is None
    assert {round(f.pixel_aspect, 4) for f in frames} == {round(float(ratio or 1), 4)}
    assert all(f.doubts == () for f in frames)


def test_the_shape_of_the_pixels_may_change_within_a_file(tmp_path: Path) -> None:
    """One stream behind the other, as a recorder leaves it that was set anew."""
    ratios = enumerate((Fraction(2), Fraction(1)))
    parts = [_in_codec(tmp_path / f"{number}.h264", "libx264", ratio, 30, g="10") for number, ratio in ratios]
    (tmp_path / "a.h264").write_bytes(b"".join(part.read_bytes() for part in parts))
    with _open(tmp_path / "a.h264") as source:
        frames, _ = _read_to_damage(source)
    trusted = [round(f.pixel_aspect, 3) for f in frames if not f.doubts]
    assert set(trusted) == {2.0, 1.0} and trusted == sorted(trusted, reverse=True)
    assert any("changes within the file" in doubt for f in frames for doubt in f.doubts)


_CODECS = [
    ("a.mp4", "libx264", {"g": "6", "crf": "18"}),
    ("a.mkv", "libx264", {"g": "6", "crf": "18", "bf": "0"}),
    ("a.ts", "libx264", {"g": "6", "crf": "18"}),
    ("a.mp4", "mpeg4", {"g": "6", "qscale": "3"}),
    ("a.mkv", "mpeg2video", {"g": "6"}),
    ("a.avi", "mjpeg", {"qscale": "3"}),
    ("a.mkv", "ffv1", {"level": "3", "slicecrc": "1", "g": "6"}),
    ("a.webm", "libvpx", {"b": "2M", "g": "6"}),
]


@pytest.mark.parametrize(("name", "codec", "options"), _CODECS)
def test_pictures_that_lost_bytes_are_left_out_and_counted(
    name: str, codec: str, options: dict[str, str], tmp_path: Path
) -> None:
    """256 bytes, blank or noise, in five places of each: every frame that is given is as it was written."""
    path = _in_codec(tmp_path / name, codec, None, 24, **options)
    with _open(path) as source:
        whole, damage = _read_to_damage(source)
    assert damage is None and len(whole) == 24
    by_time = {frame.exposed_ns: frame.pixels.astype(int) for frame in whole}
    data = path.read_bytes()
    first, wrong, told = len(data) // 8, 0, 0
    noise = np.random.default_rng(5).integers(0, 256, 256, dtype=np.uint8).tobytes()
    places = range(first, len(data) - first, (len(data) - 2 * first) // 5)
    blank_only = codec.startswith("libvpx")  # an arithmetic code without checks: noise decodes to something
    for at, lost in product(places, (bytes(256),) if blank_only else (bytes(256), noise)):
        path.write_bytes(data[:at] + lost + data[at + 256 :])
        try:
            with _open(path) as source:
                frames, damage = _read_to_damage(source)
        except SourceFormatError as error:
            frames, damage = [], str(error)
        told += damage is not None
        for frame in frames:
            # AVI counts its pictures: where the head of one is lost, those that follow come too early.
            near = by_time.values() if name.endswith(".avi") else [by_time.get(frame.exposed_ns)]
            wrong += all(meant is None or (np.abs(frame.pixels - meant) > 24).mean() > 0.01 for meant in near)
    assert told >= 5
    assert wrong == 0


def test_a_bare_stream_has_no_times_but_those_that_are_stated(tmp_path: Path) -> None:
    path = _in_codec(tmp_path / "a.h264", "libx264", None, 6)
    with _open(path) as source:
        assert [f.timed for f in _read_to_damage(source)[0]] == [False] * 6
    with _open(path, fps=10) as source:
        frames, _ = _read_to_damage(source)
    assert all(f.timed for f in frames)
    assert [f.exposed_ns for f in frames] == [n * 100_000_000 for n in range(6)]


def test_sound_only(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceFormatError, match="no pictures, only audio"):
        _open(tmp_path / "a.mp4")


def test_files_that_are_no_video(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(SourceFormatError, match="0 bytes"):
        _open(tmp_path / "empty.mp4")
    (tmp_path / "text.mp4").write_text("not a video\n" * 100)
    with pytest.raises(SourceFormatError, match="no video that can be read"):
        _open(tmp_path / "text.mp4")
    whole = _write(tmp_path / "a.mp4", "libx264", "yuv420p", [_picture(n) for n in range(20)]).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceFormatError, match=r"cut.mp4.*index at the end is missing"):
        _open(tmp_path / "cut.mp4")
    with pytest.raises(SourceFormatError, match="is a folder"):
        _open(tmp_path)
    with pytest.raises(SourceNotFoundError):
        _open(tmp_path / "missing.mp4")
    assert capfd.readouterr().err == ""


def test_a_play_list_reaches_for_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(SourceFormatError):
        _open(tmp_path / "list.m3u8")


def test_a_name_with_odd_characters(tmp_path: Path) -> None:
    odd = _write(tmp_path / "a.mkv", "ffv1", "gray", [_picture(0)]).rename(tmp_path / "knee: 100 %d #1 ä.mkv")
    with _open(odd) as source:
        assert source.read(1) is not None


@pytest.mark.parametrize(
    ("name", "count", "shape"),
    [("clarius-ocular-short.mp4", 50, (960, 1280)), ("sonosite-anon-eye1-video.mp4", 100, (720, 960))],
)
def test_real_clips(name: str, count: int, shape: tuple[int, int]) -> None:
    if not (_DATA / name).exists():
        pytest.skip(f"missing: ../shared/data/handheld_screens/{name}")
    first = None
    with _open(_DATA / name) as source:
        frames = 0
        while (frame := source.read(1)) is not None:
            first = first or frame
            assert frame.pixels.shape == shape
            frames += 1
    assert frames == count
    grabber = cv2.VideoCapture(str(_DATA / name))
    _, bgr = grabber.read()
    grabber.release()
    assert first is not None
    assert np.abs(first.pixels.astype(int) - cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)).mean() < 2


def test_motion_jpeg_is_read_from_its_packets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the first picture, by the decoder that checks it: the pixels within one level, the same times."""
    path = _in_codec(tmp_path / "a.avi", "mjpeg", Fraction(2), 8, qscale="3")
    with av.open(str(path)) as container:
        expected = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    read: list[bool] = []
    plain = MotionJpeg.read

    def spied(self: MotionJpeg, packet: "av.Packet[av.VideoStream]") -> JpegPicture | None:
        picture = plain(self, packet)
        read.append(picture is not None)
        return picture

    monkeypatch.setattr(MotionJpeg, "read", spied)
    with _open(path) as source:
        frames, damage = _read_to_damage(source)
    assert damage is None and read[:8] == [False] + [True] * 7
    assert [frame.exposed_ns for frame in frames] == [round(time * 1e9) for time, _ in expected]
    assert all(np.abs(f.pixels.astype(int) - grey).max() <= 1 for f, (_, grey) in zip(frames, expected, strict=True))
    assert {frame.pixel_aspect for frame in frames} == {2.0} and {frame.coloured for frame in frames} == {None}
