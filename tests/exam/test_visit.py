"""Recordings of one visit added up, and the change since an earlier one."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.exam.visit import Place, Rated, change_of, place_of, total_of
from edge.finding import Finding, Measurement, Verdict
from edge.frame import Frame
from edge.sink.schema import Record, record_of

SUMMED = ("score",)
FRAME = Frame(np.zeros((4, 4), np.uint8), 0, 0, "test")


def record(value: float | None, number: int = 0, reasons: tuple[str, ...] = ()) -> Record:
    verdict = Verdict.REFUSED if value is None else Verdict.LIMITED if reasons else Verdict.MEASURED
    measured = () if value is None else (Measurement("score", value, "grade", value - 1, value + 1),)
    return record_of(FRAME, Finding("any", number, 0, verdict, reasons, measured))


def place(name: str, value: float | None) -> Place:
    return place_of(name, [record(value, reasons=("not seen",) if value is None else ())], SUMMED)


def test_a_places_value_is_the_upper_median_of_its_frames() -> None:
    found = place_of("a", [record(1), record(2), record(None, reasons=("dark",)), record(3), record(2)], SUMMED)
    assert found.rated["score"] == Rated(2, 1, 3)
    assert (found.frames, found.measured, found.reasons) == (5, 4, ("dark",))
    assert place_of("a", [record(1), record(2)], SUMMED).rated["score"].value == 2


def test_a_refused_place_is_not_added() -> None:
    total = total_of([place("a", 2), place("b", None), place("c", 3)], "score")
    assert total is not None and total.sum == Rated(5, 3, 7) and total.places == ("a", "c")
    assert total_of([place("b", None)], "score") is None


def test_the_change_counts_what_both_visits_have() -> None:
    now, before = [place("a", 1), place("b", 2), place("d", 3)], [place("a", 3), place("b", 2), place("c", 1)]
    change = change_of(now, before, "score")
    assert change is not None
    assert change.change == Rated(-2, -6, 2)
    assert (change.places, change.only_now, change.only_before) == (("a", "b"), ("d",), ("c",))
    assert change_of(now, [place("x", 1)], "score") is None


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_a_visit_has_not_changed_since_itself(values: list[int]) -> None:
    places = [place(str(index), value) for index, value in enumerate(values)]
    change, total = change_of(places, places, "score"), total_of(places, "score")
    assert change is not None and total is not None
    assert change.change.value == 0 and change.change.low <= 0 <= change.change.high
    assert total.sum.value == sum(values)


def test_what_is_not_summed_is_left_out() -> None:
    assert place_of("a", [record(1)], ("other",)).rated == {}
    assert replace(place("a", 1), frames=3).frames == 3
