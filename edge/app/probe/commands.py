"""`sonoedge probe`: all its commands."""

import typer

from edge.app.probe.info import info
from edge.app.probe.listing import list_probes
from edge.app.probe.selftest import selftest
from edge.app.probe.setting import set_parameters
from edge.app.probe.trace import trace
from edge.app.probe.update import update
from edge.app.probe.watch import watch

probe = typer.Typer(
    help="Talk to a probe over its serial line, or to the simulated one.\n\n"
    "ADDRESS is a port such as /dev/ttyACM0, socket://HOST:PORT, or sim:\n\n"
    "[bold]Examples[/]\n\n  sonoedge probe list\n\n  sonoedge probe info sim:\n\n"
    "  sonoedge probe set /dev/ttyACM0 depth=35 gain=-3",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
probe.command("list")(list_probes)
probe.command()(info)
probe.command("set")(set_parameters)
probe.command()(watch)
probe.command()(selftest)
probe.command()(update)
probe.command()(trace)
