"""Real planes that somebody judged: standard, or which of five faults. They are squeezed to squares: no angle is
reported on them, and nothing is fitted to them but where a fold says so."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame, Region
from edge.task.hip.plane import ITEMS, Plane
from tools.single_pictures import DATA

FOLDER: Final = DATA / "hip_planes"
STANDARD_PLANE: Final = "standard"
FOLDS: Final = 5
AT_FAULT: Final = {
    "incomplete bony roof or poor display of the lower limb of the os ilium": ("bony roof", "lower limb"),
    "lack of a chondro-osseous border": ("chondro-osseous border",),
    "nonmiddle plane": (),
    "poor display of the joint capsule and perichondrium synovial plica": ("joint capsule", "synovial fold"),
    "poor labrum display": ("labrum",),
}
"""Items of the checklists that a fault is about; of the third the plane as a whole."""
LookedAt = Callable[[Frame], Plane | None]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPlane:
    """One picture and its judgement."""

    name: str
    frame: Frame
    kind: str

    @property
    def standard(self) -> bool:
        return self.kind == STANDARD_PLANE


def judged_planes(folder: Path = FOLDER) -> list[JudgedPlane]:
    """All of them; empty where the set is missing."""
    if not folder.is_dir():
        return []
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        (path,) = folder.rglob(row["file"])
        pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        found.append(JudgedPlane(path.stem, Frame(pixels, 0, 0, path.name, region=Region.whole(pixels)), row["plane"]))
    return found


def worth_of(plane: Plane | None) -> float:
    """One number for how much speaks for the standard plane: the geometric mean of all items and the fit."""
    if plane is None:
        return 0.0
    scores = [max(plane.scores[item], 1e-3) for item in ITEMS if item != "straight ilium"]
    return float(np.exp(np.mean(np.log([*scores, max(plane.fit, 1e-3)]))))


def area_under_curve(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Chance that a positive scores higher than a negative; ties count half."""
    high, low = scores[positive][:, None], scores[~positive]
    return float(np.mean((high > low) + 0.5 * (high == low)))


@dataclass(frozen=True, slots=True, eq=False)
class PlaneFigures:
    """How the judgements of a pathway agree with people's."""

    auc: float
    """Standard against not, by `worth_of`; nothing is fitted."""
    folded: float
    """Balanced accuracy, each fault kind and a fifth of the standard planes judged by a cut chosen on the others."""
    table: list[str]
    """Item by item, in Markdown."""


def figures_of(planes: Sequence[JudgedPlane], look: LookedAt) -> PlaneFigures:
    seen = [look(one.frame) for one in planes]
    worth = np.array([worth_of(one) for one in seen])
    standard = np.array([one.standard for one in planes])
    rows = ["| judged | n | worth | by | AUC against standard planes |\n|---|---|---|---|---|"]
    for kind in dict.fromkeys(one.kind for one in planes):
        chosen = np.array([one.kind == kind for one in planes])
        items = [(item, _area(_scores(seen, item), chosen, standard)) for item in AT_FAULT.get(kind, ())]
        whole = [] if kind == STANDARD_PLANE else [("the plane", _area(worth, chosen, standard))]
        for item, auc in [*whole, *items]:
            rows.append(f"| {kind} | {chosen.sum()} | {np.median(worth[chosen]):.2f} | {item} | {auc:.2f} |")
    return PlaneFigures(area_under_curve(worth, standard), folded_accuracy(worth, planes), rows)


def _area(scores: NDArray[np.float64], others: NDArray[np.bool_], standard: NDArray[np.bool_]) -> float:
    """Under the curve of standard planes against some `others`."""
    return area_under_curve(scores[others | standard], standard[others | standard])


def _scores(seen: Sequence[Plane | None], item: str) -> NDArray[np.float64]:
    return np.array([0.0 if one is None else one.scores[item] for one in seen])


def folded_accuracy(worth: NDArray[np.float64], planes: Sequence[JudgedPlane]) -> float:
    """Mean of the shares of standard planes kept and of others refused, five-fold by fault kind."""
    kinds = list(AT_FAULT)
    number = {kind: fold for fold, kind in enumerate(kinds)}
    fold = np.zeros(len(planes), int)
    count = 0
    for index, one in enumerate(planes):
        fold[index] = number.get(one.kind, count % FOLDS)
        count += one.standard
    standard = np.array([one.standard for one in planes])
    right = np.zeros(len(planes), bool)
    for held in range(FOLDS):
        others = fold != held
        cuts = np.unique(worth[others])
        balanced = [_balanced(worth[others] >= cut, standard[others]) for cut in cuts]
        right[~others] = (worth[~others] >= cuts[int(np.argmax(balanced))]) == standard[~others]
    return float((right[standard].mean() + right[~standard].mean()) / 2)


def _balanced(kept: NDArray[np.bool_], standard: NDArray[np.bool_]) -> float:
    return float((kept[standard].mean() + (~kept[~standard]).mean()) / 2)
