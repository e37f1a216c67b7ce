"""A projected picture shows the same places of the same marks, turned."""

import numpy as np
import pytest

from edge.finding import CaliperMark, FieldMark, Finding, LineMark, MaskMark, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.overlay.projected import projected
from edge.terms import Projection

SHAPE = HEIGHT, WIDTH = 40, 60
SPACING = PixelSpacing(0.2, 0.1, SpacingOrigin.USER)


def shown(mirrored: bool, *marks, pixels=None):
    pixels = np.arange(HEIGHT * WIDTH).reshape(SHAPE).astype(np.uint8) if pixels is None else pixels
    frame = Frame(pixels, 0, 0, "test", SPACING, Region(5, 8, 30, 20))
    finding = Finding("test", 0, 0, Verdict.MEASURED, marks=marks, spacing=SPACING)
    return frame, *projected(frame, finding, Projection(mirrored))


def there(point, mirrored):
    x, y = point
    return y, WIDTH - 1 - x if mirrored else x


@pytest.mark.parametrize("mirrored", [False, True])
def test_each_pixel_region_and_scale_go_along(mirrored) -> None:
    frame, turned, finding = shown(mirrored)
    assert turned.pixels.shape == (WIDTH, HEIGHT) and turned.pixels.flags.c_contiguous
    x, y = there((17, 9), mirrored)
    assert turned.pixels[y, x] == frame.pixels[9, 17]
    inside, before = turned.ultrasound.crop(turned.pixels), frame.ultrasound.crop(frame.pixels)
    assert sorted(inside.ravel()) == sorted(before.ravel())
    assert (turned.spacing.x_mm_per_px, turned.spacing.y_mm_per_px) == (0.1, 0.2)
    assert finding.spacing == turned.spacing


@pytest.mark.parametrize("mirrored", [False, True])
def test_marks_lie_on_the_pixels_that_they_lay_on(mirrored) -> None:
    mask = np.zeros((4, 6), np.uint8)
    mask[1, 2] = 1
    line = LineMark("line", np.array([[17.0, 9.0], [20.5, 30.0]], np.float32))
    caliper = CaliperMark("gap", (10.0, 11.0), (30.0, 12.0), "2 mm")
    _, _, finding = shown(mirrored, MaskMark("mask", 1, mask, (10, 20)), line, caliper)
    moved_mask, moved_line, moved_caliper = finding.marks
    row, column = np.argwhere(moved_mask.mask == 1)[0]
    assert (column + moved_mask.origin[0], row + moved_mask.origin[1]) == there((12, 21), mirrored)
    assert tuple(moved_line.points[0]) == there((17, 9), mirrored)
    assert moved_caliper.start == there((10, 11), mirrored) and moved_caliper.end == there((30, 12), mirrored)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle_deg", [0.0, 20.0, -35.0, 90.0])
def test_directions_turn_with_the_picture(mirrored, angle_deg) -> None:
    angle = np.full((3, 5), angle_deg, np.float32)
    confidence = np.zeros((3, 5), np.float32)
    confidence[1, 4] = 1
    field = FieldMark("fibres", angle, confidence, (10.0, 12.0), 4.0)
    _, _, finding = shown(mirrored, field)
    (moved,) = finding.marks
    row, column = np.argwhere(moved.confidence == 1)[0]
    place = moved.origin[0] + column * moved.cell_px, moved.origin[1] + row * moved.cell_px
    assert place == there((26.0, 16.0), mirrored)
    x, y = np.cos(np.radians(angle_deg)), -np.sin(np.radians(angle_deg))
    x, y = y, -x if mirrored else x
    expected = np.degrees(np.arctan2(-y, x))
    assert (float(moved.angle_deg[row, column]) - expected + 90) % 180 - 90 == pytest.approx(0, abs=1e-4)
    assert -90 < moved.angle_deg[row, column] <= 90
