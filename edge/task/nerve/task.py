"""Peripheral nerves in a transverse view: border, cross-sectional area, axes, depth, distance to the nearest vessel.

Conventions: the area is that inside the bright rim; axes are those of the ellipse with the same second moments; depth
runs from the picture's upper edge to the nearest point of the nerve's border; the distance to a vessel is that between
the borders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.task.nerve.marks import marks_of
from edge.task.nerve.outlines import SIDE, Outline, full_scores, outlines_of
from edge.task.nerve.rim import inside_rim
from edge.task.nerve.sizes import measurements_of, median_notes, sizes_of
from edge.task.nerve.tracking import NerveTrack, chosen_first, doubts, followed, track_before, vote_faults, voted
from edge.task.nerve.view import cut_off, nerve_faults, others_said, size_faults, speckle_only
from edge.task.tensor import fitted_tensor
from edge.task.verdicts import finding_of
from edge.trust.picture import colour_faults, picture_faults
from edge.trust.probe import missing_scale, probe_faults

NO_FIGURES: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame shows."""

    nerves: tuple[Outline, ...]
    vessels: tuple[Outline, ...]


class NerveTask:
    """Reads the network's masks."""

    name = "nerve"
    model = "nerve"
    labels = ("nerve", "vessel")

    def __init__(self, figures: Mapping[str, float] = NO_FIGURES, *, mirrored: bool = False) -> None:
        """mirrored changes nothing: no side is named."""
        self._figures = figures
        self._least_confidence = figures.get("least_confidence", 0.65)

    def prepare(self, frame: Frame) -> NDArray[np.uint8]:
        return fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE)

    def conclude(self, frame: Frame, outputs: tuple[NDArray[np.float32], ...], history: Sequence[Finding]) -> Finding:
        before = track_before(history, frame)
        crop = frame.ultrasound.crop(frame.pixels)
        faults = probe_faults(frame.probe) or picture_faults(crop) or colour_faults(frame) or speckle_only(crop)
        look = Look((), ()) if faults else self.look(frame, outputs)
        nerves = chosen_first(look.nerves, before)
        faults = faults or nerve_faults(nerves, self._least_confidence)
        if faults:
            marks = marks_of(nerves, look.vessels, None, frame.spacing)
            return finding_of(
                NerveTask.name, frame, Verdict.REFUSED, faults, marks=marks, carried=followed(before, frame, None, ())
            )
        return self._measure(frame, nerves, look.vessels, before)

    def look(self, frame: Frame, outputs: tuple[NDArray[np.float32], ...]) -> Look:
        """What the network saw."""
        nerve, vessel = full_scores(outputs[0])
        cuts = self._figures.get("nerve_logit", 0.0), self._figures.get("vessel_logit", 0.0)
        nerves, vessels = (outlines_of(s, frame.ultrasound, cut) for s, cut in zip((nerve, vessel), cuts, strict=True))
        return Look(nerves, vessels)

    def _measure(
        self, frame: Frame, nerves: tuple[Outline, ...], vessels: tuple[Outline, ...], before: NerveTrack | None
    ) -> Finding:
        chosen = nerves[0]
        others = nerves[1:]
        inner = inside_rim(frame.pixels, chosen.points)
        whole = not cut_off(chosen.points, frame.ultrasound)
        sizes = sizes_of(chosen.points, inner, [one.points for one in vessels], frame.ultrasound, frame.spacing)
        measured = measurements_of(sizes, frame.spacing, self._figures, whole=whole)
        track = followed(before, frame, chosen, measured)
        marks = marks_of((chosen, *others), vessels, inner if whole else None, frame.spacing)
        area = next((one for one in measured if one.name == "cross_sectional_area"), None)
        if faults := size_faults(area) or vote_faults(track):
            return finding_of(NerveTask.name, frame, Verdict.REFUSED, faults, marks=marks, carried=track)
        told = voted(measured, track)
        reasons: tuple[str, ...] = () if whole else ("the nerve leaves the picture: its size is withheld",)
        reasons += others_said(chosen, others) + doubts(track)
        reasons += () if frame.spacing else (missing_scale(frame.probe),)
        notes = median_notes(next((one for one in told if one.name == "cross_sectional_area"), None))
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return finding_of(NerveTask.name, frame, verdict, reasons, told, marks, notes=notes, carried=track)
