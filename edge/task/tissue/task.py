"""Tissue in a region of interest: nerve, vessel, muscle or fascia, by a network, by a support vector machine and by
neighbours; and how bright it is.

The region is the user's box or polygon, or the window that the older methods are surest of. A region in which
no kind is probable is called unclear; its brightness is measured all the same.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, LineMark, Mark, MaskMark, Measurement, Verdict
from edge.frame import Frame
from edge.image.classifiers import risen
from edge.image.textures import texture_cells
from edge.image.windows import CELL_PX, tiled
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.measured import echo_of
from edge.task.tissue.classifiers import (
    TissueModel,
    read_tissue_model,
    region_features,
    textures_of,
    window_features,
)
from edge.task.tissue.echo import reference_in_use, white_faults, z_score
from edge.task.tissue.region import Placed, central, covered_by, patch_of, placed, placed_in, roi_faults
from edge.task.tissue.spec import INFILTRATED, JUDGED, KINDS, SPEC, Roi, TissueOptions
from edge.task.tissue.tracking import PHANTOM_ONLY, PatientVotes, patient_measurement, patient_note, votes_after

NOTHING_GIVEN: Final = Given(TissueOptions())
WINDOWS: Final = ((8, 16, 4), (12, 24, 6), (12, 12, 6))
"""(height, width, step) in cells, among which a region is proposed."""
BLOCK_PX: Final = 2 * CELL_PX
"""All of these are of whole blocks."""
LOOKED_FOR: Final = ("nerve", "muscle", "fascia")
"""What a region is proposed for: shadows look like vessels."""
LEAST_PROBABILITY: Final = 0.5
SURE: Final = 0.8
"""Probability from which a region is told that the task itself proposed."""
Opinion = NDArray[np.float64]
"""(JUDGED,) probabilities."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one frame shows before the network."""

    roi: Roi
    place: Placed
    features: NDArray[np.float32] | None
    """(chosen,) that the model asks for; None where there is none, or the region is at fault."""
    faults: tuple[str, ...]
    """What is wrong with the region."""


