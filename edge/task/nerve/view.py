"""Whether what was found is a nerve that may be measured."""

from collections.abc import Sequence
from typing import Final

from edge.frame import Frame
from edge.pointed import Pointed
from edge.task.contract import Asked
from edge.task.nerve.tracking import NerveTrack, goes_on
from edge.task.outliner import overlap, point_at
from edge.task.scores import Outline

NEARLY_AS_LARGE: Final = 0.5
"""Share of the chosen nerve's area from which another one could as well be meant."""

HOLDS_FOR: Final = 10
"""Frames of a nerve that is followed, until the network that knows no names is asked again."""
DENIED: Final = "what may be a nerve has no border that a second look confirms: tilt the probe, or point at it"


def second_look(asked: Asked, frame: Frame, chosen: Outline) -> float:
    """Intersection over union of a nerve with what a network that knows no names outlines at its middle; 0: it sees no
    border there."""
    found = point_at(asked, frame, Pointed(inside=(chosen.centre,)))
    return 0.0 if found is None else overlap(found.points, chosen.points)


def agreed_for(asked: Asked, frame: Frame, chosen: Outline, before: NerveTrack | None, least: float) -> int | None:
    """Frames ago that a second look confirmed the chosen nerve; None: it denies it. least: overlap it must have."""
    if before is not None and before.agreed is not None and before.last is not None:
        held = before.agreed + 1
        if held < HOLDS_FOR and goes_on(chosen, before.last):
            return held
    return 0 if second_look(asked, frame, chosen) >= least else None


def nerve_faults(nerves: Sequence[Outline], least_confidence: float) -> tuple[str, ...]:
    """Why there is no nerve to measure. nerves: the chosen one first."""
    if not nerves:
        return ("no nerve is seen",)
    if nerves[0].confidence < least_confidence:
        sure = f"{100 * nerves[0].confidence:.0f} %"
        return (f"what may be a nerve is not seen clearly ({sure}): tilt the probe, or point at it",)
    return ()


def others_said(chosen: Outline, others: Sequence[Outline]) -> tuple[str, ...]:
    """A doubt, where another nerve could as well be meant."""
    alike = [other for other in others if other.area_px2 > NEARLY_AS_LARGE * chosen.area_px2]
    if not alike:
        return ()
    count = {1: "two nerves are", 2: "three nerves are"}.get(len(alike), "several nerves are")
    return (f"{count} in view: measured is the one whose rim is drawn; is it the one meant?",)
