"""The gate before every task: whether a frame may be looked at at all, whatever is looked for."""

from dataclasses import dataclass
from typing import Any

from edge.frame import Frame, SpacingOrigin
from edge.screen.square_pixels import BELIEVED, aspect_of
from edge.task.contract import Prepared, Task
from edge.trust.faults import colour_faults, missing_scale, picture_faults, probe_faults


@dataclass(frozen=True, slots=True)
class Gate:
    """A task's own exceptions."""

    any_picture: bool = False
    """True: dark, white, even and tiny pictures too are what the task looks at."""
    plausible_depth_mm: tuple[float, float] = (8.0, 350.0)
    """Least and most depth of a picture in which the structure is scanned; beyond, its scale is doubted."""
    depth_source: str = "the shallowest setting of 20 MHz arrays, the deepest of abdominal ones"
    usual_depth_mm: float | None = None
    """What a probe is best set to; offered where it is set to much less or more."""
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
    """Reasons against any measurement: the first of probe, picture, colour, pixels, depth, scale; empty: none."""
    return (
        probe_faults(frame.probe)
        or (() if gate.any_picture else picture_faults(frame.ultrasound.crop(frame.pixels)))
        or (() if gate.colour else colour_faults(frame))
        or _pixel_faults(frame)
        or _depth_faults(frame, gate)
        or ((missing_scale(frame),) if gate.needs_scale and frame.spacing is None else ())
    )


def _pixel_faults(frame: Frame) -> tuple[str, ...]:
    aspect = aspect_of(frame)
    if BELIEVED[0] <= aspect <= BELIEVED[1]:
        return ()
    return (f"its pixels are said to be {aspect:.3g} times as wide as high, which no recording's are: record it again",)


def _depth_faults(frame: Frame, gate: Gate) -> tuple[str, ...]:
    if frame.spacing is None:
        return ()
    depth_mm = frame.ultrasound.height * frame.spacing.y_mm_per_px
    least_mm, most_mm = gate.plausible_depth_mm
    if not least_mm <= depth_mm <= most_mm:
        if frame.spacing.origin is SpacingOrigin.DEPTH:  # the probe's own word: it is set so
            return (f"the depth is set to {depth_mm:.0f} mm: set {least_mm:g} to {most_mm:g} mm ({gate.depth_source})",)
        return (
            f"the picture would be {depth_mm:.3g} mm deep by {frame.spacing.y_mm_per_px:.4g} mm per px "
            f"({frame.spacing.origin}), outside {least_mm:g} to {most_mm:g} mm ({gate.depth_source}): "
            "the scale is wrong; state the right one",
        )
    if gate.least_depth_mm is None or depth_mm >= gate.least_depth_mm * 0.99:
        return ()
    return (f"the picture is only {depth_mm:.0f} mm deep: set {gate.least_depth_mm:.0f} mm or more",)
