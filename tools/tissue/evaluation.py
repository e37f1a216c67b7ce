"""How the three methods read regions that no training saw; used by `python -m tools.evaluate tissue`.

Shares are means over clusters of near-duplicates, so that a scene that is there ten times counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.image.classifiers import Sigmoid
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number, load_manifest, read_verified
from edge.task.tissue.classifiers import UNKNOWN, TissueModel, read_tissue_model
from edge.task.tissue.spec import JUDGED, KINDS, SPEC
from edge.task.tissue.task import LEAST_PROBABILITY, at_most_one
from tools.lesson import MODELS, Evaluated
from tools.tissue.classical_training import fitted_sigmoid
from tools.tissue.regions import ABOVE, BESIDE, TRUTH, RegionExamples, load_examples, weights_of

Floats = NDArray[np.float64]
ROWS: Final = (*KINDS, "skin and fat", "beside a nerve")
UNCLEAR: Final = len(KINDS)
BINS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What one method says of regions."""

    probability: Floats
    """(n, JUDGED)."""

    @property
    def kind(self) -> NDArray[np.int64]:
        """(n,) index in KINDS, or UNCLEAR."""
        best = self.probability[:, : len(KINDS)].argmax(axis=1)
        return np.where(self.sure >= LEAST_PROBABILITY, best, UNCLEAR)

    @property
    def sure(self) -> Floats:
        return np.asarray(self.probability[:, : len(KINDS)].max(axis=1), np.float64)


def row_of(examples: RegionExamples) -> NDArray[np.int64]:
    """(n,) index in ROWS, by each region's truth."""
    rows = np.full(len(examples.truth), ROWS.index("beside a nerve"))
    for kind in range(len(KINDS)):
        rows[examples.truth[:, kind] == 1] = kind
    above = (examples.truth[:, : len(KINDS)] == np.array(TRUTH[ABOVE][: len(KINDS)])).all(axis=1)
    rows[above] = ROWS.index("skin and fat")
    assert (TRUTH[BESIDE][2] == UNKNOWN) and len(ROWS) == 6
    return rows


def logits(runtime: Runtime, examples: RegionExamples) -> NDArray[np.float32]:
    """(n, JUDGED)."""
    return np.stack([runtime.infer(patch[None, None])[0].reshape(-1).copy() for patch in examples.patches])


def by_network(scores: NDArray[np.float32], figures: Mapping[str, float]) -> Said:
    sigmoids = [Sigmoid(figures[f"slope_{kind}"], figures[f"offset_{kind}"]) for kind in JUDGED]
    each = np.stack([one.probability(scores[:, k]) for k, one in enumerate(sigmoids)], axis=1)
    return Said(np.stack([at_most_one(row) for row in each]))


def by_older(model: TissueModel, examples: RegionExamples) -> dict[str, Said]:
    distances = model.distances(model.scaled_of_all(examples.features))
    found = {"svm": model.by_machine(distances), "neighbours": model.by_neighbours(distances)}
    return {name: Said(np.stack([at_most_one(row) for row in one])) for name, one in found.items()}


def calibrate(runtime: Runtime) -> list[Number]:
    """The network's sigmoids and each method's half-width, by the validation regions."""
    examples = load_examples("validation")
    note = f"{len(examples.group)} regions kept back, {len(set(examples.group.tolist()))} clusters and patients"
    scores, weights = logits(runtime, examples), weights_of(examples.truth, examples.group)
    numbers = []
    for kind, name in enumerate(JUDGED):
        known = examples.truth[:, kind] != UNKNOWN
        sigmoid = fitted_sigmoid(scores[known, kind], examples.truth[known, kind] == 1, weights[known])
        numbers.append(Number(name=f"slope_{name}", value=round(sigmoid.slope, 4), note=note))
        numbers.append(Number(name=f"offset_{name}", value=round(sigmoid.offset, 4), note=note))
    figures = {number.name: number.value for number in numbers}
    real = examples.taken(examples.scanner != "phantom")
    methods = {"network": by_network(scores[examples.scanner != "phantom"], figures)} | by_older(arrays(), real)
    for name, said in methods.items():
        half = 100 * float(np.quantile(gaps(said, real)[0], 0.9))
        numbers.append(Number(name=f"half_width_{name}", value=round(max(half, 1.0), 1), unit="%", note=note))
    return numbers


def arrays() -> TissueModel:
    folder = MODELS / SPEC.name
    return read_tissue_model(read_verified(folder, load_manifest(folder).arrays[0]), JUDGED)


def gaps(said: Said, examples: RegionExamples) -> tuple[Floats, Floats]:
    """(bins,) how far what is sure and what is right differ, and how many regions each bin holds; regions whose kind is
    not known are left out."""
    rows, kind = row_of(examples), said.probability[:, : len(KINDS)].argmax(axis=1)
    known = (rows < ROWS.index("beside a nerve")) | (kind < 2)
    sure, right = said.sure[known], (kind == rows)[known]
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS).astype(np.float64)
    used = count >= 10
    apart = np.abs(np.bincount(place, sure, BINS) - np.bincount(place, right, BINS))[used] / count[used]
    return apart, count[used]


def calibration_error(said: Said, examples: RegionExamples) -> float:
    """Expected calibration error of the most probable kind."""
    apart, count = gaps(said, examples)
    return float((apart * count).sum() / count.sum())


