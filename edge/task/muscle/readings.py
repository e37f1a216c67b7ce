"""What a finding of one frame hands to the tracking."""

from math import hypot, radians, tan
from typing import Final

from edge.finding import Finding, LineMark, Verdict
from edge.task.muscle.filter import Directions, Reading, can_be_followed
from edge.task.muscle.tracking import Measured, Muscle

FASCICLES: Final = 9
"""As many of them are reckoned to err on their own."""
LEAST_DEG: Final = 0.3
"""No angle is read more steadily; that of an aponeurosis is."""
LEAST_SHARE: Final = 0.01
"""Nor is a length."""
FLATTEST_DEG: Final = 2.0


def measured_of(finding: Finding) -> Measured | None:
    """None where the frame measured no muscle."""
    angle = finding.measurement("fascicle_angle")
    lines = {mark.name: mark.points for mark in finding.marks if isinstance(mark, LineMark)}
    if finding.verdict is Verdict.REFUSED or angle is None:
        return None
    directions = Directions(
        angle.value, _value(finding, "superficial_aponeurosis_angle"), _value(finding, "deep_aponeurosis_angle")
    )
    turn = hypot(LEAST_DEG, _value(finding, "fascicle_angle_spread") / FASCICLES**0.5)
    steepness = tan(radians(max(directions.pennation_deg, FLATTEST_DEG)))
    readings = tuple(
        Reading(one, _deviation(one.name.removesuffix("_px"), one.value, turn, steepness))
        for one in finding.measurements
        if can_be_followed(one.name)
    )
    muscle = Muscle(lines["superficial aponeurosis"], lines["deep aponeurosis"], directions)
    return Measured(muscle, readings)


def _value(finding: Finding, name: str) -> float:
    found = finding.measurement(name)
    return found.value if found else 0.0


def _deviation(name: str, value: float, turn: float, steepness: float) -> float:
    """By the spread of the fascicles: a length is the thickness over the sine of the pennation."""
    if name == "fascicle_angle":
        return turn
    if name == "pennation_angle":
        return hypot(turn, LEAST_DEG)
    if name.endswith("fascicle_length"):
        return value * hypot(LEAST_SHARE, radians(hypot(turn, LEAST_DEG)) / steepness)
    return value * LEAST_SHARE if name == "muscle_thickness" else LEAST_DEG
