"""What lies under each column, by what the network sees in it: three log odds from the strongest signs of its planes.

Beside the network's own word on a column count the strongest echo of free bone, of the sacrum and of the posterior
complex in it: where a process lies shallow, that word is given near the echo alone.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.task.spine.levels import KINDS
from edge.task.spine.seen import Floats

FILE: Final = "kinds.npz"
SURFACES: Final = 3
"""Planes of the network that are surfaces: bone, sacrum, posterior complex."""
PAIRS: Final = ((1, 2), (0, 1))
"""Of KINDS, whose words are held against each other: bone against space, sacrum against bone."""
FEATURES: Final = SURFACES + 3 * len(PAIRS)
WIDE: Final = 9
"""Columns over which evidence is averaged, 6.5 mm."""
HIGH: Final = 3
"""Rows of an echo."""


def evidence_of(surfaces: NDArray[np.float32], words: NDArray[np.float32]) -> Floats:
    """(FEATURES, columns). surfaces: (SURFACES, rows, columns) log odds; words: (len(KINDS), rows, columns), of the
    rows that may tell."""
    strongest = [cv2.blur(plane, (WIDE, HIGH)).max(axis=0) for plane in surfaces]
    found = [*strongest]
    for one, other in PAIRS:
        apart = cv2.blur(words[one] - words[other], (WIDE, 1))
        found += [apart.max(axis=0), apart.min(axis=0), apart.mean(axis=0)]
    return np.asarray(np.stack(found), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class KindJudge:
    """Multinomial logistic regression."""

    weights: Floats
    """(2, FEATURES + 1, len(KINDS)): of a transverse, of a paramedian view; the last row is added."""

    @classmethod
    def of(cls, arrays: Mapping[str, bytes]) -> Self:
        """From a model's arrays. Raises ModelError where they hold no judge of this version."""
        try:
            with np.load(io.BytesIO(arrays[FILE]), allow_pickle=False) as kept:
                weights = np.asarray(kept["weights"], np.float64)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ModelError(f"{FILE} holds no judge ({error}); install the model again") from error
        if weights.shape != (2, FEATURES + 1, len(KINDS)):
            raise ModelError(f"{FILE} holds weights of {weights.shape}: it is of another version")
        return cls(weights)

    @classmethod
    def untaught(cls) -> Self:
        """Before one is fitted: the network's mean word alone."""
        weights = np.zeros((2, FEATURES + 1, len(KINDS)))
        weights[:, SURFACES + 2, 1], weights[:, SURFACES + 5, 0] = 1.0, 1.0
        return cls(weights)

    def chances(self, evidence: Floats, *, along: bool) -> Floats:
        """(columns, len(KINDS)) of (FEATURES, columns); each row sums to 1."""
        weights = self.weights[int(along)]
        odds = evidence.T @ weights[:-1] + weights[-1]
        power = np.exp(odds - odds.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True))
