"""Which runtime `auto` chose, kept between runs. Where that cannot be kept or read, it is measured again."""

import hashlib
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec
import platformdirs


class RuntimeTiming(msgspec.Struct, frozen=True):
    """How fast one runtime was at one precision."""

    name: str
    precision: str
    median_ms: float


class RuntimeChoice(msgspec.Struct, frozen=True):
    """Which runtime and precision a model runs with, and why."""

    name: str
    precision: str
    reason: str
    """One sentence for the user."""
    measured: tuple[RuntimeTiming, ...] = ()
    """The fastest first; empty where none was measured because the runtime was asked for by name."""


def choice_key(digests: Sequence[str], versions: Sequence[str], threads: int, precision: str | None) -> str:
    """Hexadecimal key of all that the choice depends on: model, libraries, processor, threads and wanted precision."""
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


def processor_words() -> frozenset[str]:
    """All that the system says of the processor, its flags among it; none where that cannot be read."""
    try:
        return frozenset(Path("/proc/cpuinfo").read_text(errors="replace").split())
    except OSError:
        return frozenset()


def _path(key: str, cache_dir: Path | None) -> Path:
    return (cache_dir or platformdirs.user_cache_path("sonoedge")) / f"runtime-{key}.json"


def kept_choice(key: str, cache_dir: Path | None) -> RuntimeChoice | None:
    """The choice kept under `key`. None: there is none, or it cannot be read, so it has to be measured."""
    try:
        return msgspec.json.decode(_path(key, cache_dir).read_bytes(), type=RuntimeChoice)
    except (OSError, RuntimeError, UnicodeDecodeError, msgspec.MsgspecError):
        return None


def keep_choice(key: str, choice: RuntimeChoice, cache_dir: Path | None) -> RuntimeChoice:
    """Keeps `choice` and gives it back; its reason says so where it could not be kept."""
    try:
        path = _path(key, cache_dir)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_bytes(msgspec.json.encode(choice))
        new.replace(path)
    except (OSError, RuntimeError) as error:
        why = f"{choice.reason} (measured again next time: the answer cannot be kept, {error})"
        return RuntimeChoice(choice.name, choice.precision, why, choice.measured)
    return choice
