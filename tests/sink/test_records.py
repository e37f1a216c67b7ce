"""findings.jsonl: what is written is what was found, and a cut file is read as far as it goes."""

import json
import re
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import SourceFormatError, SourceNotFoundError
from edge.finding import CaliperMark, Finding, LineMark, MaskMark, Measurement, SeriesMark, Timings, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.sink.records import RecordsSink, read_records
from edge.sink.schema import ProbeRecord, Record

PICTURE = np.zeros((4, 4, 3), np.uint8)
DEFINITION = Path(__file__).parents[2] / "docs" / "records.md"

numbers = st.floats(-1e6, 1e6)
words = st.text(max_size=20)
units = st.sampled_from(("mm", "mm2", "deg"))
measurements = st.builds(Measurement, words, numbers, units, numbers, numbers, st.none() | numbers, words)
spacings = st.builds(
    PixelSpacing, st.floats(0.001, 10), st.floats(0.001, 10), st.sampled_from(SpacingOrigin), st.floats(0, 1)
)
points = st.lists(st.tuples(st.floats(-500, 5000, width=32), st.floats(-500, 5000, width=32)), max_size=6)
lines = st.builds(LineMark, words, points.map(lambda p: np.array(p, np.float32).reshape(-1, 2)))
calipers = st.builds(CaliperMark, words, st.tuples(numbers, numbers), st.tuples(numbers, numbers), words)
findings = st.builds(
    Finding,
    task=words,
    sequence=st.integers(0, 2**40),
    exposed_ns=st.integers(0, 2**62),
    verdict=st.sampled_from(Verdict),
    reasons=st.lists(words, max_size=3).map(tuple),
    measurements=st.lists(measurements, max_size=3).map(tuple),
    marks=st.lists(lines | calipers, max_size=4).map(tuple),
    spacing=st.none() | spacings,
    notes=st.lists(words, max_size=2).map(tuple),
    model_digest=st.none() | words,
    runtime=st.none() | words,
    timings=st.builds(Timings, st.none() | numbers, st.none() | numbers),
)


def frame_of(finding, **changes):
    return Frame(np.zeros((6, 8), np.uint8), finding.exposed_ns, finding.sequence, "test", finding.spacing, **changes)


def plain(count=3):
    return [Finding("cartilage", number, number * 40, Verdict.MEASURED) for number in range(count)]


def written(folder, found):
    with RecordsSink(folder) as sink:
        for finding in found:
            sink.write(frame_of(finding), finding, PICTURE)
    return folder / "findings.jsonl"


