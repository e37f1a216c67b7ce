"""Templates, chosen features and support vector machines, from phantoms alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from edge.image.classifiers import Sigmoid, SupportVectors, packed, standardised, unpacked
from edge.task.spine import judging, templates
from edge.task.spine.features import FEATURES, described
from edge.task.spine.judging import JUDGES, KEYS, Judge
from edge.task.spine.levels import KINDS
from edge.task.spine.phantom import SpinePicture
from edge.task.spine.planes import Window, apex_mm
from edge.task.spine.templates import SIZES, Templates, Working, cut_out, matched
from tools.feature_selection import select
from tools.scanner_variation import vary_export
from tools.spine.evaluation import BORDER, legible, shares
from tools.spine.pictures import draw_picture

SEEDS: Final = range(3_700_000, 3_702_000)
"""A seed is a spine."""
NOTHING_SHARE: Final = 0.15
"""Of the seeds that give a paramedian picture too, and their own upside down and on its side: none is to be read."""
FOLDS: Final = 5
COUNTS: Final = (6, 9, 12, 18, 27)
"""Features that are tried,"""
PENALTIES: Final = (1.0, 10.0)
GAMMAS: Final = (0.3, 1.0)
"""over the number of features."""
PURE: Final = 0.75
"""Share of a plane's thickness that must show one kind for the machines to learn from it; probabilities are fitted on
all."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Pictures (n,) as the judges see them."""

    features: NDArray[np.float32]
    """(n, FEATURES)."""
    seed: NDArray[np.intp]
    """(n,) of the spine."""
    kind: NDArray[np.intp]
    """(n,) by KINDS, what most of the plane shows."""
    pure: NDArray[np.bool_]
    legible: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What one machine learns from: examples (n,)."""

    scaled: NDArray[np.float32]
    """(n, FEATURES) standard deviations from the mean."""
    truth: NDArray[np.bool_]
    pure: NDArray[np.bool_]
    part: NDArray[np.intp]
    """(n,) 0 to FOLDS, by the spine."""


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What machines that were made from the other parts say of each part."""

    score: NDArray[np.float32]
    """(n,)."""
    right: NDArray[np.float64]
    """(FOLDS,) share of each part."""


def trained(folder: Path) -> Sequence[str]:
    """Writes the model's arrays; returns a line on each judge."""
    pictures = [draw_picture(_rng(seed), along=False) for seed in track(SEEDS, description="spines")]
    remembered = templates_of(pictures)
    np.savez(folder / templates.FILE, **dict(zip(KINDS, remembered, strict=True)))
    # As they are read again.
    known = Templates(tuple(plane.astype(np.float32) for plane in remembered))
    examples = examples_of(pictures, known)
    kept: dict[str, NDArray[np.generic]] = {}
    said = []
    for name in JUDGES:
        judge, line = judge_of(name, examples)
        said.append(line)
        kept |= {f"{name} {key}": array for key, array in arrays_of(judge).items()}
    np.savez(folder / judging.FILE, **kept)
    return said


def _rng(seed: int, *more: int) -> np.random.Generator:
    return np.random.default_rng([819, seed, *more])


def _working(pixels: NDArray[np.uint8], mm_per_px: float) -> tuple[Working, float]:
    """With where the skin was found, mm."""
    scale = mm_per_px, mm_per_px
    apex = apex_mm(pixels, scale)
    return Working.of(pixels, Window.of(pixels.shape, scale, apex)), apex


def templates_of(pictures: Sequence[SpinePicture]) -> list[NDArray[np.float16]]:
    """By KINDS, means (SIZES, rows, columns) of pictures laid over each other, mirrored too, in equal parts by size."""
    cuts: list[list[tuple[float, NDArray[np.float32]]]] = [[] for _ in KINDS]
    for taken in pictures:
        share = shares(taken)
        kind = int(np.argmax(share))
        if not legible(taken) or share[kind] < BORDER or taken.held.contact < 1 or taken.midline_mm is None:
            continue
        work, apex = _working(taken.pixels, taken.mm_per_px)
        depth, size = anchor_of(taken, kind)
        cut = cut_out(work.detail, kind, taken.midline_mm, depth - apex)
        if cut is not None:
            cuts[kind].append((size, cut))
    found = []
    for some in cuts:
        stack = np.stack([cut for _, cut in sorted(some, key=lambda one: one[0])])
        parts = np.array_split((stack + stack[:, :, ::-1]) / 2, SIZES)
        found.append(np.stack([part.mean(axis=0) for part in parts]).astype(np.float16))
    return found


def anchor_of(taken: SpinePicture, kind: int) -> tuple[float, float]:
    """Depth under the skin of a template's anchor, and what bodies are ordered by: height of the sacrum's crest, length
    of the process, distance of the articular processes."""
    spine, plane = taken.spine, taken.plane
    if kind == 0:
        plate = next(one for one in plane.surfaces if one.sacral)
        return float(np.interp(plane.midline_mm or 0.0, plate.x_mm, plate.y_mm)), spine.crest_mm
    if kind == 1:
        tip = spine.fat_mm + spine.tip_mm
        return tip, plane.target_mm - tip
    return plane.target_mm, spine.facet_mm


