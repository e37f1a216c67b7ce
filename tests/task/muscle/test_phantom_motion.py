"""The muscle that moves: what the movement must keep, and that the picture follows it."""

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from edge.phantom.soft_tissue import HEARTBEAT_US, TABLE_X_MM, Course, locate
from edge.task.muscle.phantom import LIVE_MUSCLE, MuscleCine
from edge.task.muscle.phantom_motion import (
    PERIOD_US,
    FullEffort,
    displacement_mm,
    effort_at,
    material_mm,
    moved,
)
from edge.task.muscle.phantom_truth import architecture
from edge.task.muscle.spec import MOVEMENTS

PERIOD_S = PERIOD_US / 1e6
REST_S, HOLD_S = 0.5, 4.5


@pytest.fixture(scope="module")
def cine():
    return MuscleCine(0, shape=(240, 320))


def test_a_contraction_steepens_and_shortens_at_almost_constant_thickness() -> None:
    for seed in range(8):
        rest, hold = (MuscleCine(seed).architecture(t) for t in (REST_S, HOLD_S))
        assert 14 < rest.pennation_deg < 23
        assert hold.pennation_deg > rest.pennation_deg + 10
        assert hold.fascicle_length_mm < 0.72 * rest.fascicle_length_mm
        assert hold.thickness_mm == pytest.approx(rest.thickness_mm, rel=0.06)


def test_a_stretch_is_small_and_the_other_way_and_stillness_is_still() -> None:
    for seed in range(4):
        rest, hold = (MuscleCine(seed, movement="stretch").architecture(t) for t in (REST_S, HOLD_S))
        assert 1.02 < hold.fascicle_length_mm / rest.fascicle_length_mm < 1.25
        assert 1 < rest.pennation_deg - hold.pennation_deg < 5
        still = MuscleCine(seed, movement="still")
        assert still.architecture(REST_S).fascicle_length_mm == still.architecture(HOLD_S).fascicle_length_mm


def test_the_effort_rests_rises_in_between_two_and_three_seconds_holds_and_falls() -> None:
    times = np.arange(0, PERIOD_S, 0.01)
    efforts = np.array([effort_at(float(t)) for t in times])
    assert efforts.min() == 0
    assert efforts.max() == 1
    rising = times[(np.diff(efforts, append=0) > 1e-9)]
    assert 2 < rising[-1] - rising[0] < 3
    assert np.abs(np.diff(efforts)).max() < 0.02


def test_two_hundred_cycles_repeat_exactly(cine) -> None:
    assert PERIOD_US % HEARTBEAT_US == 0
    for t in (0.04, 1.96, 2.6, 5.84):
        first, last = (cine.architecture(at) for at in (t, t + 199 * PERIOD_S))
        for field in fields(first):
            assert np.array_equal(getattr(first, field.name), getattr(last, field.name))
        early, late = (cine.picture(at) for at in (t, t + 199 * PERIOD_S))
        assert np.array_equal(early.truth.angle_rad, late.truth.angle_rad)
        assert np.abs(early.pixels.astype(int) - late.pixels)[early.truth.readable > 0.9].mean() < 1


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_tissue_keeps_its_area(movement) -> None:
    cine = MuscleCine(5, movement=movement)
    before, after = cine.at(REST_S), cine.at(HOLD_S)
    x = np.linspace(-15, 15, 121).astype(np.float32)
    y = np.linspace(8, 40, 129).astype(np.float32)[:, None]
    carried = displacement_mm(before, after, x, y) + np.stack(np.broadcast_arrays(x, y), axis=-1)
    across, down = carried[1:, 1:] - carried[:-1, :-1], carried[1:, :-1] - carried[:-1, 1:]
    areas = np.abs(across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]) / 2
    cell = float((x[1] - x[0]) * (y[1, 0] - y[0, 0]))
    assert np.median(areas) == pytest.approx(cell, rel=0.02)
    # Cells that an aponeurosis cuts are torn where muscles slide on each other, and curved sheets thin a little.
    assert np.mean(np.abs(areas / cell - 1) < 0.1) > 0.85


def test_displaced_tissue_is_the_same_tissue(cine) -> None:
    before, after = cine.at(1.5), cine.at(2.7)
    x, y = np.linspace(-10, 10, 40).astype(np.float32), np.linspace(2, 40, 60).astype(np.float32)[:, None]
    own, moves = material_mm(before, x, y), displacement_mm(before, after, x, y)
    for row, column in ((5, 3), (20, 20), (35, 30), (50, 10)):
        at = np.array([x[column], y[row, 0]], np.float32) + moves[row, column]
        there = material_mm(after, np.array([at[0], at[0] + 0.1], np.float32), at[1].reshape(1, 1))[0, 0]
        assert there == pytest.approx(own[row, column], abs=2e-2)


