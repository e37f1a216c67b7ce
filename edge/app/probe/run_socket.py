"""The local socket by which another command reaches the probe of a run, whose port is taken by it.

A run makes a socket of its own in a folder that only its user may enter. It greets who connects with the probe's
address and its process, then answers one request. A socket that nobody answers at was left by a killed run.
"""

import os
import socket
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from edge.app.probe.info import ProbeFacts, ask_facts
from edge.app.probe.orders import ACTIONS, Order, ProbeControl, Sender
from edge.app.probe.setting import changes_from, split_settings
from edge.closing import Closing
from edge.errors import SettingError, SonoedgeError
from firmware_bridge.errors import BridgeError
from firmware_bridge.host.parameters import ParameterDescription, PresetDescription

SIMULATED: Final = "sim:"
_FOLDER: Final = "sonoedge"
_SUFFIX: Final = ".sock"
_MOST_BYTES: Final = 65_536
_REQUEST_S: Final = 2.0
"""For a client to say what it wants."""
_GREETING_S: Final = 3 * _REQUEST_S
"""A run may first have to wait for a client before."""
_ANSWER_S: Final = 15.0
"""A probe on a bad line takes its time."""
_numbers: Final = count(1)


class Greeting(msgspec.Struct, frozen=True):
    """What a run says first."""

    address: str
    """Of its probe, as `canonical` writes it."""
    process: int


class Request(msgspec.Struct, frozen=True):
    """What is wanted of the probe; one of them."""

    settings: tuple[str, ...] = ()
    """`depth=35`: all or none."""
    action: str = ""
    info: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What came of it."""

    error: str = ""
    """Fit to be shown; empty: it was done."""
    before: tuple[ParameterDescription, ...] = ()
    after: tuple[ParameterDescription, ...] = ()
    presets: tuple[PresetDescription, ...] = ()
    facts: ProbeFacts | None = None


def canonical(address: str) -> str:
    """The same for all ways to write a probe's address."""
    address = address.strip()
    if address.startswith(("/", "serial:")):
        path = address.removeprefix("serial:").partition("@")[0]
        return f"serial:{os.path.realpath(path)}"
    return address.lower() if address.startswith("socket:") else address


def folders() -> tuple[Path, ...]:
    """Where sockets may be, the best first: the user's own of this login, else one in the folder for passing files."""
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    logins = [Path(runtime)] if Path(runtime).is_absolute() else []
    logins.append(Path(f"/run/user/{user}"))
    temporary = [Path(tempfile.gettempdir()), Path("/tmp")]  # also where TMPDIR is set for one of two programs only
    found = [login / _FOLDER for login in logins if login.is_dir()] + [t / f"{_FOLDER}-{user}" for t in temporary]
    return tuple(dict.fromkeys(found))


class RunSocket(Closing):
    """Answers other commands while it is open. `problem` says why it cannot; the run goes on without."""

    def __init__(self, control: ProbeControl, address: str, tell: Callable[[str], None]) -> None:
        """address: as the user gave it, by which the probe is found."""
        self._control, self._tell = control, tell
        self._greeting = Greeting(canonical(address), os.getpid())
        self._ended = threading.Event()
        self.problem = ""
        self._server, self._path = self._bound()
        self._thread = threading.Thread(target=self._serve, name="run socket", daemon=True)
        if self._server is not None:
            self._thread.start()

    def close(self) -> None:
        if self._server is None or self._ended.is_set():
            return
        self._ended.set()
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join(_ANSWER_S)
        self._server.close()

    def _bound(self) -> tuple[socket.socket | None, Path]:
        for folder in folders():
            path = folder / f"probe-{os.getpid()}-{next(_numbers)}{_SUFFIX}"
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                _own(folder)
                # Under another name until it listens: who looks before takes it for a killed run's.
                unready = path.with_suffix(".new")
                server.bind(str(unready))
                unready.chmod(0o600)
                server.listen()
                unready.rename(path)
            except OSError as error:
                server.close()
                self.problem = f"no other command can reach the probe during this run: {folder}: {error}"
                continue
            self.problem = ""
            return server, path
        return None, Path()

    def _serve(self) -> None:
        assert self._server is not None
        while not self._ended.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client, suppress(OSError, msgspec.MsgspecError):  # who leaves, or talks nonsense, gets no answer
                client.settimeout(_REQUEST_S)
                _send(client, self._greeting)
                answer = self._answer(msgspec.json.decode(_receive(client), type=Request))
                _send(client, answer)

    def _answer(self, request: Request) -> Answer:
        try:
            return self._done(request)
        except (BridgeError, SonoedgeError) as error:
            return Answer(error=str(error))

    def _done(self, request: Request) -> Answer:
        probe, sender = self._control.probe, Sender("command")
        if request.info:
            return Answer(facts=ask_facts(probe))
        if request.action:
            if request.action not in ACTIONS:
                raise SettingError(f"there is no '{request.action}' here; there are: {', '.join(ACTIONS)}")
            self._control.do(Order(request.action, action=request.action), sender)
            self._tell(f"by another command: {request.action}")
            return Answer()
        if not request.settings:
            raise SettingError("nothing was asked for; write NAME=VALUE, such as depth=35")
        before = probe.parameter_table()
        text = " ".join(request.settings)
        self._control.do(Order(text, changes=changes_from(split_settings(request.settings), before)), sender)
        self._tell(f"by another command: {text}")
        return Answer(before=before, after=probe.parameter_table(), presets=probe.preset_table())


