"""What is counted on real nerve pictures: held to pictures whose answers are set by hand."""

import cv2
import numpy as np
import pytest

from edge.finding import LineMark, MaskMark, Measurement, Verdict
from edge.frame import Frame, Region
from edge.task.contract import finding_of
from tools.masks import interval_figures
from tools.nerve.evaluation import (
    LEAST,
    Read,
    area_errors,
    best_cut,
    figures_of,
    found_nerves,
    least_agreement,
    least_confidence,
    missed,
)
from tools.nerve.tables import figure_rows, stratum_rows
from tools.nerve.usgra_seg import UsgraPicture

SHAPE = (200, 300)


def disc(x, radius=30):
    return cv2.circle(np.zeros(SHAPE, np.uint8), (x, 100), radius, 1, -1)


def read(*, drawn, marked, vessel=None, confidence=0.9, agreement=0.8, verdict=Verdict.MEASURED, shift=0.0):
    """Discs: those drawn as (x, radius), the one marked and measured, the scores so much above or below 0."""
    nerve = np.bitwise_or.reduce([disc(*one) for one in drawn])
    vessel = disc(*vessel) if vessel else np.zeros(SHAPE, np.uint8)
    drawing = UsgraPicture("a", 0, np.full(SHAPE, 90, np.uint8), Region(0, 0, 300, 200), 255 * nerve, 255 * vessel)
    mask = disc(*marked)
    (border,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    marks = (
        MaskMark("nerve", 1, mask, (0, 0)),
        MaskMark("vessel", 2, vessel, (0, 0)),
        LineMark("nerve border", border[:, 0].astype(np.float32)),
    )
    area = Measurement("outer_area_px", float(mask.sum()), "px2", 0, 1e6)
    frame = Frame(drawing.file, 0, 0, "a")
    finding = finding_of("nerve", frame, verdict, ("why",) if verdict is Verdict.REFUSED else (), (area,), marks)
    scores = np.stack([np.where(plane > 0, 4.0, -4.0) + shift for plane in (mask, vessel)]).astype(np.float32)
    return Read(drawing, finding, scores, confidence, agreement)


def test_a_nerve_of_which_next_to_nothing_is_marked_was_missed():
    right, other = read(drawn=[(80, 30)], marked=(80, 30)), read(drawn=[(80, 30), (200, 20)], marked=(200, 20))
    assert missed([right, other]) == (pytest.approx(1 / 3), 0.5)
    assert right.right() and other.right()
    assert not read(drawn=[(80, 30)], marked=(200, 30)).right()


def test_the_area_is_compared_with_the_nerve_that_was_found():
    reads = [read(drawn=[(80, 30), (220, 40)], marked=(80, 33)), read(drawn=[(80, 30)], marked=(220, 30))]
    assert area_errors(reads) == pytest.approx([33**2 / 30**2 - 1], abs=0.03)


def test_intervals_start_from_what_was_measured():
    found = interval_figures(found_nerves([read(drawn=[(80, 20)], marked=(80, 25))]))
    assert found["factor_area"] == pytest.approx(25**2 / 20**2, abs=0.05)
    assert found["factor_axis"] == pytest.approx(25 / 20, abs=0.03)
    assert found["half_width_depth"] == pytest.approx(100 * 5 / 50, abs=2)


def test_the_cut_is_that_with_the_best_dice():
    reads = [read(drawn=[(80, 30)], marked=(80, 30), shift=3.8)]  # what is no nerve lies at -0.2
    assert best_cut(reads, 0) >= 0


def test_the_least_confidence_keeps_what_is_mostly_right():
    good = [read(drawn=[(80, 30)], marked=(80, 30), confidence=0.9) for _ in range(6)]
    bad = [read(drawn=[(80, 30)], marked=(220, 30), confidence=0.7) for _ in range(3)]
    assert 0.7 < least_confidence(good + bad) <= 0.9
    assert least_confidence(good) == LEAST[0]


def test_figures_and_tables_tell_the_same():
    reads = [
        read(drawn=[(80, 30)], marked=(80, 30), vessel=(145, 30)),
        read(drawn=[(80, 12), (200, 12)], marked=(140, 10), verdict=Verdict.REFUSED),
    ]
    figures = {one.name: one.value for one in figures_of(reads, "by hand")}
    assert figures["dice_nerve"] == pytest.approx(0.5) and figures["dice_vessel"] == 1
    assert (figures["nerves_missed"], figures["refused"]) == (pytest.approx(66.67, abs=0.01), 50)
    assert figures["measured_nerve_right"] == 100
    assert "| dice nerve | 0.50  |" in list(figure_rows({"test": reads}))
    rows = list(stratum_rows([*reads, read(drawn=[(200, 12)], marked=(200, 12), vessel=(60, 9))] * 2))
    assert rows[1] == "| one nerve / several | 4 / 2 | 1.00 / 0.00 | 1.00 / - | 0 % / 100 % |"
    assert rows[3].startswith("| nerve beside a vessel / apart from any | 2 / 4 |")


def test_the_second_look_confirms_nearly_all_that_is_told_rightly():
    right = [read(drawn=[(80, 30)], marked=(80, 30), agreement=0.5 + 0.01 * k) for k in range(40)]
    wrong = [read(drawn=[(80, 30)], marked=(200, 30), agreement=0.1)] * 9
    assert least_agreement([*right, *wrong]) == 0.5
    assert least_agreement([*right, *(read(drawn=[(80, 30)], marked=(80, 30), agreement=0.0),) * 9]) == 0.0
