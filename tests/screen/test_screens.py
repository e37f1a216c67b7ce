"""Random screens: how well the region is found, and that a scale is right or none."""

from functools import cache

import numpy as np
import pytest

from edge.frame import Region
from edge.screen.region.ultrasound import find_region
from edge.screen.ruler.scale import read_scale
from tests.screen.screens import draw_screen

SEEDS = range(40)


def overlap(a: Region, b: Region) -> float:
    """Intersection over union."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)


@cache
def results() -> list[tuple[float, bool, float | None]]:
    """Of each seed: overlap, whether the scale can be read, and by what share the answer is off."""
    found = []
    for seed in SEEDS:
        screen = draw_screen(seed)
        region = find_region(screen.pixels)
        scale = read_scale(screen.pixels, region).scale
        off = None if scale is None else abs(scale.mm_per_px / screen.mm_per_px - 1)
        found.append((overlap(region, screen.region), screen.readable, off))
    return found


def test_regions_are_tight():
    overlaps = [overlap for overlap, _, _ in results()]
    assert np.median(overlaps) > 0.98
    assert np.mean(np.array(overlaps) > 0.9) > 0.9


def test_scales_are_right_or_none():
    wrong = [off for _, _, off in results() if off is not None and off > 0.02]
    assert len(wrong) <= 1


def test_most_scales_that_can_be_read_are_read():
    answered = [off is not None for _, readable, off in results() if readable]
    assert np.mean(answered) > 0.65


@pytest.mark.parametrize("level", [0, 60, 255])
def test_a_screen_of_one_colour_is_its_own_region(level):
    pixels = np.full((300, 400), level, np.uint8)
    assert find_region(pixels) == Region(0, 0, 400, 300)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (20, 20)])
def test_tiny_pictures_do_no_harm(shape):
    pixels = np.full(shape, 90, np.uint8)
    assert find_region(pixels) == Region.whole(pixels)
    assert read_scale(pixels, Region.whole(pixels)).scale is None
