"""Hold what every task says of fixed inputs: `python -m tools.quality.findings record FILE`, then `compare FILE`.

Records the findings, all but the time they took, of every task and pathway over the phantoms' cines and stills and over
the pictures of ../shared/data where it exists. `compare` makes them again and prints each input whose findings changed.
One thread of one runtime, so that the same machine gives the same figures.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from edge.app.session import open_session
from edge.errors import SonoedgeError
from edge.finding import Finding
from edge.option import options_of
from edge.phantom.anatomy import Anatomy
from edge.task.table import anatomies, task_spec, task_specs

DATA = Path(__file__).parents[3] / "shared" / "data"
FRAMES = 40
"""Of each cine."""
STILLS = 10
"""Seeds of each phantom that every task looks at once."""
STATED_MM_PER_PX = 0.08
MOST_VALUES = 400
TOLERANCE = 1e-6
"""Relative, and absolute near 0: sums that the processor adds up in another order differ in the last digits."""


def inputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """A name, and the arguments of `open_session`: every task and pathway on its own phantoms, set in each of the ways
    that they can be set, on one picture of every phantom, and on each folder of real pictures."""
    folders = sorted({path.parent for path in DATA.rglob("*") if path.suffix in (".png", ".jpg", ".mp4", ".dcm")})
    ways = [(spec, way) for spec in task_specs() for way in spec.pathways]
    for spec, way in ways:
        own = {"task": spec.name, "pathway": way.name, "stages": way.stages}
        cines = [f"{one.name},seed=1,{setting}" for one in spec.anatomies for setting in settings_of(one)]
        stills = [f"{one.name},seed={seed}" for one in anatomies().values() for seed in range(11, 11 + STILLS)]
        for address, frames in (*((cine, FRAMES) for cine in cines), *((still, 1) for still in stills)):
            source = f"phantom:{address.rstrip(',')},frames={frames},paced=no"
            yield f"{spec.name} {way.name} {source}", own | {"source": source}
        for folder, scale in product(folders, (None, STATED_MM_PER_PX)):
            given = own | {"source": str(folder), "mm_per_px": scale}
            yield f"{spec.name} {way.name} {folder.relative_to(DATA)} {scale}", given


def settings_of(anatomy: Anatomy) -> list[str]:
    """An anatomy's own settings one by one: each choice, each end of a range."""
    asked = options_of(anatomy.options)
    each = [
        f"{one.flag.removeprefix('--')}={value}"
        for one in asked
        for value in one.option.choices or (one.option.low, one.option.high)
    ]
    return each or [""]


def findings_of(given: dict[str, Any]) -> list[dict[str, Any]]:
    """One input's findings as JSON can hold them; an error is told in the last."""
    told: list[dict[str, Any]] = []
    network = task_spec(given["task"]).pathway(given["pathway"]).network
    own = {"runtime": "onnx", "precision": "int8"} if network else {}
    try:
        with open_session(**given, **own, threads=1) as session:
            told.extend(plain(finding) for finding in session)
    except SonoedgeError as error:
        told.append({"error": str(error).replace(str(DATA), "DATA")})
    return told


def plain(finding: Finding) -> dict[str, Any]:
    held = ("task", "sequence", "verdict", "reasons", "notes", "model_digest")
    return {
        **{name: getattr(finding, name) for name in held},
        "measurements": [_plain_record(one) for one in finding.measurements],
        "spacing": None if finding.spacing is None else [finding.spacing.x_mm_per_px, finding.spacing.y_mm_per_px],
        "marks": [[type(mark).__name__, *_plain_record(mark)] for mark in finding.marks],
    }


def _plain_record(record: Any) -> list[Any]:
    return [_plain(getattr(record, field.name)) for field in fields(record)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        # Of large planes what a change anywhere would change; of lines each point.
        kept = value.astype(np.float64)
        told = (
            kept.ravel()
            if kept.size <= MOST_VALUES
            else np.array([kept.mean(), kept.std(), *kept.sum(axis=0)[:20].ravel()])
        )
        return [list(value.shape), told.tolist()]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _plain_record(value) if hasattr(value, "__dataclass_fields__") else value


def made(workers: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    names, given = zip(*inputs(), strict=True)
    with ProcessPoolExecutor(workers) as pool:
        for count, (name, told) in enumerate(zip(names, pool.map(findings_of, given), strict=True), start=1):
            print(f"\r{count} of {len(names)} inputs", end="", file=sys.stderr, flush=True)
            yield name, told
    print(file=sys.stderr)


def differences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[str]:
    """What changed, a line for each part of a finding."""
    if len(before) != len(after):
        yield f"{len(before)} findings before, {len(after)} now"
    for number, (one, other) in enumerate(zip(before, after, strict=False)):
        for name in sorted(one.keys() | other.keys()):
            if not alike(one.get(name), other.get(name)):
                yield f"#{number} {name}: {json.dumps(one.get(name))[:300]} -> {json.dumps(other.get(name))[:300]}"


def alike(one: Any, other: Any) -> bool:
    """Whether two values from JSON are the same, numbers within the tolerance."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("file", type=Path, help="JSON Lines, one input a line")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.what == "record":
        with arguments.file.open("w") as file:
            for name, told in made(arguments.workers):
                file.write(json.dumps([name, told]) + "\n")
        return
    before = dict(json.loads(line) for line in arguments.file.read_text().splitlines())
    changed = 0
    for name, told in made(arguments.workers):
        lines = list(differences(before.get(name, []), json.loads(json.dumps(told))))
        changed += bool(lines)
        for line in lines[:4]:
            print(f"{name}: {line}")
    print(f"{changed} of {len(before)} inputs have other findings")
    sys.exit(bool(changed))


if __name__ == "__main__":
    main()