def test_a_fascicle_is_carried_as_a_whole(cine) -> None:
    before, after = cine.at(1.5), cine.at(2.7)
    depths = np.linspace(10, 16, 7).astype(np.float32)

    def across(muscle, x: float, depth: float) -> float:
        grid = np.linspace(x - 0.5, x + 0.5, 3).astype(np.float32)
        upper, lower = muscle.sheets[0], muscle.sheets[1]
        top, bottom = (
            np.interp(grid, TABLE_X_MM, edge).astype(np.float32)
            for edge in (upper.top_mm + upper.thickness_mm, lower.top_mm)
        )
        return float(locate(muscle.bellies[0], grid, np.array([[depth]], np.float32), top, bottom).across_mm[0, 1])

    for depth in depths:
        x = np.array([-3.0, 4.0], np.float32)
        move = displacement_mm(before, after, x, np.array([[depth]], np.float32))[0]
        for k in range(2):
            assert across(after, x[k] + move[k, 0], depth + move[k, 1]) == pytest.approx(
                across(before, x[k], depth), abs=0.02
            )


@pytest.mark.parametrize("start_s", [1.6, 2.2, 3.0])
def test_the_picture_follows_the_flow(cine, start_s) -> None:
    step_s = 0.12
    first, later = cine.picture(start_s), cine.picture(start_s + step_s)
    flow = cine.flow_px(start_s, start_s + step_s)
    rows, beams = first.pixels.shape
    column, row = np.meshgrid(np.arange(beams, dtype=np.float32), np.arange(rows, dtype=np.float32))
    followed = cv2.remap(later.pixels, column + flow[..., 0], row + flow[..., 1], cv2.INTER_LINEAR)
    belly = (first.truth.layer == 1) & (np.abs(column - beams / 2) < beams / 3)
    assert np.abs(flow[belly]).max() > 1.5

    def likeness(other: np.ndarray) -> float:
        return float(np.corrcoef(first.pixels[belly], other[belly])[0, 1])

    assert likeness(followed) > 0.9
    assert 1 - likeness(followed) < 0.3 * (1 - likeness(later.pixels))


def test_bare_speckle_follows_the_flow() -> None:
    cine = MuscleCine(0, shape=(240, 320))
    bare = tuple(replace(belly, line_db=0.0, coherence=0.0, patches_db=0.0) for belly in cine.muscle.bellies)
    cine.muscle = replace(cine.muscle, bellies=bare, vessels=(), evenness=0.0)
    first, later = cine.picture(2.2), cine.picture(2.28)
    flow = cine.flow_px(2.2, 2.28)
    column, row = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(240, dtype=np.float32))
    followed = cv2.remap(later.pixels, column + flow[..., 0], row + flow[..., 1], cv2.INTER_LINEAR)
    belly = (first.truth.layer == 1) & (np.abs(column - 160) < 100) & (np.abs(flow[..., 0]) > 2)
    assert np.corrcoef(first.pixels[belly], followed[belly])[0, 1] > 0.7
    assert np.corrcoef(first.pixels[belly], later.pixels[belly])[0, 1] < 0.5


@pytest.mark.parametrize("stretch", [0.9, 1.0, 1.1])
def test_full_effort_brings_the_fascicles_to_the_angle_that_was_set(stretch) -> None:
    muscle = MuscleCine(0).muscle
    flat = tuple(
        replace(sheet, top_mm=np.full_like(TABLE_X_MM, depth), thickness_mm=1.0)
        for sheet, depth in zip(muscle.sheets, (5.0, 24.0, 45.0), strict=True)
    )
    belly = replace(muscle.bellies[0], rest=Course(np.radians(18.0)), height_mm=18.0, fan=0.0)
    muscle = replace(muscle, sheets=flat, bellies=(belly, muscle.bellies[1]))
    there = FullEffort((Course(np.radians(35.0)), muscle.bellies[1].rest), (stretch, 1.0))
    truth = architecture(moved(muscle, there, 1.0), 0, np.linspace(-15, 15, 100))
    assert truth.pennation_deg == pytest.approx(35.0, abs=0.01)
    assert truth.thickness_mm == pytest.approx(18.0 / stretch, rel=1e-5)
    assert truth.fascicle_length_mm == pytest.approx(18.0 / stretch / np.sin(np.radians(35.0)), rel=1e-3)


def test_the_picture_shows_the_true_angle(cine) -> None:
    for t in (REST_S, 2.4, HOLD_S):
        picture = cine.picture(t)
        soft = cv2.GaussianBlur(picture.pixels.astype(np.float32), (0, 0), 1.0)
        gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        inside = cv2.erode((picture.truth.layer == 1).astype(np.uint8), np.ones((15, 15))) > 0
        doubled = ((gx + 1j * gy) ** 2)[inside].sum()
        seen = (-(np.degrees(np.angle(doubled)) / 2 + 90) + 90) % 180 - 90
        # The beam's width flattens what a bare structure tensor sees, as on real pictures.
        assert 0 < cine.architecture(t).fascicle_angle_deg - seen < 7


def test_the_same_seed_is_the_same_cine(cine) -> None:
    again, other = (MuscleCine(seed, shape=(240, 320)) for seed in (0, 1))
    assert np.array_equal(cine.picture(2.0).pixels, again.picture(2.0).pixels)
    assert not np.array_equal(cine.picture(2.0).pixels, other.picture(2.0).pixels)


def test_the_vessel_beats_and_drifts_with_its_muscle() -> None:
    cine = MuscleCine(3)
    rest, hold = (cine.at(t).vessels[0] for t in (REST_S, HOLD_S))
    assert abs(hold.x_mm - rest.x_mm) > 3
    a, b = (cine.picture(t, LIVE_MUSCLE).pixels for t in (0.0, 0.2))
    assert not np.array_equal(a, b)
