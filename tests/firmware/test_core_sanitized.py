"""The C core under the address sanitizer, which has to be in the process before Python is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.firmware import core_library

pytestmark = pytest.mark.slow

HERE = Path(__file__)
TESTS = sorted(str(path) for path in HERE.parent.glob("test_core_*.py") if path != HERE)
FROM = "import sys, pathlib, pytest; from tests.firmware import core_library; "
FROM += "core_library.FIRMWARE = pathlib.Path(sys.argv[1]); sys.exit(pytest.main(sys.argv[2:]))"
"""Runs pytest on the C sources of another folder."""


@pytest.fixture
def sanitized(core):
    """Runs tests on the sources of a folder. `core` skips where there is no compiler."""
    named = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    library = Path(named.stdout.strip())
    if not library.is_absolute():
        pytest.skip("the address sanitizer is missing: apt-get install -y --no-install-recommends libgcc-12-dev")
    # Python leaks on purpose at its end, so only the addresses are looked at; its own small blocks would hide some.
    watched = {"LD_PRELOAD": str(library), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}

    def sanitized(sources: Path, *tests: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", FROM, sources, "-q", "-s", "-p", "no:cacheprovider", "-k", "not long", *tests]
        root = Path(__file__).parents[2]
        return subprocess.run(command, cwd=root, env=os.environ | watched, capture_output=True, text=True)

    return sanitized


def test_the_core_touches_no_memory_but_its_own(sanitized):
    run = sanitized(core_library.FIRMWARE, *TESTS)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert " skipped" not in run.stdout


def test_one_byte_past_the_end_is_noticed(sanitized, tmp_path):
    firmware = tmp_path / "firmware"
    shutil.copytree(core_library.FIRMWARE, firmware)
    framing = firmware / "core" / "framing.c"
    before = "    return writer->n_out;\n"
    assert framing.read_text().count(before) == 1
    # No result changes, so that no test fails by itself.
    past = "    writer->out[FRAME_MAX_BLOCK_BYTES + 1u] = 7u;\n"
    framing.write_text(framing.read_text().replace(before, past + before))
    run = sanitized(firmware, "tests/firmware/test_core_framing.py")
    assert run.returncode != 0
    assert "heap-buffer-overflow" in run.stderr and "in frame_end" in run.stderr
