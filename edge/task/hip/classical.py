"""Infant hip in the coronal standard plane after Graf, by image analysis without a network.

Convention: base line along the straight ilium, bony roof line from the lower limb as a tangent to the roof, cartilage
roof line from the bony rim to the middle of the labrum (Graf); coverage is depth of the head under the base line over
its diameter (Morin). Bone is followed along the middle of its echo. Where one item of Graf's checklists is not seen,
there is no angle and no type, but what is missing and what to move; a hip that looks decentred cannot show the standard
plane, and is flagged instead.
"""

from dataclasses import dataclass, replace
from typing import Final

from edge.finding import Check, Finding, Mark, Measurement, Verdict
from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.hip.bone_map import working_of
from edge.task.hip.graf import CRITICAL_DEG, MATURE_DEG, STABLE_DEG, Pressed, graf_type, types_within
from edge.task.hip.joint import Joint, find_joint
from edge.task.hip.lines import HipAngles, angles_of
from edge.task.hip.marks import marks_of, stages_of
from edge.task.hip.plane import LEAST_FIT, Plane, advice_for, decentred, plane_of
from edge.task.hip.spec import BETA_OF_PHANTOMS, PLANE_ITEMS, SIDES, SPEC, STRUCTURES, HipOptions

HALF_WIDTHS: Final = {"alpha": 4.3, "beta": 11.0, "head_coverage": 8.0, "plane_tilt": 11.0}
"""Of 90 % intervals: degrees, degrees, percent, degrees. They held the truth of nine in ten phantoms that were measured
(docs/results.md); of real hips nobody knows."""
NO_HIP: Final = 0.03
"""Fit of rim, ilium, roof and head together, below which there is no hip in the picture."""
MAY_LACK: Final = frozenset(("lower limb", "labrum", "cartilage roof"))
"""Items that a decentred hip is flagged without."""
UNFITTING: Final = "not the standard plane: ilium, roof and head are too faint together, or out of place"
ADVICE_ON_FIT: Final = "centre the socket, and turn the probe about the lower limb until the ilium is bright and level"
SQUARE: Final = "the scale is unknown: angles hold if the picture's pixels are square"
Words = tuple[str, ...]
NOTHING_GIVEN = Given(HipOptions())


@dataclass(frozen=True, slots=True)
class BestPlane:
    """The best standard plane of a sweep so far."""

    sequence: int
    fit: float
    alpha_deg: float
    type_name: str
    exposed_ns: int


class ClassicalHipTask:
    """Looks for the hip both ways round; the age decides on type II."""

    def __init__(self, given: Given[HipOptions] = NOTHING_GIVEN) -> None:
        self._age, self._side = given.options.age_weeks, given.options.side
        self._stages = given.stages

    def prepare(self, frame: Frame) -> Prepared[Joint]:
        spacing = frame.spacing
        aspect = spacing.x_mm_per_px / spacing.y_mm_per_px if spacing else 1.0
        work = working_of(frame.ultrasound.crop(frame.pixels), aspect)
        return Prepared(frame, seen=None if work is None else find_joint(work))

    def conclude(self, prepared: Prepared[Joint], outputs: Outputs, memory: BestPlane | None) -> Concluded[BestPlane]:
        frame, joint = prepared.frame, prepared.seen
        if prepared.faults:
            return Concluded(refused(SPEC.name, frame, prepared.faults), memory)
        if joint is None or joint.fit < NO_HIP:
            reason = "no hip is seen: no bright level line of the ilium that bends into the roof of a socket"
            return Concluded(refused(SPEC.name, frame, (reason,)), memory)
        return self._judged(frame, joint, memory)

    def _judged(self, frame: Frame, joint: Joint, memory: BestPlane | None) -> Concluded[BestPlane]:
        plane, angles = plane_of(joint), _told(angles_of(joint.marks, joint.lines), frame)
        signs = decentred(angles)
        stages = stages_of(joint, frame.ultrasound) if self._stages else ()
        notes = (*_checklists(plane), *self._about(frame, joint))
        if not plane.standard and not (signs and _may_be_decentred(plane)):
            marks = (*marks_of(joint, frame.ultrasound, None), *stages)
            found = finding_of(SPEC.name, frame, Verdict.REFUSED, _not_standard(plane, frame), (), marks, notes=notes)
            return Concluded(replace(found, checks=_checks(plane)), memory)
        marks = (*marks_of(joint, frame.ultrasound, angles), *stages)
        name = graf_type(angles.alpha_deg, angles.beta_deg, self._age, _pressed(angles))
        best = _better(memory, frame, plane, angles, name)
        said = (self._type(angles, name), *_best_so_far(best, frame), *notes)
        finding = self._finding(frame, plane, angles, signs, marks, said)
        return Concluded(replace(finding, checks=_checks(plane)), best)

    def _finding(
        self, frame: Frame, plane: Plane, angles: HipAngles, signs: Words, marks: tuple[Mark, ...], said: Words
    ) -> Finding:
        reasons: tuple[str, ...] = ()
        if not plane.standard:
            reasons = (f"not the standard plane: {_listed(plane.missing)} not seen",) if plane.missing else (UNFITTING,)
        if signs:
            reasons += (
                f"decentred? {', '.join(signs)}: such a hip shows no standard plane; have it looked at at once",
            )
        if self._age is None and STABLE_DEG <= angles.alpha_deg < MATURE_DEG:
            reasons += ("type II depends on the age: state it in weeks",)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return finding_of(SPEC.name, frame, verdict, reasons, _measurements(angles, plane), marks, notes=said)

    def _type(self, angles: HipAngles, name: str) -> str:
        """`Graf type Ia; within the intervals also Ib`."""
        low, high = angles.alpha_deg - HALF_WIDTHS["alpha"], angles.alpha_deg + HALF_WIDTHS["alpha"]
        beta = None
        if angles.beta_deg is not None:
            beta = angles.beta_deg - HALF_WIDTHS["beta"], angles.beta_deg + HALF_WIDTHS["beta"]
        others = [one for one in types_within((low, high), beta, self._age, _pressed(angles)) if one != name]
        also = f"; within the intervals also {', '.join(others)}" if others else ""
        return f"Graf type {name}{also}"

    def _about(self, frame: Frame, joint: Joint) -> tuple[str, ...]:
        side = "" if self._side == SIDES[2] else f"{self._side} hip as stated; "
        cranial = "right" if joint.mirrored else "left"
        square = () if frame.spacing else (SQUARE,)
        beta = () if frame.simulated else (BETA_OF_PHANTOMS,)
        return (f"{side}cranial is on the picture's {cranial}", *beta, *square)


