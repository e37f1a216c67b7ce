"""The figure of a run against its numbers and stored pictures.

SONOEDGE_REMAKE_GOLDEN=1 writes these anew; look at them.
"""

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.exam.figure import Area, Dots, Figure, Label, Picture, Polyline
from edge.exam.raster import raster_of
from edge.exam.series import series_of
from edge.exam.series_plot import BLUE, ORANGE, Still, charted, curve_of, plot, ticks, value_span
from edge.exam.svg import svg_of
from edge.overlay.field import wheel
from edge.overlay.text import has_unicode_font
from tests.exam import runs

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def still(number):
    y, x = np.mgrid[:72, :96]
    grey = (90 + 60 * np.sin(0.5 * (y + 0.1 * number * x))).astype(np.uint8)
    return Still(number * 1.6, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), coloured=True)


FIGURES = {
    "series": lambda: plot(series_of(runs.run_of())),
    "series_course": lambda: plot(series_of(runs.run_of()), [still(number) for number in range(6)]),
    "series_one_panel": lambda: plot(series_of(runs.run_of(60, quantities=runs.QUANTITIES[:1]))),
    "series_one_frame": lambda: plot(series_of(runs.run_of(1))),
}


@pytest.mark.parametrize("name", FIGURES)
def test_picture_is_as_stored(name):
    if not has_unicode_font():
        pytest.skip("OpenCV 4 draws texts with another font; the stored pictures need OpenCV 5")
    picture = raster_of(FIGURES[name](), 110)
    path = GOLDEN / f"{name}.png"
    if os.environ.get("SONOEDGE_REMAKE_GOLDEN"):
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    stored = cv2.imread(str(path))
    assert stored is not None, f"{path} is missing; remake it and look at it"
    assert stored.shape == picture.shape
    differing = np.abs(stored.astype(int) - picture).max(axis=2) > 48
    assert differing.mean() < 0.0005, f"{differing.sum()} pixels of {name} differ from {path}"


@pytest.mark.parametrize("name", FIGURES)
def test_the_svg_holds_the_same_things(name):
    figure = FIGURES[name]()
    root = ET.fromstring(svg_of(figure))
    texts = [item.text for item in figure.items if isinstance(item, Label)]
    assert [element.text for element in root.iter(f"{SVG}text")] == texts
    for tag, kind in (("polyline", Polyline), ("polygon", Area), ("image", Picture), ("path", Dots)):
        assert len(list(root.iter(SVG + tag))) == sum(isinstance(item, kind) for item in figure.items)
    assert root.get("viewBox") == f"0 0 {figure.width:g} {figure.height:g}"


def drawn(figure, colour):
    return [item for item in figure.items if isinstance(item, Polyline) and item.colour == colour]


def test_gaps_stay_open_and_predictions_are_dashed():
    figure = FIGURES["series_one_panel"]()
    assert len(drawn(figure, BLUE)) == 2  # the course, and its sample in the legend
    figure = plot(series_of(runs.run_of(quantities=runs.QUANTITIES[:1])))
    courses = [item for item in drawn(figure, BLUE) if len(item.points) > 2]
    (predicted,) = [item for item in drawn(figure, ORANGE) if len(item.points) > 2]
    assert [len(item.points) for item in courses] == [130, 90]
    assert len(predicted.points) == 11  # it starts at the last one that was measured
    assert predicted.dash and not any(item.dash for item in courses)
    np.testing.assert_array_equal(predicted.points[0], courses[0].points[-1])
    per_frame = np.diff(courses[0].points[:, 0]).mean()
    assert courses[1].points[0, 0] - predicted.points[-1, 0] == pytest.approx(21 * per_frame)


def test_frames_that_were_never_read_are_a_gap():
    records = [runs.record(number) for number in (*range(40), *range(60, 100))]
    curve = curve_of(series_of(records), 0)
    assert np.flatnonzero(~curve.joined).tolist() == [0, 40]


def test_points_lie_where_the_axes_say():
    figure = FIGURES["series_one_panel"]()
    labels = [item for item in figure.items if isinstance(item, Label)]
    values = [item for item in labels if item.anchor == "end"]
    low, high = values[0], values[-1]
    (course,) = [item for item in drawn(figure, BLUE) if len(item.points) > 2]
    series = series_of(runs.run_of(60, quantities=runs.QUANTITIES[:1]))
    for point, instant in list(zip(course.points, series.instants, strict=True))[::10]:
        share = (low.y - 2.7 - point[1]) / (low.y - high.y)
        value = float(low.text) + share * (float(high.text) - float(low.text))
        assert value == pytest.approx(instant.values[0].value, abs=1e-6)


def test_the_axes_have_names_and_units():
    texts = {item.text for item in FIGURES["series"]().items if isinstance(item, Label)}
    assert {"Fascicle angle (°)", "Fascicle length (mm)", "Thickness (mm)", "Time (s)"} <= texts


def test_each_picture_stands_over_its_time():
    figure = FIGURES["series_course"]()
    texts = [item.text for item in figure.items if isinstance(item, Label)]
    assert [text for text in texts if text.endswith(" s")] == [f"{number * 1.6:.2f} s" for number in range(6)]
    key, *shown = [item for item in figure.items if isinstance(item, Picture)]
    assert len(shown) == 6
    assert key.width < shown[0].width / 10
    assert len({(item.x, item.y) for item in shown}) == 6


def test_the_key_has_the_colours_of_the_overlay():
    figure = FIGURES["series_course"]()
    key = next(item for item in figure.items if isinstance(item, Picture))
    labels = [item for item in figure.items if isinstance(item, Label) and item.x < key.x and item.text.endswith("°")]
    assert [item.text for item in labels] == ["90°", "45°", "0°", "-45°", "-90°"]
    for label in labels:
        row = round((label.y - 2.7 - key.y) / key.height * (key.pixels.shape[0] - 1))
        np.testing.assert_allclose(key.pixels[row, 0], wheel()[int(label.text[:-1]) % 180], atol=1)
    plain = plot(series_of(runs.run_of()), [Still(0.0, still(0).pixels)])
    assert sum(isinstance(item, Picture) for item in plain.items) == 1


def test_of_other_tasks_the_first_three_are_charted():
    quantities = tuple((name, "mm", 2.0, 0.3, 0.1) for name in "abcd")
    assert charted(series_of(runs.run_of(3, quantities=quantities))) == (0, 1, 2)


def test_texts_cannot_break_the_svg():
    figure = Figure(100, 50, "a < b & c", (Label("<script> & 'x'", 5, 5),))
    root = ET.fromstring(svg_of(figure))
    assert [element.text for element in root.iter(f"{SVG}text")] == ["<script> & 'x'"]


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_are_few_and_within(low, span):
    values = ticks(low, low + span, 5)
    assert 1 <= len(values) <= 6
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value in values)


def test_a_panel_holds_its_course_and_interval():
    curve = curve_of(series_of(runs.run_of(120)), 0)
    bottom, top = value_span(curve)
    assert bottom <= curve.values[:, 1].min()
    assert top >= curve.values[:, 2].max()


def test_a_turned_text_reads_upward():
    figure = Figure(60, 120, "", (Label("Length (mm)", 30, 60, 10, anchor="middle", turned=True),))
    ink = raster_of(figure, 144)[..., 0] < 128
    rows, columns = np.nonzero(ink)
    assert np.ptp(rows) > 3 * np.ptp(columns)
    assert rows.mean() == pytest.approx(120, abs=6)
    assert columns.max() <= 66  # the baseline is at 60; brackets reach below it
