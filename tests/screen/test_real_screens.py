"""Pictures of real scanners, where they are to be had. Borders and scales were measured by hand."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.frame import Region
from edge.screen.region.ultrasound import find_region
from edge.screen.ruler.scale import read_scale

DATA = Path(__file__).parents[2] / "../shared/data"


def picture(name: str) -> np.ndarray:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not in ../shared/data")
    if path.suffix == ".mp4":
        return cv2.cvtColor(cv2.VideoCapture(str(path)).read()[1], cv2.COLOR_BGR2GRAY)
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cartilage/clarius.png", Region(107, 223, 586, 354)),
        ("handheld_screens/clarius_axial-lateral-resolution-2020.png", Region(344, 160, 592, 640)),
        ("handheld_screens/interson-phantom.png", Region(443, 54, 560, 841)),
        ("handheld_screens/clarius-ocular-short.mp4", Region(264, 86, 752, 787)),
        ("handheld_screens/sonosite-anon-eye1-video.mp4", Region(387, 41, 336, 599)),
        ("muscle/images/set2_gastroc_jumping_048.png", Region(111, 60, 578, 461)),
        ("muscle/images/set1_S1_L20_step_025.png", Region(0, 0, 514, 458)),
    ],
)
def test_region(name, expected):
    found = find_region(picture(name))
    off = np.abs(np.subtract(corners(found), corners(expected)))
    assert off.max() <= 0.01 * max(expected.width, expected.height)


def corners(region: Region) -> tuple[int, int, int, int]:
    return region.x, region.y, region.x + region.width, region.y + region.height


@pytest.mark.parametrize(
    ("name", "mm_per_px"),
    [
        ("cartilage/clarius.png", 0.0849),
        ("handheld_screens/interson-phantom.png", 0.0595),
        ("handheld_screens/clarius-ocular-short.mp4", 0.0508),
        ("handheld_screens/sonosite-anon-eye1-video.mp4", 0.0758),
        ("muscle/images/set2_gastroc_jumping_048.png", 10 / 115.25),
    ],
)
def test_scale(name, mm_per_px):
    pixels = picture(name)
    scale = read_scale(pixels, find_region(pixels)).scale
    assert scale is not None
    assert scale.mm_per_px == pytest.approx(mm_per_px, rel=0.01)


def test_no_scale_is_made_up_where_there_are_no_ticks():
    pixels = picture("handheld_screens/clarius_axial-lateral-resolution-2020.png")
    assert read_scale(pixels, find_region(pixels)).scale is None
