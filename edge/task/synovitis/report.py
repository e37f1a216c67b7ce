"""From what a pathway saw of a joint to the finding: sizes with intervals, grades, flow, failures, marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge.finding import Finding, Mark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing
from edge.task.contract import finding_of, refused
from edge.task.measured import sized
from edge.task.synovitis.doppler import Colours, FlowSeen, flow_in
from edge.task.synovitis.failures import failures_of
from edge.task.synovitis.grades import combined_grade
from edge.task.synovitis.judging import STEPS, Graded, Judges, graded
from edge.task.synovitis.marks import marks_of
from edge.task.synovitis.seen import JointSeen, features_of, region_mask, tissue_mask
from edge.task.synovitis.spec import SPEC
from edge.task.synovitis.view import view_faults
from edge.trust.interval import interval

OTHER_SCORE: Final = 0.85
"""Of the first joint's, from which on a further place is a second joint."""
COVERED_SHARE: Final = 0.1
"""Of the picture: where so much is coloured, that is why no joint is seen."""
OF_PHANTOMS: Final = "grades were learned from simulated joints alone: no real joint was ever looked at"
FLASH: Final = "flow withheld: tissue is coloured far and wide, as a motion does; hold still and take it again"
NO_COLOUR: Final = "no Doppler: the picture is grey; with Doppler on, no flow is told by --doppler"


@dataclass(frozen=True, slots=True)
class Grades:
    """All three; None: not known."""

    grey: Graded
    flow: FlowSeen | None

    @property
    def combined(self) -> tuple[int, int, int] | None:
        """Value, least and greatest."""
        if self.flow is None:
            return None
        grey = self.grey
        value, low, high = (combined_grade(one, self.flow.grade) for one in (grey.value, grey.low, grey.high))
        return value, min(low, value), max(high, value)


def finding_from(
    frame: Frame,
    seen: JointSeen | None,
    colours: Colours | None,
    judges: Judges,
    figures: Mapping[str, float],
    stages: tuple[Mark, ...] = (),
    *,
    doppler: bool = False,
) -> Finding:
    """colours: None of a grey picture; doppler: the user says that it was on."""
    faults = view_faults(seen)
    if faults or seen is None:
        covered = colours is not None and float(colours.flow.mean()) > COVERED_SHARE
        return refused(SPEC.name, frame, (FLASH,) if covered else faults, stages)
    told = judges.probabilities(features_of(seen))
    grades = Grades(graded(told[: len(STEPS)]), flow_of(frame, seen, colours, doppler))
    failures = failures_of(seen, told[len(STEPS) :], judges.cuts)
    reasons = tuple(f"{failure.sentence} ({number})" for number, failure in enumerate(failures, start=1))
    if any(one.score >= OTHER_SCORE * seen.joint.score for one in seen.others):
        reasons += ("two joints are in the picture: the clearer one is measured; centre one alone",)
    if grades.flow is not None and grades.flow.flash:
        grades, reasons = Grades(grades.grey, None), (*reasons, FLASH)
    reasons += () if frame.simulated else (OF_PHANTOMS,)
    verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
    marks = (*marks_of(seen, frame.ultrasound, frame.spacing, failures), *stages)
    notes = (_chances(grades.grey), *(() if grades.flow is not None or FLASH in reasons else (NO_COLOUR,)))
    measured = _measurements(frame.spacing, seen, grades, figures)
    return finding_of(SPEC.name, frame, verdict, reasons, measured, marks, notes=notes)


def flow_of(frame: Frame, seen: JointSeen, colours: Colours | None, doppler: bool) -> FlowSeen | None:
    """None where nothing says that Doppler was on."""
    if colours is None or not (colours.boxed or doppler):
        return FlowSeen(0.0, 0, 0, False) if doppler else None
    region, spacing = frame.ultrasound, frame.spacing
    shape = region.height, region.width
    inside = region_mask(seen, shape, seen.region.upper, seen.region.floor)
    mm = (spacing.x_mm_per_px, spacing.y_mm_per_px) if spacing else (1.0, 1.0)
    return flow_in(colours, inside, tissue_mask(seen, shape), mm)


def _chances(grey: Graded) -> str:
    each = ", ".join(f"{grade}: {100 * chance:.0f} %" for grade, chance in enumerate(grey.chances))
    return f"grey-scale grade, by simulated joints: {each}"


def _measurements(
    spacing: PixelSpacing | None, seen: JointSeen, grades: Grades, figures: Mapping[str, float]
) -> tuple[Measurement, ...]:
    sizes, relative = seen.sizes, spacing.relative_uncertainty if spacing else 0.0
    found = []
    if grades.combined is not None:
        found.append(Measurement("combined", grades.combined[0], "grade", *grades.combined[1:]))
    grey = grades.grey
    found.append(Measurement("grey_scale", grey.value, "grade", grey.low, grey.high))
    if grades.flow is not None:
        flow = grades.flow
        half = figures.get("half_width_doppler_share", 15.0)
        share = 100 * flow.share
        found.append(Measurement("power_doppler", flow.grade, "grade", max(0, flow.grade - 1), min(3, flow.grade + 1)))
        found.append(Measurement("doppler_share", share, "%", max(0.0, share - half), min(100.0, share + half)))
    area_half = figures.get("half_width_area", 0.4) * (sizes.area_mm2 + 2.0)
    found += [
        sized("synovial_area", sizes.area_mm2, interval(sizes.area_mm2, area_half, 2 * relative), spacing, "2"),
        sized(
            "synovial_thickness",
            sizes.thickness_mm,
            interval(sizes.thickness_mm, figures.get("half_width_thickness", 0.5), relative),
            spacing,
        ),
        sized(
            "distension",
            sizes.distension_mm,
            interval(sizes.distension_mm, figures.get("half_width_distension", 0.6), relative),
            spacing,
        ),
    ]
    return tuple(found)
