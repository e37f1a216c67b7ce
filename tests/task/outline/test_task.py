"""Anything that is pointed at: its size, what is said where it cannot be told, and the run as a person starts it."""

from dataclasses import replace

import numpy as np
import pytest

from edge.finding import LineMark, Verdict
from edge.pointed import Pointed
from edge.task.contract import Given, Prepared
from edge.task.outline.spec import OutlineOptions
from edge.task.outline.task import NOTHING_POINTED_AT, OutlineTask
from tests.task.bright_discs import EYE, MM_PER_PX, frame_with


def task_at(*places, figures=None):
    options = OutlineOptions(at=tuple(Pointed(inside=(place,)) for place in places))
    return OutlineTask(Given(options, figures or {}, asked=EYE))


def finding_of(task, frame, memory=None):
    return task.conclude(task.prepare(frame), (), memory).finding


def test_a_disc_has_its_own_size():
    finding = finding_of(task_at((200, 150)), frame_with((200, 150, 30)))
    assert finding.verdict is Verdict.MEASURED
    assert finding.measurement("area").value == pytest.approx(np.pi * (30 * MM_PER_PX) ** 2, rel=0.05)
    for axis in ("long_axis", "short_axis"):
        assert finding.measurement(axis).value == pytest.approx(60 * MM_PER_PX, rel=0.03)
    assert finding.measurement("depth_under_skin").value == pytest.approx(120.5 * MM_PER_PX, rel=0.02)
    assert finding.measurement("echo_intensity").value == pytest.approx(178, abs=4)
    assert "pointed at by a person: 200,150" in finding.notes
    assert all(one.low <= one.value <= one.high for one in finding.measurements)


def test_without_a_scale_there_are_pixels():
    finding = finding_of(task_at((200, 150)), frame_with((200, 150, 30), scaled=False))
    assert finding.verdict is Verdict.LIMITED
    assert finding.measurement("area_px").value == pytest.approx(np.pi * 900, rel=0.05)


def test_several_have_numbers_and_sizes_of_their_own():
    finding = finding_of(task_at((120, 150), (320, 200)), frame_with((120, 150, 20), (320, 200, 40)))
    assert finding.measurement("area_of_2").value == pytest.approx(4 * finding.measurement("area").value, rel=0.06)
    names = {mark.name for mark in finding.marks}
    assert {"structure 1", "structure 2", "structure 1 border", "structure 2 border"} <= names


def test_one_that_leaves_the_picture_has_no_size():
    finding = finding_of(task_at((5, 150)), frame_with((0, 150, 40)))
    assert finding.verdict is Verdict.LIMITED
    assert "structure 1 leaves the picture: its size is withheld" in finding.reasons
    assert finding.measurement("area") is None and finding.measurement("depth_under_skin") is not None


@pytest.mark.parametrize(
    ("places", "discs", "said"),
    [
        ((), [(200, 150, 30)], NOTHING_POINTED_AT),
        (((400, 300),), [(200, 150, 30)], "nothing has a border at 400,300"),
        (((600, 300),), [(200, 150, 30)], "600,300 lies beside the ultrasound picture"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_do(places, discs, said):
    finding = finding_of(task_at(*places), frame_with(*discs))
    assert finding.verdict is Verdict.REFUSED and finding.measurements == ()
    assert finding.reasons[0].startswith(said)


def test_it_is_followed_and_where_it_was_is_shown_once_it_is_lost():
    task, memory = task_at((200, 150)), None
    for step in range(4):
        frame = frame_with((200 + 8 * step, 150, 25), sequence=step)
        concluded = task.conclude(task.prepare(frame), (), memory)
        memory = concluded.memory
    (border,) = (one for one in concluded.finding.marks if isinstance(one, LineMark))
    assert border.points.mean(axis=0) == pytest.approx((224, 150), abs=1.5)
    gone = task.conclude(task.prepare(frame_with((420, 60, 30), sequence=4)), (), memory)
    assert gone.finding.verdict is Verdict.REFUSED
    assert [one.name for one in gone.finding.marks] == ["structure 1 was here"]
    # A frame that the gate refused changes nothing of what is followed.
    refused = task.conclude(Prepared(frame_with((240, 150, 25), sequence=5), faults=("dark",)), (), memory)
    assert refused.memory is memory


def test_after_a_gap_it_is_looked_for_at_its_point_again():
    task = task_at((200, 150))
    first = task.conclude(task.prepare(frame_with((200, 150, 25))), (), None)
    later = replace(frame_with((205, 150, 25), (400, 300, 20)), exposed_ns=10**10, sequence=200)
    second = task.conclude(task.prepare(later), (), first.memory)
    assert second.finding.verdict is Verdict.MEASURED
    assert second.memory.targets[0].last.centre == pytest.approx((205, 150), abs=1)


def test_pointing_while_it_runs_keeps_what_is_followed_and_adds_what_is_new():
    task = task_at((200, 150))
    first = task.conclude(task.prepare(frame_with((200, 150, 25), (60, 60, 15))), (), None)
    moved = frame_with((212, 150, 25), (60, 60, 15), sequence=1)
    both = replace(moved, pointed=(Pointed(inside=((200, 150),)), Pointed(inside=((60, 60),))))
    second = task.conclude(task.prepare(both), (), first.memory)
    assert [one.seen.centre[0] for one in second.memory.targets] == pytest.approx([212, 60], abs=1.5)
    only = replace(moved, pointed=(Pointed(inside=((60, 60),)),))
    third = task.conclude(task.prepare(only), (), second.memory)
    (left,) = third.memory.targets
    assert left.number == 1 and left.seen.centre[0] == pytest.approx(60, abs=1)
    none = task.conclude(task.prepare(replace(moved, pointed=())), (), third.memory)
    assert none.finding.reasons == (NOTHING_POINTED_AT,)
