"""What a contender's process measures of itself. Standard library only: peers run in environments of their own."""

import json
import os
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

WARM = 10
"""Frames before the clock counts: caches fill, and libraries choose their kernels."""


def asked() -> dict[str, Any]:
    """What the driver wants of this process: its one argument, a JSON object."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


class Laps:
    """The time from one finished picture to the next."""

    def __init__(self, spawned_ns: int, warm: int = WARM) -> None:
        """spawned_ns: on the monotonic clock, when the driver started this process."""
        self._spawned_ns, self._warm = spawned_ns, warm
        self._ends_ns: list[int] = []
        self._cpu_ns: list[int] = []

    def lap(self) -> None:
        """A frame's picture is finished."""
        self._ends_ns.append(time.monotonic_ns())
        self._cpu_ns.append(time.process_time_ns())

    def report(self, **more: Any) -> None:
        """Prints the line. Raises ValueError where too few frames came to say anything."""
        print(json.dumps(self.summary() | {"rss_mib": peak_rss_mib()} | more), flush=True)

    def summary(self) -> dict[str, float]:
        frames = len(self._ends_ns) - 1 - self._warm
        if frames < 2:
            raise ValueError(f"{len(self._ends_ns)} frames came, of which {self._warm + 1} only warm up; give more")
        ends = self._ends_ns[self._warm :]
        laps = [(after - before) / 1e6 for before, after in pairwise(ends)]
        shares = statistics.quantiles(laps, n=100, method="inclusive")
        return {
            "frames": frames,
            "median_ms": statistics.median(laps),
            "p95_ms": shares[94],
            "p99_ms": shares[98],
            "mean_ms": (ends[-1] - ends[0]) / 1e6 / frames,
            "cpu_ms": (self._cpu_ns[-1] - self._cpu_ns[self._warm]) / 1e6 / frames,
            "start_s": (self._ends_ns[0] - self._spawned_ns) / 1e9,
        }


def laps_of(given: dict[str, Any]) -> Laps:
    return Laps(given["spawned_ns"], given.get("warm", WARM))


def peak_rss_mib() -> float:
    """Of this program alone: what getrusage tells still holds the driver's size from before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def rss_mib() -> float:
    """At this moment."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
