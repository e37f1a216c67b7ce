import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.screen.comb import fit_comb
from edge.screen.meaning import pattern


@settings(deadline=None)
@given(
    period=st.floats(6, 80),
    count=st.integers(8, 40),
    start=st.floats(0, 300),
    lost=st.integers(2, 5),
)
def test_period_of_rounded_teeth_with_a_gap(period, count, start, lost):
    truth = start + period * np.arange(count)
    positions = np.delete(np.round(truth), lost)
    comb = fit_comb(positions)
    assert comb is not None
    assert comb.period_px == pytest.approx(period, rel=0.01)
    assert comb.indices.size >= 0.9 * positions.size


def test_letters_between_the_teeth_do_not_count():
    teeth = 50.0 + 31.4 * np.arange(12)
    comb = fit_comb(np.sort(np.concatenate((teeth, [61.0, 199.0, 305.5]))))
    assert comb is not None
    assert comb.period_px == pytest.approx(31.4, rel=0.002)


def test_scattered_marks_are_no_comb():
    rng = np.random.default_rng(3)
    assert sum(fit_comb(np.sort(rng.uniform(0, 600, 9))) is not None for _ in range(50)) <= 5


@pytest.mark.parametrize("levels", [(2,), (4,), (5,), (10,), (5, 10), (2, 4)])
def test_pattern_of_longer_ticks(levels):
    indices = np.arange(41)
    reach = np.full(41, 5.0)
    for extra, level in enumerate(levels, start=1):
        reach[indices % level == 0] = 5.0 + 5.0 * extra
    assert pattern(indices, reach) == levels


def test_equal_ticks_have_no_pattern():
    assert pattern(np.arange(20), np.full(20, 7.0)) == ()


def test_ticks_of_any_length_have_no_pattern():
    reach = np.random.default_rng(0).uniform(3, 20, 30)
    assert pattern(np.arange(30), reach) == ()
