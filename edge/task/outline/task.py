"""Anything that is pointed at: outlined by one network, followed from frame to frame, measured, and given no name.

Conventions: axes are those of the ellipse with the same second moments; depth runs from the picture's upper edge to the
nearest point of the border; echo intensity is the mean grey level inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from edge.finding import Finding, Mark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing
from edge.pointed import Pointed
from edge.task.caliper import along
from edge.task.continuity import same_scale, soon_after
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.measured import echo_in
from edge.task.outline.sizes import OutlineSizes, measurements_of
from edge.task.outline.spec import SPEC, OutlineOptions, numbered
from edge.task.outliner import Target, is_clear, least_confidence, pursued, said_of
from edge.task.outlines import closed_line, filled_mark
from edge.task.pointing import beside_faults, told_of
from edge.task.scores import Outline
from edge.trust.faults import missing_scale, speckle_only

NOTHING_GIVEN: Final = Given(OutlineOptions())
NOTHING_POINTED_AT: Final = "nothing is pointed at: give a point within the structure with --at x,y"


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What is remembered of the last frame."""

    shape: tuple[int, ...]
    exposed_ns: int
    spacing: PixelSpacing | None
    targets: tuple[Target, ...]

    @classmethod
    def of(cls, frame: Frame, targets: tuple[Target, ...]) -> Self:
        return cls(frame.pixels.shape, frame.exposed_ns, frame.spacing, targets)


class OutlineTask:
    """Asks the network for each structure that is pointed at. Without a network, or a point, every frame is refused."""

    def __init__(self, given: Given[OutlineOptions] = NOTHING_GIVEN) -> None:
        options = given.options
        self._asked, self._figures = given.asked, given.figures
        self._wanted = options.pointed()
        self._least_confidence = least_confidence(given.figures)

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame)

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: Followed | None) -> Concluded[Followed]:
        frame = prepared.frame
        wanted = self._wanted if frame.pointed is None else frame.pointed
        faults = prepared.faults or self._faults(frame, wanted)
        if faults or self._asked is None:
            return Concluded(refused(SPEC.name, frame, faults), memory)
        before = memory.targets if memory is not None and goes_on(memory, frame) else ()
        targets = pursued(self._asked, frame, wanted, before)
        return Concluded(self._finding(frame, targets), Followed.of(frame, targets))

    def _faults(self, frame: Frame, wanted: Sequence[Pointed]) -> tuple[str, ...]:
        if not wanted:
            return (NOTHING_POINTED_AT,)
        if self._asked is None:
            return ("there is no network to ask",)
        return beside_faults(wanted, frame.ultrasound) or speckle_only(frame.ultrasound.crop(frame.pixels))

    def _finding(self, frame: Frame, targets: Sequence[Target]) -> Finding:
        clear = {
            one.number: Shown.of(one.number, one.seen, frame)
            for one in targets
            if one.seen is not None and is_clear(one, self._least_confidence)
        }
        reasons = tuple(
            reason for one in targets for reason in said_of(one, f"structure {one.number}", self._least_confidence)
        )
        marks = marks_of(targets, clear, frame.spacing)
        if not clear:
            return refused(SPEC.name, frame, reasons, marks)
        measured: list[Measurement] = []
        for number, one in clear.items():
            if not one.sizes.whole:
                reasons += (f"structure {number} leaves the picture: its size is withheld",)
            measured += measurements_of(one.sizes, number, frame.spacing, self._figures)
            measured.append(echo_in(numbered("echo_intensity", number), frame, one.inside))
        reasons += () if frame.spacing else (missing_scale(frame),)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        notes = (told_of([one.pointed for one in targets]),)
        return finding_of(SPEC.name, frame, verdict, reasons, tuple(measured), marks, notes=notes)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A structure that is told."""

    outline: Outline
    inside: MaskMark
    sizes: OutlineSizes

    @classmethod
    def of(cls, number: int, outline: Outline, frame: Frame) -> Self:
        inside = filled_mark(f"structure {number}", number, outline.points)
        return cls(outline, inside, OutlineSizes.of(outline, frame.ultrasound, frame.spacing))


def goes_on(memory: Followed, frame: Frame) -> bool:
    """Whether a frame continues the last one, or is it once more."""
    if memory.shape != frame.pixels.shape or not same_scale(memory.spacing, frame.spacing):
        return False
    return frame.exposed_ns == memory.exposed_ns or soon_after(frame.exposed_ns, memory.exposed_ns)


def marks_of(targets: Sequence[Target], clear: Mapping[int, Shown], spacing: PixelSpacing | None) -> tuple[Mark, ...]:
    """Those that are clear, by number, filled and outlined; where the others were, dashed; the first one's axes."""
    marks: list[Mark] = []
    for one in targets:
        name, shown = f"structure {one.number}", clear.get(one.number)
        if shown is not None:
            marks += [shown.inside, closed_line(f"{name} border", shown.outline.points)]
        elif one.last is not None and one.twin_of is None:
            marks.append(closed_line(f"{name} was here", one.last.points))
    if spacing is not None and clear:
        sizes = next(iter(clear.values())).sizes
        marks += [along("long axis", sizes.long, spacing), along("short axis", sizes.short, spacing)]
    return tuple(marks)
