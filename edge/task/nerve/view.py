"""Whether what was found is a nerve that may be measured."""

from collections.abc import Sequence
from typing import Final

from edge.task.scores import Outline

NEARLY_AS_LARGE: Final = 0.5
"""Share of the chosen nerve's area from which another one could as well be meant."""


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
