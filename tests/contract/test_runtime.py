"""What every runtime must do at every precision, on a small model whose float result is computed independently."""

import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from edge.errors import BackendUnavailableError, ModelDigestError, ModelError
from edge.registry import load
from edge.runtime.contract import Runtime
from edge.runtime.manifest import list_models, load_manifest, model_folder
from edge.runtime.opening import PRECISIONS, open_runtime
from edge.runtime.table import RUNTIMES

KINDS = [(name, precision) for name in RUNTIMES for precision in PRECISIONS]


@pytest.fixture(params=KINDS, ids=" ".join)
def kind(request):
    name, precision = request.param
    try:
        load("runtime", RUNTIMES, name)
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    return name, precision


def opened(folder: Path, kind: tuple[str, str], threads: int = 1) -> Runtime:
    name, precision = kind
    return open_runtime(name, folder, precision=precision, threads=threads)[0]


@pytest.fixture(scope="module")
def pictures(tiny_model):
    from tools.tiny import tiny_pictures

    return tiny_pictures(6, seed=77)


@pytest.fixture(scope="module")
def truth(tiny_model, pictures):
    """The float network's outputs from onnx's own plain Python evaluator."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    network = ReferenceEvaluator(onnx.load(tiny_model / "model.onnx"))
    return [network.run(None, {"image": picture[None].astype(np.float32) / 255})[0] for picture in pictures]


def test_outputs_are_the_networks(tiny_model, kind, pictures, truth):
    """Float to rounding; int8 to a share of the range that a wrong layout, scale or padding exceeds many times."""
    span = np.ptp(truth)
    with opened(tiny_model, kind) as runtime:
        for picture, expected in zip(pictures, truth, strict=True):
            (found,) = runtime.infer(picture[None])
            assert found.dtype == np.float32
            assert found.shape == expected.shape
            error = np.abs(found - expected)
            if kind[1] == "float":
                assert error.max() < 1e-4
            else:
                assert error.max() < 0.03 * span
                assert error.mean() < 0.005 * span


def test_int8_is_the_same_network_everywhere(tiny_model, kind, pictures):
    """All runtimes share the scales of one file: they differ by single steps of the output's scale, seldom."""
    if kind[1] != "int8":
        pytest.skip("int8 only")
    pytest.importorskip("onnxruntime", reason="the comparison's other side, onnxruntime, is not installed")
    with opened(tiny_model, kind) as runtime, opened(tiny_model, ("onnx", "int8")) as reference:
        for picture in pictures:
            expected = reference.infer(picture[None])[0].copy()
            step = np.diff(np.unique(expected)).min()
            difference = np.abs(runtime.infer(picture[None])[0] - expected)
            assert difference.max() < 2.5 * step
            assert np.mean(difference > 0.5 * step) < 0.15


def test_same_input_same_output(tiny_model, kind, pictures):
    with opened(tiny_model, kind) as runtime:
        first = runtime.infer(pictures[:1])[0].copy()
        other = runtime.infer(pictures[1:2])[0].copy()
        assert np.array_equal(runtime.infer(pictures[:1])[0], first)
        assert not np.array_equal(other, first)


def test_outputs_stay_while_the_next_call_runs(tiny_model, kind, pictures):
    """What one thread reads of a picture is not touched while another one has the next picture inferred."""
    with opened(tiny_model, kind) as runtime:
        expected = [runtime.infer(picture[None])[0].copy() for picture in pictures]
        before, after = runtime.infer(pictures[:1])[0], runtime.infer(pictures[1:2])[0]
        for index in range(2, len(pictures)):
            assert np.array_equal(before, expected[index - 2])
            assert np.array_equal(after, expected[index - 1])
            before, after = after, runtime.infer(pictures[index : index + 1])[0]
    assert np.array_equal(after, expected[-1])


def test_two_threads_give_the_result_of_one(tiny_model, kind, pictures):
    with opened(tiny_model, kind, threads=1) as one, opened(tiny_model, kind, threads=2) as two:
        assert two.threads == 2
        assert np.allclose(one.infer(pictures[:1])[0], two.infer(pictures[:1])[0], atol=1e-4)


def test_black_and_white_pictures_run(tiny_model, kind):
    shape = load_manifest(tiny_model).input.shape
    with opened(tiny_model, kind) as runtime:
        outputs = [runtime.infer(np.full(shape, level, np.uint8))[0].copy() for level in (0, 255)]
    assert all(np.isfinite(output).all() for output in outputs)
    assert not np.array_equal(*outputs)


