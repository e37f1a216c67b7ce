"""Hold what every task says of fixed inputs: `python -m tools.quality.findings record FILE`, then `compare FILE`.

Records the findings, all but the time they took, of every task and pathway over the phantoms' cines and stills and over
the pictures of ../shared/data where it exists. `compare` makes them again and prints each input whose findings changed.
One thread of one runtime, so that the same machine gives the same figures to the last digit.
"""

import argparse
import hashlib
import json
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

DATA = Path(__file__).parents[3] / "shared" / "data"
PATHWAYS = (
    ("cartilage", "deep"),
    ("muscle", "deep"),
    ("muscle", "classical"),
    ("nerve", "deep"),
    ("nerve", "classical"),
    ("tissue", "deep"),
    ("tissue", "classical"),
)
CINES = {
    "cartilage": ("cartilage,seed=1,frames=60", "cartilage,seed=2,depth=50,frames=40"),
    "muscle": ("muscle,seed=1,frames=80", "muscle,seed=2,motion=stretch,frames=40"),
    "nerve": (
        "nerve,seed=1,frames=50",
        "nerve,seed=2,nerves=2,motion=compress,frames=30",
        "nerve,seed=4,nerves=0,frames=9",
    ),
    "tissue": ("tissue,seed=1,frames=30", "tissue,seed=2,degree=0.8,frames=30"),
}
STILLS = 10
"""Seeds of each phantom that are looked at once, by every task."""
FOLDERS = ("cartilage", "handheld_screens", "hip_planes/images", "muscle/images", "nerve/images")
REGION: tuple[dict[str, Any], ...] = ({}, {"roi": "60,60,120,80"})
WAYS: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("tissue", "deep"): REGION,
    ("tissue", "classical"): REGION,
    ("nerve", "classical"): ({"stages": True},),
}
"""Options that a pathway's cines are measured with."""


def inputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """A name, and the arguments of `open_session`."""
    for task, pathway in PATHWAYS:
        for way, cine in product(WAYS.get((task, pathway), ({},)), CINES[task]):
            given = {"source": f"phantom:{cine},paced=no", "task": task, "pathway": pathway}
            yield f"{task} {pathway} {way} {cine}", given | way
        for phantom, seed in product(CINES, range(11, 11 + STILLS)):
            source = f"phantom:{phantom},seed={seed},frames=1,paced=no"
            yield f"{task} {pathway} {source}", {"source": source, "task": task, "pathway": pathway}
        for folder, scale in product(FOLDERS, (None, 0.08)):
            if (DATA / folder).is_dir() and (scale is None or pathway == "deep"):
                given = {"source": str(DATA / folder), "task": task, "pathway": pathway, "mm_per_px": scale}
                yield f"{task} {pathway} {folder} {scale}", given


def findings_of(given: dict[str, Any]) -> list[dict[str, Any]]:
    """One input's findings as JSON can hold them; an error is told in the last."""
    told: list[dict[str, Any]] = []
    own = {"runtime": "onnx", "precision": "int8"} if given["pathway"] == "deep" else {}
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
        rounded = np.round(value.astype(np.float64), 4) + 0.0
        return [list(value.shape), hashlib.sha256(rounded.tobytes()).hexdigest()[:16]]
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
    """What changed, a line a finding."""
    if len(before) != len(after):
        yield f"{len(before)} findings before, {len(after)} now"
    for number, (one, other) in enumerate(zip(before, after, strict=False)):
        for name in one.keys() | other.keys():
            if one.get(name) != other.get(name):
                yield f"#{number} {name}: {json.dumps(one.get(name))[:300]} -> {json.dumps(other.get(name))[:300]}"


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
