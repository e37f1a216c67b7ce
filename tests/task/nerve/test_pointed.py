"""A nerve that a person pointed at: measured as a nerve, followed, with the intervals of what is pointed at."""

import numpy as np
import pytest

from edge.finding import Verdict
from edge.pointed import Pointed
from edge.task.contract import Asked, Given
from edge.task.nerve.spec import NerveOptions
from edge.task.nerve.task import NerveTask
from tests.task.bright_discs import answer, frame_with

OWN = {"factor_area": 2.5, "factor_axis": 2.0, "half_width_depth": 30.0}
NERVES = {"factor_area_nerve": 1.2, "factor_axis_nerve": 1.1, "half_width_depth_nerve": 5.0, "factor_area": 1.9}
NOTHING = (np.full((1, 8, 128, 128), -5, np.float32),)
"""The nerve network sees none."""


def task_at(*places):
    options = NerveOptions(at=tuple(Pointed(inside=(place,)) for place in places))
    return NerveTask(Given(options, OWN, asked=Asked(answer, NERVES)))


def concluded(task, frame, memory=None, outputs=NOTHING):
    return task.conclude(task.prepare(frame), outputs, memory)


def test_what_the_network_misses_is_measured_where_it_is_pointed_at():
    frame = frame_with((200, 150, 30), (330, 220, 24))
    assert concluded(task_at(), frame).finding.reasons == ("no nerve is seen",)
    finding = concluded(task_at((200, 150)), frame).finding
    assert finding.verdict is not Verdict.REFUSED
    assert finding.measurement("outer_area").value == pytest.approx(np.pi * 9, rel=0.06)
    area = finding.measurement("cross_sectional_area")
    # The least that two people differ by is wider than a factor here.
    assert area.high == pytest.approx(max(area.value * 1.2, area.value + 1.6), rel=1e-6)
    assert "pointed at by a person: 200,150" in finding.notes


def test_the_first_that_is_seen_is_measured_and_what_is_lost_is_said():
    task = task_at((50, 300), (200, 150))
    finding = concluded(task, frame_with((200, 150, 30))).finding
    assert finding.verdict is Verdict.LIMITED
    assert any(reason.startswith("nothing has a border at 50,300") for reason in finding.reasons)
    assert finding.measurement("cross_sectional_area") is not None


def test_it_is_followed_and_refused_once_it_is_gone():
    task, memory = task_at((200, 150)), None
    for step in range(5):
        last = concluded(task, frame_with((200 + 6 * step, 150, 30), (60, 60, 9), sequence=step), memory)
        memory = last.memory
    assert memory.targets[0].seen.centre[0] == pytest.approx(224, abs=1.5)
    gone = concluded(task, frame_with((60, 60, 9), sequence=5), memory)
    assert gone.finding.verdict is Verdict.REFUSED and "nerve 1 is lost" in gone.finding.reasons[0]
    back = concluded(task, frame_with((230, 150, 30), (60, 60, 9), sequence=6), gone.memory)
    assert back.memory.targets[0].seen is not None


def test_what_a_person_calls_a_nerve_is_no_vessel():
    """The nerve network calls all of the picture a vessel."""
    disc = np.full((256, 256), -5, np.float32)
    frame = frame_with((240, 180, 60), size=(360, 480))
    y, x = np.mgrid[:256, :256]
    disc[(x - 127.5) ** 2 + (y - 127.5) ** 2 < 32**2] = 5
    vessel = disc.reshape(128, 2, 128, 2).transpose(1, 3, 0, 2).reshape(1, 4, 128, 128)
    outputs = (np.concatenate((np.full_like(vessel, -5), vessel), axis=1),)
    alone = concluded(task_at(), frame, outputs=outputs).finding
    assert "vessel" in {mark.name for mark in alone.marks}
    pointed = concluded(task_at((240, 180)), frame, outputs=outputs).finding
    assert "vessel" not in {mark.name for mark in pointed.marks}
