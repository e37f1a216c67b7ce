"""What a card says of its model's speed."""

import msgspec
import onnx
import pytest
from onnx import numpy_helper

from edge.runtime.manifest import list_models, load_manifest, model_folder
from tools.speed_of_models import counted, load_speed, speed_section

NETWORKS = [name for name in list_models() if load_manifest(model_folder(name)).variants]


def test_multiplications_and_parameters_are_those_of_the_graph(tiny_model):
    """Each value that a convolution gives takes one for each weight of its filter."""
    graph = onnx.shape_inference.infer_shapes(onnx.load(tiny_model / "model.onnx")).graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*graph.value_info, *graph.output)}
    multiplications, parameters = 0, 0
    for node in graph.node:
        if node.op_type == "Conv":
            _, filters, rows, columns = shapes[node.output[0]]
            multiplications += filters * rows * columns * held[node.input[1]][0].size
            parameters += sum(held[name].size for name in node.input[1:])
    assert counted(tiny_model / "model.onnx") == (multiplications, parameters)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_file_of_a_network_was_timed(name):
    manifest, speed = load_manifest(model_folder(name)), load_speed(name)
    assert {(one.runtime, one.precision) for one in speed.files} == {
        (v.runtime, v.precision) for v in manifest.variants
    }
    assert counted(model_folder(name) / "model.onnx") == (speed.multiplications, speed.parameters)


def test_a_card_says_why_int8_gains_little_and_nothing_where_it_gains_enough():
    speed, manifest = load_speed("cartilage"), load_manifest(model_folder("cartilage"))

    def said(**changed: object) -> str:
        return speed_section(msgspec.structs.replace(speed, **changed), manifest)

    enough = dict.fromkeys(speed.gains, 2.5)
    assert "less than 2 times" not in said(gains=enough)
    slow = said(gains=enough | {"onnx": 0.8}, dot_product=False)
    assert "in onnx." in slow and "multiply exactly" in slow and "XNNPACK" not in slow
    assert "multiply exactly" not in said(gains=enough | {"onnx": 1.8}, dot_product=True)
