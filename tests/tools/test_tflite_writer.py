"""The TFLite writer against onnx's own plain Python evaluator, an operation at a time."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from edge.runtime.tflite import Interpreter
from tools.tflite.reading import read_network
from tools.tflite.writing import UnknownOperationError, write_tflite

RNG = np.random.default_rng(5)
SHAPE = (1, 8, 10, 14)


def network(nodes, outputs, shape=SHAPE, **weights):
    """A model x -> y from nodes and named weights."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)
    initial = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "one", [given], [result], initial)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def convolution(inputs, outputs, size, **settings):
    kernel = RNG.normal(0, 1, (outputs, inputs // settings.get("group", 1), *size)).astype(np.float32)
    bias = RNG.normal(0, 1, outputs).astype(np.float32)
    return helper.make_node("Conv", ["x", "w", "b"], ["y"], kernel_shape=size, **settings), {"w": kernel, "b": bias}


def case(name, outputs, node, weights=None, shape=SHAPE):
    return pytest.param(network([node], outputs, shape, **(weights or {})), id=name)


def conv_case(name, outputs, inputs, size, shape=SHAPE, **settings):
    return case(name, outputs, *convolution(inputs, outputs[1], size, **settings), shape)


def resize_case(name, mode, **settings):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode=mode, **settings)
    return case(name, (1, 8, 20, 28), node, {"s": np.array([1, 1, 2, 2], np.float32)})


CASES = [
    conv_case("3x3", (1, 5, 10, 14), 8, (3, 3), pads=[1] * 4),
    conv_case("3x3 stride 2", (1, 5, 5, 7), 8, (3, 3), pads=[1] * 4, strides=[2, 2]),
    conv_case("3x3 stride 2, odd size", (1, 5, 6, 7), 8, (3, 3), (1, 8, 11, 13), pads=[1] * 4, strides=[2, 2]),
    conv_case("one channel stem", (1, 16, 5, 7), 1, (3, 3), (1, 1, 10, 14), pads=[1] * 4, strides=[2, 2]),
    conv_case("1x1", (1, 3, 10, 14), 8, (1, 1)),
    conv_case("2x2 without pads", (1, 3, 5, 7), 8, (2, 2), strides=[2, 2]),
    conv_case("uneven pads", (1, 3, 10, 14), 8, (2, 4), pads=[1, 2, 0, 1]),
    conv_case("1x5", (1, 3, 10, 14), 8, (1, 5), pads=[0, 2, 0, 2]),
    conv_case("depthwise", (1, 8, 10, 14), 8, (3, 3), pads=[1] * 4, group=8),
    conv_case("depthwise stride 2", (1, 8, 5, 7), 8, (3, 3), pads=[1] * 4, strides=[2, 2], group=8),
    case("max pool", (1, 8, 5, 7), helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])),
    case("addition", SHAPE, helper.make_node("Add", ["x", "x"], ["y"])),
    case("concatenation", (1, 16, 10, 14), helper.make_node("Concat", ["x", "x"], ["y"], axis=1)),
    case("depth to space", (1, 2, 20, 28), helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=2, mode="DCR")),
    resize_case("nearest", "nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
    resize_case("linear", "linear", coordinate_transformation_mode="half_pixel"),
]


def bent(name, node, **weights):
    """A convolution and what bends it."""
    convolved, held = convolution(8, 5, (1, 1))
    convolved.output[0] = "c"
    return pytest.param(network([convolved, node], (1, 5, 10, 14), **held, **weights), id=name)


ENDS = {"low": np.float32(0), "high": np.float32(6)}
CASES += [
    bent("relu", helper.make_node("Relu", ["c"], ["y"])),
    bent("relu6", helper.make_node("Clip", ["c", "low", "high"], ["y"]), **ENDS),
]


@pytest.mark.parametrize("model", CASES)
def test_an_operation_gives_what_onnx_defines(model):
    shape = tuple(d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim)
    x = RNG.normal(0, 1, shape).astype(np.float32)
    (expected,) = ReferenceEvaluator(model).run(None, {"x": x})
    interpreter = Interpreter(model_content=write_tflite(read_network(model)), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x.transpose(0, 2, 3, 1))
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).transpose(0, 3, 1, 2)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (network([helper.make_node("Clip", ["x", "low", "high"], ["y"])], SHAPE, **ENDS), "Clip"),
        (network([helper.make_node("Softmax", ["x"], ["y"], axis=1)], SHAPE), "Softmax"),
        (resize_case("", "cubic", coordinate_transformation_mode="half_pixel").values[0], "cubic"),
        (resize_case("", "linear", coordinate_transformation_mode="align_corners").values[0], "align_corners"),
        (
            network([helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=2, mode="CRD")], (1, 2, 20, 28)),
            "CRD",
        ),
    ],
)
def test_what_it_would_get_wrong_is_refused(model, told):
    with pytest.raises(UnknownOperationError, match=told):
        write_tflite(read_network(model))


def test_int8_file_carries_the_onnx_files_scales(tiny_model):
    quantized = onnx.load(tiny_model / "model.int8.onnx")
    scales = {
        numpy_helper.to_array(i).item() for i in quantized.graph.initializer if i.name.endswith("_scale") and not i.dims
    }
    interpreter = Interpreter(model_path=str(tiny_model / "model.tflite"))
    stored = [details for details in interpreter.get_tensor_details() if details["dtype"] == np.int8]
    activations = [details["quantization"][0] for details in stored if details["quantization"][0]]
    assert len(activations) >= 8
    assert all(any(np.isclose(scale, known, rtol=1e-6) for known in scales) for scale in activations)
