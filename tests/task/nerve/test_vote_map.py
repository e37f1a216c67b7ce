"""Votes against counting cell by cell, and candidates on windows whose best places are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.image.windows import Windows, tiled
from edge.task.nerve import vote_map as votes
from edge.task.nerve.candidates import NerveCandidate, candidates, over_time, overlap, vote_map

SHAPE = (24, 30)


def judged(places: dict[tuple[int, int], float]) -> tuple[Windows, np.ndarray]:
    """Windows of 6 x 8 cells all over; probability falls with the distance from the given middles."""
    windows = tiled(*SHAPE, ((6, 8, 1),))
    row, column = (windows.top + windows.bottom) / 2, (windows.left + windows.right) / 2
    each = [p * np.exp(-(((row - y) ** 2 + (column - x) ** 2) / 4)) for (y, x), p in places.items()]
    return windows, np.max(each, axis=0).astype(np.float32)


@given(st.integers(0, 2**32))
def test_each_window_votes_for_the_cells_it_covers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = tiled(9, 8, ((2, 3, 1),))
    weights = rng.uniform(0, 1, len(windows)).astype(np.float32)
    expected = np.zeros((9, 8))
    for index, weight in enumerate(weights):
        top, left, bottom, right = (
            int(side[index]) for side in (windows.top, windows.left, windows.bottom, windows.right)
        )
        expected[top:bottom, left:right] += weight
    blurred = votes.cv2.GaussianBlur(expected, (0, 0), votes.BLUR_CELLS)
    assert np.allclose(vote_map(windows, weights, (9, 8)), blurred, atol=1e-5)


def test_two_places_are_two_candidates_the_likelier_first() -> None:
    windows, probability = judged({(8, 9): 0.6, (15, 21): 0.9})
    found = candidates(windows, probability, probability, vote_map(windows, probability, SHAPE), 3)
    first, second = found[:2]
    assert (first.row, first.column) == pytest.approx((15, 21), abs=1)
    assert (second.row, second.column) == pytest.approx((8, 9), abs=1)
    assert (first.probability, second.probability) == pytest.approx((0.9, 0.6), abs=0.01)
    assert (first.top, first.left, first.bottom, first.right) == pytest.approx((12, 17, 18, 25), abs=0.5)
    assert all(one.votes < second.votes for one in found[2:])


def test_one_sure_window_counts_as_much_as_many_that_agree() -> None:
    """At the left nine windows agree; at the right there is one."""
    windows = tiled(*SHAPE, ((6, 8, 1),))
    left = (np.abs(windows.left - 4) <= 1) & (np.abs(windows.top - 8) <= 1)
    right = (windows.left == 18) & (windows.top == 12)
    probability = np.where(left, 0.4, np.where(right, 0.9, 0)).astype(np.float32)
    found = candidates(windows, probability, probability, vote_map(windows, probability, SHAPE), 2)
    assert [round(one.column) for one in found] == [8, 22]
    surer = np.where(right, 1.0, np.where(left, 0.15, 0)).astype(np.float32)
    found = candidates(windows, surer, surer, vote_map(windows, surer, SHAPE), 2)
    assert [round(one.column) for one in found] == [22, 8]


def test_no_window_no_candidate() -> None:
    windows, _ = judged({(8, 9): 1})
    nothing = np.zeros(len(windows), np.float32)
    assert candidates(windows, nothing, nothing, vote_map(windows, nothing, SHAPE), 3) == ()


def test_frames_before_settle_between_two_places() -> None:
    windows, now = judged({(8, 9): 0.5, (15, 21): 0.55})
    _, before = judged({(8, 9): 0.9})
    past = [vote_map(windows, before, SHAPE)] * 3
    present = vote_map(windows, now, SHAPE)
    alone, with_past = (candidates(windows, now, now, voted, 1)[0] for voted in (present, over_time(present, past)))
    assert alone.column == pytest.approx(21, abs=1)
    assert with_past.column == pytest.approx(9, abs=1)


def test_time_weighs_the_newest_most_and_leaves_other_shapes_out() -> None:
    one, two = np.full((2, 2), 1, np.float32), np.full((2, 2), 2, np.float32)
    voted = over_time(two, [np.ones((3, 3), np.float32), one])
    assert voted == pytest.approx(np.full((2, 2), (2 + votes.DECAY) / (1 + votes.DECAY)))
    assert np.array_equal(over_time(two, []), two)
    assert over_time(two, [one] * 9)[0, 0] == over_time(two, [one] * votes.FRAMES)[0, 0]


def test_overlap_is_the_share_of_cells_in_both() -> None:
    window = Windows(*(np.array([side]) for side in (0, 0, 4, 4)))
    assert overlap(window, NerveCandidate(2, 2, 6, 4, 1, 1, 4, 3))[0] == pytest.approx(4 / 20)
    assert overlap(window, NerveCandidate(4, 4, 6, 6, 1, 1, 5, 5))[0] == 0
