"""What tells windows apart: chosen features, a support vector machine, neighbours, and what makes them probabilities.

In a model's folder it is two files: ARRAYS, and CHOSEN with the names of the features that the arrays are about.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.image.classifiers import Neighbours, Sigmoid, Steps, SupportVectors, packed, standardised, unpacked
from edge.task.nerve.window_features import FEATURES

ARRAYS: Final = "windows.npz"
CHOSEN: Final = "features.txt"
"""One name per line, in the arrays' order."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowModel:
    """A trained judge of windows."""

    features: tuple[str, ...]
    """Of FEATURES; those that were chosen."""
    mean: NDArray[np.float32]
    """(features,) that training subtracted,"""
    deviation: NDArray[np.float32]
    """(features,) and divided by."""
    machine: SupportVectors
    sigmoid: Sigmoid
    neighbours: Neighbours
    steps: Steps

    def scaled(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, chosen) standard deviations from the mean, from (n, FEATURES)."""
        chosen = features[:, [FEATURES.index(name) for name in self.features]]
        return standardised(chosen, self.mean, self.deviation)

    def probability(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) that each window holds what is looked for, by the support vector machine."""
        return self.sigmoid.probability(self.machine.decide(scaled))

    def second_opinion(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) the same by the neighbours."""
        return self.steps.probability(self.neighbours.share(scaled))


def window_model_of(files: Mapping[str, bytes]) -> WindowModel:
    """From the content of each file that `files_of` made. Raises ModelError where they are no such files."""
    try:
        features = tuple(files[CHOSEN].decode().splitlines())
        with np.load(io.BytesIO(files[ARRAYS]), allow_pickle=False) as arrays:
            vectors = unpacked(arrays["vectors"])
            bias, gamma, slope, offset = (float(value) for value in arrays["figures"])
            model = WindowModel(
                features,
                arrays["mean"],
                arrays["deviation"],
                SupportVectors(vectors, arrays["weights"], bias, gamma),
                Sigmoid(slope, offset),
                Neighbours(vectors, arrays["positive"], int(arrays["count"])),
                Steps(arrays["score"], arrays["share"]),
            )
    except KeyError as error:
        raise ModelError(f"the nerve windows' model lacks {error}; reinstall sonoedge") from error
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(f"the nerve windows' model cannot be read: {error}; reinstall sonoedge") from error
    if unknown := set(features) - set(FEATURES):
        raise ModelError(
            f"the nerve windows' model asks for features that this version does not know: "
            f"{', '.join(sorted(unknown))}; update sonoedge"
        )
    if vectors.shape[1:] != (len(features),):
        raise ModelError(
            f"the nerve windows' model has arrays of shape {vectors.shape} for {len(features)} features; "
            "reinstall sonoedge"
        )
    return model


def files_of(model: WindowModel) -> dict[str, bytes]:
    """The content of each file of a model whose machine and neighbours have the same vectors; they are `packed`."""
    buffer = io.BytesIO()
    machine = model.machine
    np.savez_compressed(
        buffer,
        mean=model.mean,
        deviation=model.deviation,
        vectors=packed(machine.vectors),
        weights=machine.weights,
        figures=np.array([machine.bias, machine.gamma, model.sigmoid.slope, model.sigmoid.offset]),
        positive=model.neighbours.positive,
        count=np.array(model.neighbours.count),
        score=model.steps.score,
        share=model.steps.share,
    )
    return {ARRAYS: buffer.getvalue(), CHOSEN: "".join(f"{name}\n" for name in model.features).encode()}
