"""The figures of the tracking against courses whose errors are known."""

import numpy as np
import pytest

from edge.frame import Frame
from tools.muscle.courses import Courses, bends, largest_jump, ordered, real_series, row, shared
from tools.muscle.cycles import ENDS, FPS, FollowedCycles, cycle_row, lag_frames

TRUTH = 20 + 8 * np.sin(np.arange(100) / 8)


@pytest.mark.parametrize("lag", [-2.0, 0.0, 1.5])
def test_the_lag_is_found_whatever_the_constant_error(lag):
    at = np.arange(100.0)
    late = np.interp(at - lag, at, TRUTH) + 3
    late[40:44] = np.nan
    assert lag_frames(TRUTH, late) == pytest.approx(lag, abs=0.15)


def test_a_straight_course_does_not_bend():
    assert bends(np.arange(10.0)) == 0
    assert bends(np.array([0.0, 1, 0, 1])) == 2
    assert largest_jump(np.array([0.0, 1, -3, np.nan, 9])) == 4


def test_only_frames_that_both_answer_are_compared():
    single, tracked = np.ones(16), np.full(16, 1.5)
    single[3], tracked[3] = np.nan, 9
    tracked[5] = np.nan
    courses = Courses(np.zeros(16), single, tracked, 2)
    assert [np.flatnonzero(np.isnan(said)).tolist() for said in shared(courses)] == [[3, 5], [3, 5]]
    cells = [cell.strip() for cell in row("shuffled", [courses]).split("|")[1:-1]]
    assert cells[:6] == ["shuffled", "16", "94, 94", "1.00, 1.50", "+1.00, +1.50", "9.0 of 1"]
    assert cells[-1] == "2 of 15"


def test_drift_is_the_last_cycles_bias_less_the_firsts():
    cycles, instants = 30, 100
    tracked = TRUTH + 0.01 * np.arange(cycles)[:, None]
    values = np.stack([tracked] * 3, axis=-1)
    done = FollowedCycles(values + 1, values, 0, np.ones(3), np.ones(3))
    cells = [cell.strip() for cell in cycle_row("seed 1", "fascicle_angle", done, TRUTH, 0).split("|")[1:-1]]
    assert (cells[0], cells[1]) == ("seed 1", "fascicle angle (deg)")
    assert [float(cell) for cell in cells[3:7]] == pytest.approx([0.145, 0.02, 0.27, 0.25], abs=0.006)
    assert len(TRUTH) == instants and ENDS == 5 and FPS > 0


def test_frames_are_shown_in_the_order_that_was_asked_for():
    frames = [Frame(np.full((4, 4), number, np.uint8), 0, 0, str(number)) for number in range(6)]
    taken = [(None, number * 2.0) for number in range(6)]
    for order, seconds in (("as recorded", 2.0), ("as neighbours", 0.04), ("shuffled", 0.04)):
        places, shown = ordered(taken, frames, order, 1)
        assert [frame.origin for frame in shown] == [str(place) for place in places]
        assert np.diff([frame.exposed_ns for frame in shown]).tolist() == [round(seconds * 1e9)] * 5
        assert (places == list(range(6))) == (order != "shuffled")
        assert sorted(places) == list(range(6))


def test_the_real_series_are_in_order():
    try:
        series = real_series("jumping")
    except SystemExit as missing:
        pytest.skip(str(missing))
    seconds = [time for _, time in series]
    assert len(series) == 23
    assert np.diff(seconds) == pytest.approx(2 / 30)
