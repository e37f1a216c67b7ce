"""The cheapest way across a picture."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.image.cheapest_path import cheapest_paths


def test_the_cheapest_path_follows_a_bright_line_and_bends_for_it() -> None:
    lines = [np.round(5 + 3 * np.sin(np.arange(30) / 8 + shift)).astype(int) for shift in (0, 1)]
    cost = np.ones((2, 30, 11))
    for number, line in enumerate(lines):
        cost[number, np.arange(30), line] = 0.0
    np.testing.assert_array_equal(cheapest_paths(cost, 0.1), lines)


@given(st.integers(0, 10_000))
def test_a_step_is_one_column_at_most(seed: int) -> None:
    cost = np.random.default_rng(seed).random((20, 9))
    (path,) = cheapest_paths(cost[None], 0.05)
    assert path.shape == (20,) and np.abs(np.diff(path)).max() <= 1
    assert path.min() >= 0 and path.max() < 9
