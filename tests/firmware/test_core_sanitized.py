"""The C core under the address sanitizer, which has to be in the process before Python is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = [f"tests/firmware/test_core_{name}.py" for name in ("framing", "link", "limits", "device")]


@pytest.fixture
def sanitizer(core):
    """`core` skips where there is no compiler."""
    named = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    path = Path(named.stdout.strip())
    if not path.is_absolute():
        pytest.skip("the address sanitizer is missing: apt-get install -y --no-install-recommends libgcc-12-dev")
    return path


def test_the_core_touches_no_memory_but_its_own(sanitizer):
    # Python itself leaks on purpose at its end, so only the addresses are looked at.
    watched = {**os.environ, "LD_PRELOAD": str(sanitizer), "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not long", *TESTS]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], env=watched, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert " skipped" not in run.stdout
