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


def pytest_words(target: str) -> list[list[str]]:
    """What make tells pytest, each time that it runs it."""
    found = []
    for line in commands(target):
        if " -m pytest " in line:
            words = shlex.split(line.partition(" || ")[0])
            found.append(words[words.index("pytest") + 1 :])
    return found


class Ring(NamedTuple):
    """What one of its runs collects: the tests it runs, those it leaves out, and the files that skip as a whole."""

    run: frozenset[str]
    left_out: frozenset[str]
    skipped: frozenset[str]


@pytest.fixture(scope="module")
def rings() -> dict[str, list[Ring]]:
    runs = {f"{target} {count}": run for target in RINGS for count, run in enumerate(pytest_words(target))}
    words = json.dumps(runs)
    done = subprocess.run([sys.executable, "-c", COLLECT, words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    collected = json.loads(done.stdout.splitlines()[-1])
    assert all(ring["code"] == pytest.ExitCode.OK for ring in collected.values()), done.stdout + done.stderr
    found: dict[str, list[Ring]] = {target: [] for target in RINGS}
    for name, ring in collected.items():
        found[name.split()[0]].append(Ring(*(frozenset(ring[field]) for field in Ring._fields)))
    return found


def test_every_test_is_in_one_ring(rings: dict[str, list[Ring]]) -> None:
    (quick,), slow = (rings[target] for target in RINGS)
    runs = [quick, *slow]
    assert all(ring.run for ring in runs)
    assert sum(len(ring.run) for ring in runs) == len(frozenset().union(*(ring.run for ring in runs)))
    assert quick.left_out == frozenset().union(*(ring.run for ring in slow))
    assert frozenset().union(*(ring.left_out for ring in slow)) == quick.run


def test_no_file_of_tests_is_forgotten(rings: dict[str, list[Ring]]) -> None:
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    every = [ring for each in rings.values() for ring in each]
    collected = {test.split("::")[0] for ring in every for test in ring.run | ring.skipped}
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
