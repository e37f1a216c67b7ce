"""Whole pictures against stored ones. SONOEDGE_REMAKE_GOLDEN=1 writes them anew; look at each of them."""

import os
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.finding import CaliperMark, Finding, LineMark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.overlay.draw import draw as draw_with
from edge.overlay.text import has_unicode_font
from edge.task.cartilage.spec import SPEC

draw = partial(draw_with, terms=SPEC.terms)

GOLDEN = Path(__file__).parent / "golden"
PROBE = ProbeState(
    depth_mm=35, frequency_mhz=12, gain_db=52, frozen=False, mi=0.7, tis=0.2, tib=0.3, battery_percent=81
)
REFUSED_REASONS = (
    "The cartilage band is not continuous: 38 % of its length is missing.",
    "Tilt the probe slowly until the bone line is bright from one condyle to the other.",
)
LIMITED_REASONS = ("Lateral third withheld: the beam is not perpendicular there.",)
DOUBT_REASONS = ("scale withheld: the depth was changed within 3 ms of the exposure",)
SILENT_REASONS = ("the probe does not transmit: heartbeat lost",)
UNKNOWN_REASONS = ("Millimetres withheld: the scale is unknown. State the depth or millimetres per pixel.",)


@dataclass(frozen=True)
class Scene:
    """What is asked of the overlay; the ultrasound picture lies at `region` (x, y, width, height)."""

    width: int
    height: int
    region: tuple[int, int, int, int] | None = None
    verdict: Verdict = Verdict.MEASURED
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    known_scale: bool = True
    probe: ProbeState | None = PROBE
    age_s: float | None = 0.06
    behind: int = 0
    marked: bool = True
    found: bool = True
    dark: bool = False
    skipped: tuple[str, ...] = field(default=())


SCENES = {
    "measured": Scene(640, 480),
    "limited": Scene(
        640, 480, verdict=Verdict.LIMITED, reasons=LIMITED_REASONS, skipped=("mean_thickness_lateral",)
    ),
    "refused": Scene(640, 480, verdict=Verdict.REFUSED, reasons=REFUSED_REASONS),
    "refused_bare": Scene(640, 480, verdict=Verdict.REFUSED, reasons=REFUSED_REASONS, marked=False, probe=None),
    "old": Scene(640, 480, behind=12, age_s=0.4),
    "frozen": Scene(640, 480, probe=replace(PROBE, frozen=True, battery_percent=9, temperature_c=41.6)),
    "unknown_scale": Scene(
        640, 480, verdict=Verdict.LIMITED, reasons=UNKNOWN_REASONS, known_scale=False,
        skipped=("mean_thickness_medial", "mean_thickness_central", "mean_thickness_lateral", "area"),
    ),
    "doubt": Scene(
        640, 480, verdict=Verdict.LIMITED, reasons=DOUBT_REASONS, known_scale=False,
        probe=ProbeState(doubt="the depth was changed within 3 ms of the exposure", battery_percent=81),
        skipped=("mean_thickness_medial", "mean_thickness_central", "mean_thickness_lateral", "area"),
    ),
    "no_transmit": Scene(
        640, 480, verdict=Verdict.REFUSED, reasons=SILENT_REASONS, marked=False, dark=True,
        probe=replace(PROBE, mi=0, tis=0, tib=0, transmitting=False, transmit_off_reason="heartbeat lost"),
    ),
    "high_output": Scene(640, 480, probe=replace(PROBE, mi=1.08, tis=0.62, tib=1.17, transmitting=True)),
    "waiting": Scene(640, 480, found=False),
    "small": Scene(480, 360),
    "small_refused": Scene(480, 360, verdict=Verdict.REFUSED, reasons=REFUSED_REASONS),
    "screen": Scene(
        800, 800, region=(107, 223, 586, 354), notes=("Scale from ticks and from depth differ by 3 %.",)
    ),
    "large": Scene(1920, 1080, region=(420, 90, 1080, 900)),
}  # fmt: skip


