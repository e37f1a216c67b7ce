"""The shipped ONNX networks as other programs take them: with the weights they have, and a step before or after."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def for_two_classes(model: onnx.ModelProto, *, three_channels: bool) -> onnx.ModelProto:
    """The network with two maps out, background and structure, that add up to one; the structure is the first channel.

    three_channels: the picture comes in with three of them, all the same grey. Without: grey comes in, and the maps are
    as large as the picture, since FAST takes them to be so.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    (given,) = [one for one in graph.input if one.name not in {each.name for each in graph.initializer}]
    (found,) = graph.output
    across = given.type.tensor_type.shape.dim[3].dim_value
    if three_channels:
        inner, height, width = given.name, *(size.dim_value for size in given.type.tensor_type.shape.dim[2:])
        weights = np.array([0, 1, 0], np.float32).reshape(1, 3, 1, 1)
        graph.initializer.append(numpy_helper.from_array(weights, "one_of_three"))
        graph.input.remove(given)
        graph.input.append(helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, height, width]))
        graph.node.insert(0, helper.make_node("Conv", ["picture", "one_of_three"], [inner], kernel_shape=[1, 1]))
    rows, columns = (size.dim_value for size in found.type.tensor_type.shape.dim[2:])
    for name, values in (("zero", [0]), ("one", [1]), ("channels", [1])):
        graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), f"first_{name}"))
    steps = [
        helper.make_node("Slice", [found.name, "first_zero", "first_one", "first_channels"], ["structure_logit"]),
        helper.make_node("Neg", ["structure_logit"], ["background_logit"]),
        helper.make_node("Sigmoid", ["structure_logit"], ["structure"]),
        helper.make_node("Sigmoid", ["background_logit"], ["background"]),
        helper.make_node("Concat", ["background", "structure"], ["both"], axis=1),
    ]
    larger = 1 if three_channels else across // columns
    graph.initializer.append(numpy_helper.from_array(np.array([1, 1, larger, larger], np.float32), "larger"))
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    last = helper.make_node("Resize", ["both", "", "larger"], ["classes"], **nearest)
    steps.append(last if larger > 1 else helper.make_node("Identity", ["both"], ["classes"]))
    rows, columns = rows * larger, columns * larger
    graph.node.extend(steps)
    graph.output.remove(found)
    graph.output.append(helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, 2, rows, columns]))
    onnx.checker.check_model(made)
    return made


def write_for_two_classes(source: Path, target: Path, *, three_channels: bool) -> None:
    """As an ONNX file, or as OpenVINO's own format where the target ends with `.xml`."""
    made = for_two_classes(onnx.load(source), three_channels=three_channels)
    if target.suffix == ".onnx":
        onnx.save(made, target)
        return
    import openvino

    model = openvino.Core().read_model(made.SerializeToString())
    openvino.save_model(model, target, compress_to_fp16=False)
