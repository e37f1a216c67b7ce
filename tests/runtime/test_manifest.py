"""The manifest is read strictly, and files are checked against it."""

import hashlib
import json
import shutil
from pathlib import Path

import msgspec
import pytest

from edge.errors import ModelDigestError, ModelError, UnknownNameError
from edge.runtime.manifest import (
    ModelFile,
    list_models,
    load_manifest,
    model_folder,
    models_folder,
    read_arrays,
    verify,
)
from edge.runtime.opening import open_runtime


@pytest.fixture
def model(tiny_model, tmp_path):
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def change(model: Path, **fields: object) -> None:
    path = model / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def file_of(path: Path) -> ModelFile:
    content = path.read_bytes()
    return ModelFile(name=path.name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_whole_model_verifies(model):
    verify(model, load_manifest(model))


def test_manifest_lists_every_file_of_the_folder(model):
    on_disk = {path.name for path in model.iterdir()} - {"manifest.json"}
    assert {file.name for file in load_manifest(model).files()} == on_disk


@pytest.mark.parametrize("file", ["model.onnx", "model.int8.onnx", "model.xml", "model.bin", "model.tflite"])
def test_any_changed_byte_is_found(model, file):
    whole = (model / file).read_bytes()
    middle = len(whole) // 2
    (model / file).write_bytes(whole[:middle] + bytes([whole[middle] ^ 0x10]) + whole[middle + 1 :])
    with pytest.raises(ModelDigestError, match=file):
        verify(model, load_manifest(model))


def test_truncated_file_is_told_with_its_length(model):
    whole = (model / "model.bin").read_bytes()
    (model / "model.bin").write_bytes(whole[:100])
    with pytest.raises(ModelDigestError, match=rf"\(100 bytes\).*\({len(whole)} bytes\)"):
        verify(model, load_manifest(model))


def test_no_manifest(tmp_path):
    with pytest.raises(ModelError, match=r"manifest\.json"):
        load_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe\x00", b'{"name": 3}'])
def test_damaged_manifest(model, content):
    (model / "manifest.json").write_bytes(content)
    with pytest.raises(ModelError, match="not a manifest"):
        load_manifest(model)


def test_misspelt_field_is_an_error(model):
    change(model, intended_usage="typo")
    with pytest.raises(ModelError, match="intended_usage"):
        load_manifest(model)


def test_newer_schema_asks_for_an_update(model):
    change(model, schema_version=99)
    with pytest.raises(ModelError, match=r"schema 99.*update"):
        load_manifest(model)


def test_figures_are_found_by_name(model):
    change(
        model,
        calibration=[{"name": "spread_mm", "value": 0.25, "unit": "mm", "note": "500 pictures"}],
        thresholds=[{"name": "least", "value": -1.5}],
    )
    assert load_manifest(model).figures() == {"spread_mm": 0.25, "least": -1.5}


@pytest.fixture
def classical(model):
    """A model without a network, of one file."""
    (model / "windows.npz").write_bytes(b"arrays")
    file = msgspec.to_builtins(file_of(model / "windows.npz"))
    change(model, input=None, outputs=[], variants=[], classes=[], arrays=[file])
    return model


def test_a_model_without_a_network_is_a_manifest_without_variants(classical):
    manifest = load_manifest(classical)
    assert [file.name for file in manifest.files()] == ["windows.npz"]
    verify(classical, manifest)
    assert read_arrays(classical, manifest) == {"windows.npz": b"arrays"}
    (classical / "windows.npz").write_bytes(b"others")
    for check in (verify, read_arrays):
        with pytest.raises(ModelDigestError, match=r"windows\.npz"):
            check(classical, manifest)


def test_no_runtime_opens_a_model_without_a_network(classical):
    manifest = load_manifest(classical)
    for name in ("auto", "onnx"):
        with pytest.raises(ModelError, match="has no network"):
            open_runtime(name, classical, precision=None, threads=1)
    with pytest.raises(ModelError, match="has no network"):
        manifest.variant("onnx", "int8")


@pytest.mark.parametrize("half", [{"input": None}, {"outputs": []}, {"variants": []}])
def test_half_a_network_is_an_error(model, half):
    change(model, **half)
    with pytest.raises(ModelError, match="a network has an input, outputs and variants"):
        load_manifest(model)


def test_a_model_without_any_file_is_an_error(model):
    change(model, input=None, outputs=[], variants=[])
    with pytest.raises(ModelError, match="neither variants nor arrays"):
        load_manifest(model)


def test_variant_that_is_not_there_lists_those_that_are(model):
    with pytest.raises(ModelError, match=r"onnx float4.*onnx int8"):
        load_manifest(model).variant("onnx", "float4")


def test_unknown_model_lists_the_known():
    with pytest.raises(UnknownNameError, match="no model named 'spleen'"):
        model_folder("spleen")


def test_a_name_cannot_leave_the_models_folder():
    with pytest.raises(UnknownNameError):
        model_folder("../models/cartilage")


@pytest.mark.parametrize("name", list_models())
def test_shipped_models_are_whole(name):
    folder = model_folder(name)
    manifest = load_manifest(folder)
    verify(folder, manifest)
    assert manifest.name == name
    assert folder.parent == models_folder()
    assert all((manifest.intended_use, manifest.not_intended_for, manifest.training_sets))
    assert all(training.licence for training in manifest.training_sets)
    assert (folder / "CARD.md").is_file()
