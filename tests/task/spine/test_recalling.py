"""A place that was passed is known again by its speckle, and no other is."""

import numpy as np
import pytest

from edge.task.spine.count import first_space_mm
from edge.task.spine.recalling import Joined, Passed, Spot, in_order, signature_of
from edge.task.spine.seen import SeenAlong

WIDTH, REACH = 132, 20


def tile(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((106, WIDTH)).astype(np.float32)


def passed(count: int) -> Passed:
    places = Passed()
    for seed in range(count):
        places = places.with_place(signature_of(tile(seed)), Spot(0, 2.0 * seed), 2.0 * seed, 0.4)
    return places


@pytest.mark.parametrize("shift", [0, 7, -12])
def test_a_place_is_known_again_though_the_hand_strayed_aside(shift: int) -> None:
    again = passed(70).again(signature_of(np.roll(tile(41), shift, axis=1)), WIDTH, reach_px=REACH)
    assert again == Spot(0, 82.0)


def test_a_place_that_was_never_passed_is_not_known() -> None:
    assert passed(70).again(signature_of(tile(1000)), WIDTH, reach_px=REACH) is None
    assert Passed().again(signature_of(tile(1)), WIDTH, reach_px=REACH) is None


def test_a_place_that_another_resembles_as_much_is_not_known() -> None:
    places = passed(9).with_place(signature_of(tile(3)), Spot(0, 60.0), 60.0, 0.4)
    assert places.again(signature_of(tile(3)), WIDTH, reach_px=REACH) is None


def test_along_the_plane_the_shift_is_a_part_of_the_way() -> None:
    again = passed(9).again(signature_of(np.roll(tile(3), 5, axis=1)), WIDTH, reach_px=REACH, mm_per_px=0.36)
    assert again is not None and again.mm == pytest.approx(6.0 + 5 * 0.36)


def test_pieces_of_the_way_are_joined_and_wrong_ones_dropped() -> None:
    places = passed(5).joined(Joined(0, 2, -1, 100.0, since_mm=5.0))
    assert places.spots[:3] == (Spot(2, 100.0), Spot(2, 98.0), Spot(2, 96.0))
    assert places.again(signature_of(tile(4)), WIDTH, reach_px=REACH) is None
    assert places.again(signature_of(tile(1)), WIDTH, reach_px=REACH) == Spot(2, 98.0)


def test_the_way_along_places_shows_in_their_order() -> None:
    back = [(Spot(0, 10.0 - mm), 50.0 + mm) for mm in (0.0, 0.6, 1.2)]
    assert in_order(back, 0.8) == -1
    assert in_order([(spot, path + 9 * n) for n, (spot, path) in enumerate(back)], 0.8) is None
    assert in_order([*back, (Spot(1, 8.0), 52.0)], 0.8) is None


@pytest.mark.parametrize("length", [3.6, 12.6])
def test_the_first_space_is_measured_in_a_paramedian_picture(length: float) -> None:
    x = np.arange(-40, 40, 0.72)
    kinds = np.where(x < 0, 0, np.where(x < length, 2, 1))
    assert first_space_mm(SeenAlong(x, np.eye(3)[kinds])) == pytest.approx(length, abs=0.8)
    assert first_space_mm(SeenAlong(x, np.eye(3)[np.maximum(kinds, 1)])) is None
