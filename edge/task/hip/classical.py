"""Infant hip in the coronal standard plane after Graf, by image analysis without a network.

Convention: base line along the straight ilium, bony roof line from the lower limb as a tangent to the roof, cartilage
roof line from the bony rim to the middle of the labrum (Graf); coverage is depth of the head under the base line over
its diameter (Morin). Bone is followed along the middle of its echo.
"""

from types import MappingProxyType
from typing import Final

from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, refused
from edge.task.hip.bone_map import Working, working_of
from edge.task.hip.joint import Joint, find_joint
from edge.task.hip.judging import HipMemory, Judge
from edge.task.hip.looked import SeenHip
from edge.task.hip.plane import plane_of
from edge.task.hip.spec import SPEC, HipOptions
from edge.task.hip.stages import stages_of

HALF_WIDTHS: Final = MappingProxyType({"alpha": 4.3, "beta": 11.0, "head_coverage": 8.0, "plane_tilt": 11.0})
"""Of 90 % intervals: degrees, degrees, percent, degrees. They held the truth of nine in ten phantoms that were measured
(docs/results.md); of real hips nobody knows."""
NO_HIP: Final = 0.03
"""Fit of rim, ilium, roof and head together, below which there is no hip in the picture."""
NOTHING_GIVEN = Given(HipOptions())


class ClassicalHipTask:
    """Looks for the hip both ways round; the age decides on type II."""

    def __init__(self, given: Given[HipOptions] = NOTHING_GIVEN) -> None:
        self._judge = Judge(given.options, HALF_WIDTHS, beta_of_phantoms=True)
        self._stages = given.stages

    def prepare(self, frame: Frame) -> Prepared[Joint]:
        work = picture_of(frame)
        return Prepared(frame, seen=None if work is None else find_joint(work))

    def conclude(self, prepared: Prepared[Joint], outputs: Outputs, memory: HipMemory | None) -> Concluded[HipMemory]:
        frame, joint = prepared.frame, prepared.seen
        memory = memory or HipMemory()
        if prepared.faults:
            return Concluded(refused(SPEC.name, frame, prepared.faults), memory)
        if joint is None or joint.fit < NO_HIP:
            reason = "no hip is seen: no bright level line of the ilium that bends into the roof of a socket"
            return Concluded(refused(SPEC.name, frame, (reason,)), memory)
        stages = stages_of(joint, frame.ultrasound) if self._stages else ()
        return self._judge.told(frame, seen_hip(joint), memory, stages)


def picture_of(frame: Frame) -> Working | None:
    """The frame's ultrasound with square pixels; None: too small."""
    spacing = frame.spacing
    aspect = spacing.x_mm_per_px / spacing.y_mm_per_px if spacing else 1.0
    return working_of(frame.ultrasound.crop(frame.pixels), aspect)


def seen_hip(joint: Joint) -> SeenHip:
    """The same for any pathway."""
    width = float(joint.work.calm.shape[1])
    return SeenHip(joint.marks, joint.lines, plane_of(joint), joint.mirrored, width, joint.work.px_per_px)
