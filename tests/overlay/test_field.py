"""Directions as colours, against what the eye needs and stored pictures. SONOEDGE_REMAKE_GOLDEN=1 writes these anew."""

import os
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.finding import CaliperMark, FieldMark, Finding, LineMark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.overlay.buffers import Planes
from edge.overlay.draw import draw as draw_with
from edge.overlay.draw import font_size
from edge.overlay.field import GLOW, SURE, UNSURE, draw_key, tint_field, wheel
from edge.overlay.layout import Box
from edge.overlay.sheet import Sheet
from edge.overlay.text import has_unicode_font
from edge.task.muscle.spec import SPEC

draw = partial(draw_with, terms=SPEC.terms)

GOLDEN = Path(__file__).parent / "golden"
MEASURED = (
    Measurement("fascicle_angle", -22.4, "deg", -24.4, -20.4),
    Measurement("pennation_angle", 23.1, "deg", 21.0, 25.2),
    Measurement("fascicle_length", 48.2, "mm", 44.0, 52.4),
    Measurement("straight_fascicle_length", 47.9, "mm", 43.7, 52.1),
    Measurement("extrapolated_share", 12.0, "%", 7.0, 17.0),
    Measurement("muscle_thickness", 18.6, "mm", 17.7, 19.5),
    Measurement("fascicle_curvature", -0.3, "1/m", -3.3, 2.7),
    Measurement("deep_aponeurosis_angle", 0.7, "deg", -0.5, 1.9),
)
SCENES = {
    "field": (640, 480, Verdict.MEASURED, 0),
    "field_limited": (640, 480, Verdict.LIMITED, 0),
    "field_refused": (640, 480, Verdict.REFUSED, 0),
    "field_old": (640, 480, Verdict.MEASURED, 9),
    "field_small": (360, 300, Verdict.MEASURED, 0),
    "field_large": (1600, 1000, Verdict.MEASURED, 0),
}


