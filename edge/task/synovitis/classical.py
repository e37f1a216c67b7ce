"""Synovitis of a finger joint without a network, after the chain of Mielnik (Ultrasound Med Biol 2018): skin line, bone
line, joint, the region between bone and capsule, its features, its grade; every step can be shown.

Convention: the region is what is hypo-echoic between the bone, less its cartilage, and the capsule; thickness and
distension run straight down; the line that joins the bones runs through the tops of both; grades are EULAR-OMERACT's.
"""

from dataclasses import dataclass, replace

from edge.finding import Mark
from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, refused
from edge.task.synovitis.doppler import Colours, colours_of
from edge.task.synovitis.joint import find_joints
from edge.task.synovitis.judging import Judges
from edge.task.synovitis.marks import stages_of
from edge.task.synovitis.region import find_region
from edge.task.synovitis.report import finding_from
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.spec import SPEC, SynovitisOptions
from edge.task.synovitis.surfaces import find_surfaces
from edge.task.synovitis.working import Working, working_of

NOTHING_GIVEN = Given(SynovitisOptions())


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame on its way, whatever looks at it."""

    work: Working | None
    """None: it cannot be looked at."""
    colours: Colours | None
    """None of a grey picture."""


class ClassicalSynovitisTask:
    """Grades by the figures of its model, which hold no network."""

    def __init__(self, given: Given[SynovitisOptions] = NOTHING_GIVEN) -> None:
        self._figures, self._doppler = given.figures, given.options.doppler
        self._judges = Judges.of(given.arrays, 0)
        self._digest, self._stages = given.digest, given.stages

    def prepare(self, frame: Frame) -> Prepared[Looked]:
        return Prepared(frame, seen=looked(frame))

    def conclude(self, prepared: Prepared[Looked], outputs: Outputs, memory: None) -> Concluded[None]:
        frame, before = prepared.frame, prepared.seen
        if prepared.faults or before is None:
            return Concluded(refused(SPEC.name, frame, prepared.faults))
        seen, stages = (None, ()) if before.work is None else self._look(before.work, frame)
        found = finding_from(frame, seen, before.colours, self._judges, self._figures, stages, doppler=self._doppler)
        return Concluded(replace(found, model_digest=self._digest))

    def seen_in(self, frame: Frame) -> JointSeen | None:
        """What is seen in a frame that the gate admits."""
        work = looked(frame).work
        return None if work is None else self._look(work, frame)[0]

    def _look(self, work: Working, frame: Frame) -> tuple[JointSeen | None, tuple[Mark, ...]]:
        surfaces = find_surfaces(work)
        joints = find_joints(work.calm, surfaces)
        seen = None
        if joints:
            seen = JointSeen(work, surfaces, joints[0], joints[1:], find_region(work, surfaces, joints[0]))
        return seen, stages_of(work, surfaces, joints, seen, frame.ultrasound) if self._stages else ()


def looked(frame: Frame) -> Looked:
    """The picture that both pathways look at."""
    colours = colours_in(frame)
    if frame.spacing is None:
        return Looked(None, colours)
    hidden = None if colours is None else colours.flow
    return Looked(working_of(frame.ultrasound.crop(frame.pixels), frame.spacing, hidden), colours)


def colours_in(frame: Frame) -> Colours | None:
    """What of the frame's ultrasound region is coloured; None of a grey picture."""
    if frame.colour is None:
        return None
    return colours_of(frame.ultrasound.crop(frame.colour()))
