"""A model of a few kilobytes with every operation that the shipped models have: for tests of runtimes and tools.

It is untrained: random weights, the same each time.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tools.bundle import Facts, bundle
from tools.quantize import make_files

HEIGHT, WIDTH, OUTPUTS = 32, 48, 3
FACTS = Facts(
    task="none",
    version="1",
    meaning="logits of nothing",
    classes=("one", "two", "three"),
    thresholds=(),
    intended_use="Tests.",
    not_intended_for="Everything else.",
    training_sets=(),
)


def make_tiny(folder: Path) -> Path:
    """A whole model folder: files of all runtimes and precisions, and the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(tiny_network(), folder / "model.onnx")
    make_files(folder, tiny_pictures(16, seed=1))
    bundle(folder, FACTS)
    return folder


def tiny_pictures(n: int, seed: int) -> NDArray[np.uint8]:
    """(n, 1, HEIGHT, WIDTH): blocks of random grey with noise, black and white among them."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (n, 1, HEIGHT // 8, WIDTH // 8)).repeat(8, axis=2).repeat(8, axis=3)
    pictures: NDArray[np.uint8] = np.clip(blocks + rng.normal(0, 20, (n, 1, HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
    return pictures


class _Graph:
    """Nodes and weights in the making."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(0)

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"{output}_node", **attributes))
        return output

    def weight(self, values: NDArray[np.float32]) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def convolution(self, source: str, inputs: int, outputs: int, stride: int = 1, group: int = 1) -> str:
        shape = (outputs, inputs // group, 3, 3)
        kernel = self._rng.normal(0, 1.5 / np.sqrt(9 * inputs / group), shape).astype(np.float32)
        bias = self._rng.normal(0, 0.1, outputs).astype(np.float32)
        settings = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [stride] * 2, "group": group}
        return self.add("Conv", source, self.weight(kernel), self.weight(bias), **settings)

    def widen(self, source: str, mode: str, convention: str) -> str:
        scales = self.weight(np.array([1, 1, 2, 2], np.float32))
        settings = {"mode": mode, "coordinate_transformation_mode": convention}
        if mode == "nearest":
            settings["nearest_mode"] = "floor"
        return self.add("Resize", source, "", scales, **settings)


def tiny_network() -> onnx.ModelProto:
    """(1, 1, HEIGHT, WIDTH) float 0 to 1 -> `logits` (1, OUTPUTS, HEIGHT, WIDTH)."""
    graph = _Graph()
    stem = graph.add("Relu", graph.convolution("image", 1, 8, stride=2))
    deep = graph.add("MaxPool", stem, kernel_shape=[2, 2], strides=[2, 2])
    deep = graph.add("Relu", graph.convolution(deep, 8, 8, group=8))
    deep = graph.add("Relu", graph.convolution(deep, 8, 12))
    wide = graph.add("Concat", graph.widen(deep, "nearest", "asymmetric"), stem, axis=1)
    wide = graph.add("Relu", graph.convolution(wide, 20, 8))
    graph.convolution(graph.widen(wide, "linear", "half_pixel"), 8, OUTPUTS)
    graph.nodes[-1].output[0] = "logits"
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])
    result = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, OUTPUTS, HEIGHT, WIDTH])
    made = helper.make_graph(graph.nodes, "tiny", [given], [result], graph.weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
