"""The models and the program with the aarch64 wheels, on two emulated processors."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 3600
"""The first run downloads; a busy machine emulates slowly."""


def run(*arguments: str) -> str:
    pytest.importorskip("tools.arm.system", reason="the checkout's tools are not importable: run python -m pytest")
    command = [sys.executable, "-m", "tools.arm", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode == 3:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_boards_make_this_machines_masks(tiny_model):
    """The tiny model on all runtimes and precisions of both boards: seconds, where a shipped model takes minutes."""
    said = run("--model", str(tiny_model), "--pictures", "20", "--demo", "")
    assert said.count("% of pixels as on x86  ok") == 2 * 6


def test_shipped_models_and_the_program_run():
    arm = pytest.importorskip("tools.arm.__main__", reason="the checkout's tools are not importable")
    if not arm.networks():
        pytest.skip("no model is shipped yet")
    said = run("--pictures", "1")
    assert said.count("% of pixels as on x86  ok") == 2 * 6 * len(arm.networks())
    assert said.count("said:") == 2
