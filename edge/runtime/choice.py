"""The answer of `auto`, and where it is kept between runs. A cache that cannot be used only costs a measurement."""

import hashlib
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec
import platformdirs


class Measured(msgspec.Struct, frozen=True):
    """How fast one candidate was."""

    name: str
    precision: str
    median_ms: float


class Choice(msgspec.Struct, frozen=True):
    """Which runtime was taken and why."""

    name: str
    precision: str
    reason: str
    """One sentence for the user."""
    measured: tuple[Measured, ...] = ()
    """The fastest first; empty where none was measured because the runtime was asked for by name."""


def board(digests: Sequence[str], versions: Sequence[str], threads: int, precision: str | None) -> str:
    """What the answer depends on, as a hexadecimal key: model, libraries, processor, threads and the wish."""
    facts = [*digests, *versions, processor(), str(threads), str(precision)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:24]


def processor() -> str:
    """The processor's model as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = {line for line in lines if line.startswith(("model name", "CPU part", "CPU implementer", "Model"))}
    return " ".join([platform.machine(), *sorted(named)])


def _path(key: str, cache_dir: Path | None) -> Path:
    return (cache_dir or platformdirs.user_cache_path("sonoedge")) / f"runtime-{key}.json"


def kept_choice(key: str, cache_dir: Path | None) -> Choice | None:
    """The kept answer. None: there is none, or it cannot be read, so it has to be measured."""
    try:
        return msgspec.json.decode(_path(key, cache_dir).read_bytes(), type=Choice)
    except (OSError, RuntimeError, UnicodeDecodeError, msgspec.MsgspecError):
        return None


def keep_choice(key: str, choice: Choice, cache_dir: Path | None) -> Choice:
    """Keep the answer; it says so itself where it could not be kept."""
    try:
        path = _path(key, cache_dir)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_bytes(msgspec.json.encode(choice))
        new.replace(path)
    except (OSError, RuntimeError) as error:
        why = f"{choice.reason} (measured again next time: the answer cannot be kept, {error})"
        return Choice(choice.name, choice.precision, why, choice.measured)
    return choice
