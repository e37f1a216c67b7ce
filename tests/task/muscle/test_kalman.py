"""The filter against what least squares says of the same numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.task.muscle.filter import Belief

variances = st.floats(1e-4, 1e4)
values = st.floats(-1e3, 1e3)


@given(st.lists(st.tuples(values, variances), min_size=1, max_size=12))
def test_of_a_value_that_stays_it_is_the_weighted_mean(readings) -> None:
    (first, noise), *others = readings
    belief = Belief(first, noise)
    for value, variance in others:
        belief = belief.corrected(value - belief.value, variance)
    read, weight = np.array(readings)[:, 0], 1 / np.array(readings)[:, 1]
    assert belief.value == pytest.approx((weight * read).sum() / weight.sum(), abs=1e-6, rel=1e-6)
    assert belief.variance == pytest.approx(1 / weight.sum(), rel=1e-6)


@given(values, st.floats(0, 1e6), values, st.floats(0, 1e6))
def test_the_gain_is_a_share_and_the_value_stays_between(value, variance, measured, noise) -> None:
    belief = Belief(value, variance)
    assert 0 <= belief.gain(noise) <= 1
    after = belief.corrected(measured - value, noise)
    assert min(value, measured) - 1e-6 <= after.value <= max(value, measured) + 1e-6
    assert 0 <= after.variance <= variance * (1 + 1e-9) + 1e-300


@given(values, variances, values, variances)
def test_a_change_moves_the_value_and_makes_it_less_sure(value, variance, change, unsure) -> None:
    after = Belief(value, variance).moved(change, unsure)
    assert (after.value, after.variance) == (value + change, variance + unsure)


def test_deviations_are_counted_in_what_is_expected() -> None:
    assert Belief(0, 9).deviations(-10, 16) == pytest.approx(2)
