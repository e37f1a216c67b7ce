"""Grade and failures judged from features: an ordinal cascade and one judge for each failure, all logistic.

Grade by three steps, 0 against 1 and more, up to 1 against 2 and more, up to 2 against 3 (the order of Christensen,
Ann Rheum Dis 2020). Weights are figures of the model: `judge_NAME_FEATURE`; they were fitted on phantoms, so that a
step's output is a calibrated probability of phantoms alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.task.synovitis.grades import Floats
from edge.task.synovitis.seen import FEATURES

STEPS: Final = ("grade_1", "grade_2", "grade_3")
FAILURES: Final = ("weak_boundary", "pressure", "tendon", "effusion", "oblique")
JUDGES: Final = (*STEPS, *FAILURES)
EVIDENCE: Final = ("evidence_1", "evidence_2", "evidence_3")
COVERED: Final = 0.9
"""Of a grade's probability, that its interval holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Judges:
    """All of them, as one product."""

    weights: Floats
    """(judges, features + 1): the last is the offset."""
    cuts: Floats
    """(failures,) probabilities from which on a failure is told."""

    @classmethod
    def of(cls, figures: Mapping[str, float], evidence: int) -> "Judges":
        """From a model's figures; evidence: how many a network gives. Without figures nothing is judged likely."""
        names = names_of(evidence)
        weights = [[figures.get(f"judge_{judge}_{name}", 0.0) for name in names] for judge in JUDGES]
        cuts = [figures.get(f"cut_{failure}", 1.1) for failure in FAILURES]
        return cls(np.asarray(weights), np.asarray(cuts))

    def probabilities(self, features: Floats) -> Floats:
        """(judges,) from features (features,)."""
        scores = self.weights[:, :-1] @ features + self.weights[:, -1]
        return np.asarray(1 / (1 + np.exp(-np.clip(scores, -40, 40))))


def names_of(evidence: int) -> tuple[str, ...]:
    """Of the weights' columns."""
    return (*FEATURES, *EVIDENCE[:evidence], "offset")


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade with what it may be as well."""

    value: int
    low: int
    high: int
    chances: tuple[float, float, float, float]
    """Of grades 0 to 3."""


def graded(steps: Floats) -> Graded:
    """From the three steps' probabilities (3,): a later step is never likelier than one before it."""
    one, two, three = np.minimum.accumulate(np.clip(steps, 1e-6, 1 - 1e-6)).tolist()
    chances = (1 - one, one - two, two - three, three)
    value = int((one > 0.5) + (two > 0.5) + (three > 0.5))
    low = high = value
    held = chances[value]
    while held < COVERED:
        below = chances[low - 1] if low > 0 else -1.0
        above = chances[high + 1] if high < 3 else -1.0
        low, high = (low - 1, high) if below >= above else (low, high + 1)
        held += max(below, above)
    return Graded(value, low, high, chances)
