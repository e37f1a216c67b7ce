"""Write a model folder's manifest: `python -m tools.bundle cartilage`.

What people know stands in `facts.json` among the task's tools; shapes are read from the float ONNX file; lengths and
SHA-256 from the files. A folder without that file is a model without a network. Calibration and metrics are kept from
the manifest that was there; `record` replaces them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import onnx

from edge.runtime.manifest import (
    MANIFEST,
    InputSpec,
    Manifest,
    ModelFile,
    Number,
    OutputSpec,
    TrainingSet,
    Variant,
    load_manifest,
)
from tools.lesson import MODELS, facts_folder
from tools.quantize import SCALE

NETWORK = "model.onnx"
ARRAYS = ("*.npz", "*.txt")
"""What a task reads beside the network, in the manifest's order."""
VARIANTS = {
    ("onnx", "int8"): ("model.int8.onnx",),
    ("onnx", "float"): ("model.onnx",),
    ("openvino", "int8"): ("model.xml", "model.bin"),
    ("openvino", "float"): ("model.onnx",),
    ("tflite", "int8"): ("model.tflite",),
    ("tflite", "float"): ("model.float.tflite",),
}


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no file of the model can tell; the fields are the manifest's."""

    task: str
    version: str
    meaning: str = ""
    """Of the outputs; empty without a network, as `classes` are."""
    classes: tuple[str, ...] = ()
    thresholds: tuple[Number, ...] = ()
    intended_use: str
    not_intended_for: str
    training_sets: tuple[TrainingSet, ...]


def load_facts(name: str) -> Facts:
    """About the model of this name. Raises SystemExit where there are none."""
    return msgspec.json.decode((facts_folder(name) / "facts.json").read_bytes(), type=Facts)


def bundle(folder: Path, facts: Facts) -> Manifest:
    """Write and return the manifest of the files in `folder`."""
    old = load_manifest(folder) if (folder / MANIFEST).is_file() else None
    manifest = Manifest(
        name=folder.name,
        task=facts.task,
        version=facts.version,
        **_network(folder, facts.meaning) if (folder / NETWORK).is_file() else {},
        classes=facts.classes,
        thresholds=facts.thresholds,
        arrays=tuple(ModelFile.of(path) for pattern in ARRAYS for path in sorted(folder.glob(pattern))),
        intended_use=facts.intended_use,
        not_intended_for=facts.not_intended_for,
        training_sets=facts.training_sets,
        calibration=old.calibration if old else (),
        metrics=old.metrics if old else (),
    )
    _write(folder, manifest)
    return manifest


def _network(folder: Path, meaning: str) -> dict[str, Any]:
    """The manifest's fields that only a network has."""
    graph = onnx.load(folder / NETWORK).graph
    (given,) = graph.input
    return {
        "input": InputSpec(name=given.name, shape=_shape(given), scale=SCALE),
        "outputs": tuple(OutputSpec(name=o.name, shape=_shape(o), meaning=meaning) for o in graph.output),
        "variants": tuple(
            Variant(runtime=runtime, precision=precision, files=tuple(ModelFile.of(folder / name) for name in names))
            for (runtime, precision), names in VARIANTS.items()
        ),
    }


def record(
    folder: Path, *, calibration: Sequence[Number] | None = None, metrics: Sequence[Number] | None = None
) -> Manifest:
    """Replace the manifest's calibration or metrics, or both; None keeps what is there."""
    manifest = load_manifest(folder)
    if calibration is not None:
        manifest = msgspec.structs.replace(manifest, calibration=tuple(calibration))
    if metrics is not None:
        manifest = msgspec.structs.replace(manifest, metrics=tuple(metrics))
    _write(folder, manifest)
    return manifest


def _write(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def _shape(value: onnx.ValueInfoProto) -> tuple[int, int, int, int]:
    n, channels, height, width = (dimension.dim_value for dimension in value.type.tensor_type.shape.dim)
    return n, channels, height, width


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder of models/, such as cartilage")
    name = parser.parse_args().model
    manifest = bundle(MODELS / name, load_facts(name))
    for file in manifest.files():
        print(f"{file.sha256}  {file.bytes:>9}  {file.name}")


if __name__ == "__main__":
    main()
