"""`sonoedge doctor`: is everything here that a scan needs?"""

from typing import Annotated

import typer

from edge.app.console import out

EXIT_BROKEN = 1


def doctor(
    measure: Annotated[
        bool, typer.Option("--measure", help="Time every model with every runtime too, int8 and float; a minute.")
    ] = False,
) -> None:
    """Check this machine: board, cores, memory, runtimes, models, cameras, ports; each problem with its cure.

    Ends with exit code 1 where something essential is broken.

    [bold]Examples[/]

      sonoedge doctor

      sonoedge doctor --measure
    """
    from rich.table import Table
    from rich.text import Text

    from edge.app.checks import State, examine

    signs = {State.GOOD: ("ok", "green"), State.NOTE: ("note", "yellow"), State.BROKEN: ("BROKEN", "bold red")}
    table = Table.grid(padding=(0, 2))
    broken = 0
    for check in examine():
        sign, colour = signs[check.state]
        said = Text(check.found, overflow="fold")
        if check.cure:
            said.append(f"\n{check.cure}", style=colour)
        table.add_row(Text(sign, style=colour), check.name, said)
        broken += check.state is State.BROKEN
    out().print(table)
    if broken:
        out().print(Text(f"\n{broken} essential problem{'s' if broken > 1 else ''}; see above", style="bold red"))
        raise typer.Exit(EXIT_BROKEN)
    if measure:
        _print_speeds()
    out().print(Text("\nready to scan; try: sonoedge demo", style="bold green"))


def _print_speeds() -> None:
    """This board's own table."""
    import os

    from rich.text import Text

    from edge.app.console import say
    from edge.app.settings import usable_cores
    from edge.app.speed_table import model_speeds, slower_as_int8, speed_view

    load = os.getloadavg()[0]
    speeds = list(model_speeds(sorted({1, usable_cores()}), say))
    others = f"; others are busy too, load {load:.1f}: measure again when they are not" if load > usable_cores() else ""
    out().print(Text(f"\nmilliseconds for one picture, the median{others}"))
    out().print(speed_view(speeds))
    for line in slower_as_int8(speeds):
        out().print(Text(line, style="yellow"))
