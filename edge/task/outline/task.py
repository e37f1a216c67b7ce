"""Anything that is pointed at: outlined by one network, followed from frame to frame, measured, and given no name.

Conventions: axes are those of the ellipse with the same second moments; depth runs from the picture's upper edge to the
nearest point of the border; echo intensity is the mean grey level inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np

from edge.finding import Finding, Mark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing
from edge.image.rings import axes_of, polygon_area
from edge.pointed import Pointed
from edge.task.caliper import caliper
from edge.task.continuity import same_scale, soon_after
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.outline.spec import SPEC, OutlineOptions, numbered
from edge.task.outliner import Target, is_clear, least_confidence, pursued, said_of
from edge.task.outlines import closed_line, filled_mark
from edge.task.pointing import beside_faults, told_of
from edge.task.scores import Outline, cut_off
from edge.trust.faults import missing_scale, speckle_only
from edge.trust.interval import interval, interval_by_factor

NOTHING_GIVEN: Final = Given(OutlineOptions())
NOTHING_POINTED_AT: Final = "nothing is pointed at: give a point within the structure with --at x,y"
Z_90: Final = 1.645
GRAIN_PX: Final = 9
"""Pixels that one independent speckle covers."""


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
        clear = {one.number: one.seen for one in targets if is_clear(one, self._least_confidence) and one.seen}
        reasons = tuple(
            reason for one in targets for reason in said_of(one, f"structure {one.number}", self._least_confidence)
        )
        marks = marks_of(targets, clear, frame.spacing)
        if not clear:
            return refused(SPEC.name, frame, reasons, marks)
        measured: list[Measurement] = []
        for number, seen in clear.items():
            if cut_off(seen.points, frame.ultrasound):
                reasons += (f"structure {number} leaves the picture: its size is withheld",)
            measured += self._measured(number, seen, frame)
        reasons += () if frame.spacing else (missing_scale(frame),)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        notes = (told_of([one.pointed for one in targets]),)
        return finding_of(SPEC.name, frame, verdict, reasons, tuple(measured), marks, notes=notes)

    def _measured(self, number: int, outline: Outline, frame: Frame) -> list[Measurement]:
        """In mm, or in pixels where the scale is unknown."""
        spacing = frame.spacing
        unit = np.array([spacing.x_mm_per_px, spacing.y_mm_per_px]) if spacing else np.ones(2)
        relative = spacing.relative_uncertainty if spacing else 0.0
        ring = outline.points * unit
        long, short = axes_of(ring)
        depth = float((outline.points[:, 1].min() - frame.ultrasound.y + 0.5) * unit[1])
        border = self._figures.get("half_width_depth", 10.0) / 100 * long.length
        found = [_sized("depth_under_skin", number, depth, interval(depth, border, relative), spacing)]
        if not cut_off(outline.points, frame.ultrasound):
            of_area, of_axis = (self._figures.get(f"factor_{name}", 1.3) for name in ("area", "axis"))
            area = polygon_area(ring)
            reach = interval_by_factor(area, of_area, 2 * relative)
            found.insert(0, _sized("area", number, area, reach, spacing, "2"))
            for place, (name, axis) in enumerate((("long_axis", long), ("short_axis", short)), start=1):
                reach = interval_by_factor(axis.length, of_axis, relative)
                found.insert(place, _sized(name, number, axis.length, reach, spacing))
        return [*found, echo_of(number, outline, frame)]


def goes_on(memory: Followed, frame: Frame) -> bool:
    """Whether a frame continues the last one, or is it once more."""
    if memory.shape != frame.pixels.shape or not same_scale(memory.spacing, frame.spacing):
        return False
    return frame.exposed_ns == memory.exposed_ns or soon_after(frame.exposed_ns, memory.exposed_ns)


def marks_of(targets: Sequence[Target], clear: Mapping[int, Outline], spacing: PixelSpacing | None) -> tuple[Mark, ...]:
    """Those that are clear, by number, filled and outlined; where the others were, dashed; the first one's axes."""
    marks: list[Mark] = []
    for one in targets:
        name, seen = f"structure {one.number}", clear.get(one.number)
        if seen is not None:
            marks += [filled_mark(name, one.number, seen.points), closed_line(f"{name} border", seen.points)]
        elif one.last is not None and one.twin_of is None:
            marks.append(closed_line(f"{name} was here", one.last.points))
    if spacing is not None and clear:
        marks += _axes(next(iter(clear.values())), spacing)
    return tuple(marks)


def _axes(outline: Outline, spacing: PixelSpacing) -> list[Mark]:
    unit = np.array([spacing.x_mm_per_px, spacing.y_mm_per_px])
    marks: list[Mark] = []
    for name, axis in zip(("long axis", "short axis"), axes_of(outline.points * unit), strict=True):
        start, end = ((x / unit[0], y / unit[1]) for x, y in (axis.start, axis.end))
        marks.append(caliper(name, start, end, spacing))
    return marks


def echo_of(number: int, outline: Outline, frame: Frame) -> Measurement:
    """Mean grey level inside, with its 90 % interval by the speckle."""
    inside = filled_mark("", 1, outline.points)
    x, y = inside.origin
    height, width = inside.mask.shape
    top, left = max(0, y), max(0, x)
    part = frame.pixels[top : y + height, left : x + width]
    mask = inside.mask[top - y : top - y + part.shape[0], left - x : left - x + part.shape[1]]
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(part, mask=mask))
    error = Z_90 * deviation / max(1.0, (cv2.countNonZero(mask) / GRAIN_PX) ** 0.5)
    name = numbered("echo_intensity", number)
    return Measurement(name, mean, "grey level", max(0.0, mean - error), min(255.0, mean + error))


def _sized(
    name: str, number: int, value: float, reach: tuple[float, float], spacing: PixelSpacing | None, power: str = ""
) -> Measurement:
    named = numbered(name, number)
    if spacing is None:
        return Measurement(f"{named}_px", value, f"px{power}", *reach)
    return Measurement(named, value, f"mm{power}", *reach)
