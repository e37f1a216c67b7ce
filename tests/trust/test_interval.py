"""Intervals hold what they promise."""

import numpy as np
import pytest

from edge.trust.interval import conformal_half_width, interval, interval_by_factor


def test_the_half_width_holds_its_share_of_new_errors() -> None:
    rng = np.random.default_rng(1)
    held = [np.mean(np.abs(rng.standard_t(4, 2000)) <= conformal_half_width(rng.standard_t(4, 200))) for _ in range(60)]
    assert np.mean(held) == pytest.approx(0.9, abs=0.015)


def test_a_doubtful_scale_widens_the_interval() -> None:
    assert interval(2.0, 0.1, 0.0) == pytest.approx((1.9, 2.1))
    assert interval(2.0, 0.1, 0.05) == pytest.approx((1.8, 2.2))
    assert interval(0.1, 0.5, 0.0)[0] == 0.0


def test_a_factor_reaches_as_many_times_down_as_up() -> None:
    assert interval_by_factor(6.0, 2.0, 0.0) == pytest.approx((3.0, 12.0))
    assert interval_by_factor(6.0, 2.0, 0.25) == pytest.approx((2.4, 15.0))
    assert interval_by_factor(6.0, 1.0, 0.0) == (6.0, 6.0)
