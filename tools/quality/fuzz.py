"""Fuzz the firmware with libFuzzer: framing, the whole device, the boot decision.

    python -m tools.quality.fuzz --seconds 600 --keep     # search for ten minutes; keep the inputs that reach more
    python -m tools.quality.fuzz --coverage               # what the kept inputs reach, lines and branches

The targets and what they hold the firmware to are in firmware_bridge/firmware/fuzz. The kept inputs are in
tests/firmware/corpus, a line of base64 each, and those by hand in hex. Needs clang and libclang-rt-dev; the coverage
also llvm.
"""

import argparse
import base64
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware_bridge" / "firmware"
CORPUS = ROOT / "tests" / "firmware" / "corpus"
MAX_BYTES = {"framing": 700, "device": 800, "boot": 500}
"""The targets, and how long an input of each may become."""
INSTALL = "apt-get install -y --no-install-recommends clang libclang-rt-dev"


class FuzzToolError(Exception):
    """A program is missing or failed; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one target."""

    target: str
    n_runs: int
    failure: str
    """What was broken and the input that did it, in base64; empty where all held."""


def missing() -> str:
    """What has to be installed first; empty where nothing is."""
    if shutil.which("clang") is None or shutil.which("make") is None:
        return INSTALL
    runtime = Path(_said("clang", "-print-runtime-dir").strip())
    return "" if any(runtime.glob("libclang_rt.fuzzer*.a")) else INSTALL


def build(folder: Path, *targets: str, firmware: Path = FIRMWARE, flags: str = "") -> None:
    """Compiles the targets into `folder`."""
    programs = [str(folder / f"fuzz_{target}") for target in targets]
    _said("make", "-s", "-j2", "-C", str(firmware), f"BUILD={folder}", f"CFLAGS={flags}", *programs)


def kept(target: str) -> list[bytes]:
    """The inputs that are kept: those that the fuzzer found, and those that were written by hand."""
    found = [base64.b64decode(line) for line in (CORPUS / f"{target}.txt").read_text().splitlines()]
    by_hand = CORPUS / f"{target}.by_hand.txt"
    lines = by_hand.read_text().splitlines() if by_hand.exists() else []
    return found + [bytes.fromhex(line.split("#")[0]) for line in lines if not line.startswith("#")]


def unpack(target: str, folder: Path) -> Path:
    """The kept inputs as files, as libFuzzer wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(kept(target)):
        (folder / f"kept{number:04}").write_bytes(content)
    return folder


def run(target: str, folder: Path, seconds: int = 0) -> Run:
    """The kept inputs, then `seconds` of new ones. `folder` holds the built target."""
    inputs = unpack(target, folder / f"inputs_{target}")
    limit = f"-max_total_time={seconds}" if seconds else "-runs=0"
    options = (limit, f"-max_len={MAX_BYTES[target]}", "-print_final_stats=1", f"-artifact_prefix={folder}/{target}-")
    done = subprocess.run([folder / f"fuzz_{target}", *options, inputs], check=False, capture_output=True, text=True)
    executed = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    return Run(target, int(executed[1]) if executed else 0, _failure(done.stderr) if done.returncode else "")


def _failure(text: str) -> str:
    telling = re.compile(r"does not hold|runtime error|ERROR: Addr|^\s+#\d+ .*firmware/(core|boot)/|Base64")
    return "\n".join(line for line in text.splitlines() if telling.search(line)) or text[-2000:]


def keep(target: str, folder: Path) -> int:
    """Writes the fewest inputs that reach all that was reached; returns how many."""
    least = folder / f"least_{target}"
    shutil.rmtree(least, ignore_errors=True)
    least.mkdir()
    # An edge is reached or not; how often would keep ten times as many inputs.
    options = ("-merge=1", "-use_counters=0", f"-max_len={MAX_BYTES[target]}")
    _said(str(folder / f"fuzz_{target}"), *options, str(least), str(folder / f"inputs_{target}"))
    lines = sorted(base64.b64encode(path.read_bytes()).decode() for path in least.iterdir())
    (CORPUS / f"{target}.txt").write_text("\n".join(sorted(lines, key=len)) + "\n")
    return len(lines)


def coverage(folder: Path) -> str:
    """llvm-cov's table of what the kept inputs reach."""
    build(folder, *MAX_BYTES, flags="-fprofile-instr-generate -fcoverage-mapping")
    for target in MAX_BYTES:
        options = {**os.environ, "LLVM_PROFILE_FILE": str(folder / f"{target}.profraw")}
        inputs = unpack(target, folder / f"inputs_{target}")
        subprocess.run([folder / f"fuzz_{target}", "-runs=0", inputs], check=True, capture_output=True, env=options)
    profile = folder / "all.profdata"
    _said(_llvm("profdata"), "merge", "-o", str(profile), *(str(folder / f"{target}.profraw") for target in MAX_BYTES))
    programs = [f"-object={folder / f'fuzz_{target}'}" for target in MAX_BYTES]
    return _said(_llvm("cov"), "report", *programs, f"-instr-profile={profile}", "-ignore-filename-regex=fuzz/")


def _llvm(name: str) -> str:
    for program in (f"llvm-{name}", f"llvm-{name}-14"):
        if shutil.which(program):
            return program
    raise FuzzToolError(f"llvm-{name} is missing: apt-get install -y --no-install-recommends llvm")


def _said(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FuzzToolError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.quality.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", choices=[*MAX_BYTES, []], help="default: all")
    parser.add_argument("--seconds", type=int, default=30, help="of new inputs for each target (default: 30)")
    parser.add_argument("--keep", action="store_true", help="keep the fewest inputs that reach all that was reached")
    parser.add_argument("--coverage", action="store_true", help="print what the kept inputs reach, and do nothing else")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="where it works")
    return parser.parse_args()


def main() -> None:
    args = _parsed()
    folder: Path = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    targets = args.targets or list(MAX_BYTES)
    if missing():
        raise SystemExit(f"Fuzzing needs clang with libFuzzer: {missing()}")
    try:
        if args.coverage:
            print(coverage(folder / "coverage"))
            return
        build(folder, *targets)
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(partial(run, folder=folder, seconds=args.seconds), targets))
        for done in runs:
            print(f"{done.target}: {done.n_runs} runs" + (f", BROKEN\n{done.failure}" if done.failure else ""))
        if any(done.failure for done in runs):
            raise SystemExit(1)
        for target in targets if args.keep else ():
            print(f"{target}: {keep(target, folder)} inputs kept")
    except FuzzToolError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
