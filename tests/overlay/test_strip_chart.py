"""The strip chart against its numbers and stored pictures. SONOEDGE_REMAKE_GOLDEN=1 writes these anew; look at them."""

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.finding import Finding, Measurement, SeriesMark, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.overlay.draw import draw as draw_with
from edge.overlay.layout import Box
from edge.overlay.strip_chart import SECONDS, Lane, round_step, span
from edge.overlay.text import has_unicode_font
from edge.task.muscle.spec import SPEC

draw = partial(draw_with, terms=SPEC.terms)

GOLDEN = Path(__file__).parent / "golden"
FRAME_NS = 40_000_000
REST = (("fascicle_angle", "deg", 17.0, 15.0, 1.6), ("pennation_angle", "deg", 16.0, 15.0, 1.6))
SIZES = (("fascicle_length", "mm", 62.0, -26.0, 4.0), ("muscle_thickness", "mm", 19.5, -0.4, 0.5))
IN_PX = (("fascicle_length_px", "px", 620.0, -260.0, 40.0), ("muscle_thickness_px", "px", 195.0, -4.0, 5.0))


@dataclass(frozen=True)
class Scene:
    """What is charted: frames from the first to the present one, some of them predicted, some missing."""

    width: int = 640
    height: int = 480
    frames: int = 250
    predicted: tuple[int, int] = (0, 0)
    missing: tuple[int, int] = (0, 0)
    verdict: Verdict = Verdict.MEASURED
    quantities: tuple = REST + SIZES
    behind: int = 0
    named: str = ""
    """What the first quantity's newest value is called."""


SCENES = {
    "chart": Scene(),
    "chart_predicted": Scene(predicted=(238, 250), verdict=Verdict.REFUSED),
    "chart_lost": Scene(predicted=(130, 142), missing=(142, 250), verdict=Verdict.REFUSED),
    "chart_regained": Scene(predicted=(130, 142), missing=(142, 170)),
    "chart_begun": Scene(frames=3),
    "chart_no_scale": Scene(frames=120, quantities=REST + IN_PX, verdict=Verdict.LIMITED),
    "chart_old": Scene(behind=12),
    "chart_named": Scene(named="third"),
    "chart_small": Scene(width=480, height=360),
    "chart_large": Scene(width=1920, height=1080, missing=(60, 90)),
}


