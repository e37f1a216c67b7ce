"""Infant hip in the coronal standard plane after Graf, by the network's structures.

Conventions are those of edge.task.hip.classical. The network sees the ultrasound region stretched to a square; angles
are measured where pixels are square. Its second opinion is image analysis without a network.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np

from edge.finding import Mark, StageMark
from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, refused
from edge.task.hip.classical import NO_HIP as FAINT
from edge.task.hip.classical import picture_of
from edge.task.hip.joint import find_joint
from edge.task.hip.judging import HipMemory, Judge
from edge.task.hip.lines import angles_of
from edge.task.hip.reading import NUMBER, probabilities, read
from edge.task.hip.spec import SPEC, HipOptions
from edge.task.scores import SIDE
from edge.task.tensor import grey_tensor

HALF_WIDTHS: Final = MappingProxyType({"alpha": 5.0, "beta": 9.0, "head_coverage": 9.0, "plane_tilt": 9.0})
"""Where the manifest does not say them."""
STAGES: Final = (
    ("ilium, roof and border", ("iliac line", "bony roof", "chondro-osseous border")),
    ("head", ("femoral head",)),
    ("cartilage roof and labrum", ("cartilage roof", "labrum")),
    ("rim, lower limb, fold and capsule", ("bony rim", "lower limb", "synovial fold", "joint capsule")),
)
NOTHING_GIVEN = Given(HipOptions())


class HipTask:
    """Reads the network's output; every so often image analysis looks too."""

    def __init__(self, given: Given[HipOptions] = NOTHING_GIVEN) -> None:
        self._figures, self._stages = given.figures, given.stages
        half_widths = {name: given.figures.get(f"half_width_{name}", usual) for name, usual in HALF_WIDTHS.items()}
        self._judge = Judge(given.options, half_widths, beta_of_phantoms=False)
        self._every = given.options.second_opinion_every

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame, grey_tensor(frame.ultrasound.crop(frame.pixels), SIDE))

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: HipMemory | None) -> Concluded[HipMemory]:
        frame, memory = prepared.frame, memory or HipMemory()
        if prepared.faults:
            return Concluded(refused(SPEC.name, frame, prepared.faults), memory)
        assert prepared.tensor is not None
        reading = read(frame, prepared.tensor[0, 0], outputs[0][0], self._figures)
        stages = stages_of(frame, outputs[0][0]) if self._stages else ()
        if reading.hip is None:
            return Concluded(refused(SPEC.name, frame, (reading.fault,), stages), memory)
        return self._judge.told(frame, reading.hip, self._asked(frame, reading.hip.mirrored, memory), stages)

    def _asked(self, frame: Frame, mirrored: bool, memory: HipMemory) -> HipMemory:
        """With the second opinion, anew where it has grown old."""
        at = memory.asked_at
        if self._every == 0 or (at is not None and 0 <= frame.sequence - at < self._every):
            return memory
        work = picture_of(frame)
        joint = None if work is None else find_joint(work, mirrored)
        alpha = None if joint is None or joint.fit < FAINT else angles_of(joint.marks, joint.lines).alpha_deg
        return replace(memory, other_alpha_deg=alpha, asked_at=frame.sequence)


def stages_of(frame: Frame, output: Any) -> tuple[Mark, ...]:
    """What the network is given, and what it sees where, in four pictures of several structures each."""
    maps, region = probabilities(output), frame.ultrasound
    cell = max(1.0, region.height / maps.shape[1])
    corner = region.x - 0.5, region.y - 0.5
    size = round(region.width / cell), round(region.height / cell)
    given = cv2.resize(region.crop(frame.pixels), size, interpolation=cv2.INTER_AREA)
    found = [StageMark("what the network is given", np.asarray(given, np.uint8), False, corner, cell, ())]
    for name, structures in STAGES:
        likeliest = maps[[NUMBER[one] for one in structures]].max(axis=0)
        plane = np.clip(255 * cv2.resize(likeliest, size, interpolation=cv2.INTER_LINEAR), 0, 255).astype(np.uint8)
        found.append(StageMark(name, plane, True, corner, cell, ()))
    return tuple(found)
