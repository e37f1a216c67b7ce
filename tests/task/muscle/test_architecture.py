"""Architecture from direction fields that can be reckoned by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.task.muscle.aponeuroses import find_aponeuroses
from edge.task.muscle.architecture import choose_muscle, measure
from edge.task.muscle.evidence import Evidence
from edge.task.muscle.fascicles import between, direction
from edge.task.muscle.quantiles import weighted_quantiles

ROWS, COLUMNS = 100, 128
X, Y = np.arange(COLUMNS), np.arange(ROWS)[:, None]
LIT = np.ones(COLUMNS, bool)


def bands(*middles, half=1.5):
    nearest = np.min([np.abs(Y - middle) + 0 * X for middle in middles], axis=0)
    return np.clip(half + 0.5 - nearest, 0, 1).astype(np.float32)


def evidence(aponeurosis, angle_deg, weight=1.0) -> Evidence:
    twice = np.radians(2 * np.broadcast_to(angle_deg, (ROWS, COLUMNS))).astype(np.float32)
    return Evidence(aponeurosis, twice, np.full((ROWS, COLUMNS), weight, np.float32), LIT)


def read(seen: Evidence, scale=(1.0, 1.0)):
    chosen = choose_muscle(seen, find_aponeuroses(seen.aponeurosis, LIT))
    return None if chosen is None else measure(seen, chosen, scale)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("degrees", [8, 15, 30, 48])
def test_straight_fascicles_between_level_aponeuroses(degrees: float, sign: int) -> None:
    muscle = read(evidence(bands(20, 70), sign * degrees))
    thickness = 70 - 20 - 3
    assert muscle.fascicle_angle_deg == pytest.approx(sign * degrees, abs=0.05)
    assert muscle.pennation_deg == pytest.approx(degrees, abs=0.1)
    assert muscle.size.thickness == pytest.approx(thickness, abs=0.2)
    assert muscle.size.length == pytest.approx(thickness / np.sin(np.radians(degrees)), rel=0.01)
    assert muscle.size.straight_length == pytest.approx(muscle.size.length, rel=1e-3)
    assert muscle.size.curvature == pytest.approx(0, abs=1e-4)


def test_what_lies_outside_the_picture_is_said() -> None:
    degrees, thickness = 15.0, 47.0
    muscle = read(evidence(bands(20, 70), degrees))
    # A fascicle through the middle of the picture leaves it at both sides.
    inside = 2 * 64 / np.cos(np.radians(degrees))
    length = thickness / np.sin(np.radians(degrees))
    assert length > inside
    middle = muscle.streamlines.inside.shape[0] // 2
    steps = np.hypot(*np.moveaxis(np.diff(muscle.streamlines.paths[middle], axis=0), 1, 0))
    assert steps[muscle.streamlines.inside[middle]].sum() == pytest.approx(inside, rel=0.02)
    assert 1 - inside / length < muscle.size.extrapolated < 1.4 * (1 - inside / length) + 0.15


@given(st.floats(-8, 8), st.floats(10, 40), st.booleans())
def test_turning_the_picture_turns_all_angles_and_no_length(tilt: float, pennation: float, falling: bool) -> None:
    slope, sign = -np.tan(np.radians(tilt)), -1 if falling else 1
    middles = [depth + slope * (X - 63.5) for depth in (25, 72)]
    muscle = read(evidence(bands(*middles), tilt + sign * pennation))
    assert muscle.deep_angle_deg == pytest.approx(tilt, abs=0.3)
    assert muscle.superficial_angle_deg == pytest.approx(tilt, abs=0.3)
    assert muscle.pennation_deg == pytest.approx(pennation, abs=0.4)
    thickness = (47 - 3) * np.cos(np.radians(tilt))
    assert muscle.size.thickness == pytest.approx(thickness, abs=0.6)
    assert muscle.size.length == pytest.approx(thickness / np.sin(np.radians(pennation)), rel=0.05)


@pytest.mark.parametrize("sign", [1, -1])
def test_arcs_have_their_curvature_and_length(sign: int) -> None:
    """Fascicles as circles of one radius about points on a level line: the angle depends on the depth alone."""
    radius, thickness = 400.0, 47.0
    middle = (20 + 70) / 2
    start = np.sin(np.radians(25.0))
    # cos of the heading changes linearly with depth along a circle.
    angle = np.degrees(np.arccos(np.clip(np.cos(np.arcsin(start)) + sign * (Y - middle) / radius, -1, 1)))
    muscle = read(evidence(bands(20, 70), angle))
    ends = [np.arccos(np.cos(np.arcsin(start)) + sign * reach / radius) for reach in (-thickness / 2, thickness / 2)]
    assert muscle.size.length == pytest.approx(radius * abs(ends[0] - ends[1]), rel=0.02)
    # Rising to the right they bend upward where they are steeper above.
    assert muscle.size.curvature == pytest.approx(sign / radius, rel=0.15)


def test_the_layer_with_the_more_readable_fascicles_is_taken() -> None:
    weight = np.where(Y > 45, 1.0, 0.1)
    muscle = read(evidence(bands(15, 45, 80), np.where(Y > 45, -20.0, 20.0), weight))
    assert muscle.fascicle_angle_deg == pytest.approx(-20, abs=0.2)
    assert muscle.superficial.middle.mean() == pytest.approx(45, abs=0.3)


@pytest.mark.parametrize(("weight_below", "taken"), [(0.5, 15), (1.0, 15), (4.0, 45)])
def test_the_muscle_that_was_followed_is_kept_unless_another_is_read_far_better(weight_below, taken) -> None:
    weight = np.where(Y > 45, weight_below, 1.0) / 4
    seen = evidence(bands(15, 45, 80), np.where(Y > 45, -20.0, 20.0), weight)
    curves = find_aponeuroses(seen.aponeurosis, LIT)
    upper, _, _ = choose_muscle(seen, curves, held=(19.0, 41.0))
    assert upper.middle.mean() == pytest.approx(taken, abs=0.3)
    upper, _, _ = choose_muscle(seen, curves, held=(30.0, 60.0))
    assert upper.middle.mean() == pytest.approx(15 if weight_below < 0.8 else 45, abs=0.3)


def test_a_faint_line_within_the_muscle_parts_nothing() -> None:
    likely = np.maximum(bands(15, 80), 0.62 * bands(48))
    muscle = read(evidence(likely, 20.0))
    assert muscle.size.thickness == pytest.approx(80 - 15 - 3, abs=0.3)


def test_a_strong_line_parts_two_muscles_that_run_alike() -> None:
    muscle = read(evidence(bands(15, 40, 80), 20.0))
    assert muscle.size.thickness == pytest.approx(80 - 40 - 3, abs=0.3)


def test_pixels_that_are_not_square_are_reckoned_with() -> None:
    muscle = read(evidence(bands(20, 70), 20.0), (0.1, 0.2))
    true = np.degrees(np.arctan(np.tan(np.radians(20)) * 2))
    assert muscle.fascicle_angle_deg == pytest.approx(true, abs=0.1)
    assert muscle.size.thickness == pytest.approx(47 * 0.2, abs=0.05)
    assert muscle.size.length == pytest.approx(47 * 0.2 / np.sin(np.radians(true)), rel=0.01)


def test_fascicles_along_the_aponeuroses_have_an_angle_but_no_length() -> None:
    muscle = read(evidence(bands(20, 70), 0.8))
    assert muscle.fascicle_angle_deg == pytest.approx(0.8, abs=0.1)
    assert muscle.size.length is None and muscle.size.curvature is None


def test_nothing_readable_is_no_muscle() -> None:
    assert read(evidence(bands(20, 70), 20.0, weight=0.0)) is None
    assert read(evidence(bands(20), 20.0)) is None


@given(st.integers(0, 2**32 - 1))
def test_the_angle_is_the_median_of_what_lies_about_the_commonest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = rng.normal(88.0, 3.0, (ROWS, COLUMNS))
    strays = rng.random((ROWS, COLUMNS)) < 0.2
    angles[strays] = rng.uniform(-60, 30, strays.sum())
    upper, lower = find_aponeuroses(bands(20, 70), LIT)
    found = direction(evidence(bands(20, 70), angles), between(upper, lower, ROWS))
    assert abs((found.angle_deg - 88.0 + 90) % 180 - 90) < 0.5
    assert found.spread_deg == pytest.approx(3.0, abs=0.4)
    assert found.coherence == pytest.approx(0.8, abs=0.03)


@given(st.lists(st.tuples(st.floats(-50, 50), st.integers(1, 5)), min_size=3, max_size=20))
def test_weighted_quantiles_are_those_of_repeated_values(pairs) -> None:
    values, weights = (np.array(column, float) for column in zip(*pairs, strict=True))
    low, middle, high = weighted_quantiles(values, weights, (0.0, 0.5, 1.0))
    repeated = np.sort(np.repeat(values, weights.astype(int)))
    assert low == repeated[0] and high == repeated[-1]
    below, above = (repeated <= middle + 1e-9).mean(), (repeated >= middle - 1e-9).mean()
    # Between two values the one beside it may hold up to its whole weight.
    slack = weights.max() / weights.sum()
    assert below >= 0.5 - slack and above >= 0.5 - slack
