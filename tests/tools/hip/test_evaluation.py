"""The arithmetic of the hip's evaluation: thresholds, errors, types, tables."""

import cv2
import numpy as np
import pytest

from edge.finding import Finding, Measurement, Verdict
from edge.task.hip.phantom import HipCine
from edge.task.hip.reading import figure_of
from edge.task.hip.spec import HipPhantomOptions
from tools.hip.evaluation import REFUSED_BY_PLANE, TAIL, between, others_table, plane_figures
from tools.hip.phantoms import Outcome, errors_of, inside_of, types_of


def outcome(alpha=None, beta=None, verdict=Verdict.MEASURED, half=5.0) -> Outcome:
    picture = HipCine(1, HipPhantomOptions(motion="still"), shape=(64, 72)).picture(0.0)
    values = {"alpha": alpha, "beta": beta}
    measured = tuple(
        Measurement(name, value, "deg", value - half, value + half)
        for name, value in values.items()
        if value is not None
    )
    return Outcome(picture, Finding("hip", 0, 0, verdict, measurements=measured))


def test_a_threshold_lies_midway_between_two_kinds_that_are_apart() -> None:
    below, above = np.linspace(0.0, 0.2, 101), np.linspace(0.6, 1.0, 101)
    assert between(below, above) == pytest.approx((0.2 * (1 - TAIL) + 0.6 + 0.4 * TAIL) / 2, abs=0.01)


def test_where_the_kinds_overlap_nearly_all_that_must_be_kept_is_kept() -> None:
    rng = np.random.default_rng(1)
    below, above = rng.normal(0.5, 0.2, 400), rng.normal(0.6, 0.2, 400)
    assert 0.95 < np.mean(above >= between(below, above)) < 1


def test_the_planes_weights_tell_two_kinds_apart_and_keep_nearly_all_standard_ones() -> None:
    rng = np.random.default_rng(3)

    def kind(n, limb):
        return [{"lower limb": rng.normal(limb, 1), "labrum": rng.normal(0, 1), "border": 3.5} for _ in range(n)]

    standard, off = kind(300, 2.0), kind(200, -1.0)
    figures = plane_figures(standard, off)
    told = [
        [figures["plane_bias"] + sum(figures[figure_of("plane", name)] * one[name] for name in one) for one in each]
        for each in (standard, off)
    ]
    least = np.log(figures["least_fit"] / (1 - figures["least_fit"]))
    kept, let_through = (np.mean(np.array(each) >= least) for each in told)
    assert kept == pytest.approx(1 - REFUSED_BY_PLANE, abs=0.01) and let_through < 0.2
    assert figures["plane_lower_limb"] > 5 * abs(figures["plane_labrum"])


def test_errors_are_those_of_what_was_measured() -> None:
    found = [outcome(62.0), outcome(None), outcome(50.0, verdict=Verdict.REFUSED)]
    truth = found[0].truth("alpha")
    assert errors_of(found, "alpha") == pytest.approx([62.0 - truth])


def test_intervals_hold_the_truth_or_not() -> None:
    truth = outcome(60.0).truth("alpha")
    found = [outcome(truth + 4), outcome(truth - 4), outcome(truth + 6), outcome(truth)]
    assert inside_of(found, "alpha") == pytest.approx(0.75)


def test_types_are_weighed_by_what_would_be_done() -> None:
    right = outcome(66.0, 50.0)
    hip = right.picture.hip
    assert hip.alpha_deg >= 60
    mild, severe = outcome(66.0, 50.0), outcome(45.0, 60.0)
    found = types_of([right, mild, severe])
    assert found.same_treatment == pytest.approx(2 / 3) and found.too_mild == 0
    assert types_of([]).same == 0


def test_other_pictures_are_counted_by_folder(tmp_path) -> None:
    for name in ("arm", "knee"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "a.png"), np.zeros((120, 120), np.uint8))
    (tmp_path / "arm" / "small.png").write_bytes(cv2.imencode(".png", np.zeros((20, 20), np.uint8))[1].tobytes())
    refuse = Finding("hip", 0, 0, Verdict.REFUSED)
    rows = others_table(lambda frame: refuse, tmp_path)
    assert rows[1:] == ["| arm | 0 of 1 |", "| knee | 0 of 1 |"]
