"""How well what is pointed at is outlined, on pictures that training did not see; used by `python -m tools.evaluate
outline`.

Taps lie at a fixed seed, at least half as deep in the structure as it is anywhere, or careless ones at a tenth.
Corrections are the points that a person would add: in the middle of the largest piece that is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.frame import Frame, Region
from edge.pointed import Pointed
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number
from edge.task.contract import Asked
from edge.task.outliner import is_shadow, point_at
from edge.task.outlines import filled
from edge.task.prompt import SIDE, Points
from edge.task.scores import Outline
from edge.trust.faults import speckle_only
from tools.lesson import Evaluated
from tools.masks import dice, interval_figures
from tools.nerve.imitated_scanners import IMITATIONS, PLAIN, imitated
from tools.nerve.usgra_seg import split
from tools.outline import following
from tools.outline.nothing import shadowed, with_gel
from tools.outline.prompts import correction, tap
from tools.outline.structures import PHANTOMS, Scene, muscle_scenes, nerve_scenes, scene_of_usgra

SURE: Final = 0.5
CARELESS: Final = 0.1
"""How deep in the structure a tap lies at least, as a share of the largest distance to its border."""
PHANTOM_PICTURES: Final = 40
"""Of each kind."""
CORRECTIONS: Final = 2
CUTS: Final = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0)
LEAST: Final = tuple(round(0.3 + 0.01 * step, 2) for step in range(65))
MISSED: Final = 0.1
POOR: Final = 0.5
PERSONS_KINDS: Final = ("nerve",)
"""What a person may name who points: its sizes have intervals of their own."""
KEPT_SHARE: Final = 0.97
"""Of the structures that are outlined well, those that the least confidence must let through."""
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One structure of one picture, pointed at."""

    kind: str
    frame: Frame
    truth: Mask
    """(height, width) of the frame, 0 or 255."""
    pointed: Pointed


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    asked: Question
    found: Outline | None

    @property
    def mask(self) -> Mask:
        """0 or 1."""
        shape = self.asked.truth.shape
        return np.zeros(shape, np.uint8) if self.found is None else filled(shape, self.found.points)

    @property
    def dice(self) -> float:
        return dice(self.mask, self.asked.truth // 255)


def scenes(part: str, imitation: str = PLAIN) -> Iterator[Scene]:
    """Real ones of a part of the split, and as many phantoms as are wanted."""
    if imitation != PLAIN:
        yield from (scene_of_usgra(imitated(one, imitation)) for one in split(part))
        return
    yield from nerve_scenes(part)
    yield from muscle_scenes(part)
    first = {"validation": 1_000, "test": 2_000}[part]
    for number, draw in enumerate(PHANTOMS):
        for seed in range(PHANTOM_PICTURES):
            yield draw(np.random.default_rng([first + seed, number]))


def asked_of(shown: Sequence[Scene], share: float) -> Iterator[Question]:
    """Each structure with a tap, at least `share` as deep in it as it is anywhere."""
    for number, scene in enumerate(shown):
        frame = Frame(scene.pixels, 0, 0, f"scene {number}", region=Region.whole(scene.pixels))
        for index, (kind, truth) in enumerate(zip(scene.kinds, scene.structures, strict=True)):
            point = tap(truth, share, np.random.default_rng([7, number, index]))
            name = f"phantom {kind}" if scene.simulated else kind
            yield Question(name, frame, truth, Pointed(inside=_pairs(point)))


def _pairs(points: Points) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)


class Network(Protocol):
    """A runtime, or what stands in for one."""

    def infer(self, tensor: NDArray[np.uint8], /) -> Sequence[NDArray[np.float32]]: ...


def _eye(network: Network, cut: float) -> Asked:
    return Asked(network.infer, {"inside_logit": cut})


def answered(network: Network, asked: Sequence[Question], cut: float, title: str) -> list[Answer]:
    return [
        Answer(one, point_at(_eye(network, cut), one.frame, one.pointed)) for one in track(asked, description=title)
    ]


def corrected(network: Runtime, answers: Sequence[Answer], cut: float, title: str) -> list[Answer]:
    """Each with one more point where it is most wrong; where that made it worse a person would take it back."""
    better = []
    for one in track(answers, description=title):
        inside, outside = correction(one.asked.truth, one.mask * np.uint8(255))
        pointed = one.asked.pointed.more(_pairs(inside), _pairs(outside))
        asked = replace(one.asked, pointed=pointed)
        again = Answer(asked, point_at(_eye(network, cut), asked.frame, pointed))
        better.append(again if again.dice >= one.dice else one)
    return better


def of_nothing(count: int, seed: int) -> Iterator[Question]:
    """Taps on noise without any tissue: there is nothing with a border."""
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        field = cv2.GaussianBlur(rng.normal(0, 1, (400, 480)).astype(np.float32), (0, 0), rng.uniform(0.8, 4))
        field *= rng.uniform(4, 40) / max(float(field.std()), 1e-6)
        pixels = np.clip(rng.uniform(10, 120) + field, 0, 255).astype(np.uint8)
        point = float(rng.uniform(40, 440)), float(rng.uniform(40, 360))
        yield _on_nothing(f"noise {number}", pixels, point)


def of_nothing_in_tissue(count: int, seed: int) -> Iterator[Question]:
    """Taps on the shadow of a bone and on gel, which are drawn into real test pictures. Training had none of them."""
    shown = [*nerve_scenes("test"), *muscle_scenes("test")]
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        square = cv2.resize(shown[number % len(shown)].pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        pixels, nothing = (shadowed if number % 2 else with_gel)(np.asarray(square, np.uint8), rng)
        ((x, y),) = tap(nothing, SURE, rng)
        yield _on_nothing(f"shadow or gel {number}", pixels, (float(x), float(y)))


def _on_nothing(name: str, pixels: Mask, point: tuple[float, float]) -> Question:
    frame = Frame(pixels, 0, 0, name, region=Region.whole(pixels))
    return Question("nothing", frame, np.zeros(pixels.shape, np.uint8), Pointed(inside=(point,)))


def kinds_of(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.asked.kind for one in answers))


