"""`run.json`: what a run was, beside its records. Written as the run begins, and again, with how it ended, at its end.

The fields are defined in docs/records.md.
"""

import os
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.app.board import read_board
from edge.app.opening import folder_of
from edge.app.settings import Settings, as_told
from edge.app.wall_clock import clock_lead_s, moment
from edge.loop.statistics import Statistics
from edge.runtime.contract import Runtime
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import runtime_version
from edge.sink.folder import write_whole
from edge.source.opening import SIMULATED
from edge.source.recording import shown

if TYPE_CHECKING:
    from firmware_bridge.host.probe import Probe

NAME: Final = "run.json"
SCHEMA: Final = 1
"""Raised whenever a field changes its meaning or goes; a new one does not raise it."""
_SEED: Final = re.compile(r"^sim:(?:.*,)?seed=(\d+)")


class RunFile:
    """`run.json` in `folder`."""

    def __init__(self, folder: Path, told: Mapping[str, Any]) -> None:
        """Raises SinkError."""
        self.folder = folder
        self._path = folder / NAME
        self._began = moment()
        self._told = {"schema": SCHEMA, **told, "began": self._began}
        self._write(ended=None)

    def end(self, reason: str, verdicts: Mapping[str, int], statistics: Statistics) -> None:
        """How it ended. Raises SinkError; what was written as it began is kept then."""
        now = moment()
        ended = {
            **msgspec.to_builtins(now),
            "clock_set_by_s": round(clock_lead_s(now) - clock_lead_s(self._began), 3) + 0.0,
            "reason": reason,
            "frames": statistics.processed,
            "verdicts": dict(verdicts),
            "grabbed": statistics.grabbed,
            "dropped": {drop.place: drop.frames for drop in statistics.dropped},
            "frames_per_s": round(statistics.frames_per_s, 3),
        }
        self._write(ended)

    def _write(self, ended: Mapping[str, Any] | None) -> None:
        text = msgspec.json.encode({**self._told, "ended": ended})
        write_whole(self._path, msgspec.json.format(text) + b"\n")


def head_line(folder: Path) -> str | None:
    """When a run began, of what, and how it ended; None where its `run.json` does not say."""
    try:
        told = msgspec.json.decode((folder / NAME).read_bytes())
        began, ended = told["began"], told["ended"]
        end = "it was killed, or still goes on" if ended is None else f"ended: {ended['reason']}"
        when = f"{began['wall_clock'][:19].replace('T', ' ')} (clock {began['clock']})"
        return f"{when}, {told['settings']['source']}, sonoedge {told['sonoedge']}; {end}"
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError):
        return None


def about_run(
    settings: Settings, runtime: Runtime | None, reason: str, probe: "Probe | None", further: Path | None = None
) -> dict[str, Any]:
    """What is known of a run before it begins. further: folder of a second network, of the runtime's kind. Raises
    BridgeErrors where the probe cannot be asked who it is."""
    return {
        "sonoedge": version("sonoedge"),
        "command": [shown(word) for word in sys.argv],
        "settings": as_told(settings),
        "model": _model(settings, runtime),
        **({"further_model": _model_in(further, runtime)} if further is not None else {}),
        "runtime": _runtime(runtime, reason),
        "probe": None if probe is None else _probe(probe),
        "machine": _machine(),
        "seeds": _seeds(settings, probe),
    }


def _model(settings: Settings, runtime: Runtime | None) -> dict[str, Any] | None:
    pathway = settings.task.pathway(settings.pathway)
    if not pathway.model:
        return None
    return _model_in(folder_of(pathway, settings.model), runtime)


def _model_in(folder: Path, runtime: Runtime | None) -> dict[str, Any]:
    manifest = load_manifest(folder)
    variant = manifest.variant(runtime.name, runtime.precision) if runtime is not None else None
    files = (*(variant.files if variant else ()), *manifest.arrays)
    return {
        "name": manifest.name,
        "version": manifest.version,
        "folder": shown(str(folder)),
        "sha256": {file.name: file.sha256 for file in files},
    }


def _runtime(runtime: Runtime | None, reason: str) -> dict[str, Any] | None:
    if runtime is None:
        return None
    told = {"name": runtime.name, "version": runtime_version(runtime.name), "precision": runtime.precision}
    return {**told, "threads": runtime.threads, "reason": reason}


def _probe(probe: "Probe") -> dict[str, Any]:
    identity = probe.identity()
    return {
        "address": shown(probe.name),
        "simulated": probe.name.startswith("sim:"),
        "model": identity.model,
        "serial_number": f"{identity.serial_number:08x}",
        "firmware": str(identity.version),
        "bank": identity.bank.value,
        "confirmed": identity.confirmed,
    }


def _machine() -> dict[str, Any]:
    board = read_board()
    names = ("name", "processor", "machine", "cores", "cores_usable", "memory_mb", "system", "python")
    return {**{name: getattr(board, name) for name in names}, "host": shown(os.uname().nodename)}


def _seeds(settings: Settings, probe: "Probe | None") -> dict[str, int]:
    """Of all that is drawn at random. The measuring draws nothing: the same pictures give the same findings."""
    seeds = {}
    kind, _, rest = settings.source.partition(":")
    if kind == SIMULATED:
        from edge.source.phantom import parse_phantom
        from edge.task.table import anatomies

        seeds["phantom"] = parse_phantom(rest, anatomies()).settings.seed
    if probe is not None and (drawn := _SEED.search(probe.name)):
        seeds["probe"] = int(drawn[1])
    return seeds
