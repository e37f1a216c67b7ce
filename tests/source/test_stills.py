"""Pictures from files and folders, whole and damaged."""

import os
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from edge.clock import ManualClock
from edge.errors import SourceError, SourceFormatError, SourceNotFoundError
from edge.frame import Frame
from edge.source.opening import open_source
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
@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bit_files_with_fewer_bits_in_use_are_not_black_and_say_so(
    shift: int, bits: int, suffix: str, tmp_path: Path
) -> None:
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), ramp << shift)
    frame = _only(tmp_path / f"a.{suffix}")
    assert np.abs(frame.pixels.astype(int) - ramp).max() <= 1
    assert any(f"only {bits} bits" in note for note in frame.notes)


@pytest.mark.parametrize("as_stack", [True, False])
def test_the_depth_is_that_of_the_source_not_of_each_picture(as_stack: bool, tmp_path: Path) -> None:
    """The brightest pixel of one lies above 12 bits, of another below 8."""
    pictures = [np.full((200, 200), level, np.uint16) for level in (3200, 3200, 160)]
    pictures[0][5, 5] = 4300
    if as_stack:
        cv2.imwritemulti(str(tmp_path / "a.tif"), pictures)
    for number, picture in enumerate(() if as_stack else pictures):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    with _open(tmp_path) as source:
        assert [int(frame.pixels[0, 0]) for frame in _all(source)] == [199, 199, 10]


def test_a_stated_depth_goes_before_a_found_one(tmp_path: Path) -> None:
    """Largest sample value 4095, though the picture is so dark that 8 bits would hold it."""
    dark = np.full((20, 20), 160, np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", dark, extratags=[(281, "H", 1, 4095, False)])
    assert _only(tmp_path / "a.tif").pixels[0, 0] == 10


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


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_a_picture_is_seen_as_its_orientation_says(suffix: str, number: int, tmp_path: Path) -> None:
    """With pixels twice as wide as high as they are stored."""
    exif = Image.Exif()
    exif[0x0112], exif[0x011A], exif[0x011B] = number, 100.0, 200.0
    smooth = Image.fromarray(cv2.resize(_NOISE[:4, :6], (60, 40)))
    options: dict[str, object] = {"quality": 95} if suffix == "jpg" else {"lossless": True} if suffix == "webp" else {}
    if suffix == "tif":
        options = {"dpi": (100, 200)}
    smooth.save(tmp_path / f"a.{suffix}", exif=exif, **options)
    frame = _only(tmp_path / f"a.{suffix}")
    smooth.save(tmp_path / "reference.png", exif=exif)
    with Image.open(tmp_path / "reference.png") as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))
    assert frame.pixels.shape == expected.shape
    assert np.abs(frame.pixels.astype(int) - expected).max() <= 3
    assert frame.pixel_aspect == pytest.approx(0.5 if number > 4 else 2.0)


@pytest.mark.parametrize(
    ("suffix", "density", "aspect"),
    [
        ("jpg", (100, 200), 2.0),
        ("png", (100, 150), 1.5),
        ("tif", (300, 100), 1 / 3),
        ("bmp", (100, 200), 2.0),
        ("png", (72, 72.2), 1.0),
        ("png", None, 1.0),
    ],
)
def test_the_shape_of_the_pixels_by_the_densities(
    suffix: str, density: tuple[float, float] | None, aspect: float, tmp_path: Path
) -> None:
    Image.fromarray(_NOISE).save(tmp_path / f"a.{suffix}", **({"dpi": density} if density else {}))
    frame = _only(tmp_path / f"a.{suffix}")
    assert frame.pixel_aspect == pytest.approx(aspect, rel=0.01)
    assert frame.doubts == ()


def test_two_shapes_of_the_pixels_are_a_doubt(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x011A], exif[0x011B] = 100.0, 200.0
    Image.fromarray(_NOISE).save(tmp_path / "a.jpg", dpi=(100, 100), exif=exif)
    assert any("1 and 2 times as wide as high" in doubt for doubt in _only(tmp_path / "a.jpg").doubts)


