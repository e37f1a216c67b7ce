"""The working picture: its scale and size, and grey levels that no grey map changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.image.working_picture import evened, working_picture


def plain() -> np.ndarray:
    """(400, 512)."""
    return np.full((400, 512), 90, np.uint8)


@given(st.integers(0, 2**32), st.floats(0.4, 2.5))
@settings(max_examples=10)
def test_evening_takes_every_grey_map_that_keeps_the_order_away(seed: int, gamma: float) -> None:
    picture = np.random.default_rng(seed).integers(20, 60, (16, 16)).astype(np.uint8) * 4
    other = (np.power(picture / 255, gamma) * 60000).astype(np.int64)
    levels = np.unique(other)
    ranked = np.searchsorted(levels, other).astype(np.uint8) + 5
    assert np.array_equal(evened(picture, 0), evened(ranked, 0))


def test_unlit_pixels_stay_dark_and_count_for_nothing() -> None:
    picture = np.random.default_rng(1).integers(0, 60, (16, 16)).astype(np.uint8)
    lit = picture >= 30
    found = evened(picture, 30)
    assert not found[~lit].any()
    assert np.array_equal(found[lit][None], evened(picture[lit][None], 0))


def test_the_working_picture_has_the_known_scale() -> None:
    assert working_picture(plain()).pixels.shape == (192, 256)
    known = working_picture(plain(), mm_per_px=0.06)
    assert known.px_per_px == pytest.approx(0.4)
    assert known.pixels.shape == (160, 192)
    assert working_picture(np.full((2000, 500), 90, np.uint8)).pixels.shape == (320, 256)
    assert working_picture(plain(), mm_per_px=0.9).pixels.shape == (320, 512)
    tiny = working_picture(np.full((30, 50), 90, np.uint8), mm_per_px=0.15)
    assert tiny.pixels.shape == (64, 64)
    assert np.count_nonzero(tiny.pixels) == 30 * 50
