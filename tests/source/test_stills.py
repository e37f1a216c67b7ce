"""Pictures from files and folders, whole and damaged."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from edge.clock import ManualClock
from edge.errors import SourceError, SourceFormatError, SourceNotFoundError
from edge.frame import Frame
from edge.source.stills import StillsSource

_NOISE = np.random.default_rng(3).integers(0, 256, (40, 60), dtype=np.uint8)


def _open(path: Path, fps: float | None = None) -> StillsSource:
    return StillsSource(str(path), fps=fps, clock=ManualClock())


def _only(path: Path) -> Frame:
    with _open(path) as source:
        frame = source.read(1)
        assert frame is not None
        assert source.read(1) is None
    return frame


def _all(source: StillsSource) -> list[Frame]:
    return list(iter(lambda: source.read(1), None))


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "pgm"])
def test_lossless_files_come_back_exactly(suffix: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), _NOISE)
    frame = _only(tmp_path / f"a.{suffix}")
    assert (frame.pixels == _NOISE).all()
    assert (frame.origin, frame.sequence, frame.exposed_ns) == (f"stills:a.{suffix}", 0, 0)
    assert frame.spacing is None and frame.region is None and frame.notes == ()


def test_16_bit_over_its_full_range(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    cv2.imwrite(str(tmp_path / "a.png"), ramp)
    frame = _only(tmp_path / "a.png")
    assert (frame.pixels == np.floor(ramp / 257 + 0.5)).all()
    assert frame.notes == ()


@pytest.mark.parametrize(("shift", "bits"), [(0, 8), (4, 12)])
def test_16_bit_files_with_fewer_bits_in_use_are_not_black_and_say_so(shift: int, bits: int, tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16)
    cv2.imwrite(str(tmp_path / "a.png"), ramp << shift)
    frame = _only(tmp_path / "a.png")
    assert np.abs(frame.pixels.astype(int) - ramp).max() <= 1
    assert any(f"only {bits} bits" in note for note in frame.notes)


def test_rgba_palette_one_bit_and_colour(tmp_path: Path) -> None:
    rgba = np.dstack((*[_NOISE] * 3, np.full_like(_NOISE, 255)))
    cv2.imwrite(str(tmp_path / "rgba.png"), rgba)
    assert (_only(tmp_path / "rgba.png").pixels == _NOISE).all()
    indexed = Image.new("P", _NOISE.shape[::-1])
    indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 255, 255])
    indexed.putdata(list((_NOISE // 64).reshape(-1)))
    indexed.save(tmp_path / "palette.png")
    expected = np.array([0, 76, 150, 255])[_NOISE // 64]
    assert np.abs(_only(tmp_path / "palette.png").pixels.astype(int) - expected).max() <= 1
    Image.fromarray(_NOISE > 128).save(tmp_path / "bits.png")
    assert (_only(tmp_path / "bits.png").pixels == np.where(_NOISE > 128, 255, 0)).all()
    colour = np.dstack((np.zeros_like(_NOISE), np.zeros_like(_NOISE), _NOISE))
    cv2.imwrite(str(tmp_path / "red.png"), colour)
    assert np.abs(_only(tmp_path / "red.png").pixels - 0.299 * _NOISE).max() <= 1


def test_a_rotation_tag_is_not_followed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(_NOISE).save(tmp_path / "a.jpg", exif=exif)
    assert _only(tmp_path / "a.jpg").pixels.shape == _NOISE.shape


def test_one_pixel_and_8k(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.full((1, 1), 7, np.uint8))
    assert _only(tmp_path / "small.png").pixels.tolist() == [[7]]
    cv2.imwrite(str(tmp_path / "large.png"), np.full((4320, 7680), 7, np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert _only(tmp_path / "large.png").pixels.shape == (4320, 7680)


def test_every_page_of_a_tiff_is_a_frame(tmp_path: Path) -> None:
    pages = [np.full((8, 9), 10 * page, np.uint8) for page in range(4)]
    cv2.imwritemulti(str(tmp_path / "a.tif"), pages)
    with _open(tmp_path / "a.tif", fps=20) as source:
        frames = _all(source)
    assert [int(f.pixels[0, 0]) for f in frames] == [0, 10, 20, 30]
    assert [f.exposed_ns for f in frames] == [0, 50_000_000, 100_000_000, 150_000_000]


def test_a_folder_in_natural_order_with_times_by_fps(tmp_path: Path) -> None:
    for number in (10, 9, 1, 2):
        cv2.imwrite(str(tmp_path / f"f{number}.png"), np.full((4, 4), number, np.uint8))
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "folder").mkdir()
    with _open(tmp_path, fps=25) as source:
        frames = _all(source)
        assert source.skipped == ()
    assert [int(f.pixels[0, 0]) for f in frames] == [1, 2, 9, 10]
    assert [f.exposed_ns for f in frames] == [0, 40_000_000, 80_000_000, 120_000_000]
    with _open(tmp_path) as source:
        assert [f.exposed_ns for f in _all(source)] == [0, 10**9, 2 * 10**9, 3 * 10**9]


def test_a_file_that_is_no_picture_does_not_stop_a_folder_but_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), _NOISE)
    (tmp_path / "b.png").write_text("not a picture")
    cv2.imwrite(str(tmp_path / "c.png"), _NOISE)
    (tmp_path / "d.csv").write_text("1,2")
    with _open(tmp_path) as source:
        frames = _all(source)
        skipped = source.skipped
    assert [f.origin for f in frames] == ["stills:a.png", "stills:c.png"]
    assert [f.sequence for f in frames] == [0, 1]
    assert len(skipped) == 2
    assert "b.png" in skipped[0] and "text file" in skipped[0] and "d.csv" in skipped[1]


def test_a_folder_without_any_picture(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no files"):
        _open(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(SourceFormatError, match=r"none of the 2 files.*a\.txt"):
        _open(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp", "pgm"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_picture_is_never_shown(
    suffix: str, share: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = cv2.imencode(f".{suffix}", cv2.resize(_NOISE, (300, 200)))[1].tobytes()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SourceFormatError, match=rf"a\.{suffix}"):
        _open(path)
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""


def test_a_jpeg_cut_after_its_thumbnail_is_truncated(tmp_path: Path) -> None:
    """The thumbnail brings its own end mark."""
    thumbnail = cv2.imencode(".jpg", _NOISE[:8, :8])[1].tobytes()
    whole = cv2.imencode(".jpg", cv2.resize(_NOISE, (300, 200)))[1].tobytes()
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with_thumbnail = whole[:2] + segment + whole[2:]
    (tmp_path / "whole.jpg").write_bytes(with_thumbnail)
    assert _only(tmp_path / "whole.jpg").pixels.shape == (200, 300)
    (tmp_path / "cut.jpg").write_bytes(with_thumbnail[: len(with_thumbnail) * 2 // 3])
    with pytest.raises(SourceFormatError, match="truncated"):
        _open(tmp_path / "cut.jpg")


def test_a_png_with_a_changed_byte(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(cv2.imencode(".png", _NOISE)[1].tobytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SourceFormatError, match=r"a\.png"):
        _open(tmp_path / "a.png")


def test_a_picture_that_claims_to_be_enormous(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(SourceFormatError, match=r"bomb\.png"):
        _open(tmp_path / "bomb.png")


def test_other_bad_files(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("Patient: none\n" * 100)
    with pytest.raises(SourceFormatError, match="is a text file"):
        _open(tmp_path / "text.png")
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(SourceFormatError, match="0 bytes"):
        _open(tmp_path / "empty.png")
    (tmp_path / "bytes.png").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(SourceFormatError, match="is no picture"):
        _open(tmp_path / "bytes.png")
    cv2.imwrite(str(tmp_path / "float.tif"), _NOISE.astype(np.float32))
    with pytest.raises(SourceFormatError, match=r"float32.*8 or 16 bit"):
        _open(tmp_path / "float.tif")
    with pytest.raises(SourceNotFoundError, match="check the path"):
        _open(tmp_path / "missing.png")
    with pytest.raises(SourceError, match="path"):
        _open(Path("/") / ("x" * 5000))
