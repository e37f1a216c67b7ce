"""`sonoedge doctor`: is everything here that a scan needs?"""

import typer

from edge.app.console import out

EXIT_BROKEN = 1


def doctor() -> None:
    """Check this machine: board, cores, memory, runtimes, models, cameras, ports; each problem with its cure.

    Ends with exit code 1 where something essential is broken.

    [bold]Example[/]

      sonoedge doctor
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
    out().print(Text("\nready to scan; try: sonoedge demo", style="bold green"))