def of_kind(answers: Sequence[Answer], kind: str) -> list[Answer]:
    return [one for one in answers if one.asked.kind == kind]


def calibrate(runtime: Runtime) -> list[Number]:
    """Where the border is drawn: where areas are unbiased among the best by Dice; the least confidence; the intervals.
    By the validation pictures in every look, since the scanner to come is another one."""
    shown = [scene for name in IMITATIONS for scene in scenes("validation", name)]
    asked = [*asked_of(shown, SURE)]
    by_cut = {cut: answered(runtime, asked, cut, f"validation, {cut:+.1f}") for cut in CUTS}
    cut = best_cut(by_cut)
    told = by_cut[cut]
    note = f"{len(told)} structures kept back"
    figures = {"inside_logit": cut, "least_confidence": least_confidence(told)}
    numbers = [Number(name=name, value=value, unit="", note=note) for name, value in figures.items()]
    good = [one for one in told if one.dice >= POOR and one.found is not None]
    for kind in ("", *PERSONS_KINDS):
        some = of_kind(good, kind) if kind else good
        for name, value in interval_figures((one.mask, one.asked.truth // 255) for one in some).items():
            key, unit = f"{name}_{kind}".removesuffix("_"), "%" if "half" in name else ""
            numbers.append(Number(name=key, value=round(value, 2), unit=unit, note=f"{len(some)} structures kept back"))
    return numbers


def best_cut(by_cut: Mapping[float, Sequence[Answer]]) -> float:
    score = {cut: float(np.mean([one.dice for one in answers])) for cut, answers in by_cut.items()}
    good = [cut for cut in CUTS if score[cut] >= max(score.values()) - 0.005]
    return min(good, key=lambda cut: abs(float(np.median(area_errors(by_cut[cut])))))


def area_errors(answers: Sequence[Answer]) -> NDArray[np.float64]:
    """As shares of the drawn areas, where most of the structure is outlined."""
    found = [one for one in answers if one.dice >= POOR]
    return np.array([float(one.mask.sum()) / float((one.asked.truth > 0).sum()) - 1 for one in found] or [1.0])


def least_confidence(answers: Sequence[Answer]) -> float:
    """The highest of LEAST that still lets nearly all of what is outlined well through."""
    good = np.array([one.found.confidence for one in answers if one.found is not None and one.dice >= 0.7])
    kept = [least for least in LEAST if float(np.mean(good >= least)) >= KEPT_SHARE]
    return kept[-1] if kept else LEAST[0]


def _is_told(one: Answer, least: float) -> bool:
    if one.found is None or one.found.confidence < least:
        return False
    return not speckle_only(one.asked.frame.pixels) and not is_shadow(one.asked.frame, one.found.points)


def figures_of(answers: Sequence[Answer], name: str, least: float) -> list[Number]:
    """Dice by kind of structure. name: said of how it was pointed at."""
    numbers = []
    for kind in kinds_of(answers):
        some = of_kind(answers, kind)
        dices = np.array([one.dice for one in some])
        told = [one for one in some if _is_told(one, least)]
        key = kind.replace(" ", "_")
        values = [
            (f"dice_{key}", float(dices.mean()), ""),
            (f"dice_{key}_median", float(np.median(dices)), ""),
            (f"under_half_{key}", 100 * float(np.mean(dices < POOR)), "%"),
            (f"missed_{key}", 100 * float(np.mean(dices < MISSED)), "%"),
            (f"answered_{key}", 100 * len(told) / len(some), "%"),
        ]
        note = f"{len(some)} structures, {name}"
        numbers += [Number(name=key, value=round(value, 4), unit=unit, note=note) for key, value, unit in values]
    return numbers


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    """With a sure and a careless tap, after one and two corrections; nerves and vessels in each look; nothing."""
    cut, least = figures["inside_logit"], figures["least_confidence"]
    shown = list(scenes("test"))
    numbers: list[Number] = []
    told = answered(runtime, list(asked_of(shown, SURE)), cut, f"test, {precision}, tap")
    numbers += figures_of(told, f"a tap, {precision}", least)
    if precision == "float":
        return Evaluated(numbers)
    careless = answered(runtime, list(asked_of(shown, CARELESS)), cut, "test, careless tap")
    numbers += figures_of(careless, f"a careless tap, {precision}", least)
    for count in range(1, CORRECTIONS + 1):
        told = corrected(runtime, told, cut, f"test, correction {count}")
        numbers += figures_of(told, f"a tap and up to {count} corrections, {precision}", least)
    for name in IMITATIONS:
        if name != PLAIN:
            looks = answered(runtime, list(asked_of(list(scenes("test", name)), SURE)), cut, f"test, {name}")
            numbers += figures_of(looks, f"a tap, {name}, {precision}", least)
    for name, questions in (
        ("noise without any tissue", of_nothing(100, 11)),
        ("shadow and gel in a picture of tissue", of_nothing_in_tissue(100, 13)),
    ):
        nothing = answered(runtime, list(questions), cut, name)
        note = f"{len(nothing)} taps on {name}, {precision}"
        told = 100 * float(np.mean([_is_told(one, least) for one in nothing]))
        numbers.append(Number(name="answered_nothing", value=told, unit="%", note=note))
    numbers += following.figures(_eye(runtime, cut), least, precision)
    return Evaluated(numbers)
