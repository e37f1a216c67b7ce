"""The runtimes by name."""

from types import MappingProxyType

from edge.registry import Entry

RUNTIMES = MappingProxyType(
    {
        "onnx": Entry("edge.runtime.onnx:open_onnx", extra="onnx"),
        "openvino": Entry("edge.runtime.openvino:open_openvino", extra="openvino"),
        "tflite": Entry("edge.runtime.tflite:open_tflite", extra="tflite"),
    }
)
