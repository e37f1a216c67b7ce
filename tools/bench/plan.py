"""How a bench is run: on which cores, how long, which tasks, and where things are kept."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.task.spec import TaskSpec
from edge.task.table import task_specs
from tools.bench.material import CLIP_FRAMES, SIZE, Clip, clip_of
from tools.bench.process import ROOT

BUILD = ROOT / "build" / "bench"
PEERS = ROOT / ".venv-peers"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every measurement."""

    quick: bool = False
    """Few frames, one round: to see whether all of it runs. Its figures are not published."""
    rounds: int = 3
    frames: int = CLIP_FRAMES
    tasks: tuple[TaskSpec, ...] = ()
    minutes: float = 10.0
    """Of the live measurement."""
    build: Path = BUILD
    peers: Path = PEERS

    def cores(self, count: int) -> tuple[int, ...]:
        """So many of those that this process may use, the last ones: the first serve most interrupts. Fewer where it
        has fewer."""
        return tuple(sorted(os.sched_getaffinity(0))[-count:])

    def core_counts(self) -> tuple[int, ...]:
        """1 and 2, or 1 alone."""
        return tuple(count for count in (1, 2) if count <= len(os.sched_getaffinity(0)))

    def clip(self, spec: TaskSpec, size: tuple[int, int] = SIZE) -> Clip:
        return clip_of(spec, self.build, size, self.frames)

    def tell(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def planned(
    *, quick: bool, rounds: int | None, frames: int | None, tasks: Sequence[str], minutes: float | None
) -> Plan:
    """Defaults are filled in; without tasks, all that have a phantom. Raises ValueError for one that is not there."""
    known = {spec.name: spec for spec in task_specs() if spec.anatomies}
    if strange := [name for name in tasks if name not in known]:
        raise ValueError(f"there is no task {strange[0]} with a phantom; there are: {', '.join(known)}")
    return Plan(
        quick=quick,
        rounds=rounds or (1 if quick else 3),
        frames=frames or (30 if quick else CLIP_FRAMES),
        tasks=tuple(known[name] for name in tasks) or tuple(known.values()),
        minutes=minutes or (0.1 if quick else 10.0),
    )
