"""`phantom:muscle`: a muscle that moves, and what a finding of it would say if it erred in nothing."""

from collections.abc import Sequence

from edge.finding import Finding, LineMark
from edge.phantom.anatomy import Sizes
from edge.task.muscle.phantom import LIVE_MUSCLE, MuscleCine
from edge.task.muscle.phantom_truth import TrueArchitecture
from edge.task.muscle.spec import MusclePhantomOptions


class SimulatedMuscle(MuscleCine):
    """A muscle with its truth."""

    imaging = LIVE_MUSCLE

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        bellies = [self.architecture(t_s, belly=k) for k in range(len(self.muscle.bellies))]
        return true_sizes(nearest(finding, bellies))


def true_sizes(muscle: TrueArchitecture) -> Sizes:
    return {
        "fascicle_angle": muscle.fascicle_angle_deg,
        "pennation_angle": muscle.pennation_deg,
        "fascicle_length": muscle.fascicle_length_mm,
        "straight_fascicle_length": muscle.straight_length_mm,
        "muscle_thickness": muscle.thickness_mm,
        "fascicle_curvature": muscle.curvature_per_m,
        "superficial_aponeurosis_angle": muscle.superficial_angle_deg,
        "deep_aponeurosis_angle": muscle.deep_angle_deg,
    }


def nearest(finding: Finding, bellies: Sequence[TrueArchitecture]) -> TrueArchitecture:
    """The one of a section's muscles that the finding marks."""
    lines = {mark.name: float(mark.points[:, 1].mean()) for mark in finding.marks if isinstance(mark, LineMark)}
    if finding.spacing is None or "deep aponeurosis" not in lines:
        return bellies[0]
    seen_mm = (lines["superficial aponeurosis"] + lines["deep aponeurosis"]) / 2 * finding.spacing.y_mm_per_px
    return min(bellies, key=lambda one: abs(float((one.superficial_mm + one.deep_mm).mean()) / 2 - seen_mm))


def open_cine(seed: int, options: MusclePhantomOptions) -> SimulatedMuscle:
    return SimulatedMuscle(seed, movement=options.motion)
