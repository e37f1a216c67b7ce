"""Muscle pictures for training, and their dense truth against measures that know nothing of how it was made; findings
against the truth of the muscle that they mark."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.app.truth import compare
from edge.finding import Finding, LineMark, Measurement, Verdict
from edge.frame import PixelSpacing, SpacingOrigin
from edge.phantom.soft_tissue import TABLE_X_MM, Belly, Course, locate
from edge.phantom.soft_tissue_drawing import draw_soft_tissue, presentable_soft_tissue
from edge.task.muscle.phantom import MuscleCine, draw_muscle_imaging, muscle_picture, nearest, open_cine, true_sizes
from edge.task.muscle.phantom_motion import draw_full_effort, moved
from edge.task.muscle.phantom_truth import architecture, fascicles
from edge.task.muscle.spec import MOVEMENTS, MusclePhantomOptions

PX_MM = 0.1
X_MM = ((np.arange(400) + 0.5) * PX_MM - 20).astype(np.float32)
Y_MM = ((np.arange(300, dtype=np.float32) + 0.5) * PX_MM)[:, None]


def structure_tensor_deg(picture: np.ndarray, sigma_px: float) -> np.ndarray:
    """Direction of the lines, from the horizontal, counter-clockwise as seen."""
    gx, gy = np.gradient(picture, axis=1), np.gradient(picture, axis=0)
    xx, yy, xy = (cv2.GaussianBlur(p, (0, 0), sigma_px) for p in (gx * gx, gy * gy, gx * gy))
    return -(np.degrees(np.arctan2(2 * xy, xx - yy)) / 2 + 90)


def apart_deg(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs((one - other + 90) % 180 - 90)


def flat_muscle(degrees: float, thickness_mm: float = 20.0, slope: float = 0.0):
    """Straight fascicles between straight, parallel aponeuroses at this angle to the layer."""
    muscle = presentable_soft_tissue(np.random.default_rng(0))
    first, second, third = muscle.sheets
    line = 5.0 + slope * TABLE_X_MM
    first, second = (
        replace(sheet, top_mm=line + down, thickness_mm=1.0)
        for sheet, down in ((first, 0.0), (second, 1.0 + thickness_mm))
    )
    belly = Belly(Course(float(np.radians(degrees))), thickness_mm)
    third = replace(third, top_mm=line + 60.0)
    return replace(muscle, sheets=(first, second, third), bellies=(belly, muscle.bellies[1]))


@pytest.mark.parametrize("effort", [0.0, 0.6, 1.0])
def test_the_angle_field_is_what_a_structure_tensor_sees_in_noiseless_stripes(effort) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        muscle = draw_soft_tissue(rng)
        if abs(muscle.bellies[0].rest.angle_rad) > 0.1:
            muscle = moved(muscle, draw_full_effort(rng, muscle, MOVEMENTS[seed % 2]), effort)
        upper, lower = muscle.sheets[0], muscle.sheets[1]
        top, bottom = (
            np.interp(X_MM, TABLE_X_MM, edge).astype(np.float32)
            for edge in (upper.top_mm + upper.thickness_mm, lower.top_mm)
        )
        depth = np.float32(top.min()) + Y_MM
        place = locate(muscle.bellies[0], X_MM, depth, top, bottom)
        seen = structure_tensor_deg(np.cos(2 * np.pi * place.across_mm / 2.0), 2.0)
        inside = cv2.erode(((depth > top) & (depth < bottom)).astype(np.uint8), np.ones((17, 17))) > 0
        inside[:, :10] = inside[:, -10:] = False
        assert inside.sum() > 2000
        off = apart_deg(seen, np.degrees(place.angle_rad))[inside]
        assert np.median(off) < 0.5  # differences of neighbouring pixels flatten fine stripes by so much
        assert np.quantile(off, 0.95) < 1.0  # where curvature is strong the tensor averages over it


@pytest.mark.parametrize("degrees", [-45.0, -8.0, 15.0, 30.0])
@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_a_straight_fascicles_length_is_thickness_over_sine(degrees, slope) -> None:
    muscle = flat_muscle(degrees, slope=slope)
    truth = architecture(muscle, 0, X_MM.astype(float))
    layer_deg = -np.degrees(np.arctan(slope))
    assert truth.deep_angle_deg == pytest.approx(layer_deg, abs=0.01)
    assert truth.superficial_angle_deg == pytest.approx(layer_deg, abs=0.01)
    assert truth.thickness_mm == pytest.approx(20.0 * np.cos(np.radians(layer_deg)), rel=1e-4)
    assert truth.straight_length_mm == pytest.approx(
        truth.thickness_mm / np.sin(np.radians(truth.pennation_deg)), rel=1e-3
    )
    assert truth.fascicle_length_mm == pytest.approx(truth.straight_length_mm, rel=1e-4)
    assert truth.curvature_per_m == pytest.approx(0.0, abs=0.05)
    if slope == 0:
        assert truth.fascicle_angle_deg == pytest.approx(degrees, abs=0.01)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("bow", [-0.4, 0.4])
def test_curvature_is_that_of_a_circle_through_the_fascicle(sign, bow) -> None:
    muscle = flat_muscle(sign * 25.0)
    belly = replace(muscle.bellies[0], rest=replace(muscle.bellies[0].rest, bow=bow))
    muscle = replace(muscle, bellies=(belly, muscle.bellies[1]))
    truth = architecture(muscle, 0, X_MM.astype(float))
    course = fascicles(muscle, 0, np.array([0.0]))[0]
    course = course if course[-1, 0] > course[0, 0] else course[::-1]
    (x0, y0), (x1, y1), (x2, y2) = course[0], course[len(course) // 2], course[-1]
    sides = [np.hypot(x1 - x0, y1 - y0), np.hypot(x2 - x1, y2 - y1), np.hypot(x2 - x0, y2 - y0)]
    area = ((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / 2
    through = -4 * area / np.prod(sides) * 1000
    assert truth.curvature_per_m == pytest.approx(through, rel=0.1)
    assert abs(truth.curvature_per_m) > 3
    assert truth.fascicle_length_mm > truth.straight_length_mm + 0.1


def test_fascicles_run_along_the_angle_field_from_edge_to_edge() -> None:
    muscle = presentable_soft_tissue(np.random.default_rng(3))
    for course in fascicles(muscle, 0, np.array([-8.0, 0.0, 8.0])):
        x, y = course.T
        top, bottom = (
            np.interp(x, TABLE_X_MM, edge)
            for edge in (muscle.sheets[0].top_mm + muscle.sheets[0].thickness_mm, muscle.sheets[1].top_mm)
        )
        assert (y[0], y[-1]) == pytest.approx((top[0], bottom[-1]), abs=1e-6)
        own_deg = np.degrees(np.arctan2(-np.diff(y), np.diff(x)))
        grid = np.linspace(x.min() - 1, x.max() + 1, 800).astype(np.float32)
        top, bottom = (
            np.interp(grid, TABLE_X_MM, edge).astype(np.float32)
            for edge in (muscle.sheets[0].top_mm + muscle.sheets[0].thickness_mm, muscle.sheets[1].top_mm)
        )
        for k in range(0, len(own_deg), 12):
            depth = np.array([[(y[k] + y[k + 1]) / 2]], np.float32)
            field = locate(muscle.bellies[0], grid, depth, top, bottom).angle_rad[0]
            here = np.degrees(np.interp((x[k] + x[k + 1]) / 2, grid, field))
            assert apart_deg(own_deg[k], here) < 0.5


def test_parallel_fibres_reach_no_aponeurosis() -> None:
    truth = architecture(flat_muscle(0.0), 0, X_MM.astype(float))
    assert np.isnan(truth.fascicle_length_mm)
    assert truth.fascicle_angle_deg == pytest.approx(0.0, abs=0.01)


def test_a_seed_is_a_picture() -> None:
    first, again, other = (muscle_picture(np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.truth.angle_rad, again.truth.angle_rad)
    assert first.pixels.shape != other.pixels.shape or not np.array_equal(first.pixels, other.pixels)


@pytest.fixture(scope="module")
def pictures():
    return [muscle_picture(np.random.default_rng(seed), (128, 160)) for seed in range(250)]


def test_training_covers_both_slopes_from_parallel_to_fifty_degrees(pictures) -> None:
    means = []
    for picture in pictures:
        first = picture.truth.layer == 1
        doubled = np.exp(2j * picture.truth.angle_rad[first].astype(float)).mean()
        means.append(np.degrees(np.angle(doubled)) / 2)
    for low, high in ((0, 10), (10, 20), (20, 30), (30, 50)):
        for sign in (1, -1):
            assert sum(low <= sign * mean < high for mean in means) >= 10
    assert {int(picture.truth.layer.max()) for picture in pictures} >= {2, 3}


def test_the_truth_keeps_to_its_ranges(pictures) -> None:
    for picture in pictures:
        truth = picture.truth
        assert {field.shape for field in (truth.sheet, truth.angle_rad, truth.readable, truth.layer)} == {
            picture.pixels.shape
        }
        assert max(picture.pixels.shape) <= 160
        for share in (truth.sheet, truth.readable):
            assert share.min() >= 0
            assert share.max() <= 1
        assert np.abs(truth.angle_rad).max() <= np.pi / 2
        assert truth.readable[truth.layer == 0].max(initial=0) <= 0.5
        assert (truth.readable + truth.sheet).max() <= 1.0001


def test_what_is_marked_as_aponeurosis_is_brighter_than_the_muscle_beside_it(pictures) -> None:
    brighter = [
        picture.pixels[marked].mean() > picture.pixels[picture.truth.layer > 0].mean()
        for picture in pictures
        if (marked := picture.truth.sheet > 0.7).sum() > 20
    ]
    assert len(brighter) > 200
    assert np.mean(brighter) > 0.95


def test_every_picture_shows_the_uppermost_belly() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        muscle = draw_soft_tissue(rng)
        imaging = draw_muscle_imaging(rng, muscle)
        assert imaging.depth_mm >= np.interp(0, TABLE_X_MM, muscle.sheets[1].top_mm)


def cine(seed):
    return open_cine(seed, MusclePhantomOptions())


def marking(architecture, mm_per_px=0.1):
    """A finding that marks this muscle and measures it faultlessly."""
    x = architecture.x_mm / mm_per_px
    lines = tuple(
        LineMark(f"{name} aponeurosis", np.stack((x, edge / mm_per_px), axis=1).astype(np.float32))
        for name, edge in (("superficial", architecture.superficial_mm), ("deep", architecture.deep_mm))
    )
    exact = tuple(Measurement(name, v, "x", v - 0.1, v + 0.1) for name, v in true_sizes(architecture).items())
    spacing = PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH)
    return Finding("muscle", 0, 0, Verdict.MEASURED, measurements=exact, marks=lines, spacing=spacing)


def test_a_muscle_is_compared_with_the_one_that_was_marked():
    seed = next(seed for seed in range(1, 40) if len(MuscleCine(seed).muscle.bellies) > 1)
    bellies = [MuscleCine(seed).architecture(0.0, belly=k) for k in range(2)]
    for belly in bellies:
        assert nearest(marking(belly), bellies) is belly
        same = compare([marking(belly)], cine(seed), 25.0)
        assert len(same) == 8 and all(one.mean_absolute_error == pytest.approx(0, abs=1e-9) for one in same)
    other = compare([marking(bellies[0])], cine(seed + 1), 25.0)
    assert max(one.mean_absolute_error for one in other) > 0.5
