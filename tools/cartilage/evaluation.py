"""Calibrate the cartilage model's intervals and measure it.

Validation seeds give the intervals; test seeds, other knees under other settings, give the figures, once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.finding import Finding, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number
from edge.task.cartilage.sizes import BandSize, measure_band
from edge.task.cartilage.spec import SPEC, CartilageOptions
from edge.task.cartilage.task import CartilageTask
from edge.task.contract import Given
from edge.task.gate import admitted
from edge.trust.interval import COVERAGE, conformal_half_width
from tools.cartilage.pictures import KneePicture, draw_knee_picture
from tools.lesson import Evaluated
from tools.masks import dice
from tools.single_pictures import measured_by

VALIDATION, TEST, OTHERS = range(3_000_000, 3_000_300), range(4_000_000, 4_000_500), range(4_500_000, 4_500_800)
BORDER_LOGITS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Where the borders may be drawn; 0 is even odds."""
NAMES = ("mean_thickness_medial", "mean_thickness_central", "mean_thickness_lateral", "mean_thickness")


@dataclass(frozen=True, slots=True)
class KneeOutcome:
    """What the task said of one picture, beside the truth."""

    dice: float
    finding: Finding
    truth: BandSize | None
    """mm; None where too little of the band is in the picture."""
    mm_per_row: float


def outcomes(runtime: Runtime, task: CartilageTask, seeds: Sequence[int], title: str) -> Iterator[KneeOutcome]:
    """Every picture of the seeds through the task."""
    for seed in track(seeds, description=title):
        sample = draw_knee_picture(seed, knees_only=True)
        frame = framed(sample)
        tensor = task.prepare(frame).tensor
        outputs = runtime.infer(tensor) if tensor is not None else ()
        finding = task.conclude(admitted(frame, SPEC.gate, task), outputs, None).finding
        inside, truth = outputs[0][0, 0] > task.border_logit, sample.coverage > 0.5
        overlap = dice(inside.astype(np.uint8), truth.astype(np.uint8))
        yield KneeOutcome(overlap, finding, true_size(sample), sample.spacing_mm_per_px[1])


def framed(sample: KneePicture) -> Frame:
    spacing = PixelSpacing(*sample.spacing_mm_per_px, SpacingOrigin.USER)
    return Frame(sample.picture, 0, 0, "phantom", spacing)


def true_size(sample: KneePicture) -> BandSize | None:
    """Dimensions in mm from the exact coverage: each column's thickness and middle."""
    x_mm, y_mm = sample.spacing_mm_per_px
    thickness = sample.coverage.sum(axis=0)
    columns = np.flatnonzero(thickness > 0.5)
    if columns.size < 24 or columns.size < 0.97 * (columns[-1] - columns[0] + 1):
        return None
    columns = np.arange(columns[0], columns[-1] + 1)
    rows = np.arange(sample.coverage.shape[0])[:, None]
    middle = (sample.coverage * rows).sum(axis=0)[columns] / np.maximum(thickness[columns], 1e-6)
    half = thickness[columns] / 2
    return measure_band(columns * x_mm, (middle - half) * y_mm, (middle + half) * y_mm)


def errors_mm(results: Sequence[KneeOutcome]) -> dict[str, NDArray[np.float64]]:
    """Signed errors of each measurement where there is one, and of the same in rows under `NAME_rows`."""
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in (*NAMES, "minimum_thickness")}
    for result in results:
        if result.truth is None:
            continue
        truths = (*result.truth.thirds, result.truth.mean, result.truth.minimum)
        for name, truth in zip(pairs, truths, strict=True):
            if (found := result.finding.measurement(name)) is not None:
                pairs[name].append((found.value - truth, result.mm_per_row))
    errors = {name: np.array([error for error, _ in values]) for name, values in pairs.items()}
    return errors | {f"{name}_rows": np.array([e / row for e, row in values]) for name, values in pairs.items()}


