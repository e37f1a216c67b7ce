"""A network written as a TFLite file, with the scales of the quantized ONNX file or in float.

Why an own writer: it takes over the ONNX file's own scales, so the int8 TFLite file gives the mask of the int8 ONNX
file; it keeps the one-channel stem a CONV_2D, where litert-torch makes a DEPTHWISE_CONV_2D of it and runs half as fast
(measured; docs/results.md has the figures); and it needs the file format's schema only, not 2 GB of converters. The
price: it knows just the operations in `OPERATIONS`.
"""

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tools.tflite.reading import Constant, Network, Operation, Storage

Op = schema.BuiltinOperator
_TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int32): schema.TensorType.INT32,
}


class UnknownOperationError(Exception):
    """The network has an operation that the writer does not know."""


def write_tflite(network: Network) -> bytes:
    """The content of a .tflite file. Pictures in it are (1, height, width, channels)."""
    writer = _Writer(network)
    for name in network.inputs:
        writer.activation(name)
    for operation in network.operations:
        if operation.kind not in OPERATIONS:
            known = ", ".join(sorted(OPERATIONS))
            raise UnknownOperationError(f"the TFLite writer does not know {operation.kind}; it knows: {known}")
        OPERATIONS[operation.kind](writer, operation)
    return writer.finish()


