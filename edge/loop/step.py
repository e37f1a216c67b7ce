"""One step: from a grabbed frame to a finding and the picture that shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.finding import Finding, Timings
from edge.frame import Frame
from edge.loop.capture import Grabbed
from edge.runtime.contract import Runtime
from edge.task.contract import Task

Draw = Callable[[Frame, Finding, float], NDArray[np.uint8]]
"""Frame, finding and the finding's age in seconds, to (height, width, 3) uint8 BGR."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one step gives; frame, finding and picture belong together."""

    frame: Frame
    finding: Finding
    picture_bgr: NDArray[np.uint8]
    """(height, width, 3) uint8."""
    age_ms: float
    """From exposure (live) or arrival (recorded) to the finished picture."""


class Stopwatch:
    """Milliseconds from one `lap_ms` to the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ns = clock.now_ns()

    def lap_ms(self) -> float:
        now_ns = self._clock.now_ns()
        lap_ms = (now_ns - self._last_ns) / 1e6
        self._last_ns = now_ns
        return lap_ms


@dataclass(frozen=True, slots=True)
class Step:
    """The chain for one frame, with everything it needs given from outside."""

    locate: Callable[[Frame], Frame]
    task: Task
    runtime: Runtime
    draw: Draw
    clock: Clock

    def run(self, grabbed: Grabbed, history: Sequence[Finding]) -> Result:
        watch = Stopwatch(self.clock)
        frame = self.locate(grabbed.frame)
        tensor = self.task.prepare(frame)
        prepare_ms = watch.lap_ms()
        outputs = self.runtime.infer(tensor)
        infer_ms = watch.lap_ms()
        concluded = self.task.conclude(frame, outputs, history)
        timings = Timings(grabbed.grab_ms, prepare_ms, infer_ms, watch.lap_ms())
        finding = replace(
            concluded,
            spacing=concluded.spacing or frame.spacing,
            notes=tuple(dict.fromkeys((*frame.notes, *concluded.notes))),
            model_digest=self.runtime.digest or concluded.model_digest,
            runtime=runtime_label(self.runtime),
            timings=timings,
        )
        picture = self.draw(frame, finding, self._age_ms(grabbed) / 1e3)
        finding = replace(finding, timings=replace(timings, overlay_ms=watch.lap_ms()))
        return Result(frame, finding, picture, self._age_ms(grabbed))

    def _age_ms(self, grabbed: Grabbed) -> float:
        return (self.clock.now_ns() - grabbed.seen_ns) / 1e6


def runtime_label(runtime: Runtime) -> str:
    """`openvino int8, 2 threads`; `no network`."""
    if not runtime.digest:
        return runtime.name
    threads = f"{runtime.threads} thread" + ("s" if runtime.threads != 1 else "")
    return f"{runtime.name} {runtime.precision}, {threads}"
