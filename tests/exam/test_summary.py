"""Many findings in few numbers, over runs of any length."""

import pytest

from edge.exam.summary import MOST_VALUES, FindingTally
from edge.finding import Finding, Measurement, Verdict


def test_hours_take_no_more_memory_than_minutes_and_keep_their_medians():
    tally = FindingTally()
    frames = 10 * MOST_VALUES
    for number in range(frames):
        value = 1.0 + number / frames
        measured = (Measurement("mean_thickness", value, "mm", value - 0.2, value + 0.3),)
        tally.add(Finding("cartilage", number, number, Verdict.MEASURED, (), measured))
    (measure,) = tally.summary().measures
    assert measure.frames == frames
    assert (measure.median, measure.low, measure.high) == pytest.approx((1.5, 1.3, 1.8), abs=0.001)
    assert (measure.p5, measure.p95) == pytest.approx((1.05, 1.95), abs=0.001)
    (kept,) = tally._values.values()
    assert len(kept.kept) < MOST_VALUES


def test_what_has_names_is_told_by_the_most_frequent_one():
    tally = FindingTally()
    for at, (value, name) in enumerate([(1.0, "second"), (2.0, "third"), (2.0, "third"), (9.0, "tenth"), (9.0, "")]):
        one = Measurement("step", value, "step", 0.0, 9.0, named=name)
        tally.add(Finding("t", at, at, Verdict.MEASURED, measurements=(one,)))
    (measure,) = tally.summary().measures
    assert (measure.named, measure.median, measure.frames) == ("third", 2.0, 5)
