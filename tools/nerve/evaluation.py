"""How the nerve task reads the real pictures that people drew on, and pictures without a nerve; used by `python -m
tools.evaluate nerve`. The second look is the shipped outline model's: train and measure that one first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.finding import Finding, LineMark, MaskMark
from edge.frame import Frame
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number, load_manifest
from edge.runtime.opening import open_runtime
from edge.screen.region.ultrasound import find_region
from edge.sink.pictures import label_mask
from edge.task.contract import Asked, Given
from edge.task.gate import admitted
from edge.task.nerve.spec import SPEC, NerveOptions
from edge.task.nerve.task import NerveTask
from edge.task.nerve.tracking import chosen_first
from edge.task.nerve.view import second_look
from edge.task.outlines import filled
from edge.task.scores import SIDE, full_scores
from edge.task.tensor import Fit
from tools.lesson import MODELS, Evaluated
from tools.masks import dice, interval_figures
from tools.muscle import dl_track
from tools.nerve.imitated_scanners import IMITATIONS, PLAIN, imitated
from tools.nerve.usgra_seg import FOLDER, UsgraPicture, split

Scores = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""The network's output for a tensor."""
Mask = NDArray[np.uint8]
CUTS: Final = (-1.5, -1.0, -0.5, 0.0, 0.5)
ABOUT_AS_GOOD: Final = 0.01
"""Dice by which two cuts may differ; then that counts which draws areas without bias."""
LEAST: Final = tuple(round(0.4 + 0.01 * step, 2) for step in range(58))
AGREEMENTS: Final = tuple(round(0.05 * step, 2) for step in range(15))
RIGHT_SHARE: Final = 0.9
"""Of the measured nerves, those that are to be the ones drawn."""
KEPT_SHARE: Final = 0.92
"""Of the nerves that are found rightly, those that the second look is to confirm. It costs few of them, and refuses
most that are none in pictures of another kind."""
MISSED: Final = 0.1
"""A nerve of which no more than this share is marked was missed altogether."""
SMALL_PX: Final = 150
"""Drawn pieces with fewer pixels are slips of the pen."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What was read on one picture, beside the truth; masks (height, width) of the file, 0 or 1."""

    drawing: UsgraPicture
    finding: Finding
    scores: NDArray[np.float32]
    """(2, height, width) of the file."""
    confidence: float
    """Of the nerve that is measured; 0: there is none."""
    agreement: float
    """Of the second look with it."""

    def mask(self, label: int) -> Mask:
        """What the task marked; of nerves what it proposed, where it refused."""
        name, shape = SPEC.labels[label], self.drawing.file.shape
        if label == 0 and (proposed := self._proposed()):
            return filled(shape, *proposed)
        marks = tuple(mark for mark in self.finding.marks if isinstance(mark, MaskMark) and mark.name == name)
        return (label_mask(shape, marks) > 0).astype(np.uint8)

    def _proposed(self) -> list[NDArray[np.float32]]:
        """The rings of what may be nerves, the likeliest first; empty where a nerve is measured."""
        lines = (mark for mark in self.finding.marks if isinstance(mark, LineMark))
        return [mark.points for mark in lines if mark.name.startswith("proposal")]

    def truth(self, label: int) -> Mask:
        return ((self.drawing.nerve, self.drawing.vessel)[label] > 0).astype(np.uint8)

    def measured(self) -> Mask | None:
        """The nerve that is measured, or would be, alone."""
        lines = {mark.name: mark.points for mark in self.finding.marks if isinstance(mark, LineMark)}
        rings = [*self._proposed(), *([lines["nerve border"]] if "nerve border" in lines else [])]
        return filled(self.drawing.file.shape, rings[0]) if rings else None

    def right(self) -> bool:
        """Whether the measured nerve is a drawn one, by half or more."""
        mask = self.measured()
        return mask is not None and max((dice(mask, piece) for piece in ordered(self)), default=0.0) >= 0.5

    def dice(self, label: int) -> float:
        return dice(self.mask(label), self.truth(label))

    def dice_at(self, label: int, cut: float) -> float:
        """Of the bare scores."""
        return dice((self.scores[label] > cut).astype(np.uint8), self.truth(label))


def read_all(
    task: NerveTask, scores: Scores, drawings: Sequence[UsgraPicture], title: str, imitation: str = PLAIN
) -> tuple[Read, ...]:
    return tuple(read(task, scores, imitated(one, imitation)) for one in track(drawings, description=title))


