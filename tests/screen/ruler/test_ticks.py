import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.screen.ruler.ticks import fit_ticks


@settings(deadline=None)
@given(
    period=st.floats(6, 80),
    count=st.integers(8, 40),
    start=st.floats(0, 300),
    lost=st.integers(2, 5),
)
def test_period_of_rounded_ticks_with_a_gap(period, count, start, lost):
    truth = start + period * np.arange(count)
    positions = np.delete(np.floor(truth + 0.5), lost)
    ticks = fit_ticks(positions)
    assert ticks is not None
    # A straight line through places that are rounded by half a pixel at most can turn by so much.
    off = np.delete(np.arange(count), lost) - np.delete(np.arange(count), lost).mean()
    most_px = 0.5 * np.abs(off).sum() / (off**2).sum()
    assert abs(ticks.period_px - period) <= max(0.01 * period, most_px)
    assert ticks.indices.size >= 0.9 * positions.size


def test_letters_between_the_ticks_do_not_count():
    true = 50.0 + 31.4 * np.arange(12)
    ticks = fit_ticks(np.sort(np.concatenate((true, [61.0, 199.0, 305.5]))))
    assert ticks is not None
    assert ticks.period_px == pytest.approx(31.4, rel=0.002)


def test_scattered_marks_are_no_ticks():
    rng = np.random.default_rng(3)
    assert sum(fit_ticks(np.sort(rng.uniform(0, 600, 9))) is not None for _ in range(50)) <= 5
