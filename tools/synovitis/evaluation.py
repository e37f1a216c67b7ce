"""What a pathway is worth on phantoms of foreign settings: grades, region, failures, flow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.finding import Finding, MaskMark, Verdict
from edge.frame import Frame
from edge.runtime.manifest import Number
from edge.task.synovitis.failures import SENTENCES
from edge.task.synovitis.judging import FAILURES
from edge.task.synovitis.phantom import Colouring, synovitis_picture
from edge.task.synovitis.spec import LABELS, PALETTES
from tools.lesson import Evaluated
from tools.synovitis.scenes import Scene, draw_scene, frame_of, shown_grade, true_grade

FOREIGN, USUAL, COLOURED = range(4_000_000, 4_000_200), range(4_200_000, 4_200_100), range(4_400_000, 4_400_012)
BLOOMS_MM: Final = (0.0, 0.15, 0.3, 0.5)
FAILED: Final = (*FAILURES, "any")
Measure = Callable[[Frame], Finding]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What was said of a scene."""

    scene: Scene
    finding: Finding

    @property
    def grade(self) -> int | None:
        found = self.finding.measurement("grey_scale")
        return None if found is None else round(found.value)

    @property
    def flagged(self) -> frozenset[str]:
        """Kinds of the failures that were told."""
        said = self.finding.reasons
        return frozenset(kind for kind in FAILURES if any(one.startswith(SENTENCES[kind]) for one in said))

    @property
    def dice(self) -> float:
        truth = self.scene.taken.region
        seen = mask_of(self.finding, truth.shape)
        total = int(truth.sum()) + int(seen.sum())
        return 2 * float((truth & seen).sum()) / total if total else 1.0


