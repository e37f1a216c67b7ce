"""`sonoedge bench`: how long each stage takes on this board."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.app.console import out, say
from edge.app.task_commands import task_commands
from edge.errors import SettingError
from edge.option import Option, made, taken

if TYPE_CHECKING:
    from edge.app.timing import LatencyTable
    from edge.task.spec import TaskSpec

STAGES = ("grab", "prepare", "infer", "conclude", "overlay")


HELP = """Time every stage for each runtime, int8 and float, side by side in one run.

Median and 95th percentile, in milliseconds. Without a task the first one is timed.

[bold]Examples[/]

  sonoedge bench TASK

  sonoedge bench TASK --source clip.mkv --threads 1 --json > bench.json
"""


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What a bench asks for."""

    source: Annotated[
        str | None, Option("Recording that the frames come from. Without it: the task's phantom.", short="-s")
    ] = None
    threads: Annotated[str | None, Option("One or several, such as 1,2. Without it: 1 and all cores.")] = None
    runtime: Annotated[str | None, Option("One or several, such as onnx,openvino. Without it: all.")] = None
    frames: Annotated[int, Option("Frames that each candidate works on.", low=1)] = 60
    json: Annotated[bool, Option("Print the table as JSON.")] = False


def bench_task(spec: "TaskSpec", given: Mapping[str, Any]) -> None:
    """Prints the table of one task."""
    import msgspec

    from edge.app.opening import open_task
    from edge.app.settings import READERS, usable_cores
    from edge.app.timing import measure_latency

    asked, own = taken(BenchOptions, given, "the bench")
    task = open_task(spec, options=made(spec.options, own, spec.name, READERS))
    source = asked.source or f"phantom:{spec.anatomies[0].name},paced=no"
    counts = whole_numbers(asked.threads) if asked.threads else sorted({1, usable_cores()})
    say(f"measuring {asked.frames} frames per candidate; leave the machine alone meanwhile")
    table = measure_latency(source, spec, task, counts, asked.runtime.split(",") if asked.runtime else (), asked.frames)
    if asked.json:
        typer.echo(msgspec.json.format(msgspec.json.encode(table)).decode())
        return
    print_table(table)


def whole_numbers(text: str) -> list[int]:
    """`1,2`. Raises SettingError."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise SettingError(f"--threads is '{text}'; it must be whole numbers with commas, such as 1,2") from None


bench = task_commands(
    HELP,
    bench_task,
    options=BenchOptions,
    settings=(),
    offered=lambda spec: bool(spec.anatomies) and any(way.network for way in spec.pathways),
    first=True,
)


def print_table(table: "LatencyTable") -> None:
    """Median of each stage with its 95th percentile under it, the quickest inference first; 80 columns."""
    from edge.app.tables import plain_table

    board = table.board
    width, height = table.picture_px
    out().print(f"{board.name}, {board.processor}, {board.machine}; load {table.load_average:.1f}", markup=False)
    out().print(
        f"{table.frames} frames of {width} x {height} from {table.source}; {', '.join(table.versions)}\n", markup=False
    )
    shown = plain_table("runtime", *STAGES, "beside", left=("runtime",))
    for row in sorted(table.rows, key=lambda row: {s.name: s.median_ms for s in row.stages}["infer"]):
        spreads = {stage.name: stage for stage in row.stages}
        cells = [*(spreads[name] for name in STAGES), row.beside_inference]
        shown.add_row(row.label, *(milliseconds(cell.median_ms) for cell in cells))
        shown.add_row("  95 % are under", *(milliseconds(cell.p95_ms) for cell in cells), style="dim")
    out().print(shown)
    out().print("\nmilliseconds, the median first; beside: prepare, conclude and overlay together")


def milliseconds(value: float) -> str:
    """Four digits: six such columns stand in 80 characters beside the runtime's name."""
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
