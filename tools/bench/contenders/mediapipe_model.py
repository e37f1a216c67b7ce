"""A shipped TFLite file as MediaPipe's ImageSegmenter takes it; runs in MediaPipe's own environment.

It refuses pictures of one channel and models without metadata, and reads float outputs only. So before the network come
a convolution from three channels to one and, where the network is quantized, the quantizing; after it come the first
channel and its real values. The weights are the shipped ones. MediaPipe's own writers of metadata cannot be imported in
its package (1.2.2); its schemas can, and the metadata is made with them.

mediapipe_model.py FILE.tflite OUT.tflite
"""

import sys
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from mediapipe.tasks.metadata import image_segmenter_metadata_schema_py_generated as segmenter
from mediapipe.tasks.metadata import metadata_schema_py_generated as described
from mediapipe.tasks.metadata import schema_py_generated as schema

NAME = "SEGMENTER_METADATA"
SIGMOID = 1


class Graph:
    """The one subgraph of a file, to be added to."""

    def __init__(self, content: bytes) -> None:
        self.model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
        (self.graph,) = self.model.subgraphs

    def buffer(self, data: bytes) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1

    def tensor(self, name: str, shape: tuple[int, ...], values: Any = None, kind: int | None = None) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name.encode(), list(shape)
        tensor.type = schema.TensorType.FLOAT32 if kind is None else kind
        tensor.buffer = 0 if values is None else self.buffer(values.tobytes())
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(
        self, code: str, inputs: list[int], output: int, options: str, *, first: bool, version: int = 1
    ) -> Any:
        record = schema.OperatorCodeT()
        record.builtinCode = getattr(schema.BuiltinOperator, code)
        record.deprecatedBuiltinCode, record.version = min(record.builtinCode, 127), version
        self.model.operatorCodes.append(record)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
        self.graph.operators.insert(0 if first else len(self.graph.operators), operator)
        return operator.builtinOptions


def adapted(content: bytes) -> bytes:
    """Three float channels in, one float channel of logits out."""
    graph = Graph(content)
    (given,), (found,) = graph.graph.inputs, graph.graph.outputs
    _, height, width, _ = graph.graph.tensors[given].shape
    quantized = graph.graph.tensors[given].type == schema.TensorType.INT8
    grey = graph.tensor("grey", (1, height, width, 1)) if quantized else int(given)
    if quantized:
        graph.operator("QUANTIZE", [grey], int(given), "QuantizeOptions", first=True)
    picture = graph.tensor("picture", (1, height, width, 3))
    # All three channels are the same grey: one of them is enough.
    weights = graph.tensor("one of three", (1, 1, 1, 3), np.array([0, 1, 0], np.float32).reshape(1, 1, 1, 3))
    bias = graph.tensor("nothing more", (1,), np.zeros(1, np.float32))
    options = graph.operator("CONV_2D", [picture, weights, bias], grey, "Conv2DOptions", first=True)
    options.padding, options.strideH, options.strideW = schema.Padding.VALID, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    _, rows, columns, channels = graph.graph.tensors[found].shape
    if quantized:
        real = graph.tensor("real", (1, rows, columns, channels))
        graph.operator("DEQUANTIZE", [int(found)], real, "DequantizeOptions", first=False, version=2)
        found = real
    if channels > 1:
        ints = schema.TensorType.INT32
        begin = graph.tensor("begin", (4,), np.zeros(4, np.int32), ints)
        size = graph.tensor("size", (4,), np.array([1, rows, columns, 1], np.int32), ints)
        first_channel = graph.tensor("first channel", (1, rows, columns, 1))
        graph.operator("SLICE", [int(found), begin, size], first_channel, "SliceOptions", first=False)
        found = first_channel
    graph.graph.inputs, graph.graph.outputs = [picture], [int(found)]
    graph.model.signatureDefs = []
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"TFLITE_METADATA", graph.buffer(metadata())
    graph.model.metadata = [entry]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(graph.model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def metadata() -> bytes:
    """Grey levels 0 to 255 become 0 to 1, and the output's sigmoid is the confidence."""
    options = segmenter.ImageSegmenterOptionsT()
    options.activation = SIGMOID
    own = described.CustomMetadataT()
    own.name, own.data = NAME, np.frombuffer(_packed(options, b"V001"), np.uint8)
    levels = described.NormalizationOptionsT()
    levels.mean, levels.std = [0.0], [255.0]
    step = described.ProcessUnitT()
    step.optionsType, step.options = described.ProcessUnitOptions.NormalizationOptions, levels
    picture = described.TensorMetadataT()
    picture.name, picture.processUnits, picture.content = "picture", [step], described.ContentT()
    picture.content.contentPropertiesType = described.ContentProperties.ImageProperties
    picture.content.contentProperties = described.ImagePropertiesT()
    picture.content.contentProperties.colorSpace = described.ColorSpaceType.RGB
    mask = described.TensorMetadataT()
    mask.name = "mask"
    graph = described.SubGraphMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata, graph.customMetadata = [picture], [mask], [own]
    model = described.ModelMetadataT()
    model.name, model.subgraphMetadata = "ImageSegmenter", [graph]
    return _packed(model, b"M001")


def _packed(record: Any, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(record.Pack(builder), identifier)
    return bytes(builder.Output())


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(adapted(Path(sys.argv[1]).read_bytes()))