def effort(t_s):
    ramp = np.clip((t_s - 1.5) / 2.5, 0, 1) - np.clip((t_s - 6.5) / 1.5, 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def course(scene, name, unit, rest, change, half):
    number = np.arange(250 - scene.frames, 250)
    values = rest + change * effort(number / 25)
    predicted = (number >= scene.predicted[0]) & (number < scene.predicted[1])
    wide = half * (1 + predicted * (number - scene.predicted[0]) / 10)
    joined = np.arange(scene.frames) > 0
    joined &= number != scene.missing[1]
    kept = (number < scene.missing[0]) | (number >= scene.missing[1])
    rows = np.stack((values, values - wide, values + wide), axis=1)
    return SeriesMark(name, unit, number[kept] * FRAME_NS, rows[kept], predicted[kept], joined[kept])


def build(scene):
    x, y = np.meshgrid(np.linspace(0, 1, scene.width), np.linspace(0, 1, scene.height))
    stripes = 70 + 50 * np.sin(60 * (y + 0.35 * x)) * (np.abs(y - 0.45) < 0.25) + 100 * (np.abs(y - 0.45) // 0.02 == 12)
    pixels = (stripes // 10 * 10).astype(np.uint8)
    spacing = PixelSpacing(50 / scene.width, 50 / scene.width, SpacingOrigin.DEPTH)
    marks = tuple(course(scene, *quantity) for quantity in scene.quantities)
    marks = (replace(marks[0], named=scene.named), *marks[1:])
    refused = scene.verdict is Verdict.REFUSED
    reasons = () if scene.verdict is Verdict.MEASURED else ("no deep aponeurosis is seen",)
    present = [mark for mark in marks if not refused and mark.times_ns[-1] == 249 * FRAME_NS]
    measurements = tuple(Measurement(mark.name, *order(mark)) for mark in present)
    finding = Finding(
        "muscle",
        249,
        249 * FRAME_NS,
        scene.verdict,
        reasons,
        measurements,
        marks,
        None if "px" in str(marks) else spacing,
    )
    shown = 249 + scene.behind
    return Frame(pixels, shown * FRAME_NS, shown, "phantom", finding.spacing), finding


def order(mark):
    value, low, high = mark.values[-1].tolist()
    return value, mark.unit, low, high, None, mark.named


@pytest.mark.parametrize("name", SCENES)
def test_picture_is_as_stored(name):
    if not has_unicode_font():
        pytest.skip("OpenCV 4 draws texts with another font; the stored pictures need OpenCV 5")
    picture = draw(*build(SCENES[name]))
    path = GOLDEN / f"{name}.png"
    if os.environ.get("SONOEDGE_REMAKE_GOLDEN"):
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    stored = cv2.imread(str(path))
    assert stored is not None, f"{path} is missing; remake it and look at it"
    assert stored.shape == picture.shape
    differing = np.abs(stored.astype(int) - picture).max(axis=2) > 48
    assert differing.mean() < 0.0005, f"{differing.sum()} pixels of {name} differ from {path}"


def test_single_pictures_have_no_chart():
    frame, finding = build(Scene(frames=1))
    np.testing.assert_array_equal(draw(frame, finding), draw(frame, replace(finding, marks=())))


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (120, 90), (200, 160)])
def test_a_picture_without_room_has_no_chart_and_no_error(size):
    frame, finding = build(Scene(width=size[0], height=size[1]))
    assert draw(frame, finding).shape == (size[1], size[0], 3)


def test_a_value_lies_where_the_lane_says():
    lane = Lane(Box(100, 200, 51, 41), 10.0, 30.0, 10_000_000_000)
    times = np.array([0, 5_000_000_000, 10_000_000_000], np.int64)
    points = lane.points(times, np.array([10.0, 20.0, 30.0]))
    np.testing.assert_allclose(points, [[100, 240], [125, 220], [150, 200]])
    outside = lane.points(times, np.array([-50.0, 20.0, 90.0]))
    assert outside[:, 1].tolist() == [240, 220, 200]


@given(st.floats(-80, 80), st.floats(0, 60), st.sampled_from(["deg", "mm", "px"]))
def test_a_lane_holds_its_course_and_is_round(start, gone, unit):
    values = np.linspace(start, start + gone, 5)
    mark = SeriesMark(
        "a", unit, np.arange(5), np.stack((values, values - 1, values + 1), 1), np.zeros(5, bool), np.ones(5, bool)
    )
    bottom, top = span(mark)
    assert bottom <= start - 1 + 1e-6
    assert top >= start + gone + 1 - 1e-6
    assert unit != "deg" or top - bottom >= 10 - 1e-9
    assert len(f"{bottom:g}") <= 5
    assert len(f"{top:g}") <= 5


@pytest.mark.parametrize("count", [1, 2, 7, 10])
def test_a_lane_holds_the_usual_interval_around_its_course(count):
    rng = np.random.default_rng(count)
    rows = 40 + np.stack((np.zeros(count), -rng.uniform(1, 9, count), rng.uniform(1, 9, count)), axis=1).cumsum(axis=0)
    mark = SeriesMark("a", "mm", np.arange(count), rows, np.zeros(count, bool), np.ones(count, bool))
    values, low, high = rows.T
    least, most = values.min() - np.median(values - low), values.max() + np.median(high - values)
    bottom, top = span(mark)
    step = round_step(max(most - least, 0.25 * abs(least + most) / 2) / 4)
    assert least - step <= bottom <= least + 1e-9 and most - 1e-9 <= top <= most + step


@given(st.floats(1e-4, 1e5))
def test_a_round_step_is_the_smallest_that_reaches(least):
    step = round_step(least)
    assert least * 0.999999 <= step <= least * 2.5000001
    assert f"{step:.0e}"[0] in "125"


def test_the_chart_reaches_back_as_far_as_the_task_keeps():
    from edge.task.muscle.filter import WINDOW_NS

    assert SECONDS * 1e9 == WINDOW_NS
