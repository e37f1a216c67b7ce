"""Change the firmware's limit code in one place at a time, and see that its tests notice each change.

    python -m tools.quality.mutants            # what survives, if anything
    python -m tools.quality.mutants limits.c   # of one file
    python -m tools.quality.mutants --listed   # try those of mutants.txt too

A mutant whose object code is that of the original is no mutant; those that no test can tell from the original are
listed in mutants.txt beside this file, each with its reason, and are not tried: each would take all the tests there
are. Needs gcc and the packages of the tests.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.firmware import core_library

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware_bridge" / "firmware"
EQUIVALENT = Path(__file__).with_name("mutants.txt")
TESTS = {
    "limits.c": "tests/firmware/test_core_limits.py",
    "permission.c": "tests/firmware/test_core_permission.py",
    "faults.c": "tests/firmware/test_core_permission.py",
    "sensors.c": "tests/firmware/test_core_permission.py",
    "settings.c": "tests/firmware/test_core_settings.py",
}
"""The files that are changed, and the tests that must notice."""

COMPILE = ("gcc", "-std=c99", "-O1", "-w", "-fPIC", f"-I{FIRMWARE / 'core'}", f"-I{FIRMWARE / 'boot'}")
PYTEST = (
    *("-x", "-o", "addopts=--import-mode=importlib", "--assert=plain", "--capture=no"),
    *("--hypothesis-profile=mutants", "-p", "no:terminal", "-p", "no:faulthandler", "-p", "no:cacheprovider"),
)
FIRST_PATIENCE_S, PATIENCE_S = 2, 20
"""Of the processor, for the first test and for each other. A mutant that needs more has lost its way; most do in the
first test, so that should be a quick one."""

SWAPS = {
    **{"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)},
    **{"&&": ("||",), "||": ("&&",), "&": ("|",), "|": ("&",), "<<": (">>",), ">>": ("<<",)},
    **{"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",)},
    **{"+=": ("-=",), "|=": ("&=",), ">>=": ("<<=",), "true": ("false",), "false": ("true",), "!": ("",)},
}
TOKEN = re.compile(
    r"(?P<skip>/\*.*?\*/|#[^\n]*|\"[^\"\n]*\")"
    r"|(?P<number>\b(0x[0-9A-Fa-f]+|\d+)u?\b)"
    r"|(?P<name>\b(?:true|false|[A-Z][A-Z0-9]*_[A-Z0-9_]+)\b)"
    r"|(?P<spaced>(?<= )(<<|>>=?|<=?|>=?|==|!=|&&|\|\||\+=|\|=|[-+*/%&|])(?= ))"
    r"|(?P<not>!(?=[\w(]))",
    re.DOTALL,
)
NAMED = re.compile(r"(REFUSAL|TRANSMIT_OFF|FAULT_CODE|EXPOSURE_FLAG|PARAMETER|STIMULUS|LOG)_")
"""Numbers of things, which are taken for one other; the rest are quantities, which may be too large or too small."""
CONDITION = re.compile(r"\b(?:if|while) \((?P<condition>.*)\) \{$", re.MULTILINE)
STATEMENT = re.compile(
    r"^ +(?=\S)(?!return|const|static|break|\w+ \**\w+( =|;|\[))(?P<statement>[^{}\n]+;)$", re.MULTILINE
)


class Fate(IntEnum):
    """What became of a mutant; also the exit status of the process that tried it."""

    SURVIVED = 0
    KILLED = 1
    NOT_C = 2
    SAME_CODE = 3
    BROKEN = 4
    LISTED = 5

    @property
    def text(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a file: at `start`, `before` becomes `after`."""

    file: str
    start: int
    before: str
    after: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.text}: {self.before} -> {self.after or 'nothing'}"


def mutants_of(file: str, source: str) -> Iterator[Mutant]:
    """Every change that is tried, in the order of the source."""
    for start, before, after in sorted({*_swaps(source), *_wholes(source)}):
        line = source.count("\n", 0, start)
        yield Mutant(file, start, before, after, line + 1, source.splitlines()[line].strip())


