"""Grade and failures judged from features: an ordinal cascade and one judge for each failure, all logistic.

Grade by three steps, 0 against 1 and more, up to 1 against 2 and more, up to 2 against 3 (the order of Christensen,
Ann Rheum Dis 2020). The weights are a file of the model; they were fitted on phantoms, so that a step's output is a
calibrated probability of phantoms alone.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.errors import ModelError
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.seen import FEATURES

STEPS: Final = ("grade_1", "grade_2", "grade_3")
FAILURES: Final = ("weak_boundary", "pressure", "tendon", "effusion", "oblique")
JUDGES: Final = (*STEPS, *FAILURES)
FILE: Final = "judges.npz"
COVERED: Final = 0.9
"""Of a grade's probability, that its interval holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Judges:
    """All of them, as one product."""

    weights: Floats
    """(judges, features + 1) by JUDGES; the last is the offset."""
    cuts: Floats
    """(failures,) probabilities from which on a failure is told."""

    @classmethod
    def of(cls, arrays: Mapping[str, bytes], evidence: int) -> "Judges":
        """From a model's arrays; evidence: how many a network gives. Without arrays nothing is likely.

        Raises ModelError where they are not these judges'.
        """
        shape = len(JUDGES), len(FEATURES) + evidence + 1
        if FILE not in arrays:
            return cls(np.zeros(shape), np.full(len(FAILURES), 1.1))
        try:
            with np.load(io.BytesIO(arrays[FILE]), allow_pickle=False) as kept:
                judges = cls(np.asarray(kept["weights"], np.float64), np.asarray(kept["cuts"], np.float64))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"{FILE} is no file of judges ({error}); install the model again") from error
        if judges.weights.shape != shape or judges.cuts.shape != (len(FAILURES),):
            raise ModelError(f"{FILE} has weights {judges.weights.shape}; expected {shape}: it is of another version")
        return judges

    def probabilities(self, features: Floats) -> Floats:
        """(judges,) from features (features,)."""
        scores = self.weights[:, :-1] @ features + self.weights[:, -1]
        return np.asarray(1 / (1 + np.exp(-np.clip(scores, -40, 40))))


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
