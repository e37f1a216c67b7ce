"""Muscle architecture in a longitudinal view: direction of the fascicles, pennation, fascicle length, thickness.

Conventions: angles from the picture's horizontal, counter-clockwise positive as seen; pennation between fascicles and
the deep aponeurosis; thickness between the facing edges of the aponeuroses at a right angle to the muscle; a fascicle's
length along its course from aponeurosis to aponeurosis, continued straight where it leaves the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.muscle.aponeuroses import Aponeurosis, find_aponeuroses, found_again
from edge.task.muscle.architecture import Architecture, Bent, apart_deg, choose_muscle, measure
from edge.task.muscle.cadence import Thorough
from edge.task.muscle.evidence import SIDE, Evidence, Grid, evidence_of, folded_deg, lit_columns
from edge.task.muscle.fascicles import Direction, between, direction
from edge.task.muscle.image_analysis import read_between, see_again, see_muscle, tensor_between
from edge.task.muscle.marks import marks_of
from edge.task.muscle.sizes import measurements_of
from edge.task.muscle.spec import SPEC, MuscleOptions
from edge.task.muscle.tracking import Track, follow, followed, held_in, measured_of
from edge.task.muscle.view import (
    MOST_EXTRAPOLATED,
    Clear,
    clarity_faults,
    direction_faults,
    muscle_faults,
    structure_faults,
    upside_down,
)
from edge.task.tensor import fitted_tensor
from edge.trust.faults import missing_scale

NOTHING_GIVEN: Final = Given(MuscleOptions())
APART_DEG: Final = 8.0
"""Angle between two opinions of the fascicles' direction from which the measurement is limited."""
GUIDED_DEG: Final = 10.0
"""Where the lines alone differ so much from the network, those near its direction are looked for."""
SHARPENED_DEG: Final = 15.0
"""What differs more is another thing than what the network saw."""
Chosen = tuple[Aponeurosis, Aponeurosis, Direction]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class MuscleSight:
    """What one frame shows, in cells of the grid."""

    grid: Grid
    evidence: Evidence
    curves: tuple[Aponeurosis, ...]
    picture: NDArray[np.uint8]
    """(2 rows, 2 columns) grey."""


