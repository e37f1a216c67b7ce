"""From a hip that was seen to what is told of it: angles and type of the standard plane; of any other one what is
missing and what to move; a hip that looks decentred cannot show the standard plane, and is flagged instead."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from edge.finding import Check, Mark, Measurement, Verdict
from edge.frame import Frame
from edge.task.contract import Concluded, finding_of
from edge.task.hip.graf import CRITICAL_DEG, MATURE_DEG, STABLE_DEG, Pressed, graf_type, types_within
from edge.task.hip.lines import HipAngles, angles_of
from edge.task.hip.looked import SeenHip
from edge.task.hip.marks import marks_of
from edge.task.hip.plane import Plane, advice_for, decentred
from edge.task.hip.spec import BETA_OF_PHANTOMS, PLANE_ITEMS, SIDES, SPEC, STRUCTURES, HipOptions

MAY_LACK: Final = frozenset(("lower limb", "labrum", "cartilage roof"))
"""Items that a decentred hip is flagged without."""
UNFITTING: Final = "not the standard plane: ilium, roof and head are too faint together, or out of place"
ADVICE_ON_FIT: Final = "centre the socket, and turn the probe about the lower limb until the ilium is bright and level"
SQUARE: Final = "the scale is unknown: angles hold if the picture's pixels are square"
APART_DEG: Final = 8.0
"""Between two ways of reading alpha that are in doubt then; both err by less in nine of ten phantoms."""
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BestPlane:
    """The best standard plane of a sweep so far."""

    sequence: int
    fit: float
    alpha_deg: float
    type_name: str
    exposed_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class HipMemory:
    """What the next frame is judged by."""

    best: BestPlane | None = None
    other_alpha_deg: float | None = None
    """What the other way of looking read last; None: it saw no hip, or was not asked."""
    asked_at: int | None = None
    """Number of the frame in which it was asked."""


class Judge:
    """Knows the infant's age, and how exact its pathway is."""

    def __init__(self, options: HipOptions, half_widths: Mapping[str, float], *, beta_of_phantoms: bool) -> None:
        """half_widths: of 90 % intervals, by measurement. beta_of_phantoms: of a real picture there is none."""
        self._age, self._side = options.age_weeks, options.side
        self._half_widths, self._beta_of_phantoms = half_widths, beta_of_phantoms

    def told(
        self, frame: Frame, seen: SeenHip, memory: HipMemory, stages: tuple[Mark, ...] = ()
    ) -> Concluded[HipMemory]:
        """stages: further marks, of the way here."""
        plane, angles = seen.plane, self._believed(angles_of(seen.marks, seen.lines), frame)
        signs = decentred(angles)
        notes = (*_checklists(plane), *self._about(frame, seen))
        if not plane.standard and not (signs and _may_be_decentred(plane)):
            marks = (*marks_of(seen, frame.ultrasound, None), *stages)
            found = finding_of(SPEC.name, frame, Verdict.REFUSED, _not_standard(plane, frame), (), marks, notes=notes)
            return Concluded(replace(found, checks=_checks(plane)), memory)
        marks = (*marks_of(seen, frame.ultrasound, angles), *stages)
        name = graf_type(angles.alpha_deg, angles.beta_deg, self._age, _pressed(angles))
        best = _better(memory.best, frame, plane, angles, name)
        said = (self._type(angles, name), *_best_so_far(best, frame), *notes)
        reasons = (*self._reasons(plane, angles, signs), *_doubts(angles, memory))
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        measured = self._measurements(angles, plane)
        finding = finding_of(SPEC.name, frame, verdict, reasons, measured, marks, notes=said)
        return Concluded(replace(finding, checks=_checks(plane)), replace(memory, best=best))

    def _reasons(self, plane: Plane, angles: HipAngles, signs: Words) -> Words:
        reasons: Words = ()
        if not plane.standard:
            reasons = (f"not the standard plane: {_listed(plane.missing)} not seen",) if plane.missing else (UNFITTING,)
        if plane.doubtful:
            reasons += (
                f"whether it is the standard plane is in doubt: {_listed(plane.doubtful)} seen by image analysis alone",
            )
        if signs:
            reasons += (
                f"decentred? {', '.join(signs)}: such a hip shows no standard plane; have it looked at at once",
            )
        if self._age is None and STABLE_DEG <= angles.alpha_deg < MATURE_DEG:
            reasons += ("type II depends on the age: state it in weeks",)
        return reasons

    def _type(self, angles: HipAngles, name: str) -> str:
        """`Graf type Ia; within the intervals also Ib`."""
        low, high = angles.alpha_deg - self._half_widths["alpha"], angles.alpha_deg + self._half_widths["alpha"]
        beta = None
        if angles.beta_deg is not None:
            beta = angles.beta_deg - self._half_widths["beta"], angles.beta_deg + self._half_widths["beta"]
        others = [one for one in types_within((low, high), beta, self._age, _pressed(angles)) if one != name]
        also = f"; within the intervals also {', '.join(others)}" if others else ""
        return f"Graf type {name}{also}"

    def _about(self, frame: Frame, seen: SeenHip) -> Words:
        side = "" if self._side == SIDES[2] else f"{self._side} hip as stated; "
        cranial = "right" if seen.mirrored else "left"
        square = () if frame.spacing else (SQUARE,)
        beta = (BETA_OF_PHANTOMS,) if self._beta_of_phantoms and not frame.simulated else ()
        return (f"{side}cranial is on the picture's {cranial}", *beta, *square)

    def _believed(self, angles: HipAngles, frame: Frame) -> HipAngles:
        """What of the angles may decide anything."""
        withheld = self._beta_of_phantoms and not frame.simulated
        return replace(angles, beta_deg=None) if withheld else angles

    def _measurements(self, angles: HipAngles, plane: Plane) -> tuple[Measurement, ...]:
        values = (
            ("alpha", angles.alpha_deg, "deg", 0.0, 90.0),
            ("beta", angles.beta_deg, "deg", -90.0, 180.0),
            ("head_coverage", angles.coverage, "%", 0.0, 100.0),
            ("plane_tilt", plane.tilt_deg, "deg", -90.0, 90.0),
        )
        return tuple(
            Measurement(name, value, unit, max(least, value - half), min(most, value + half))
            for name, value, unit, least, most in values
            if value is not None
            for half in (self._half_widths[name],)
        )


