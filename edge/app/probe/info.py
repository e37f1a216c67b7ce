"""`sonoedge probe info`: who a probe is and what it does now."""

from typing import Annotated

import typer

from edge.app.console import out
from edge.app.probe.address import Address


def info(
    address: Address,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show a probe: identity, firmware, parameters, presets, acoustic output, sensors, permission to transmit, link.

    Like every new session, this ends a transmit that another program armed.

    [bold]Examples[/]

      sonoedge probe info sim:

      sonoedge probe info /dev/ttyACM0 --json
    """
    from edge.app.probe.as_json import print_json
    from edge.app.probe.facts import ask_facts
    from edge.app.probe.facts_view import facts_view
    from edge.app.probe.opening import opened

    with opened(address) as probe:
        facts = ask_facts(probe)
    if json:
        print_json(facts)
    else:
        out().print(facts_view(facts))
