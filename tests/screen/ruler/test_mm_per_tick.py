import numpy as np
import pytest

from edge.screen.ruler.mm_per_tick import longer_tick_periods


@pytest.mark.parametrize("levels", [(2,), (4,), (5,), (10,), (5, 10), (2, 4)])
def test_pattern_of_longer_ticks(levels):
    indices = np.arange(41)
    reach = np.full(41, 5.0)
    for extra, level in enumerate(levels, start=1):
        reach[indices % level == 0] = 5.0 + 5.0 * extra
    assert longer_tick_periods(indices, reach) == levels


def test_equal_ticks_have_no_pattern():
    assert longer_tick_periods(np.arange(20), np.full(20, 7.0)) == ()


def test_ticks_of_any_length_have_no_pattern():
    reach = np.random.default_rng(0).uniform(3, 20, 30)
    assert longer_tick_periods(np.arange(30), reach) == ()