def read(task: NerveTask, scores: Scores, drawing: UsgraPicture) -> Read:
    """One picture through the task, alone."""
    frame = Frame(drawing.file, 0, 0, drawing.name, region=drawing.region)
    tensor = task.prepare(frame).tensor
    assert tensor is not None
    outputs = (scores(tensor),)
    nerves = chosen_first(task.look(frame, outputs).nerves, None)
    confidence = nerves[0].confidence if nerves else 0.0
    agreement = second_look(the_other(), frame, nerves[0]) if nerves else 0.0
    finding = task.conclude(admitted(frame, SPEC.gate, task), outputs, None).finding
    return Read(drawing, finding, on_file(full_scores(outputs[0][0]), drawing), confidence, agreement)


def on_file(square: NDArray[np.float32], drawing: UsgraPicture) -> NDArray[np.float32]:
    """Scores (classes, SIDE, SIDE) brought to the file's pixels; -10 beside the ultrasound."""
    region, full = drawing.region, np.full((len(square), *drawing.file.shape), -10, np.float32)
    fit = Fit.of(region.height, region.width, SIDE)
    for plane, target in zip(square, full, strict=True):
        region.crop(target)[:] = cv2.warpAffine(
            plane, fit.matrix, (region.width, region.height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
    return full


def pieces(mask: Mask) -> Iterator[Mask]:
    """Each drawn nerve on its own."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= SMALL_PX:
            yield (labels == label).astype(np.uint8)


def missed(reads: Sequence[Read]) -> tuple[float, float]:
    """Shares of all nerves, and of the pictures' largest ones, of which next to nothing is marked."""
    found = [[np.mean(read.mask(0)[piece > 0]) for piece in ordered(read)] for read in reads]
    everyone = np.array([share for shares in found for share in shares])
    return float(np.mean(everyone < MISSED)), float(np.mean([shares[0] < MISSED for shares in found]))


def ordered(read: Read) -> list[Mask]:
    """The drawn nerves, the largest first."""
    return sorted(pieces(read.truth(0)), key=lambda piece: -int(piece.sum()))


def found_nerves(reads: Sequence[Read]) -> Iterator[tuple[Mask, Mask]]:
    """Each measured nerve that is a drawn one by half or more, and that drawn one. With the rim, as it was drawn."""
    for one in reads:
        mask = one.measured()
        if mask is not None and one.finding.measurement("outer_area_px") is not None and one.right():
            yield mask, max(ordered(one), key=lambda piece: int((piece & mask).sum()))


def area_errors(reads: Sequence[Read]) -> NDArray[np.float64]:
    """Of the areas measured, as shares of those drawn."""
    return np.array([float(mask.sum()) / float(truth.sum()) - 1 for mask, truth in found_nerves(reads)])


def best_cut(reads: Sequence[Read], label: int) -> float:
    """The log odds of `CUTS` with unbiased areas, among those with about the best Dice."""
    shown = [one for one in reads if one.truth(label).any()]
    dices = {cut: float(np.mean([one.dice_at(label, cut) for one in shown])) for cut in CUTS}
    good = [cut for cut in CUTS if dices[cut] >= max(dices.values()) - ABOUT_AS_GOOD]
    return min(good, key=lambda cut: abs(_bias_at(shown, label, cut)))


def _bias_at(reads: Sequence[Read], label: int, cut: float) -> float:
    """Median error of the marked area as a share of the drawn one, where both are mostly the same."""
    sizes = [
        float(np.count_nonzero(one.scores[label] > cut)) / float(one.truth(label).sum()) - 1
        for one in reads
        if one.dice_at(label, cut) >= 0.5
    ]
    return float(np.median(sizes)) if sizes else 1.0


def least_confidence(reads: Sequence[Read]) -> float:
    """The lowest of LEAST from which the measured nerve is right often enough; where none is, the one that does best
    without refusing more than half."""

    def right(least: float) -> float:
        kept = [one.right() for one in reads if one.confidence >= least]
        return float(np.mean(kept)) if 2 * len(kept) >= len(reads) else 0.0

    good = [least for least in LEAST if right(least) >= RIGHT_SHARE]
    return good[0] if good else max(LEAST, key=right)


def least_agreement(reads: Sequence[Read]) -> float:
    """The highest of AGREEMENTS that confirms nearly all that is told rightly."""
    right = np.array([one.agreement for one in reads if one.right()])
    return max(least for least in AGREEMENTS if float(np.mean(right >= least)) >= KEPT_SHARE)


def calibrate(runtime: Runtime) -> list[Number]:
    """Where borders are drawn, by the validation pictures; least confidence and half-widths in percent by the same in
    all imitations, since the scanner to come is another one."""
    scores, drawings = scores_of(runtime), split("validation")
    reads = read_all(NerveTask(), scores, drawings, "validation")
    figures = {f"{name}_logit": best_cut(reads, label) for label, name in enumerate(SPEC.labels)}
    # What is measured does not depend on the least confidence, only whether it is told.
    task = task_of(figures | {"least_confidence": LEAST[0], "least_agreement": 0.0})
    reads = tuple(one for name in IMITATIONS for one in read_all(task, scores, drawings, f"validation, {name}", name))
    figures["least_agreement"] = least_agreement(reads)
    told = [one for one in reads if one.agreement >= figures["least_agreement"]]
    figures["least_confidence"] = least_confidence(told)
    told = [one for one in told if one.confidence >= figures["least_confidence"]]
    note = f"{len(drawings)} real pictures kept back, in {len(IMITATIONS)} looks"
    found = [Number(name=name, value=value, unit="", note=note) for name, value in figures.items()]
    for name, value in interval_figures(found_nerves(told)).items():
        found.append(Number(name=name, value=round(value, 2), unit="%" if "half" in name else "", note=note))
    return found


def figures_of(reads: Sequence[Read], name: str) -> list[Number]:
    """Dice of both classes, nerves missed, area error, verdicts. name: said of the pictures."""
    note = f"{len(reads)} pictures, {name}"
    nerve, vessel = ([one.dice(k) for one in reads if one.truth(k).any()] for k in range(2))
    everyone, largest = missed(reads)
    errors = area_errors(reads)
    told = [one for one in reads if one.finding.verdict != "refused"]
    values = [
        ("dice_nerve", float(np.mean(nerve)), ""),
        ("dice_nerve_median", float(np.median(nerve)), ""),
        ("dice_vessel", float(np.mean(vessel)), ""),
        ("dice_vessel_median", float(np.median(vessel)), ""),
        ("nerves_missed", 100 * everyone, "%"),
        ("largest_nerve_missed", 100 * largest, "%"),
        ("area_error", 100 * float(np.mean(np.abs(errors))), "%"),
        ("area_bias", 100 * float(np.mean(errors)), "%"),
        ("measured_nerve_right", 100 * float(np.mean([one.right() for one in told])) if told else 0.0, "%"),
        ("refused", 100 * float(np.mean([one.finding.verdict == "refused" for one in reads])), "%"),
    ]
    return [Number(name=key, value=round(value, 4), unit=unit, note=note) for key, value, unit in values]


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    """All figures of the test pictures in each imitation; with float as they are."""
    task, numbers = task_of(figures), list[Number]()
    for name in IMITATIONS if precision == "int8" else (PLAIN,):
        reads = read_all(task, scores_of(runtime), split("test"), f"test, {precision}, {name}", name)
        numbers += figures_of(reads, f"{name}, {precision}")
    if precision == "int8":
        numbers += [answered_without_nerve(task, scores_of(runtime), *one) for one in without_nerve()]
    return Evaluated(numbers)


def without_nerve() -> Iterator[tuple[str, list[NDArray[np.uint8]]]]:
    """Real pictures that show none, by what they show."""
    yield "muscles, test clusters", [one.pixels for one in dl_track.split("test")]
    hips = sorted((FOLDER.parent / "hip_planes").rglob("*.png"))
    yield "infant hips", [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in hips]


def answered_without_nerve(task: NerveTask, scores: Scores, shown: str, pictures: list[NDArray[np.uint8]]) -> Number:
    """Pictures in which a nerve is measured though there is none. shown: what they show."""
    told = 0
    for pixels in pictures:
        frame = Frame(pixels, 0, 0, shown, region=find_region(pixels))
        prepared = admitted(frame, SPEC.gate, task)
        outputs = () if prepared.tensor is None else (scores(prepared.tensor),)
        told += task.conclude(prepared, outputs, None).finding.verdict != "refused"
    note = f"{len(pictures)} pictures without a nerve: {shown}, int8"
    return Number(name="answered_without_nerve", value=round(100 * told / len(pictures), 2), unit="%", note=note)


@cache
def the_other() -> Asked:
    """The network that knows no names."""
    runtime, _ = open_runtime("onnx", MODELS / "outline", precision="int8", threads=1)
    return Asked(runtime.infer, load_manifest(MODELS / "outline").figures())


def task_of(figures: Mapping[str, float]) -> NerveTask:
    return NerveTask(Given(NerveOptions(), figures, asked=the_other()))


def scores_of(runtime: Runtime) -> Scores:
    return lambda tensor: runtime.infer(tensor)[0].copy()
