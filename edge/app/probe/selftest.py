"""`sonoedge probe selftest`: the probe tests itself."""

from typing import Annotated

import typer

from edge.app.console import out
from edge.app.probe.address import Address

EXIT_FAILED = 1


def selftest(
    address: Address,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Let a probe test its memory, flash, front end, limits and sensors; exit code 1 where one fails.

    A test that fails latches a fault: the probe does not transmit until it was cleared.

    [bold]Example[/]

      sonoedge probe selftest sim:
    """
    from rich.text import Text

    from edge.app.probe.as_json import print_json
    from edge.app.probe.opening import opened
    from firmware_bridge.host.reasons import SELF_TESTS

    with opened(address) as probe:
        report = probe.self_test()
    if json:
        print_json(report)
    else:
        for name in SELF_TESTS:
            failed, ran = name in report.failed, name in report.run
            result, style = ("FAILED", "bold red") if failed else ("passed", "green") if ran else ("not run", "yellow")
            out().print(Text.assemble(f"{name:12}", (result, style)))
    if report.failed:
        raise typer.Exit(EXIT_FAILED)
