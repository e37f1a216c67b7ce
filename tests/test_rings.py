"""Every test is run by `make test` or by `make test-slow`, and continuous integration runs both."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
RINGS = ("test", "test-slow")
COLLECT = """
import json, sys
import pytest

class Ring:
    def __init__(self, words):
        self.left_out, self.skipped = [], []
        self.code = pytest.main([*words, "--collect-only", "--quiet", "--no-cov", "--assert=plain"], [self])

    def pytest_collectreport(self, report):
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_deselected(self, items):
        self.left_out += [item.nodeid for item in items]

    def pytest_collection_finish(self, session):
        self.run = [item.nodeid for item in session.items]

# In one process, which imports the tests once.
print(json.dumps({target: vars(Ring(words)) for target, words in json.loads(sys.argv[1]).items()}))
"""


def commands(target: str) -> list[str]:
    """What make runs for it."""
    # What the make around this test was told, such as PYTEST_ARGS, is not what the Makefile says.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment |= {"PYTEST_ARGS": "", "TEST_JOBS": "0"}
    made = subprocess.run(["make", "-n", target], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return made.stdout.splitlines()


def pytest_words(target: str) -> list[str]:
    """What make tells pytest."""
    (line,) = [line for line in commands(target) if " -m pytest " in line]
    words = shlex.split(line)
    return words[words.index("pytest") + 1 :]


class Ring(NamedTuple):
    """What its command collects: the tests it runs, those it leaves out, and the files that skip as a whole."""

    run: frozenset[str]
    left_out: frozenset[str]
    skipped: frozenset[str]


@pytest.fixture(scope="module")
def rings() -> dict[str, Ring]:
    words = json.dumps({target: pytest_words(target) for target in RINGS})
    done = subprocess.run([sys.executable, "-c", COLLECT, words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    collected = json.loads(done.stdout.splitlines()[-1])
    assert all(ring["code"] == pytest.ExitCode.OK for ring in collected.values()), done.stdout + done.stderr
    return {target: Ring(*(frozenset(ring[name]) for name in Ring._fields)) for target, ring in collected.items()}


def test_every_test_is_in_one_ring(rings: dict[str, Ring]) -> None:
    quick, slow = (rings[target] for target in RINGS)
    assert quick.run and slow.run
    assert not quick.run & slow.run
    assert (quick.left_out, slow.left_out) == (slow.run, quick.run)


def test_no_file_of_tests_is_forgotten(rings: dict[str, Ring]) -> None:
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    collected = {test.split("::")[0] for ring in rings.values() for test in ring.run | ring.skipped}
    assert collected == written


def test_continuous_integration_runs_both_rings() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"^make (\S+)$", script, re.MULTILINE) == ["lint", *RINGS]
    assert "set -euo pipefail" in script


def test_programs_are_installed_for_the_slow_ring_alone() -> None:
    """What only its tests need is large; that of the others is a compiler."""
    quick, slow = (commands(target) for target in RINGS)
    assert "bash tools/setup/system.sh gcc make" in quick
    assert "bash tools/setup/system.sh" in slow
