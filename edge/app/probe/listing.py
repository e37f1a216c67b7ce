"""`sonoedge probe list`: where a probe may be."""

from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import busy, out, say

if TYPE_CHECKING:
    from edge.app.probe.ports import Port

NO_PORTS = (
    "no serial port: plug the probe's USB or UART cable in and look again; if it stays so, "
    "'dmesg | tail' says whether the system saw a device (a charge-only cable shows nothing)"
)


def list_probes(
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Open each free port and ask whether a probe is there; may disturb other devices."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the serial ports, who holds them, and the simulated probe.

    Without --ask no port is opened: opening may reset another device, such as a 3D printer.

    [bold]Examples[/]

      sonoedge probe list

      sonoedge probe list --ask
    """
    from edge.app.probe.ports import list_ports

    ports = list_ports()
    answers = _ask_all(ports) if ask else {}
    if json:
        _print_json(ports, answers)
        return
    _print_table(ports, answers)
    if not ports:
        say(NO_PORTS)


def _ask_all(ports: "list[Port]") -> dict[str, str]:
    from edge.app.probe.asking import ask_identity

    answers = {}
    for port in ports:
        if port.state == "free":
            with busy(f"asking {port.path}"):
                answers[port.path] = ask_identity(port.path)
    return answers


def _print_table(ports: "list[Port]", answers: dict[str, str]) -> None:
    from rich.text import Text

    from edge.app.tables import plain_table

    names = ("address", "state", "description", *(("answers",) if answers else ()))
    table = plain_table(*names, left=names)
    for port in ports:
        state = Text(port.state, style="green" if port.state == "free" else "yellow")
        table.add_row(Text(port.path), state, Text(port.description), *_cells(answers, port.path))
    simulated = _cells(answers, "sim:")
    table.add_row("sim:", Text("always there", style="green"), "the simulated probe", *simulated)
    out().print(table)


def _cells(answers: dict[str, str], path: str) -> tuple[str, ...]:
    return (answers.get(path, ""),) if answers else ()


def _print_json(ports: "list[Port]", answers: dict[str, str]) -> None:
    import msgspec

    rows = [{**msgspec.to_builtins(port), "state": port.state, "answer": answers.get(port.path)} for port in ports]
    typer.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
