"""The active contour against every contour there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.image.active_contour import closed_contour


def price(cost: np.ndarray, stiffness: float, path: tuple[int, ...]) -> float:
    bends = sum((a - b) ** 2 for a, b in zip(path, (*path[1:], path[0]), strict=True))
    return float(sum(cost[ray, place] for ray, place in enumerate(path)) + stiffness * bends)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05, 0.4]))
def test_no_contour_through_the_same_first_place_is_cheaper(seed: int, stiffness: float) -> None:
    cost = np.random.default_rng(seed).uniform(0, 1, (5, 4))
    found = tuple(closed_contour(cost, stiffness).tolist())
    others = [price(cost, stiffness, (found[0], *rest)) for rest in product(range(4), repeat=4)]
    assert price(cost, stiffness, found) == pytest.approx(min(others))


def test_a_stiff_contour_is_a_circle_and_a_loose_one_takes_each_rays_best() -> None:
    cost = np.random.default_rng(3).uniform(0, 1, (30, 12))
    assert set(closed_contour(cost, 1e6).tolist()) == {int(cost.sum(axis=0).argmin())}
    assert np.array_equal(closed_contour(cost, 0), cost.argmin(axis=1))
