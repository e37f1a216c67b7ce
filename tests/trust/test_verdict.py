"""The last look at a finding's numbers: too wide, at a cut-off, or true of phantoms only."""

import numpy as np
import pytest

from edge.finding import CaliperMark, Finding, LineMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.terms import CutOffs, MeasurementTerm, Terms
from edge.trust.verdict import judged

CUT_OFFS = CutOffs("if it is a wrist", (4, 30), ((10, "sensitivity 70 %"), (12, "sensitivity 81 %")), "a book")
TERMS = Terms(
    (
        MeasurementTerm("area", "mm2", "Area", plausible=(2, 90), source="a book", cut_offs=CUT_OFFS),
        MeasurementTerm("slope", "deg", "Slope", signed=True),
        MeasurementTerm("ill", "%", simulated_only="ill withheld: learned from phantoms"),
    )
)


def frame_of(origin="stills:a.png", **more):
    return Frame(np.zeros((80, 80), np.uint8), 0, 0, origin, **more)


def judge(*measured, origin="stills:a.png", verdict=Verdict.MEASURED, terms=TERMS, marks=(), **more):
    finding = Finding("toy", 0, 0, verdict, measurements=measured, marks=marks, notes=("a note",))
    return judged(frame_of(origin, **more), finding, terms)


def area(value, low, high, unit="mm2"):
    return Measurement("area" if unit == "mm2" else "area_px", value, unit, low, high)


@pytest.mark.parametrize(
    ("measured", "limited"),
    [
        (area(50, 40, 60), False),
        (area(50, 20, 71), True),
        (area(50, 20, 71, "px2"), True),
        (Measurement("slope", 1.0, "deg", -2.0, 4.0), False),
        (Measurement("slope", -20.0, "deg", -23.0, -17.0), False),
        (Measurement("undeclared", 1.0, "mm", 0.2, 1.8), True),
    ],
)
def test_an_interval_wider_than_its_value_is_limited(measured, limited):
    finding = judge(measured)
    assert (finding.verdict is Verdict.LIMITED) == limited == any("wider than the value" in r for r in finding.reasons)
    assert finding.measurements == (measured,)


@pytest.mark.parametrize(
    ("measured", "reason", "note"),
    [
        (area(7.0, 5.4, 8.6), "", "below the cut-off 10 mm² (sensitivity 70 %)"),
        (area(9.0, 7.4, 10.6), "Area: its interval holds the cut-off 10 mm²", "not to be told from the cut-off 10 mm²"),
        (area(11.0, 9.4, 12.6), "Area: its interval holds the cut-offs 10 and 12 mm²", "cut-off 12 mm²"),
        (area(16.0, 14.4, 17.6), "", "above the cut-off 12 mm²"),
        (area(60.0, 50.0, 70.0), "", ""),
        (area(11.0, 9.4, 12.6, "px2"), "", ""),
    ],
)
def test_a_cut_off_is_told_with_its_worth_and_limits_what_lies_across_it(measured, reason, note):
    finding = judge(measured)
    assert finding.reasons == ((reason,) if reason else ())
    assert (finding.verdict is Verdict.LIMITED) == bool(reason)
    told = [one for one in finding.notes if one != "a note"]
    assert len(told) == bool(note) and all(note in one and "no diagnosis" in one for one in told)


def test_what_holds_in_phantoms_alone_is_kept_from_real_pictures():
    ill, large = Measurement("ill", 97.0, "%", 90.0, 100.0), area(50, 40, 60)
    real = judge(ill, large)
    assert (real.measurements, real.notes) == ((large,), ("a note", "ill withheld: learned from phantoms"))
    assert real.verdict is Verdict.MEASURED
    assert judge(ill, large, origin="phantom:toy").measurements == (ill, large)


def test_a_refusal_stays_as_it_is():
    assert judge(verdict=Verdict.REFUSED).verdict is Verdict.REFUSED


@pytest.mark.parametrize("value", [1.0, 2500.0])
def test_a_number_that_nobody_has_refuses_all_and_is_named(value):
    line = LineMark("border", np.zeros((2, 2), np.float32))
    marks = (line, CaliperMark("width", (0, 0), (9, 9), "9 mm"))
    finding = judge(area(value, value, value), Measurement("slope", 3.0, "deg", 2.0, 4.0), marks=marks)
    assert (finding.verdict, finding.measurements, finding.marks) == (Verdict.REFUSED, (), (line,))
    (reason,) = finding.reasons
    assert reason.startswith(f"Area would be {value:.3g} mm², outside 2 to 90 mm² (a book)")
    assert judge(area(2500, 2400, 2600, "px2")).verdict is Verdict.MEASURED


def test_a_doubted_scale_limits_what_is_measured_with_it():
    spacing = PixelSpacing(0.1, 0.1, SpacingOrigin.USER)
    finding = judge(area(50, 40, 60), spacing=spacing, doubts=("two scales",))
    assert (finding.verdict, finding.reasons) == (Verdict.LIMITED, ("two scales",))
    assert judge(area(50, 40, 60, "px2"), doubts=("two scales",)).verdict is Verdict.MEASURED


def test_a_name_is_no_number_that_an_interval_could_be_wider_than():
    frame = Frame(np.zeros((4, 4), np.uint8), 0, 0, "test")
    for named, verdict in (("second", Verdict.MEASURED), ("", Verdict.LIMITED)):
        one = Measurement("step", 1.0, "step", 0.0, 3.0, named=named)
        assert judged(frame, Finding("t", 0, 0, Verdict.MEASURED, measurements=(one,)), Terms()).verdict is verdict