def examples_of(pictures: Sequence[SpinePicture], known: Templates) -> Examples:
    """Each picture as it is and as another scanner would export it; some others that are not to be read."""
    rows = []
    for seed, taken in zip(track(SEEDS, description="figures"), pictures, strict=True):
        rng = _rng(seed, 1)
        share, read = shares(taken), legible(taken)
        truth = seed, int(np.argmax(share)), max(share) >= PURE, read
        rows += [(_figures(pixels, taken, known), *truth) for pixels in (taken.pixels, vary_export(taken.pixels, rng))]
        if rng.random() < NOTHING_SHARE:
            along = draw_picture(rng, along=True)
            upset, lying = (np.ascontiguousarray(one) for one in (taken.pixels[::-1], taken.pixels.T))
            rows += [
                (_figures(pixels, one, known), seed, 0, False, False)
                for pixels, one in ((along.pixels, along), (upset, taken), (lying, taken))
            ]
    features, seeds, kind, pure, read_too = zip(*rows, strict=True)
    return Examples(np.stack(features), *(np.array(one) for one in (seeds, kind, pure, read_too)))


def _figures(pixels: NDArray[np.uint8], taken: SpinePicture, known: Templates) -> NDArray[np.float32]:
    work, _ = _working(pixels, taken.mm_per_px)
    return described(work, matched(work, known)).features


def judge_of(name: str, examples: Examples) -> tuple[Judge, str]:
    """Made from few features and a smooth border where cross-validation over spines allows it: of the settings within
    a standard error of the best, the first one. With a line on it."""
    told, truth, pure = {
        "sacrum": (examples.legible, examples.kind == 0, examples.pure),
        "bone": (examples.legible & (examples.kind > 0), examples.kind == 1, examples.pure),
        "legible": (np.ones(len(examples.seed), bool), examples.legible, np.ones(len(examples.seed), bool)),
    }[name]
    features = examples.features[told]
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    lesson = Lesson(standardised(features, mean, deviation), truth[told], pure[told], examples.seed[told] % FOLDS)
    orders = [_chosen(lesson, lesson.part != fold, max(COUNTS)) for fold in range(FOLDS)]
    tried = {setting: _cross_validated(lesson, orders, *setting) for setting in product(COUNTS, PENALTIES, GAMMAS)}
    best = max((one.right for one in tried.values()), key=lambda right: float(right.mean()))
    enough = float(best.mean()) - float(best.std(ddof=1)) / FOLDS**0.5
    setting = next(setting for setting, one in tried.items() if one.right.mean() >= enough)
    count, penalty, gamma = setting
    columns = _chosen(lesson, np.ones(len(features), bool), count)
    machine = _fitted(lesson.scaled[lesson.pure][:, columns], lesson.truth[lesson.pure], penalty, gamma)
    fitted = LogisticRegression(C=1e6).fit(tried[setting].score[:, None], lesson.truth)
    sigmoid = Sigmoid(-float(fitted.coef_[0, 0]), -float(fitted.intercept_[0]))
    judge = Judge(tuple(FEATURES[c] for c in columns), mean[columns], deviation[columns], machine, sigmoid)
    line = (
        f"{name}: {count} features, penalty {penalty:g}, gamma {gamma:g} over them, {len(machine.weights)} vectors; "
        f"{tried[setting].right.mean():.3f} right in cross-validation, best {best.mean():.3f}"
    )
    return judge, line


def _chosen(lesson: Lesson, some: NDArray[np.bool_], count: int) -> list[int]:
    learned = lesson.pure & some
    return select(lesson.scaled[learned], lesson.truth[learned], count)


def _cross_validated(lesson: Lesson, orders: Sequence[list[int]], count: int, penalty: float, gamma: float) -> Tried:
    """orders: features as each fold's learned parts would have them chosen."""
    score, right = np.zeros(len(lesson.truth), np.float32), np.zeros(FOLDS)
    for fold, order in enumerate(orders):
        learned, asked, columns = lesson.pure & (lesson.part != fold), lesson.part == fold, order[:count]
        machine = _fitted(lesson.scaled[learned][:, columns], lesson.truth[learned], penalty, gamma)
        score[asked] = machine.decide(lesson.scaled[asked][:, columns])
        right[fold] = np.mean((score[asked] > 0) == lesson.truth[asked])
    return Tried(score, right)


def _fitted(scaled: NDArray[np.float32], truth: NDArray[np.bool_], penalty: float, gamma: float) -> SupportVectors:
    """With vectors as they are stored."""
    each = gamma / scaled.shape[1]
    machine = SVC(C=penalty, gamma=each, class_weight="balanced").fit(unpacked(packed(scaled)), truth)
    vectors, weights = machine.support_vectors_.astype(np.float32), machine.dual_coef_[0].astype(np.float32)
    return SupportVectors(vectors, weights, float(machine.intercept_[0]), each)


def arrays_of(judge: Judge) -> Mapping[str, NDArray[np.generic]]:
    """By KEYS."""
    machine, sigmoid = judge.machine, judge.sigmoid
    figures = np.array([machine.bias, machine.gamma, sigmoid.slope, sigmoid.offset])
    values = np.array(judge.features), judge.mean, judge.deviation, packed(machine.vectors), machine.weights, figures
    return dict(zip(KEYS, values, strict=True))
