"""A fuzz over what people bring: every true millimetre is known, and no answer is wrong without a word.

Pictures of linear and curved arrays on screens of many sizes, whole or cropped, fading or not, with a ruler or without,
turned, with pixels that are not square, as PNG, JPEG, TIFF, video and DICOM, damaged or cut short, with the depth or
the scale stated, rightly or not. `SONOEDGE_FUZZ=2000` tries so many; the numbers of inputs and of answers are printed.
"""

import os
import sys
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

pydicom = pytest.importorskip("pydicom", reason="pydicom is missing: pip install 'sonoedge[dicom]'")

from edge.errors import SourceError  # noqa: E402
from edge.frame import Frame, PixelSpacing, SpacingOrigin  # noqa: E402
from edge.screen.locator import Locator  # noqa: E402
from edge.source.opening import open_source  # noqa: E402
from edge.task.gate import Gate, gate_faults  # noqa: E402
from edge.trust.faults import missing_scale  # noqa: E402

EXAMPLES = int(os.environ.get("SONOEDGE_FUZZ", "30"))
TURNED = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: lambda p: p.T,
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).T,
    8: lambda p: np.rot90(p, -1),
}
"""How the upright picture is stored for each EXIF orientation."""
GATE = Gate(plausible_depth_mm=(10.0, 170.0))
"""As of a task on limbs."""
TOLERANCE = 0.01
"""Beyond the scale's own interval: half a pixel at each end of the smallest picture."""


@dataclass(frozen=True)
class Brought:
    """One input."""

    kind: str
    curved: bool
    fades_at: float | None
    """Share of the depth from which on the echoes fade out."""
    fades_over: float
    whole: bool
    """The frame is the picture."""
    canvas: tuple[int, int]
    depth_mm: float
    ruler: bool
    stated: str
    """`depth`, `scale` or nothing."""
    stated_wrong: float
    """The stated value over the true one."""
    aspect: float
    orientation: int
    damage: str
    seed: int


BROUGHT = st.builds(
    Brought,
    kind=st.sampled_from(("png", "jpg", "tif", "mkv", "dcm", "dcm halved", "dcm in mm")),
    curved=st.booleans(),
    fades_at=st.sampled_from((None, None, 0.45, 0.6, 0.8)),
    fades_over=st.floats(0.015, 0.1),
    whole=st.booleans(),
    canvas=st.sampled_from(((640, 480), (800, 600), (1024, 768))),
    depth_mm=st.integers(3, 16).map(lambda n: n * 10.0),
    ruler=st.booleans(),
    stated=st.sampled_from(("depth", "scale", "")),
    stated_wrong=st.sampled_from((1.0, 1.0, 1.0, 1.25)),
    aspect=st.sampled_from((1.0, 1.0, 8 / 9, 16 / 15, 2.0)),
    orientation=st.integers(1, 8),
    damage=st.sampled_from(("", "", "", "cut", "hole", "flips")),
    seed=st.integers(0, 2**16),
)


def drawn(one: Brought) -> tuple[np.ndarray, float]:
    """The upright picture with square pixels, and its true mm per px."""
    rng = np.random.default_rng(one.seed)
    width, height = one.canvas
    left, top, w, h = (0, 0, width, height) if one.whole else (width // 6, height // 10, width // 2, int(0.75 * height))
    grain = cv2.GaussianBlur(rng.normal(size=(h, w)).astype(np.float32), (0, 0), 1.2)
    picture = np.clip(85 + 110 * grain, 1, 250)
    extent = float(h)
    shade = np.arange(h, dtype=float)[:, None] / h
    if one.curved and not one.whole:
        half, inner = np.deg2rad(rng.uniform(24, 34)), rng.uniform(0.2, 0.45)
        radius = min(h / (1 - inner * np.cos(half)), w / (2 * np.sin(half)))
        y, x = np.mgrid[0:h, 0:w].astype(float)
        y, x = y + inner * radius * np.cos(half), x - (w - 1) / 2
        r = np.hypot(x, y)
        picture *= (np.abs(np.arctan2(x, y)) <= half) & (r >= inner * radius) & (r <= radius)
        extent = (1 - inner) * radius
        shade = (r - inner * radius) / extent
    if one.fades_at is not None:
        picture = picture * np.exp(-np.maximum(shade - one.fades_at, 0) / one.fades_over)
    screen = np.zeros((height, width), np.uint8)
    screen[top : top + h, left : left + w] = np.rint(picture)
    mm_per_px = one.depth_mm / extent
    if one.ruler and not one.whole:
        begins = top + (h - extent if one.curved else 0)
        if one.curved:
            begins = top + inner * radius * (1 - np.cos(half))
        for k in range(int(one.depth_mm / 5) + 1):
            row = round(begins + k * 5 / mm_per_px)
            screen[row : row + 1, left + w + 14 : left + w + (28 if k % 2 == 0 else 20)] = 210
    return screen, mm_per_px


def saved(one: Brought, upright: np.ndarray, mm_per_px: float, folder: Path) -> Path:
    """The file, not damaged yet."""
    height, width = upright.shape
    oblong = cv2.resize(upright, (round(width / one.aspect), height), interpolation=cv2.INTER_AREA)
    if one.kind.startswith("dcm"):
        return _dicom(one, oblong, mm_per_px, folder / "a.dcm")
    if one.kind == "mkv":
        return _video(oblong, width, folder / "a.mkv")
    stored = np.ascontiguousarray(TURNED[one.orientation](oblong))
    path = folder / f"a.{one.kind}"
    across, down = (72 / one.aspect, 72.0) if one.orientation < 5 else (72.0, 72 / one.aspect)
    exif = Image.Exif()
    exif[0x0112] = one.orientation
    more = {"quality": 92} if one.kind == "jpg" else {}
    density = (round(across * 10), round(down * 10)) if one.kind == "jpg" else (across * 10, down * 10)
    Image.fromarray(stored).save(path, exif=exif, dpi=density, **more)
    return path


def _video(oblong: np.ndarray, shown_width: int, path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={"level": "3", "slicecrc": "1"})
        stream.height, stream.width = oblong.shape
        stream.pix_fmt = "gray"
        stream.codec_context.sample_aspect_ratio = Fraction(shown_width, oblong.shape[1])
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(oblong, format="gray")))
        container.mux(stream.encode())
    return path