@given(st.lists(findings, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_field_comes_back(found):
    with tempfile.TemporaryDirectory() as folder:
        records = list(read_records(written(Path(folder), found)))
    assert len(records) == len(found)
    for finding, record in zip(found, records, strict=True):
        for name in ("sequence", "exposed_ns", "task", "reasons", "notes", "model_digest", "runtime"):
            assert getattr(record, name) == getattr(finding, name)
        assert Verdict(record.verdict) is finding.verdict
        assert [plain_measurement(m) for m in record.measurements] == [
            plain_measurement(m) for m in finding.measurements
        ]
        assert _spacing(record.spacing) == finding.spacing
        assert record.timings.grab_ms == finding.timings.grab_ms
        line_marks = [mark for mark in finding.marks if isinstance(mark, LineMark)]
        for mark, line in zip(line_marks, record.lines, strict=True):
            assert mark.name == line.name
            assert np.allclose(np.array(line.points).reshape(-1, 2), mark.points, atol=0.0051)
        caliper_marks = [mark for mark in finding.marks if isinstance(mark, CaliperMark)]
        for mark, caliper in zip(caliper_marks, record.calipers, strict=True):
            assert (mark.name, mark.text) == (caliper.name, caliper.text)
            assert np.allclose((*caliper.start, *caliper.end), (*mark.start, *mark.end), atol=0.0051)


def plain_measurement(one):
    return one.name, one.value, one.unit, one.low, one.high, one.single, one.named


def _spacing(record):
    if record is None:
        return None
    return PixelSpacing(
        record.x_mm_per_px, record.y_mm_per_px, SpacingOrigin(record.origin), record.relative_uncertainty
    )


def test_a_line_is_plain_json_with_the_defined_names(tmp_path):
    mask = MaskMark("cartilage", 2, np.array([[1, 0], [1, 1]], np.uint8), (3, 4))
    spacing = PixelSpacing(0.1, 0.2, SpacingOrigin.TICKS, 0.01)
    finding = Finding(
        "cartilage", 7, 9, Verdict.LIMITED, ("tilt",), (Measurement("area", 60.0, "mm2", 55.0, 65.0),), (mask,), spacing
    )
    state = ProbeState(depth_mm=40.0, frozen=True, tgc_db=(1.0, 2.0), doubt="why")
    frame = frame_of(finding, region=Region(1, 2, 3, 4), probe=state)
    with RecordsSink(tmp_path) as sink:
        sink.write(frame, finding, PICTURE)
    line = json.loads((tmp_path / "findings.jsonl").read_text())
    assert line["schema"] == 1
    assert line["verdict"] == "limited"
    area = {"name": "area", "value": 60.0, "unit": "mm2", "low": 55.0, "high": 65.0, "single": None, "named": ""}
    assert line["measurements"] == [area]
    assert line["spacing"] == {"x_mm_per_px": 0.1, "y_mm_per_px": 0.2, "origin": "ticks", "relative_uncertainty": 0.01}
    assert line["picture"] == {"width": 8, "height": 6}
    assert line["region"] == {"x": 1, "y": 2, "width": 3, "height": 4}
    assert line["probe"]["depth_mm"] == 40.0
    assert line["probe"]["mi"] is None
    assert line["probe"]["tgc_db"] == [1.0, 2.0]
    assert line["probe"]["doubt"] == "why"
    assert line["masks"] == [{"name": "cartilage", "label": 2, "pixels": 3}]


def test_docs_define_exactly_the_fields_there_are():
    defined = re.findall(r"^\| `(\w+)` \|", DEFINITION.read_text().split("## Fields")[1].split("\n## ")[0], re.M)
    assert defined == list(Record.__struct_fields__)


def test_the_probes_record_holds_its_whole_state_and_docs_define_it():
    held = {field.name for field in fields(ProbeState)} - {"motion"}
    rows = re.findall(r"^\| (`.*?) \|.*", DEFINITION.read_text().split("## The probe")[1].split("\n## ")[0], re.M)
    defined = set(re.findall(r"`(\w+)`", " ".join(rows))) | {"transmit_off_reason"}
    assert set(ProbeRecord.__struct_fields__) == held == defined


def test_a_record_from_before_the_probe_said_more_is_read(tmp_path):
    (finding,) = plain(1)
    with RecordsSink(tmp_path) as sink:
        sink.write(frame_of(finding, probe=ProbeState(depth_mm=40.0)), finding, PICTURE)
    path = tmp_path / "findings.jsonl"
    line = json.loads(path.read_text())
    first = ("depth_mm", "frequency_mhz", "gain_db", "frozen", "mi", "tis", "tib", "battery_percent", "temperature_c")
    path.write_text(json.dumps(line | {"probe": {name: line["probe"][name] for name in first}}) + "\n")
    (record,) = read_records(path)
    assert (record.probe.depth_mm, record.probe.focus_mm, record.probe.doubt) == (40.0, None, "")


def test_what_was_followed_for_a_frame_that_was_not_measured_is_kept(tmp_path):
    def course(name, times_ns, predicted):
        rows = np.array([[20.0, 18.0, 22.0], [21.0, 18.5, 23.5]])
        return SeriesMark(name, "deg", np.array(times_ns, np.int64), rows, np.array(predicted), np.ones(2, bool))

    marks = (
        course("a", [10, 50], [False, True]),
        course("b", [10, 50], [True, False]),
        course("c", [5, 10], [True] * 2),
    )
    (record,) = read_records(written(tmp_path, [Finding("muscle", 1, 50, Verdict.REFUSED, ("dark",), marks=marks)]))
    assert [plain_measurement(one) for one in record.predicted] == [("a", 21.0, "deg", 18.5, 23.5, None, "")]


def test_a_record_from_before_anything_was_followed_is_read(tmp_path):
    measured = (Measurement("area", 60.0, "mm2", 55.0, 65.0),)
    path = written(tmp_path, [Finding("cartilage", 1, 50, Verdict.MEASURED, measurements=measured)])
    line = json.loads(path.read_text())
    del line["predicted"], line["measurements"][0]["single"]
    path.write_text(json.dumps(line) + "\n")
    (record,) = read_records(path)
    assert (record.predicted, record.measurements[0].single) == ((), None)


def test_a_number_that_is_none_is_null(tmp_path):
    finding = Finding("t", 0, 0, Verdict.MEASURED, (), (Measurement("x", float("nan"), "mm", 1.0, float("inf")),))
    (record,) = read_records(written(tmp_path, [finding]))
    assert (record.measurements[0].value, record.measurements[0].low, record.measurements[0].high) == (None, 1.0, None)


def test_line_is_in_the_file_before_the_next_is_written(tmp_path):
    with RecordsSink(tmp_path) as sink:
        for count, finding in enumerate(plain(), start=1):
            sink.write(frame_of(finding), finding, PICTURE)
            assert len(list(read_records(tmp_path / "findings.jsonl"))) == count


@pytest.mark.parametrize("tail", [b"", b"\0" * 300, b'"runtime":"x"}\n'], ids=["cut", "zeros", "mangled"])
def test_last_line_cut_by_a_power_loss_is_left_out_and_said(tmp_path, tail):
    path = written(tmp_path, plain())
    path.write_bytes(path.read_bytes()[:-30] + tail)
    reader = read_records(path)
    assert [record.sequence for record in reader] == [0, 1]
    assert "cut short" in reader.left_out


def test_cut_at_every_byte_is_read_as_far_as_it_goes(tmp_path):
    path = written(tmp_path, plain(2))
    whole = path.read_bytes()
    first = whole.index(b"\n")
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        reader = read_records(path)
        count = len(list(reader))
        assert count == (length >= first) + (length >= len(whole) - 1)
        assert (reader.left_out is None) == (length in (0, first, first + 1, len(whole) - 1))


def test_whole_file_reports_no_cut(tmp_path):
    reader = read_records(written(tmp_path, plain()))
    assert len(list(reader)) == 3
    assert reader.left_out is None


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [
        (b'"sequence":1,', b'"sequence":?,'),
        (b'"sequence":1,', b'"sequence":1,\n'),
        (b'"sequence":1,', b'"sequence":\xff\xfe,'),
        (b'"sequence":1,"exposed_ns":40,"origin":"test","task":"cartilage","verdict":"measured"', b'"verdict":"sure"'),
        (b'{"schema":1,"sequence":1,', b'{"schema":7,"sequence":"1",'),
    ],
    ids=["mangled", "torn", "bytes", "no verdict of ours", "digits"],
)
def test_damage_within_the_file_is_passed_over_and_counted(tmp_path, whole, damaged):
    path = written(tmp_path, plain())
    assert whole in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(whole, damaged))
    reader = read_records(path)
    assert [record.sequence for record in reader] == [0, 2]
    assert re.search(r"[12] of [34] lines of .* are damaged and left out: 2", reader.left_out)


