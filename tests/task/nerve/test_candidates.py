"""Where a nerve may lie: votes against counting cell by cell, candidates on windows whose best places are known,
their borders on known shapes, and the whole chain on known pictures."""

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.image.windows import CELL_PX, Windows, tiled
from edge.task.nerve.candidates import (
    BLUR_CELLS,
    DECAY,
    EARLIER_FRAMES,
    FIRST_ELLIPSE,
    NerveCandidate,
    NerveSight,
    candidate_outlines,
    candidates,
    over_time,
    overlap,
    see_nerve,
    vote_map,
)
from edge.task.outlines import filled
from tests.task.nerve.window_examples import bright_model, scene

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
    blurred = cv2.GaussianBlur(expected, (0, 0), BLUR_CELLS)
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
    assert voted == pytest.approx(np.full((2, 2), (2 + DECAY) / (1 + DECAY)))
    assert np.array_equal(over_time(two, []), two)
    assert over_time(two, [one] * 9)[0, 0] == over_time(two, [one] * EARLIER_FRAMES)[0, 0]


def test_overlap_is_the_share_of_cells_in_both() -> None:
    window = Windows(*(np.array([side]) for side in (0, 0, 4, 4)))
    assert overlap(window, NerveCandidate(2, 2, 6, 4, 1, 1, 4, 3))[0] == pytest.approx(4 / 20)
    assert overlap(window, NerveCandidate(4, 4, 6, 6, 1, 1, 5, 5))[0] == 0


def nerve(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A grey ellipse with a bright rim on a darker ground, and its truth."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot((x - 90) / 34, (y - 60) / 18)
    picture = np.where(distance < 1, 110, 70) + 120 * np.exp(-(((distance - 0.97) / 0.06) ** 2))
    noise = np.random.default_rng(4).normal(0, 12, shape)
    return np.clip(picture + noise, 0, 255).astype(np.float32), distance < 1


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * np.count_nonzero((one > 0) & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def test_the_border_moves_from_an_ellipse_that_lies_askew_to_the_bright_rim() -> None:
    picture, truth = nerve((128, 192))
    askew = NerveCandidate(10.5, 15.5, 17, 28, 1, 1, 15, 22)
    (found,) = candidate_outlines(picture, [askew])
    assert dice(filled(truth.shape, found.before), truth) < 0.88
    assert dice(filled(truth.shape, found.after), truth) > 0.95


def test_the_first_border_is_the_boxs_ellipse_a_little_wider() -> None:
    (found,) = candidate_outlines(np.zeros((64, 96), np.float32), [NerveCandidate(4, 5, 10, 17, 1, 1, 7, 11)])
    assert found.before.min(axis=0).tolist() == pytest.approx([43.5 - 24 * FIRST_ELLIPSE, 27.5 - 12 * FIRST_ELLIPSE])
    assert found.before.max(axis=0).tolist() == pytest.approx([43.5 + 24 * FIRST_ELLIPSE, 27.5 + 12 * FIRST_ELLIPSE])


def test_a_candidate_at_the_corner_has_a_border_too() -> None:
    picture, _ = nerve((128, 192))
    (found,) = candidate_outlines(picture, [NerveCandidate(0, 0, 4, 8, 1, 1, 2, 4)])
    assert np.isfinite(found.after).all()
    assert filled(picture.shape, found.after).any()


def middle_px(sight: NerveSight) -> tuple[float, float]:
    """Row and column of the first candidate in the picture that was given."""
    first = sight.candidates[0]
    return first.row * CELL_PX / sight.working.px_per_px, first.column * CELL_PX / sight.working.px_per_px


@pytest.mark.parametrize("middle", [(150, 250), (90, 120), (220, 400)])
def test_the_chain_finds_the_bright_place_and_draws_it(middle: tuple[int, int]) -> None:
    picture = scene(1, middle)
    sight = see_nerve(picture, bright_model())
    assert middle_px(sight) == pytest.approx(middle, abs=12)
    y, x = np.ogrid[: sight.working.pixels.shape[0], : sight.working.pixels.shape[1]]
    scale = sight.working.px_per_px
    truth = np.hypot((x / scale - middle[1]) / 50, (y / scale - middle[0]) / 25) < 1
    drawn = filled(truth.shape, sight.outlines[0].after) > 0
    assert 2 * np.count_nonzero(drawn & truth) / (np.count_nonzero(drawn) + np.count_nonzero(truth)) > 0.7
    assert len(sight.outlines) == len(sight.candidates) == sight.neighbours.size
    assert sight.neighbours[0] == pytest.approx(0.8)


def test_the_same_picture_gives_the_same_sight() -> None:
    one, other = (see_nerve(scene(), bright_model()) for _ in range(2))
    for field in ("probability", "votes", "voted"):
        assert np.array_equal(getattr(one, field), getattr(other, field))
    assert one.candidates == other.candidates
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.candidates = ()  # type: ignore[misc]


def test_frames_before_hold_a_place_that_this_frame_sees_no_more() -> None:
    before = see_nerve(scene(1, (150, 120)), bright_model())
    strong = [before.votes] * 5
    now = see_nerve(scene(2, (150, 400)), bright_model(), earlier=strong)
    alone = see_nerve(scene(2, (150, 400)), bright_model())
    assert middle_px(alone)[1] == pytest.approx(400, abs=12)
    assert now.voted[:, :30].max() > alone.voted[:, :30].max()


@pytest.mark.parametrize("picture", [np.zeros((300, 400), np.uint8), np.zeros((2, 2), np.uint8)])
def test_a_dark_picture_has_no_candidate(picture: NDArray[np.uint8]) -> None:
    sight = see_nerve(picture, bright_model())
    assert sight.candidates == sight.outlines == ()
    assert sight.probability.size == sight.neighbours.size == 0