def test_input_is_left_as_it_was_and_need_not_be_contiguous(tiny_model, kind, pictures):
    picture = np.repeat(pictures[:1], 2, axis=3)[..., ::2]
    picture.flags.writeable = False
    with opened(tiny_model, kind) as runtime:
        found = runtime.infer(picture)[0].copy()
        assert np.array_equal(found, runtime.infer(pictures[:1].copy())[0])
    assert np.array_equal(picture, pictures[:1])


@pytest.mark.parametrize("wrong", [np.zeros((1, 1, 8, 8), np.uint8), np.zeros((1, 1, 32, 48), np.float32)])
def test_tensor_that_does_not_fit_is_refused(tiny_model, kind, wrong):
    with opened(tiny_model, kind) as runtime, pytest.raises(ModelError, match="takes uint8"):
        runtime.infer(wrong)


def test_closed_runtime_refuses(tiny_model, kind, pictures):
    with opened(tiny_model, kind) as runtime:
        pass
    with pytest.raises(ModelError, match="closed"):
        runtime.infer(pictures[:1])


def test_says_what_it_is(tiny_model, kind):
    manifest = load_manifest(tiny_model)
    with opened(tiny_model, kind) as runtime:
        assert (runtime.name, runtime.precision) == kind
        assert runtime.digest == manifest.variant(*kind).files[0].sha256


def test_one_changed_byte_is_refused_before_the_library_sees_it(tiny_model, kind, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    for file in load_manifest(folder).variant(*kind).files:
        path = folder / file.name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(ModelDigestError) as refused:
            opened(folder, kind)
        for told in (file.name, file.sha256, "reinstall"):
            assert told in str(refused.value)
        path.write_bytes(whole)
    opened(folder, kind).close()


def test_file_that_its_library_cannot_read_is_a_model_error(tiny_model, kind, tmp_path):
    """A wrong file under a right digest: someone bundled rubbish."""
    import hashlib

    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    rubbish, file = b"not a network", load_manifest(folder).variant(*kind).files[0]
    (folder / file.name).write_bytes(rubbish)
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(manifest.replace(file.sha256, hashlib.sha256(rubbish).hexdigest()))
    with pytest.raises(ModelError, match=f"{kind[0]} cannot open {file.name}"):
        opened(folder, kind)


def test_missing_file_is_a_model_error(tiny_model, kind, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    file = load_manifest(folder).variant(*kind).files[-1]
    (folder / file.name).unlink()
    with pytest.raises(ModelError, match=file.name):
        opened(folder, kind)


def test_opening_and_running_write_nothing(tiny_model, kind, pictures, capfd):
    with opened(tiny_model, kind) as runtime:
        runtime.infer(pictures[:1])
    assert capfd.readouterr() == ("", "")


LIBRARIES = {"onnx": ("onnxruntime",), "openvino": ("openvino",), "tflite": ("ai_edge_litert", "tflite_runtime")}


@pytest.mark.parametrize("name", RUNTIMES)
def test_missing_library_names_the_extra(tiny_model, name, monkeypatch):
    monkeypatch.delitem(sys.modules, f"edge.runtime.{name}", raising=False)
    monkeypatch.delattr(import_module("edge.runtime"), name, raising=False)
    for library in LIBRARIES[name]:
        for module in [m for m in sys.modules if m.split(".")[0] == library]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(BackendUnavailableError, match=rf"sonoedge\[{RUNTIMES[name].extra}\]"):
        open_runtime(name, tiny_model, precision=None, threads=1)


NETWORKS = [name for name in list_models() if load_manifest(model_folder(name)).variants]


@pytest.mark.parametrize("model", NETWORKS)
def test_shipped_models_run_alike(kind, model):
    """Shipped files, not the tiny model's, against the float ONNX file: 99.5 % of what is marked is alike, and half of
    the directions, where a model gives them, differ by less than 1.5 degrees."""
    pytest.importorskip("onnxruntime", reason="the comparison's other side, onnxruntime, is not installed")
    from tools.lesson import lesson_of
    from tools.masks import agreement_percent, decide, directions_apart_deg, has_directions

    folder = model_folder(model)
    manifest = load_manifest(folder)
    picture = lesson_of(manifest.task).phantom(3).picture.reshape(manifest.grey_input().shape)
    with opened(folder, kind) as runtime, opened(folder, ("onnx", "float")) as reference:
        expected, output = reference.infer(picture)[0].copy(), runtime.infer(picture)[0]
        marked = [decide(each, len(manifest.classes)) for each in (output, expected)]
        assert agreement_percent(*marked) > 99.5
        if has_directions(expected, len(manifest.classes)):
            assert np.median(directions_apart_deg(output, expected)) < 1.5
