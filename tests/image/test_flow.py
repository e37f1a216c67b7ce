"""Movement between pictures that were made by a known one."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.image.flow import LONGEST_PX, movement_between, reduced
from edge.task.muscle.filter import Strain
from edge.task.muscle.phantom import MuscleCine

SHAPE = (160, 220)


def speckle(seed=0, shape=SHAPE):
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(0, 1, (*shape, 2)), (0, 0), 1.6)
    return (np.clip(np.hypot(field[..., 0], field[..., 1]) * 420, 0, 255)).astype(np.uint8)


def grid(shape=SHAPE):
    x, y = np.linspace(30, shape[1] - 30, 15), np.linspace(30, shape[0] - 30, 10)
    return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2).astype(np.float32)


def about_the_middle(linear, shift=(0.0, 0.0)):
    middle = np.array([SHAPE[1] / 2, SHAPE[0] / 2])
    return np.column_stack([linear, middle + shift - linear @ middle])


def moved(picture, matrix):
    return cv2.warpAffine(picture, matrix, picture.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


small = st.floats(-0.04, 0.04)


@settings(max_examples=25, deadline=None)
@given(a=small, b=small, c=small, d=small, x=st.floats(-6, 6), y=st.floats(-6, 6))
def test_any_small_affine_movement_is_found(a, b, c, d, x, y) -> None:
    true = about_the_middle(np.array([[1 + a, b], [c, 1 + d]]), (x, y))
    found = movement_between(speckle(), moved(speckle(), true), grid())
    assert found is not None
    there = grid() @ true[:, :2].T + true[:, 2]
    assert np.abs(found.carried(grid()) - there).max() < 0.25
    assert np.abs(found.linear - true[:, :2]).max() < 0.003


def test_what_moves_otherwise_does_not_count() -> None:
    """A quarter of the picture is a reverberation that stands still."""
    true = about_the_middle(np.array([[0.98, 0.05], [0.0, 1.01]]), (3, 0))
    after = moved(speckle(), true)
    after[:, : SHAPE[1] // 4] = speckle()[:, : SHAPE[1] // 4]
    found = movement_between(speckle(), after, grid())
    assert found is not None
    assert np.abs(found.linear - true[:, :2]).max() < 0.004


def test_the_share_tells_how_much_could_be_followed() -> None:
    after = speckle()
    after[:, SHAPE[1] // 2 :] = speckle(1)[:, SHAPE[1] // 2 :]
    whole, half = movement_between(speckle(), speckle(), grid()), movement_between(speckle(), after, grid())
    assert whole is not None
    assert half is not None
    assert whole.share == 1.0
    assert 0.4 < half.share < 0.7


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (speckle(), speckle(1)),
        (speckle(), np.zeros(SHAPE, np.uint8)),
        (np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)),
        (np.full(SHAPE, 90, np.uint8), np.full(SHAPE, 90, np.uint8)),
        (speckle()[:20, :20], speckle()[:20, :20]),
    ],
    ids=["another picture", "gone dark", "dark", "grey", "too small"],
)
def test_where_nothing_can_be_followed_nothing_is_said(before, after) -> None:
    assert movement_between(before, after, grid(before.shape)) is None


def test_too_few_points_say_nothing() -> None:
    assert movement_between(speckle(), speckle(), grid()[:11]) is None
    assert movement_between(speckle(), speckle(), grid()[:0]) is None


@pytest.mark.parametrize("shape", [(1080, 1920), (300, 64), (320, 320), (5, 7)])
def test_pictures_are_brought_to_a_bounded_size(shape) -> None:
    picture, scale = reduced(speckle(0, shape))
    assert max(picture.shape) == min(LONGEST_PX, max(shape))
    assert picture.shape == tuple(max(1, round(length * scale)) for length in shape)


def test_a_contraction_of_the_phantom_is_followed_through() -> None:
    """The angle and length that the movements add up to, against the truth, from rest to full effort."""
    cine = MuscleCine(2, shape=(240, 320))
    times_s = np.arange(1.0, 3.6, 0.08)
    truths = [cine.architecture(t_s) for t_s in times_s]
    pictures = [cine.picture(t_s) for t_s in times_s]
    angle, ratio = truths[0].fascicle_angle_deg, 1.0
    for before, after, true in zip(pictures, pictures[1:], truths, strict=False):
        points = over_the_belly(true, before.mm_per_px)
        strain = Strain.of(movement_between(before.pixels, after.pixels, points).linear, 1.0)
        ratio *= strain.stretch(angle)
        angle += strain.turn_deg(angle)
    gone = truths[-1].fascicle_angle_deg - truths[0].fascicle_angle_deg
    assert abs(gone) > 8
    assert angle - truths[0].fascicle_angle_deg == pytest.approx(gone, abs=0.12 * abs(gone))
    assert ratio == pytest.approx(truths[-1].fascicle_length_mm / truths[0].fascicle_length_mm, abs=0.06)


def over_the_belly(true, mm_per_px):
    x = np.linspace(20, 299, 15)
    top, bottom = (np.interp(x, np.arange(320), edge) / mm_per_px for edge in (true.superficial_mm, true.deep_mm))
    y = top + np.linspace(0.06, 0.94, 10)[:, None] * (bottom - top)
    return np.stack((np.broadcast_to(x, y.shape), y), -1).reshape(-1, 2).astype(np.float32)