def _told(angles: HipAngles, frame: Frame) -> HipAngles:
    """What of the angles may decide anything: of a real picture no beta, for its term's reason."""
    withheld = SPEC.terms.measurement("beta").simulated_only and not frame.simulated
    return replace(angles, beta_deg=None) if withheld else angles


def _measurements(angles: HipAngles, plane: Plane) -> tuple[Measurement, ...]:
    found = [_measurement("alpha", angles.alpha_deg, "deg", 0.0, 90.0)]
    if angles.beta_deg is not None:
        found.append(_measurement("beta", angles.beta_deg, "deg", -90.0, 180.0))
    if angles.coverage is not None:
        found.append(_measurement("head_coverage", angles.coverage, "%", 0.0, 100.0))
    if plane.tilt_deg is not None:
        found.append(_measurement("plane_tilt", plane.tilt_deg, "deg", -90.0, 90.0))
    return tuple(found)


def _measurement(name: str, value: float, unit: str, least: float, most: float) -> Measurement:
    half = HALF_WIDTHS[name]
    return Measurement(name, value, unit, max(least, value - half), min(most, value + half))


def _pressed(angles: HipAngles) -> Pressed | None:
    """Where the labrum lies tells where a displaced head presses the cartilage roof to."""
    if angles.alpha_deg >= CRITICAL_DEG or angles.beta_deg is None:
        return None
    return Pressed.UP if angles.beta_deg > 0 else Pressed.DOWN


def _may_be_decentred(plane: Plane) -> bool:
    """A decentred hip may lack what lies between head and socket, not the ilium, the roof or the rest of the head's
    surroundings."""
    return plane.fit >= LEAST_FIT and set(plane.missing) <= MAY_LACK


def _not_standard(plane: Plane, frame: Frame) -> tuple[str, ...]:
    tilt = ""
    if frame.simulated and plane.tilt_deg is not None and "straight ilium" in plane.missing:
        tilt = f", tilted by about {abs(plane.tilt_deg):.0f} degrees"
    if not plane.missing:
        return (UNFITTING, ADVICE_ON_FIT)
    reason = f"not the standard plane{tilt}: {_listed(plane.missing)} not seen as it must be"
    return reason, advice_for(plane.missing)


def _listed(items: tuple[str, ...]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _checks(plane: Plane) -> tuple[Check, ...]:
    lists = (("Checklist I", STRUCTURES), ("Checklist II", PLANE_ITEMS))
    return tuple(Check(name, item, item not in plane.missing) for name, items in lists for item in items)


def _checklists(plane: Plane) -> tuple[str, ...]:
    """`Checklist I: all 8 seen`, or which are and which are not."""
    said = []
    for number, items in (("I", STRUCTURES), ("II", PLANE_ITEMS)):
        missing = [item for item in items if item in plane.missing]
        seen = [item for item in items if item not in plane.missing]
        if missing:
            said.append(f"checklist {number}: missing {', '.join(missing)}; seen {', '.join(seen) or 'nothing'}")
        else:
            said.append(f"checklist {number}: all {len(items)} seen")
    return tuple(said)


def _better(memory: BestPlane | None, frame: Frame, plane: Plane, angles: HipAngles, name: str) -> BestPlane | None:
    """The better of the best plane so far and this frame's; a source that starts anew begins anew."""
    if not plane.standard:
        return memory
    here = BestPlane(frame.sequence, plane.fit, angles.alpha_deg, name, frame.exposed_ns)
    if memory is None or frame.exposed_ns < memory.exposed_ns or frame.sequence < memory.sequence:
        return here
    return here if here.fit > memory.fit else memory


def _best_so_far(best: BestPlane | None, frame: Frame) -> tuple[str, ...]:
    if best is None or best.sequence == frame.sequence:
        return ()
    return (f"best plane so far: frame {best.sequence}, alpha {best.alpha_deg:.0f} degrees, type {best.type_name}",)