class MuscleTask:
    """Reads the network's output; the line filter without a network is its second opinion."""

    first, second = "the network", "the classical pathway"
    usual: ClassVar[Mapping[str, float]] = MappingProxyType({})
    """Figures of this way of reading that the model's manifest does not hold."""

    def __init__(self, given: Given[MuscleOptions] = NOTHING_GIVEN) -> None:
        self._figures = figures = {**self.usual, **given.figures}
        self._clear = Clear(
            figures.get("clear_spread", 4.0), figures.get("clear_filled", 0.66), figures.get("close_opinions", 7.0)
        )
        self._logits = figures.get("aponeurosis_logit", 0.0), figures.get("readable_logit", 0.0)
        self._every = given.options.second_opinion_every

    def prepare(self, frame: Frame) -> Prepared[Picture]:
        tensor = fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE)
        return Prepared(frame, tensor, tensor[0, 0])

    def conclude(self, prepared: Prepared[Picture], outputs: Outputs, memory: Track | None) -> Concluded[Track]:
        held = held_in(memory, prepared.frame)
        before = memory.thorough if memory is not None and held is not None else None
        found = None
        if before is not None and before.frames + 1 < self._every:
            found = self._again(prepared, outputs, before)
        alone, thorough = found or self._looked(prepared, outputs, held)
        track = follow(memory, prepared.frame, measured_of(alone))
        return Concluded(followed(alone, track), replace(track, thorough=thorough if track.goes_on else None))

    def conclude_alone(
        self, prepared: Prepared[Picture], outputs: Outputs, held: tuple[float, float] | None = None
    ) -> Finding:
        """What this one frame says. held: mean depths in its pixels of the borders of the muscle followed so far."""
        return self._looked(prepared, outputs, held)[0]

    def _looked(
        self, prepared: Prepared[Picture], outputs: Outputs, held: tuple[float, float] | None
    ) -> tuple[Finding, Thorough | None]:
        """What a thorough look at this one frame says."""
        frame = prepared.frame
        faults = prepared.faults or upside_down(frame.ultrasound.crop(frame.pixels))
        if faults or prepared.seen is None:
            return refused(SPEC.name, frame, faults), None
        sight = self.look(frame, prepared.seen, outputs)
        chosen = choose_muscle(sight.evidence, sight.curves, held and sight.grid.depths(held))
        faults = structure_faults(sight.evidence, sight.curves, chosen is not None)
        if faults or chosen is None:
            return refused(SPEC.name, frame, faults), None
        other = self.second_opinion(sight, chosen)
        finding, muscle = self._told(frame, sight, chosen, other)
        if finding.verdict is Verdict.REFUSED or not self._agree(chosen[2], other) or other is None:
            return finding, None
        curves = chosen[:2]
        return finding, Thorough(0, sight.picture, curves, curves, chosen[2], other, muscle.bent, sight.evidence)

    def _again(
        self, prepared: Prepared[Picture], outputs: Outputs, before: Thorough
    ) -> tuple[Finding, Thorough] | None:
        """What this frame says where all that the last thorough look found holds; None where it does not."""
        if prepared.seen is None or not before.resembled_by(Grid.of(prepared.frame.ultrasound).cut(prepared.seen)):
            return None
        sight = self.look_again(prepared.frame, prepared.seen, outputs, before)
        if sight is None or structure_faults(sight.evidence, sight.curves, found=True):
            return None
        upper, lower = sight.curves
        seen = direction(sight.evidence, between(upper, lower, sight.evidence.weight.shape[0]))
        if seen is None or not before.holds(sight.curves, seen):
            return None
        finding, _ = self._told(prepared.frame, sight, (upper, lower, seen), before.other_now(seen), before.bend)
        if finding.verdict is Verdict.REFUSED:
            return None
        return finding, before.one_later(sight.picture, (upper, lower))

    def _told(
        self, frame: Frame, sight: MuscleSight, chosen: Chosen, other: Direction | None, bend: Bent | None = None
    ) -> tuple[Finding, Architecture]:
        """The finding. other: the second opinion. bend: of the fascicles, where it is known."""
        seen = chosen[2]
        evidence, chosen = self.sharpened(sight, chosen, other)
        muscle = measure(evidence, chosen, _scale(frame, sight.grid), bend)
        marks = marks_of(muscle, evidence, sight.grid, frame.spacing)
        faults = muscle_faults(muscle) or clarity_faults(muscle, seen, other, self._clear)
        if faults:
            return refused(SPEC.name, frame, faults, marks), muscle
        reasons = (*self._doubts(seen, other), *_withheld(muscle, frame))
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        measured = measurements_of(muscle, frame.spacing, self._figures)
        return finding_of(SPEC.name, frame, verdict, reasons, measured, marks), muscle

    def look(self, frame: Frame, fitted: Picture, outputs: Outputs) -> MuscleSight:
        """What the network saw. fitted: (SIDE, SIDE) the picture as it was given to it."""
        grid, evidence, picture = self._evidence(frame, fitted, outputs)
        return MuscleSight(grid, evidence, find_aponeuroses(evidence.aponeurosis, evidence.lit), picture)

    def look_again(self, frame: Frame, fitted: Picture, outputs: Outputs, before: Thorough) -> MuscleSight | None:
        """The same of the muscle's borders alone; None where they are not seen near where they were."""
        grid, evidence, picture = self._evidence(frame, fitted, outputs)
        curves = found_again(evidence.aponeurosis, evidence.lit, before.curves)
        return None if curves is None else MuscleSight(grid, evidence, curves, picture)

    def _evidence(self, frame: Frame, fitted: Picture, outputs: Outputs) -> tuple[Grid, Evidence, Picture]:
        grid = Grid.of(frame.ultrasound)
        picture = grid.cut(fitted)
        return grid, evidence_of(outputs[0], grid, lit_columns(picture[::2, ::2]), self._logits), picture

    def second_opinion(self, sight: MuscleSight, chosen: Chosen) -> Direction | None:
        """What the line filter reads between the same aponeuroses."""
        return read_between(sight.picture, chosen[0], chosen[1], sight.evidence.lit)

    def sharpened(self, sight: MuscleSight, chosen: Chosen, other: Direction | None) -> tuple[Evidence, Chosen]:
        """The network's field, turned as a whole to the lines that it runs along: the network tells fascicles from what
        are none and knows how they bend, and a line filter tells their direction to the degree."""
        upper, lower, seen = chosen
        if other is not None and apart_deg(other.angle_deg, seen.angle_deg) > GUIDED_DEG:
            other = read_between(sight.picture, upper, lower, sight.evidence.lit, seen.angle_deg)
        if other is None or direction_faults(other) or apart_deg(other.angle_deg, seen.angle_deg) > SHARPENED_DEG:
            return sight.evidence, chosen
        turn_deg = folded_deg(other.angle_deg - seen.angle_deg)
        return sight.evidence.turned(turn_deg), (upper, lower, replace(seen, angle_deg=other.angle_deg))

    def _agree(self, seen: Direction, other: Direction | None) -> bool:
        """Whether a second opinion is worth its name and no other than the first."""
        if other is None or direction_faults(other):
            return False
        return apart_deg(seen.angle_deg, other.angle_deg) <= self._figures.get("opinions_apart", APART_DEG)

    def _doubts(self, seen: Direction, other: Direction | None) -> tuple[str, ...]:
        """Where a second opinion that is worth its name differs."""
        if other is None or direction_faults(other) or self._agree(seen, other):
            return ()
        return (
            f"{self.first} reads the fascicles at {seen.angle_deg:.0f} degrees, {self.second} at "
            f"{other.angle_deg:.0f}: angle in doubt",
        )


