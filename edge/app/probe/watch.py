"""`sonoedge probe watch`: what a probe does, live."""

from typing import Annotated

import typer

from edge.app.probe.address import Address


def watch(
    address: Address,
    seconds: Annotated[float | None, typer.Option(help="End after so long. Without it: Ctrl-C.", min=0.0)] = None,
    imaging: Annotated[bool, typer.Option("--start", help="Start imaging, without transmit.")] = False,
    arm: Annotated[bool, typer.Option("--arm", help="Start imaging and transmit: the probe emits ultrasound.")] = False,
    clear_fault: Annotated[bool, typer.Option("--clear-fault", help="Clear a latched fault first.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON an event, and one a second.")] = False,
) -> None:
    """Watch a probe live: parameters, acoustic output, sensors, exposures, clock, link, events. In a pipe: lines.

    What --start and --arm began ends with the command.
    Like every new session, this ends a transmit that another program armed.

    [bold]Examples[/]

      sonoedge probe watch /dev/ttyACM0

      sonoedge probe watch sim: --arm --seconds 10

      sonoedge probe watch sim: --arm --json | jq .output
    """
    from edge.app.probe.watching import Doing, watch_probe

    watch_probe(address, seconds, Doing(clear_fault, imaging or arm, arm), json=json)
