"""The ordinal cascade and the judges' file."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.task.synovitis.judging import COVERED, FAILURES, FILE, JUDGES, Judges, graded
from edge.task.synovitis.seen import FEATURES


def kept(shape: tuple[int, int], cuts: int = len(FAILURES)) -> dict[str, bytes]:
    file = io.BytesIO()
    np.savez(file, weights=np.zeros(shape, np.float32), cuts=np.full(cuts, 0.5, np.float32))
    return {FILE: file.getvalue()}


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_chances_add_up_and_the_interval_holds_its_share(steps: list[float]) -> None:
    found = graded(np.array(steps))
    assert sum(found.chances) == pytest.approx(1, abs=1e-6)
    assert min(found.chances) >= -1e-9
    assert 0 <= found.low <= found.value <= found.high <= 3
    assert sum(found.chances[found.low : found.high + 1]) >= COVERED - 1e-9 or (found.low, found.high) == (0, 3)


@pytest.mark.parametrize(
    ("steps", "grade"), [((0.1, 0.0, 0.0), 0), ((0.9, 0.2, 0), 1), ((1, 0.8, 0.3), 2), ((1, 1, 1), 3)]
)
def test_each_step_that_is_likelier_than_not_is_a_grade(steps: tuple[float, ...], grade: int) -> None:
    assert graded(np.array(steps)).value == grade


def test_judges_come_from_their_file() -> None:
    judges = Judges.of(kept((len(JUDGES), len(FEATURES) + 1)), 0)
    np.testing.assert_allclose(judges.probabilities(np.ones(len(FEATURES))), 0.5)
    assert judges.cuts.tolist() == [0.5] * len(FAILURES)


def test_without_a_file_no_failure_is_likely() -> None:
    assert (Judges.of({}, 0).cuts > 1).all()


@pytest.mark.parametrize(
    "arrays",
    [{FILE: b"no file"}, {FILE: b""}, kept((len(JUDGES), 4)), kept((len(JUDGES), len(FEATURES) + 1), cuts=2)],
    ids=["text", "empty", "other weights", "other cuts"],
)
def test_another_file_is_no_judges(arrays: dict[str, bytes]) -> None:
    with pytest.raises(ModelError, match=FILE):
        Judges.of(arrays, 0)
