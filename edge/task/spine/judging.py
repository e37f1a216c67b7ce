"""Sacrum, bone or space from the figures of a transverse view, by support vector machines with Gaussian kernel.

The last steps of Yu, Tan, Sng, Li and Sia (Ultrasound Med Biol 2015; 41: 2677): chosen features, bone against
interspinous. Two machines are added to theirs: the sacrum, from which levels are counted, against both; what can be
read against what cannot.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.image.classifiers import Sigmoid, SupportVectors, standardised, unpacked
from edge.task.spine.features import FEATURES
from edge.task.spine.seen import Floats

JUDGES: Final = ("sacrum", "bone", "legible")
"""Against bone and space; against space; against what shows no spine, or not its midline."""
FILE: Final = "judges.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One machine."""

    features: tuple[str, ...]
    """Of FEATURES; those that were chosen."""
    mean: NDArray[np.float32]
    """(features,) that training subtracted,"""
    deviation: NDArray[np.float32]
    """(features,) and divided by."""
    machine: SupportVectors
    sigmoid: Sigmoid

    def decide(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) positive: of the class, from (n, FEATURES)."""
        columns = [FEATURES.index(name) for name in self.features]
        return self.machine.decide(standardised(features[:, columns], self.mean, self.deviation))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the machines say of a picture."""

    decisions: tuple[float, float, float]
    """By JUDGES; positive: it is."""
    chances: Floats
    """(3,) by KINDS; sums to 1."""
    legible: float
    """0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Judges:
    """All of them."""

    each: tuple[Judge, ...]
    """By JUDGES."""

    @classmethod
    def of(cls, arrays: Mapping[str, bytes]) -> Self:
        """From a model's arrays. Raises ModelError where they hold no judges of this version."""
        try:
            with np.load(io.BytesIO(arrays[FILE]), allow_pickle=False) as kept:
                each = tuple(_judge({key: kept[f"{name} {key}"] for key in KEYS}) for name in JUDGES)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ModelError(f"{FILE} holds no judges ({error}); install the model again") from error
        for judge in each:
            if not set(judge.features) <= set(FEATURES) or judge.machine.vectors.shape[1:] != judge.mean.shape:
                raise ModelError(f"{FILE} asks for features that are not known: it is of another version")
        return cls(each)

    def judge(self, features: NDArray[np.float32]) -> Judged:
        """Of a picture's (FEATURES,)."""
        scores = [judge.decide(features[None]) for judge in self.each]
        sacrum, bone, legible = (
            float(judge.sigmoid.probability(score)[0]) for judge, score in zip(self.each, scores, strict=True)
        )
        chances = np.array([sacrum, (1 - sacrum) * bone, (1 - sacrum) * (1 - bone)])
        first, second, third = (float(score[0]) for score in scores)
        return Judged((first, second, third), chances, legible)


KEYS: Final = ("features", "mean", "deviation", "vectors", "weights", "figures")
"""Arrays of each judge in the file; vectors are `packed`, figures are bias, gamma, and the sigmoid's slope and offset."""


def _judge(kept: Mapping[str, NDArray[np.generic]]) -> Judge:
    bias, gamma, slope, offset = np.asarray(kept["figures"], np.float64).tolist()
    vectors = unpacked(np.asarray(kept["vectors"], np.int8))
    mean, deviation, weights = (np.asarray(kept[key], np.float32) for key in ("mean", "deviation", "weights"))
    names = tuple(str(name) for name in kept["features"])
    return Judge(names, mean, deviation, SupportVectors(vectors, weights, bias, gamma), Sigmoid(slope, offset))
