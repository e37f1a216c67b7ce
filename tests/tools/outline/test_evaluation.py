"""What is said of the outline network: by a stand-in that outlines bright discs."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.frame import Frame, Region
from edge.pointed import Pointed
from edge.task.contract import Asked
from tests.task.bright_discs import answer
from tools.masks import interval_figures
from tools.outline import following
from tools.outline.evaluation import (
    Answer,
    Question,
    answered,
    area_errors,
    asked_of,
    best_cut,
    corrected,
    figures_of,
    least_confidence,
    of_nothing,
)
from tools.outline.structures import Scene


class Discs:
    """A runtime that outlines the bright disc that is pointed at."""

    def infer(self, tensor):
        return answer(tensor)


def scene(*discs, kinds=None):
    pixels = np.full((300, 400), 20, np.uint8)
    masks = []
    for x, y, radius in discs:
        mask = np.zeros_like(pixels)
        cv2.circle(mask, (x, y), radius, 255, -1)
        pixels[mask > 0] = 200
        masks.append(mask)
    return Scene(pixels, kinds or ("nerve",) * len(masks), tuple(masks))


def question(truth, found_at=(200, 150)):
    frame = Frame(np.full((300, 400), 20, np.uint8), 0, 0, "", region=Region(0, 0, 400, 300))
    return Question("nerve", frame, truth, Pointed(inside=(found_at,)))


def test_each_structure_is_asked_for_with_a_tap_of_its_own_and_the_same_again():
    shown = [scene((100, 100, 30), (300, 200, 20))]
    first, again = (list(asked_of(shown, 0.5)) for _ in range(2))
    assert [one.pointed for one in first] == [one.pointed for one in again]
    for one in first:
        ((x, y),) = one.pointed.inside
        assert one.truth[round(y), round(x)]


def test_what_is_outlined_well_scores_so_and_nothing_is_not_answered():
    answers = answered(Discs(), list(asked_of([scene((100, 100, 30), (300, 200, 20))], 0.5)), 0.0, "")
    assert all(one.dice > 0.93 for one in answers)
    found = {number.name: number.value for number in figures_of(answers, "a tap", 0.6)}
    assert found["dice_nerve"] > 0.93 and found["answered_nerve"] == 100 and found["missed_nerve"] == 0
    assert abs(area_errors(answers)).max() < 0.12
    assert least_confidence(answers) > 0.9
    nothing = answered(Discs(), list(of_nothing(4, 1)), 0.0, "")
    assert all(one.asked.truth.max() == 0 for one in nothing)


def test_a_correction_is_taken_back_where_it_makes_it_worse():
    """The truth is half of the disc: no point that is added can part it."""
    whole = scene((200, 150, 40))
    half = whole.structures[0].copy()
    half[:, :200] = 0
    answers = answered(Discs(), list(asked_of([replace(whole, structures=(half,))], 0.5)), 0.0, "")
    mended = corrected(Discs(), answers, 0.0, "")
    assert [one.dice for one in mended] == pytest.approx([one.dice for one in answers], abs=0.02)


def test_the_cut_with_unbiased_areas_is_taken_among_the_best():
    shown = scene((200, 150, 40))
    asked = list(asked_of([shown], 0.5))
    good = answered(Discs(), asked, 0.0, "")
    none = [Answer(one, None) for one in asked]
    by_cut = dict.fromkeys((-1.5, -1.0, -0.5, 0.5, 1.0), none) | {0.0: good}
    assert best_cut(by_cut) == 0.0


def test_intervals_hold_the_errors_that_were_seen():
    asked = list(asked_of([scene((200, 150, 20 + 2 * index)) for index in range(12)], 0.5))
    found = interval_figures((one.mask, one.asked.truth // 255) for one in answered(Discs(), asked, 0.0, ""))
    assert 1 <= found["factor_area"] < 1.2 and 1 <= found["factor_axis"] < 1.1 and found["half_width_depth"] < 10


@pytest.mark.filterwarnings("ignore")
def test_a_nerve_in_shadow_is_dark_and_its_course_has_every_frame(monkeypatch):
    monkeypatch.setattr(following, "SECONDS", 0.16)
    monkeypatch.setattr(following, "SHADOW_S", (0.08, 0.16))
    never = Asked(lambda tensor: (np.full((1, 4, 128, 128), -5, np.float32),))
    courses = list(following.courses(never, 0.6, "slide", 41, shadow=True))
    assert [one.number for one in courses] == [1, 2]
    assert [len(one.dices) for one in courses] == [4, 4]
    assert not any(seen for one in courses for seen in one.told)
    assert courses[0].shadowed == (False, False, True, True) and not any(courses[1].shadowed)
