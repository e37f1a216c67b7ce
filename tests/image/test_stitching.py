"""Long pictures cut into frames, and put together again."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.frame import PixelSpacing, SpacingOrigin
from edge.image.stitching import GAP_MM, LONGEST_MM, MM_PER_PX, with_frame, with_slice

SPACING = PixelSpacing(0.1, 0.15, SpacingOrigin.USER)
WIDE, HIGH, LONG_MM = 360, 160, 290.0
SWEEP_MM = LONG_MM - 0.1 * WIDE


def long_picture() -> np.ndarray:
    """(HIGH, 2900) smooth structures of a few millimetres, 0.1 mm a column."""
    rng = np.random.default_rng(4)
    made = cv2.GaussianBlur(rng.normal(size=(HIGH, round(LONG_MM / 0.1))).astype(np.float32), (0, 0), 12)
    return (20 + 200 * (made - made.min()) / np.ptp(made)).astype(np.uint8)


TRUTH = long_picture()


NOISES = np.random.default_rng(5).normal(size=(16, HIGH, WIDE)).astype(np.float32)


def noisy(pixels: np.ndarray, noise: float, number: int) -> np.ndarray:
    return (pixels + noise * NOISES[number % 16]).clip(0, 255).astype(np.uint8)


def left_of(at_mm: float) -> int:
    """First column of the long picture that a frame shows whose middle is so far from the long one's."""
    return round((at_mm + SWEEP_MM / 2) / 0.1)


def frame_at(at_mm: float, noise: float = 0.0, number: int = 0) -> np.ndarray:
    return noisy(TRUTH[:, left_of(at_mm) : left_of(at_mm) + WIDE], noise, number)


def along(places, noise=0.0, weights=None):
    found = None
    for number, at_mm in enumerate(places):
        pixels = frame_at(at_mm, noise, number)
        found = with_frame(found, pixels, SPACING, at_mm, number, 1.0 if weights is None else weights[number])
    return found


