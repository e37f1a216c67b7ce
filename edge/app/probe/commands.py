"""`sonoedge probe`: all its commands, and what each option means. What a command needs is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from edge.app.console import out, say

ADDRESSES = (
    "A serial port (/dev/ttyACM0, or serial:/dev/ttyACM0@115200 at another speed), "
    "socket://HOST:PORT, or sim: for the simulated probe."
)

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help=ADDRESSES, show_default=False)]

Run = Annotated[
    int | None,
    typer.Option("--run", metavar="PROCESS", help="The run that is meant, where several have this address."),
]

EXIT_FAILED = 1

probe = typer.Typer(
    help="Talk to a probe over its serial line, or to the simulated one.\n\n"
    "ADDRESS is a port such as /dev/ttyACM0, socket://HOST:PORT, or sim:\n\n"
    "[bold]Examples[/]\n\n  sonoedge probe list\n\n  sonoedge probe info sim:\n\n"
    "  sonoedge probe set /dev/ttyACM0 depth=35 gain=-3",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@probe.command("list")
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
    from edge.app.probe.ports import show_ports

    show_ports(ask=ask, json=json)


@probe.command()
def info(
    address: Address,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    run: Run = None,
) -> None:
    """Show a probe: identity, firmware, parameters, presets, acoustic output, sensors, permission to transmit, link.

    A run that has this probe is asked. Else, like every new session, this ends a transmit that another program armed.

    [bold]Examples[/]

      sonoedge probe info sim:

      sonoedge probe info /dev/ttyACM0 --json
    """
    from edge.app.probe.fields import print_json
    from edge.app.probe.info import ask_facts, facts_view
    from edge.app.probe.opening import opened
    from edge.app.probe.run_socket import Request, ask_run

    answer = ask_run(address, Request(info=True), run)
    if answer is not None and answer.facts is not None:
        facts = answer.facts
    else:
        with opened(address) as probe:
            facts = ask_facts(probe)
    if json:
        print_json(facts)
    else:
        out().print(facts_view(facts))


@probe.command("set")
def set_parameters(
    address: Address,
    settings: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help="Names and units as 'probe info' shows them.", show_default=False),
    ],
    run: Run = None,
) -> None:
    """Change parameters of a probe, all of them or none. It refuses what is not allowed and says what is.

    A preset loads its values first.
    A run that has this probe does it. Else, like every new session, this ends a transmit that another program armed.

    [bold]Examples[/]

      sonoedge probe set /dev/ttyACM0 depth=35 gain=-3

      sonoedge probe set /dev/ttyACM0 preset=musculoskeletal tgc_3=4dB
    """
    from edge.app.probe.opening import opened
    from edge.app.probe.run_socket import Request, ask_run
    from edge.app.probe.setting import change_table, changes_from, split_settings

    asked = split_settings(settings)
    answer = ask_run(address, Request(settings=tuple(settings)), run)
    if answer is not None:
        out().print(
            change_table(answer.before, answer.after, answer.presets, changes_from(asked, answer.before).keys())
        )
        return
    with opened(address) as probe:
        table = probe.parameter_table()
        changes = changes_from(asked, table)
        probe.set(**changes)
        now = probe.parameter_table()
        presets = probe.preset_table()
    out().print(change_table(table, now, presets, changes.keys()))
    if address.startswith("sim:"):
        say("this simulated probe has ended with the command")


def _give_order(action: str, address: str, run: int | None) -> None:
    from edge.app.probe.run_socket import Request, ask_run
    from edge.errors import SettingError

    if ask_run(address, Request(action=action), run) is None:
        raise SettingError(f"no run of this user has the probe at {address}; start one: sonoedge run TASK --probe")
    say(f"{action}: done")


@probe.command()
def freeze(address: Address, run: Run = None) -> None:
    """Freeze the probe of a run: its last picture stays, and it stops transmitting.

    [bold]Example[/]

      sonoedge probe freeze /dev/ttyACM0
    """
    _give_order("freeze", address, run)


@probe.command()
def unfreeze(address: Address, run: Run = None) -> None:
    """Let the probe of a run go on after a freeze.

    [bold]Example[/]

      sonoedge probe unfreeze /dev/ttyACM0
    """
    _give_order("unfreeze", address, run)


@probe.command()
def arm(address: Address, run: Run = None) -> None:
    """Let the probe of a run transmit again, once the cause that ended it is mended: it emits ultrasound.

    [bold]Example[/]

      sonoedge probe arm /dev/ttyACM0
    """
    _give_order("arm", address, run)


@probe.command()
def disarm(address: Address, run: Run = None) -> None:
    """Stop the transmit of a run's probe.

    [bold]Example[/]

      sonoedge probe disarm /dev/ttyACM0
    """
    _give_order("disarm", address, run)


@probe.command()
def watch(
    address: Address,
    seconds: Annotated[float | None, typer.Option(help="End after so long. Without it: Ctrl-C.", min=0.0)] = None,
    imaging: Annotated[bool, typer.Option("--start", help="Start imaging, without transmit.")] = False,
    arm: Annotated[bool, typer.Option("--arm", help="Start imaging and transmit: the probe emits ultrasound.")] = False,
    clear_fault: Annotated[bool, typer.Option("--clear-fault", help="Clear a latched fault first.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON per event, and one per second.")] = False,
) -> None:
    """Watch a probe live: parameters, acoustic output, sensors, exposures, clock, link, events. In a pipe: lines.

    What --start and --arm began ends with the command.
    Like every new session, this ends a transmit that another program armed.

    [bold]Examples[/]

      sonoedge probe watch /dev/ttyACM0

      sonoedge probe watch sim: --arm --seconds 10

      sonoedge probe watch sim: --arm --json | jq .output
    """
    from edge.app.probe.watching import WatchOptions, watch_probe

    watch_probe(address, seconds, WatchOptions(clear_fault, imaging or arm, arm), json=json)


@probe.command()
def selftest(
    address: Address,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Let a probe test its memory, flash, front end, limits and sensors; exit code 1 where one fails.

    A test that fails latches a fault: the probe does not transmit until it was cleared.

    [bold]Example[/]

      sonoedge probe selftest sim:
    """
    from edge.app.probe.fields import print_json
    from edge.app.probe.info import self_test_lines
    from edge.app.probe.opening import opened

    with opened(address) as probe:
        report = probe.self_test()
    if json:
        print_json(report)
    else:
        for line in self_test_lines(report):
            out().print(line)
    if report.failed:
        raise typer.Exit(EXIT_FAILED)


