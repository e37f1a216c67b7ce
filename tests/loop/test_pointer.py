"""Pointing while a run goes on: what is pointed at by now, and that the next look knows it."""

from dataclasses import replace

from edge.clock import ManualClock
from edge.loop.capture import Grabbed
from edge.loop.looking import LookingInTurn
from edge.loop.mailbox import Mailbox
from edge.loop.pointer import Pointer
from edge.loop.step import Step
from edge.pointed import MOST_POINTED, Pointed
from edge.runtime.fake import FakeRuntime
from edge.source.fake import fake_frame
from edge.task.fake import SPEC, FakeTask


def test_until_somebody_points_what_was_asked_for_holds():
    pointer = Pointer((Pointed(inside=((3, 4),)),))
    assert pointer.pointed() is None
    assert pointer.at(90, 90)
    assert pointer.pointed() == (Pointed(inside=((3, 4),)), Pointed(inside=((90, 90),)))


def test_further_points_are_said_of_the_nearest_structure():
    pointer = Pointer()
    assert not pointer.also_at(1, 1) and not pointer.not_at(1, 1) and pointer.pointed() is None
    pointer.at(10, 10)
    pointer.at(90, 90)
    assert pointer.also_at(85, 95) and pointer.not_at(14, 10)
    assert pointer.pointed() == (
        Pointed(inside=((10, 10),), outside=((14, 10),)),
        Pointed(inside=((90, 90), (85, 95))),
    )
    assert pointer.at_nothing() and pointer.pointed() == ()


def test_no_more_are_taken_than_are_followed():
    pointer = Pointer()
    assert [pointer.at(x, 0) for x in range(MOST_POINTED + 2)] == [True] * MOST_POINTED + [False] * 2
    assert len(pointer.pointed()) == MOST_POINTED


def test_a_picture_that_stands_still_is_looked_at_again_once_somebody_points():
    pointer = Pointer()
    step = Step(
        lambda frame: frame, SPEC.gate, SPEC.terms, FakeTask(), FakeRuntime(), lambda *_: None, ManualClock(), pointer
    )
    box = Mailbox(newest_only=False)
    looking = LookingInTurn(box, step, None)

    def looked(again):
        box.put(Grabbed(replace(fake_frame(0)), again, 0.0, 0))
        return looking.take(1.0)

    assert looked(False).prepared.frame.pointed is None
    assert looked(True).prepared is None
    pointer.at(5, 6)
    assert looked(True).prepared.frame.pointed == (Pointed(inside=((5, 6),)),)
    assert looked(True).prepared is None
