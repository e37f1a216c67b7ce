"""From one float ONNX file to a model's folder: what the quantizer and the bundle promise."""

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edge.runtime.manifest import Number, load_manifest, verify
from tools import quantize
from tools.bundle import bundle, load_facts, record
from tools.lesson import MODELS, facts_folders
from tools.tiny import FACTS as TINY_FACTS


@pytest.fixture
def model(tiny_model, tmp_path):
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def initial(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}


def test_activations_are_unsigned_and_weights_signed_with_a_scale_a_channel(tiny_model):
    quantized = onnx.load(tiny_model / "model.int8.onnx")
    values = initial(quantized)
    weights, activations = 0, 0
    for node in quantized.graph.node:
        if node.op_type == "QuantizeLinear":
            activations += 1
            assert values[node.input[2]].dtype == np.uint8
        if node.op_type == "DequantizeLinear" and node.input[0] in values and values[node.input[0]].ndim == 4:
            weights += 1
            kernel, scale = values[node.input[0]], values[node.input[1]]
            assert kernel.dtype == np.int8
            assert scale.shape == kernel.shape[:1]
    assert (weights, activations) == (5, activations)
    assert activations >= 7


def test_grey_255_is_the_inputs_last_step(tiny_model):
    quantized = onnx.load(tiny_model / "model.int8.onnx")
    (entry,) = (node for node in quantized.graph.node if "image" in node.input)
    scale, zero_point = (initial(quantized)[name] for name in entry.input[1:])
    assert scale == pytest.approx(1 / 255, rel=1e-6)
    assert zero_point == 0


def test_concatenated_tensors_share_one_scale(tiny_model):
    quantized = onnx.load(tiny_model / "model.int8.onnx")
    values = initial(quantized)
    stored = {
        n.output[0]: float(values[n.input[1]])
        for n in quantized.graph.node
        if n.op_type == "DequantizeLinear" and not values[n.input[1]].ndim
    }
    after = {n.input[0]: float(values[n.input[1]]) for n in quantized.graph.node if n.op_type == "QuantizeLinear"}
    (joined,) = (node for node in quantized.graph.node if node.op_type == "Concat")
    assert len({*(stored[name] for name in joined.input), after[joined.output[0]]}) == 1


def test_ranges_are_joined_through_copying_operations_and_across_concatenations():
    nodes = [
        onnx.helper.make_node("Relu", ["x"], ["a"]),
        onnx.helper.make_node("MaxPool", ["a"], ["p"]),
        onnx.helper.make_node("Relu", ["p"], ["b"]),
        onnx.helper.make_node("Resize", ["b"], ["r"]),
        onnx.helper.make_node("Concat", ["r", "a"], ["c"]),
        onnx.helper.make_node("Add", ["c", "c"], ["d"]),
        onnx.helper.make_node("Concat", ["d", "b"], ["e"]),
        onnx.helper.make_node("Relu", ["e"], ["alone"]),
    ]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", [], []))
    observed = {
        "a": (0.0, 1.0),
        "b": (0.5, 7.0),
        "c": (0.0, 7.0),
        "d": (-2.0, 3.0),
        "e": (-2.0, 7.0),
        "alone": (0.0, 99.0),
    }
    signed, bent = dict.fromkeys("cde", (-2.0, 7.0)), dict.fromkeys("ab", (0.0, 7.0))
    assert quantize.shared_ranges(model, observed) == signed | bent, "a Relu beside what is negative stays one"


def test_bundle_tells_every_file_as_it_is(model):
    manifest = bundle(model, TINY_FACTS)
    assert manifest == load_manifest(model)
    assert (manifest.name, manifest.input.shape, manifest.outputs[0].shape) == ("model", (1, 1, 32, 48), (1, 3, 32, 48))
    verify(model, manifest)
    assert {file.name: file.bytes for file in manifest.files()} == {
        path.name: path.stat().st_size for path in model.iterdir() if path.name != "manifest.json"
    }


def test_a_folder_without_a_network_is_bundled_too(tmp_path):
    for name in ("b.txt", "a.npz"):
        (tmp_path / name).write_text(name)
    facts = msgspec.structs.replace(TINY_FACTS, classes=(), meaning="")
    manifest = bundle(tmp_path, facts)
    assert manifest == load_manifest(tmp_path)
    assert (manifest.input, manifest.outputs, manifest.variants) == (None, (), ())
    assert [file.name for file in manifest.arrays] == ["a.npz", "b.txt"]
    verify(tmp_path, manifest)


def test_recorded_figures_outlive_the_next_bundle(model):
    spread = Number(name="spread", value=0.5, unit="mm", note="500 pictures")
    record(model, calibration=[spread])
    record(model, metrics=[Number(name="dice", value=0.9)])
    manifest = bundle(model, TINY_FACTS)
    assert manifest.calibration == (spread,)
    assert manifest.metrics[0].name == "dice"
    assert manifest.figures() == {"spread": 0.5}


@pytest.mark.parametrize("name", facts_folders())
def test_facts_are_complete(name):
    facts = load_facts(name)
    assert all((facts.intended_use, facts.not_intended_for, facts.training_sets))
    assert bool(facts.classes) == bool(facts.meaning) == (MODELS / name / "model.onnx").is_file()
    assert all(training.licence and training.attribution for training in facts.training_sets)


def test_unknown_facts_list_the_known():
    with pytest.raises(SystemExit, match="cartilage"):
        load_facts("spleen")


def test_manifest_is_readable_json(model):
    text = (model / "manifest.json").read_text()
    assert json.loads(text)["name"]
    assert len(text.splitlines()) > 50
