"""What a bench measured, as it is kept from the run to the page."""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata

import msgspec

from edge.app.board import read_board


class Sample(msgspec.Struct, frozen=True):
    """What one contender's process said at its end; further fields that it told are left out."""

    frames: int
    median_ms: float
    """From one finished picture to the next."""
    p95_ms: float
    p99_ms: float
    mean_ms: float
    cpu_ms: float
    """Of all its threads, a frame."""
    rss_mib: float
    """At its highest."""
    start_s: float
    """From the start of the process to its first finished picture."""
    painted: float | None = None
    """Share of the last picture that its mask covers. None: it does not say."""
    stages: dict[str, float] | None = None
    """Medians of each stage in ms, of sonoedge."""
    verdicts: dict[str, int] | None = None


class Machine(msgspec.Struct, frozen=True):
    """Where and when it was measured."""

    processor: str
    cores: int
    memory_mb: int | None
    system: str
    python: str
    date: str
    load: float
    """Of the machine before the run: what else it had to do."""
    versions: dict[str, str]


LIBRARIES = ("sonoedge", "numpy", "opencv-python-headless", "openvino", "onnxruntime", "ai-edge-litert", "av")


def this_machine() -> Machine:
    board = read_board()
    return Machine(
        processor=board.processor,
        cores=board.cores_usable,
        memory_mb=board.memory_mb,
        system=board.system,
        python=platform.python_version(),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        load=round(os.getloadavg()[0], 1),
        versions={name: version for name in LIBRARIES if (version := _version(name))},
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
