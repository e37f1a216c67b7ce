"""tflite-runtime, where only that exists: an environment of its own with numpy below 2, made once in .cache/."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".cache/tflite-runtime"
PINS = (ROOT / "tools/constraints.txt").read_text().split()
REQUIREMENTS = (
    "tflite-runtime==2.14.0",
    "numpy==1.26.4",
    *(pin for pin in PINS if pin.startswith(("msgspec==", "platformdirs=="))),
)
"""The last release: wheels for Python 3.11 and older, compiled against numpy 1."""
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from edge.runtime.opening import open_runtime
folder, pictures, target = sys.argv[1:]
found = {}
for precision in ("int8", "float"):
    runtime, _ = open_runtime("tflite", Path(folder), precision=precision, threads=1)
    with runtime:
        found[precision] = np.concatenate([runtime.infer(p[None])[0].copy() for p in np.load(pictures)])
library = sys.modules["edge.runtime.tflite"].Interpreter.__module__
np.savez(target, library=library, **found)
"""


def make_environment(python: str) -> Path:
    """The environment's Python; skips where its packages cannot be had."""
    ready = ENVIRONMENT / "ready"
    if not ready.is_file():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        subprocess.run([python, "-m", "venv", "--without-pip", str(ENVIRONMENT)], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(ENVIRONMENT / "bin/python"), "install", "--quiet"]
        done = subprocess.run([*pip, "--only-binary=:all:", *REQUIREMENTS], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot install {REQUIREMENTS[0]}: {done.stderr.strip().splitlines()[-1]}")
        ready.touch()
    return ENVIRONMENT / "bin/python"


@pytest.fixture(scope="module")
def outputs(tiny_model, tmp_path_factory):
    """What the forerunner makes of the tiny model, with the pictures."""
    from tools.tiny import tiny_pictures

    python = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if python is None:
        pytest.skip("tflite-runtime has no wheel for this Python, and there is no python3.11")
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        pytest.skip("pip is not installed in this environment")
    folder = tmp_path_factory.mktemp("forerunner")
    pictures = tiny_pictures(8, seed=4)
    np.save(folder / "pictures.npy", pictures)
    arguments = [str(tiny_model), str(folder / "pictures.npy"), str(folder / "outputs.npz")]
    done = subprocess.run(
        [make_environment(python), "-c", SCRIPT, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return pictures, dict(np.load(folder / "outputs.npz")), done.stdout + done.stderr


def test_the_forerunner_is_what_ran_and_it_was_quiet(outputs):
    _, found, said = outputs
    assert str(found["library"]).startswith("tflite_runtime")
    assert said == ""


@pytest.mark.parametrize(("precision", "least"), [("int8", 0.995), ("float", 1.0)])
def test_its_masks_are_those_of_the_successor(tiny_model, outputs, precision, least):
    """The share that may differ is what rounding at a logit of 0 can turn, in a network of random weights."""
    pytest.importorskip("ai_edge_litert", reason="the comparison's other side, ai-edge-litert, is not installed")
    from tools.masks import masks_of

    pictures, found, _ = outputs
    expected = masks_of(tiny_model, ("tflite", precision), pictures)
    assert 0.05 < expected.mean() < 0.95
    assert np.mean((found[precision] > 0) == expected) >= least
