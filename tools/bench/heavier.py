"""A model of 5 ms: what sonoedge adds to it with everything on."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tools.bench import material
from tools.bench.plan import Plan
from tools.bench.process import run
from tools.bench.records import Sample
from tools.bench.tables import markdown, number, ratio
from tools.bench.turns import in_turns

TITLE = "A model of 5 ms"
AIM_MS = 5.0
PROBE = 8
"""Layers of the trial that says what a layer costs."""
MOST = 200


class Row(msgspec.Struct, frozen=True):
    task: str
    cores: int
    name: str
    sample: Sample


class Result(msgspec.Struct, frozen=True):
    layers: dict[str, int]
    """Convolutions that each task's model got beside its own."""
    rows: tuple[Row, ...]


BARE = "bare inference"
NAMES = {
    BARE: None,
    "sonoedge: measured and drawn": {},
    "sonoedge: everything on (recording, page with a browser)": {"record": True, "viewers": 1},
}


def measure(plan: Plan) -> Result:
    layers: dict[str, int] = {}
    rows: list[Row] = []
    for spec in plan.tasks:
        model = next((way.model for way in spec.pathways if way.network), "")
        if not model:
            continue
        layers[spec.name] = _layers(model, plan)
        folder = material.heavier_model(model, plan.build, layers[spec.name])
        for cores in plan.core_counts():
            plan.tell(f"{spec.name}, {layers[spec.name]} layers more, {cores} cores")
            turns = {name: partial(_sample, name, folder, spec, cores, plan) for name in NAMES}
            found, _ = in_turns(turns, plan.rounds, plan.tell)
            rows += [Row(spec.name, cores, name, sample) for name, sample in found.items()]
    return Result(layers, tuple(rows))


def _layers(model: str, plan: Plan) -> int:
    """So many that bare inference takes 5 ms on one core; none where it does already."""
    none_ms, some_ms = (_bare_ms(material.heavier_model(model, plan.build, count), plan) for count in (0, PROBE))
    a_layer_ms = max((some_ms - none_ms) / PROBE, 1e-3)
    return min(MOST, max(0, round((AIM_MS - none_ms) / a_layer_ms)))


def _bare_ms(folder: Path, plan: Plan) -> float:
    given = {"runtime": "openvino", "model": str(folder / "model.onnx"), "threads": 1, "frames": 60}
    return msgspec.convert(run("bare", given, plan.cores(1)), Sample).median_ms


def _sample(name: str, folder: Path, spec: Any, cores: int, plan: Plan) -> Sample:
    extra = NAMES[name]
    if extra is None:
        given = {"runtime": "openvino", "model": str(folder / "model.onnx"), "threads": cores, "frames": plan.frames}
        return msgspec.convert(run("bare", given, plan.cores(cores)), Sample)
    clip = plan.clip(spec)
    settings = {"runtime": "openvino", "precision": "float", "model": str(folder), "depth_mm": clip.depth_mm}
    given = {
        "clip": str(clip.path),
        "task": spec.name,
        "frames": plan.frames,
        "settings": {**settings, "threads": cores},
        "viewer_cores": list(plan.cores(plan.core_counts()[-1])),
        **extra,
    }
    return msgspec.convert(run("ours", given, plan.cores(cores)), Sample)


def page(result: Result, images: Path) -> Iterator[str]:
    yield (
        "The shipped int8 model with more convolutions, whose result is too small to change anything, until bare "
        "inference takes about 5 ms on one core (where it is slower already, nothing is added). Mean milliseconds a "
        "frame over the clip, and their ratio to bare inference on the same cores with as many threads. The browser "
        "that looks is a process of its own on any of the cores."
    )
    head = ("what", "cores", "mean ms", "p95", "CPU ms", "to bare inference")
    for task in dict.fromkeys(one.task for one in result.rows):
        yield f"### {task}: {result.layers[task]} layers more"
        yield markdown(head, (_cells(result, one) for one in result.rows if one.task == task))
    yield f"![A model of 5 ms with everything on](images/{plot(result, images).name})"


def plot(result: Result, images: Path) -> Path:
    from tools.bench.figures import bars, saved

    panels = []
    for cores in sorted({one.cores for one in result.rows}):
        shown = [one for one in result.rows if one.cores == cores]
        panels.append(
            (
                f"{cores} core{'s' if cores > 1 else ''}",
                [
                    (
                        f"{one.task}, {one.name}",
                        one.sample.mean_ms,
                        one.sample.mean_ms / to_bare(result, one),
                        one.name != BARE,
                    )
                    for one in shown
                ],
            )
        )
    return saved(bars(panels), images / "bench-heavier.png")


def to_bare(result: Result, row: Row) -> float:
    bare = next(one for one in result.rows if (one.task, one.cores, one.name) == (row.task, row.cores, BARE))
    return row.sample.mean_ms / bare.sample.mean_ms


def _cells(result: Result, row: Row) -> tuple[str, ...]:
    times = [number(value) for value in (row.sample.mean_ms, row.sample.p95_ms, row.sample.cpu_ms)]
    return (row.name, str(row.cores), *times, ratio(to_bare(result, row)))
