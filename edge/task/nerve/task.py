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
from edge.option import NoOptions
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.nerve.marks import marks_of
from edge.task.nerve.outlines import SIDE, Outline, outlines_of
from edge.task.nerve.rim import inside_rim
from edge.task.nerve.sizes import measurements_of, sizes_of
from edge.task.nerve.spec import SPEC
from edge.task.nerve.tracking import NerveTrack, chosen_first, doubts, followed, track_before, vote_faults, voted
from edge.task.nerve.view import cut_off, nerve_faults, others_said, speckle_only
from edge.task.tensor import fitted_tensor
from edge.trust.faults import missing_scale

NOTHING_GIVEN: Final = Given(NoOptions())


@dataclass(frozen=True, slots=True)
class NerveOutlines:
    """What the network sees in one frame."""

    nerves: tuple[Outline, ...]
    vessels: tuple[Outline, ...]


class NerveTask:
    """Reads the network's masks."""

    def __init__(self, given: Given[NoOptions] = NOTHING_GIVEN) -> None:
        self._figures = given.figures
        self._least_confidence = given.figures.get("least_confidence", 0.65)

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame, fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE))

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: NerveTrack | None) -> Concluded[NerveTrack]:
        frame = prepared.frame
        before = track_before(memory, frame)
        faults = prepared.faults or speckle_only(frame.ultrasound.crop(frame.pixels))
        seen = NerveOutlines((), ()) if faults else self.look(frame, outputs)
        nerves = chosen_first(seen.nerves, before)
        faults = faults or nerve_faults(nerves, self._least_confidence)
        if faults:
            marks = marks_of(nerves, seen.vessels, frame.spacing)
            return Concluded(
                refused(SPEC.name, frame, faults, marks), followed(before, frame, prepared.tensor, None, ())
            )
        return self._measure(prepared, nerves, seen.vessels, before)

    def look(self, frame: Frame, outputs: Outputs) -> NerveOutlines:
        """What the network saw."""
        each = np.split(outputs[0][0], len(SPEC.labels))
        cuts = self._figures.get("nerve_logit", 0.0), self._figures.get("vessel_logit", 0.0)
        nerves, vessels = (outlines_of(cells, frame.ultrasound, cut) for cells, cut in zip(each, cuts, strict=True))
        return NerveOutlines(nerves, vessels)

    def _measure(
        self,
        prepared: Prepared[None],
        nerves: tuple[Outline, ...],
        vessels: tuple[Outline, ...],
        before: NerveTrack | None,
    ) -> Concluded[NerveTrack]:
        frame, chosen, others = prepared.frame, nerves[0], nerves[1:]
        inner = inside_rim(frame.pixels, chosen.points)
        whole = not cut_off(chosen.points, frame.ultrasound)
        sizes = sizes_of(chosen.points, inner, [one.points for one in vessels], frame.ultrasound, frame.spacing)
        measured = measurements_of(sizes, frame.spacing, self._figures, whole=whole)
        track = followed(before, frame, prepared.tensor, chosen, measured)
        marks = marks_of((chosen, *others), vessels, frame.spacing, (inner, sizes) if whole else None)
        if faults := vote_faults(track):
            return Concluded(refused(SPEC.name, frame, faults, marks), track)
        told = voted(measured, track)
        reasons: tuple[str, ...] = () if whole else ("the nerve leaves the picture: its size is withheld",)
        reasons += others_said(chosen, others) + doubts(track)
        reasons += () if frame.spacing else (missing_scale(frame),)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return Concluded(finding_of(SPEC.name, frame, verdict, reasons, told, marks), track)
