"""`sonoedge probe set`: change parameters, all or none."""

from typing import Annotated

import typer

from edge.app.console import out, say
from edge.app.probe.address import Address


def set_parameters(
    address: Address,
    settings: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help="Names and units as 'probe info' shows them.", show_default=False),
    ],
) -> None:
    """Change parameters of a probe, all of them or none. It refuses what is not allowed and says what is.

    A preset loads its values first.
    Like every new session, this ends a transmit that another program armed.

    [bold]Examples[/]

      sonoedge probe set /dev/ttyACM0 depth=35 gain=-3

      sonoedge probe set /dev/ttyACM0 preset=nerve tgc_3=4dB
    """
    from edge.app.probe.opening import opened
    from edge.app.probe.settings_asked import changes_from, split_settings
    from edge.app.probe.tables import change_table

    asked = split_settings(settings)
    with opened(address) as probe:
        table = probe.parameter_table()
        changes = changes_from(asked, table)
        probe.set(**changes)
        now = probe.parameter_table()
        presets = probe.preset_table()
    out().print(change_table(table, now, presets, changes.keys()))
    if address.startswith("sim:"):
        say("this simulated probe has ended with the command")
