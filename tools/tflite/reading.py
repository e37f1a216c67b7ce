"""An ONNX network, float or quantized, as a plain list of operations on named tensors.

A pair of QuantizeLinear and DequantizeLinear is no operation: it only says with which scale and zero point a tensor is
stored. With the pairs taken away, a float and a quantized network have the same operations.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper


@dataclass(frozen=True, eq=False)
class Storage:
    """How real values are kept as integers: real = scale * (integer - zero_point)."""

    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int = 0
    """The axis along which scales differ."""

    def same_as(self, other: "Storage") -> bool:
        return np.array_equal(self.scale, other.scale) and np.array_equal(self.zero_point, other.zero_point)


@dataclass(frozen=True)
class Constant:
    """Weights or biases: float32 where `storage` is None, int8 or int32 otherwise."""

    values: NDArray[Any]
    storage: Storage | None


@dataclass(frozen=True)
class Operation:
    """One operation, with what bends its result. `inputs` holds the activations first, then names of constants."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]
    bend: str = "NONE"
    """RELU, or RELU6 for a clip to 0 and 6."""


@dataclass
class Network:
    """The operations in order, and what is known of each tensor."""

    shapes: dict[str, tuple[int, ...]]
    """(n, channels, height, width)."""
    constants: dict[str, Constant]
    inputs: list[str]
    outputs: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    storage: dict[str, Storage] = field(default_factory=dict)
    """Of the activations, as int8. Empty: a float network."""


def read_network(model: onnx.ModelProto) -> Network:
    """The network of a graph with fixed shapes."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    initial = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    initial |= {node.output[0]: _held(node) for node in graph.node if node.op_type == "Constant"}
    network = Network(
        shapes={value.name: _shape(value) for value in [*graph.input, *graph.value_info, *graph.output]},
        constants={name: Constant(values, None) for name, values in initial.items()},
        inputs=[value.name for value in graph.input if value.name not in initial],
    )
    same: dict[str, str] = {}
    for node in graph.node:
        if node.op_type != "Constant":
            _add(network, node, initial, same)
    network.outputs = [same.get(value.name, value.name) for value in graph.output]
    return network


def _add(network: Network, node: onnx.NodeProto, initial: dict[str, NDArray[Any]], same: dict[str, str]) -> None:
    """Take one node in; `same` maps the names of stored forms of a tensor to its own name."""
    inputs, output = tuple(same.get(name, name) for name in node.input if name), node.output[0]
    if node.op_type == "DequantizeLinear" and inputs[0] in initial:
        network.constants[output] = Constant(initial[inputs[0]], _storage(node, initial))
    elif node.op_type == "QuantizeLinear":
        network.storage[inputs[0]] = _as_int8(_storage(node, initial), initial[node.input[2]].dtype)
        same[output] = inputs[0]
    elif node.op_type == "DequantizeLinear":
        same[output] = inputs[0]
    elif (bend := _bend(node, initial)) and network.operations and network.operations[-1].output == inputs[0]:
        last = network.operations.pop()
        network.operations.append(Operation(last.kind, last.inputs, output, last.attributes, bend))
    else:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        network.operations.append(Operation(node.op_type, inputs, output, attributes))


def _held(node: onnx.NodeProto) -> NDArray[Any]:
    return numpy_helper.to_array(node.attribute[0].t)


def _bend(node: onnx.NodeProto, initial: dict[str, NDArray[Any]]) -> str:
    """What follows an operation in TFLite itself; empty for another node."""
    if node.op_type == "Clip" and [float(initial[end]) for end in node.input[1:]] == [0.0, 6.0]:
        return "RELU6"
    return "RELU" if node.op_type == "Relu" else ""


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim)


def _storage(node: onnx.NodeProto, initial: dict[str, NDArray[Any]]) -> Storage:
    axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
    scale = np.atleast_1d(initial[node.input[1]])
    zero = np.atleast_1d(initial[node.input[2]]).astype(np.int64) if len(node.input) > 2 else np.zeros_like(scale, int)
    return Storage(scale, zero, axis if scale.size > 1 else 0)


def _as_int8(storage: Storage, dtype: np.dtype[Any]) -> Storage:
    """TFLite keeps activations signed: what ONNX keeps unsigned is the same 128 lower."""
    shift = 128 if dtype == np.uint8 else 0
    return Storage(storage.scale, storage.zero_point - shift, storage.axis)
