"""What holds for the filter of one quantity whatever the muscle does; the belief in it against what least squares says
of the same numbers; directions, lengths and layers after a movement against points that were moved one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.finding import Measurement
from edge.task.muscle.filter import (
    DEPARTED_FRAMES,
    NATURES,
    Belief,
    Directions,
    FrameReading,
    Strain,
    TissueMovement,
    begun,
    can_be_followed,
    corrected,
    folded_deg,
    moved,
    waited,
)

UNITS = {name: "deg" if name.endswith("angle") else "mm" for name in NATURES}
FRAME_S, FRAME_NS = 0.04, 40_000_000
names = st.sampled_from(sorted(NATURES))
values = st.floats(5, 60)
deviations = st.floats(0.3, 5)
strains = st.floats(-0.05, 0.05)
DIRECTIONS = Directions(18.0, -1.0, -2.0)


def reading(name, value, deviation=1.0):
    return FrameReading(Measurement(name, value, UNITS[name], value - 2 * deviation, value + 2 * deviation), deviation)


def step(a=0.0, b=0.0, c=0.0, d=0.0, share=1.0):
    return TissueMovement(Strain(1 + a, b, c, 1 + d), share, DIRECTIONS)


@given(names, values, deviations)
def test_it_begins_with_the_frames_own_value_and_interval(name, value, deviation) -> None:
    said = begun(reading(name, value, deviation), 0).measurement
    assert (said.value, said.single) == (value, None)
    half = max(2.0, 1.645) * deviation
    assert said.high - said.value == pytest.approx(half)
    assert said.low == pytest.approx(
        value - half if name.startswith(("fascicle_angle", "superficial", "deep")) else max(0, value - half)
    )


@given(names, values, deviations, strains, strains, strains, strains, st.floats(0, 1))
def test_a_prediction_is_never_surer_than_before(name, value, deviation, a, b, c, d, share) -> None:
    before = begun(reading(name, value, deviation), 0)
    after = moved(before, step(a, b, c, d, share), FRAME_S)
    assert after.belief.variance > before.belief.variance
    assert after.predicted and after.joined and after.single is None
    assert waited(before, FRAME_S).belief.variance > moved(before, step(), FRAME_S).belief.variance


@given(names, values, strains, st.floats(1.1, 4))
def test_the_more_the_tissue_moves_the_less_sure_it_is(name, value, shear, times) -> None:
    before = begun(reading(name, value), 0)
    less, more = (moved(before, step(k * shear / 4, k * shear, 0, k * shear / 3), FRAME_S) for k in (1, times))
    change, larger = (abs(each.belief.value - value) for each in (less, more))
    assert (more.belief.variance > less.belief.variance) == (larger > change) or larger == pytest.approx(
        change, abs=1e-6
    )


@given(names, values, st.floats(0, 0.9))
def test_the_fewer_points_are_followed_the_less_sure_it_is(name, value, share) -> None:
    before = begun(reading(name, value), 0)
    assert moved(before, step(share=share), 0.04).belief.variance > moved(before, step(), 0.04).belief.variance


@given(names, values, deviations, st.floats(-3, 3))
def test_what_is_believed_lies_between_the_prediction_and_the_frame(name, value, deviation, off) -> None:
    predicted = moved(begun(reading(name, value, deviation), 0), step(0.01, 0.02), FRAME_S)
    own = reading(name, max(0.5, value + off * deviation), deviation)
    after = corrected(predicted, own, FRAME_NS)
    low, high = sorted((predicted.belief.value, own.measurement.value))
    assert low - 1e-9 <= after.belief.value <= high + 1e-9
    assert not after.predicted
    assert after.measurement.single == own.measurement.value


@given(st.lists(st.floats(-2, 2), min_size=20, max_size=60), names)
def test_of_a_muscle_that_stands_still_it_settles_near_the_mean(errors, name) -> None:
    estimate, value = begun(reading(name, 30 + errors[0]), 0), 30.0
    seen = [30 + errors[0]]
    for number, error in enumerate(errors[1:], 1):
        seen.append(value + error)
        estimate = corrected(moved(estimate, step(), FRAME_S), reading(name, value + error), number * FRAME_NS)
        assert min(seen) - 1e-9 <= estimate.belief.value <= max(seen) + 1e-9
    assert estimate.belief.variance < 0.5


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=40), st.floats(-80, 80), st.floats(-12, 12))
def test_a_turned_picture_turns_the_course_of_a_direction(errors, start, turn) -> None:
    """Also across the vertical, where 89 degrees is next to -89."""

    def course(by):
        estimate = begun(reading("fascicle_angle", folded_deg(start + by)), 0)
        for number, error in enumerate(errors, 1):
            own = reading("fascicle_angle", folded_deg(start + by + error))
            estimate = corrected(moved(estimate, step(), FRAME_S), own, number * FRAME_NS)
        return estimate.belief.value

    assert folded_deg(course(turn) - course(0.0) - turn) == pytest.approx(0, abs=1e-6)


@given(names, values, st.integers(1, DEPARTED_FRAMES))
def test_what_is_far_off_is_believed_only_when_it_stays(name, value, frames) -> None:
    estimate = begun(reading(name, value, 0.3), 0)
    far = reading(name, value + 45, 0.3)
    for number in range(1, frames + 1):
        estimate = corrected(moved(estimate, step(), FRAME_S), far, number * FRAME_NS)
    if frames < DEPARTED_FRAMES:
        assert (estimate.belief.value, estimate.departed) == (value, frames)
        assert estimate.predicted
    else:
        assert estimate.belief.value == value + 45
        assert not estimate.joined


def test_one_wild_frame_does_not_make_the_next_ones_count_for_nothing() -> None:
    estimate = begun(reading("fascicle_angle", 20.0, 0.5), 0)
    calm = corrected(moved(estimate, step(), FRAME_S), reading("fascicle_angle", 20.1, 0.5), FRAME_NS)
    wild = corrected(moved(calm, step(), FRAME_S), reading("fascicle_angle", 60.0, 0.5), 2 * FRAME_NS)
    after = corrected(moved(wild, step(), FRAME_S), reading("fascicle_angle", 20.0, 0.5), 3 * FRAME_NS)
    assert after.noise <= 1.4 * calm.noise
    assert after.belief.value == pytest.approx(20, abs=0.2)


def test_tissue_carries_direction_length_and_thickness() -> None:
    """A level layer stretched by 2 % along and squeezed by as much across: its area stays."""
    change = step(0.02, 0, 0, -1 + 1 / 1.02)
    directions = replace(DIRECTIONS, fascicle_deg=0.0, superficial_deg=0.0)
    change = replace(change, before=directions)
    length = moved(begun(reading("fascicle_length", 50.0), 0), change, FRAME_S)
    thickness = moved(begun(reading("muscle_thickness", 20.0), 0), change, FRAME_S)
    angle = moved(begun(reading("fascicle_angle", 0.0), 0), change, FRAME_S)
    assert length.belief.value == pytest.approx(51.0)
    assert thickness.belief.value == pytest.approx(20 / 1.02)
    assert angle.belief.value == pytest.approx(0)


def test_what_is_followed_and_what_is_not() -> None:
    assert all(can_be_followed(name) for name in (*NATURES, "fascicle_length_px", "muscle_thickness_px"))
    assert not any(can_be_followed(name) for name in ("curvature", "fascicle_angle_spread", "extrapolated_share"))


variances = st.floats(1e-4, 1e4)
beliefs = st.floats(-1e3, 1e3)


@given(st.lists(st.tuples(beliefs, variances), min_size=1, max_size=12))
def test_of_a_value_that_stays_it_is_the_weighted_mean(readings) -> None:
    (first, noise), *others = readings
    belief = Belief(first, noise)
    for value, variance in others:
        belief = belief.corrected(value - belief.value, variance)
    read, weight = np.array(readings)[:, 0], 1 / np.array(readings)[:, 1]
    assert belief.value == pytest.approx((weight * read).sum() / weight.sum(), abs=1e-6, rel=1e-6)
    assert belief.variance == pytest.approx(1 / weight.sum(), rel=1e-6)


@given(beliefs, st.floats(0, 1e6), beliefs, st.floats(0, 1e6))
def test_the_gain_is_a_share_and_the_value_stays_between(value, variance, measured, noise) -> None:
    belief = Belief(value, variance)
    assert 0 <= belief.gain(noise) <= 1
    after = belief.corrected(measured - value, noise)
    assert min(value, measured) - 1e-6 <= after.value <= max(value, measured) + 1e-6
    assert 0 <= after.variance <= variance * (1 + 1e-9) + 1e-300


@given(beliefs, variances, beliefs, variances)
def test_a_change_moves_the_value_and_makes_it_less_sure(value, variance, change, unsure) -> None:
    after = Belief(value, variance).moved(change, unsure)
    assert (after.value, after.variance) == (value + change, variance + unsure)


def test_deviations_are_counted_in_what_is_expected() -> None:
    assert Belief(0, 9).deviations(-10, 16) == pytest.approx(2)


angles = st.floats(-80, 80)
term = st.floats(-0.2, 0.2)
linears = st.builds(lambda a, b, c, d: np.array([[1 + a, b], [c, 1 + d]]), term, term, term, term)


def along(angle_deg):
    return np.array([np.cos(np.radians(angle_deg)), -np.sin(np.radians(angle_deg))])


@given(angles, st.floats(-20, 20))
def test_a_turn_turns_every_direction_alike(angle, turn) -> None:
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    strain = Strain.of(np.array([[cosine, sine], [-sine, cosine]]), 1.0)
    assert strain.turn_deg(angle) == pytest.approx(turn, abs=1e-6)
    assert strain.stretch(angle) == pytest.approx(1)
    assert strain.thickening(angle) == pytest.approx(1)


@given(linears, angles, angles)
def test_a_fascicle_and_its_layer(linear, fascicle, border) -> None:
    strain = Strain.of(linear, 1.0)
    start, end = np.zeros(2), 30 * along(fascicle)
    moved = linear @ end - linear @ start
    assert strain.stretch(fascicle) == pytest.approx(np.hypot(*moved) / 30)
    new = np.degrees(np.arctan2(-moved[1], moved[0]))
    assert folded_deg(fascicle + strain.turn_deg(fascicle) - new) == pytest.approx(0, abs=1e-6)
    # Two points on either border: the second border passes through `apart`.
    apart, way = np.array([3.0, 25.0]), along(border)
    before = abs(way[0] * apart[1] - way[1] * apart[0])
    to, new_way = linear @ apart, linear @ way
    after = abs(new_way[0] * to[1] - new_way[1] * to[0]) / np.hypot(*new_way)
    assert strain.thickening(border) * before == pytest.approx(after)


@given(linears, st.floats(0.5, 2), angles)
def test_oblong_pixels_are_brought_to_length(linear, squeeze, angle) -> None:
    strain = Strain.of(linear, squeeze)
    tip_px = along(angle) / (1, squeeze)
    moved = (linear @ tip_px) * (1, squeeze)
    assert strain.stretch(angle) == pytest.approx(np.hypot(*moved))


@given(st.floats(-1000, 1000))
def test_lines_have_no_ends(angle) -> None:
    folded = folded_deg(angle)
    assert -90 < folded <= 90
    assert (angle - folded) % 180 == pytest.approx(0, abs=1e-6) or (angle - folded) % 180 == pytest.approx(180)
