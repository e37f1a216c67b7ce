"""The arithmetic of the real planes' figures."""

import numpy as np
import pytest

from edge.frame import Frame, Region
from edge.task.hip.plane import ITEMS, Plane
from tools.hip.planes import AT_FAULT, FOLDS, JudgedPlane, area_under_curve, figures_of, folded_accuracy, worth_of

NOTHING = np.zeros((8, 8), np.uint8)


def planes(standard=10, each=4):
    kinds = ["standard"] * standard + [kind for kind in AT_FAULT for _ in range(each)]
    frame = Frame(NOTHING, 0, 0, "test", region=Region.whole(NOTHING))
    return [JudgedPlane(f"{number}", frame, kind) for number, kind in enumerate(kinds)]


def plane_with(score, fit=0.9):
    return Plane(dict.fromkeys(ITEMS, score), (), 0.0, fit)


def test_there_is_a_fold_for_each_kind_of_fault() -> None:
    assert len(AT_FAULT) == FOLDS
    assert {item for items in AT_FAULT.values() for item in items} <= set(ITEMS)


def test_the_area_under_the_curve_counts_ties_half() -> None:
    positive = np.array([True, True, False, False])
    assert area_under_curve(np.array([3.0, 2.0, 1.0, 0.0]), positive) == 1
    assert area_under_curve(np.array([1.0, 1.0, 1.0, 1.0]), positive) == 0.5
    assert area_under_curve(np.array([3.0, 0.0, 1.0, 1.0]), positive) == 0.5


def test_worth_falls_with_each_item_and_with_the_fit_and_is_nothing_without_a_hip() -> None:
    good = plane_with(0.9)
    lacking = Plane(good.scores | {"labrum": 0.05}, ("labrum",), 0.0, 0.9)
    assert worth_of(good) > worth_of(lacking) > 0
    assert worth_of(good) > worth_of(plane_with(0.9, fit=0.2))
    assert worth_of(None) == 0


def test_clear_differences_are_told_in_every_fold_and_no_difference_in_none() -> None:
    judged = planes()
    standard = np.array([one.standard for one in judged])
    assert folded_accuracy(np.where(standard, 0.9, 0.3), judged) == 1
    rng = np.random.default_rng(1)
    chance = np.mean([folded_accuracy(rng.random(len(judged)), judged) for _ in range(20)])
    assert chance == pytest.approx(0.5, abs=0.12)


def test_items_are_told_beside_the_fault_that_they_belong_to() -> None:
    judged = planes()
    seen = {id(one.frame): plane_with(0.8) for one in judged}
    found = figures_of(judged, lambda frame: seen[id(frame)])
    assert found.auc == 0.5
    assert sum("| labrum |" in row for row in found.table) == 1
    assert len(found.table) == 1 + sum(1 + len(items) for items in AT_FAULT.values())
