"""Peripheral nerves in a transverse view: border, cross-sectional area, axes, depth, distance to the nearest vessel.

Nobody pointed: a nerve is measured where the network that knows nerves and the one that outlines what it is pointed at
draw the same border; else what may be one is proposed.

Conventions: the area is that inside the bright rim; axes are those of the ellipse with the same second moments; depth
runs from the picture's upper edge to the nearest point of the nerve's border; the distance to a vessel is that between
the borders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from edge.finding import Mark, Verdict
from edge.frame import Frame
from edge.pointed import Pointed
from edge.task.continuity import Thumbnail
from edge.task.contract import Asked, Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.nerve.marks import marks_of, proposals_of
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
from edge.task.nerve.view import DENIED, agreed_for, nerve_faults, others_said
from edge.task.outliner import SAME, is_clear, least_confidence, overlap, pursued, said_of
from edge.task.pointing import beside_faults, told_of
from edge.task.scores import SIDE, Outline, cut_off, outlines_of
from edge.task.tensor import Fit, fitted_tensor
from edge.trust.faults import missing_scale, speckle_only

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
        self._least_agreement = given.figures.get("least_agreement", 0.4)
        self._asked = given.asked
        self._wanted = given.options.pointed()

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame, fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE))

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: NerveTrack | None) -> Concluded[NerveTrack]:
        frame = prepared.frame
        before, thumbnail = track_before(memory, frame), thumbnail_of_square(frame, prepared.tensor)
        faults = prepared.faults or speckle_only(frame.ultrasound.crop(frame.pixels))
        seen = NerveOutlines((), ()) if faults else self.look(frame, outputs)
        wanted = self._wanted if frame.pointed is None else frame.pointed
        if wanted and self._asked is not None:
            return self._pointed(self._asked, frame, wanted, thumbnail, seen.vessels, before, faults)
        nerves = chosen_first(seen.nerves, before)
        faults = faults or nerve_faults(nerves, self._least_confidence)
        agreed = None
        if not faults and self._asked is not None:
            agreed = agreed_for(self._asked, frame, nerves[0], before, self._least_agreement)
            faults = (DENIED,) if agreed is None else ()
        if faults:
            return self._refused(frame, thumbnail, faults, proposals_of(nerves, seen.vessels), before)
        told = self._measure(frame, thumbnail, nerves, seen.vessels, before, others_said(nerves[0], nerves[1:]))
        return _remembering(told, agreed=agreed)

    def _pointed(
        self,
        asked: Asked,
        frame: Frame,
        wanted: Sequence[Pointed],
        thumbnail: Thumbnail,
        vessels: tuple[Outline, ...],
        before: NerveTrack | None,
        faults: tuple[str, ...],
    ) -> Concluded[NerveTrack]:
        """The nerves that a person pointed at: the first that is seen is measured."""
        faults = faults or beside_faults(wanted, frame.ultrasound)
        kept = before.targets if before else ()
        targets = kept if faults else pursued(asked, frame, wanted, kept)
        least = least_confidence(asked.figures)
        nerves = tuple(one.seen for one in targets if one.seen is not None and is_clear(one, least))
        # What a person calls a nerve is no vessel.
        vessels = tuple(one for one in vessels if all(overlap(one.points, each.points) < SAME for each in nerves))
        said = tuple(reason for one in targets for reason in said_of(one, f"nerve {one.number}", least))
        if faults or not nerves:
            marks = marks_of(nerves, vessels, frame.spacing)
            told = self._refused(frame, thumbnail, faults or said, marks, before)
        else:
            told = self._measure(frame, thumbnail, nerves, vessels, before, said, (told_of(wanted),), of_nerves(asked))
        return _remembering(told, targets=targets)

    def _refused(
        self,
        frame: Frame,
        thumbnail: Thumbnail,
        faults: tuple[str, ...],
        marks: tuple[Mark, ...],
        before: NerveTrack | None,
    ) -> Concluded[NerveTrack]:
        return Concluded(refused(SPEC.name, frame, faults, marks), followed(before, frame, thumbnail, None))

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
        said: tuple[str, ...],
        notes: tuple[str, ...] = (),
        figures: Mapping[str, float] | None = None,
    ) -> Concluded[NerveTrack]:
        """said: what limits it, beside what its own track tells. figures: of its intervals; None: the model's own."""
        chosen, others = nerves[0], nerves[1:]
        carried = rim_to_carry(before, thumbnail, chosen, self._rim_every)
        rim = carried.carried(chosen.points) if carried else inside_rim(frame.pixels, chosen.points)
        whole = not cut_off(chosen.points, frame.ultrasound)
        sizes = sizes_of(chosen.points, rim.edge, [one.points for one in vessels], frame.ultrasound, frame.spacing)
        measured = measurements_of(sizes, frame.spacing, figures or self._figures, whole=whole)
        sighting = Sighting.of(chosen, measured, rim, traced=carried is None)
        track = followed(before, frame, thumbnail, sighting)
        marks = marks_of((chosen, *others), vessels, frame.spacing, (rim.edge, sizes) if whole else None)
        if faults := vote_faults(track):
            return Concluded(refused(SPEC.name, frame, faults, marks), track)
        told = voted(measured, track)
        reasons: tuple[str, ...] = () if whole else ("the nerve leaves the picture: its size is withheld",)
        reasons += said + doubts(track, self._rim_every)
        reasons += () if frame.spacing else (missing_scale(frame),)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return Concluded(finding_of(SPEC.name, frame, verdict, reasons, told, marks, notes=notes), track)


def _remembering(told: Concluded[NerveTrack], **changes: Any) -> Concluded[NerveTrack]:
    return replace(told, memory=replace(told.memory, **changes)) if told.memory else told


def of_nerves(asked: Asked) -> dict[str, float]:
    """The figures of intervals that the network's answers about nerves have: tighter than where nobody pointed."""
    return {name.removesuffix("_nerve"): value for name, value in asked.figures.items() if name.endswith("_nerve")}
