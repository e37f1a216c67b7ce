"""Any picture to 8-bit grey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.source.grey import bits_used, to_grey


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=64))
def test_16_bit_is_scaled_by_its_full_range_and_rounded(values: list[int]) -> None:
    grey = to_grey(np.array([values], np.uint16))
    assert grey.dtype == np.uint8
    assert grey[0].tolist() == [int(value * 255 / 65535 + 0.5) for value in values]


@given(st.integers(1, 16))
def test_black_and_white_stay_so_at_every_depth(bits: int) -> None:
    assert to_grey(np.array([[0, (1 << bits) - 1]], np.uint16), bits).tolist() == [[0, 255]]


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_colour_is_weighed_as_bt_601(blue: int, green: int, red: int) -> None:
    grey = to_grey(np.array([[[blue, green, red]]], np.uint8))
    assert abs(int(grey[0, 0]) - (0.299 * red + 0.587 * green + 0.114 * blue)) <= 1


@given(st.integers(0, 255))
def test_a_grey_colour_keeps_its_level(level: int) -> None:
    assert to_grey(np.full((2, 3, 3), level, np.uint8)).tolist() == [[level] * 3] * 2


def test_what_is_transparent_is_black() -> None:
    bgra = np.array([[[200, 200, 200, 255], [200, 200, 200, 0], [200, 200, 200, 128]]], np.uint8)
    assert to_grey(bgra).tolist() == [[200, 0, 100]]
    grey_alpha = np.array([[[200, 255], [200, 0]]], np.uint8)
    assert to_grey(grey_alpha).tolist() == [[200, 0]]


def test_a_reversed_view_works() -> None:
    rgb = np.zeros((2, 2, 3), np.uint8)
    rgb[..., 0] = 255
    assert (to_grey(rgb[..., ::-1]) == 76).all()


@pytest.mark.parametrize(("top", "bits"), [(255, 8), (256, 12), (4095, 12), (4096, 16)])
def test_the_depth_that_a_16_bit_picture_uses(top: int, bits: int) -> None:
    assert bits_used(np.array([[0, top]], np.uint16)) == bits


def test_other_kinds_of_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        to_grey(np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="channels"):
        to_grey(np.zeros((2, 2, 5), np.uint8))