def ask_run(address: str, request: Request, process: int | None = None) -> Answer | None:
    """What the run that has the probe at `address` answers; None: no run here has it.

    process: of the run that is meant, where several have that address. Raises SettingError with what the run or its
    probe refused, and where it is not clear which run is meant.
    """
    runs = list(_runs(canonical(address)))
    try:
        client = _meant(address, runs, process)
        if client is None:
            return None
        client.settimeout(_ANSWER_S)
        _send(client, request)
        answer = msgspec.json.decode(_receive(client), type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingError(
            f"the run that has {address} gave no answer ({error}); is it hung, or did it end?"
        ) from error
    finally:
        for other, _ in runs:
            other.close()
    if answer.error:
        raise SettingError(answer.error)
    return answer


def _meant(address: str, runs: list[tuple[socket.socket, Greeting]], process: int | None) -> socket.socket | None:
    named = [(client, run) for client, run in runs if process in (None, run.process)]
    if len(named) == 1:
        return named[0][0]
    if not runs and process is None:
        return None
    there = ", ".join(f"{run.process} ({run.address})" for _, run in runs) or "none"
    if not named:
        raise SettingError(f"no run of process {process} has a probe at {address}; there are: {there}")
    raise SettingError(f"{len(named)} runs have a probe at {address}; say which with --run, of the processes: {there}")


def _runs(address: str) -> Iterator[tuple[socket.socket, Greeting]]:
    """Those that answer and have this probe. `sim:` alone is any simulated one. Sockets of killed runs are removed."""
    for folder in folders():
        try:
            _check_own(folder)
            paths = sorted(folder.glob(f"*{_SUFFIX}"))
        except OSError:
            continue
        for path in paths:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(_GREETING_S)
            try:
                client.connect(str(path))
                greeting = msgspec.json.decode(_receive(client), type=Greeting)
            except (OSError, msgspec.MsgspecError) as error:
                client.close()
                if isinstance(error, ConnectionRefusedError):
                    path.unlink(missing_ok=True)
                continue
            if greeting.address == address or (address == SIMULATED and greeting.address.startswith(SIMULATED)):
                yield client, greeting
            else:
                client.close()


def _own(folder: Path) -> None:
    """Makes the folder where it is missing. Raises OSError where another user could reach into it."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _check_own(folder)


def _check_own(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"it is not a folder that only user {os.geteuid()} may enter; remove it")


def _send(to: socket.socket, record: msgspec.Struct) -> None:
    to.sendall(msgspec.json.encode(record) + b"\n")


def _receive(client: socket.socket) -> bytes:
    """One line. Raises OSError where none comes in time, or one without end."""
    line = b""
    while not line.endswith(b"\n"):
        part = client.recv(_MOST_BYTES)
        if not part or len(line) > _MOST_BYTES:
            raise ConnectionError("it ended before it had said all")
        line += part
    return line
