"""The figure of a run against its numbers and stored pictures.

SONOEDGE_REMAKE_GOLDEN=1 writes these anew; look at them.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import matplotlib
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import same_color

from edge.exam.plot import BLUE, GREY, ORANGE, PALE, Curve, Still, charted, curve_of, file_of, plot, value_span
from edge.exam.series import Quantity, series_of
from edge.finding import Finding, Measurement
from edge.frame import Frame
from edge.overlay.field import wheel
from edge.sink.schema import record_of
from edge.task.muscle.spec import SPEC
from edge.terms import MeasurementTerm, Terms
from tests.exam import runs

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("png", "svg")
TERMS = SPEC.terms


def still(number, height=72):
    y, x = np.mgrid[:height, :96]
    grey = (90 + 60 * np.sin(0.5 * (y + 0.1 * number * x))).astype(np.uint8)
    return Still(number * 1.6, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), coloured=True)


FIGURES = {
    "series": lambda: plot(series_of(runs.run_of()), TERMS),
    "course": lambda: plot(series_of(runs.run_of()), TERMS, [still(number) for number in range(6)]),
    "one_panel": lambda: plot(series_of(runs.run_of(60, quantities=runs.QUANTITIES[:1])), TERMS),
    "one_frame": lambda: plot(series_of(runs.run_of(1)), TERMS),
}


def picture_of(figure):
    return cv2.imdecode(np.frombuffer(file_of(figure, "png"), np.uint8), cv2.IMREAD_COLOR)


def texts_of(figure):
    return [element.text for element in ET.fromstring(file_of(figure, "svg")).iter(f"{SVG}text")]


def panels_of(figure):
    return [axes for axes in figure.axes if not axes.images]


def lines_of(axes, colour):
    return [line for line in axes.lines if same_color(line.get_color(), colour) and line.get_linestyle() != "None"]


def known_parts(line):
    """Positions of the points of each unbroken part."""
    known = np.flatnonzero(np.isfinite(line.get_xydata()).all(axis=1))
    return np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)


def blurred(picture):
    """Neither lines nor letters disappear, and how a version of matplotlib sets its letters hardly shows."""
    return cv2.GaussianBlur(picture, (0, 0), 1.5).astype(int)


@pytest.mark.parametrize("name", FIGURES)
def test_picture_is_as_stored(name):
    picture = cv2.resize(picture_of(FIGURES[name]()), None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    path = GOLDEN / f"{name}.png"
    if os.environ.get("SONOEDGE_REMAKE_GOLDEN"):
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    stored = cv2.imread(str(path))
    assert stored is not None, f"{path} is missing; remake it and look at it"
    assert stored.shape == picture.shape
    differing = np.abs(blurred(stored) - blurred(picture)).max(axis=2)
    assert differing.max() <= 48, f"{name} differs from {path} near {np.argwhere(differing > 48)[0]}"
    assert (differing > 12).mean() < 0.008, f"areas of {name} differ from {path}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_run_gives_the_same_file_whatever_the_user_has_set(kind):
    first = file_of(FIGURES["course"](), kind)
    own = {"font.size": 30, "savefig.dpi": 20, "savefig.facecolor": "red", "svg.fonttype": "path", "axes.grid": True}
    with matplotlib.rc_context(own):
        assert file_of(FIGURES["course"](), kind) == first


@pytest.mark.parametrize("kind", KINDS)
def test_another_process_gives_the_same_file(kind):
    code = "import sys; from tests.exam import test_plot as t; "
    code += f"sys.stdout.buffer.write(t.file_of(t.FIGURES['one_panel'](), {kind!r}))"
    settings = {**os.environ, "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    made = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, check=True)
    assert made.stdout == file_of(FIGURES["one_panel"](), kind)


def test_both_files_are_as_wide_as_two_columns_and_say_what_they_show():
    figure = FIGURES["course"]()
    height, width = picture_of(figure).shape[:2]
    assert width / 300 * 25.4 == pytest.approx(180, abs=0.1)
    root = ET.fromstring(file_of(figure, "svg"))
    assert float(root.get("width").removesuffix("pt")) / 72 * 25.4 == pytest.approx(180, abs=0.01)
    assert float(root.get("height").removesuffix("pt")) * 300 / 72 == pytest.approx(height, abs=1)
    assert root.findtext(f"{SVG}title") == "Muscle: measurements against seconds"


def test_gaps_stay_open_and_predictions_are_dashed():
    (axes,) = panels_of(plot(series_of(runs.run_of(quantities=runs.QUANTITIES[:1])), TERMS))
    (course,), (predicted,) = lines_of(axes, BLUE), lines_of(axes, ORANGE)
    parts = known_parts(course)
    assert [(part[0], part[-1]) for part in parts] == [(0, 129), (160, 249)]
    # It starts at the last one that was measured.
    assert [(part[0], part[-1]) for part in known_parts(predicted)] == [(129, 139)]
    assert predicted.is_dashed() and not course.is_dashed()
    assert not lines_of(panels_of(FIGURES["one_panel"]())[0], ORANGE)


def test_a_prediction_ends_at_the_next_one_that_was_measured():
    found = [runs.record(number, quantities=runs.QUANTITIES[:1]) for number in (*range(120, 138), *range(160, 170))]
    records = [msgspec.structs.replace(each, exposed_ns=n * runs.FRAME_NS) for n, each in enumerate(found)]
    (axes,) = panels_of(plot(series_of(records), TERMS))
    (course,), (predicted,) = lines_of(axes, BLUE), lines_of(axes, ORANGE)
    assert [(part[0], part[-1]) for part in known_parts(course)] == [(0, 9), (18, 27)]
    assert [(part[0], part[-1]) for part in known_parts(predicted)] == [(9, 18)]


def test_the_interval_has_the_gaps_of_its_curve():
    (axes,) = panels_of(plot(series_of(runs.run_of(quantities=runs.QUANTITIES[:1])), TERMS))
    (band,) = [each for each in axes.collections if each.get_label() == "90 % interval"]
    spans = [tuple(path.get_extents().intervalx) for path in band.get_paths()]
    np.testing.assert_allclose(spans, [(0, 139 / 25), (160 / 25, 249 / 25)])


def test_what_was_refused_is_shaded():
    axes = panels_of(FIGURES["series"]())[-1]
    (shade,) = [each for each in axes.collections if each.get_label() == "refused"]
    assert same_color(shade.get_facecolor()[0], PALE)
    # From the last frame that was not to the next.
    (span,) = [tuple(path.get_extents().intervalx) for path in shade.get_paths()]
    np.testing.assert_allclose(span, (129 / 25, 160 / 25))
    assert "refused" in texts_of(FIGURES["series"]())
    assert "refused" not in texts_of(FIGURES["one_panel"]())


def test_what_is_limited_is_seen_in_every_panel_with_its_reason():
    records = [runs.record(number) for number in range(20)]
    doubted = [
        msgspec.structs.replace(one, verdict="limited", reasons=(f"two scales {number} % apart",))
        for number, one in enumerate(records[10:])
    ]
    figure = plot(series_of([*records[:10], *doubted]), TERMS)
    bars = [each for axes in panels_of(figure) for each in axes.collections if each.get_label() == "limited"]
    assert len(bars) == len(panels_of(figure))
    assert [text.get_text() for text in figure.texts] == ["Limited, 10 of 20 frames: two scales 0 to 9 % apart"]


def test_frames_that_were_never_read_are_a_gap():
    records = [runs.record(number) for number in (*range(40), *range(60, 100))]
    curve = curve_of(series_of(records), 0)
    assert np.flatnonzero(np.isnan(curve.positions)).tolist() == [40]
    assert np.isnan(curve.rows[40]).all()
    axes = panels_of(plot(series_of(records), TERMS))[0]
    assert [(part[0], part[-1]) for part in known_parts(lines_of(axes, BLUE)[0])] == [(0, 39), (41, 80)]


@pytest.mark.parametrize("frames", [60, 250])
def test_points_lie_where_they_were_measured(frames):
    series = series_of(runs.run_of(frames))
    for axes, index in zip(panels_of(plot(series, TERMS)), charted(series, TERMS), strict=True):
        known = [(each.seconds, each.values[index]) for each in series.instants if each.values[index]]
        drawn = [line.get_xydata() for line in (*lines_of(axes, BLUE), *lines_of(axes, ORANGE))]
        drawn = {tuple(point) for line in drawn for point in line[np.isfinite(line[:, 1])]}
        assert drawn == {(seconds, one.value) for seconds, one in known}
        (dots,) = [line for line in axes.lines if line.get_label() == "single frames"]
        assert same_color(dots.get_color(), GREY)
        expected = [(seconds, one.single) for seconds, one in known if one.single is not None]
        np.testing.assert_array_equal(dots.get_xydata(), expected)


def test_few_frames_have_larger_dots():
    sizes = [
        next(
            line.get_markersize() for line in panels_of(FIGURES[name]())[0].lines if line.get_label() == "single frames"
        )
        for name in ("one_panel", "series")
    ]
    assert sizes[0] > sizes[1]


def test_a_frame_alone_is_a_dot_with_its_interval():
    axes = panels_of(FIGURES["one_frame"]())[0]
    assert [list(map(list, line.get_xydata())) for line in axes.lines if same_color(line.get_color(), BLUE)] == [
        [[0, 16.0]],
        [[0, 16.0]],
    ]
    marked = [line for line in axes.lines if same_color(line.get_color(), BLUE) and line.get_marker() == "o"]
    assert len(marked) == 1
    (bar,) = [each for each in axes.collections if not each.get_label().startswith("90")]
    np.testing.assert_allclose(bar.get_segments()[0], [[0, 16.0 - 1.8], [0, 16.0 + 1.8]])


def test_without_a_measurement_there_are_the_pictures_alone():
    course = series_of([runs.record(number) for number in runs.MISSING])
    figure = plot(course, TERMS, [still(0), still(1)])
    assert not panels_of(figure)
    assert [text for text in texts_of(figure) if text.endswith(" s")] == ["0.00 s", "1.60 s"]
    assert picture_of(figure).shape[0] > 400


def test_the_axes_have_names_and_units():
    texts = set(texts_of(FIGURES["series"]()))
    assert {"Fascicle angle (°)", "Fascicle length (mm)", "Thickness (mm)", "Time (s)"} <= texts
    assert {"followed over time", "90 % interval", "single frames", "predicted"} <= texts
    assert {"a", "b", "c"} <= texts
    assert "a" not in texts_of(FIGURES["one_panel"]())


def test_each_picture_stands_over_its_time():
    figure = FIGURES["course"]()
    assert [text for text in texts_of(figure) if text.endswith(" s")] == [
        f"{number * 1.6:.2f} s" for number in range(6)
    ]
    shown = [axes for axes in figure.axes if axes.get_title()]
    assert len({tuple(axes.get_position().bounds) for axes in shown}) == 6
    for number, axes in enumerate(shown):
        np.testing.assert_array_equal(axes.images[0].get_array(), still(number).pixels[..., ::-1])
    for axes in panels_of(figure):
        pointers = [line.get_xdata() for line in axes.lines if line.is_dashed() and same_color(line.get_color(), GREY)]
        np.testing.assert_allclose(pointers, [[number * 1.6] * 2 for number in range(6)])


def test_pictures_keep_their_shape_and_lie_above_the_curves():
    stills = [still(number, height) for number, height in enumerate((72, 30, 96, 72))]
    figure = plot(series_of(runs.run_of(60)), TERMS, stills)
    picture_of(figure)
    boxes = [axes.get_window_extent() for axes in figure.axes if axes.get_title()]
    assert [box.height / box.width for box in boxes] == pytest.approx([72 / 96, 30 / 96, 1, 72 / 96], rel=1e-3)
    assert len({round(box.width) for box in boxes}) == 1
    assert min(box.y0 for box in boxes) > max(axes.get_window_extent().y1 for axes in panels_of(figure))


def test_the_key_has_the_colours_of_the_overlay():
    figure = FIGURES["course"]()
    (key,) = [axes for axes in figure.axes if axes.get_ylabel() == "Direction"]
    picture = picture_of(figure)
    labels = dict(zip(key.get_yticks().tolist(), (label.get_text() for label in key.get_yticklabels()), strict=True))
    assert labels == {-90: "−90°", -45: "−45°", 0: "0°", 45: "45°", 90: "90°"}
    for degrees in (-45, 0, 45):
        x, y = key.transData.transform((0.5, degrees)) * 300 / figure.dpi
        colour = picture[picture.shape[0] - 1 - round(y), round(x)]
        np.testing.assert_allclose(colour, wheel()[degrees % 180], atol=6)
    colourless = plot(series_of(runs.run_of()), TERMS, [Still(0.0, still(0).pixels)])
    assert not [axes for axes in colourless.axes if axes.get_ylabel() == "Direction"]


def test_declared_curves_are_charted_in_their_order_and_else_the_first_three():
    quantities = tuple((name, "mm", 2.0, 0.3, 0.1) for name in "abcd")
    series = series_of(runs.run_of(3, quantities=quantities))
    other = MeasurementTerm("e", "mm", curve=2)
    assert charted(series, Terms()) == charted(series, Terms((other,))) == (0, 1, 2)
    first, last = MeasurementTerm("d", "mm", "<D & co>", curve=1), MeasurementTerm("b", "mm", curve=3)
    terms = Terms((last, other, first))
    assert charted(series, terms) == (3, 1)
    figure = plot(series, terms)
    assert [axes.get_ylabel() for axes in panels_of(figure)] == ["<D & co> (mm)", "B (mm)"]
    # Texts cannot break the SVG.
    assert {"<D & co> (mm)", "B (mm)"} <= set(texts_of(figure))


@given(st.floats(-1e3, 1e3), st.floats(0, 1e3), st.sampled_from(["deg", "mm"]), st.booleans())
def test_a_span_holds_the_values_and_is_never_empty(low, span, unit, alone):
    values = np.array([low, low + span])
    rows = np.stack((values, *(values[None].repeat(2, 0) if alone else (values - 1, values + 1)), values), axis=1)
    curve = Curve(Quantity("x", unit), np.arange(2.0), rows, np.zeros(2, bool))
    bottom, top = value_span(curve)
    assert bottom <= low and top >= low + span and top > bottom


def test_ticks_are_few_and_the_panel_ends_at_them():
    for axes in panels_of(FIGURES["series"]()):
        ticks = axes.get_yticks()
        assert 3 <= len(ticks) <= 8
        assert (ticks[0], ticks[-1]) == axes.get_ylim()
    assert 3 <= len(axes.get_xticks()) <= 12


def test_a_panel_holds_its_course_and_interval():
    series = series_of(runs.run_of(120))
    curve = curve_of(series, 0)
    bottom, top = panels_of(plot(series, TERMS))[0].get_ylim()
    assert bottom <= curve.rows[:, 1].min()
    assert top >= curve.rows[:, 2].max()


def test_without_times_the_axis_counts_frames():
    records = [msgspec.structs.replace(record, timed=False) for record in runs.run_of(60)[12:]]
    figure = plot(series_of(records), TERMS, [Still(number, still(0).pixels) for number in (12, 40)])
    panels = panels_of(figure)
    assert panels[-1].get_xlabel() == "Frame"
    assert panels[-1].get_xlim() == pytest.approx((12 - 0.006 * 47, 12 + 1.006 * 47))
    assert [axes.get_title() for axes in figure.axes if axes.images] == ["Frame 12", "Frame 40"]
    assert figure.get_label() == "Muscle: measurements against frames"
    assert panels[0].lines[0].get_xdata()[0] == 12


def test_a_course_of_values_with_names_has_these_at_its_axis():
    records = [
        record_of(Frame(runs.PICTURE, at * runs.FRAME_NS, at, "test"), Finding("t", at, at * runs.FRAME_NS, "measured",
            measurements=(Measurement("step", float(at // 10), "step", 0.0, 3.0, named=f"step {at // 10}"),)))
        for at in range(30)
    ]  # fmt: skip
    (axes,) = panels_of(plot(series_of(records), Terms()))
    assert [one.get_text() for one in axes.get_yticklabels()] == ["step 0", "step 1", "step 2"]
