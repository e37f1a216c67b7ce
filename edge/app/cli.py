"""The command `sonoedge`: one file a command, their libraries imported only when they run."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from edge.app.batch import batch
from edge.app.bench import bench
from edge.app.compare import compare
from edge.app.console import accept_any_sign, say_error
from edge.app.demo import demo
from edge.app.doctor import doctor
from edge.app.memory import allocate_in_one_arena
from edge.app.models import models
from edge.app.probe.commands import probe
from edge.app.reference import reference
from edge.app.run import run
from edge.app.series import series
from edge.app.serve import serve
from edge.app.show import show
from edge.app.task_commands import HELPED
from edge.app.visit import visit
from edge.errors import SonoedgeError

TRACE_VARIABLE = "SONOEDGE_TRACE"
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="sonoedge",
    help="Measurements from handheld musculoskeletal ultrasound, on a small board, with no network.\n\n"
    "Start with:  [bold]sonoedge demo[/]",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=HELPED,
)
app.add_typer(run, name="run")
app.add_typer(serve, name="serve")
app.add_typer(demo, name="demo")
app.command()(show)
app.add_typer(series, name="series")
app.command()(visit)
app.add_typer(batch, name="batch")
app.command()(compare)
app.command()(doctor)
app.add_typer(models, name="models")
app.add_typer(reference, name="reference")
app.add_typer(probe, name="probe")
app.add_typer(bench, name="bench")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"sonoedge {version('sonoedge')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """What holds for every command."""


def main() -> None:
    """Runs the command line and ends the process: 0 done, 1 failed, 2 wrong usage. Never shows a traceback."""
    accept_any_sign()
    allocate_in_one_arena()
    # NumPy's products and OpenCV's pictures are small: a second thread only spins, and takes a core from the network.
    for threads in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(threads, "1")
    try:
        app()
    except KeyboardInterrupt:
        say_error("stopped before the run began")
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        if os.environ.get(TRACE_VARIABLE):
            raise
        say_error(describe(error))
        sys.exit(EXIT_FAILED)


def describe(error: Exception) -> str:
    """What the user reads: our own errors as they are, others with what to do about them."""
    from firmware_bridge.errors import BridgeError  # with all messages of the line, which few commands need

    if isinstance(error, SonoedgeError | BridgeError):
        return "; then ".join([str(error), *getattr(error, "__notes__", ())])
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}"
    return f"unexpected {type(error).__name__}: {error}; this is a bug: run again with {TRACE_VARIABLE}=1 and report it"


if __name__ == "__main__":
    main()
