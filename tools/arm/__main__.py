"""Models and program on emulated ARM64 boards: `python -m tools.arm`; `--help` lists what can be changed.

Compares each runtime's masks with those of this machine, then runs the program for a few frames. Ends with 1 where
masks differ too much or the program fails, with 3 where the emulation cannot be set up here.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.runtime.manifest import list_models, load_manifest, model_folder
from edge.task.table import task_specs
from tools.arm.board import BOARDS, EmulatedBoard, run_python
from tools.arm.system import PROJECT, CannotSetUpError, set_up
from tools.lesson import lesson_of, lessons
from tools.masks import all_masks
from tools.parity import SEED

CACHE = PROJECT / ".cache/arm"
LEAST_ALIKE_PERCENT = 99.9
PICTURES = 2
"""130,000 decisions; a picture takes seconds where every instruction is emulated."""
CANNOT_SET_UP = 3
TIMEOUT_S = 1800.0
"""For one job; half a minute on a machine with nothing else to do."""


class JobOutcome(NamedTuple):
    """Of one job on one board."""

    kept: bool
    said: str


def networks() -> list[Path]:
    """Folders of the shipped models that have a network."""
    folders = [model_folder(name) for name in list_models()]
    return [folder for folder in folders if load_manifest(folder).variants]


def short_demo() -> str:
    """What the program runs: three frames of the first task that has a phantom."""
    spec = next(one for one in task_specs() if one.anatomies)
    return f"run {spec.name} --source phantom:{spec.anatomies[0].name} --frames 3 --runtime tflite"


def pictures_of(folder: Path, n: int) -> NDArray[np.uint8]:
    """(n, planes, H, W): phantom pictures where the model's task has a lesson, else smoothed noise."""
    manifest = load_manifest(folder)
    shape = manifest.grey_input().shape[1:]
    if manifest.task in lessons():
        shown = [lesson_of(manifest.task).phantom(SEED + index).picture for index in range(n)]
        return np.stack(shown).reshape(n, *shape)
    noise = np.random.default_rng(0).integers(0, 256, (n, *shape))
    return ((noise + np.roll(noise, 1, axis=3)) // 2).astype(np.uint8)


def compare(board: EmulatedBoard, folder: Path, stored: Path) -> JobOutcome:
    """Whether all masks of one model agree, with each figure."""
    try:
        said = run_python(board, CACHE, ["-m", "tools.arm.compare", str(folder), str(stored)], TIMEOUT_S)
    except subprocess.SubprocessError as error:
        return JobOutcome(False, f"{board.processor}  {folder.name}: {_told(error)}")
    found: dict[str, float] = json.loads(said.strip().splitlines()[-1])["alike_percent"]
    lines = []
    for kind, percent in found.items():
        verdict = "ok" if percent >= LEAST_ALIKE_PERCENT else f"TOO LOW, at least {LEAST_ALIKE_PERCENT} %"
        lines.append(f"{board.processor}  {folder.name}  {kind:14}  {percent:8.4f} % of pixels as on x86  {verdict}")
    return JobOutcome(min(found.values()) >= LEAST_ALIKE_PERCENT, "\n".join(lines))


def demo(board: EmulatedBoard, arguments: str) -> JobOutcome:
    """Whether the program ends well, with what it says."""
    try:
        said = run_python(board, CACHE, ["-m", "edge.app.cli", *shlex.split(arguments)], TIMEOUT_S)
    except subprocess.SubprocessError as error:
        return JobOutcome(False, f"{board.processor}  'sonoedge {arguments}': {_told(error)}")
    return JobOutcome(True, f"{board.processor}  'sonoedge {arguments}' said:\n{said.strip()}")


def _told(error: subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"ended with {error.returncode}:\n{error.stdout}"
    return f"not done after {TIMEOUT_S:.0f} s; is this machine busy with something else?"


def check(models: list[Path], demo_arguments: str, count: int) -> bool:
    """Everything on both boards, which run beside each other."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(len(BOARDS)) as boards:
        running = []
        for folder in models:
            stored = Path(scratch) / f"{folder.name}.npz"
            pictures = pictures_of(folder, count)
            masks = {" ".join(kind): mask for kind, mask in all_masks(folder, pictures).items()}
            np.savez(stored, pictures=pictures, **masks)
            running += [boards.submit(compare, board, folder, stored) for board in BOARDS]
        if demo_arguments:
            running += [boards.submit(demo, board, demo_arguments) for board in BOARDS]
        outcomes = []
        for task in running:
            outcomes.append(task.result())
            print(outcomes[-1].said, flush=True)
    return all(outcome.kept for outcome in outcomes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, action="append", help="a model's folder (all shipped models)")
    parser.add_argument("--demo", default=short_demo(), help="what the program runs, '' for nothing (%(default)s)")
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"pictures per model and board ({PICTURES})")
    arguments = parser.parse_args()
    started_s = time.monotonic()
    try:
        set_up(CACHE)
    except CannotSetUpError as error:
        print(f"No ARM64 check: {error}", file=sys.stderr)
        sys.exit(CANNOT_SET_UP)
    print(f"emulation ready after {time.monotonic() - started_s:.0f} s", flush=True)
    models = arguments.model or networks()
    kept = check(models, arguments.demo, arguments.pictures)
    print(f"took {time.monotonic() - started_s:.0f} s")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
