"""Features on one scale: cut off at four deviations, stored within half a step."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.image.scaling import MOST, STEP, packed, standardised, unpacked


def test_standardised_counts_deviations_from_the_mean() -> None:
    features = np.array([[1.0, 10.0], [3.0, -500.0]], np.float32)
    found = standardised(features, np.array([1, 0], np.float32), np.array([2, 5], np.float32))
    np.testing.assert_array_equal(found, np.array([[0, 2], [1, -MOST]], np.float32))


@given(arrays(np.float32, 7, elements=st.floats(-MOST, MOST, width=32)))
def test_what_is_packed_comes_back_within_half_a_step(vectors: np.ndarray) -> None:
    back = unpacked(packed(vectors))
    assert np.abs(back - vectors).max() <= STEP / 2 + 1e-6
    np.testing.assert_array_equal(packed(back), packed(vectors))