class ClassicalMuscleTask(MuscleTask):
    """The same without a network: outputs are not looked at. Its second opinion is the bare structure tensor, which
    reads too flat but is not taken in by single lines."""

    first, second = "the classical pathway", "the structure tensor"

    usual = MappingProxyType(
        {
            "half_width_fascicle_angle": 3.0,
            "clear_spread": 3.5,
            "clear_filled": 0.3,
            "close_opinions": 18.0,
            "opinions_apart": 18.0,
        }
    )
    """Measured on people kept apart; docs/results.md."""

    def prepare(self, frame: Frame) -> Prepared[Picture]:
        return Prepared(frame, seen=fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE)[0, 0])

    def look(self, frame: Frame, fitted: Picture, outputs: Outputs) -> MuscleSight:
        grid = Grid.of(frame.ultrasound)
        picture = grid.cut(fitted)
        evidence, curves = see_muscle(picture)
        return MuscleSight(grid, evidence, curves, picture)

    def look_again(self, frame: Frame, fitted: Picture, outputs: Outputs, before: Thorough) -> MuscleSight | None:
        grid = Grid.of(frame.ultrasound)
        picture = grid.cut(fitted)
        found = see_again(picture, before.evidence, before.curves)
        return None if found is None else MuscleSight(grid, *found, picture)

    def second_opinion(self, sight: MuscleSight, chosen: Chosen) -> Direction | None:
        """What the structure tensor reads in the same belly."""
        return tensor_between(sight.picture, chosen[0], chosen[1], sight.evidence.lit)

    def sharpened(self, sight: MuscleSight, chosen: Chosen, other: Direction | None) -> tuple[Evidence, Chosen]:
        """Nothing tells the direction better than the lines."""
        return sight.evidence, chosen


def _withheld(muscle: Architecture, frame: Frame) -> tuple[str, ...]:
    """Reasons for what is not said."""
    reasons: tuple[str, ...] = () if frame.spacing else (missing_scale(frame),)
    if muscle.size.length is None:
        return (*reasons, "fascicle length withheld: the fascicles run along the aponeuroses")
    if muscle.size.extrapolated > MOST_EXTRAPOLATED:
        share = f"{100 * muscle.size.extrapolated:.0f} %"
        return (*reasons, f"fascicle length withheld: {share} of it would lie outside the picture")
    return reasons


def _scale(frame: Frame, grid: Grid) -> tuple[float, float]:
    """(x, y) millimetres, or pixels where the scale is unknown, per cell."""
    if frame.spacing is None:
        return grid.cell_px, grid.cell_px
    return grid.cell_px * frame.spacing.x_mm_per_px, grid.cell_px * frame.spacing.y_mm_per_px