@probe.command()
def update(
    address: Address,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The signed image.", show_default=False)],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            help="Public key (PEM, Ed25519) of whoever signs the firmware. Without it: the one that you keep in "
            "~/.config/sonoedge/probe-key.pem.",
        ),
    ] = None,
) -> None:
    """Install new firmware: verify its signature, send it, restart the probe with it, test it, confirm it.

    The old firmware stays until the new one has passed its self-test.
    An update that was cut off goes on where it stopped when given again.

    [bold]Example[/]

      sonoedge probe update /dev/ttyACM0 probe-1.2.0.bin --key maker.pem
    """
    from edge.app.probe.update import update_probe

    update_probe(address, image, key)


@probe.command()
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
    """Record the line to a probe, or show a recorded line: a line per frame, damaged ones marked, counters at the end.

    A recording begins with the greeting and ends with Ctrl-C or after --seconds.

    [bold]Examples[/]

      sonoedge probe trace sim: --out line.trace --seconds 2

      sonoedge probe trace line.trace

      sonoedge probe trace line.trace --json | jq 'select(.message == "Button")'
    """
    from edge.app.probe.tracing import record_line, show_trace

    if record is None:
        if not Path(what).exists() and (":" in what or what.startswith("/dev/")):
            raise typer.BadParameter(f"to record the line to {what}, add --out FILE")
        show_trace(Path(what), json=json)
    else:
        record_line(what, record, seconds, imaging=imaging, arm=arm)
