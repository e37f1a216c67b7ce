"""Binary patterns against scikit-image and against each window by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern as skimage_lbp

from edge.image import binary_patterns


@given(arrays(np.uint8, st.tuples(st.integers(3, 12), st.integers(3, 12))), st.sampled_from([(8, 1.0), (16, 2.0)]))
def test_local_binary_patterns_are_scikit_images(picture: NDArray[np.uint8], circle: tuple[int, float]) -> None:
    theirs = skimage_lbp(picture, *circle, method="uniform")
    assert np.array_equal(binary_patterns.local_binary_pattern(picture, *circle), theirs)


def window(picture: NDArray[np.uint8], row: int, column: int, side: int) -> NDArray[np.uint8]:
    half = side // 2
    padded = np.pad(picture, half, mode="edge")
    return padded[row : row + side, column : column + side]


def pattern(picture: NDArray[np.uint8], row: int, column: int, threshold: float) -> int:
    around = window(picture, row, column, 3)
    return sum(int(around[1 + d, 1 + r] >= threshold) << bit for bit, (d, r) in enumerate(binary_patterns.RING))


@given(arrays(np.uint8, (6, 7)))
def test_median_patterns_are_those_of_each_window(picture: NDArray[np.uint8]) -> None:
    expected = [
        [pattern(picture, r, c, float(np.median(window(picture, r, c, 3)))) for c in range(7)] for r in range(6)
    ]
    assert binary_patterns.median_binary_pattern(picture).tolist() == expected


@given(arrays(np.uint8, (6, 7), elements=st.sampled_from([0, 10, 11, 12, 200, 255])))
def test_adaptive_patterns_take_the_first_window_whose_median_is_no_extreme(picture: NDArray[np.uint8]) -> None:
    codes, sides = binary_patterns.adaptive_median_binary_pattern(picture)
    for row in range(6):
        for column in range(7):
            for index, side in enumerate(binary_patterns.SIDES_PX):
                around = window(picture, row, column, side)
                low, middle, high = around.min(), np.median(around), around.max()
                if low < middle < high or index == 2:
                    break
            centre = picture[row, column]
            threshold = centre if low < centre < high else middle
            assert (codes[row, column], sides[row, column]) == (pattern(picture, row, column, threshold), index)


def test_a_pattern_turned_around_its_centre_keeps_its_uniform_code() -> None:
    codes = binary_patterns.uniform_codes(8)
    assert sorted(set(codes.tolist())) == list(range(10))
    assert np.count_nonzero(codes < 9) == 58
    patterns = np.arange(256)
    assert np.array_equal(codes[patterns], codes[(patterns << 1 | patterns >> 7) & 255])
