"""When a muscle that is followed is looked at thoroughly: at the stated cadence, and at once where anything changes."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edge.finding import Verdict
from edge.task.contract import Given
from edge.task.muscle import spec
from edge.task.muscle.phantom import MuscleCine
from edge.task.muscle.spec import MuscleOptions
from edge.task.muscle.task import ClassicalMuscleTask, MuscleTask
from tests.task.looking import looks
from tests.task.muscle.faultless import faultless_output, frame_of_muscle

SPEC = spec.SPEC
"""Of this module's task too."""
EVERY = 5
FRAMES = 12


class Watched(MuscleTask):
    """Counts its second opinions; from one of them on it reads other lines."""

    def __init__(self, every=EVERY, contradicts_from=1000):
        super().__init__(Given(MuscleOptions(every)))
        self.frames, self.asked, self.contradicts_from = 0, [], contradicts_from

    def conclude(self, prepared, outputs, memory):
        concluded = super().conclude(prepared, outputs, memory)
        self.frames += 1
        return concluded

    def second_opinion(self, sight, chosen):
        self.asked.append(self.frames)
        other = super().second_opinion(sight, chosen)
        return replace(other, angle_deg=other.angle_deg + 12) if self.frames >= self.contradicts_from else other


@cache
def contraction():
    """Pictures of a muscle that contracts slowly, and what a faultless network says of them."""
    cine = MuscleCine(1)
    pictures = [cine.picture(1.3 + 0.02 * k) for k in range(FRAMES)]
    frames = [frame_of_muscle(picture, sequence=k) for k, picture in enumerate(pictures)]
    return frames, [(faultless_output(picture.truth),) for picture in pictures]


def seen_by(task, frames=None, outputs=None):
    every_frame, every_output = contraction()
    return [one.finding for one in looks(task, frames or every_frame, outputs or every_output)]


def test_a_second_opinion_is_formed_at_the_stated_cadence_and_the_figures_stay() -> None:
    # With the first frame tracking begins; from the second on a thorough look stands for five frames.
    task, each = Watched(), Watched(every=1)
    findings, plain = seen_by(task), seen_by(each)
    assert task.asked == [0, 1, 6, 11]
    assert each.asked == list(range(FRAMES))
    for one, other in zip(findings, plain, strict=True):
        assert one.verdict is other.verdict is Verdict.MEASURED
        for name, near in (("fascicle_angle", 0.6), ("fascicle_length", 1.5), ("muscle_thickness", 0.1)):
            assert one.measurement(name).value == pytest.approx(other.measurement(name).value, abs=near)


def test_a_second_opinion_that_contradicts_is_heard_within_the_cadence_and_from_then_on_in_each_frame() -> None:
    task = Watched(contradicts_from=2)
    verdicts = [finding.verdict for finding in seen_by(task)]
    assert verdicts[:6] == [Verdict.MEASURED] * 6
    assert verdicts[6:] == [Verdict.LIMITED] * (FRAMES - 6)
    assert task.asked == [0, 1, *range(6, FRAMES)]


def turned_by(degrees, output):
    cosine, sine = np.cos(np.radians(2 * degrees)), np.sin(np.radians(2 * degrees))
    turned = output.copy()
    turned[:, 1], turned[:, 2] = (
        cosine * output[:, 1] - sine * output[:, 2],
        sine * output[:, 1] + cosine * output[:, 2],
    )
    return turned


def changed(how):
    """The contraction, with its fourth frame changed."""
    frames, outputs = (list(part) for part in contraction())
    frame, (output,) = frames[3], outputs[3]
    match how:
        case "the network's angle":
            outputs[3] = (turned_by(3, output),)
        case "a border's place":
            outputs[3] = (np.roll(output, 14, axis=2),)
        case "a border's strength":
            weak = output.copy()
            weak[:, 0, :, :48] = -10
            outputs[3] = (weak,)
        case "another picture":
            frames[3] = replace(frame, pixels=MuscleCine(6).picture(0.0).pixels)
        case "upside down":
            frames[3] = replace(frame, pixels=np.ascontiguousarray(frame.pixels[::-1]))
        case "a pause":
            frames[3:] = [replace(each, exposed_ns=each.exposed_ns + 600_000_000) for each in frames[3:]]
    return frames, outputs


@pytest.mark.parametrize(
    "how",
    ["the network's angle", "a border's place", "a border's strength", "another picture", "upside down", "a pause"],
)
def test_what_changes_abruptly_is_looked_at_thoroughly_at_once(how: str) -> None:
    frames, outputs = changed(how)
    task = Watched()
    looked = []
    look, task._looked = task._looked, lambda *given: looked.append(task.frames) or look(*given)
    seen_by(task, frames[:4], outputs[:4])
    assert looked == [0, 1, 3]


def test_the_classical_pathway_keeps_its_figures_and_what_it_read_of_deeper_muscles() -> None:
    frames, _ = contraction()
    found = [
        seen_by(ClassicalMuscleTask(Given(MuscleOptions(every))), frames[:6], [()] * 6)[3:5] for every in (1, EVERY)
    ]
    for one, other in zip(*found, strict=True):
        assert one.verdict is other.verdict
        for name, near in (("fascicle_angle", 0.6), ("muscle_thickness", 0.25)):
            assert one.measurement(name).single == pytest.approx(other.measurement(name).single, abs=near)
        fields = [next(mark for mark in each.marks if mark.name == "fascicle direction") for each in (one, other)]
        assert (fields[0].confidence > 0.3).sum() == pytest.approx((fields[1].confidence > 0.3).sum(), rel=0.1)