def _pressed(angles: HipAngles) -> Pressed | None:
    """Where the labrum lies tells where a displaced head presses the cartilage roof to."""
    if angles.alpha_deg >= CRITICAL_DEG or angles.beta_deg is None:
        return None
    return Pressed.UP if angles.beta_deg > 0 else Pressed.DOWN


def _may_be_decentred(plane: Plane) -> bool:
    """A decentred hip may lack what lies between head and socket, not the ilium, the roof or the rest of the head's
    surroundings."""
    return plane.fit >= plane.least_fit and set(plane.missing) <= MAY_LACK


def _doubts(angles: HipAngles, memory: HipMemory) -> Words:
    """Where the other way of looking reads another alpha."""
    other = memory.other_alpha_deg
    if other is None or abs(other - angles.alpha_deg) <= APART_DEG:
        return ()
    return (f"the network reads alpha at {angles.alpha_deg:.0f} degrees, image analysis at {other:.0f}: in doubt",)


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
    unseen = (*plane.missing, *plane.doubtful)
    return tuple(Check(name, item, item not in unseen) for name, items in lists for item in items)


def _checklists(plane: Plane) -> tuple[str, ...]:
    """`Checklist I: all 8 seen`, or which are and which are not."""
    said = []
    for number, items in (("I", STRUCTURES), ("II", PLANE_ITEMS)):
        missing = [item for item in items if item in plane.missing]
        doubtful = [item for item in items if item in plane.doubtful]
        seen = [item for item in items if item not in (*missing, *doubtful)]
        if missing or doubtful:
            parts = (("missing", missing), ("in doubt", doubtful), ("seen", seen))
            told = "; ".join(f"{word} {', '.join(those)}" for word, those in parts if those)
            said.append(f"checklist {number}: {told}")
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
