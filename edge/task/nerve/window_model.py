"""What tells windows apart: chosen features, a support vector machine, neighbours, and what makes them probabilities.

A model is a folder with `classical.json` (a `WindowManifest`) beside one file of arrays.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelDigestError, ModelError
from edge.image.neighbours import Neighbours
from edge.image.probability import Sigmoid, Steps
from edge.image.scaling import packed, standardised, unpacked
from edge.image.support_vectors import SupportVectors

Floats = NDArray[np.float32]

MANIFEST: Final = "classical.json"
SCHEMA_VERSION: Final = 1


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measured quality."""

    name: str
    value: float
    unit: str = ""
    note: str = ""


class WindowManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is known of a model without opening it."""

    schema_version: int = SCHEMA_VERSION
    name: str
    version: str
    file: str
    sha256: str
    """Hexadecimal, of the file."""
    features: tuple[str, ...]
    """Names of those that were chosen, in the arrays' order."""
    trained_on: str
    licence: str
    attribution: str
    intended_use: str
    not_intended_for: str
    metrics: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WindowModel:
    """A trained judge of windows."""

    features: tuple[str, ...]
    mean: Floats
    """(features,) that training subtracted,"""
    deviation: Floats
    """(features,) and divided by."""
    machine: SupportVectors
    sigmoid: Sigmoid
    neighbours: Neighbours
    steps: Steps

    def scaled(self, features: Floats, names: tuple[str, ...]) -> Floats:
        """(n, chosen) standard deviations from the mean, from all features (n, names)."""
        place = {name: index for index, name in enumerate(names)}
        chosen = features[:, [place[name] for name in self.features]]
        return standardised(chosen, self.mean, self.deviation)

    def probability(self, scaled: Floats) -> Floats:
        """(n,) that each window holds what is looked for, by the support vector machine."""
        return self.sigmoid.probability(self.machine.decide(scaled))

    def second_opinion(self, scaled: Floats) -> Floats:
        """(n,) the same by the neighbours."""
        return self.steps.probability(self.neighbours.share(scaled))


def load_model(folder: Path) -> tuple[WindowManifest, WindowModel]:
    """A model's folder. Raises ModelError where it is incomplete, ModelDigestError where its file is another one."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=WindowManifest)
        content = (folder / manifest.file).read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {error.filename}: {error.strerror}; reinstall sonoedge") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a manifest that this version reads: {error}; reinstall sonoedge") from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise ModelError(
            f"{path} has schema {manifest.schema_version}, this version reads {SCHEMA_VERSION}; update sonoedge"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.sha256:
        raise ModelDigestError(
            f"{folder / manifest.file} is damaged or was replaced: its SHA-256 is {found}, "
            f"the manifest expects {manifest.sha256}; put the original file back or reinstall sonoedge"
        )
    return manifest, read_model(content, manifest.features)


def read_model(content: bytes, features: tuple[str, ...]) -> WindowModel:
    """From the bytes that `write_model` made. Raises ModelError where they are no such arrays."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            vectors = unpacked(arrays["vectors"])
            bias, gamma, slope, offset = (float(value) for value in arrays["figures"])
            return WindowModel(
                features,
                arrays["mean"],
                arrays["deviation"],
                SupportVectors(vectors, arrays["weights"], bias, gamma),
                Sigmoid(slope, offset),
                Neighbours(vectors, arrays["positive"], int(arrays["count"])),
                Steps(arrays["score"], arrays["share"]),
            )
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(f"the classical model's arrays cannot be read: {error}; reinstall sonoedge") from error


def write_model(model: WindowModel) -> bytes:
    """The arrays of a model whose machine and neighbours have the same vectors; vectors are `packed`."""
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
    return buffer.getvalue()


def window_model_of(arrays: object) -> WindowModel:
    from edge.runtime.manifest import models_folder

    return load_model(models_folder() / "nerve_classical")[1]
