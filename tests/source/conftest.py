"""A simulated camera for the tests: a C shim that stands in for /dev/video0 in a child process."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
_PROLOGUE = """
import json, time
from edge.errors import *
from edge.source.opening import open_source

def told(frame):
    return [frame.sequence, int.from_bytes(frame.pixels[0, :4].tobytes(), "little")]

def out(value):
    print(json.dumps(value))
"""


@pytest.fixture
def camera_environment(shim: Path) -> Callable[..., dict[str, str]]:
    """The environment of a process that sees the simulated camera, with the shim's switches."""

    def environment(**switches: object) -> dict[str, str]:
        told = {f"SHIM_{name.upper()}": str(value) for name, value in switches.items()}
        return {**os.environ, "LD_PRELOAD": str(shim), **told}

    return environment


@pytest.fixture
def with_camera(camera_environment: Callable[..., dict[str, str]]) -> Callable[..., list[Any]]:
    """Runs a script in such a process; what it hands to `out` comes back as a list."""

    def run(script: str, **switches: object) -> list[Any]:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", _PROLOGUE + textwrap.dedent(script)],
            env=camera_environment(**switches),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return run
