"""The gate before every task: whether a frame may be looked at at all, whatever is looked for."""

from dataclasses import dataclass
from typing import Any

from edge.frame import Frame
from edge.task.contract import Prepared, Task
from edge.trust.faults import colour_faults, missing_scale, picture_faults, probe_faults


@dataclass(frozen=True, slots=True)
class Gate:
    """A task's own exceptions."""

    any_picture: bool = False
    """True: dark, white, even and tiny pictures too are what the task looks at."""
    least_depth_mm: float | None = None
    """Shallower pictures show more of the structure, and less around it, than the task knows; needs the scale."""
    colour: bool = False
    """True: the task can look at a picture with Doppler colours."""
    needs_scale: bool = False
    """True: without millimetres there is nothing that the task could say."""


NO_EXCEPTIONS = Gate()


def admitted(frame: Frame, gate: Gate, task: Task) -> Prepared[Any]:
    """The frame prepared by the task, or with the reasons why it was not."""
    faults = gate_faults(frame, gate)
    return Prepared(frame, faults=faults) if faults else task.prepare(frame)


def gate_faults(frame: Frame, gate: Gate) -> tuple[str, ...]:
    """Reasons against any measurement: the first of probe, picture, colour, depth, scale; empty where there is none."""
    return (
        probe_faults(frame.probe)
        or (() if gate.any_picture else picture_faults(frame.ultrasound.crop(frame.pixels)))
        or (() if gate.colour else colour_faults(frame))
        or _depth_faults(frame, gate.least_depth_mm)
        or ((missing_scale(frame.probe),) if gate.needs_scale and frame.spacing is None else ())
    )


def _depth_faults(frame: Frame, least_mm: float | None) -> tuple[str, ...]:
    if least_mm is None or frame.spacing is None:
        return ()
    depth_mm = frame.ultrasound.height * frame.spacing.y_mm_per_px
    if depth_mm >= least_mm * 0.99:
        return ()
    return (f"the picture is only {depth_mm:.0f} mm deep: set {least_mm:.0f} mm or more",)
