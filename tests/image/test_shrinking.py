"""Smaller pictures against OpenCV's own areas."""

import cv2
import numpy as np
import pytest

from edge.image.shrinking import resized, shrunk


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((480, 640), (256, 192)),
        ((480, 640), (48, 48)),
        ((150, 200), (64, 48)),
        ((90, 131), (57, 20)),
        ((64, 64), (80, 9)),
    ],
    ids=str,
)
def test_each_pixel_is_the_mean_of_the_area_it_covers(shape: tuple[int, int], size: tuple[int, int]) -> None:
    picture = np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)
    expected = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    assert np.array_equal(shrunk(picture, size), expected)
    apart = np.abs(shrunk(picture, size, either=True).astype(int) - expected)
    assert apart.max() <= 1
    assert np.count_nonzero(apart) < 0.01 * apart.size


def test_a_part_of_a_frame_is_shrunk_as_its_copy() -> None:
    frame = np.random.default_rng(4).integers(0, 256, (130, 300)).astype(np.uint8)
    part = frame[7:107, 11:211]
    assert np.array_equal(shrunk(part, (80, 40)), shrunk(part.copy(), (80, 40)))


@pytest.mark.parametrize("size", [(80, 40), (200, 40), (80, 200), (600, 300)])
def test_a_side_that_becomes_longer_is_interpolated(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (100, 160)).astype(np.uint8)
    smaller = size[0] <= 160 and size[1] <= 100
    expected = shrunk(picture, size) if smaller else cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(resized(picture, size), expected)
