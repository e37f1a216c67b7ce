"""Measure which lines and branches of the firmware's core and boot code its tests reach.

    python -m tools.quality.coverage                                    # by all tests that drive the C code
    python -m tools.quality.coverage tests/firmware/test_core_limits.py # by some

Builds with gcc --coverage and without optimisation, and reads what gcovr says. Branches are those of the machine code,
so that a condition of two parts has four.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware_bridge" / "firmware"
TESTS = ROOT / "tests" / "firmware"
DRIVING = ("test_core_*.py", "test_boot.py", "test_flash.py", "test_image_in_c.py")
FLAGS = "--coverage -O0"


class CoverageToolError(Exception):
    """The tests or gcovr failed; the message holds what they said."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one source file. `missed` are the numbers of its lines that no test reached."""

    name: str
    n_lines: int
    missed: tuple[int, ...]
    n_branches: int
    n_taken: int

    @property
    def line_percent(self) -> float:
        return 100.0 * (self.n_lines - len(self.missed)) / max(self.n_lines, 1)

    @property
    def branch_percent(self) -> float:
        return 100.0 * self.n_taken / self.n_branches if self.n_branches else 100.0


def measure(tests: list[Path | str]) -> list[Coverage]:
    """Runs the tests over an instrumented core. Raises CoverageToolError where they fail."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "tests"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--basetemp={base}",
            *map(str, tests),
        ]
        environment = {**os.environ, "CORE_CFLAGS": FLAGS}
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise CoverageToolError(done.stdout[-3000:] + done.stderr[-3000:])
        return sorted(_files(base), key=lambda coverage: coverage.name)


def _files(base: Path) -> Iterator[Coverage]:
    command = [sys.executable, "-m", "gcovr", "--root", str(FIRMWARE), "--filter", r".*\.c$", "--json", "-", str(base)]
    said = subprocess.run(command, cwd=base, check=False, capture_output=True, text=True)
    if said.returncode:
        raise CoverageToolError(said.stderr)
    files = json.loads(said.stdout)["files"]
    if not files:
        raise CoverageToolError("The tests did not run the instrumented core: was it skipped?")
    for file in files:
        branches = [branch["count"] for line in file["lines"] for branch in line["branches"]]
        missed = tuple(line["line_number"] for line in file["lines"] if not line["count"])
        yield Coverage(file["file"], len(file["lines"]), missed, len(branches), sum(map(bool, branches)))


def total(files: list[Coverage]) -> Coverage:
    n_missed = sum(len(file.missed) for file in files)
    branches = sum(file.n_branches for file in files), sum(file.n_taken for file in files)
    return Coverage("all", sum(file.n_lines for file in files), tuple(range(n_missed)), *branches)


def table(files: list[Coverage]) -> str:
    rows = [f"{'file':24}{'lines':>8}{'branches':>10}  the first lines that are not reached"]
    for file in [*files, total(files)]:
        missed = " ".join(map(str, file.missed[:12])) if file.name != "all" else ""
        rows.append(f"{file.name:24}{file.line_percent:7.1f}%{file.branch_percent:9.1f}%  {missed}".rstrip())
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.quality.coverage", description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", type=Path, help="default: all tests that drive the C code")
    tests = parser.parse_args().tests or [path for pattern in DRIVING for path in sorted(TESTS.glob(pattern))]
    try:
        # The run under the address sanitizer tests the same once more.
        print(table(measure([path for path in tests if "sanitized" not in path.name])))
    except CoverageToolError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
