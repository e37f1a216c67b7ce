"""A nerve that nobody pointed at: measured where the network that knows no names draws the same border."""

import numpy as np

from edge.finding import Verdict
from edge.task.contract import Asked, Given
from edge.task.nerve.spec import NerveOptions
from edge.task.nerve.task import NerveTask
from edge.task.nerve.view import DENIED, HOLDS_FOR
from edge.task.scores import SIDE
from tests.task.bright_discs import answer, frame_with

DISC = (240, 180, 60)
"""In a frame of 480 x 360, so in the middle of the network's square."""


def a_nerve(radius_px=32.0):
    """The nerve network sees one there, and no vessel."""
    y, x = np.mgrid[:SIDE, :SIDE]
    disc = np.where(np.hypot(x - 127.5, y - 127.5) < radius_px, 5, -5).astype(np.float32)
    nerve = disc.reshape(SIDE // 2, 2, SIDE // 2, 2).transpose(1, 3, 0, 2).reshape(1, 4, SIDE // 2, SIDE // 2)
    return (np.concatenate((nerve, np.full_like(nerve, -5)), axis=1),)


def concluded(other, outputs, memory=None, sequence=0):
    task = NerveTask(Given(NerveOptions(), {"least_agreement": 0.5}, asked=Asked(other)))
    return task.conclude(task.prepare(frame_with(DISC, sequence=sequence)), outputs, memory)


def sees_nothing(tensor):
    return (np.full((1, 4, SIDE // 2, SIDE // 2), -5, np.float32),)


def test_a_nerve_whose_border_both_draw_is_measured():
    finding = concluded(answer, a_nerve()).finding
    assert finding.verdict is not Verdict.REFUSED
    assert finding.measurement("cross_sectional_area") is not None


def test_where_the_other_sees_no_border_or_another_one_the_nerve_is_proposed_without_a_size():
    for other, outputs in ((sees_nothing, a_nerve()), (answer, a_nerve(20.0))):
        finding = concluded(other, outputs).finding
        assert finding.verdict is Verdict.REFUSED
        assert finding.reasons == (DENIED,)
        assert finding.measurements == ()
        assert "proposal 1" in {mark.name for mark in finding.marks}


def test_what_was_confirmed_holds_for_some_frames_and_is_asked_again_then():
    asked, memory = [], None

    def counted(tensor):
        asked.append(1)
        return answer(tensor)

    calls = []
    for step in range(2 * HOLDS_FOR):
        memory = concluded(counted, a_nerve(), memory, step).memory
        calls.append(len(asked))
    first = calls[0]
    assert calls[:HOLDS_FOR] == [first] * HOLDS_FOR
    assert calls[HOLDS_FOR:] == [2 * first] * HOLDS_FOR


def test_what_was_denied_is_asked_again_in_the_next_frame():
    memory = concluded(sees_nothing, a_nerve()).memory
    assert concluded(answer, a_nerve(), memory, 1).memory.agreed == 0
