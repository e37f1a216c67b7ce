"""`sonoedge probe trace`: record the line to a probe, or read a recorded line."""

from pathlib import Path
from typing import Annotated

import typer

from edge.app.console import out, say
from edge.app.probe.address import ADDRESSES


def trace(
    what: Annotated[
        str, typer.Argument(metavar="FILE|ADDRESS", help="A recorded line to read; with --out, a probe to record.")
    ],
    record: Annotated[
        Path | None, typer.Option("--out", "-o", help=f"Record the line to this new file. ADDRESS: {ADDRESSES}")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="End the recording after so long.", min=0.0)] = None,
    imaging: Annotated[bool, typer.Option("--start", help="Start imaging for the recording.")] = False,
    arm: Annotated[bool, typer.Option("--arm", help="Start imaging and transmit for the recording.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON a frame, the counters last.")] = False,
) -> None:
    """Record the line to a probe, or show a recorded line: one line a frame, damaged ones marked, counters at the end.

    A recording begins with the greeting and ends with Ctrl-C or after --seconds.

    [bold]Examples[/]

      sonoedge probe trace sim: --out line.trace --seconds 2

      sonoedge probe trace line.trace

      sonoedge probe trace line.trace --json | jq 'select(.message == "Button")'
    """
    if record is None:
        if not Path(what).exists() and (":" in what or what.startswith("/dev/")):
            raise typer.BadParameter(f"to record the line to {what}, add --out FILE")
        show_trace(Path(what), json)
    else:
        from edge.app.probe.recording import record_line

        record_line(what, record, seconds, imaging=imaging, arm=arm)


def show_trace(path: Path, json: bool) -> None:
    """Prints each frame of the file, then the counters; says where its last line was cut short."""
    import msgspec

    from edge.app.probe.trace_lines import frame_plain, frame_text, tally_plain, tally_view
    from edge.app.probe.traced import WayTally, frames_of
    from firmware_bridge.line.transport.recorded import Direction, read_trace

    tallies = {direction: WayTally() for direction in Direction}
    entries, last_ns = read_trace(path), 0
    for frame in frames_of(entries):
        tallies[frame.direction].add(frame)
        last_ns = frame.time_ns
        if json:
            typer.echo(msgspec.json.encode(frame_plain(frame)))
        else:
            out().print(frame_text(frame), soft_wrap=True)
    if json:
        typer.echo(msgspec.json.encode(tally_plain(tallies, last_ns)))
    else:
        out().print(tally_view(tallies, last_ns))
    if entries.cut is not None:
        say(entries.cut)