def _dicom(one: Brought, oblong: np.ndarray, mm_per_px: float, path: Path) -> Path:
    half = (oblong.shape[1] // 2, oblong.shape[0] // 2)
    stored = cv2.resize(oblong, half, interpolation=cv2.INTER_AREA) if one.kind == "dcm halved" else oblong
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = pydicom.uid.UltrasoundImageStorage, pydicom.uid.generate_uid()
    data.Rows, data.Columns = stored.shape
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    region = pydicom.Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = oblong.shape[1] - 1, oblong.shape[0] - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    unit = 1.0 if one.kind == "dcm in mm" else 10.0
    region.PhysicalDeltaX, region.PhysicalDeltaY = mm_per_px * one.aspect / unit, mm_per_px / unit
    data.SequenceOfUltrasoundRegions = [region]
    data.PixelData = stored.tobytes() + b"\0" * (stored.size % 2)
    data.save_as(path, enforce_file_format=True)
    return path


def harm(path: Path, damage: str, rng: np.random.Generator) -> None:
    data = bytearray(path.read_bytes())
    at = int(len(data) * rng.uniform(0.3, 0.95))
    if damage == "cut":
        del data[at:]
    elif damage == "hole":
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    else:
        for place in rng.integers(len(data) // 4, len(data), 10):
            data[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def read(path: Path) -> tuple[list[Frame], str]:
    frames = []
    try:
        with open_source(str(path)) as source:
            while (frame := source.read(5.0)) is not None:
                frames.append(frame)
    except SourceError as error:
        return frames, str(error)
    return frames, ""


def locator(one: Brought, mm_per_px: float) -> Locator:
    if one.stated == "depth":
        return Locator(user_depth_mm=one.depth_mm * one.stated_wrong)
    if one.stated == "scale":
        value = mm_per_px * one.stated_wrong
        return Locator(PixelSpacing(value, value, SpacingOrigin.USER))
    return Locator()


def outcome(one: Brought, folder: Path) -> str:
    """What became of it; `wrong` only where an answer without a word lies outside its interval."""
    upright, mm_per_px = drawn(one)
    path = saved(one, upright, mm_per_px, folder)
    mm_per_px *= 2 if one.kind == "dcm halved" else 1
    whole, _ = read(path)
    if one.damage:
        harm(path, one.damage, np.random.default_rng(one.seed))
    frames, problem = read(path)
    if not frames:
        assert len(problem) > 20
        return "error"
    found = "withheld"
    give_scale = locator(one, mm_per_px)
    for number, frame in enumerate(frames):
        if one.damage and not one.kind.startswith("dcm") and _visibly_other(frame, whole[min(number, len(whole) - 1)]):
            return "wrong: damaged pixels" if one.damage != "flips" else "damage that cannot be told"
        located = give_scale.locate(frame)
        if gate_faults(located, GATE):
            found = "refused"
        elif located.spacing is None:
            assert missing_scale(located).startswith("scale unknown: ")
        elif located.doubts:
            found = "doubted"
        else:
            off = [abs(value / mm_per_px - 1) for value in (located.spacing.x_mm_per_px, located.spacing.y_mm_per_px)]
            if max(off) > located.spacing.relative_uncertainty + TOLERANCE:
                return f"wrong: {max(off):.3f} off"
            found = "right"
    return found


def _visibly_other(frame: Frame, whole: Frame) -> bool:
    if frame.pixels.shape != whole.pixels.shape:
        return True
    return float((cv2.absdiff(frame.pixels, whole.pixels) > 24).mean()) > 0.01


def nobody_could_know(one: Brought) -> bool:
    """A wrong value is stated, and the input holds nothing that contradicts it."""
    told_by_dicom = one.kind in ("dcm", "dcm in mm")
    return bool(one.stated) and one.stated_wrong != 1.0 and not (told_by_dicom or (one.ruler and not one.whole))


def test_no_millimetre_is_wrong_without_a_word():
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(BROUGHT)
    def one_after_the_other(one: Brought) -> None:
        if nobody_could_know(one):
            return
        with TemporaryDirectory() as folder:
            told = outcome(one, Path(folder))
        seen[f"{one.kind}: {told}"] += 1
        assert not told.startswith("wrong"), told

    try:
        one_after_the_other()
    finally:
        lines = [f"{sum(seen.values())} inputs", *(f"{count:6d} {told}" for told, count in sorted(seen.items()))]
        sys.stdout.write("\n".join(lines) + "\n")
    answers = {told.partition(": ")[2] for told in seen}
    assert answers >= ({"right", "withheld", "doubted", "refused", "error"} if EXAMPLES >= 300 else {"right"})
