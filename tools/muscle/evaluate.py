"""Calibrate the muscle model's intervals and measure it on pictures that it never learnt from.

Real pictures that three observers measured (people whom no training saw), and hand-drawn masks of test clusters. The
tables go to `out/evaluate/muscle.md`, the figures to the manifest. Intervals are those of the person who needs the
widest; the table of held-out people says how they fare on someone who had no part in them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.app.composition import open_task
from edge.runtime.manifest import Number
from edge.runtime.opening import open_runtime
from edge.trust.interval import conformal_half_width
from tools.bundle import record
from tools.muscle.drawings import split
from tools.muscle.drawn import Drawn, compare_drawn, drawn_table
from tools.muscle.intervals import FIGURES, UNITS, by_person, half_widths, interval_table
from tools.muscle.observers import GASTROCNEMIUS, Pair, errors, read_all, table, task_reader, tensor_reader
from tools.muscle.pathways import open_pathway
from tools.muscle.phantoms import pairs_of, picture_of
from tools.recipe import MODELS

TABLES: Final = Path("out/evaluate/muscle.md")
CURVATURE_SEEDS: Final = range(7_100_000, 7_100_080)
MEASURES: Final = (("fascicle_angle", "deg"), ("aponeurosis_angle", "deg"), ("thickness", "%"))


def evaluate() -> tuple[Number, ...]:
    """Writes calibration, metrics and tables; returns the metrics."""
    folder = MODELS / "muscle"
    people = by_person(read_all(task_reader("deep")))
    widths = _calibration(half_widths(people), sum(map(len, people.values())))
    record(folder, calibration=[*widths, _curvature_width()])
    metrics: list[Number] = []
    parts = ["# Muscle", "\n## Intervals on people left out\n", interval_table(people)]
    for precision in ("int8", "float"):
        pairs = read_all(task_reader("deep", precision=precision))
        drawn = _drawn(precision)
        parts += [f"\n## Against three observers: {precision}\n", table(pairs)]
        parts += [f"\n## Against hand-drawn masks: {precision}\n", drawn_table(drawn)]
        metrics += [*_observed_metrics(pairs, precision), *_drawn_metrics(drawn, precision)]
    for name, reader in (
        ("the network's field alone", task_reader("network")),
        ("the classical pathway", task_reader("classical")),
        ("the bare structure tensor", tensor_reader()),
    ):
        parts += [f"\n## Against three observers: {name}\n", table(read_all(reader))]
    record(folder, metrics=metrics)
    TABLES.parent.mkdir(parents=True, exist_ok=True)
    TABLES.write_text("\n".join(parts) + "\n")
    print(TABLES.read_text())
    return tuple(metrics)


def _calibration(widths: NDArray[np.float64], n: int) -> list[Number]:
    note = f"90 % of the pictures of the person who needs the widest, of 7 people and {n} pictures that no training saw"
    return [
        Number(name=name, value=round(float(width), 2), unit=unit, note=note)
        for name, unit, width in zip(FIGURES, UNITS, widths, strict=True)
    ]


def _curvature_width() -> Number:
    """Nobody measured curvature on real pictures."""
    conclude, off = open_pathway("deep"), []
    for seed in CURVATURE_SEEDS:
        frame, bellies = picture_of(seed)
        pair = dict(pairs_of(conclude(frame), bellies)).get("fascicle_curvature")
        if pair is not None:
            off.append(pair.value - pair.truth)
    note = f"90 % of {len(off)} phantom pictures, seeds from {CURVATURE_SEEDS.start}"
    width = conformal_half_width(np.array(off))
    return Number(name="half_width_curvature", value=round(width, 1), unit="1/m", note=note)


def _drawn(precision: str) -> list[Drawn]:
    runtime, _ = open_runtime("onnx", MODELS / "muscle", precision=precision, threads=1)
    with runtime:
        task = open_task("muscle")
        return [compare_drawn(drawing, task, runtime) for drawing in split("test")]


def _observed_metrics(pairs: Sequence[Pair], precision: str) -> list[Number]:
    sets = {
        "set_1": [pair for pair in pairs if pair.observed.subject != GASTROCNEMIUS],
        "set_2": [pair for pair in pairs if pair.observed.subject == GASTROCNEMIUS],
    }
    numbers = []
    for name, group in sets.items():
        what = "vastus lateralis, six people" if name == "set_1" else "gastrocnemius of one person, sweep and jumps"
        note = f"{precision}; {len(group)} pictures, {what}; mean of three observers"
        answered = sum(pair.read is not None for pair in group) / len(group)
        numbers.append(Number(name=f"answered_{name}_{precision}", value=round(answered, 3), note=note))
        for (measure, unit), column in zip(MEASURES, errors(group).T, strict=True):
            off = column[np.isfinite(column)]
            for kind, value in (("mean_absolute_error", np.abs(off).mean()), ("bias", off.mean())):
                named = f"{measure}_{kind}_{name}_{precision}"
                numbers.append(Number(name=named, value=round(float(value), 3), unit=unit, note=note))
    return numbers


def _drawn_metrics(found: Sequence[Drawn], precision: str) -> list[Number]:
    note = f"{precision}; hand-drawn masks, {len(found)} pictures of test clusters"
    overlap = np.array([each.overlap for each in found])
    far = np.concatenate([each.distances_px for each in found])
    pairs = np.concatenate([each.fragments for each in found])
    field = (pairs[:, 1] - pairs[:, 0] + 90) % 180 - 90
    rows = (
        ("aponeurosis_dice_median", np.nanmedian(overlap), ""),
        ("aponeurosis_border_distance_median", np.nanmedian(far), "px of 512"),
        ("field_along_fragments_mean_absolute_error", np.abs(field).mean(), "deg"),
    )
    return [
        Number(name=f"{name}_{precision}", value=round(float(value), 3), unit=unit, note=note)
        for name, value, unit in rows
    ]