def test_a_scale_that_is_none_is_damage(tmp_path):
    finding = Finding("t", 0, 0, Verdict.MEASURED, spacing=PixelSpacing(0.125, 0.125, SpacingOrigin.TICKS))
    path = written(tmp_path, [finding, finding])
    whole = path.read_bytes()
    for scale in (b"-0.125", b"0", b"1e999", b"null"):
        path.write_bytes(whole.replace(b"0.125", scale, 1))
        reader = read_records(path)
        assert len(list(reader)) == 1 and "1 of 2 lines" in reader.left_out


def test_newer_schema_is_refused(tmp_path):
    path = written(tmp_path, plain())
    path.write_bytes(b"damaged\n" + path.read_bytes().replace(b'"schema":1,', b'"schema":2,"of":"another shape",'))
    with pytest.raises(SourceFormatError, match="schema 2, this version reads 1; update"):
        list(read_records(path))


def test_missing_file_is_said(tmp_path):
    with pytest.raises(SourceNotFoundError, match=r"findings\.jsonl"):
        list(read_records(tmp_path / "none.jsonl"))


def test_a_record_from_before_values_had_names_is_read(tmp_path):
    one = Measurement("step", 2.0, "step", 1.0, 3.0, named="third")
    path = written(tmp_path, [Finding("t", 1, 1, Verdict.MEASURED, measurements=(one,))])
    assert [one.named for record in read_records(path) for one in record.measurements] == ["third"]
    path.write_text(path.read_text().replace(',"named":"third"', ""))
    assert [(one.value, one.named) for record in read_records(path) for one in record.measurements] == [(2.0, "")]
