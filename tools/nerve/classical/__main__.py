"""The nerve chain without a network: `python -m tools.nerve.classical train | measure [--part validation | test]`.

`train` writes models/nerve_classical. `measure` runs the shipped chain, prints what it finds and keeps the figures in
the model's manifest (then `python -m tools.card nerve_classical`); with `--vary` on imitations of other scanners, only
printed; with `--pictures` it draws.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.windows import CELL_PX
from edge.runtime.manifest import Number, load_manifest, read_arrays
from edge.task.nerve.candidates import NerveSight, see_nerve
from edge.task.nerve.windows import WindowModel, files_of, window_model_of
from edge.task.outlines import filled
from tools.bundle import bundle, load_facts, record
from tools.lesson import MODELS
from tools.masks import dice
from tools.nerve.classical.training import calibrated, train
from tools.nerve.classical.windows import WindowExamples, WorkingTruth, examples_of, truth_of, varied
from tools.nerve.usgra_seg import split
from tools.scanner_variation import VARIATIONS, vary_scanner

NAME: Final = "nerve_classical"
FOLDS: Final = 3
SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture's outcome."""

    name: str
    first: bool
    """The middle of the first candidate lies in a nerve."""
    any_of_three: bool
    dice_before: float
    """Of the first candidate's ellipse, with all nerves in the picture."""
    dice_after: float
    time_ms: float
    """Processor time of the whole chain."""


def fit_all() -> WindowModel:
    """Trained on all training pictures; calibrated on what judges of two thirds say of the other third."""
    rng = np.random.default_rng(SEED)
    truths = [truth for drawing in split("train") for truth in (truth_of(drawing), varied(drawing, rng))]
    examples = [examples_of(truth) for truth in truths]
    groups = np.random.default_rng(SEED).permutation(sorted({truth.cluster for truth in truths}))
    fold_of = {int(group): index % FOLDS for index, group in enumerate(groups)}
    folds = np.array([fold_of[truth.cluster] for truth in truths])
    judged = [(train(_taken(examples, folds != fold)), _taken(examples, folds == fold)) for fold in range(FOLDS)]
    return calibrated(train(examples), judged)


def _taken(examples: Sequence[WindowExamples], which: NDArray[np.bool_]) -> list[WindowExamples]:
    return [example for example, taken in zip(examples, which, strict=True) if taken]


def save(folder: Path, model: WindowModel) -> None:
    """The model's files and their manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files_of(model).items():
        (folder / name).write_bytes(content)
    bundle(folder, load_facts(NAME))


def judge(part: str, model: WindowModel, vary: frozenset[str]) -> list[tuple[Judged, NerveSight, WorkingTruth]]:
    """The chain on each picture of a part, by itself: no frame before it votes. vary: what another scanner changes."""
    found = []
    for index, drawing in enumerate(split(part)):
        truth = truth_of(drawing)
        pixels = vary_scanner(drawing.pixels, vary, np.random.default_rng(index))
        started_s = time.process_time()
        sight = see_nerve(pixels, model)
        time_ms = (time.process_time() - started_s) * 1e3
        found.append((_outcome(truth, sight, time_ms), sight, truth))
    return found


def _outcome(truth: WorkingTruth, sight: NerveSight, time_ms: float) -> Judged:
    inside = [
        bool(truth.nerve[int(candidate.row * CELL_PX), int(candidate.column * CELL_PX)])
        for candidate in sight.candidates
    ]
    borders = [(one.before, one.after) for one in sight.outlines[:1]]
    nerve = truth.nerve.astype(np.uint8)
    dices = [dice(filled(nerve.shape, border), nerve) for pair in borders for border in pair]
    before, after = dices or (0.0, 0.0)
    return Judged(truth.name, bool(inside[:1] and inside[0]), any(inside), before, after, time_ms)


def figures(outcomes: Sequence[Judged], part: str) -> tuple[Number, ...]:
    """What is shown of a part."""
    hit = [outcome for outcome in outcomes if outcome.first]
    values = {
        "first_candidate_in_a_nerve": [outcome.first for outcome in outcomes],
        "one_of_three_in_a_nerve": [outcome.any_of_three for outcome in outcomes],
        "Dice_of_the_ellipse": [outcome.dice_before for outcome in outcomes],
        "Dice_of_the_contour": [outcome.dice_after for outcome in outcomes],
        "Dice_of_the_contour_where_the_first_candidate_is_in_a_nerve": [outcome.dice_after for outcome in hit],
    }
    return tuple(
        Number(name=f"{part}_{name}", value=round(float(np.mean(each)), 3), unit="1", note=f"{len(each)} pictures")
        for name, each in values.items()
        if each
    )


def sight_picture(sight: NerveSight, truth: WorkingTruth) -> NDArray[np.uint8]:
    """Truth in green; the vote map in red; candidates in blue, the first one's ellipse yellow and contour white."""
    height, width = sight.working.pixels.shape
    heat = cv2.resize(sight.voted / max(float(sight.voted.max()), 1e-9), (width, height))[..., None]
    grey = 0.7 * sight.working.pixels[..., None] * np.ones(3)
    picture = np.ascontiguousarray(grey + 0.6 * heat * (np.array([30, 30, 255]) - grey)).astype(np.uint8)
    borders, _ = cv2.findContours(truth.nerve.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, borders, -1, (0, 255, 0), 1)
    for candidate in sight.candidates:
        corners = (candidate.left, candidate.top, candidate.right, candidate.bottom)
        left, top, right, bottom = (round(CELL_PX * side) for side in corners)
        cv2.rectangle(picture, (left, top), (right, bottom), (255, 120, 60), 1)
    for outline in sight.outlines[:1]:
        for border, colour in ((outline.before, (0, 255, 255)), (outline.after, (255, 255, 255))):
            cv2.polylines(picture, [np.round(border).astype(np.int32)], True, colour, 1)
    return np.asarray(picture, np.uint8)


def _measure(part: str, vary: frozenset[str], pictures: Path | None) -> None:
    cv2.setNumThreads(1)
    folder = MODELS / NAME
    manifest = load_manifest(folder)
    found = judge(part, window_model_of(read_arrays(folder, manifest)), vary)
    outcomes = [outcome for outcome, _, _ in found]
    shown = figures(outcomes, part)
    for figure in shown:
        print(f"{figure.name}: {figure.value:.3f} ({figure.note})")
    print(f"processor time a frame: median {np.median([outcome.time_ms for outcome in outcomes]):.0f} ms")
    if not vary:
        others = [figure for figure in manifest.metrics if not figure.name.startswith(f"{part}_")]
        record(folder, metrics=(*others, *shown))
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for outcome, sight, truth in found:
            cv2.imwrite(str(pictures / f"{outcome.dice_after:.2f}_{outcome.name}.png"), sight_picture(sight, truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("train", "measure"))
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument(
        "--vary", choices=sorted(VARIATIONS), nargs="*", default=[], help="as another scanner would show it"
    )
    parser.add_argument("--pictures", type=Path, help="folder for drawings")
    arguments = parser.parse_args()
    if arguments.command == "train":
        save(MODELS / NAME, fit_all())
    else:
        _measure(arguments.part, frozenset(arguments.vary), arguments.pictures)


if __name__ == "__main__":
    main()
