"""Make a model's int8 files and its TFLite files from its float ONNX file: `python -m tools.quantize cartilage`.

model.onnx -> model.int8.onnx (ONNX Runtime) -> model.xml + model.bin (OpenVINO), model.tflite; model.float.tflite.
Activations are unsigned, weights signed with a scale for each output channel: the pair that x86 has instructions for.
OpenVINO and TFLite take over the ONNX file's scales and so give its mask.
"""

import argparse
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.calibrate import create_calibrator
from onnxruntime.quantization.shape_inference import quant_pre_process

from tools.lesson import MODELS, lesson_of
from tools.tflite.reading import read_network
from tools.tflite.writing import write_tflite

PICTURES = 128
SEED = 5_000_000
"""Calibration pictures are drawn from here; training, validation and test have seeds of their own."""
SCALE = 1 / 255
COPYING = ("Resize", "MaxPool")
"""Operations whose output keeps the scale of their input."""


class Reader(CalibrationDataReader):  # type: ignore[misc]
    """Hands pictures (n, planes, H, W) uint8 to the calibration, one at a time."""

    def __init__(self, name: str, pictures: NDArray[np.uint8]) -> None:
        self._name = name
        self._left = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        picture = next(self._left, None)
        return None if picture is None else {self._name: picture[None].astype(np.float32) * np.float32(SCALE)}


def calibration_pictures(task: str, n: int, seed: int) -> NDArray[np.uint8]:
    """(n, planes, side, side) for choosing the int8 scales."""
    draw = lesson_of(task).scales
    pictures = np.stack([draw(seed + index) for index in range(n)])
    return pictures.reshape(n, -1, *pictures.shape[-2:])


def quantize(source: Path, target: Path, pictures: NDArray[np.uint8]) -> None:
    """Write the int8 form of the float ONNX file `source` to `target`, its scales chosen on `pictures`."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        model = onnx.load(prepared)
        given = model.graph.input[0].name
        overrides = shared_ranges(model, observed_ranges(prepared, Reader(given, pictures)))
        # Grey level 255 has to be the last step of the input's scale, whatever the pictures hold.
        overrides[given] = (0.0, SCALE * 255)
        quantize_static(
            str(prepared),
            str(target),
            Reader(given, pictures),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"TensorQuantOverrides": {name: _override(*ends) for name, ends in overrides.items()}},
        )


def _override(low: float, high: float) -> list[dict[str, Any]]:
    return [{"rmin": np.float32(low), "rmax": np.float32(high)}]


def observed_ranges(path: Path, reader: Reader) -> dict[str, tuple[float, float]]:
    """The lowest and highest value of each tensor over the reader's pictures."""
    calibrator = create_calibrator(
        str(path),
        augmented_model_path=str(path.with_suffix(".observed.onnx")),
        calibrate_method=CalibrationMethod.MinMax,
    )
    calibrator.collect_data(reader)
    ranges = calibrator.compute_data().items()
    return {name: (float(np.min(r.range_value[0])), float(np.max(r.range_value[1]))) for name, r in ranges}


def shared_ranges(model: onnx.ModelProto, observed: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """One range for all that is concatenated and for the result: then concatenating is copying, in every runtime.
    What a Relu made keeps to its half of that range where the other may be negative."""
    made_by = {node.output[0]: node for node in model.graph.node}
    groups: list[set[str]] = []
    for node in model.graph.node:
        if node.op_type == "Concat":
            group = {_origin(name, made_by) for name in node.input} | {node.output[0]}
            for other in [other for other in groups if other & group]:
                groups.remove(other)
                group |= other
            groups.append(group)
    shared: dict[str, tuple[float, float]] = {}
    for group in groups:
        ends = [observed[name] for name in group]
        low, high = min(0.0, *(low for low, _ in ends)), max(high for _, high in ends)
        # In int8 a Relu is nothing but a range that begins at 0.
        bent = {name for name in group if low < 0 and made_by[name].op_type == "Relu"}
        shared |= dict.fromkeys(group - bent, (low, high)) | dict.fromkeys(bent, (0.0, high))
    return shared


def _origin(name: str, made_by: dict[str, onnx.NodeProto]) -> str:
    while made_by[name].op_type in COPYING:
        name = made_by[name].input[0]
    return name


def write_ir(source: Path, target: Path) -> None:
    """The quantized ONNX file `source` as OpenVINO IR: `target` (.xml) and its .bin."""
    openvino.save_model(openvino.Core().read_model(str(source)), str(target), compress_to_fp16=False)


def make_files(folder: Path, pictures: NDArray[np.uint8]) -> Sequence[Path]:
    """All files of the model whose float ONNX file is in `folder`."""
    source, int8 = folder / "model.onnx", folder / "model.int8.onnx"
    quantize(source, int8, pictures)
    write_ir(int8, folder / "model.xml")
    for origin, name in ((int8, "model.tflite"), (source, "model.float.tflite")):
        (folder / name).write_bytes(write_tflite(read_network(onnx.load(origin))))
    return sorted(folder.glob("model*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="a folder of models/, such as cartilage")
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"pictures to choose scales on ({PICTURES})")
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    started_s = time.monotonic()
    print(f"draws {arguments.pictures} pictures", flush=True)
    pictures = calibration_pictures(arguments.task, arguments.pictures, SEED)
    print("chooses scales and writes", flush=True)
    for path in make_files(MODELS / arguments.task, pictures):
        print(f"{path.relative_to(MODELS.parent)}  {path.stat().st_size / 1024:.0f} KiB")
    print(f"took {time.monotonic() - started_s:.0f} s; next: python -m tools.bundle {arguments.task}")


if __name__ == "__main__":
    main()