def across(places, noise=0.0):
    found = None
    for number, at_mm in enumerate(places):
        pixels = np.full((HIGH, WIDE), 90, np.uint8)
        pixels[:, 150:211] = TRUTH[:, left_of(at_mm) + WIDE // 2, None]
        found = with_slice(found, noisy(pixels, noise, number), SPACING, 180, at_mm, number)
    return found


def likeness(found, first_mm: float) -> float:
    """Correlation with the long picture, the first column beginning `first_mm` from its middle."""
    high, width = found.plane.shape
    left = round((first_mm + LONG_MM / 2) / 0.1)
    part = TRUTH[:, left : left + round(width * MM_PER_PX / 0.1)]
    there = cv2.resize(part, (width, high), interpolation=cv2.INTER_AREA)
    return float(np.corrcoef(there.ravel(), found.plane.ravel())[0, 1])


UP = np.arange(-SWEEP_MM / 2, SWEEP_MM / 2, 0.7)
ROUTES = {
    "to the right": UP,
    "to the left": UP[::-1],
    "to both sides": [*UP[UP > 0], *UP[::-1]],
    "back and forth": [*UP, *UP[::-1], *UP],
    "unevenly": np.random.default_rng(2).permutation(UP),
}


@pytest.mark.parametrize("noise", [0.0, 20.0])
@pytest.mark.parametrize("route", ROUTES)
def test_frames_along_the_picture_give_it_back_as_long_as_it_is(route: str, noise: float) -> None:
    found = along(ROUTES[route], noise)
    assert found.plane.shape[1] * MM_PER_PX == pytest.approx(UP[-1] - UP[0] + 0.1 * WIDE, rel=0.01)
    assert likeness(found, -found.offset * MM_PER_PX) > 0.98
    assert (found.sequences >= 0).all()


@pytest.mark.parametrize("noise", [0.0, 20.0])
@pytest.mark.parametrize("route", ROUTES)
def test_frames_across_give_the_section_through_their_midlines(route: str, noise: float) -> None:
    found = across(ROUTES[route], noise)
    assert found.plane.shape[1] * MM_PER_PX == pytest.approx(UP[-1] - UP[0], rel=0.01)
    assert likeness(found, -(found.offset + 0.5) * MM_PER_PX) > 0.98


@pytest.mark.parametrize("made", [along, across])
def test_going_back_and_forth_changes_nothing_that_is_there(made) -> None:
    once, twice = made(UP), made([*UP, *UP[::-1], *UP])
    assert np.array_equal(once.plane, twice.plane) and np.array_equal(once.sequences, twice.sequences)


def test_columns_tell_the_frame_whose_middle_was_there() -> None:
    found = along(UP)
    for number in range(0, len(UP), 40):
        assert abs(int(found.sequences[found.column(UP[number])]) - number) <= 3
    assert (np.diff(found.sequences[found.final]) >= 0).all()


def test_poor_frames_are_left_out() -> None:
    weights = (np.arange(len(UP)) % 3 > 0).astype(float)
    found = along(UP, weights=weights)
    assert likeness(found, -found.offset * MM_PER_PX) > 0.98
    assert not set(found.sequences.tolist()) & set(np.flatnonzero(weights == 0).tolist())
    assert with_frame(None, frame_at(0), SPACING, 0.0, 0, 0.0) is None
    assert with_slice(None, frame_at(0), SPACING, 180, 0.0, 0, 0.0) is None


def test_where_the_gain_changes_one_goes_over_into_the_other() -> None:
    found = None
    for number, at_mm in enumerate(UP):
        grey = 80 if at_mm < 0 else 120
        found = with_frame(found, np.full((HIGH, WIDE), grey, np.uint8), SPACING, at_mm, number)
    steps = np.abs(np.diff(found.plane[10].astype(int)))[found.final[1:]]
    assert found.plane[10, 0] == 80 and found.plane[10, -1] == 120
    assert steps.max() <= 15


@pytest.mark.parametrize(("gap_mm", "filled"), [(GAP_MM - 0.5, True), (GAP_MM + 1.0, False)])
def test_small_gaps_are_filled_from_both_sides_and_wide_ones_stay(gap_mm: float, filled: bool) -> None:
    found = None
    for number, (at_mm, grey) in enumerate([(0.0, 50), (gap_mm, 150)]):
        found = with_slice(found, np.full((HIGH, WIDE), grey, np.uint8), SPACING, 180, at_mm, number)
    row = found.plane[5].astype(int)
    assert (found.sequences[[0, -1]] == (0, 1)).all() and (found.sequences[1:-1] == -1).all()
    assert (np.diff(row) > 0).all() if filled else (row[1:-1] == 0).all()
    filled_in = with_slice(found, np.full((HIGH, WIDE), 200, np.uint8), SPACING, 180, 1.0, 2)
    assert filled_in.plane[5, 2] == 200, "what was measured goes before what was filled in"


places = st.lists(st.floats(-900, 900), min_size=1, max_size=12)


@given(places, st.booleans())
@settings(deadline=None)
def test_wherever_it_goes_it_is_bounded_and_what_is_final_stays(places, crossing) -> None:
    found = None
    pixels = np.full((60, 80), 100, np.uint8)
    for number, at_mm in enumerate(places):
        before = found
        spread = PixelSpacing(0.5, 0.5, SpacingOrigin.USER)
        found = (
            with_slice(before, pixels + number, spread, 40, at_mm, number)
            if crossing
            else with_frame(before, pixels + number, spread, at_mm, number)
        )
        assert found.plane.shape == (60, len(found.sequences)) and len(found.sequences) == len(found.final)
        assert len(found.sequences) * MM_PER_PX <= LONGEST_MM
        assert 0 <= found.column(at_mm) < len(found.sequences)
        if before is not None:
            moved = found.offset - before.offset
            kept = slice(moved, moved + len(before.sequences))
            assert np.array_equal(found.sequences[kept][before.final], before.sequences[before.final])
            assert found.final[kept][before.final].all()


def test_a_deeper_frame_gives_the_picture_more_rows_and_keeps_what_is_there() -> None:
    spacing = PixelSpacing(0.5, 0.5, SpacingOrigin.USER)
    low, high = np.full((40, 60), 90, np.uint8), np.full((70, 60), 120, np.uint8)
    first = with_frame(None, low, spacing, 0.0, 1)
    both = with_frame(first, high, spacing, 12.0, 2)
    assert both.plane.shape[0] == 70
    assert (both.plane[:40, both.column(0.0)] == 90).all() and not both.plane[40:, both.column(0.0)].any()
    assert (both.plane[:, both.column(12.0)] == 120).all()
