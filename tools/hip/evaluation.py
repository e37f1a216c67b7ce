"""What the hip task's pathways are worth: calibration and figures of the network for `python -m tools.evaluate hip`,
and by `python -m tools.hip.evaluation [OTHER_PICTURES ...]` those of image analysis without it.

On phantoms that no threshold and no weight saw, over the tilt of the plane, and without one structure each; on real
planes with their judgements. OTHER_PICTURES: folders with a folder of pictures for each other body part.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge.finding import Verdict
from edge.frame import Frame, Region
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number
from edge.task.contract import Given
from edge.task.hip.classical import ClassicalHipTask, picture_of
from edge.task.hip.joint import find_joint
from edge.task.hip.looked import SeenHip
from edge.task.hip.phantom import HipPicture, hip_picture
from edge.task.hip.plane import ITEMS, Plane, plane_of
from edge.task.hip.reading import evidence_of, figure_of, read
from edge.task.hip.spec import SPEC, HipOptions
from edge.task.hip.task import HipTask
from edge.trust.interval import COVERAGE, conformal_half_width
from tools.hip.phantoms import (
    MEASURED,
    STANDARD,
    Outcome,
    errors_of,
    frame_of,
    inside_of,
    lacking_planes,
    lacking_table,
    outcomes,
    standard_planes,
    tilt_table,
    types_of,
)
from tools.hip.planes import LookedAt, figures_of, judged_planes
from tools.lesson import Evaluated
from tools.single_pictures import Measure, measured_by

VALIDATION, LACKING_VALIDATION, TILTED_VALIDATION = (
    range(first, first + n) for first, n in ((930_000, 240), (934_000, 40), (936_000, 160))
)
OFF_DEG: Final = (8.0, 16.0)
"""Tilts of planes that are to be refused: least and most."""
REFUSED_BY_PLANE: Final = 0.07
"""Of the standard planes, that may be refused for what their plane is worth."""
PENALTY, NEWTON_STEPS = 0.02, 12
MOST_LEAST: Final = 0.9
"""No item must be surer than that: what is real looks less sure to a network than what it learned from."""
TAIL: Final = 0.05
"""Of either kind, that may lie on the wrong side before a threshold is moved."""
ALONE: Final = HipOptions(second_opinion_every=0)
MOST_OTHERS: Final = 60
LEAST_PX: Final = 100


def seen_by(runtime: Runtime, figures: Mapping[str, float], frame: Frame) -> SeenHip | None:
    tensor = HipTask(Given(ALONE)).prepare(frame).tensor
    assert tensor is not None
    return read(frame, tensor[0, 0], runtime.infer(tensor)[0][0], figures).hip


def measure_with(runtime: Runtime, figures: Mapping[str, float]) -> Measure:
    return measured_by(HipTask(Given(ALONE, figures)), SPEC.gate, runtime)


def calibrate(runtime: Runtime) -> list[Number]:
    """Least scores of the checklists' items, what speaks for the plane, then the intervals' half-widths; on phantoms
    alone."""
    pictures = list(standard_planes(VALIDATION))
    standard = _seen(runtime, pictures)
    figures = {}
    for item in ITEMS:
        if item == "straight ilium":
            continue
        lacking = _seen(runtime, lacking_planes(LACKING_VALIDATION, item))
        figures[figure_of("least", item)] = between(
            np.array([one.plane.scores[item] for one in lacking]),
            np.array([one.plane.scores[item] for one in standard]),
        )
    tilted = [(one, seen_by(runtime, {}, frame_of(one))) for one in off_planes(TILTED_VALIDATION)]
    off = [seen for _, seen in tilted if seen is not None]
    figures |= plane_figures([_evidence(one) for one in standard], [_evidence(one) for one in off])
    told = [(one.pose.tilt_deg, seen.plane.tilt_deg) for one, seen in tilted if seen is not None]
    bends = np.array([pair for pair in told if pair[1] is not None], np.float64)
    # Of what the ilium's bend says, as much as brings it nearest to the truth.
    figures["tilt_gain"] = float(bends[:, 0] @ bends[:, 1] / (bends[:, 1] @ bends[:, 1]))
    found = outcomes(measure_with(runtime, figures), iter(pictures), "calibrates", len(pictures))
    for name in (*MEASURED, "plane_tilt"):
        figures[f"half_width_{name}"] = conformal_half_width(errors_of(found, name))
    note = f"{len(pictures)} phantoms in the standard plane, seeds from {VALIDATION.start}"
    notes = {
        "half": f"{COVERAGE:.0%} of {note}",
        "leas": f"{note}, and {len(LACKING_VALIDATION)} without it",
        "plan": f"{note}, and {len(TILTED_VALIDATION)} tilted by {OFF_DEG[0]:.0f} to {OFF_DEG[1]:.0f} degrees",
    }
    return [
        Number(
            name=name,
            value=round(value, 4),
            unit=_unit(name),
            note=notes["plan" if name in ("least_fit", "tilt_gain") else name[:4]],
        )
        for name, value in figures.items()
    ]


def between(below: np.ndarray, above: np.ndarray) -> float:
    """A threshold midway between the tails of what must lie below it and what must lie above; where they overlap, the
    one that keeps nearly all that must lie above."""
    high = float(np.quantile(above, TAIL))
    low = float(np.quantile(below, 1 - TAIL)) if below.size else 0.0
    return min((low + high) / 2 if low < high else float(np.quantile(above, TAIL / 2)), MOST_LEAST)


def off_planes(seeds: Sequence[int]) -> Iterator[HipPicture]:
    """Phantoms in planes that are tilted to either side."""
    for seed in seeds:
        rng = np.random.default_rng([seed, 2])
        tilt = float(rng.uniform(*OFF_DEG) * rng.choice((-1, 1)))
        yield hip_picture(np.random.default_rng(seed), tilt_deg=tilt)


def _seen(runtime: Runtime, pictures: Iterable[HipPicture]) -> list[SeenHip]:
    """The hips of the pictures in which one is seen."""
    seen = (seen_by(runtime, {}, frame_of(picture)) for picture in pictures)
    return [one for one in seen if one is not None]


def _evidence(seen: SeenHip) -> dict[str, float]:
    return evidence_of(seen.plane.scores, seen.plane.contrast, seen.marks, seen.lines)


def plane_figures(standard: Sequence[dict[str, float]], off: Sequence[dict[str, float]]) -> dict[str, float]:
    """Weights by which the evidence tells standard planes from others: logistic regression, both kinds counted alike,
    with a penalty (Hoerl 1970) so that no item decides alone; and the least fit of a standard plane."""
    names = list(standard[0])
    table = np.array([[one[name] for name in names] for one in (*standard, *off)])
    truth = np.repeat((1.0, 0.0), (len(standard), len(off)))
    share = np.where(truth > 0, 0.5 / len(standard), 0.5 / len(off))
    spread = np.maximum(table.std(axis=0), 0.05)
    scaled = np.column_stack(((table - table.mean(axis=0)) / spread, np.ones(len(table))))
    penalty = np.diag(np.append(np.full(len(names), PENALTY), 0.0))
    weight = np.zeros(len(names) + 1)
    for _ in range(NEWTON_STEPS):
        told = 1 / (1 + np.exp(-scaled @ weight))
        slope = scaled.T @ (share * (told - truth)) + penalty @ weight
        curve = (scaled * (share * told * (1 - told))[:, None]).T @ scaled + penalty
        weight -= np.linalg.solve(curve + 1e-9 * np.eye(len(weight)), slope)
    told = 1 / (1 + np.exp(-scaled @ weight))
    each = weight[:-1] / spread
    figures = {figure_of("plane", name): float(value) for name, value in zip(names, each, strict=True)}
    figures["plane_bias"] = float(weight[-1] - each @ table.mean(axis=0))
    figures["least_fit"] = float(np.quantile(told[truth > 0], REFUSED_BY_PLANE))
    return figures


def _unit(name: str) -> str:
    if not name.startswith("half_width"):
        return ""
    return "%" if name.endswith("coverage") else "deg"


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    """Everything with int8; with float the standard planes alone."""
    measure = measure_with(runtime, figures)
    found = outcomes(measure, standard_planes(STANDARD), f"standard planes, {precision}", len(STANDARD))
    numbers = list(numbers_of(found, precision))
    if precision != "int8":
        return Evaluated(numbers)

    def look(frame: Frame) -> Plane | None:
        seen = seen_by(runtime, figures, frame)
        return None if seen is None else seen.plane

    tables = ["## Tilt\n", *tilt_table(measure), "\n## Without one structure\n", *lacking_table(measure)]
    return Evaluated([*numbers, *real_numbers(look, measure, tables)], tables)


def numbers_of(found: Sequence[Outcome], precision: str) -> list[Number]:
    kept, types = [one for one in found if one.kept], types_of(found)
    note = f"{precision}; {len(found)} phantoms in the standard plane, seeds from {STANDARD.start}"
    rows: list[tuple[str, float, str]] = [("measured", 100 * len(kept) / len(found), "%")]
    for name in MEASURED:
        errors, unit = errors_of(found, name), "%" if name == "head_coverage" else "deg"
        rows += [
            (f"{name}_mean_absolute_error", float(np.abs(errors).mean()), unit),
            (f"{name}_bias", float(errors.mean()), unit),
            (f"{name}_90th_percentile", float(np.quantile(np.abs(errors), 0.9)), unit),
            (f"{name}_in_interval", 100 * inside_of(found, name), "%"),
        ]
    rows += [
        ("type_same", 100 * types.same, "%"),
        ("treatment_same", 100 * types.same_treatment, "%"),
        ("treatment_too_mild", 100 * types.too_mild, "%"),
    ]
    return [
        Number(name=f"{name}_{precision}", value=round(value, 2), unit=unit, note=note) for name, value, unit in rows
    ]


def real_numbers(look: LookedAt, measure: Measure, tables: list[str]) -> list[Number]:
    """Of the real planes, where they are; their table goes to `tables`."""
    planes = judged_planes()
    if not planes:
        return []
    found = figures_of(planes, look)
    tables += ["\n## Real planes\n", *found.table]
    answered = [measure(one.frame).verdict is not Verdict.REFUSED for one in planes]
    kept = [
        sum(told for told, one in zip(answered, planes, strict=True) if one.standard is kind) for kind in (True, False)
    ]
    note = f"{len(planes)} real planes, squeezed; no weight saw them"
    values = [
        ("real_planes_auc", found.auc, "", note),
        ("real_planes_folded_accuracy", 100 * found.folded, "%", "the same; a cut chosen on four folds, by fault kind"),
        ("real_standard_planes_answered", float(kept[0]), "", f"of {sum(one.standard for one in planes)}"),
        ("real_other_planes_answered", float(kept[1]), "", f"of {sum(not one.standard for one in planes)}"),
    ]
    return [Number(name=name, value=round(value, 3), unit=unit, note=said) for name, value, unit, said in values]


def look_without(frame: Frame) -> Plane | None:
    """By image analysis."""
    work = picture_of(frame)
    joint = None if work is None else find_joint(work)
    return None if joint is None else plane_of(joint)


def others_table(measure: Measure, folder: Path) -> list[str]:
    """Pictures of other body parts: how many are taken for a hip in its standard plane; in Markdown."""
    rows = ["| other pictures | answered |\n|---|---|"]
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(path for path in part.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".tif"))
        taken = []
        for path in paths[:: max(1, len(paths) // MOST_OTHERS)]:
            pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if pixels is None or min(pixels.shape) < LEAST_PX:
                continue
            frame = Frame(np.asarray(pixels, np.uint8), 0, 0, path.name, region=Region(0, 0, *pixels.shape[::-1]))
            taken.append(measure(frame).verdict is not Verdict.REFUSED)
        if taken:
            rows.append(f"| {part.name} | {sum(taken)} of {len(taken)} |")
    return rows


def main(*others: str) -> None:
    measure = measured_by(ClassicalHipTask(Given(ALONE)), SPEC.gate, None)
    found = outcomes(measure, standard_planes(STANDARD), "standard planes", len(STANDARD))
    tables = ["## Tilt\n", *tilt_table(measure), "\n## Without one structure\n", *lacking_table(measure)]
    for number in [*numbers_of(found, "classical"), *real_numbers(look_without, measure, tables)]:
        print(f"{number.name:58} {number.value:8.2f} {number.unit}")
    for folder in others:
        tables += ["\n## Other body parts\n", *others_table(measure, Path(folder))]
    print("\n".join(tables))


if __name__ == "__main__":
    main(*sys.argv[1:])