class TissueTask:
    """The network speaks first; support vector machine and neighbours are further opinions on the same region."""

    first: ClassVar[str] = "network"
    """The method that decides."""

    def __init__(self, given: Given[TissueOptions] = NOTHING_GIVEN) -> None:
        """Without arrays the network stands alone. Raises ModelError for arrays that are not this model's."""
        figures, options = given.figures, given.options
        self._figures, self._roi, self._reference = figures, options.roi, reference_in_use(options)
        self._model = read_tissue_model(next(iter(given.arrays.values())), JUDGED) if given.arrays else None
        self._slopes = np.array([figures.get(f"slope_{kind}", -1.0) for kind in JUDGED], np.float32)
        self._offsets = np.array([figures.get(f"offset_{kind}", 0.0) for kind in JUDGED], np.float32)

    def prepare(self, frame: Frame) -> Prepared[Seen]:
        seen = self.see(frame, self._roi)
        return Prepared(frame, None if seen.faults else patch_of(seen.place), seen)

    def see(self, frame: Frame, asked: Roi | None) -> Seen:
        """The region in the frame. asked: None: one is proposed."""
        region = frame.ultrasound
        place, features = placed(frame, roi := asked or central(region)), None
        if asked is None and self._model is not None and place.inside.any():
            proposed = propose(frame, place, self._model)
            if proposed is not None:
                roi, features = proposed
                place = placed_in(place.working, roi, region)
        faults = roi_faults(region, roi, place)
        if faults or self._model is None:
            return Seen(roi, place, None, faults)
        if features is None:
            features = region_features(place.working.pixels, place.inside, self._model.features)
        return Seen(roi, place, features, faults)

    def conclude(
        self, prepared: Prepared[Seen], outputs: Outputs, memory: PatientVotes | None
    ) -> Concluded[PatientVotes]:
        frame, seen = prepared.frame, prepared.seen
        if prepared.faults or seen is None:
            marks = (_outline(self._roi),) if self._roi else ()
            votes = votes_after(memory, frame, None)
            return Concluded(refused(SPEC.name, frame, prepared.faults, marks), votes)
        faults = seen.faults
        opinions = {} if faults else self.opinions(outputs, seen)
        decided = opinions.get(self.first)
        kind = kind_of(decided) if decided is not None else ""
        if not faults and self._roi is None and not certain(opinions, kind):
            faults += ("no tissue is recognised for certain: set a region of interest with --roi",)
        if decided is None and not faults:
            faults += ("nothing can judge the region: there is neither a network nor a model",)
        counts = decided is not None and kind == "muscle" and not faults
        votes = votes_after(memory, frame, float(decided[-1]) if decided is not None and counts else None)
        if faults or decided is None:
            return Concluded(refused(SPEC.name, frame, faults, (_outline(seen.roi),)), votes)
        return Concluded(self._measure(frame, seen, opinions, kind, votes), votes)

    def opinions(self, outputs: Outputs, seen: Seen) -> dict[str, Opinion]:
        """What each method says, the first one first."""
        found: dict[str, Opinion] = {}
        if self.first == "network":
            logits = outputs[0].reshape(-1)[: len(JUDGED)]
            found["network"] = at_most_one(risen(logits, self._slopes, self._offsets))
        if self._model is not None and seen.features is not None:
            distances = self._model.distances(self._model.scaled(seen.features[None]))
            found["svm"] = at_most_one(self._model.by_machine(distances)[0])
            found["neighbours"] = at_most_one(self._model.by_neighbours(distances)[0])
        return found

    def _measure(
        self, frame: Frame, seen: Seen, opinions: dict[str, Opinion], kind: str, votes: PatientVotes
    ) -> Finding:
        region = frame.ultrasound
        covered = covered_by(seen.roi, region)
        grey = covered.of(region.crop(frame.pixels))
        echo = echo_of("echo_intensity", grey)
        missing = self._reference.missing(kind, frame.probe)
        measured = [*self._probabilities(opinions, kind), echo]
        if not missing and self._reference.reference is not None:
            measured.append(z_score(echo, self._reference.reference))
        frozen = ("the picture is frozen: no further picture confirms it",) if votes.frozen else ()
        reasons = (*doubts(opinions, self.first, kind), *white_faults(grey), *frozen)
        notes: tuple[str, ...] = (missing,) if missing else ()
        if kind == "muscle":
            measured += patient_measurement(votes, self._half_width(self.first))
            notes += (PHANTOM_ONLY, *patient_note(votes)) if frame.simulated else ()
        marks: tuple[Mark, ...] = (_outline(seen.roi),)
        if kind:
            marks = (MaskMark(kind, KINDS.index(kind) + 1, covered.mask, (region.x, region.y)), *marks)
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return finding_of(SPEC.name, frame, verdict, reasons, tuple(measured), marks, notes=notes)

    def _probabilities(self, opinions: dict[str, Opinion], kind: str) -> list[Measurement]:
        """Those of the kind by each method, those of all kinds by the first; of infiltration only in muscle."""
        shown = [self._percent(f"{kind}_by_{m}", p[KINDS.index(kind)], m) for m, p in opinions.items() if kind]
        if kind == "muscle":
            for method, opinion in opinions.items():
                by = "" if method == self.first else f"_by_{method}"
                shown.append(self._percent(f"{INFILTRATED}{by}_phantom_only", opinion[-1], method))
        each = zip(KINDS, opinions[self.first], strict=False)
        return shown + [self._percent(f"chance_{one}", p, self.first) for one, p in each]

    def _half_width(self, method: str) -> float:
        return self._figures.get(f"half_width_{method}", 10.0)

    def _percent(self, name: str, probability: float, method: str) -> Measurement:
        half, value = self._half_width(method), 100 * float(probability)
        return Measurement(name, value, "%", max(0.0, value - half), min(100.0, value + half))