def _swaps(source: str) -> Iterator[tuple[int, str, str]]:
    for match in TOKEN.finditer(source):
        token = match[0]
        if match["number"]:
            value = int(token.rstrip("u"), 0)
            suffix = "u" if token.endswith("u") else ""
            yield from ((match.start(), token, f"{other}{suffix}") for other in (value + 1, value - 1) if other >= 0)
        elif match["name"] and token not in SWAPS:
            yield from ((match.start(), token, f"({token} {sign} 1)") for sign in ("+" if NAMED.match(token) else "+-"))
        elif not match["skip"]:
            yield from ((match.start(), token, other) for other in SWAPS[token])


def _wholes(source: str) -> Iterator[tuple[int, str, str]]:
    """Conditions that always or never hold, and statements that are left out."""
    for match in CONDITION.finditer(source):
        yield from ((match.start("condition"), match["condition"], always) for always in "01")
    for match in STATEMENT.finditer(source):
        yield match.start("statement"), match["statement"], ""


# ------------------------------------------------------------------------------------------------------- one mutant


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all mutants share: the originals' objects, and the declarations, which take long to read."""

    folder: Path
    ffi: Any

    def build(self, mutant: Mutant, source: str) -> Path | Fate:
        """The core with the change in it, as a library; or why there is none."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        changed = source[: mutant.start] + mutant.after + source[mutant.start + len(mutant.before) :]
        compiled = compile_c(changed, mutant.file, folder)
        if compiled is None:
            return Fate.NOT_C
        if mutant.before and compiled.read_bytes() == (self.folder / compiled.name).read_bytes():
            return Fate.SAME_CODE
        others = [path for path in self.folder.glob("*.o") if path.name != compiled.name]
        subprocess.run(["ld", "-shared", "-o", folder / "core.so", compiled, *others], check=True)
        return folder / "core.so"

    def load(self, library: Path) -> None:
        """From now on this process tests that library."""
        prepared = object.__new__(core_library.Core)
        prepared.ffi, prepared.c = self.ffi, self.ffi.dlopen(str(library))
        core_library.Core.__new__ = lambda *_: prepared
        core_library.Core.__init__ = lambda *_: None


def compile_c(text: str, name: str, folder: Path) -> Path | None:
    """The object of a source file; None where it is no C. The object holds the file's name, so that stays the same."""
    source, compiled = folder / name, folder / f"{name}.o"
    source.write_text(text)
    done = subprocess.run([*COMPILE, "-c", "-o", compiled, name], cwd=folder, check=False, capture_output=True)
    return None if done.returncode else compiled


def source_of(path: Path) -> str:
    """A copy of it compiles anywhere: what it includes from beside its folder is named in full."""
    return path.read_text().replace('"../', f'"{FIRMWARE}/')


def make_workshop(folder: Path) -> Workshop:
    changed = folder / "changed"
    changed.mkdir()
    rest = folder / "rest"
    rest.mkdir()
    for path in (*FIRMWARE.glob("core/*.c"), *FIRMWARE.glob("boot/*.c")):
        compile_c(source_of(path), path.name, changed if path.name in TESTS else rest)
    subprocess.run(["gcc", "-r", "-nostdlib", "-o", changed / "rest.o", *rest.glob("*.o")], check=True)
    return Workshop(changed, core_library.Core(folder / "declared").ffi)


# ------------------------------------------------------------------------------------------------------- their tests