def test_one_pixel_and_8k(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.full((1, 1), 7, np.uint8))
    assert _only(tmp_path / "small.png").pixels.tolist() == [[7]]
    cv2.imwrite(str(tmp_path / "large.png"), np.full((4320, 7680), 7, np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert _only(tmp_path / "large.png").pixels.shape == (4320, 7680)


_PAGES = [np.full((80, 90), 10 * page, np.uint8) + _NOISE[:1, :1] for page in range(1, 7)]


def _stack(kind: str, path: Path) -> Path:
    images = [Image.fromarray(page) for page in _PAGES]
    file = path / f"stack.{kind.partition(' ')[0]}"
    if kind in ("tif", "tif big", "tif deflate"):
        how = "zlib" if kind == "tif deflate" else None
        tifffile.imwrite(file, np.stack(_PAGES), bigtiff=kind == "tif big", compression=how, photometric="minisblack")
    elif kind == "tif lzw":
        images[0].save(file, save_all=True, append_images=images[1:], compression="tiff_lzw")
    elif kind == "pgm":
        file.write_bytes(b"".join(cv2.imencode(".pgm", page)[1].tobytes() for page in _PAGES))
    elif kind == "jpg":
        file.write_bytes(b"".join(cv2.imencode(".jpg", page)[1].tobytes() for page in _PAGES))
    else:
        images[0].save(file, save_all=True, append_images=images[1:], duration=40, lossless=True)
    return file


@pytest.mark.parametrize("kind", ["tif", "tif big", "tif deflate", "tif lzw", "png", "webp", "pgm", "jpg"])
def test_every_picture_of_a_file_is_a_frame(kind: str, tmp_path: Path) -> None:
    file = _stack(kind, tmp_path)
    with _open(file, fps=20) as source:
        frames = _all(source)
    assert np.abs([int(f.pixels[3, 3]) - int(page[3, 3]) for f, page in zip(frames, _PAGES, strict=True)]).max() <= 1
    assert [f.exposed_ns for f in frames] == [n * 50_000_000 for n in range(6)]
    with _open(file) as source:
        frames = _all(source)
    animated = kind in ("png", "webp")
    assert [f.exposed_ns for f in frames] == [n * (40_000_000 if animated else 10**9) for n in range(6)]
    assert all(f.timed == animated for f in frames)


@pytest.mark.parametrize("kind", ["tif", "tif big", "tif deflate", "png", "webp", "pgm", "jpg"])
@pytest.mark.parametrize("share", [0.3, 0.55, 0.8, 0.98])
def test_a_cut_stack_is_never_read_as_a_shorter_one(kind: str, share: float, tmp_path: Path) -> None:
    file = _stack(kind, tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    frames = []
    with pytest.raises(SourceFormatError, match=r"stack\..*(truncated|damaged)"), _open(file) as source:
        while (frame := source.read(1)) is not None:
            frames.append(frame)
    assert all(abs(int(f.pixels[3, 3]) - int(page[3, 3])) <= 1 for f, page in zip(frames, _PAGES, strict=False))


def test_a_stack_of_which_one_page_is_damaged_gives_the_others(tmp_path: Path) -> None:
    file = _stack("tif deflate", tmp_path)
    with tifffile.TiffFile(file) as held:
        at = held.pages[2].dataoffsets[0]
    data = bytearray(file.read_bytes())
    data[at + 10 : at + 20] = bytes(10)
    file.write_bytes(data)
    frames = []
    with pytest.raises(SourceFormatError, match="1 of its 6 pictures"), _open(file) as source:
        while (frame := source.read(1)) is not None:
            frames.append(int(frame.pixels[3, 3]))
    assert frames == [int(page[3, 3]) for number, page in enumerate(_PAGES) if number != 2]


def test_a_stack_that_keeps_its_pictures_behind_one_page_counts_what_is_missing(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", _PAGES[0], description="ImageJ=1.53\nimages=40\nslices=40\n", metadata=None)
    with pytest.raises(SourceFormatError, match="1 of its 40"), _open(tmp_path / "a.tif") as source:
        _all(source)


def test_a_folder_in_natural_order_with_times_by_fps(tmp_path: Path) -> None:
    for number in (10, 9, 1, 2):
        cv2.imwrite(str(tmp_path / f"f{number}.png"), np.full((4, 4), number, np.uint8))
    (tmp_path / ".hidden").write_text("x")
    with _open(tmp_path, fps=25) as source:
        frames = _all(source)
        assert source.skipped == ()
    assert [int(f.pixels[0, 0]) for f in frames] == [1, 2, 9, 10]
    assert [f.exposed_ns for f in frames] == [0, 40_000_000, 80_000_000, 120_000_000]
    with _open(tmp_path) as source:
        frames = _all(source)
    assert [f.exposed_ns for f in frames] == [0, 10**9, 2 * 10**9, 3 * 10**9]
    assert not any(f.timed for f in frames)


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


def test_what_is_passed_over_in_a_folder_is_named(tmp_path: Path) -> None:
    """A pipe, a broken link, folders, a video; the index of an exam is none."""
    cv2.imwrite(str(tmp_path / "a.png"), _NOISE)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.png").symlink_to(tmp_path / "nothing.png")
    (tmp_path / "DICOMDIR").write_bytes(b"index")
    for number in range(7):
        (tmp_path / f"day{number}").mkdir()
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(99))
    with _open(tmp_path) as source:
        assert len(_all(source)) == 1
        told = "\n".join(source.skipped)
    assert re.search(r"pipe' is a pipe", told) and re.search(r"link\.png' is a link to what is not there", told)
    assert "not looked into (7: day0, day1, day2, day3, day4 and 2 more)" in told and "clip.mp4' is a video" in told
    assert len(source.skipped) == 4


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_name_in_another_encoding(as_folder: bool, tmp_path: Path) -> None:
    """Latin-1, as an old archive brings it; what is told of it can be printed and written."""
    name = os.fsencode(tmp_path) + b"/kn\xe9e.png"
    Path(os.fsdecode(name)).write_bytes(cv2.imencode(".png", _NOISE)[1].tobytes())
    Path(os.fsdecode(name.replace(b"png", b"txt"))).write_text("no picture")
    path = tmp_path if as_folder else Path(os.fsdecode(name))
    with _open(path) as source:
        (frame,) = _all(source)
    assert frame.origin == r"stills:kn\xe9e.png"
    assert all(line.encode() for line in source.skipped)
    with pytest.raises(SourceFormatError) as told:
        _open(Path(os.fsdecode(name.replace(b"png", b"txt"))))
    assert r"kn\xe9e.txt" in str(told.value) and str(told.value).encode()


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    for open_it in (_open, lambda path: open_source(str(path)), lambda path: open_source(f"video:{path}")):
        with pytest.raises(SourceFormatError, match=r"a\.png' is a pipe"):
            open_it(tmp_path / "a.png")


def test_dicom_files_in_a_folder_need_no_ending(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom", reason="pydicom is missing: pip install 'sonoedge[dicom]'")
    for number in (2, 1, 10):
        data = pydicom.Dataset()
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data.SOPClassUID, data.SOPInstanceUID = pydicom.uid.UltrasoundImageStorage, pydicom.uid.generate_uid()
        data.Rows, data.Columns, data.SamplesPerPixel, data.PixelRepresentation = 4, 6, 1, 0
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PhotometricInterpretation = 8, 8, 7, "MONOCHROME2"
        data.PixelData, data.PixelSpacing = bytes([number]) * 24, [0.1, 0.1]
        data.save_as(tmp_path / f"IM_{number}", enforce_file_format=True)
    with _open(tmp_path) as source:
        frames = _all(source)
        assert source.skipped == ()
    assert [int(f.pixels[0, 0]) for f in frames] == [1, 2, 10] and [f.sequence for f in frames] == [0, 1, 2]
    assert frames[2].spacing is not None and frames[2].origin == "dicom:IM_10" and not frames[2].timed


@pytest.mark.parametrize("as_stack", [False, True])
@pytest.mark.parametrize("other", [(40, 60), (41, 60)])
def test_pictures_of_several_sizes_are_told_from_the_first_one_on(
    as_stack: bool, other: tuple[int, int], tmp_path: Path
) -> None:
    pictures = [np.full(shape, 90, np.uint8) for shape in ((40, 60), (40, 60), other)]
    if as_stack:
        tifffile.imwrite(tmp_path / "a.tif", pictures[0])
        for picture in pictures[1:]:
            tifffile.imwrite(tmp_path / "a.tif", picture, append=True)
    else:
        for name, picture in zip(("a.png", "b.jpg", "c.bmp"), pictures, strict=True):
            cv2.imwrite(str(tmp_path / name), picture)
    frames = _all(_open(tmp_path / "a.tif" if as_stack else tmp_path))
    assert [frame.sizes_differ for frame in frames] == [other != (40, 60)] * 3
