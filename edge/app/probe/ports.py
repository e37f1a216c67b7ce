"""The serial ports of this machine: what they are, who holds them, whether the user may open them.

None is opened, unless `show_ports` is to ask who answers there.
"""

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import typer

from edge.app.console import busy, out, say

SERIAL_GROUP: Final = "dialout"
"""Whose members may open serial ports on Debian and its kin; the port's own group counts where it differs."""

_NO_PORTS: Final = (
    "no serial port: plug the probe's USB or UART cable in and look again; if it stays so, "
    "'dmesg | tail' says whether the system saw a device (a charge-only cable shows nothing)"
)
_PROCESSES: Final = Path("/proc")
_PORT_PATHS = ("/dev/tty",)


@dataclass(frozen=True, slots=True)
class ListedPort:
    """A serial port."""

    path: str
    description: str
    """What the system says of it; often empty."""
    held_by: tuple[str, ...]
    """`minicom (1234)`: the programs that have it open, as far as this user may see them."""
    group: str
    """Whose members may open it."""
    may_open: bool

    @property
    def state(self) -> str:
        """Whether it can be used now, and else why not."""
        if not self.may_open:
            return f"no permission: join the group '{self.group}'"
        return f"in use by {', '.join(self.held_by)}" if self.held_by else "free"


@dataclass(frozen=True, slots=True)
class SerialRight:
    """Whether the user may open serial ports in general."""

    group: str
    user: str
    member: bool
    """In this login."""
    member_next_login: bool
    """The group names the user, yet this login began before."""
    exists: bool


def list_ports() -> list[ListedPort]:
    """All serial ports that the system knows; ptys and sockets are not among them."""
    from serial.tools.list_ports import comports

    held = open_devices()
    return [_port(each.device, each.description, held) for each in sorted(comports())]


def show_ports(*, ask: bool, json: bool) -> None:
    """Prints the ports; `ask`: with who answers on each that is free."""
    ports = list_ports()
    answers = _ask_all(ports) if ask else {}
    if json:
        _print_json(ports, answers)
        return
    _print_table(ports, answers)
    if not ports:
        say(_NO_PORTS)


def open_devices() -> dict[str, tuple[str, ...]]:
    """Which programs hold which port, but for this one. Programs of other users need root to be seen."""
    found: dict[str, set[str]] = {}
    for process in _PROCESSES.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        for path in _open_files(process):
            if path.startswith(_PORT_PATHS):
                found.setdefault(path, set()).add(f"{_name(process)} ({process.name})")
    return {path: tuple(sorted(names)) for path, names in found.items()}


def serial_right(group: str = SERIAL_GROUP) -> SerialRight:
    user = _user()
    try:
        entry = grp.getgrnam(group)
    except KeyError:
        return SerialRight(group, user, member=os.geteuid() == 0, member_next_login=False, exists=False)
    member = os.geteuid() == 0 or entry.gr_gid in (os.getegid(), *os.getgroups())
    return SerialRight(group, user, member, member_next_login=user in entry.gr_mem, exists=True)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # as in a container that was given a number only
        return str(os.geteuid())


def _port(path: str, description: str | None, held: dict[str, tuple[str, ...]]) -> ListedPort:
    return ListedPort(
        path,
        description if description and description != "n/a" else "",
        held.get(str(Path(path).resolve()), ()),
        _group_of(path),
        os.access(path, os.R_OK | os.W_OK),
    )


def _group_of(path: str) -> str:
    try:
        return grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError):
        return SERIAL_GROUP


def _open_files(process: Path) -> list[str]:
    paths = []
    try:
        for link in (process / "fd").iterdir():
            paths.append(str(link.readlink()))
    except OSError:
        return paths  # another user's, or it ended meanwhile
    return paths


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a program"


def _ask_all(ports: list[ListedPort]) -> dict[str, str]:
    from edge.app.probe.opening import ask_identity  # which needs this module

    answers = {}
    for port in ports:
        if port.state == "free":
            with busy(f"asking {port.path}"):
                answers[port.path] = ask_identity(port.path)
    return answers


def _print_table(ports: list[ListedPort], answers: dict[str, str]) -> None:
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


def _print_json(ports: list[ListedPort], answers: dict[str, str]) -> None:
    rows = [{**msgspec.to_builtins(port), "state": port.state, "answer": answers.get(port.path)} for port in ports]
    typer.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