class ClassicalTissueTask(TissueTask):
    """The same without the network: the support vector machine speaks first."""

    first: ClassVar[str] = "svm"

    def prepare(self, frame: Frame) -> Prepared[Seen]:
        return Prepared(frame, seen=self.see(frame, self._roi))


def propose(frame: Frame, place: Placed, model: TissueModel) -> tuple[Roi, NDArray[np.float32]] | None:
    """The window whose kind the two older methods are surest of, and its features (chosen,); None in a picture without
    room for one."""
    pixels = place.working.pixels
    windows = tiled(pixels.shape[0] // CELL_PX, pixels.shape[1] // CELL_PX, WINDOWS)
    if not len(windows):
        return None
    cells = texture_cells(pixels, textures_of(model.features), cell_px=BLOCK_PX)
    features = window_features(pixels, cells, windows, model.features)
    best = surest(model, model.distances(model.scaled(features)))
    top, left, bottom, right = (
        float(side[best]) * CELL_PX / place.working.px_per_px
        for side in (windows.top, windows.left, windows.bottom, windows.right)
    )
    region = frame.ultrasound
    return Roi.box(region.x + left, region.y + top, right - left, bottom - top), features[best]


def surest(model: TissueModel, distances: NDArray[np.float32]) -> int:
    """Which of some windows, by their distances (n, m) from the model's examples, the machines and the neighbours are
    together surest of. Neighbours are asked only where they could still make it the surest."""
    kinds = [KINDS.index(kind) for kind in LOOKED_FOR]
    machine = model.by_machine(distances)[:, kinds]
    highest = machine.max(axis=1)
    first = int(highest.argmax())
    least = (machine[first] * model.by_neighbours(distances[first : first + 1])[0, kinds]).max()
    open_still = np.flatnonzero(highest * model.most_by_neighbours >= least)
    both = machine[open_still] * model.by_neighbours(distances[open_still])[:, kinds]
    return int(open_still[both.max(axis=1).argmax()])


def at_most_one(probability: NDArray[np.floating]) -> Opinion:
    """Kinds exclude each other; what they leave is none of them."""
    found = np.asarray(probability, np.float64).copy()
    found[: len(KINDS)] /= max(1.0, float(found[: len(KINDS)].sum()))
    return found


def kind_of(opinion: Opinion) -> str:
    """The most probable kind; empty where none is probable."""
    best = int(opinion[: len(KINDS)].argmax())
    return KINDS[best] if opinion[best] >= LEAST_PROBABILITY else ""


def certain(opinions: dict[str, Opinion], kind: str) -> bool:
    """Whether all methods agree and the first is sure: what nobody asked about must be worth telling."""
    first = next(iter(opinions.values()))
    return all(kind_of(one) == kind != "" for one in opinions.values()) and first[: len(KINDS)].max() >= SURE


def doubts(opinions: dict[str, Opinion], first: str, kind: str) -> tuple[str, ...]:
    """What the other methods say against it."""
    if not kind:
        best = int(opinions[first][: len(KINDS)].argmax())
        likely = f"most likely {KINDS[best]}, {100 * opinions[first][best]:.0f} %"
        return (f"the tissue is unclear ({likely}): set the region within one tissue",)
    against = {name: kind_of(one) for name, one in opinions.items() if kind_of(one) not in ("", kind)}
    words = {
        "svm": "the support vector machine says",
        "neighbours": "the nearest known regions say",
        "network": "the network says",
    }
    return tuple(
        f"{words[name]} {other} ({100 * opinions[name][KINDS.index(other)]:.0f} %)" for name, other in against.items()
    )


def _outline(roi: Roi) -> LineMark:
    ring = np.array((*roi.corners, roi.corners[0]), np.float32)
    return LineMark("region of interest", ring)
