"""Opening a model: with the runtime that was asked for, or with the one that is fastest on this board.

Nothing is swapped silently: a runtime that was asked for and is missing is an error, and what `auto` took comes with
the measurements that it was taken for.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.errors import BackendUnavailableError, SettingError
from edge.registry import load
from edge.runtime.choice import RuntimeChoice, RuntimeTiming, choice_key, keep_choice, kept_choice
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Manifest, load_manifest
from edge.runtime.table import RUNTIMES

AUTO = "auto"
PRECISIONS = ("int8", "float")
DISTRIBUTIONS = {
    "onnx": ("onnxruntime",),
    "openvino": ("openvino",),
    "tflite": ("ai-edge-litert", "tflite-runtime"),
}
"""The distributions that bring each runtime, the preferred first."""
ROUNDS = 10
LEAST_ROUNDS = 2
BUDGET_S = 6.0
"""Slow boards measure fewer rounds, but not fewer than LEAST_ROUNDS."""
BURST = 4
"""Calls per turn of a runtime. One more, before them, is not counted: the runtime before still keeps the cores busy."""


class InstalledRuntime(msgspec.Struct, frozen=True):
    """Whether a runtime can be used here."""

    name: str
    version: str | None
    problem: str | None
    """None: usable. Otherwise what is wrong and how to cure it."""


def installed() -> tuple[InstalledRuntime, ...]:
    """Every runtime of the table, tried by importing it."""
    return tuple(_try(name) for name in RUNTIMES)


def _try(name: str) -> InstalledRuntime:
    try:
        load("runtime", RUNTIMES, name)
    except BackendUnavailableError as error:
        return InstalledRuntime(name, None, str(error))
    return InstalledRuntime(name, runtime_version(name), None)


def runtime_version(name: str) -> str | None:
    """`onnxruntime 1.20.1`; None where it is not installed."""
    for distribution in DISTRIBUTIONS[name]:
        try:
            return f"{distribution} {metadata.version(distribution)}"
        except metadata.PackageNotFoundError:
            continue
    return None


def open_runtime(
    name: str, folder: Path, *, precision: str | None, threads: int, cache_dir: Path | None = None
) -> tuple[Runtime, RuntimeChoice]:
    """A model, open and warm, and why it is this runtime.

    name: `onnx`, `openvino`, `tflite` or `auto`. precision: `int8`, `float` or None (int8; for `auto` the faster).
    cache_dir: where `auto` keeps its answer; None: the user's cache.

    Raises UnknownNameError, BackendUnavailableError (it names the extra), ModelError and ModelDigestError.
    """
    if precision not in (None, *PRECISIONS):
        raise SettingError(f"precision is '{precision}'; it must be one of: {', '.join(PRECISIONS)}")
    if threads < 1:
        raise SettingError(f"threads is {threads}; it must be 1 or more")
    manifest = load_manifest(folder)
    manifest.grey_input()
    if name == AUTO:
        choice = _choose(folder, manifest, precision, threads, cache_dir)
    else:
        choice = RuntimeChoice(name, precision or PRECISIONS[0], "as asked for")
    return _open(folder, manifest, choice.name, choice.precision, threads), choice


def _open(folder: Path, manifest: Manifest, name: str, precision: str, threads: int) -> Runtime:
    runtime: Runtime = load("runtime", RUNTIMES, name)(folder, manifest, precision=precision, threads=threads)
    return runtime


def _choose(
    folder: Path, manifest: Manifest, precision: str | None, threads: int, cache_dir: Path | None
) -> RuntimeChoice:
    usable = tuple(runtime for runtime in installed() if runtime.problem is None)
    candidates = [
        (variant.runtime, variant.precision)
        for variant in manifest.variants
        if precision in (None, variant.precision) and variant.runtime in {runtime.name for runtime in usable}
    ]
    if not candidates:
        raise BackendUnavailableError(
            f"no runtime that can run model '{manifest.name}' is installed; "
            "install all of them with: pip install 'sonoedge[all]'"
        )
    digests = [file.sha256 for file in manifest.files()]
    key = choice_key(digests, [f"{runtime.version}" for runtime in usable], threads, precision)
    known = kept_choice(key, cache_dir)
    if known is not None and (known.name, known.precision) in candidates:
        return known
    measured = measure(folder, manifest, candidates, threads)
    return keep_choice(key, _fastest(measured, threads, usable), cache_dir)


def measure(
    folder: Path, manifest: Manifest, candidates: Sequence[tuple[str, str]], threads: int
) -> tuple[RuntimeTiming, ...]:
    """Median milliseconds of a call for each (runtime, precision): in turns, so that other load falls on all alike."""
    grey = np.random.default_rng(0).integers(0, 256, manifest.grey_input().shape, dtype=np.uint8)
    with ExitStack() as opened:
        runtimes = [opened.enter_context(_open(folder, manifest, *candidate, threads)) for candidate in candidates]
        laps_ms: list[list[float]] = [[] for _ in runtimes]
        started_s = time.perf_counter()
        for count in range(ROUNDS):
            if count >= LEAST_ROUNDS and time.perf_counter() - started_s > BUDGET_S:
                break
            for runtime, laps in zip(runtimes, laps_ms, strict=True):
                laps.extend(_burst_ms(runtime, grey)[1:])
    return tuple(
        RuntimeTiming(*candidate, round(float(np.median(laps)), 3))
        for candidate, laps in zip(candidates, laps_ms, strict=True)
    )


def _burst_ms(runtime: Runtime, grey: NDArray[np.uint8]) -> list[float]:
    ends_s = [time.perf_counter()]
    for _ in range(BURST + 1):
        runtime.infer(grey)
        ends_s.append(time.perf_counter())
    return [(after - before) * 1e3 for before, after in pairwise(ends_s)]


def _fastest(measured: Sequence[RuntimeTiming], threads: int, usable: Sequence[InstalledRuntime]) -> RuntimeChoice:
    ranked = sorted(measured, key=lambda m: m.median_ms)
    listed = ", ".join(f"{m.name} {m.precision} {m.median_ms:.2f} ms" for m in ranked)
    absent = [name for name in RUNTIMES if name not in {runtime.name for runtime in usable}]
    left_out = f"; not installed: {', '.join(absent)}" if absent else ""
    cores = f"{threads} thread" + ("s" if threads != 1 else "")
    reason = f"fastest of what is installed, measured on this board with {cores}: {listed}{left_out}"
    return RuntimeChoice(ranked[0].name, ranked[0].precision, reason, tuple(ranked))
