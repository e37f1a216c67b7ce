"""Squares about a structure, and what is said of it as a picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.frame import Region
from edge.task.prompt import (
    BESIDE,
    NOTHING,
    SIDE,
    WITHIN,
    Square,
    no_points,
    prompt_plane,
    prompted_tensor,
    square_picture,
)

squares = st.builds(Square, st.floats(-500, 2000), st.floats(-500, 2000), st.floats(10, 3000))
points = st.lists(st.tuples(st.floats(-100, 400), st.floats(-100, 400)), min_size=1, max_size=4)


@given(squares, points)
def test_inward_and_outward_are_each_others_way_back(square, places):
    there = np.array(places)
    np.testing.assert_allclose(square.inward(square.outward(there)), there, atol=1e-6)
    matrix = square.fit.matrix
    np.testing.assert_allclose(square.outward(there) @ matrix[:, :2].T + matrix[:, 2], there, atol=1e-6)


@given(points, st.floats(0.1, 1))
def test_a_square_around_points_holds_them_and_is_filled_as_asked(places, share):
    there = np.array(places)
    square = Square.around(there, share, 20)
    inside = square.inward(there)
    assert inside.min() > -1 and inside.max() < SIDE
    longer = np.ptp(there, axis=0).max()
    assert square.width == pytest.approx(max(20, longer / share))


def test_nothing_said_is_even_grey():
    assert (prompt_plane(no_points(), no_points()) == NOTHING).all()


def test_points_are_bright_inside_and_dark_outside_and_an_outline_parts_the_square():
    within = np.zeros((SIDE, SIDE), np.uint8)
    within[100:150, 100:150] = 255
    plane = prompt_plane(np.array([[120.0, 110.0]]), np.array([[30.0, 40.0]]), within)
    assert plane[110, 120] == 255 and plane[40, 30] == 0
    assert plane[140, 140] == WITHIN and plane[180, 180] == BESIDE
    assert plane[110, 129] == pytest.approx(WITHIN + (255 - WITHIN) * np.exp(-2), abs=1), "two sigma of 4.5"


@given(points)
def test_points_anywhere_are_drawn_as_far_as_they_lie_in_the_square(places):
    plane = prompt_plane(np.array(places), no_points())
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    far = np.min([np.hypot(x - px, y - py) for px, py in places], axis=0)
    assert (plane[far > 40] == NOTHING).all()
    assert (plane[far <= 0.5] > 250).all()


def test_the_square_shows_the_region_and_nothing_beside_it():
    pixels = np.full((200, 300), 255, np.uint8)
    pixels[50:150, 100:200] = 90
    shown = square_picture(pixels, Region(100, 50, 100, 100), Square(149.5, 99.5, 200))
    first, last = SIDE // 4, 3 * SIDE // 4
    assert set(np.unique(shown[first + 4 : last - 4, first + 4 : last - 4])) == {90}
    assert (shown[: first - 4] == 0).all() and (shown[:, last + 4 :] == 0).all()
    assert prompted_tensor(shown, shown).shape == (1, 2, SIDE, SIDE)