def scene(width, height, verdict, behind):
    """A muscle whose fascicles fall to the right, more so to the left, over one whose fascicles rise."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    top, bottom = 0.18 + 0.02 * x, 0.62 - 0.03 * x
    angle = np.where(y < bottom, -30 + 15 * x, 24)
    phase = (x * width * np.sin(np.radians(angle)) + y * height * np.cos(np.radians(angle))) * 400 / height / 14
    grey = 70 + 45 * np.sin(phase) ** 9 * (y > top)
    for edge in (top, bottom):
        grey = np.where(np.abs(y - edge) < 0.012, 215, grey)
    pixels = (np.clip(grey, 0, 255) // 15 * 15).astype(np.uint8)
    frame = Frame(pixels, 40_000_000 * 20, 20, "test", PixelSpacing(40 / width, 40 / width, SpacingOrigin.DEPTH))
    number = 20 - behind
    reasons = () if verdict is Verdict.MEASURED else ("the fascicles' directions disagree: turn the probe",)
    measured = () if verdict is Verdict.REFUSED else MEASURED
    drawn = marks(width, height, angle, (y > top) & (np.abs(y - bottom) > 0.015), measured)
    return frame, Finding("muscle", number, 40_000_000 * number, verdict, reasons, measured, drawn, frame.spacing)


def marks(width, height, angle, readable, measured):
    cell = width / 64
    columns, rows = 64, round(height / cell)
    size = (columns, rows)
    field = FieldMark(
        "fascicle direction",
        cv2.resize(angle.astype(np.float32), size, interpolation=cv2.INTER_AREA),
        cv2.resize(readable.astype(np.float32), size, interpolation=cv2.INTER_AREA),
        ((cell - 1) / 2, (cell - 1) / 2),
        cell,
    )
    across = np.arange(width, dtype=np.float32)
    edges = ((0.18, 0.02, "superficial aponeurosis"), (0.62, -0.03, "deep aponeurosis"))
    lines = [
        LineMark(name, np.stack((across, height * (at + slope * across / width)), axis=1).astype(np.float32))
        for at, slope, name in edges
    ]
    for share in (0.35, 0.5, 0.65):
        ends = ((share - 0.3, 0.2), (share, 0.4), (share + 0.33, 0.6))
        lines.append(LineMark("fascicle", np.array(ends, np.float32) * (width, height)))
    caliper = CaliperMark("muscle thickness", (width / 2, 0.19 * height), (width / 2, 0.605 * height), "18.6 mm")
    ends = [np.round(line.points[[0, -1]]) for line in lines[:2]]
    belly = np.zeros((height, width), np.uint8)
    cv2.fillPoly(belly, [np.concatenate((ends[0], ends[1][::-1])).astype(np.int32)], 1)
    return (field, MaskMark("muscle", 1, belly, (0, 0)), *lines, *((caliper,) if measured else ()))


@pytest.mark.parametrize("name", SCENES)
def test_picture_is_as_stored(name: str) -> None:
    if not has_unicode_font():
        pytest.skip("OpenCV 4 draws texts with another font; the stored pictures need OpenCV 5")
    picture = draw(*scene(*SCENES[name]))
    path = GOLDEN / f"{name}.png"
    if os.environ.get("SONOEDGE_REMAKE_GOLDEN"):
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    stored = cv2.imread(str(path))
    assert stored is not None, f"{path} is missing; remake it and look at it"
    differing = np.abs(stored.astype(int) - picture).max(axis=2) > 48
    assert differing.mean() < 0.0005, f"{differing.sum()} pixels of {name} differ from {path}"


def field_of(angle_deg, confidence=1.0):
    cells = np.full((8, 8), angle_deg, np.float32)
    return FieldMark("direction", cells, np.full((8, 8), confidence, np.float32), (3.5, 3.5), 8.0)


def tinted(grey, mark, strength=0.8):
    picture = np.full((64, 64, 3), grey, np.uint8)
    tint_field(picture, mark, strength, Planes())
    return picture


def test_the_tint_is_what_its_formula_says() -> None:
    rng = np.random.default_rng(2)
    cells = rng.uniform(-90, 90, (8, 8)).astype(np.float32), rng.uniform(0, 1, (8, 8)).astype(np.float32)
    mark = FieldMark("direction", *cells, (0.0, 0.0), 1.0)
    grey = rng.integers(0, 256, (8, 8, 1)).astype(np.float64)
    share = 0.7 * np.clip((cells[1] - UNSURE) / (SURE - UNSURE), 0, 1)[..., None]
    colour = wheel()[np.round(cells[0]).astype(int) % 180].astype(np.float64) / 255
    expected = grey * (1 - share * (1 - colour)) + 255 * GLOW * share * colour
    picture = np.repeat(grey.astype(np.uint8), 3, axis=2)
    tint_field(picture, mark, 0.7, Planes())
    assert np.abs(picture - np.minimum(expected, 255)).max() <= 1.6


def test_directions_half_a_turn_apart_have_one_colour_and_others_differ() -> None:
    np.testing.assert_array_equal(tinted(120, field_of(-90)), tinted(120, field_of(90)))
    steps = np.linalg.norm(np.diff(np.concatenate((wheel(), wheel()[:1])), axis=0), axis=1)
    assert steps.max() < 12
    tens = wheel()[::10]
    assert np.linalg.norm(tens[:, None] - tens[None], axis=2)[~np.eye(18, dtype=bool)].min() > 8


def test_colours_are_spread_over_what_fascicles_do() -> None:
    usual = wheel()[np.arange(-40, 50, 10) % 180]
    assert np.linalg.norm(usual[:, None] - usual[None], axis=2)[~np.eye(9, dtype=bool)].min() > 30
    assert np.linalg.norm(wheel()[10] - wheel()[27]) > 60


def test_the_measured_structure_alone_is_coloured() -> None:
    picture = np.full((64, 64, 3), 120, np.uint8)
    tint_field(picture, field_of(20), 0.8, Planes(), [MaskMark("muscle", 1, np.ones((10, 64), np.uint8), (0, 20))])
    assert (picture[20:30] != 120).any(axis=2).all()
    assert (picture[:20] == 120).all() and (picture[30:] == 120).all()


@pytest.mark.parametrize(("width", "height"), [(320, 240), (420, 300), (640, 480), (1024, 768), (1920, 1080)])
def test_the_key_is_whole_or_not_there(width: int, height: int) -> None:
    """Its numbers end within its ground."""
    sheet = Sheet(
        np.full((height, width, 3), 90, np.uint8),
        *(np.full((height, width), level, np.uint8) for level in (90, 0)),
        Box(0, 0, width, height),
        font_size(width, height),
    )
    draw_key(sheet, 20.0)
    changed = (sheet.picture != 90).any(axis=2)
    (box,) = sheet.taken
    assert changed.sum() == box.cut(changed).sum()
    ground = box.cut(sheet.picture)
    rim = np.concatenate([ground[0], ground[-1], ground[:, -1]])
    assert (rim == rim[0]).all(), "a number is cut off"


@pytest.mark.parametrize("degrees", range(-85, 91, 25))
def test_echoes_keep_most_of_their_contrast(degrees: int) -> None:
    dark, bright = (tinted(grey, field_of(degrees)).astype(int).max() for grey in (40, 200))
    assert bright - dark > 0.85 * (200 - 40)


def test_where_nothing_is_sure_the_picture_stays_as_it_is() -> None:
    np.testing.assert_array_equal(tinted(120, field_of(30, 0.0)), np.full((64, 64, 3), 120, np.uint8))
    assert (tinted(120, field_of(30)) != 120).any(axis=2).all()


def test_a_field_beside_the_picture_is_cut_off() -> None:
    for origin in ((-40.0, -40.0), (50.0, 50.0), (200.0, 3.0)):
        mark = field_of(20)
        moved = FieldMark(mark.name, mark.angle_deg, mark.confidence, origin, mark.cell_px)
        whole = np.full((200, 200, 3), 90, np.uint8)
        shifted = FieldMark(mark.name, mark.angle_deg, mark.confidence, (origin[0] + 64, origin[1] + 64), mark.cell_px)
        tint_field(whole, shifted, 0.8, Planes())
        np.testing.assert_array_equal(tinted(90, moved), whole[64:128, 64:128])