class _Writer:
    """Collects tensors, buffers and operators of the file's one subgraph."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.quantized = bool(network.storage)
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]
        self._operators: list[Any] = []
        self._codes: dict[tuple[int, int], int] = {}
        self._index: dict[str, int] = {}

    def constant(self, name: str, values: NDArray[Any], storage: Storage | None = None) -> int:
        """A new tensor with values; returns its index."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._buffers.append(buffer)
        return self._tensor(name, values.shape, values.dtype, storage, len(self._buffers) - 1)

    def activation(self, name: str, like: str | None = None, shape: tuple[int, ...] | None = None) -> int:
        """The index of the tensor of this name, made when first asked for; `like` names the one it takes scales of."""
        if name not in self._index:
            n, channels, height, width = shape or self.network.shapes[name]
            storage = self.network.storage.get(like or name)
            dtype = np.dtype(np.int8 if self.quantized else np.float32)
            self._index[name] = self._tensor(name, (n, height, width, channels), dtype, storage, 0)
        return self._index[name]

    def _tensor(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], storage: Storage | None, buffer: int
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), _TYPES[dtype], buffer
        if storage is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = storage.scale.tolist()
            tensor.quantization.zeroPoint = storage.zero_point.tolist()
            tensor.quantization.quantizedDimension = storage.axis
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def emit(self, code: str, inputs: list[int], output: int, version: int = 1, **settings: Any) -> None:
        """One operator. The schema names its options after it: MAX_POOL_2D takes Pool2DOptions."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.setdefault((getattr(Op, code), version), len(self._codes))
        operator.inputs, operator.outputs = inputs, [output]
        options = OPTIONS[code]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
        for name, value in settings.items():
            setattr(operator.builtinOptions, name, value)
        self._operators.append(operator)

    def finish(self) -> bytes:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs = [self._index[name] for name in self.network.inputs]
        graph.outputs = [self._index[name] for name in self.network.outputs]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], self._buffers
        model.operatorCodes = [_code(code, version) for code, version in self._codes]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _code(code: int, version: int) -> Any:
    record = schema.OperatorCodeT()
    # Readers from before the second field look into the first.
    record.builtinCode, record.deprecatedBuiltinCode, record.version = code, min(code, 127), version
    return record


def _convolution(writer: _Writer, operation: Operation) -> None:
    name = operation.inputs[0]
    weights, bias = (writer.network.constants[constant] for constant in operation.inputs[1:])
    source, same = _padded(writer, operation, weights.values.shape[2:])
    strides = operation.attributes.get("strides", [1, 1])
    settings = {
        "padding": schema.Padding.SAME if same else schema.Padding.VALID,
        "strideH": strides[0],
        "strideW": strides[1],
        "dilationHFactor": 1,
        "dilationWFactor": 1,
        "fusedActivationFunction": getattr(schema.ActivationFunctionType, operation.bend),
    }
    depthwise = operation.attributes.get("group", 1) > 1
    if depthwise:
        settings["depthMultiplier"] = weights.values.shape[0] // writer.network.shapes[name][1]
    operands = [
        source,
        _transposed(writer, operation.inputs[1], weights, (1, 2, 3, 0) if depthwise else (0, 2, 3, 1)),
        writer.constant(operation.inputs[2], bias.values, bias.storage),
    ]
    code = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    writer.emit(code, operands, writer.activation(operation.output), 3 if writer.quantized else 1, **settings)


def _transposed(writer: _Writer, name: str, weights: Constant, order: tuple[int, ...]) -> int:
    storage = weights.storage
    if storage is not None:
        storage = Storage(storage.scale, storage.zero_point, order.index(0))
    return writer.constant(name, weights.values.transpose(order), storage)


def _padded(writer: _Writer, operation: Operation, kernel: tuple[int, ...]) -> tuple[int, bool]:
    """The convolution's input, padded where SAME would not pad as ONNX does, and whether SAME may be said."""
    name = operation.inputs[0]
    source = writer.activation(name)
    top, left, bottom, right = operation.attributes.get("pads", [0, 0, 0, 0])
    centred = [top, left, bottom, right] == [size // 2 for size in kernel] * 2 and all(size % 2 for size in kernel)
    if centred and list(operation.attributes.get("strides", [1, 1])) == [1, 1]:
        return source, True
    if not top + left + bottom + right:
        return source, False
    n, channels, height, width = writer.network.shapes[name]
    sides = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    wide = (n, channels, height + top + bottom, width + left + right)
    padded = writer.activation(f"{operation.output}/padded", like=name, shape=wide)
    writer.emit(
        "PAD", [source, writer.constant(f"{operation.output}/sides", sides)], padded, 2 if writer.quantized else 1
    )
    return padded, False


def _max_pool(writer: _Writer, operation: Operation) -> None:
    height, width = operation.attributes["kernel_shape"]
    strides = operation.attributes["strides"]
    settings = {"padding": schema.Padding.VALID, "strideH": strides[0], "strideW": strides[1]}
    settings |= {"filterHeight": height, "filterWidth": width}
    source, version = writer.activation(operation.inputs[0]), 2 if writer.quantized else 1
    writer.emit("MAX_POOL_2D", [source], writer.activation(operation.output), version, **settings)


def _resize(writer: _Writer, operation: Operation) -> None:
    """Nearest as (coordinate / scale, rounded down); linear with half-pixel centres: PyTorch's defaults."""
    mode = operation.attributes["mode"]
    convention = operation.attributes.get("coordinate_transformation_mode", b"half_pixel")
    if (mode, convention) not in {(b"nearest", b"asymmetric"), (b"linear", b"half_pixel")}:
        raise UnknownOperationError(f"the TFLite writer does not know Resize {mode!r} with {convention!r} coordinates")
    size = writer.constant(f"{operation.output}/size", np.array(writer.network.shapes[operation.output][2:], np.int32))
    operands, output = [writer.activation(operation.inputs[0]), size], writer.activation(operation.output)
    if mode == b"linear":
        writer.emit("RESIZE_BILINEAR", operands, output, 3, halfPixelCenters=True)
    else:
        writer.emit("RESIZE_NEAREST_NEIGHBOR", operands, output, 2 if writer.quantized else 1)


def _concatenation(writer: _Writer, operation: Operation) -> None:
    parts = [_rescaled(writer, name, operation.output) for name in operation.inputs]
    writer.emit("CONCATENATION", parts, writer.activation(operation.output), 2 if writer.quantized else 1, axis=3)


def _rescaled(writer: _Writer, name: str, output: str) -> int:
    """A concatenation copies: what has other scales than its output is brought to them first."""
    source = writer.activation(name)
    if not writer.quantized or writer.network.storage[name].same_as(writer.network.storage[output]):
        return source
    rescaled = writer.activation(f"{name}/for/{output}", like=output, shape=writer.network.shapes[name])
    writer.emit("QUANTIZE", [source], rescaled, 2)
    return rescaled


def _addition(writer: _Writer, operation: Operation) -> None:
    operands = [writer.activation(name) for name in operation.inputs]
    bend = getattr(schema.ActivationFunctionType, operation.bend)
    version = 2 if writer.quantized else 1
    writer.emit("ADD", operands, writer.activation(operation.output), version, fusedActivationFunction=bend)


def _depth_to_space(writer: _Writer, operation: Operation) -> None:
    name, size = operation.inputs[0], operation.attributes["blocksize"]
    if writer.network.shapes[operation.output][1] > 1 and operation.attributes.get("mode") == b"CRD":
        raise UnknownOperationError("the TFLite writer knows DepthToSpace in CRD order for one output channel only")
    output = writer.activation(operation.output, like=name)
    writer.emit("DEPTH_TO_SPACE", [writer.activation(name)], output, blockSize=size)


OPERATIONS: dict[str, Callable[[_Writer, Operation], None]] = {
    "Conv": _convolution,
    "Add": _addition,
    "MaxPool": _max_pool,
    "Resize": _resize,
    "Concat": _concatenation,
    "DepthToSpace": _depth_to_space,
}
OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "PAD": "PadOptions",
    "ADD": "AddOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "CONCATENATION": "ConcatenationOptions",
    "QUANTIZE": "QuantizeOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
}
