"""DICOM objects made here, and a real one from a handheld probe."""

import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom", reason="pydicom is missing: pip install 'sonoedge[dicom]'")

from PIL import Image  # noqa: E402
from pydicom import Dataset  # noqa: E402
from pydicom.dataelem import RawDataElement  # noqa: E402
from pydicom.dataset import FileMetaDataset  # noqa: E402
from pydicom.encaps import encapsulate, generate_frames  # noqa: E402
from pydicom.tag import Tag  # noqa: E402
from pydicom.uid import (  # noqa: E402
    MPEG4HP41,
    ComprehensiveSRStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from edge.clock import ManualClock  # noqa: E402
from edge.errors import SettingError, SourceFormatError, SourceNotFoundError  # noqa: E402
from edge.frame import Frame, Region, SpacingOrigin  # noqa: E402
from edge.source.dicom import open_dicom  # noqa: E402

_REAL = Path(__file__).parents[2] / "../shared/data/handheld_screens/sonoque_anechoic-3mm-3mm.dcm"
_HEIGHT, _WIDTH = 40, 60
_RNG = np.random.default_rng(11)
_GREY = _RNG.integers(0, 256, (4, _HEIGHT, _WIDTH), dtype=np.uint8)
_RGB = _RNG.integers(0, 256, (2, _HEIGHT, _WIDTH, 3), dtype=np.uint8)
_SMOOTH = np.tile(np.linspace(0, 250, _WIDTH).astype(np.uint8), (_HEIGHT, 1))


def _dataset(pixels: np.ndarray, photometric: str, syntax: Any = ExplicitVRLittleEndian, bits: int = 8) -> Dataset:
    """`pixels` is (frames, height, width[, 3])."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = UltrasoundMultiFrameImageStorage, generate_uid()
    data.Rows, data.Columns = pixels.shape[1:3]
    data.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
    if pixels.ndim == 4:
        data.PlanarConfiguration = 0
    if pixels.shape[0] > 1:
        data.NumberOfFrames = pixels.shape[0]
        data.FrameTime = 40
    data.BitsAllocated = pixels.dtype.itemsize * 8
    data.BitsStored, data.HighBit = bits, bits - 1
    data.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
    data.PhotometricInterpretation = photometric
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    return data


def _region(**changes: object) -> Dataset:
    region = Dataset()
    values = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 2,
        "RegionLocationMinX0": 5,
        "RegionLocationMinY0": 6,
        "RegionLocationMaxX1": 44,
        "RegionLocationMaxY1": 35,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.01,
        "PhysicalDeltaY": 0.02,
    }
    for name, value in (values | changes).items():
        if value is not None:
            setattr(region, name, value)
    return region


def _save(data: Dataset, folder: Path, name: str = "a.dcm") -> Path:
    data.save_as(folder / name, enforce_file_format=True)
    return folder / name


def _read(path: Path, fps: float | None = None) -> list[Frame]:
    with open_dicom(str(path), fps=fps, clock=ManualClock()) as source:
        return list(iter(lambda: source.read(1), None))


def _read_to_problem(path: Path) -> tuple[list[Frame], str | None]:
    frames = []
    try:
        with open_dicom(str(path), fps=None, clock=ManualClock()) as source:
            while (frame := source.read(1)) is not None:
                frames.append(frame)
    except SourceFormatError as error:
        return frames, str(error)
    return frames, None


def _frames(data: Dataset, folder: Path, fps: float | None = None) -> list[Frame]:
    return _read(_save(data, folder), fps)


def _luma(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(float) @ (0.299, 0.587, 0.114)


def _apart(frame: Frame, expected: np.ndarray) -> float:
    return float(np.abs(frame.pixels.astype(float) - expected).max())


def test_doppler_colour_is_told(tmp_path: Path) -> None:
    rgb = np.repeat(np.full((1, _HEIGHT, _WIDTH, 1), 60, np.uint8), 3, axis=3)
    rgb[:, 10:20, 30:45] = (230, 20, 10)
    (frame,) = _frames(_dataset(rgb, "RGB"), tmp_path)
    assert frame.coloured == Region(30, 10, 15, 10)
    assert _frames(_dataset(_GREY, "MONOCHROME2"), tmp_path)[0].coloured is None


# Pixels


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_uncompressed_grey(syntax: Any, tmp_path: Path) -> None:
    frames = _frames(_dataset(_GREY, "MONOCHROME2", syntax), tmp_path)
    assert [f.sequence for f in frames] == [0, 1, 2, 3]
    assert all((f.pixels == _GREY[n]).all() for n, f in enumerate(frames))
    assert {f.origin for f in frames} == {"dicom:a.dcm"}


def test_single_frame(tmp_path: Path) -> None:
    (frame,) = _frames(_dataset(_GREY[:1], "MONOCHROME2"), tmp_path)
    assert (frame.pixels == _GREY[0]).all()
    assert (frame.exposed_ns, frame.spacing, frame.region, frame.notes) == (0, None, None, ())


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    frames = _frames(_dataset(_GREY, "MONOCHROME1"), tmp_path)
    assert (frames[2].pixels == 255 - _GREY[2]).all()


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_more_than_8_bits_are_scaled_by_the_bits_stored(bits: int, tmp_path: Path) -> None:
    pixels = np.linspace(0, (1 << bits) - 1, _HEIGHT * _WIDTH).astype(np.uint16).reshape(1, _HEIGHT, _WIDTH)
    (frame,) = _frames(_dataset(pixels, "MONOCHROME2", bits=bits), tmp_path)
    assert _apart(frame, pixels[0] * (255 / ((1 << bits) - 1))) <= 0.51


def test_signed_pixels(tmp_path: Path) -> None:
    pixels = np.linspace(-2048, 2047, _HEIGHT * _WIDTH).astype(np.int16).reshape(1, _HEIGHT, _WIDTH)
    (frame,) = _frames(_dataset(pixels, "MONOCHROME2", bits=12), tmp_path)
    assert _apart(frame, (pixels[0] + 2048.0) * (255 / 4095)) <= 0.51


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb(planar: int, tmp_path: Path) -> None:
    data = _dataset(_RGB, "RGB")
    if planar:
        data.PlanarConfiguration = 1
        data.PixelData = _RGB.transpose(0, 3, 1, 2).tobytes()
    frames = _frames(data, tmp_path)
    assert all(_apart(f, _luma(_RGB[n])) <= 1 for n, f in enumerate(frames))


def test_ybr_full_and_its_subsampled_form(tmp_path: Path) -> None:
    """Grey tissue: luma is the level, both colour differences 128."""
    ybr = np.full((1, _HEIGHT, _WIDTH, 3), 128, np.uint8)
    ybr[0, :, :, 0] = _GREY[0]
    (frame,) = _frames(_dataset(ybr, "YBR_FULL"), tmp_path)
    assert _apart(frame, _GREY[0]) <= 1
    data = _dataset(ybr, "YBR_FULL_422")
    packed = np.full((_HEIGHT, _WIDTH // 2, 4), 128, np.uint8)
    packed[..., :2] = _GREY[0].reshape(_HEIGHT, _WIDTH // 2, 2)
    data.PixelData = packed.tobytes()
    (frame,) = _frames(data, tmp_path)
    assert _apart(frame, _GREY[0]) <= 1


@pytest.mark.parametrize("bits", [8, 16])
def test_palette_colour(bits: int, tmp_path: Path) -> None:
    table = _RNG.integers(0, 256, (256, 3), dtype=np.uint8)
    data = _dataset(_GREY, "PALETTE COLOR")
    for number, colour in enumerate(("Red", "Green", "Blue")):
        entries = table[:, number] if bits == 8 else (table[:, number].astype("<u2") * 257).astype("<u2")
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, bits])
        setattr(data, f"{colour}PaletteColorLookupTableData", entries.tobytes())
    frames = _frames(data, tmp_path)
    assert all(_apart(f, _luma(table[_GREY[n]])) <= 1 for n, f in enumerate(frames))


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "RGB"])
def test_rle(photometric: str, tmp_path: Path) -> None:
    pixels = _GREY if photometric == "MONOCHROME2" else _RGB
    data = _dataset(pixels, photometric)
    data.compress(RLELossless)
    frames = _frames(data, tmp_path)
    expected = pixels if photometric == "MONOCHROME2" else _luma(pixels)
    assert len(frames) == len(pixels)
    assert all(_apart(f, expected[n]) <= 1 for n, f in enumerate(frames))


def _jpeg(picture: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes())


def _encapsulated(data: Dataset, streams: Sequence[bytes], syntax: Any) -> Dataset:
    data.file_meta.TransferSyntaxUID = syntax
    data.PixelData = encapsulate(list(streams))
    data["PixelData"].VR = "OB"
    return data


def test_jpeg_grey_and_colour(tmp_path: Path) -> None:
    pictures = [_SMOOTH, _SMOOTH[:, ::-1]]
    data = _encapsulated(_dataset(np.stack(pictures), "MONOCHROME2"), [_jpeg(p) for p in pictures], JPEGBaseline8Bit)
    assert all(_apart(f, pictures[n]) <= 3 for n, f in enumerate(_frames(data, tmp_path)))
    colour = np.dstack((_SMOOTH, _SMOOTH // 2, 255 - _SMOOTH))
    data = _dataset(colour[None], "YBR_FULL_422")
    data = _encapsulated(data, [_jpeg(colour[..., ::-1])], JPEGBaseline8Bit)
    (frame,) = _frames(data, tmp_path)
    assert _apart(frame, _luma(colour)) <= 4


def test_a_jfif_jpeg_that_is_called_rgb_is_luma_and_chroma_all_the_same(tmp_path: Path) -> None:
    colour = np.dstack((_SMOOTH, _SMOOTH // 2, 255 - _SMOOTH))
    data = _encapsulated(_dataset(colour[None], "RGB"), [_jpeg(colour[..., ::-1])], JPEGBaseline8Bit)
    (frame,) = _frames(data, tmp_path)
    assert _apart(frame, _luma(colour)) <= 4


def test_jpeg_2000(tmp_path: Path) -> None:
    encoded = io.BytesIO()
    Image.fromarray(_GREY[0]).save(encoded, "JPEG2000", no_jp2=True)
    data = _encapsulated(_dataset(_GREY[:1], "MONOCHROME2"), [encoded.getvalue()], JPEG2000Lossless)
    (frame,) = _frames(data, tmp_path)
    assert (frame.pixels == _GREY[0]).all()


def test_a_large_cine_is_decoded_frame_by_frame(tmp_path: Path) -> None:
    """The last frame is damaged, which must not keep the first ones back."""
    streams = [_jpeg(_SMOOTH)] * 3 + [b"\xff\xd8 no jpeg "]
    data = _encapsulated(_dataset(np.stack([_SMOOTH] * 4), "MONOCHROME2"), streams, JPEGBaseline8Bit)
    with open_dicom(str(_save(data, tmp_path)), fps=None, clock=ManualClock()) as source:
        assert [source.read(1).sequence for _ in range(3)] == [0, 1, 2]
        with pytest.raises(SourceFormatError, match="frame 4 of 4"):
            source.read(1)
        assert source.read(1) is None


# Scale


def _scale(folder: Path, regions: Sequence[Dataset] = (), **tags: object) -> Frame:
    data = _dataset(_GREY[:1], "MONOCHROME2")
    if regions:
        data.SequenceOfUltrasoundRegions = list(regions)
    with warnings.catch_warnings():
        # What writers should not have written.
        warnings.simplefilter("ignore")
        for name, value in tags.items():
            if isinstance(value, bytes):
                data[name] = RawDataElement(Tag(name), "DS", len(value), value, 0, False, True)
            else:
                setattr(data, name, value)
        path = _save(data, folder)
    return _read(path)[0]


def test_spacing_and_region_from_the_ultrasound_regions(tmp_path: Path) -> None:
    frame = _scale(tmp_path, [_region()])
    assert frame.spacing is not None
    assert frame.spacing.x_mm_per_px == pytest.approx(0.1)
    assert frame.spacing.y_mm_per_px == pytest.approx(0.2)
    assert frame.spacing.origin is SpacingOrigin.DICOM
    assert frame.region == Region(5, 6, 40, 30)
    assert frame.notes == ()


def test_of_several_regions_the_tissue_one_is_taken_the_largest_of_them(tmp_path: Path) -> None:
    doppler = _region(RegionSpatialFormat=3, RegionDataType=3, PhysicalUnitsXDirection=4, PhysicalUnitsYDirection=7)
    colour = _region(RegionDataType=2, RegionLocationMinX0=0, RegionLocationMinY0=0, PhysicalDeltaX=0.5)
    small = _region(RegionLocationMaxX1=15, PhysicalDeltaX=0.7)
    frame = _scale(tmp_path, [doppler, colour, small, _region()])
    assert frame.spacing is not None and frame.spacing.x_mm_per_px == pytest.approx(0.1)
    assert frame.region == Region(5, 6, 40, 30)


def test_regions_without_a_2d_scale_are_noted(tmp_path: Path) -> None:
    frame = _scale(tmp_path, [_region(RegionSpatialFormat=2, PhysicalUnitsXDirection=4)])
    assert frame.spacing is None and frame.region is None
    assert "no 2D scale" in frame.unscaled


@pytest.mark.parametrize("delta", [0.0, float("nan"), None])
def test_a_delta_that_is_no_length_gives_no_scale(delta: float | None, tmp_path: Path) -> None:
    assert _scale(tmp_path, [_region(PhysicalDeltaX=delta)]).spacing is None


def test_a_negative_delta_is_a_direction(tmp_path: Path) -> None:
    frame = _scale(tmp_path, [_region(PhysicalDeltaY=-0.02)])
    assert frame.spacing is not None and frame.spacing.y_mm_per_px == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ((5, 6, _WIDTH + 2, 35), Region(5, 6, 55, 30)),
        ((5, 6, 44, _HEIGHT + 2), Region(5, 6, 40, 34)),
        ((0, 0, _WIDTH, _HEIGHT), None),  # the whole screen: tells nothing of where the ultrasound is
        ((0, 0, _WIDTH - 1, _HEIGHT - 1), None),
        ((0, 0, 0, 0), None),
    ],
)
def test_a_region_is_clipped_to_the_picture(corners: tuple[int, ...], expected: Region | None, tmp_path: Path) -> None:
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    frame = _scale(tmp_path, [_region(**dict(zip(names, corners, strict=True)))])
    assert frame.region == expected
    assert frame.spacing is not None


def test_pixel_spacing_without_regions(tmp_path: Path) -> None:
    frame = _scale(tmp_path, PixelSpacing=[0.2, 0.1])
    assert frame.spacing is not None
    assert (frame.spacing.x_mm_per_px, frame.spacing.y_mm_per_px) == (0.1, 0.2)
    assert frame.spacing.origin is SpacingOrigin.DICOM


def test_a_pixel_spacing_of_exactly_one_is_unknown(tmp_path: Path) -> None:
    frame = _scale(tmp_path, PixelSpacing=[1.0, 1.0])
    assert frame.spacing is None
    assert "1.0" in frame.unscaled


_AGREEING = {"PixelSpacing": [0.2, 0.1], "PixelAspectRatio": [2, 1], "DepthOfScanField": 8}


@pytest.mark.parametrize(
    ("region", "tags", "told"),
    [
        # An archive halved the picture and left the region's numbers.
        ({"RegionLocationMaxX1": 100}, {}, r"reaches to pixel 100, the picture is 60 wide"),
        ({"RegionLocationMinX0": 100, "RegionLocationMaxX1": 200}, {}, "reaches to pixel 200"),
        ({"RegionLocationMaxY1": 79}, {}, r"reaches to pixel 79, the picture is 40 high"),
        ({}, {"PixelSpacing": [0.2, 0.15]}, r"Pixel Spacing say 0.1 and 0.15 mm per px across"),
        ({}, {"PixelSpacing": [0.4, 0.2]}, r"0.2 and 0.4 down"),
        ({"PhysicalDeltaX": 0.1}, {}, r"a pixel would be 1 mm wide and 0.2 mm high"),
        ({"PhysicalDeltaX": 0.0}, {}, r"length of a pixel across is 0"),
        ({"PhysicalDeltaY": float("nan")}, {}, r"length of a pixel down is nan"),
        ({"PhysicalDeltaY": None}, {}, r"length of a pixel down is missing"),
        ({"PhysicalUnitsXDirection": 4}, {}, r"units are number 4 across and 3 down"),
        (None, {"PixelSpacing": "0.20"}, r"Pixel Spacing is '0.20', expected two"),
        (None, {"PixelSpacing": b"0,20\\0,10"}, r"Pixel Spacing is '0,20.0,10', expected two"),
        (None, {"PixelSpacing": [-0.2, 0.1]}, r"expected two lengths"),
        (None, {"PixelSpacing": [0.2, 0]}, r"expected two lengths"),
        ({}, {"PixelSpacing": "0.20"}, r"expected two lengths"),
    ],
)
def test_millimetres_that_cannot_all_be_right_are_withheld(
    region: dict[str, object] | None, tags: dict[str, object], told: str, tmp_path: Path
) -> None:
    frame = _scale(tmp_path, [] if region is None else [_region(**region)], **tags)
    assert frame.spacing is None
    assert re.search(told, frame.unscaled), frame.unscaled
    assert frame.unscaled.endswith("; state the depth or the mm per px")


@pytest.mark.parametrize(
    ("region", "tags", "told"),
    [
        ({"PhysicalDeltaY": -0.02}, {}, "negative, as of a picture that is upside down"),
        ({"PhysicalDeltaX": -0.01}, {}, "negative, as of a picture that is mirrored"),
        ({"RegionLocationMaxX1": 5, "RegionLocationMaxY1": 6}, {}, "has no extent"),
        ({}, {"PixelAspectRatio": [1, 1]}, r"Pixel Aspect Ratio makes pixels 1 times as wide as high, its scale 0.5"),
        ({}, {"DepthOfScanField": 16}, r"picture is 8 mm high, its scan is said to be 16 mm deep"),
        ({}, {"DepthOfScanField": 1}, r"picture is 8 mm high, its scan is said to be 1 mm deep"),
        ({"PhysicalDeltaY": 0}, {"PixelSpacing": [0.2, 0.1]}, "no 2D scale in cm"),
    ],
)
def test_a_scale_with_something_odd_about_it_is_doubted(
    region: dict[str, object], tags: dict[str, object], told: str, tmp_path: Path
) -> None:
    frame = _scale(tmp_path, [_region(**region)], **tags)
    assert frame.spacing is not None and frame.spacing.y_mm_per_px == pytest.approx(0.2)
    assert re.search(told, " ".join(frame.doubts)), frame.doubts


def test_statements_that_agree_leave_no_doubt(tmp_path: Path) -> None:
    frame = _scale(tmp_path, [_region()], **_AGREEING)
    assert frame.spacing is not None and frame.spacing.x_mm_per_px == pytest.approx(0.1)
    assert (frame.notes, frame.doubts, frame.pixel_aspect) == ((), (), pytest.approx(0.5))


def test_two_regions_in_one_place_with_two_scales(tmp_path: Path) -> None:
    frame = _scale(tmp_path, [_region(), _region(RegionDataType=2, PhysicalDeltaY=0.04)])
    assert frame.spacing is None and "two of its regions" in frame.unscaled


@pytest.mark.parametrize(("ratio", "aspect"), [([4, 3], 0.75), ([1, 2], 2.0), ([3, 0], 1.0), ("2", 1.0)])
def test_the_shape_of_the_pixels_without_a_scale(ratio: object, aspect: float, tmp_path: Path) -> None:
    assert _scale(tmp_path, PixelAspectRatio=ratio).pixel_aspect == pytest.approx(aspect)


# Times


@pytest.mark.parametrize(
    ("tags", "fps", "expected_ms"),
    [
        ({"FrameTime": 40}, None, [0, 40, 80, 120]),
        ({"FrameTime": 40}, 10.0, [0, 40, 80, 120]),
        ({"FrameTimeVector": [0, 10, 20, 30]}, None, [0, 10, 30, 60]),
        ({"FrameTimeVector": [0, 10], "FrameTime": 50}, None, [0, 50, 100, 150]),
        ({"CineRate": 50}, None, [0, 20, 40, 60]),
        ({"RecommendedDisplayFrameRate": 20}, None, [0, 50, 100, 150]),
        ({"FrameTime": 0, "CineRate": 50}, None, [0, 20, 40, 60]),
        ({}, 10.0, [0, 100, 200, 300]),
    ],
)
def test_frame_times(tags: dict[str, object], fps: float | None, expected_ms: list[int], tmp_path: Path) -> None:
    data = _dataset(_GREY, "MONOCHROME2")
    del data.FrameTime
    for name, value in tags.items():
        setattr(data, name, value)
    frames = _frames(data, tmp_path, fps)
    assert [f.exposed_ns / 1e6 for f in frames] == expected_ms
    assert all(f.timed for f in frames)


def test_a_cine_that_tells_no_times_asks_for_them(tmp_path: Path) -> None:
    data = _dataset(_GREY, "MONOCHROME2")
    del data.FrameTime
    with pytest.raises(SettingError, match=r"a\.dcm.*4 pictures.*--fps"):
        _frames(data, tmp_path)
    (frame,) = _frames(_dataset(_GREY[:1], "MONOCHROME2"), tmp_path)
    assert not frame.timed


# How many pictures there are


@pytest.mark.parametrize("coded", ["native", "deflated", "rle", "jpeg"])
@pytest.mark.parametrize("stated", [None, "", 1, 2, 4, 9])
def test_all_pictures_are_read_or_counted_whatever_is_stated(coded: str, stated: object, tmp_path: Path) -> None:
    data = _dataset(_GREY, "MONOCHROME2")
    if coded == "deflated":
        data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    elif coded == "rle":
        data.compress(RLELossless)
    elif coded == "jpeg":
        _encapsulated(data, [_jpeg(picture) for picture in _GREY], JPEGBaseline8Bit)
    data.NumberOfFrames = stated
    if stated is None:
        del data.NumberOfFrames
    frames, problem = _read_to_problem(_save(data, tmp_path))
    assert len(frames) == 4
    assert all(
        _apart(frame, picture) <= (60 if coded == "jpeg" else 0) for frame, picture in zip(frames, _GREY, strict=True)
    )
    assert bool(problem) == (stated == 9) and (not problem or "states 9 pictures and holds 4" in problem)
    assert bool(frames[0].notes) == (stated in (1, 2))


def test_a_part_of_one_more_picture_is_told_but_not_what_pads(tmp_path: Path) -> None:
    data = _dataset(_GREY, "MONOCHROME2")
    data.PixelData += _GREY[0].tobytes()[:1000]
    frames, problem = _read_to_problem(_save(data, tmp_path))
    assert len(frames) == 4 and problem is not None and "a part of one more" in problem
    data.PixelData = _GREY.tobytes() + bytes(512)
    assert _read_to_problem(_save(data, tmp_path))[1] is None


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, RLELossless, JPEG2000Lossless])
def test_a_coded_picture_that_lost_bytes_is_never_shown(syntax: Any, tmp_path: Path) -> None:
    pictures = np.repeat(np.repeat(_GREY, 6, axis=1), 6, axis=2) // 2 + np.tile(_GREY // 2, (1, 6, 6))
    data = _dataset(pictures, "MONOCHROME2")
    streams = [_jpeg(picture) for picture in pictures]
    if syntax == RLELossless:
        data.compress(RLELossless)
        streams = list(generate_frames(data.PixelData, number_of_frames=4))
    elif syntax == JPEG2000Lossless:
        buffers = [io.BytesIO() for _ in pictures]
        for picture, buffer in zip(pictures, buffers, strict=True):
            Image.fromarray(picture).save(buffer, "JPEG2000", no_jp2=True)
        streams = [buffer.getvalue() for buffer in buffers]
    at = len(streams[2]) // 2
    streams[2] = streams[2][:at] + bytes(512) + streams[2][at + 512 :]
    frames, problem = _read_to_problem(_save(_encapsulated(data, streams, syntax), tmp_path))
    assert len(frames) == 2 and problem is not None and "frame 3 of 4" in problem


# Bad files


def test_a_dicom_without_pixels(tmp_path: Path) -> None:
    data = _dataset(_GREY[:1], "MONOCHROME2")
    del data.PixelData
    with pytest.raises(SourceFormatError, match="no pixel data"):
        _frames(data, tmp_path)
    report = Dataset()
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report.SOPClassUID, report.SOPInstanceUID = ComprehensiveSRStorage, generate_uid()
    with pytest.raises(SourceFormatError, match=r"holds no picture.*Comprehensive SR"):
        _frames(report, tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_truncated_dicom(share: float, compressed: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = _dataset(_GREY, "MONOCHROME2")
    if compressed:
        data.compress(RLELossless)
    path = _save(data, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SourceFormatError, match=r"a\.dcm"):
        _read(path)
    assert capfd.readouterr().err == ""


def test_syntaxes_that_cannot_be_decoded_name_the_cure(tmp_path: Path) -> None:
    data = _encapsulated(_dataset(_GREY[:1], "MONOCHROME2"), [b"\xff\xd8\xff\xd9"], MPEG4HP41)
    with pytest.raises(SourceFormatError, match=r"MPEG-4.*export it as MP4"):
        _frames(data, tmp_path)
    if pydicom.pixels.get_decoder(JPEGLosslessSV1).is_available:
        pytest.skip("a decoder of lossless JPEG is installed here")
    data = _encapsulated(_dataset(_GREY[:1], "MONOCHROME2"), [b"\xff\xd8\xff\xd9"], JPEGLosslessSV1)
    with pytest.raises(SourceFormatError, match=r"JPEG Lossless.*python-gdcm"):
        _frames(data, tmp_path)


def test_files_that_are_no_dicom(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("not a DICOM file\n" * 50)
    with pytest.raises(SourceFormatError, match=r"text\.dcm"):
        _read(tmp_path / "text.dcm")
    (tmp_path / "empty.dcm").write_bytes(b"")
    with pytest.raises(SourceFormatError, match="0 bytes"):
        _read(tmp_path / "empty.dcm")
    (tmp_path / "noise.dcm").write_bytes(np.random.default_rng(1).bytes(5000))
    with pytest.raises(SourceFormatError, match=r"noise\.dcm"):
        _read(tmp_path / "noise.dcm")
    with pytest.raises(SourceNotFoundError):
        _read(tmp_path / "missing.dcm")


def test_a_file_without_its_preamble_and_meta_header(tmp_path: Path) -> None:
    data = _dataset(_GREY, "MONOCHROME2")
    del data.file_meta
    data.save_as(tmp_path / "a.dcm", implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert (_read(tmp_path / "a.dcm")[3].pixels == _GREY[3]).all()


def test_a_real_scanner_file(capfd: pytest.CaptureFixture[str]) -> None:
    """Sonoque: says RGB, holds a JFIF stream; a region as large as the screen, and overrunning it."""
    if not _REAL.exists():
        pytest.skip(f"missing: ../shared/data/handheld_screens/{_REAL.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (frame,) = _read(_REAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = next(generate_frames(pydicom.dcmread(_REAL).PixelData, number_of_frames=1))
    reference = cv2.imdecode(np.frombuffer(stream, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert _apart(frame, reference) <= 1
    assert frame.spacing is not None and frame.spacing.x_mm_per_px == pytest.approx(0.0291)
    assert frame.region is None
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""
