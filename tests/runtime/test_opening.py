"""`auto` measures once, keeps its answer while it holds, and never lets its cache stop a scan."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import BackendUnavailableError, ModelDigestError, ModelError, SettingError, UnknownNameError
from edge.runtime import opening
from edge.runtime.choice import RuntimeTiming
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import InstalledRuntime, installed, open_runtime


@pytest.fixture
def measured(monkeypatch):
    """Replaces the measurement by figures; the list holds the candidates of each time it was asked for."""
    asked = []
    speeds_ms = {("onnx", "int8"): 3.0, ("tflite", "int8"): 1.0, ("openvino", "int8"): 2.0, ("onnx", "float"): 0.5}

    def measure(folder, manifest, candidates, threads):
        asked.append(candidates)
        return tuple(RuntimeTiming(*candidate, speeds_ms.get(candidate, 9.0)) for candidate in candidates)

    monkeypatch.setattr(opening, "measure", measure)
    monkeypatch.setattr(
        opening, "installed", lambda: tuple(InstalledRuntime(name, "1", None) for name in opening.RUNTIMES)
    )
    monkeypatch.setattr(opening, "_open", lambda folder, manifest, name, precision, threads: (name, precision))
    return asked


def choose(model, cache, precision="int8", threads=1):
    opened, choice = open_runtime("auto", model, precision=precision, threads=threads, cache_dir=cache)
    assert opened == (choice.name, choice.precision)
    return choice


def test_takes_the_fastest_and_says_why(tiny_model, measured, tmp_path):
    choice = choose(tiny_model, tmp_path)
    assert (choice.name, choice.precision) == ("tflite", "int8")
    assert "tflite int8 1.00 ms, openvino int8 2.00 ms, onnx int8 3.00 ms" in choice.reason
    assert [m.median_ms for m in choice.measured] == [1.0, 2.0, 3.0]


def test_free_precision_takes_the_fastest_of_both(tiny_model, measured, tmp_path):
    choice = choose(tiny_model, tmp_path, precision=None)
    assert (choice.name, choice.precision) == ("onnx", "float")
    assert len(measured[0]) == 6


def test_measures_once(tiny_model, measured, tmp_path):
    assert choose(tiny_model, tmp_path) == choose(tiny_model, tmp_path)
    assert len(measured) == 1


@pytest.mark.parametrize("other", [{"threads": 2}, {"precision": "float"}, {"precision": None}])
def test_measures_again_for_another_wish(tiny_model, measured, tmp_path, other):
    choose(tiny_model, tmp_path)
    choose(tiny_model, tmp_path, **other)
    assert len(measured) == 2


def test_measures_again_when_model_library_or_processor_changed(tiny_model, measured, tmp_path, monkeypatch):
    choose(tiny_model, tmp_path)
    monkeypatch.setattr(opening, "installed", lambda: tuple(InstalledRuntime(n, "2", None) for n in opening.RUNTIMES))
    choose(tiny_model, tmp_path)
    monkeypatch.setattr("edge.runtime.choice.processor", lambda: "another board")
    choose(tiny_model, tmp_path)
    changed = Path(shutil.copytree(tiny_model, tmp_path / "changed"))
    text = (changed / "manifest.json").read_text()
    (changed / "manifest.json").write_text(text.replace(load_manifest(changed).files()[0].sha256, "0" * 64))
    choose(changed, tmp_path)
    assert len(measured) == 4


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b'{"name": "onnx"}', b'{"name": 1, "precision": 2}'])
def test_damaged_cache_is_measured_anew_and_mended(tiny_model, measured, tmp_path, content):
    expected = choose(tiny_model, tmp_path)
    (kept,) = tmp_path.glob("runtime-*.json")
    kept.write_bytes(content)
    assert choose(tiny_model, tmp_path) == expected
    assert choose(tiny_model, tmp_path) == expected
    assert len(measured) == 2


def test_kept_answer_for_a_runtime_that_is_gone_is_not_used(tiny_model, measured, tmp_path, monkeypatch):
    choose(tiny_model, tmp_path)
    rest = tuple(InstalledRuntime(n, "1", None if n != "tflite" else "gone") for n in opening.RUNTIMES)
    monkeypatch.setattr(opening, "installed", lambda: rest)
    choice = choose(tiny_model, tmp_path)
    assert choice.name == "openvino"
    assert "not installed: tflite" in choice.reason


def test_cache_that_cannot_be_written_only_costs_the_measurement(tiny_model, measured, tmp_path):
    """A file where the folder should be: fails for root too, as a read-only disk would for a user."""
    (tmp_path / "file").write_text("")
    choice = choose(tiny_model, tmp_path / "file")
    assert choice.name == "tflite"
    assert "cannot be kept" in choice.reason


def test_nothing_is_left_beside_the_kept_answer(tiny_model, measured, tmp_path):
    choose(tiny_model, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_no_runtime_at_all_names_the_extra(tiny_model, measured, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "installed", tuple)
    with pytest.raises(BackendUnavailableError, match=r"sonoedge\[all\]"):
        choose(tiny_model, tmp_path)


def test_a_damaged_file_is_not_passed_over(tiny_model, tmp_path):
    """`auto` could take another runtime; that would hide that the model was changed."""
    usable = [runtime.name for runtime in installed() if runtime.problem is None]
    if not usable:
        pytest.skip("no runtime is installed")
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    file = load_manifest(model).variant(usable[-1], "int8").files[0]
    (model / file.name).write_bytes(b"other")
    with pytest.raises(ModelDigestError, match=file.name):
        open_runtime("auto", model, precision="int8", threads=1, cache_dir=tmp_path)


def test_real_measurement_runs_every_installed_candidate(tiny_model, tmp_path):
    usable = {runtime.name for runtime in installed() if runtime.problem is None}
    if not usable:
        pytest.skip("no runtime is installed")
    runtime, choice = open_runtime("auto", tiny_model, precision=None, threads=1, cache_dir=tmp_path)
    runtime.close()
    assert {(m.name, m.precision) for m in choice.measured} == {(n, p) for n in usable for p in opening.PRECISIONS}
    assert all(m.median_ms > 0 for m in choice.measured)


def test_asked_for_by_name_is_not_measured(tiny_model, measured):
    opened, choice = open_runtime("openvino", tiny_model, precision=None, threads=1)
    assert opened == ("openvino", "int8")
    assert choice.measured == ()
    assert measured == []


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"name": "torch"}, UnknownNameError, "onnx, openvino, tflite"),
        ({"precision": "int4"}, SettingError, "int8, float"),
        ({"threads": 0}, SettingError, "1 or more"),
    ],
)
def test_wrong_wishes(tiny_model, wrong, error, told):
    wish = {"name": "onnx", "precision": "int8", "threads": 1} | wrong
    with pytest.raises(error, match=told):
        open_runtime(wish["name"], tiny_model, precision=wish["precision"], threads=wish["threads"])


def test_folder_that_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="manifest"):
        open_runtime("auto", tmp_path, precision=None, threads=1)


def test_no_runtime_needs_a_home_or_reports_to_its_maker_or_brings_its_converter():
    """In a process of its own: what a library does as it is imported it does once."""
    program = """
import os, pathlib, sys
def none(*given):
    raise RuntimeError("Could not determine home directory.")
pathlib.Path.home = pathlib.Path.expanduser = none
from edge.runtime.opening import installed
print([one.problem for one in installed() if one.problem and "pip install 'sonoedge[" not in one.problem])
unwanted = "openvino_telemetry", "openvino.tools.ovc."
print([name for name, module in sys.modules.items() if name.startswith(unwanted) and module])
print(os.environ.get("ORT_DISABLE_TELEMETRY", "1"))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["[]", "[]", "1"], told.stderr
