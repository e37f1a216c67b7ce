"""What a second core is worth: looking ahead, threads of the model, and how often the interpreter changes threads."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tools.bench import material
from tools.bench.plan import Plan
from tools.bench.process import ended, run, start
from tools.bench.records import Sample
from tools.bench.tables import markdown, number
from tools.bench.turns import in_turns

TITLE = "Two cores"
SWITCH_MS = (5.0, 1.0, 0.5)


class Row(msgspec.Struct, frozen=True):
    task: str
    cores: int
    threads: int
    """Of the model."""
    ahead: bool | None
    """Whether the next frame is looked at meanwhile. None: bare inference."""
    switch_ms: float | None
    """How long a thread may keep the interpreter when another waits for it."""
    at_once: int
    """Processes."""
    frames_per_s: float
    sample: Sample


Result = tuple[Row, ...]
Case = tuple[int, int, bool | None, float | None, int]
"""Cores, threads, ahead, switch interval, processes."""


def cases(most_cores: int) -> Iterator[Case]:
    yield (1, 1, None, None, 1)
    yield (1, 1, False, SWITCH_MS[0], 1)
    yield (1, 1, True, SWITCH_MS[0], 1)
    if most_cores < 2:
        return
    yield (2, 1, None, None, 1)
    yield (2, 2, None, None, 1)
    yield (2, 1, None, None, 2)
    for threads in (1, 2):
        yield (2, threads, False, SWITCH_MS[0], 1)
        for switch_ms in SWITCH_MS:
            yield (2, threads, True, switch_ms, 1)


def measure(plan: Plan) -> Result:
    rows: list[Row] = []
    for spec in plan.tasks:
        model = next((way.model for way in spec.pathways if way.network), "")
        if not model:
            continue
        clip = plan.clip(spec)
        file = str(material.model_file(model, "openvino", "int8"))
        bare = {"runtime": "openvino", "model": file, "frames": plan.frames}
        settings = {"runtime": "openvino", "precision": "int8", "depth_mm": clip.depth_mm}
        ours = {"clip": str(clip.path), "task": spec.name, "frames": plan.frames, "settings": settings}
        plan.tell(f"{spec.name}")
        turns = {case: partial(_sample, case, bare, ours, plan) for case in cases(plan.core_counts()[-1])}
        found, _ = in_turns(turns, plan.rounds, plan.tell)
        for case, sample in found.items():
            rows.append(Row(spec.name, *case, case[4] * 1e3 / sample.mean_ms, sample))
    return tuple(rows)


def _sample(case: Case, bare: dict[str, Any], ours: dict[str, Any], plan: Plan) -> Sample:
    cores, threads, ahead, switch_ms, at_once = case
    if ahead is None:
        # Each of several on a core of its own.
        share = cores // at_once
        places = [plan.cores(cores)[number * share : (number + 1) * share] for number in range(at_once)]
        running = [start("bare", {**bare, "threads": threads}, place) for place in places]
        told = [msgspec.convert(ended(one), Sample) for one in running]
        return max(told, key=lambda one: one.mean_ms)
    settings = {**ours["settings"], "threads": threads, "ahead": ahead}
    given = {**ours, "switch_ms": switch_ms, "settings": settings}
    return msgspec.convert(run("ours", given, plan.cores(cores)), Sample)


def reached(rows: Result, row: Row) -> float | None:
    """Frames/s as a share of bare inference's with as many threads on as many cores."""
    bare = (
        one.frames_per_s
        for one in rows
        if (one.task, one.cores, one.threads, one.ahead, one.at_once) == (row.task, row.cores, row.threads, None, 1)
    )
    found = next(bare, None)
    return None if found is None else row.frames_per_s / found


def page(rows: Result, images: Path) -> Iterator[str]:
    yield (
        "OpenVINO int8. Looking ahead: the network looks at the next frame in another thread while the last one is "
        "concluded and drawn. Frames/s over the whole clip, and their share of what bare inference reaches with as "
        "many threads on as many cores. The interval is Python's `sys.setswitchinterval`: how long one thread may keep "
        "the interpreter while another waits for it."
    )
    head = ("what", "cores", "threads", "interval ms", "frames/s", "of bare inference", "p95 ms", "CPU ms a frame")
    for task in dict.fromkeys(one.task for one in rows):
        yield f"### {task}: cores"
        yield markdown(head, (_cells(rows, one) for one in rows if one.task == task))
    yield f"![Frames per second as a share of bare inference](images/{plot(rows, images).name})"


def named(row: Row) -> str:
    if row.ahead is None:
        return "bare inference" if row.at_once == 1 else f"bare inference, {row.at_once} processes"
    return "sonoedge, ahead" if row.ahead else "sonoedge, in turn"


def _cells(rows: Result, row: Row) -> tuple[str, ...]:
    share = reached(rows, row)
    return (
        named(row),
        str(row.cores),
        str(row.threads),
        "" if row.switch_ms is None else f"{row.switch_ms:g}",
        f"{row.frames_per_s:.1f}",
        "" if share is None or row.ahead is None else f"{share:.2f}",
        number(row.sample.p95_ms),
        number(row.sample.cpu_ms),
    )


def plot(rows: Result, images: Path) -> Path:
    from tools.bench.figures import lines, saved

    panels = []
    for threads in (1, 2):
        drawn = {}
        for task in dict.fromkeys(one.task for one in rows):
            ours = [one for one in rows if (one.task, one.cores, one.threads) == (task, 2, threads) and one.ahead]
            points = [(one.switch_ms or 0.0, reached(rows, one) or 0.0) for one in ours]
            drawn[task] = sorted(points)
        panels.append(
            (f"Ahead, {threads} thread{'s' if threads > 1 else ''}", "switch interval, ms", "of bare inference", drawn)
        )
    return saved(lines(panels), images / "bench-cores.png")
