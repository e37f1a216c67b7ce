"""`sonoedge bench`: how long each stage takes on this board."""

from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import out, say
from edge.app.settings import usable_cores

if TYPE_CHECKING:
    from edge.app.timing import LatencyTable

STAGES = ("grab", "prepare", "infer", "conclude", "overlay")


def bench(
    source: Annotated[
        str, typer.Option("--source", "-s", help="Recording that the frames come from.")
    ] = "phantom:cartilage,paced=no",
    task: Annotated[str, typer.Option("--task", "-t", help="Task whose model runs.")] = "cartilage",
    threads: Annotated[
        list[int] | None, typer.Option(help="May be given several times. Without it: 1 and all cores.")
    ] = None,
    runtime: Annotated[list[str] | None, typer.Option(help="May be given several times. Without it: all.")] = None,
    frames: Annotated[int, typer.Option(help="Frames that each candidate works on.", min=1)] = 60,
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Time every stage for each runtime, int8 and float, side by side in one run.

    Median and 95th percentile, in milliseconds.

    [bold]Examples[/]

      sonoedge bench

      sonoedge bench --source clip.mkv --threads 1 --json > bench.json
    """
    import msgspec

    from edge.app.timing import measure_latency

    counts = threads or sorted({1, usable_cores()})
    say(f"measuring {frames} frames a candidate; leave the machine alone meanwhile")
    table = measure_latency(source, task, counts, runtime or (), frames)
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(table)).decode())
        return
    print_table(table)


def print_table(table: "LatencyTable") -> None:
    """Median of each stage with its 95th percentile, the quickest inference first."""
    from edge.app.tables import plain_table

    board = table.board
    width, height = table.picture_px
    out().print(f"{board.name}, {board.processor}, {board.machine}; load {table.load_average:.1f}", markup=False)
    out().print(
        f"{table.frames} frames of {width} x {height} from {table.source}; {', '.join(table.versions)}\n", markup=False
    )
    shown = plain_table("runtime", *STAGES, "beside infer", left=("runtime",))
    for row in sorted(table.rows, key=lambda row: {s.name: s.median_ms for s in row.stages}["infer"]):
        spreads = {stage.name: stage for stage in row.stages}
        cells = [*(spreads[name] for name in STAGES), row.beside_inference]
        shown.add_row(row.label, *(f"{cell.median_ms:.2f} [dim]/ {cell.p95_ms:.2f}[/]" for cell in cells))
    out().print(shown)
    out().print("\nmilliseconds: median [dim]/ 95 % are under[/]; beside infer: prepare, conclude and overlay together")
