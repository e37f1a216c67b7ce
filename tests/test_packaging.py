"""What an installation holds: the wheel, the pins, the versions."""

import configparser
import json
import re
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.installation import python, python_with

ROOT = Path(__file__).parents[1]
CODE = {".py", ".pyc", ".typed"}


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def lines(section: str, option: str) -> list[str]:
    return settings()[section][option].split()


def test_the_packages_listed_are_the_packages_on_disk() -> None:
    on_disk = setuptools.find_packages(str(ROOT), include=["edge*", "firmware_bridge*"])
    assert sorted(lines("options", "packages")) == sorted([*on_disk, "edge.models"])


def test_the_newest_version_of_the_changelog_is_the_package_version() -> None:
    versions = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == settings()["metadata"]["version"]


def pinned() -> dict[str, str]:
    pins = [line for line in (ROOT / "tools/constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", pin) for pin in pins), "exact public versions only"
    return {canonicalize_name(name): version for name, version in (pin.split("==") for pin in pins)}


def needed(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> set[str]:
    """Every distribution that `name` needs on this Python, itself included."""
    if (name, extras) in seen:
        return set()
    seen.add((name, extras))
    found = {name}
    for text in requires(name) or ():
        requirement = Requirement(text)
        if any(not requirement.marker or requirement.marker.evaluate({"extra": e}) for e in extras or {""}):
            found |= needed(canonicalize_name(requirement.name), frozenset(requirement.extras), seen)
    return found


def test_everything_that_the_tests_run_on_is_pinned() -> None:
    names = needed("sonoedge", frozenset({"dev"}), set()) - {"sonoedge"}
    assert {"numpy", "pytest", "onnxruntime"} <= names
    assert names - set(pinned()) == set()


def test_what_training_needs_is_pinned() -> None:
    names = {canonicalize_name(Requirement(line).name) for line in requirements("tools/requirements.txt")}
    assert names
    assert names <= set(pinned())


def requirements(path: str) -> list[str]:
    return [line for line in (ROOT / path).read_text().splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(wheel, folder=tmp_path_factory.mktemp("clean"))


def test_the_wheel_holds_every_module_and_model_file_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {str(p.relative_to(ROOT)) for top in ("edge", "firmware_bridge") for p in (ROOT / top).rglob("*.py")}
    marks = {"edge/py.typed", "firmware_bridge/py.typed", "edge/models/__init__.py"}
    models = {
        f"edge/{p.relative_to(ROOT)}" for p in (ROOT / "models").rglob("*") if p.is_file() and p.suffix not in CODE
    }
    # Of files beside the modules, such as a page's style sheet, each needs its line in setup.cfg.
    data = {str(p.relative_to(ROOT)) for p in (ROOT / "edge").rglob("*") if p.is_file() and p.suffix not in CODE}
    assert held == modules | marks | models | data


OPEN_EVERY_MODEL = """
import json
import numpy as np
from edge.runtime.manifest import list_models, load_manifest, model_folder
from edge.runtime.opening import open_runtime

opened = []
for name in list_models():
    manifest = load_manifest(model_folder(name))
    for variant in manifest.variants:
        runtime, _ = open_runtime(variant.runtime, model_folder(name), precision=variant.precision, threads=1)
        with runtime:
            outputs = runtime.infer(np.zeros(manifest.input.shape, np.uint8))
        shapes_fit = [array.shape for array in outputs] == [output.shape for output in manifest.outputs]
        opened.append([str(model_folder(name)), variant.runtime, variant.precision, shapes_fit])
print(json.dumps(opened))
"""


def test_every_model_opens_from_the_installed_wheel(clean_python: str, tmp_path: Path) -> None:
    opened = json.loads(python("-c", OPEN_EVERY_MODEL, cwd=tmp_path, executable=clean_python).splitlines()[-1])
    manifests = [json.loads(path.read_text()) for path in (ROOT / "models").glob("*/manifest.json")]
    names = sorted(manifest["name"] for manifest in manifests if manifest["variants"])
    assert names
    assert sorted({Path(folder).name for folder, *_ in opened}) == names
    assert {runtime for _, runtime, *_ in opened} == {"onnx", "openvino", "tflite"}
    assert all(fits and Path(folder).is_relative_to(Path(clean_python).parents[1]) for folder, _, _, fits in opened)


def test_only_our_two_names_are_importable_from_the_wheel(clean_python: str, tmp_path: Path) -> None:
    code = """
import importlib.util, json, edge, edge.models, firmware_bridge
print(json.dumps([edge.__file__, [importlib.util.find_spec(name) is None for name in ("models", "tools", "tests")]]))
"""
    file, absent = json.loads(python("-c", code, cwd=tmp_path, executable=clean_python))
    assert Path(file).is_relative_to(Path(clean_python).parents[1])
    assert absent == [True, True, True]


def test_the_installed_command_answers(clean_python: str, wheel: Path, tmp_path: Path) -> None:
    command = Path(clean_python).with_name("sonoedge")
    assert wheel.name.split("-")[1] in python(str(command), "--version", cwd=tmp_path, executable=clean_python)
