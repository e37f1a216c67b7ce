"""From what was seen of one frame to what is told of it: level by the count, midline, depth; the panorama."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import Check, Finding, Mark, Measurement, Verdict
from edge.frame import Frame
from edge.task.contract import Concluded, finding_of, refused
from edge.task.measured import sized
from edge.task.spine.count import FROM_SACRUM, Count
from edge.task.spine.counting import counted
from edge.task.spine.following import Track, followed, tile_of, unseen
from edge.task.spine.levels import KINDS, NEEDLE, SEGMENTS
from edge.task.spine.panorama import Panorama, grown, mark_of
from edge.task.spine.returning import returned
from edge.task.spine.seen import SpineSeen
from edge.task.spine.spec import HEADS, PARAMEDIAN, SPEC, VIEWS, SpineOptions
from edge.task.spine.travel import Travelled
from edge.trust.interval import interval

LEAST_CONTACT: Final = 0.3
LEAST_CLEAR: Final = 0.5
LEAST_VIEW: Final = 0.35
"""Chance that the view is the one that was asked for; below, it is another."""
LEAST_SPACE: Final = 0.5
"""Chance of a space, below which no depth is told: behind bone nothing is seen."""
HALF_WIDTHS: Final = {"midline_offset": 3.0, "target_depth": 3.0}
"""In mm, where the manifest does not say them."""
USUAL_S: Final = 0.04
"""Between frames of a source without times."""
OF_PHANTOMS: Final = "levels were learned from simulated spines alone: no real spine was ever looked at"
NO_SCALE: Final = "no scale: a level is counted in mm; state it with --depth-mm or --mm-per-px"
NO_CONTACT: Final = "the probe does not touch the back under its middle: use more gel, or press it on"
NO_SPINE: Final = "no spine is seen: centre the probe over the midline, set the depth to about 80 mm"
OTHER_VIEW: Final = (
    "this looks like a {other} view, and a {asked} one is counted: turn the probe by a quarter, or state "
    "--plane {other}"
)
NEEDLE_NOTE: Final = "L3-L4 is under the probe"


@dataclass(frozen=True, slots=True, eq=False)
class SpineMemory:
    """What the next frame is judged by."""

    count: Count | None = None
    track: Track | None = None
    panorama: Panorama | None = None
    exposed_ns: int = 0
    sequence: int = -1


def told(
    frame: Frame,
    seen: SpineSeen | None,
    square: NDArray[np.uint8] | None,
    memory: SpineMemory | None,
    options: SpineOptions,
    figures: Mapping[str, float],
    marks: tuple[Mark, ...] = (),
) -> Concluded[SpineMemory]:
    """seen, square (SIDE, SIDE) as a network sees it: None without a scale; marks: of this frame."""
    if seen is None or square is None:
        return Concluded(refused(SPEC.name, frame, (NO_SCALE,), marks), memory)
    if memory is None or frame.exposed_ns < memory.exposed_ns or frame.sequence < memory.sequence:
        memory = SpineMemory(exposed_ns=frame.exposed_ns)
    faults = faults_of(seen, options)
    believed = replace(seen, clear=0.0) if faults else seen
    elapsed_s = (frame.exposed_ns - memory.exposed_ns) / 1e9 if frame.timed else USUAL_S
    track, travel = _way(memory, frame, seen, square, elapsed_s, options)
    count = counted(memory.count, believed, travel, elapsed_s)
    panorama = grown(memory.panorama, frame, believed, count, track, head_of(options))
    after = SpineMemory(count, track, panorama, frame.exposed_ns, frame.sequence)
    picture = mark_of(panorama, head_of(options))
    marks = (*marks, *(() if picture is None else (picture,)))
    if faults:
        return Concluded(replace(refused(SPEC.name, frame, faults, marks), checks=_checks(count)), after)
    return Concluded(_finding(frame, seen, count, figures, marks), after)


def _way(
    memory: SpineMemory,
    frame: Frame,
    seen: SpineSeen,
    square: NDArray[np.uint8],
    elapsed_s: float,
    options: SpineOptions,
) -> tuple[Track | None, Travelled]:
    """Since the last frame."""
    if seen.contact < LEAST_CONTACT:
        return unseen(memory.track, elapsed_s)
    head = head_of(options) if options.plane == PARAMEDIAN else 0
    tile = tile_of(square, along=head != 0)
    track, travel = followed(
        memory.track,
        tile,
        frame.exposed_ns,
        elapsed_s,
        head=head,
        motion=frame.probe.motion if frame.probe else None,
        contact=seen.contact,
        beam_mm=options.beam_height,
    )
    return returned(memory.track, track, travel, tile, seen.contact, head)


def head_of(options: SpineOptions) -> int:
    """1 where the head is to the right in the picture, or in the panorama of a transverse sweep; -1: to the left."""
    return -1 if options.head == HEADS[0] else 1


def missed(frame: Frame, faults: tuple[str, ...], memory: SpineMemory | None) -> Concluded[SpineMemory]:
    """A frame that the gate refused: for the count it is as if the probe were lifted."""
    if memory is not None and memory.count is not None:
        elapsed_s = (frame.exposed_ns - memory.exposed_ns) / 1e9 if frame.timed else USUAL_S
        blank = SpineSeen(np.full(len(KINDS), 1 / len(KINDS)), clear=0.0, contact=0.0, transverse=0.5)
        track, travel = unseen(memory.track, elapsed_s)
        count = counted(memory.count, blank, travel, max(0.0, elapsed_s))
        memory = SpineMemory(count, track, memory.panorama, frame.exposed_ns, frame.sequence)
    return Concluded(refused(SPEC.name, frame, faults), memory)


def faults_of(seen: SpineSeen, options: SpineOptions) -> tuple[str, ...]:
    """Why nothing of a frame may be told; empty: something may."""
    if seen.contact < LEAST_CONTACT:
        return (NO_CONTACT,)
    if seen.clear < LEAST_CLEAR:
        return (NO_SPINE,)
    asked = seen.transverse if options.plane == VIEWS[0] else 1 - seen.transverse
    if asked < LEAST_VIEW:
        other = VIEWS[1 - VIEWS.index(options.plane)]
        return (OTHER_VIEW.format(other=other, asked=options.plane),)
    return ()


def _finding(
    frame: Frame, seen: SpineSeen, count: Count, figures: Mapping[str, float], marks: tuple[Mark, ...]
) -> Finding:
    reasons = (*((count.why,) if count.segment is None else ()), *(() if frame.simulated else (OF_PHANTOMS,)))
    verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
    notes = (_shown(seen), FROM_SACRUM, *((NEEDLE_NOTE,) if count.segment == NEEDLE else ()))
    measured = _measurements(frame, seen, count, figures)
    finding = finding_of(SPEC.name, frame, verdict, reasons, measured, marks, notes=notes)
    return replace(finding, checks=_checks(count))


def _shown(seen: SpineSeen) -> str:
    kind = int(seen.chances.argmax())
    return f"under the probe: {KINDS[kind]}, {100 * seen.chances[kind]:.0f} %"


def _checks(count: Count) -> tuple[Check, ...]:
    return (
        Check("Level", "counted from the sacrum", count.started and not count.lost),
        Check("Level", "sure", count.segment is not None),
        Check("Level", SEGMENTS[NEEDLE], count.segment == NEEDLE),
    )


def _measurements(frame: Frame, seen: SpineSeen, count: Count, figures: Mapping[str, float]) -> tuple[Measurement, ...]:
    found, spacing = [], frame.spacing
    relative = spacing.relative_uncertainty if spacing else 0.0
    if count.segment is not None:
        name = SEGMENTS[count.segment]
        found.append(Measurement("level", count.segment, "level", count.low, count.high, named=name))
    if seen.midline_mm is not None:
        half = figures.get("half_width_midline_offset", HALF_WIDTHS["midline_offset"]) + relative * abs(seen.midline_mm)
        found.append(
            Measurement("midline_offset", seen.midline_mm, "mm", seen.midline_mm - half, seen.midline_mm + half)
        )
    if seen.target_mm is not None and seen.chances[2] >= LEAST_SPACE:
        half = figures.get("half_width_target_depth", HALF_WIDTHS["target_depth"])
        depth_mm = seen.target_mm - figures.get("offset_target_depth", 0.0)
        found.append(sized("target_depth", depth_mm, interval(depth_mm, half, relative), spacing))
    return tuple(found)
