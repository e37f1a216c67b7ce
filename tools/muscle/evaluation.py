"""Calibrate the muscle model's intervals and measure it on pictures that it never learnt from.

Real pictures that three observers measured (people whom no training saw), and hand-drawn masks of test clusters.
Intervals are those of the person who needs the widest; the table of held-out people says how they fare on someone who
had no part in them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number
from edge.task.contract import Given
from edge.task.muscle.spec import SPEC, MuscleOptions
from edge.task.muscle.task import MuscleTask
from edge.trust.interval import COVERAGE, conformal_half_width
from tools.lesson import Evaluated
from tools.muscle.dl_track import split
from tools.muscle.mask_comparison import MaskComparison, compare_masks, mask_table
from tools.muscle.observers import (
    GASTROCNEMIUS,
    ObservedPair,
    errors,
    read_all,
    reader_of,
    table,
    task_reader,
    tensor_reader,
)
from tools.muscle.phantoms import pairs_of, picture_of
from tools.single_pictures import measured_by

CURVATURE_SEEDS: Final = range(7_100_000, 7_100_080)
MEASURES: Final = (("fascicle_angle", "deg"), ("aponeurosis_angle", "deg"), ("thickness", "%"))
FIGURES: Final = (
    "half_width_fascicle_angle",
    "half_width_aponeurosis_angle",
    "half_width_muscle_thickness",
    "share_fascicle_angle",
)
UNITS: Final = ("deg", "deg", "%", "%")
"""In the order of `by_person`."""


def calibrate(runtime: Runtime) -> list[Number]:
    """Half-widths: of angles and thickness by people, of the curvature by phantoms."""
    people = by_person(read_all(reader_of(measured_by(MuscleTask(), SPEC.gate, runtime))))
    widths = _calibration(half_widths(people), sum(map(len, people.values())))
    return [*widths, _curvature_width(runtime)]


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    """Against observers and hand-drawn masks; with int8 also other ways of reading the same pictures."""
    task = MuscleTask(Given(MuscleOptions(), figures))
    pairs = read_all(reader_of(measured_by(task, SPEC.gate, runtime)))
    compared = [compare_masks(drawing, task, runtime) for drawing in split("test")]
    tables = [
        f"\n## Against three observers: {precision}\n",
        table(pairs),
        f"\n## Against hand-drawn masks: {precision}\n",
        mask_table(compared),
    ]
    if precision == "int8":
        tables = ["\n## Intervals on people left out\n", interval_table(by_person(pairs)), *tables, *_other_tables()]
    return Evaluated([*_observed_metrics(pairs, precision), *_mask_metrics(compared, precision)], tables)


def _other_tables() -> list[str]:
    readers = {
        "the network's field alone": task_reader("network"),
        "the classical pathway": task_reader("classical"),
        "the bare structure tensor": tensor_reader(),
    }
    return [
        text
        for name, reader in readers.items()
        for text in (f"\n## Against three observers: {name}\n", table(read_all(reader)))
    ]


def by_person(pairs: Sequence[ObservedPair]) -> dict[str, NDArray[np.float64]]:
    """(answered, 4) of each: the three errors, and the fascicle angle's in percent of it."""
    people: dict[str, list[ObservedPair]] = {}
    for pair in sorted(pairs, key=lambda one: one.observed.subject):
        people.setdefault(pair.observed.subject, []).append(pair)
    return {name: _with_share(theirs) for name, theirs in people.items()}


def _with_share(pairs: Sequence[ObservedPair]) -> NDArray[np.float64]:
    off = errors(pairs)
    read = np.array([pair.read.fascicle_deg for pair in pairs if pair.read is not None])
    return np.column_stack((off, 100 * off[:, 0] / np.maximum(np.abs(read), 1.0)))


def half_widths(people: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """(4,) as wide as the person needs who needs most: people differ more than the pictures of one do."""
    each = [[np.quantile(np.abs(c[np.isfinite(c)]), COVERAGE) for c in found.T] for found in people.values()]
    return np.asarray(np.max(each, axis=0))


def held_out(people: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """(3,) share of each person's errors within the half-widths that the others gave."""
    shares = {}
    for name, found in people.items():
        widths = half_widths({other: theirs for other, theirs in people.items() if other != name})
        inside = np.abs(found) <= widths
        # The wider of a fixed half-width and a share of the angle.
        inside[:, 0] |= inside[:, 3]
        shares[name] = np.array([np.mean(inside[np.isfinite(found[:, k]), k]) for k in range(3)])
    return shares


def interval_table(people: Mapping[str, NDArray[np.float64]]) -> str:
    shares = held_out(people)
    lines = ["| person left out | n | fascicle angle | aponeurosis angle | thickness |", "|---|---|---|---|---|"]
    for name, share in shares.items():
        lines.append(f"| {name} | {len(people[name])} | {' | '.join(f'{100 * s:.0f} %' for s in share)} |")
    mean = np.average(list(shares.values()), axis=0, weights=[len(people[name]) for name in shares])
    lines.append(f"| all (aim {100 * COVERAGE:.0f} %) | | {' | '.join(f'{100 * s:.0f} %' for s in mean)} |")
    return "\n".join(lines)


def _calibration(widths: NDArray[np.float64], n: int) -> list[Number]:
    note = f"90 % of the pictures of the person who needs the widest, of 7 people and {n} pictures that no training saw"
    return [
        Number(name=name, value=round(float(width), 2), unit=unit, note=note)
        for name, unit, width in zip(FIGURES, UNITS, widths, strict=True)
    ]


def _curvature_width(runtime: Runtime) -> Number:
    """Nobody measured curvature on real pictures."""
    measure, off = measured_by(MuscleTask(), SPEC.gate, runtime), []
    for seed in CURVATURE_SEEDS:
        frame, bellies = picture_of(seed)
        pair = dict(pairs_of(measure(frame), bellies)).get("fascicle_curvature")
        if pair is not None:
            off.append(pair.value - pair.truth)
    note = f"90 % of {len(off)} phantom pictures, seeds from {CURVATURE_SEEDS.start}"
    width = conformal_half_width(np.array(off))
    return Number(name="half_width_curvature", value=round(width, 1), unit="1/m", note=note)


def _observed_metrics(pairs: Sequence[ObservedPair], precision: str) -> list[Number]:
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


def _mask_metrics(found: Sequence[MaskComparison], precision: str) -> list[Number]:
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
