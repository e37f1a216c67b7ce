"""How many pixels a stated depth belongs to: right, or not told."""

import cv2
import numpy as np
import pytest

from edge.frame import Region
from edge.screen.region.axial_extent import AxialExtent, find_axial_extent
from edge.screen.region.ultrasound import find_region
from tests.screen.screens import draw_screen

SEEDS = range(12)


def found(pixels: np.ndarray) -> AxialExtent:
    return find_axial_extent(pixels, find_region(pixels))


@pytest.mark.parametrize("fades", [False, True])
def test_of_random_screens_the_extent_is_right_or_none(fades):
    """In the manner of many vendors, curved arrays among them, compressed, scaled and noisy."""
    right, wrong = 0, []
    for seed in SEEDS:
        screen = draw_screen(seed, fades=fades)
        extent = found(screen.pixels)
        if extent.px is not None and not extent.note:
            off = extent.px / screen.extent_px - 1
            right += abs(off) <= 0.02
            wrong += [(seed, round(off, 3))] if abs(off) > 0.02 else []
    assert wrong == []
    assert right >= (0 if fades else 0.5 * len(SEEDS))


def tissue(height: int, width: int) -> np.ndarray:
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(size=(height, width)), (0, 0), 1.2)
    return np.clip(80 + 120 * grain, 1, 255).astype(np.uint8)


def fan(half_deg: float = 32.0, inner_px: float = 150.0, outer_px: float = 550.0) -> np.ndarray:
    """A curved array's picture on a black screen, its apex above the screen's upper edge."""
    y, x = np.mgrid[0:640, 0:800].astype(float)
    radius, angle = np.hypot(x - 400, y + 60), np.arctan2(x - 400, y + 60)
    inside = (np.abs(angle) <= np.deg2rad(half_deg)) & (radius >= inner_px) & (radius < outer_px)
    return np.where(inside, tissue(640, 800), 0).astype(np.uint8)


def on_screen(picture: np.ndarray) -> np.ndarray:
    screen = np.zeros((600, 800), np.uint8)
    screen[60 : 60 + picture.shape[0], 80 : 80 + picture.shape[1]] = picture
    return screen


def test_a_fans_depth_runs_from_arc_to_arc_and_not_over_the_box_around_it():
    pixels = fan()
    assert found(pixels) == AxialExtent(pytest.approx(400, abs=3))
    assert find_region(pixels).height >= 415


def test_specks_of_noise_belong_to_the_picture():
    rng = np.random.default_rng(4)
    for share, told in ((0.08, (None,)), (0.5, (None, pytest.approx(480, abs=2)))):
        picture = tissue(480, 640)
        picture[200:] = rng.random((280, 640)) < share
        assert found(on_screen(picture)).px in told


def test_the_end_of_the_last_grey_level_is_no_edge():
    picture = tissue(480, 640)
    picture[200:240], picture[240:300], picture[300:] = 2, 1, 0
    assert found(on_screen(picture)).px is None


def test_a_flat_reflector_with_its_shadow_is_no_lower_edge():
    picture = tissue(480, 640)
    picture[290:300] = 255
    picture[300:] = 0
    extent = found(on_screen(picture))
    assert extent == AxialExtent(None, "it fades out before its depth ends")


def test_what_is_taken_for_granted_is_told():
    fading = np.exp(-np.maximum(np.arange(480) - 300, 0) / 12)[:, None]
    dark = np.rint(tissue(480, 640) * fading).astype(np.uint8)
    whole = found(dark)
    assert whole.px == pytest.approx(480, abs=2) and whole.note == "the depth ends at the frame's dark lower edge"
    cut = found(on_screen(tissue(520, 640))[:500])
    assert cut.px == pytest.approx(440, abs=2) and "cuts the picture off" in cut.note
    assert found(tissue(480, 640)) == AxialExtent(pytest.approx(480, abs=2))


def test_without_a_skin_line_or_of_a_tiny_picture_nothing_is_told():
    picture = tissue(480, 640).astype(float) * np.clip(np.arange(480) / 120, 0, 1)[:, None]
    assert "skin line" in found(on_screen(picture.astype(np.uint8))).note
    assert find_axial_extent(tissue(40, 40), Region(0, 0, 40, 40)).px is None