def cluster_mean(values: NDArray[np.bool_], group: NDArray[np.int64]) -> float:
    """Mean of the groups' means."""
    return float(np.mean([values[group == one].mean() for one in np.unique(group)])) if len(values) else float("nan")


def confusion(said: Said, examples: RegionExamples) -> Floats:
    """(ROWS, KINDS and unclear) percent of each row, over clusters."""
    rows, kind = row_of(examples), said.kind
    table = np.zeros((len(ROWS), len(KINDS) + 1))
    for row in range(len(ROWS)):
        of_row = rows == row
        for column in range(len(KINDS) + 1):
            table[row, column] = 100 * cluster_mean(kind[of_row] == column, examples.group[of_row])
    return table


def figures_of(said: Said, examples: RegionExamples, name: str) -> list[Number]:
    rows, kind = row_of(examples), said.kind
    known = rows < len(KINDS)
    note = f"{int(known.sum())} regions of {len(set(examples.group[known].tolist()))} clusters, {name}"
    recalls = [cluster_mean((kind == rows)[rows == k], examples.group[rows == k]) for k in range(len(KINDS))]
    answered = known & (kind != UNCLEAR)
    values = {
        "accuracy": 100 * float(np.mean(recalls)),
        "accuracy_where_told": 100 * cluster_mean((kind == rows)[answered], examples.group[answered]),
        "unclear": 100 * cluster_mean((kind == UNCLEAR)[known], examples.group[known]),
        "calibration_error": 100 * calibration_error(said, examples),
    } | {f"recall_{one}": 100 * recall for one, recall in zip(KINDS, recalls, strict=True)}
    return [Number(name=f"{key}_{name}", value=round(value, 1), unit="%", note=note) for key, value in values.items()]


def agreement(methods: list[Said], examples: RegionExamples) -> list[Number]:
    """Where all methods name one kind: how often that is, and how often it is right."""
    rows, kinds = row_of(examples), np.stack([said.kind for said in methods])
    alike = (kinds == kinds[0]).all(axis=0) & (kinds[0] != UNCLEAR)
    known = rows < len(KINDS)
    right = 100 * cluster_mean((kinds[0] == rows)[known & alike], examples.group[known & alike])
    share = 100 * cluster_mean(alike[known], examples.group[known])
    note = f"{int(known.sum())} regions, network int8, SVM and neighbours"
    return [
        Number(name="all_agree", value=round(share, 1), unit="%", note=note),
        Number(name="accuracy_where_all_agree", value=round(right, 1), unit="%", note=note),
    ]


def infiltration(said: Said, examples: RegionExamples, name: str) -> list[Number]:
    """Of phantom muscle: regions and patients told right. A patient's vote is the mean of the regions' log odds."""
    ill, share = examples.truth[:, -1] == 1, np.clip(said.probability[:, -1], 0.02, 0.98)
    odds = np.log(share / (1 - share))
    people = np.unique(examples.group)
    voted = [(odds[examples.group == one].mean() > 0) == ill[examples.group == one][0] for one in people]
    note = f"{len(people)} phantom patients, {name}"
    return [
        Number(name=f"infiltrated_{of}_{name}", value=round(100 * value, 1), unit="%", note=note)
        for of, value in (("regions", float(np.mean((odds > 0) == ill))), ("patients", float(np.mean(voted))))
    ]


def false_alarms(said: Said, examples: RegionExamples, name: str) -> Number:
    """How often muscle of the real pictures, whose people are not known to be ill, is called infiltrated."""
    muscle = row_of(examples) == KINDS.index("muscle")
    share = 100 * cluster_mean((said.probability[:, -1] > 0.5)[muscle], examples.group[muscle])
    note = f"{int(muscle.sum())} regions of real muscle that nobody called ill, {name}"
    return Number(name=f"infiltrated_said_of_real_muscle_{name}", value=round(share, 1), unit="%", note=note)


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    """All figures of the test regions."""
    examples = load_examples("test")
    phantom = examples.scanner == "phantom"
    real, simulated = examples.taken(~phantom), examples.taken(phantom)
    deep = [by_network(logits(runtime, part), figures) for part in (real, simulated)]
    methods = {f"network_{precision}": (deep[0], deep[1])}
    if precision == "int8":
        older, older_simulated = by_older(arrays(), real), by_older(arrays(), simulated)
        methods |= {name: (older[name], older_simulated[name]) for name in older}
    numbers: list[Number] = []
    tables = []
    if precision == "int8":
        numbers += agreement([said for said, _ in methods.values()], real)
    for name, (said, of_simulated) in methods.items():
        numbers += figures_of(said, real, name) + infiltration(of_simulated, simulated, name)
        numbers.append(false_alarms(said, real, name))
        tables.append(table_of(name, said, real))
    return Evaluated(numbers, tables)


def table_of(name: str, said: Said, examples: RegionExamples) -> str:
    """The confusion as a table in Markdown."""
    rows = row_of(examples)
    lines = [f"| {name} | {' | '.join((*KINDS, 'unclear'))} | regions |", "|---" * (len(KINDS) + 3) + "|"]
    for row, shares in enumerate(confusion(said, examples)):
        cells = " | ".join(f"{share:.0f} %" for share in shares)
        lines.append(f"| {ROWS[row]} | {cells} | {int((rows == row).sum())} |")
    return "\n".join(lines) + "\n"
