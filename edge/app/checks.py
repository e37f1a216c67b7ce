"""The doctor's questions. Each answers with what was found, and with a cure where something is wrong."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

from edge.app.board import HOT_C, Board, free_disk_mb, read_board
from edge.app.console import counted
from edge.errors import SonoedgeError

PYTHONS = ((3, 11), (3, 13))
"""First and last version that is tested."""
LEAST_MEMORY_MB = 300
"""What a run with the largest runtime was seen to take, with room to spare."""
LEAST_DISK_MB = 500


class State(StrEnum):
    GOOD = "good"
    NOTE = "note"
    """Works, with something to know."""
    BROKEN = "broken"
    """Something essential does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One answer."""

    name: str
    state: State
    found: str
    cure: str = ""


def examine() -> Iterator[Check]:
    """All answers, one after the other; a question that fails is itself an answer."""
    board = read_board()
    questions: tuple[Callable[[], Iterator[Check]], ...] = (
        lambda: board_checks(board),
        python_check,
        runtime_checks,
        model_checks,
        extension_checks,
        camera_checks,
        port_checks,
        serial_right_check,
        update_check,
        folder_checks,
    )
    for question in questions:
        try:
            yield from question()
        except Exception as error:
            name = getattr(question, "__name__", "board").removesuffix("_checks").removesuffix("_check")
            yield Check(name, State.BROKEN, f"{type(error).__name__}: {error}", "please report this as a bug")


def board_checks(board: Board) -> Iterator[Check]:
    yield Check("board", State.GOOD, f"{board.name}, {board.processor}, {board.machine}, {board.system}")
    cores = f"{board.cores_usable} of {counted(board.cores, 'core')} usable"
    yield Check("cores", State.GOOD, cores)
    if board.free_memory_mb is not None:
        found = f"{board.free_memory_mb} MB free of {board.memory_mb} MB"
        short = board.free_memory_mb < LEAST_MEMORY_MB
        cure = f"close other programs: a run needs about {LEAST_MEMORY_MB} MB"
        yield Check("memory", State.BROKEN if short else State.GOOD, found, cure if short else "")
    if board.temperature_c is not None:
        hot = board.temperature_c >= HOT_C
        cure = "cool the board: it slows itself down when hot" if hot else ""
        yield Check("temperature", State.NOTE if hot else State.GOOD, f"{board.temperature_c:.0f} °C", cure)


def python_check() -> Iterator[Check]:
    first, last = PYTHONS
    found = ".".join(map(str, sys.version_info[:3]))
    tested = first <= sys.version_info[:2] <= last
    cure = "" if tested else f"use Python {first[0]}.{first[1]} to {last[0]}.{last[1]}; others are not tested"
    yield Check("python", State.GOOD if tested else State.NOTE, found, cure)


def runtime_checks() -> Iterator[Check]:
    from edge.runtime.opening import installed

    runtimes = installed()
    for runtime in runtimes:
        if runtime.problem is None:
            yield Check(f"runtime {runtime.name}", State.GOOD, runtime.version or "version unknown")
        else:
            yield Check(f"runtime {runtime.name}", State.NOTE, "not installed", runtime.problem)
    if all(runtime.problem for runtime in runtimes):
        yield Check("runtimes", State.BROKEN, "none works", "install one: pip install 'sonoedge[onnx]'")


def model_checks() -> Iterator[Check]:
    from edge.runtime.manifest import list_models, load_manifest, model_folder, verify

    names = list_models()
    if not names:
        yield Check("models", State.BROKEN, "none is installed", "reinstall sonoedge")
    for name in names:
        try:
            manifest = load_manifest(model_folder(name))
            verify(model_folder(name), manifest)
        except SonoedgeError as error:
            yield Check(f"model {name}", State.BROKEN, "not as it was made", str(error))
        else:
            files = counted(len(manifest.files()), "file")
            yield Check(f"model {name}", State.GOOD, f"version {manifest.version}, {files} verified by SHA-256")


def extension_checks() -> Iterator[Check]:
    """What other distributions bring, and why any of it cannot be used."""
    from edge.registry import load
    from edge.sink.table import SINKS
    from edge.source.table import SOURCES
    from edge.task.table import TASKS, task_spec

    for kind, table in (("task", TASKS), ("source", SOURCES), ("sink", SINKS)):
        for name, entry in table.declared().items():
            found = f"of the distribution {entry.distribution}"
            if name in table.own:
                cure = f"sonoedge has a {kind} of this name, which is taken; ask {entry.distribution} for another name"
                yield Check(f"{kind} {name}", State.NOTE, f"{found}, not used", cure)
                continue
            try:
                _ = task_spec(name) if kind == "task" else load(kind, table, name)
            except SonoedgeError as error:
                yield Check(f"{kind} {name}", State.NOTE, f"{found}, not used", str(error))
            else:
                yield Check(f"{kind} {name}", State.GOOD, found)


def camera_checks() -> Iterator[Check]:
    from edge.source.camera import list_cameras

    cameras = list_cameras()
    for camera in cameras:
        yield Check("camera", State.GOOD, f"{camera.path} {camera.name}")
    if not cameras:
        yield Check(
            "camera",
            State.NOTE,
            "none",
            "plug the probe or frame grabber in; without one use a file, or the simulated probe: sonoedge demo",
        )


def port_checks() -> Iterator[Check]:
    from edge.app.probe.ports import list_ports

    ports = list_ports()
    for port in ports:
        found = f"{port.path} {port.description}".strip() + ("" if port.state == "free" else f", {port.state}")
        yield Check("serial port", State.GOOD if port.state == "free" else State.NOTE, found)
    if not ports:
        yield Check("serial port", State.NOTE, "none", "needed only to control a probe: plug in its USB or UART cable")


def serial_right_check() -> Iterator[Check]:
    from edge.app.probe.ports import serial_right

    right = serial_right()
    if right.member or not right.exists:
        found = f"{right.user} may open serial ports" if right.member else f"there is no group '{right.group}'"
        yield Check("serial right", State.GOOD, found)
        return
    found = f"{right.user} is not in the group '{right.group}', which may open serial ports"
    cure = f"needed only to control a probe: sudo usermod -aG {right.group} {right.user}, then log in again"
    if right.member_next_login:
        found, cure = f"{right.user} is in '{right.group}' only since this login began", "log out and in again"
    yield Check("serial right", State.NOTE, found, cure)


def update_check() -> Iterator[Check]:
    """The signature of a probe's firmware is verified before it is sent, which takes a library."""
    try:
        found = version("cryptography")
    except PackageNotFoundError:
        cure = "needed only to update a probe's firmware: pip install 'sonoedge[probe]'"
        yield Check("cryptography", State.NOTE, "not installed", cure)
    else:
        yield Check("cryptography", State.GOOD, f"{found}, verifies firmware before an update")


def folder_checks() -> Iterator[Check]:
    cache = platformdirs.user_cache_path("sonoedge")
    yield writable_check(
        "cache", cache, "make it writable, or set XDG_CACHE_HOME: auto measures the board at each start"
    )
    free_mb = free_disk_mb(Path.cwd())
    short = free_mb < LEAST_DISK_MB
    cure = "free some space: a minute of video takes about 20 MB" if short else ""
    yield Check("disk", State.NOTE if short else State.GOOD, f"{free_mb} MB free in {Path.cwd()}", cure)


def writable_check(name: str, folder: Path, cure: str) -> Check:
    """Tries it: permissions alone do not tell of a read-only or full disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as error:
        return Check(name, State.NOTE, f"{folder}: {error.strerror}", cure)
    return Check(name, State.GOOD, f"{folder} is writable")
