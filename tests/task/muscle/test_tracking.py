"""Following a muscle whose every movement is known: speckle under a shear, measured with noise."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from edge.finding import Finding, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.image.flow import LONGEST_PX, MOST_POINTS
from edge.task.muscle.filter import Directions, FrameReading
from edge.task.muscle.tracking import (
    ANOTHER_COURSE,
    ANOTHER_PICTURE,
    ANOTHER_REGION,
    ANOTHER_SCALE,
    ANOTHER_TIME,
    BEGAN_ANEW,
    BY_MOVEMENT,
    HELD,
    LOST,
    POINTS,
    REGAINED,
    UNMEASURED,
    Measured,
    Muscle,
    Track,
    follow,
    followed,
    held_in,
)

SHAPE = (150, 200)
FRAME_NS = 40_000_000
SPACING = PixelSpacing(0.2, 0.2, SpacingOrigin.USER)
TOP, BOTTOM = 30.0, 120.0
REST_DEG, REST_MM = 16.0, 60.0
NAMES = ("fascicle_angle", "pennation_angle", "fascicle_length", "muscle_thickness")
UNITS = ("deg", "deg", "mm", "mm")
DEVIATIONS = np.array([1.2, 1.2, 2.5, 0.3])
EFFORTS = np.concatenate((np.zeros(2), np.linspace(0, 1, 7), np.ones(1), np.linspace(1, 0, 7)[1:]))
"""Of one cycle; it ends as it begins."""


def speckle(seed):
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(0, 1, (*SHAPE, 2)), (0, 0), 1.5)
    return np.clip(np.hypot(field[..., 0], field[..., 1]) * 400, 0, 255).astype(np.uint8)


TISSUE = speckle(5)


def linear(effort):
    return np.array([[1 - 0.2 * effort, 0.35 * effort], [0.0, 1 + 0.02 * effort]])


def pixels(effort, tissue=TISSUE):
    middle = np.array([SHAPE[1] / 2, SHAPE[0] / 2])
    shape = linear(effort)
    matrix = np.column_stack([shape, middle - shape @ middle])
    return cv2.warpAffine(tissue, matrix, SHAPE[::-1], borderMode=cv2.BORDER_REFLECT)


PICTURES = {effort: pixels(effort) for effort in set(EFFORTS.tolist())}


def truth(effort):
    """Angle, pennation, length, thickness: the borders stay level, so pennation is the angle."""
    along = linear(effort) @ (np.cos(np.radians(REST_DEG)), -np.sin(np.radians(REST_DEG)))
    angle = np.degrees(np.arctan2(-along[1], along[0]))
    return np.array([angle, angle, REST_MM * np.hypot(*along), (BOTTOM - TOP) * 0.2 * (1 + 0.02 * effort)])


def measured_at(effort, errors=(0, 0, 0, 0), deviations=DEVIATIONS):
    values = truth(effort) + errors
    readings = tuple(
        FrameReading(Measurement(name, float(value), unit, float(value - 3 * sd), float(value + 3 * sd)), float(sd))
        for name, value, unit, sd in zip(NAMES, values, UNITS, deviations, strict=True)
    )
    lines = (np.array([[0, y], [SHAPE[1] - 1, y]], np.float32) for y in (TOP, BOTTOM))
    return Measured(Muscle(*lines, Directions(float(values[0]), 0.0, 0.0)), readings)


def frame_at(number, picture, spacing=SPACING, region=None):
    return Frame(picture, number * FRAME_NS, number, "test", spacing, region)


@dataclass
class Follower:
    """A track that is led on frame by frame."""

    track: Track | None = None
    number: int = 0

    def see(self, effort, measured="exactly", picture=None, frames=1, **frame):
        if isinstance(measured, str):
            measured = measured_at(effort)
        if picture is None:
            # Receiver noise, however little: two exposures are never the same picture.
            picture = cv2.add(PICTURES[effort], np.full(SHAPE, self.number % 2, np.uint8))
        self.track = follow(self.track, frame_at(self.number, picture, **frame), measured)
        self.number += frames
        return self.track

    def value(self, name="fascicle_angle"):
        return self.estimate(name).belief.value

    def estimate(self, name="fascicle_angle"):
        return next(each for each in self.track.estimates if each.name == name)


def settled():
    follower = Follower()
    for effort in EFFORTS[:8].tolist():
        follower.see(effort)
    return follower


def run_cycles(cycles, seed=0):
    """(frames, 4, 3): what is followed, the truth and what single frames say."""
    rng, follower, rows = np.random.default_rng(seed), Follower(), []
    for effort in np.tile(EFFORTS, cycles).tolist():
        errors = rng.normal(0, DEVIATIONS)
        follower.see(effort, measured_at(effort, errors))
        rows.append(np.stack(([follower.value(name) for name in NAMES], truth(effort), truth(effort) + errors), axis=1))
    return np.array(rows)


def test_eighty_cycles_do_not_drift_and_are_smoother_than_single_frames() -> None:
    rows = run_cycles(80)
    per_cycle = (rows[..., 0] - rows[..., 1]).reshape(80, EFFORTS.size, 4).mean(axis=1)
    start, end = per_cycle[:20].mean(axis=0), per_cycle[-20:].mean(axis=0)
    assert (np.abs(end - start) < [0.3, 0.3, 0.6, 0.08]).all()
    assert (np.abs(per_cycle) < [1.2, 1.2, 2.5, 0.3]).all()
    error, single = (np.abs(rows[..., k] - rows[..., 1]).mean(axis=0) for k in (0, 2))
    assert (error < 0.65 * single).all()
    bends, single_bends = (np.abs(np.diff(rows[..., k], 2, axis=0)).mean(axis=0) for k in (0, 2))
    assert (bends < 0.4 * single_bends).all()


def test_a_contraction_is_not_flattened() -> None:
    rows = run_cycles(6)[EFFORTS.size :]
    top = np.tile(EFFORTS, 5) == 1
    assert truth(1.0)[0] - truth(0.0)[0] > 4
    assert (rows[top, 0, 0] - rows[top, 0, 1]).mean() == pytest.approx(0, abs=0.6)


def test_a_muscle_that_stands_still_stays_still() -> None:
    """Under receiver noise, measured with noise of which nothing may be taken for movement."""
    rng, follower, said = np.random.default_rng(3), Follower(), []
    for _ in range(150):
        hiss = np.clip(TISSUE + rng.normal(0, 8, SHAPE), 0, 255).astype(np.uint8)
        follower.see(0.0, measured_at(0.0, rng.normal(0, DEVIATIONS)), picture=hiss)
        assert follower.track.goes_on or follower.number == 1
        said.append([follower.value(name) for name in NAMES])
    off = np.array(said)[50:] - truth(0.0)
    assert (np.abs(off).mean(axis=0) < 0.35 * DEVIATIONS).all()
    assert (np.abs(np.diff(off, axis=0)).mean(axis=0) < 0.15 * DEVIATIONS).all()


@pytest.mark.parametrize("shape", [(150, 200), (1200, 1600), (90, 2400)])
def test_the_cost_is_bounded_whatever_the_pictures_size(shape) -> None:
    picture = cv2.resize(TISSUE, shape[::-1], interpolation=cv2.INTER_NEAREST)
    lines = [np.array([[0, share * shape[0]], [shape[1] - 1, share * shape[0]]], np.float32) for share in (0.2, 0.8)]
    measured = replace(measured_at(0.0), muscle=Muscle(*lines, Directions(16.0, 0.0, 0.0)))
    track = Follower().see(0.0, measured, picture=picture)
    assert max(track.view.picture.shape) <= LONGEST_PX
    assert track.view.picture.nbytes <= LONGEST_PX**2
    assert POINTS[0] * POINTS[1] <= MOST_POINTS


def test_the_same_frames_give_the_same_track() -> None:
    np.testing.assert_array_equal(run_cycles(1), run_cycles(1))


def test_the_first_frame_is_taken_as_it_is() -> None:
    track = Follower().see(0.0)
    for estimate, reading in zip(track.estimates, measured_at(0.0).readings, strict=True):
        own, said = reading.measurement, estimate.measurement
        assert (said.name, said.unit, said.value, said.single) == (own.name, own.unit, own.value, None)
        assert (said.low, said.high) == pytest.approx((own.low, own.high))
    assert (track.reasons, track.notes) == ((), ())


def test_refused_frames_are_predicted_with_a_growing_interval_for_half_a_second() -> None:
    follower, halves = settled(), []
    for effort in EFFORTS[8:14].tolist():
        track = follower.see(effort, None)
        said = follower.estimate().measurement
        assert said.value == pytest.approx(truth(effort)[0], abs=0.3)
        assert follower.value("fascicle_length") == pytest.approx(truth(effort)[2], abs=0.8)
        assert follower.estimate().predicted
        assert said.single is None
        assert track.reasons == (BY_MOVEMENT,)
        halves.append(said.high - said.low)
    assert (np.diff(halves) > 0).all()
    assert all(course.predicted[-6:].all() and course.joined[-6:].all() for course in track.courses)
    follower.see(float(EFFORTS[13]))
    assert not follower.estimate().predicted
    assert follower.estimate().joined


def test_tracking_is_lost_after_half_a_second_and_what_regains_it_is_said() -> None:
    follower = settled()
    last = follower.track.exposed_ns
    while follower.track.estimates:
        follower.see(1.0, None)
    assert 500_000_000 < follower.track.exposed_ns - last <= 500_000_000 + FRAME_NS
    assert follower.track.reasons == (LOST + UNMEASURED,)
    assert follower.see(1.0, None).reasons == (LOST + UNMEASURED,)
    regained = follower.see(1.0)
    assert (regained.reasons, regained.notes) == ((), (REGAINED,))
    assert not any(course.joined[-1] for course in regained.courses)
    for _ in range(26):
        follower.see(1.0)
    assert follower.track.notes == ()


def test_a_muscle_that_was_never_measured_is_not_called_lost() -> None:
    follower = Follower()
    for _ in range(30):
        assert follower.see(0.0, None).reasons == ()
    assert follower.see(0.0).notes == ()


def test_a_moment_without_a_picture_is_waited_for() -> None:
    follower = settled()
    before = follower.estimate().belief
    for _ in range(5):
        track = follower.see(0.0, None, picture=np.zeros(SHAPE, np.uint8))
    assert track.reasons == (HELD,)
    assert follower.value() == before.value
    assert follower.estimate().belief.variance > before.variance + 20
    follower.see(float(EFFORTS[8]))
    assert follower.estimate().joined
    assert follower.track.notes == ()


def test_another_picture_that_is_refused_is_not_given_the_old_values() -> None:
    follower = settled()
    track = follower.see(0.0, None, picture=speckle(6))
    assert (track.estimates, track.reasons) == ((), (LOST + ANOTHER_PICTURE,))
    assert follower.see(0.0, None, picture=speckle(7)).reasons == (LOST + ANOTHER_PICTURE,)
    track = follower.see(0.0, picture=speckle(8))
    assert (track.reasons, track.notes) == ((), (REGAINED,))
    assert not track.goes_on


@pytest.mark.parametrize(("kept", "held"), [(0.75, True), (0.33, False)], ids=["most", "few"])
def test_a_refused_frame_is_predicted_only_where_enough_of_it_was_followed(kept, held) -> None:
    """Left of the picture the tissue goes on, right of it there is other tissue."""
    follower, columns = settled(), int(kept * SHAPE[1])
    follower.see(float(EFFORTS[7]))
    picture = speckle(6)
    picture[:, :columns] = PICTURES[EFFORTS[7]][:, :columns]
    track = follower.see(float(EFFORTS[7]), None, picture=picture)
    assert bool(track.estimates) is held
    assert track.reasons == ((BY_MOVEMENT,) if held else (LOST + ANOTHER_PICTURE,))
    # With a measurement of its own the frame goes on either way.
    follower = settled()
    follower.see(float(EFFORTS[7]))
    assert follower.see(float(EFFORTS[7]), picture=picture).goes_on


def test_what_is_cut_off_by_a_refused_frame_is_lost_not_begun() -> None:
    follower = settled()
    follower.number += 13
    track = follower.see(0.0, None)
    assert (track.reasons, track.notes) == ((LOST + ANOTHER_TIME,), ())


def test_a_frame_of_another_picture_is_what_it_is_alone_whatever_came_before() -> None:
    for seed in range(6, 12):
        follower = settled()
        track = follower.see(0.0, measured_at(0.0, (9.0, 9.0, 9.0, 1.0)), picture=speckle(seed))
        for estimate, value in zip(track.estimates, truth(0.0) + np.array((9, 9, 9, 1)), strict=True):
            assert estimate.belief.value == pytest.approx(value)


def test_one_frame_that_is_far_off_is_not_believed_and_said() -> None:
    follower = settled()
    effort = float(EFFORTS[8])
    track = follower.see(effort, measured_at(effort, (15, 0, 0, 0)))
    assert follower.value() == pytest.approx(truth(effort)[0], abs=0.5)
    assert follower.estimate().predicted
    assert follower.estimate().single == pytest.approx(truth(effort)[0] + 15)
    assert track.reasons == ("the fascicle angle departs from its course",)
    assert follower.see(effort).reasons == ()


def test_three_of_them_in_a_row_are() -> None:
    follower = settled()
    effort = float(EFFORTS[8])
    for _ in range(3):
        follower.see(effort, measured_at(effort, (15, 0, 0, 0)))
    assert follower.value() == pytest.approx(truth(effort)[0] + 15)
    assert not any(estimate.joined for estimate in follower.track.estimates)
    assert follower.track.notes == (BEGAN_ANEW + ANOTHER_COURSE,)


def test_where_the_scale_is_lost_pixels_take_the_place_of_millimetres() -> None:
    follower, measured = settled(), measured_at(0.0)
    own = measured.readings[2].measurement
    in_px = FrameReading(replace(own, name="fascicle_length_px", unit="px", value=300.0, low=280.0, high=320.0), 12.0)
    track = follower.see(0.0, replace(measured, readings=(measured.readings[0], in_px)), spacing=None)
    assert follower.value("fascicle_length_px") == 300.0
    assert [course.name for course in track.courses if "length" in course.name] == ["fascicle_length_px"]


@pytest.mark.parametrize(
    ("said", "change"),
    [
        (ANOTHER_TIME, {"skip": 13}),
        (ANOTHER_TIME, {"skip": -3}),
        (ANOTHER_SCALE, {"spacing": PixelSpacing(0.21, 0.21, SpacingOrigin.USER)}),
        (ANOTHER_SCALE, {"spacing": None}),
        (ANOTHER_REGION, {"region": Region(20, 20, 120, 100)}),
        (ANOTHER_REGION, {"picture": np.ascontiguousarray(speckle(5)[:, :180])}),
        (ANOTHER_PICTURE, {"picture": speckle(6)}),
    ],
    ids=["a gap", "back in time", "scale", "no scale", "region", "size", "picture"],
)
def test_what_does_not_go_on_begins_anew(said, change) -> None:
    follower = settled()
    follower.number += change.pop("skip", 0)
    errors = (2.0, 2.0, 4.0, 0.5)
    track = follower.see(0.0, measured_at(0.0, errors), **change)
    assert follower.value() == pytest.approx(truth(0.0)[0] + 2)
    assert not any(estimate.joined for estimate in track.estimates)
    assert not any(course.joined[-1] for course in track.courses)
    assert (track.reasons, track.notes) == ((), (BEGAN_ANEW + said,))


@pytest.mark.parametrize("ratio", [0.99, 1.01])
def test_a_scale_that_is_read_a_little_otherwise_goes_on(ratio) -> None:
    follower = settled()
    track = follower.see(float(EFFORTS[8]), spacing=PixelSpacing(0.2 * ratio, 0.2 * ratio, SpacingOrigin.TICKS))
    assert track.goes_on


def test_where_the_muscle_was_is_known_while_frames_go_on() -> None:
    follower = settled()
    assert held_in(follower.track, frame_at(follower.number, PICTURES[1.0])) == pytest.approx((TOP, BOTTOM))
    assert held_in(follower.track, frame_at(follower.number + 30, PICTURES[1.0])) is None
    assert held_in(None, frame_at(0, PICTURES[1.0])) is None


def test_pictures_that_have_nothing_to_do_with_each_other_need_no_note() -> None:
    follower = Follower()
    for seed in range(4):
        assert follower.see(0.0, picture=speckle(seed), frames=25).notes == ()


def test_a_frozen_picture_tells_nothing_new_and_does_not_grow_old() -> None:
    follower = settled()
    effort = float(EFFORTS[7])
    before = follower.estimate()
    frozen = cv2.add(PICTURES[effort], np.full(SHAPE, (follower.number - 1) % 2, np.uint8))
    for _ in range(40):
        track = follower.see(effort, picture=frozen)
    assert follower.estimate().belief == before.belief
    assert track.reasons == ()
    assert follower.see(float(EFFORTS[8])).goes_on


def test_the_course_holds_ten_seconds() -> None:
    follower = Follower()
    for effort in np.tile(EFFORTS, 18).tolist():
        track = follower.see(effort)
    for course, name in zip(track.courses, NAMES, strict=True):
        assert course.name == name
        assert course.times_ns[-1] == track.exposed_ns
        assert 9_900_000_000 <= track.exposed_ns - course.times_ns[0] <= 10_000_000_000
        assert (np.diff(course.times_ns) == FRAME_NS).all()
        assert course.values.shape == (course.times_ns.size, 3)
        assert course.values[-1, 0] == follower.value(name)


def finding_of(verdict, measured, reasons=()):
    own = tuple(reading.measurement for reading in measured.readings) if measured else ()
    curvature = (Measurement("curvature", 3.0, "1/m", 1.0, 5.0),) if measured else ()
    return Finding("muscle", 8, 8 * FRAME_NS, verdict, reasons, own + curvature)


def test_a_finding_takes_over_what_is_followed() -> None:
    follower, effort = settled(), float(EFFORTS[8])
    measured = measured_at(effort, (1.5, 1.5, 3, 0.4))
    track = follower.see(effort, measured)
    finding = followed(finding_of(Verdict.MEASURED, measured), track)
    assert finding.verdict is Verdict.MEASURED
    assert finding.measurement("fascicle_angle").value == follower.value()
    assert finding.measurement("fascicle_angle").single == pytest.approx(truth(effort)[0] + 1.5)
    assert finding.measurement("curvature") == Measurement("curvature", 3.0, "1/m", 1.0, 5.0)
    assert [mark.name for mark in finding.marks] == list(NAMES)


def test_a_refused_finding_stays_without_measurements() -> None:
    follower = settled()
    finding = followed(finding_of(Verdict.REFUSED, None, ("no aponeurosis",)), follower.see(float(EFFORTS[8]), None))
    assert (finding.verdict, finding.measurements) == (Verdict.REFUSED, ())
    assert finding.reasons == ("no aponeurosis", BY_MOVEMENT)
    assert all(mark.predicted[-1] for mark in finding.marks)


def test_a_measurement_that_departs_limits_the_finding() -> None:
    follower, effort = settled(), float(EFFORTS[8])
    measured = measured_at(effort, (15, 0, 0, 0))
    finding = followed(finding_of(Verdict.MEASURED, measured), follower.see(effort, measured))
    assert finding.verdict is Verdict.LIMITED
    assert finding.reasons == ("the fascicle angle departs from its course",)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Noise of the stated size alone, so at least nine in ten."""
    rng, follower, inside = np.random.default_rng(3), Follower(), []
    for effort in np.tile(EFFORTS, 20).tolist():
        measured = measured_at(effort, rng.normal(0, DEVIATIONS))
        tight = tuple(
            FrameReading(
                replace(own := reading.measurement, low=own.value - 1.645 * sd, high=own.value + 1.645 * sd), float(sd)
            )
            for reading, sd in zip(measured.readings, DEVIATIONS, strict=True)
        )
        follower.see(effort, replace(measured, readings=tight))
        said = [follower.estimate(name).measurement for name in NAMES]
        inside.append([m.low <= true <= m.high for m, true in zip(said, truth(effort), strict=True)])
    assert (np.mean(inside, axis=0) > 0.88).all()