def mask_of(finding: Finding, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(height, width) of the region that a finding marks."""
    whole = np.zeros(shape, bool)
    for mark in finding.marks:
        if isinstance(mark, MaskMark) and mark.name == LABELS[0]:
            (x, y), (height, width) = mark.origin, mark.mask.shape
            part = whole[max(y, 0) : y + height, max(x, 0) : x + width]
            part |= mark.mask[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]] > 0
    return whole


def outcomes(measure: Measure, seeds: Sequence[int], *, foreign: bool, title: str) -> list[Outcome]:
    found = []
    for seed in track(seeds, description=title):
        scene = draw_scene(seed, foreign=foreign)
        found.append(Outcome(scene, measure(scene.frame)))
    return found


def weighted_kappa(one: NDArray[np.intp], other: NDArray[np.intp], grades: int = 4) -> float:
    """Cohen's, with linear weights."""
    table = np.zeros((grades, grades))
    np.add.at(table, (one, other), 1)
    table /= table.sum()
    apart = np.abs(np.subtract.outer(np.arange(grades), np.arange(grades)))
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    return float(1 - (apart * table).sum() / (apart * by_chance).sum())


def agreement(results: Sequence[Outcome], truth: Callable[[Scene], int]) -> dict[str, float]:
    pairs = np.array([(one.grade, truth(one.scene)) for one in results if one.grade is not None]).astype(np.intp)
    said, true = pairs.T
    return {
        "exact_agreement": float(np.mean(said == true)),
        "agreement_within_one": float(np.mean(np.abs(said - true) <= 1)),
        "binary_agreement": float(np.mean((said >= 2) == (true >= 2))),
        "weighted_kappa": weighted_kappa(said, true),
    }


def region_figures(results: Sequence[Outcome]) -> dict[str, float]:
    """Over joints that show hypertrophy and were measured."""
    some = [one for one in results if one.grade is not None and shown_grade(one.scene) > 0]
    dices = np.array([one.dice for one in some])
    errors = np.array([error_of(one, "synovial_area") for one in some])
    held = [covered(one, "synovial_area") for one in some]
    return {
        "region_dice_median": float(np.median(dices)),
        "region_dice_10th_percentile": float(np.quantile(dices, 0.1)),
        "area_mean_absolute_error_mm2": float(np.abs(errors).mean()),
        "area_bias_mm2": float(errors.mean()),
        "thickness_mean_absolute_error_mm": float(np.mean([abs(error_of(one, "synovial_thickness")) for one in some])),
        "distension_mean_absolute_error_mm": float(np.mean([abs(error_of(one, "distension")) for one in some])),
        "area_interval_coverage": float(np.mean(held)),
    }


def _truth(one: Outcome, name: str) -> float:
    sizes = one.scene.taken.section.sizes
    return {
        "synovial_area": sizes.area_mm2,
        "synovial_thickness": sizes.thickness_mm,
        "distension": sizes.distension_mm,
    }[name]


def error_of(one: Outcome, name: str) -> float:
    found = one.finding.measurement(name)
    return float("nan") if found is None else found.value - _truth(one, name)


def covered(one: Outcome, name: str) -> bool:
    found = one.finding.measurement(name)
    return found is not None and found.low <= _truth(one, name) <= found.high


def failure_figures(results: Sequence[Outcome]) -> dict[str, tuple[float, float, int]]:
    """By kind of failure: hits, false alarms among scenes without any, and how many scenes have it. Only scenes with a
    region in view can feign one."""
    seen = [one for one in results if one.grade is not None]
    clean = [one for one in seen if not one.scene.failures]
    found = {}
    for kind in FAILURES:
        having = [one for one in seen if kind in one.scene.failures]
        hits = float(np.mean([kind in one.flagged for one in having])) if having else float("nan")
        found[kind] = hits, float(np.mean([kind in one.flagged for one in clean])), len(having)
    failed = [one for one in seen if one.scene.failures]
    hits = float(np.mean([bool(one.flagged) for one in failed]))
    found["any"] = hits, float(np.mean([bool(one.flagged) for one in clean])), len(failed)
    return found


def flow_rows(measure: Measure) -> list[str]:
    """Flow's share against truth, by blooming; how often a flash withholds it; by palette."""
    rows = [
        "| blooming, mm | pictures | share: mean error, points | mean absolute | Doppler grade exact | within one |"
    ]
    rows.append("|---|---|---|---|---|---|")
    for bloom in BLOOMS_MM:
        errors, exact = [], []
        for seed in track(COLOURED, description=f"blooming {bloom} mm"):
            error, apart = _flow_error(measure, seed, bloom, PALETTES[seed % len(PALETTES)])
            errors += [] if error is None else [error]
            exact += [] if apart is None else [apart]
        e, a = np.array(errors), np.abs(np.array(exact))
        rows.append(
            f"| {bloom} | {len(e)} | {e.mean():+.1f} | {np.abs(e).mean():.1f} | {100 * np.mean(a == 0):.0f} % | "
            f"{100 * np.mean(a <= 1):.0f} % |"
        )
    rows += ["", "| palette | mean absolute error of the share, points |", "|---|---|"]
    for palette in PALETTES:
        errors = [_flow_error(measure, seed, 0.15, palette)[0] for seed in COLOURED[:12]]
        rows.append(f"| {palette} | {np.mean([abs(one) for one in errors if one is not None]):.1f} |")
    flashes = [_flow_error(measure, seed, 0.15, PALETTES[seed % len(PALETTES)], flash=True) for seed in COLOURED]
    withheld = np.mean([error is None for error, _ in flashes])
    rows += ["", f"A motion's flash: the flow was withheld in {100 * withheld:.0f} % of {len(flashes)} pictures."]
    return rows


def _flow_error(
    measure: Measure, seed: int, bloom_mm: float, palette: str, *, flash: bool = False
) -> tuple[float | None, int | None]:
    rng = np.random.default_rng([99, seed])
    how = Colouring(1 + seed % 3, palette, bloom_mm, flash, seed)
    taken = synovitis_picture(rng, grade=2 + seed % 2, colouring=how)
    finding = measure(frame_of(taken))
    share, grade = finding.measurement("doppler_share"), finding.measurement("power_doppler")
    if share is None or grade is None or taken.flow is None:
        return None, None
    return share.value - 100 * taken.flow.share, round(grade.value) - taken.flow.grade


def evaluated(measure: Measure, precision: str) -> Evaluated:
    """Everything, on foreign scenes and on usual ones."""
    numbers: list[Number] = []
    tables: list[str] = []
    for name, seeds, foreign in (("foreign", FOREIGN, True), ("usual", USUAL, False)):
        results = outcomes(measure, seeds, foreign=foreign, title=f"{name} settings, {precision}")
        note = f"{precision}; {len(results)} phantom scenes of {name} settings, seeds from {seeds.start}"
        clean = [one for one in results if not one.scene.failures]
        refused = float(np.mean([one.finding.verdict is Verdict.REFUSED for one in results]))
        figures = {
            **agreement(clean, true_grade),
            **{f"{key}_in_spite_of_failures": value for key, value in agreement(results, true_grade).items()},
            **region_figures(results),
            "refused_share": refused,
        }
        numbers += [
            Number(name=f"{key}_{name}_{precision}", value=round(value, 3), note=note) for key, value in figures.items()
        ]
        tables += [
            f"\n{name} settings, {precision}\n",
            "| failure | scenes | hits | false alarms |",
            "|---|---|---|---|",
        ]
        for kind, (hits, alarms, count) in failure_figures(results).items():
            if count:
                numbers.append(Number(name=f"hits_{kind}_{name}_{precision}", value=round(hits, 3), note=note))
            numbers.append(Number(name=f"false_alarms_{kind}_{name}_{precision}", value=round(alarms, 3), note=note))
            tables.append(f"| {kind.replace('_', ' ')} | {count} | {100 * hits:.0f} % | {100 * alarms:.0f} % |")
    return Evaluated(numbers, (*tables, "", *flow_rows(measure)))