def background(width, height):
    """A V-shaped bone line with shadow under a layered, speckled ground; few grey levels, so that PNG stays small."""
    rng = np.random.default_rng(7)
    speckle = cv2.resize(
        rng.rayleigh(0.6, (height // 4, width // 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    upper, lower = surfaces(x)
    tissue = 90 * np.exp(-1.6 * y) * (1 + 0.4 * np.sin(60 * y + 3 * np.sin(4 * x)))
    tissue = np.where(y > upper, 16, tissue)
    tissue = np.where(
        y > lower, 230 * np.exp(-((y - lower - 0.006) ** 2) / 0.0001) + 22 * np.exp(-5 * (y - lower)), tissue
    )
    return (np.clip(tissue * speckle, 0, 255) // 20 * 20).astype(np.uint8)


def surfaces(x):
    """Upper and lower border of the cartilage as shares of the height."""
    lower = 0.62 - 0.55 * (x - 0.5) ** 2 - 0.12 * np.exp(-(((np.abs(x - 0.5) - 0.3) / 0.12) ** 2))
    return lower - 0.065 - 0.02 * np.cos(9 * x), lower


def build(scene):
    region = Region(*(scene.region or (0, 0, scene.width, scene.height)))
    pixels = np.zeros((scene.height, scene.width), np.uint8)
    if not scene.dark:
        region.crop(pixels)[:] = background(region.width, region.height)
    spacing = PixelSpacing(40 / region.width, 40 / region.width, SpacingOrigin.DEPTH) if scene.known_scale else None
    frame = Frame(pixels, 40_000_000 * 20, 20, "phantom", spacing, region if scene.region else None, scene.probe)
    if not scene.found:
        return frame, None
    finding = Finding(
        task="cartilage",
        sequence=20 - scene.behind,
        exposed_ns=40_000_000 * (20 - scene.behind),
        verdict=scene.verdict,
        reasons=scene.reasons,
        notes=scene.notes,
        measurements=tuple(m for m in MEASURED if m.name not in scene.skipped),
        marks=marks(region, spacing is not None and scene.verdict is not Verdict.REFUSED) if scene.marked else (),
        spacing=spacing,
    )
    return frame, finding


MEASURED = (
    Measurement("mean_thickness_medial", 2.134, "mm", 1.95, 2.31),
    Measurement("mean_thickness_central", 2.418, "mm", 2.26, 2.58),
    Measurement("mean_thickness_lateral", 2.207, "mm", 1.98, 2.43),
    Measurement("area", 64.31, "mm2", 60.2, 68.4),
    Measurement("echo_intensity", 31.2, "grey level", 28.0, 34.4),
)


def marks(region, calipers):
    columns = np.arange(round(0.08 * region.width), round(0.92 * region.width))
    upper, lower = (border * region.height + region.y for border in surfaces(columns / region.width))
    points = [np.stack([columns + region.x, border], 1).astype(np.float32) for border in (upper, lower)]
    top = int(upper.min())
    rows = np.arange(top, int(lower.max()) + 1)[:, None]
    mask = ((rows >= upper) & (rows <= lower)).astype(np.uint8)
    found = [MaskMark("cartilage", 1, mask, (int(columns[0]) + region.x, top))]
    found += [LineMark("upper_surface", points[0]), LineMark("lower_surface", points[1])]
    for share, text in ((0.22, "2.1 mm"), (0.5, "2.4 mm"), (0.78, "2.2 mm")) if calipers else ():
        at = round(share * len(columns))
        found.append(CaliperMark("thickness", tuple(points[0][at].tolist()), tuple(points[1][at].tolist()), text))
    return tuple(found)


@pytest.mark.parametrize("name", SCENES)
def test_picture_is_as_stored(name):
    if not has_unicode_font():
        pytest.skip("OpenCV 4 draws texts with another font; the stored pictures need OpenCV 5")
    frame, finding = build(SCENES[name])
    picture = draw(frame, finding, age_s=SCENES[name].age_s)
    path = GOLDEN / f"{name}.png"
    if os.environ.get("SONOEDGE_REMAKE_GOLDEN"):
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    stored = cv2.imread(str(path))
    assert stored is not None, f"{path} is missing; remake it and look at it"
    assert stored.shape == picture.shape
    # Another build of OpenCV may smooth an edge a little differently; a text that moves or a line that goes may not.
    differing = np.abs(stored.astype(int) - picture).max(axis=2) > 48
    assert differing.mean() < 0.0005, f"{differing.sum()} pixels of {name} differ from {path}"
