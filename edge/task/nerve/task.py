"""Peripheral nerves in a transverse view: border, cross-sectional area, axes, depth, distance to the nearest vessel.

Conventions: the area is that inside the bright rim; axes are those of the ellipse with the same second moments; depth
runs from the picture's upper edge to the nearest point of the nerve's border; the distance to a vessel is that between
the borders.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.finding import Verdict
from edge.frame import Frame
from edge.task.continuity import Thumbnail
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.nerve.marks import marks_of
from edge.task.nerve.rim import inside_rim
from edge.task.nerve.sizes import measurements_of, sizes_of
from edge.task.nerve.spec import SPEC, NerveOptions
from edge.task.nerve.tracking import (
    NerveTrack,
    Sighting,
    chosen_first,
    doubts,
    followed,
    rim_to_carry,
    thumbnail_of_square,
    track_before,
    vote_faults,
    voted,
)
from edge.task.nerve.view import nerve_faults, others_said, speckle_only
from edge.task.scores import SIDE, Outline, cut_off, outlines_of
from edge.task.tensor import Fit, fitted_tensor
from edge.trust.faults import missing_scale

NOTHING_GIVEN: Final = Given(NerveOptions())


@dataclass(frozen=True, slots=True)
class NerveOutlines:
    """What the network sees in one frame."""

    nerves: tuple[Outline, ...]
    vessels: tuple[Outline, ...]


class NerveTask:
    """Reads the network's masks."""

    def __init__(self, given: Given[NerveOptions] = NOTHING_GIVEN) -> None:
        self._figures, self._rim_every = given.figures, given.options.rim_every
        self._least_confidence = given.figures.get("least_confidence", 0.65)

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame, fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE))

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: NerveTrack | None) -> Concluded[NerveTrack]:
        frame = prepared.frame
        before, thumbnail = track_before(memory, frame), thumbnail_of_square(frame, prepared.tensor)
        faults = prepared.faults or speckle_only(frame.ultrasound.crop(frame.pixels))
        seen = NerveOutlines((), ()) if faults else self.look(frame, outputs)
        nerves = chosen_first(seen.nerves, before)
        faults = faults or nerve_faults(nerves, self._least_confidence)
        if faults:
            marks = marks_of(nerves, seen.vessels, frame.spacing)
            return Concluded(refused(SPEC.name, frame, faults, marks), followed(before, frame, thumbnail, None))
        return self._measure(frame, thumbnail, nerves, seen.vessels, before)

    def look(self, frame: Frame, outputs: Outputs) -> NerveOutlines:
        """What the network saw."""
        each = np.split(outputs[0][0], len(SPEC.labels))
        cuts = self._figures.get("nerve_logit", 0.0), self._figures.get("vessel_logit", 0.0)
        region = frame.ultrasound
        fit = Fit.of_region(region, SIDE)
        nerves, vessels = (outlines_of(cells, fit, region, cut) for cells, cut in zip(each, cuts, strict=True))
        return NerveOutlines(nerves, vessels)

    def _measure(
        self,
        frame: Frame,
        thumbnail: Thumbnail,
        nerves: tuple[Outline, ...],
        vessels: tuple[Outline, ...],
        before: NerveTrack | None,
    ) -> Concluded[NerveTrack]:
        chosen, others = nerves[0], nerves[1:]
        carried = rim_to_carry(before, thumbnail, chosen, self._rim_every)
        rim = carried.carried(chosen.points) if carried else inside_rim(frame.pixels, chosen.points)
        whole = not cut_off(chosen.points, frame.ultrasound)
        sizes = sizes_of(chosen.points, rim.edge, [one.points for one in vessels], frame.ultrasound, frame.spacing)
        measured = measurements_of(sizes, frame.spacing, self._figures, whole=whole)
        sighting = Sighting.of(chosen, measured, rim, traced=carried is None)
        track = followed(before, frame, thumbnail, sighting)
        marks = marks_of((chosen, *others), vessels, frame.spacing, (rim.edge, sizes) if whole else None)
        if faults := vote_faults(track):
            return Concluded(refused(SPEC.name, frame, faults, marks), track)
        told = voted(measured, track)
        reasons: tuple[str, ...] = () if whole else ("the nerve leaves the picture: its size is withheld",)
        reasons += others_said(chosen, others) + doubts(track, self._rim_every)
        reasons += () if frame.spacing else (missing_scale(frame),)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return Concluded(finding_of(SPEC.name, frame, verdict, reasons, told, marks), track)
