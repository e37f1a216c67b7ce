"""Side by side: bare inference, sonoedge and the others on the same weights, clip and cores."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from edge.task.spec import TaskSpec
from tools.bench.display import VirtualDisplay
from tools.bench.field import Contender, Kind, contenders, python_of
from tools.bench.plan import Plan
from tools.bench.process import run
from tools.bench.records import Sample
from tools.bench.tables import markdown, number, ratio
from tools.bench.turns import in_turns

TITLE = "Side by side"


class Row(msgspec.Struct, frozen=True):
    """One contender on so many cores."""

    task: str
    cores: int
    name: str
    kind: Kind
    engine: str
    does: str
    sample: Sample | None
    missing: str = ""
    """Why there are no figures."""


Result = tuple[Row, ...]


def measure(plan: Plan) -> Result:
    rows: list[Row] = []
    with VirtualDisplay(plan.build) as display:
        for spec in plan.tasks:
            plan.clip(spec)
            field = list(contenders(spec, plan, display.variables))
            for cores in plan.core_counts():
                plan.tell(f"{spec.name}, {cores} core{'s' if cores > 1 else ''}")
                rows += _rows(spec, field, cores, plan)
    return tuple(rows)


def _rows(spec: TaskSpec, field: Sequence[Contender], cores: int, plan: Plan) -> Iterator[Row]:
    turns = {one.name: partial(_sample, one, spec, cores, plan) for one in field}
    found, failed = in_turns(turns, plan.rounds, plan.tell)
    for one in field:
        sample, missing = found.get(one.name), failed.get(one.name, "")
        yield Row(spec.name, cores, one.name, one.kind, one.engine, one.does, sample, missing)


def _sample(contender: Contender, spec: TaskSpec, cores: int, plan: Plan) -> Sample:
    python = {"python": python_of(contender.environment, plan)} if contender.environment else {}
    given = {"clip": str(plan.clip(spec).path), "frames": plan.frames, "threads": cores} | contender.given()
    variables = given.pop("display", {})
    told = run(contender.program, given, plan.cores(cores), environment=variables, **python)
    return msgspec.convert(told, Sample)


def bare_ms(rows: Result, row: Row) -> float | None:
    """Bare inference of the same engine, task and cores; None: it runs no network, or that was not measured."""
    same = (one for one in rows if (one.task, one.cores, one.kind) == (row.task, row.cores, "bare"))
    found = next((one for one in same if one.engine == row.engine), None)
    return found.sample.median_ms if found is not None and found.sample is not None else None


def best_of_ours(rows: Result, task: str, cores: int) -> Row | None:
    """The quickest of ours that runs a network and keeps nothing: the others keep nothing either."""
    ours = [
        one
        for one in rows
        if (one.task, one.cores, one.kind) == (task, cores, "ours")
        and one.engine
        and one.sample is not None
        and "recording" not in one.name
    ]
    return min(ours, key=lambda one: one.sample.median_ms if one.sample else 0.0, default=None)


HEAD = (
    "contender",
    "frames/s",
    "median ms",
    "p95",
    "p99",
    "CPU ms",
    "RSS MiB",
    "start s",
    "to bare inference",
    "beside it, ms",
    "ours is quicker by",
)


def table(rows: Result, task: str, cores: int) -> str:
    """Markdown; the quickest first, bare inference before all."""
    shown = [one for one in rows if (one.task, one.cores) == (task, cores) and one.sample is not None]
    order = {"bare": 0, "ours": 1, "peer": 1}
    shown.sort(key=lambda one: (order[one.kind], one.sample.median_ms if one.sample else 0.0))
    best = best_of_ours(rows, task, cores)
    return markdown(HEAD, (_cells(rows, one, best) for one in shown))


def _cells(rows: Result, row: Row, best: Row | None) -> tuple[str, ...]:
    assert row.sample is not None
    sample, bare = row.sample, bare_ms(rows, row)
    name = f"**{row.name}**" if row.kind == "ours" else row.name + (f" ({row.does})" if row.does else "")
    times = [number(value) for value in (sample.median_ms, sample.p95_ms, sample.p99_ms, sample.cpu_ms)]
    beside = "" if bare is None or row.kind == "bare" else number(sample.median_ms - bare)
    to_bare = "" if bare is None or row.kind == "bare" else ratio(sample.median_ms / bare)
    ahead = ""
    if row.kind == "peer" and best is not None and best.sample is not None:
        ahead = ratio(sample.median_ms / best.sample.median_ms)
    return (
        name,
        f"{1e3 / sample.mean_ms:.1f}",
        *times,
        f"{sample.rss_mib:.0f}",
        f"{sample.start_s:.2f}",
        to_bare,
        beside,
        ahead,
    )


def page(rows: Result, images: Path) -> Iterator[str]:
    """The section's lines, and its plots in the folder `images`."""
    yield (
        "Every contender is a process of its own, on the same cores, with the same weights and the same clip "
        "(phantom, 640 x 480, Motion JPEG), one after the other in rounds; each figure is the median of the rounds. "
        "Frames/s over the whole clip. Milliseconds from one finished picture to the next; CPU: of all threads of the "
        "process, a frame; RSS: at its highest; start: from the start of the process to its first finished picture. "
        "What counts are the ratios: to the bare inference of the same engine, precision and number of threads, and of "
        "the quickest of sonoedge with a network to each of the others (above 1 sonoedge is quicker, below 1 slower)."
    )
    for task in dict.fromkeys(one.task for one in rows):
        for cores in sorted({one.cores for one in rows if one.task == task}):
            yield f"### {task}, {cores} core{'s' if cores > 1 else ''}"
            yield table(rows, task, cores)
        if painted := [one.sample.painted for one in rows if one.task == task and one.sample and one.sample.painted]:
            low, high = min(painted), max(painted)
            yield f"The mask of the last picture covers {low:.2%} to {high:.2%} of it, whoever of the others drew it."
        yield f"![{task}: milliseconds a frame of every contender](images/{plot(rows, task, images).name})"
    missing = dict.fromkeys(f"- {one.name}: {one.missing}" for one in rows if one.missing)
    if missing:
        yield "Left out:\n\n" + "\n".join(missing)


def plot(rows: Result, task: str, images: Path) -> Path:
    """Bars: inference alone and the rest, the quickest above; a panel for each number of cores."""
    from tools.bench.figures import bars, saved

    counts = sorted({one.cores for one in rows if one.task == task})
    panels = []
    for cores in counts:
        shown = [one for one in rows if (one.task, one.cores) == (task, cores) and one.kind != "bare" and one.sample]
        shown.sort(key=lambda one: one.sample.median_ms if one.sample else 0.0)
        panels.append(
            (
                f"{task}, {cores} core{'s' if cores > 1 else ''}",
                [
                    (one.name, one.sample.median_ms, bare_ms(rows, one) or 0.0, one.kind == "ours")
                    for one in shown
                    if one.sample
                ],
            )
        )
    return saved(bars(panels), images / f"bench-{task}.png")