def calibrate(runtime: Runtime) -> list[Number]:
    """The log odds at which thickness is without bias, and half-widths in rows of the network's picture."""
    tried = {
        logit: list(outcomes(runtime, _task({"border_logit": logit}), VALIDATION, f"borders at logit {logit}"))
        for logit in BORDER_LOGITS
    }
    biases = {logit: float(errors_mm(results)["mean_thickness"].mean()) for logit, results in tried.items()}
    chosen = min(biases, key=lambda logit: abs(biases[logit]))
    results, errors = tried[chosen], errors_mm(tried[chosen])
    note = f"{len(results)} phantom pictures, seeds from {VALIDATION.start}"
    border = Number(
        name="border_logit", value=chosen, unit="logit", note=f"bias {biases[chosen]:+.3f} mm there; {note}"
    )
    widths = [
        Number(
            name=f"half_width_{name}",
            value=round(conformal_half_width(errors[f"{name}_rows"]), 4),
            unit="row",
            note=f"{COVERAGE:.0%} of {note}",
        )
        for name in (*NAMES, "minimum_thickness")
    ]
    return [border, *widths]


def covered(results: Sequence[KneeOutcome]) -> float:
    """Share of intervals that hold the truth."""
    inside = []
    for result in results:
        if result.truth is None:
            continue
        for name, truth in zip(NAMES, (*result.truth.thirds, result.truth.mean), strict=True):
            if (found := result.finding.measurement(name)) is not None:
                inside.append(found.low <= truth <= found.high)
    return float(np.mean(inside))


def figures(results: Sequence[KneeOutcome], false_answers: float, precision: str) -> list[Number]:
    """What the card and docs/results.md show."""
    note = f"{precision}; {len(results)} phantom pictures, seeds from {TEST.start}"
    errors = errors_mm(results)
    thirds = np.concatenate([errors[name] for name in NAMES[:3]])
    overlaps = np.array([result.dice for result in results])
    measured = np.mean([result.finding.verdict is Verdict.MEASURED for result in results])
    refused = np.mean([result.finding.verdict is Verdict.REFUSED for result in results])
    rows = [
        ("dice_mean", float(overlaps.mean()), ""),
        ("dice_median", float(np.median(overlaps)), ""),
        ("dice_5th_percentile", float(np.percentile(overlaps, 5)), ""),
        ("thickness_of_thirds_mean_absolute_error", float(np.abs(thirds).mean()), "mm"),
        ("thickness_of_thirds_bias", float(thirds.mean()), "mm"),
        ("mean_thickness_mean_absolute_error", float(np.abs(errors["mean_thickness"]).mean()), "mm"),
        ("interval_coverage", covered(results), ""),
        ("measured_share", float(measured), ""),
        ("refused_share", float(refused), ""),
    ]
    others = Number(
        name=f"answers_on_other_anatomy_share_{precision}",
        value=round(false_answers, 4),
        note=f"{precision}; phantoms without cartilage, seeds from {OTHERS.start}",
    )
    return [
        *(Number(name=f"{name}_{precision}", value=round(v, 4), unit=unit, note=note) for name, v, unit in rows),
        others,
    ]


def answered_wrongly(runtime: Runtime, task: CartilageTask) -> float:
    """Share of pictures without cartilage on which the task did not refuse."""
    answers, measure = [], measured_by(task, SPEC.gate, runtime)
    for seed in track(OTHERS, description="other anatomy"):
        sample = draw_knee_picture(seed)
        if sample.coverage.any():
            continue
        answers.append(measure(framed(sample)).verdict is not Verdict.REFUSED)
    return float(np.mean(answers))


def evaluate(runtime: Runtime, calibration: Mapping[str, float], precision: str) -> Evaluated:
    """Everything of the test seeds."""
    task = _task(calibration)
    results = list(outcomes(runtime, task, TEST, f"test, {precision}"))
    return Evaluated(figures(results, answered_wrongly(runtime, task), precision))


def _task(calibration: Mapping[str, float]) -> CartilageTask:
    return CartilageTask(Given(CartilageOptions(), calibration))
