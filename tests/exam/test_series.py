"""A run against time, as CSV and JSON Lines."""

import csv
import io
import json
from dataclasses import replace

import pytest

from edge.exam.series import Series, Tracking, csv_of, json_lines_of, series_of
from edge.finding import Finding, Measurement, Verdict
from edge.frame import Frame
from edge.sink.schema import record_of
from tests.exam import runs


@pytest.fixture(scope="module")
def series():
    return series_of(runs.run_of())


def table(series):
    return list(csv.DictReader(io.StringIO(csv_of(series))))


def test_the_columns_are_these(series):
    named = ("fascicle_angle_deg", "fascicle_length_mm", "muscle_thickness_mm")
    expected = ["sequence", "seconds", "verdict", "reasons", "tracking"]
    expected += [name + end for name in named for end in ("", "_low", "_high", "_single")]
    assert csv_of(series).splitlines()[0] == ",".join(expected)


def test_every_frame_has_a_row_with_its_time_since_the_first(series):
    rows = table(series)
    assert [int(row["sequence"]) for row in rows] == list(range(250))
    assert [float(row["seconds"]) for row in rows] == pytest.approx([number / 25 for number in range(250)])


def test_values_intervals_and_single_frames_are_those_of_the_records(series):
    record, row = runs.record(70), table(series)[70]
    for one, name in zip(record.measurements, ("fascicle_angle_deg", "fascicle_length_mm"), strict=False):
        cells = [float(row[name + end]) for end in ("", "_low", "_high", "_single")]
        assert cells == pytest.approx([one.value, one.low, one.high, one.single], abs=5e-5)


def test_how_a_row_came_about_is_said(series):
    rows = table(series)
    assert {row["tracking"] for row in rows[:130]} == {"tracked"}
    predicted, missing = rows[runs.PREDICTED[3]], rows[runs.MISSING[3]]
    assert (predicted["tracking"], predicted["verdict"]) == ("predicted", "refused")
    assert predicted["fascicle_angle_deg"] and not predicted["fascicle_angle_deg_single"]
    assert (missing["tracking"], missing["verdict"]) == ("none", "refused")
    assert not any(missing[name] for name in missing if name.startswith(("fascicle", "muscle")))


def test_the_json_lines_say_the_same(series):
    lines = [json.loads(line) for line in json_lines_of(series).splitlines()]
    for line, row in zip(lines, table(series), strict=True):
        assert list(line) == list(row)
        assert {name: "" if cell is None else str(cell) for name, cell in line.items()} == row


def test_a_source_without_times_has_no_seconds():
    untimed = [
        record_of(replace(Frame(runs.PICTURE, n * 10**9, n, "test"), timed=False), finding)
        for n, finding in enumerate(
            Finding("muscle", number, number * 10**9, Verdict.REFUSED, ("dark",)) for number in range(3)
        )
    ]
    series = series_of(untimed)
    assert not series.timed
    assert [(row["sequence"], row["seconds"]) for row in table(series)] == [("0", ""), ("1", ""), ("2", "")]
    assert [json.loads(line)["seconds"] for line in json_lines_of(series).splitlines()] == [None] * 3


def finding_record(measurements, number=0):
    verdict = Verdict.MEASURED if measurements else Verdict.REFUSED
    finding = Finding("cartilage", number, number * 10**9, verdict, (), measurements)
    return record_of(Frame(runs.PICTURE, number * 10**9, number, "test"), finding)


def test_what_is_not_followed_has_a_series_too():
    series = series_of([finding_record((Measurement("mean_thickness", 2.1, "mm", 1.9, 2.3),))])
    assert series.instants[0].tracking is Tracking.NONE
    assert csv_of(series).splitlines()[1] == "0,0.0,measured,,none,2.1,1.9,2.3,"


def test_a_length_in_pixels_has_its_own_column():
    mm, px = Measurement("length", 50.0, "mm", 45, 55), Measurement("length_px", 500.0, "px", 450, 550)
    series = series_of([finding_record((mm,)), finding_record((px,), 1), finding_record((px,), 2)])
    assert [quantity.column for quantity in series.quantities] == ["length_mm", "length_px"]
    assert [row["length_px"] for row in table(series)] == ["", "500.0", "500.0"]
    assert series.position("length") == 1
    assert series.position("width") is None


@pytest.mark.parametrize(
    ("unit", "column"), [("deg", "a_deg"), ("1/m", "a_per_m"), ("%", "a_percent"), ("grey level", "a_grey")]
)
def test_units_are_named_in_letters(unit, column):
    series = series_of([finding_record((Measurement("a", 1.0, unit, 0.5, 1.5),))])
    assert series.quantities[0].column == column


def test_a_number_that_is_none_is_left_out():
    (row,) = table(series_of([finding_record((Measurement("a", 1.0, "mm", float("-inf"), float("nan")),))]))
    assert (row["a_mm"], row["a_mm_low"], row["a_mm_high"]) == ("1.0", "", "")


def test_a_run_without_frames_is_a_head_only():
    empty = series_of([])
    assert empty == Series("", (), ())
    assert csv_of(empty) == "sequence,seconds,verdict,reasons,tracking\n"
    assert json_lines_of(empty) == ""


def test_what_has_a_name_has_it_in_a_column_of_its_own_beside_the_number():
    names = ("second", "", "third")
    found = [
        Finding(
            "t",
            at,
            at,
            Verdict.MEASURED,
            measurements=(
                Measurement("step", float(len(name)), "step", 1.0, 9.0, named=name),
                Measurement("area", 5.0, "mm2", 4.0, 6.0),
            ),
        )
        for at, name in enumerate(names)
    ]
    made = series_of(record_of(Frame(runs.PICTURE, one.exposed_ns, one.sequence, "test"), one) for one in found)
    first, second, _ = csv.DictReader(io.StringIO(csv_of(made)))
    assert (first["step_step"], first["step_step_named"], first["area_mm2"]) == ("6.0", "second", "5.0")
    assert second["step_step_named"] == "" and "area_mm2_named" not in first
    assert [json.loads(line)["step_step_named"] for line in json_lines_of(made).splitlines()] == [
        "second",
        None,
        "third",
    ]
