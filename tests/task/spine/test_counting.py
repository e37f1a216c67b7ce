"""Counting levels over simulated sweeps; tuned on seeds below 1000, tested on those from 5000 on."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.task.spine.count import HINT_MM, LIFTED, TRANSITIONAL, Lowest
from edge.task.spine.counting import counted
from edge.task.spine.places import grid
from edge.task.spine.seen import SpineSeen
from edge.task.spine.travel import Travelled
from tests.task.spine.sweeps import FRAME_S, Faults, shares, sweep

SWEEPS = range(5000, 5008)
FAULTS = {
    "clean": Faults(),
    "poor": Faults(poor=0.2),
    "stalled": Faults(stalls=3),
    "turned": Faults(stalls=1, reversals=1),
    "lifted": Faults(lift=True),
    "hidden": Faults(hidden_space=0.1, hidden_bone=0.05),
    "transitional": Faults(transitional=True),
    "all": Faults(poor=0.2, stalls=2, reversals=1, hidden_space=0.05, hidden_bone=0.03),
}
MOST_ABOVE = 0.008
"""Share of frames of a kind of sweep; vertebrae half grown into the sacrum are told as sacrum for a few, and so is a
vertebra that looks like a space under a space that looks like a vertebra."""
SACRUM, BONE, SPACE = (SpineSeen(np.array(chances), 1.0, 1.0, 1.0) for chances in np.eye(3) * 0.9 + 0.1 / 3)
STEP = Travelled(0.75, 0.1, None, 0.95)
REST = Travelled(0.0, 0.0)


def after(*parts, count=None):
    """The count after so many millimetres of each look."""
    for seen, mm in parts:
        for _ in range(round(mm / STEP.mm)):
            count = counted(count, seen, STEP, FRAME_S)
    return count


@pytest.mark.parametrize("name", FAULTS)
def test_no_level_is_told_too_low(name, capsys):
    found = shares(SWEEPS, FAULTS[name])
    with capsys.disabled():
        sys.stdout.write(f"\n{name:12} {found}")
    assert found.above <= MOST_ABOVE * found.frames


def test_few_frames_of_clean_sweeps_are_unsure():
    found = shares(SWEEPS, Faults())
    assert found.unsure < 0.1 * found.frames
    assert found.below == 0


def test_levels_are_counted_from_the_sacrum_on():
    count = after((SACRUM, 24), (SPACE, 15), (BONE, 18), (SPACE, 18), (BONE, 9))
    assert count.segment == 4
    assert count.why == ""


def test_nothing_is_told_before_the_sacrum_was_seen():
    for _, _, count in sweep(5001, Faults(start_mm=-10)):
        assert count.segment is None
        assert not count.started


def test_a_stalled_probe_gains_nothing():
    moved = after((SACRUM, 24), (SPACE, 15), (BONE, 3))
    rested = moved
    for _ in range(100):
        rested = counted(rested, BONE, REST, FRAME_S)
    assert np.array_equal(rested.belief, moved.belief)


def test_a_single_poor_frame_decides_nothing():
    count = after((SACRUM, 24), (SPACE, 9))
    assert counted(count, BONE, STEP, FRAME_S).segment == 1


def test_a_lift_makes_it_unsure_until_the_sacrum_is_seen_again():
    count = after((SACRUM, 24), (SPACE, 15), (BONE, 9))
    for _ in range(8):
        count = counted(count, replace(BONE, contact=0.0), REST, FRAME_S)
    assert (count.segment, count.why) == (None, LIFTED)
    count = after((BONE, 9), (SPACE, 15), (BONE, 15), count=count)
    assert (count.segment, count.why) == (None, LIFTED)
    assert after((SACRUM, 60), count=count).segment == 0


def test_a_turn_that_is_seen_is_followed():
    count = after((SACRUM, 24), (SPACE, 15), (BONE, 18), (SPACE, 9))
    for onward in (0.5, 0.5, 0.0):
        count = counted(counted(count, SPACE, REST, FRAME_S), SPACE, replace(STEP, onward=onward), FRAME_S)
    assert after((SPACE, 7), (BONE, 9), count=count).segment == 2


def test_a_stop_after_which_no_direction_shows_is_unsure():
    count = after((SACRUM, 24), (SPACE, 15), (BONE, 18), (SPACE, 9))
    for _ in range(5):
        count = counted(count, SPACE, REST, FRAME_S)
    for _ in range(8):
        count = counted(count, SPACE, replace(STEP, onward=0.5), FRAME_S)
    assert after((BONE, 12), count=count).segment is None


def test_what_looks_like_sacrum_and_vertebra_may_be_transitional():
    half = replace(BONE, chances=np.array((0.5, 0.45, 0.05)))
    count = after((SACRUM, 24), (SPACE, 5), (half, 18), (SPACE, 18), (BONE, 9))
    assert (count.segment, count.why) == (None, TRANSITIONAL)


def test_the_sacrum_is_not_told_where_the_frame_looks_half_like_a_vertebra():
    count = after((SACRUM, 24))
    half = SpineSeen(np.array([0.55, 0.4, 0.05]), 1.0, 1.0, 1.0)
    assert count.segment == 0 and counted(count, SACRUM, STEP, FRAME_S).segment == 0
    assert counted(count, half, STEP, FRAME_S).segment is None


def test_a_long_time_without_frames_loses_the_count():
    count = after((SACRUM, 24), (SPACE, 15), (BONE, 9))
    assert counted(count, BONE, STEP, 2.0).segment is None


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 4), st.floats(0, 1), st.floats(0, 1)), max_size=25))
@settings(deadline=None, max_examples=30)
def test_belief_sums_to_one(frames):
    count = None
    for kind, mm, onward, contact in frames:
        seen = replace((SACRUM, BONE, SPACE)[kind], contact=contact)
        count = counted(count, seen, Travelled(mm, mm / 4, None, onward), FRAME_S)
        assert count.belief.sum() == pytest.approx(1)
        assert count.belief.min() >= 0
        assert 0 <= count.low <= count.high


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_moving_keeps_every_chance(seed):
    part = np.where(grid().valid, np.random.default_rng(seed).random(grid().valid.shape), 0.0)
    for moved in (grid().raised(part), grid().lowered(part)):
        assert moved.sum() == pytest.approx(part.sum())
        assert not moved[~grid().valid].any()


@pytest.mark.parametrize(("sacrum", "hints"), [(0.95, False), (0.6, True)])
def test_what_is_only_half_sacrum_hints_at_a_vertebra_that_is_grown_into_it(sacrum, hints) -> None:
    on_sacrum = np.zeros(grid(measured=False).by_segment(grid(measured=False).nowhere).shape)
    on_sacrum[0] = 1.0
    lowest = Lowest()
    for _ in range(round(2 * HINT_MM / 1.5) + 2):
        lowest = lowest.seen(on_sacrum, np.array([sacrum, 1 - sacrum, 0.0]))
    assert lowest.hinted is hints


@pytest.mark.parametrize(("pictured_mm", "odd"), [(7.0, True), (10.0, False), (15.0, False), (19.0, True)])
def test_a_first_space_in_the_picture_that_is_no_l5_s1_is_odd(pictured_mm: float, odd: bool) -> None:
    lowest = Lowest(space_mm=12.0, bone_mm=15.0, pictured=10, pictured_mm=10 * pictured_mm)
    assert lowest.odd is odd
    assert not replace(lowest, pictured=2, pictured_mm=2 * pictured_mm).odd, "too few pictures say nothing"
