"""Synovitis of a finger joint by the network: bones, capsule, tendon, region and effusion, and evidence for the grade.

Conventions are those of the pathway without a network (classical.py). The three steps of the grade share the network's
encoder: each is a plane of evidence that is averaged around the joint, then judged beside the region's sizes.
"""

from dataclasses import dataclass

import numpy as np

from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, refused
from edge.task.scores import full_scores
from edge.task.synovitis.classical import NOTHING_GIVEN, Looked, looked
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.judging import Judges
from edge.task.synovitis.planes import GRADES, Window, on_working, seen_by_network, window_of
from edge.task.synovitis.report import finding_from
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.spec import SPEC, SynovitisOptions
from edge.task.synovitis.surfaces import skin_line
from edge.task.synovitis.working import filled_in


@dataclass(frozen=True, slots=True, eq=False)
class Windowed:
    """A frame on its way to the network and back."""

    looked: Looked
    skin: Floats
    """(width,) rows of the skin's surface in the working picture."""
    window: Window | None
    """None: nothing is looked at."""


class SynovitisTask:
    """Reads the network's planes."""

    def __init__(self, given: Given[SynovitisOptions] = NOTHING_GIVEN) -> None:
        self._figures, self._doppler = given.figures, given.options.doppler
        self._judges = Judges.of(given.arrays, len(GRADES))

    def prepare(self, frame: Frame) -> Prepared[Windowed]:
        before = looked(frame)
        if before.work is None or frame.spacing is None:
            return Prepared(frame, seen=Windowed(before, np.zeros(0), None))
        crop = frame.ultrasound.crop(frame.pixels)
        if before.colours is not None and before.colours.flow.any():
            crop = filled_in(crop, before.colours.flow)
        skin = skin_line(before.work.calm)
        window = window_of(frame.ultrasound, frame.spacing, skin, before.work)
        return Prepared(frame, window.tensor(crop), Windowed(before, skin, window))

    def conclude(self, prepared: Prepared[Windowed], outputs: Outputs, memory: None) -> Concluded[None]:
        frame, before = prepared.frame, prepared.seen
        if prepared.faults or before is None:
            return Concluded(refused(SPEC.name, frame, prepared.faults))
        seen, colours = self.seen_in(prepared, outputs), before.looked.colours
        return Concluded(finding_from(frame, seen, colours, self._judges, self._figures, doppler=self._doppler))

    def seen_in(self, prepared: Prepared[Windowed], outputs: Outputs) -> JointSeen | None:
        """What the network saw in a frame that the gate admits."""
        before = prepared.seen
        if before is None or before.window is None or before.looked.work is None or not outputs:
            return None
        planes = on_working(full_scores(outputs[0][0]), before.looked.work, before.window)
        return seen_by_network(before.looked.work, before.skin, planes)
