"""No change of the limit code goes unnoticed by its tests."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

mutants = pytest.importorskip("tools.quality.mutants", reason="needs cffi, and the checkout: run python -m pytest")

ROOT = Path(__file__).parents[2]
SOURCE = """/* a < b is not changed here */
#define N_THINGS 3u
static bool holds(uint32_t a) {
    if (!found && (a < 4u)) {
        note(a);
    }
    return a == N_THINGS;
}
"""


def test_what_is_changed():
    changes = {(mutant.line, mutant.before, mutant.after) for mutant in mutants.mutants_of("x.c", SOURCE)}
    assert changes == {
        *((4, before, after) for before, after in [("!", ""), ("&&", "||"), ("<", "<="), ("<", ">=")]),
        *((4, "4u", other) for other in ("3u", "5u")),
        *((4, "!found && (a < 4u)", always) for always in "01"),
        (5, "note(a);", ""),
        *((7, before, after) for before, after in [("==", "!="), ("N_THINGS", "(N_THINGS + 1)")]),
        (7, "N_THINGS", "(N_THINGS - 1)"),
    }


@pytest.mark.slow
def test_no_mutant_survives():
    if shutil.which("gcc") is None:
        pytest.skip("mutants need a compiler: apt-get install -y --no-install-recommends gcc libc6-dev")
    run = subprocess.run([sys.executable, "-m", "tools.quality.mutants"], cwd=ROOT, capture_output=True, text=True)
    sys.stdout.write(run.stdout)
    assert run.returncode == 0, run.stderr
    assert "limits.c: " in run.stdout and "killed" in run.stdout


def test_a_survivor_is_told(capsys):
    found = {
        mutants.Mutant("x.c", 3, "<", ">", 1, "a < b"): mutants.Fate.SURVIVED,
        mutants.Mutant("x.c", 9, "!", "", 1, "!c"): mutants.Fate.KILLED,
        mutants.Mutant("x.c", 20, "1", "2", 2, "d = 1"): mutants.Fate.BROKEN,
    }
    assert mutants.report(found) == ["survived: x.c: a < b: < -> >", "could not be tried: x.c: d = 1: 1 -> 2"]
    assert capsys.readouterr().out == "x.c: 1 survived, 1 killed, 1 broken\n"
