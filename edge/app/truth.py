"""What the simulated probe truly showed, measured as the task measures what it saw."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from edge.finding import Finding, LineMark
from edge.task.cartilage.band import measure_band
from edge.task.cartilage.phantom import CartilageCine
from edge.task.cartilage.phantom_anatomy import TrueBand
from edge.task.muscle.phantom import MuscleCine
from edge.task.muscle.phantom_truth import TrueArchitecture
from edge.task.nerve.phantom import NerveCine
from edge.task.nerve.phantom_truth import TrueNerve

Sizes = dict[str, float]
"""True values by the task's names, in the task's units."""
Truth = Callable[[Finding, float], Sizes]
"""What was truly there to be measured by a finding, at a time in seconds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure against the truth, over all frames that have it."""

    name: str
    unit: str
    measured: float
    """Median over the frames."""
    truth: float
    """Median over the same frames."""
    mean_absolute_error: float
    inside_interval: float
    """Share of the frames, 0 to 1, whose interval holds the truth."""
    frames: int


def true_sizes(band: TrueBand) -> Sizes:
    """Of a cartilage; the phantom's left side is medial."""
    seen = np.isfinite(band.upper_mm) & np.isfinite(band.lower_mm)
    size = measure_band(band.x_mm[seen], band.upper_mm[seen], band.lower_mm[seen])
    thirds = zip(("medial", "central", "lateral"), size.thirds, strict=True)
    named = {f"mean_thickness_{side}": value for side, value in thirds}
    return {**named, "mean_thickness": size.mean, "area": size.area}


def true_architecture(muscle: TrueArchitecture) -> Sizes:
    """Of a muscle."""
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


def true_nerve(nerve: TrueNerve) -> Sizes:
    """Of a nerve in section."""
    return {
        "cross_sectional_area": nerve.area_mm2,
        "long_axis": nerve.long_axis_mm,
        "short_axis": nerve.short_axis_mm,
        "flattening_ratio": nerve.flattening_ratio,
        "depth_under_skin": nerve.depth_mm,
        "vessel_distance": nerve.nearest_vessel_mm,
        "outer_area": nerve.outer_area_mm2,
    }


def _of_knee(seed: int) -> Truth:
    cine = CartilageCine(seed)
    return lambda finding, t_s: true_sizes(cine.band(t_s))


def _of_muscle(seed: int) -> Truth:
    cine = MuscleCine(seed)

    def truth(finding: Finding, t_s: float) -> Sizes:
        bellies = [cine.architecture(t_s, belly=k) for k in range(len(cine.muscle.bellies))]
        return true_architecture(nearest(finding, bellies))

    return truth


def _of_nerve(seed: int) -> Truth:
    cine = NerveCine(seed)
    return lambda finding, t_s: true_nerve(cine.truth(t_s).nerves[0])


def nearest(finding: Finding, bellies: Sequence[TrueArchitecture]) -> TrueArchitecture:
    """The one of a section's muscles that the finding marks."""
    lines = {mark.name: float(mark.points[:, 1].mean()) for mark in finding.marks if isinstance(mark, LineMark)}
    if finding.spacing is None or "deep aponeurosis" not in lines:
        return bellies[0]
    seen_mm = (lines["superficial aponeurosis"] + lines["deep aponeurosis"]) / 2 * finding.spacing.y_mm_per_px
    return min(bellies, key=lambda one: abs(float((one.superficial_mm + one.deep_mm).mean()) / 2 - seen_mm))


TRUTHS: Final = MappingProxyType({"cartilage": _of_knee, "muscle": _of_muscle, "nerve": _of_nerve})
"""By task: the truth of the phantom with a seed, moving as it does without being told otherwise."""


def compare(findings: list[Finding], seed: int, fps: float) -> tuple[Comparison, ...]:
    """Each measure of one task's findings against the phantom's truth; `seed` and `fps` are the source's."""
    if not findings:
        return ()
    truth = TRUTHS[findings[0].task](seed)
    truths = {finding.sequence: truth(finding, finding.sequence / fps) for finding in findings}
    names = dict.fromkeys(name for sizes in truths.values() for name in sizes)
    return tuple(one for name in names if (one := _compare(name, findings, truths)) is not None)


def _compare(name: str, findings: list[Finding], truths: dict[int, Sizes]) -> Comparison | None:
    rows = np.array(list(_pairs(name, findings, truths)))
    if rows.size == 0:
        return None
    value, low, high, truth = rows.T
    unit = next(m.unit for finding in findings if (m := finding.measurement(name)))
    return Comparison(
        name=name,
        unit=unit,
        measured=float(np.median(value)),
        truth=float(np.median(truth)),
        mean_absolute_error=float(np.abs(value - truth).mean()),
        inside_interval=float(((low <= truth) & (truth <= high)).mean()),
        frames=len(rows),
    )


def _pairs(name: str, findings: list[Finding], truths: dict[int, Sizes]) -> Iterator[tuple[float, float, float, float]]:
    for finding in findings:
        if (m := finding.measurement(name)) is not None:
            yield m.value, m.low, m.high, truths[finding.sequence][name]
