"""How the cost grows with the work: larger pictures, more marks, more viewers, more tasks at once."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edge.task.spec import TaskSpec
from tools.bench.plan import Plan
from tools.bench.process import ContenderError, ended, run, start
from tools.bench.records import Sample
from tools.bench.tables import markdown, number
from tools.bench.turns import in_turns

TITLE = "Cost as work grows"
WIDTHS = (320, 640, 960, 1280, 1600, 1920)
MARKS = (1, 2, 3, 4)
MARK_SHARE = 0.06
VIEWERS = (0, 1, 2, 4, 8)
FRAMES = 100
"""Of the larger clips."""


class Point(msgspec.Struct, frozen=True):
    x: float
    wall_ms: float
    """A frame: median, or mean of the processes' medians."""
    cpu_ms: float
    """A frame of each."""


class Result(msgspec.Struct, frozen=True):
    pictures: dict[str, tuple[Point, ...]]
    """By task; x: megapixels."""
    marks: tuple[Point, ...]
    viewers: tuple[Point, ...]
    tasks: tuple[Point, ...]
    """Cost of all processes together for a frame of each."""


def measure(plan: Plan) -> Result:
    plan = replace(plan, frames=min(plan.frames, FRAMES), rounds=min(plan.rounds, 3))
    running = [spec for spec in plan.tasks if any(way.network for way in spec.pathways)]
    return Result(
        {spec.name: _pictures(spec, plan) for spec in running},
        _marks(plan.tasks[0], plan),
        _viewers(running[0], plan),
        _tasks(running[:3], plan),
    )


def _ours(spec: TaskSpec, plan: Plan, size: tuple[int, int] = (640, 480), **more: Any) -> dict[str, Any]:
    clip = plan.clip(spec, size)
    settings = {"runtime": "openvino", "precision": "int8", "threads": 1, "depth_mm": clip.depth_mm}
    return {"clip": str(clip.path), "task": spec.name, "frames": plan.frames, "settings": settings, **more}


def _points(turns: dict[float, Callable[[], Sample]], plan: Plan) -> tuple[Point, ...]:
    found, failed = in_turns(turns, plan.rounds, plan.tell)
    for x, reason in failed.items():
        raise ContenderError(f"{x:g}: {reason}")
    return tuple(Point(x, one.median_ms, one.cpu_ms) for x, one in found.items())


def _pictures(spec: TaskSpec, plan: Plan) -> tuple[Point, ...]:
    plan.tell(f"{spec.name}: pictures")
    turns: dict[float, Callable[[], Sample]] = {}
    for width in WIDTHS[::3] if plan.quick else WIDTHS:
        height = width * 3 // 4
        turns[width * height / 1e6] = partial(_run, _ours(spec, plan, (width, height)), plan)
    return _points(turns, plan)


def _run(given: dict[str, Any], plan: Plan) -> Sample:
    return msgspec.convert(run("ours", given, plan.cores(1)), Sample)


def _marks(spec: TaskSpec, plan: Plan) -> tuple[Point, ...]:
    plan.tell("marks")
    clip, points = plan.clip(spec), []
    for count in MARKS:
        given = {"clip": str(clip.path), "task": spec.name, "marks": count, "share": MARK_SHARE, "frames": plan.frames}
        told = [run("drawing", given, plan.cores(1))["draw_ms"] for _ in range(plan.rounds)]
        points.append(Point(count, statistics.median(told), statistics.median(told)))
    return tuple(points)


def _viewers(spec: TaskSpec, plan: Plan) -> tuple[Point, ...]:
    """The run on one core, the browsers on another where there is one."""
    plan.tell("viewers")
    others = [core for core in plan.cores(2) if core not in plan.cores(1)] or list(plan.cores(1))
    turns = {
        float(count): partial(_run, _ours(spec, plan, page=True, viewers=count, viewer_cores=others), plan)
        for count in (VIEWERS[::2] if plan.quick else VIEWERS)
    }
    return _points(turns, plan)


def _tasks(specs: Sequence[TaskSpec], plan: Plan) -> tuple[Point, ...]:
    """Each a process, all on one core: what n tasks cost there."""
    plan.tell("tasks at once")
    points = []
    for count in range(1, len(specs) + 1):
        told = [_at_once(specs[:count], plan) for _ in range(plan.rounds)]
        points.append(
            Point(
                count,
                statistics.median(statistics.mean(one.median_ms for one in round_) for round_ in told),
                statistics.median(sum(one.cpu_ms for one in round_) for round_ in told),
            )
        )
    return tuple(points)


def _at_once(specs: Sequence[TaskSpec], plan: Plan) -> list[Sample]:
    running = [start("ours", _ours(spec, plan), plan.cores(1)) for spec in specs]
    return [msgspec.convert(ended(one), Sample) for one in running]


def straightness(points: Sequence[Point]) -> float:
    """How far the CPU cost leaves the straight line through the points at most, as a share of the largest cost."""
    if len(points) < 3:
        return 0.0
    line = statistics.linear_regression([one.x for one in points], [one.cpu_ms for one in points])
    gaps = [abs(one.cpu_ms - (line.intercept + line.slope * one.x)) for one in points]
    return max(gaps) / max(one.cpu_ms for one in points)


def page(result: Result, images: Path) -> Iterator[str]:
    yield (
        "Each on one core with one thread for the model, OpenVINO int8. Pictures from 320 to 1920 wide; masks of 6% of "
        "a picture of 640 x 480 (drawing alone); browsers at the live page of a run that goes as fast as it can; tasks "
        "at once, each a process, on one core: the processor's time for a frame of each. The last column: how far the "
        "processor's time leaves a straight line at most, as a share of the largest."
    )
    series = [(f"{task}, megapixels", points) for task, points in result.pictures.items()]
    series += [("masks", result.marks), ("browsers", result.viewers), ("tasks at once", result.tasks)]
    yield markdown(
        ("what grows", "from", "to", "CPU ms a frame, from", "to", "off the line"),
        (
            (
                name,
                f"{points[0].x:g}",
                f"{points[-1].x:g}",
                number(points[0].cpu_ms),
                number(points[-1].cpu_ms),
                f"{straightness(points):.0%}",
            )
            for name, points in series
        ),
    )
    yield f"![Cost as work grows](images/{plot(result, images).name})"


def plot(result: Result, images: Path) -> Path:
    from tools.bench.figures import lines, saved

    def cpu(points: Sequence[Point]) -> list[tuple[float, float]]:
        return [(one.x, one.cpu_ms) for one in points]

    cost = "CPU ms a frame"
    pictures = {task: cpu(points) for task, points in result.pictures.items()}
    panels = [
        ("Larger pictures", "megapixels", cost, pictures),
        ("More masks, drawing alone", "masks", "ms a frame", {"masks": cpu(result.marks)}),
        ("More browsers at the page", "browsers", cost, {"browsers": cpu(result.viewers)}),
        ("More tasks at once", "tasks, each a process", f"{cost} of each", {"tasks": cpu(result.tasks)}),
    ]
    return saved(lines(panels), images / "bench-growth.png")