class Trials:
    """A plugin for pytest: the tests are collected once, and run in one forked process for each mutant."""

    def __init__(self, workshop: Workshop, mutants: list[Mutant], sources: dict[str, str], jobs: int) -> None:
        self.workshop, self.mutants, self.sources, self.jobs = workshop, mutants, sources, jobs
        self.found: dict[Mutant, Fate] = {}
        self.is_child, self.is_first = False, True
        self._running: dict[int, Mutant] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The quick ones first: most mutants do not outlive them."""
        items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool | None:
        """In a child: None, so that pytest goes on with the tests. Otherwise all is done."""
        for mutant in self.mutants:
            if len(self._running) >= self.jobs:
                self._await_one()
            pid = os.fork()
            if pid == 0:
                self._become(mutant)
                return None
            self._running[pid] = mutant
        while self._running:
            self._await_one()
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """A failure ends the child at once: nobody reads what pytest would say about it. So does the timer's signal."""
        signal.setitimer(signal.ITIMER_PROF, FIRST_PATIENCE_S if self.is_first else PATIENCE_S)
        self.is_first = False
        try:
            yield
        except Exception:
            os._exit(Fate.KILLED)

    def _await_one(self) -> None:
        pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        # By a signal: it crashed, or its time was over.
        self.found[self._running.pop(pid)] = Fate(code) if code >= 0 else Fate.KILLED

    def _become(self, mutant: Mutant) -> None:
        self.is_child = True
        try:
            built = self.workshop.build(mutant, self.sources[mutant.file])
            if isinstance(built, Fate):
                os._exit(built)
            self.workshop.load(built)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        except Exception:
            traceback.print_exc()
            os._exit(Fate.BROKEN)


def fates(workshop: Workshop, mutants: list[Mutant], sources: dict[str, str], jobs: int) -> dict[Mutant, Fate]:
    """What becomes of each, `jobs` at a time."""
    found: dict[Mutant, Fate] = {}
    for tests in dict.fromkeys(TESTS[mutant.file] for mutant in mutants):
        theirs = [mutant for mutant in mutants if TESTS[mutant.file] == tests]
        trials = Trials(workshop, theirs, sources, jobs)
        status = pytest.main([*PYTEST, f"--rootdir={ROOT}", str(ROOT / tests)], [trials])
        if trials.is_child:
            os._exit(Fate.BROKEN if status else Fate.SURVIVED)
        found |= trials.found
    return found


def equivalents() -> set[str]:
    """The mutants that are listed as no change, as they are printed."""
    lines = EQUIVALENT.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.quality.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", choices=[*TESTS, []], help="default: all")
    parser.add_argument("--listed", action="store_true", help="try those too that are listed as no change")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time (default: all processors)")
    return parser.parse_args()


def report(found: dict[Mutant, Fate]) -> list[str]:
    """Prints a line for each file; returns one for each mutant that was not killed and could be."""
    counts = Counter((mutant.file, fate) for mutant, fate in found.items())
    for name in dict.fromkeys(mutant.file for mutant in found):
        print(f"{name}: " + ", ".join(f"{counts[name, fate]} {fate.text}" for fate in Fate if counts[name, fate]))
    survivors = [f"survived: {mutant}" for mutant, fate in found.items() if fate == Fate.SURVIVED]
    return survivors + [f"could not be tried: {mutant}" for mutant, fate in found.items() if fate == Fate.BROKEN]


def main() -> None:
    args, known = _parsed(), equivalents()
    sources = {name: source_of(FIRMWARE / "core" / name) for name in args.files or TESTS}
    # A failing example is neither made smaller nor remembered: it would be there at the next run of the tests.
    settings.register_profile("mutants", database=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
    with tempfile.TemporaryDirectory() as folder:
        workshop = make_workshop(Path(folder))
        untouched = [Mutant(name, 0, "", "", 0, "untouched") for name in sources]
        for mutant, fate in fates(workshop, untouched, sources, args.jobs).items():
            if fate != Fate.SURVIVED:
                raise SystemExit(f"{mutant.file}: its tests fail without any change ({fate.name})")
        mutants = [mutant for name, text in sources.items() for mutant in mutants_of(name, text)]
        listed = {mutant: Fate.LISTED for mutant in mutants if str(mutant) in known and not args.listed}
        tried = [mutant for mutant in mutants if mutant not in listed]
        wrong = report(listed | fates(workshop, tried, sources, args.jobs))
    texts = set(map(str, mutants))
    wrong += [f"listed, but no mutant: {text}" for text in known if text not in texts and text.split(":")[0] in sources]
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
