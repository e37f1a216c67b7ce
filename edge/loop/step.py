"""One step: from a grabbed frame to a finding and the picture that shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.finding import Finding, Timings
from edge.frame import Frame
from edge.loop.capture import Grabbed
from edge.loop.pointer import Pointer
from edge.pointed import Pointed
from edge.runtime.contract import Runtime
from edge.task.contract import Outputs, Prepared, Task
from edge.task.gate import Gate, admitted
from edge.terms import Terms
from edge.trust.verdict import judged

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


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A grabbed frame after the network has looked at it, and before anything is concluded."""

    grabbed: Grabbed
    prepared: Prepared[Any] | None
    """None: it is the frame before once more, which nothing looked at again."""
    outputs: Outputs = ()
    prepare_ms: float = 0.0
    infer_ms: float = 0.0


class PreparedOnce:
    """A task whose `prepare` is not asked twice: of what equals the last, it gave the last answer. A grabber shows each
    of a scanner's pictures several times, and a scanner that was frozen the same one."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._last: Prepared[Any] | None = None
        self.conclude = task.conclude

    def prepare(self, frame: Frame) -> Prepared[Any]:
        """See the contract."""
        if self._last is None or not looks_like(self._last.frame, frame):
            self._last = self._task.prepare(frame)
        return replace(self._last, frame=frame)


def looks_like(one: Frame, other: Frame) -> bool:
    """Whether two frames show the same picture, at the same place and scale."""
    if (one.ultrasound, one.spacing) != (other.ultrasound, other.spacing):
        return False
    first, second = (frame.ultrasound.crop(frame.pixels) for frame in (one, other))
    return np.array_equal(first[::16], second[::16]) and np.array_equal(first, second)


@dataclass(frozen=True, slots=True)
class Step:
    """The chain for one frame, with everything it needs given from outside. `look` and `conclude` are its halves: one
    frame may be looked at while another thread concludes on the one before, each half by one thread."""

    locate: Callable[[Frame], Frame]
    gate: Gate
    terms: Terms
    """The task's."""
    task: Task
    runtime: Runtime | None
    """None: the task needs no network."""
    draw: Draw
    clock: Clock
    pointer: Pointer | None = None
    """None: nobody can point while it runs."""
    _once: PreparedOnce = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_once", PreparedOnce(self.task))

    def look(self, grabbed: Grabbed) -> Looked:
        """Where the picture is, whether it may be measured, and what the network makes of it."""
        watch = Stopwatch(self.clock)
        frame = self.locate(grabbed.frame)
        pointed = self.pointed()
        prepared = admitted(frame if pointed is None else replace(frame, pointed=pointed), self.gate, self._once)
        prepare_ms = watch.lap_ms()
        outputs = () if self.runtime is None or prepared.tensor is None else self.runtime.infer(prepared.tensor)
        return Looked(grabbed, prepared, outputs, prepare_ms, watch.lap_ms())

    def pointed(self) -> tuple[Pointed, ...] | None:
        """What a person who looks on pointed at by now; None: nobody did."""
        return self.pointer.pointed() if self.pointer is not None else None

    def conclude(self, looked: Looked, memory: Any) -> tuple[Result, Any]:
        """The result, and what the task remembers for the next frame. memory: of the frame before, None at first."""
        assert looked.prepared is not None
        watch = Stopwatch(self.clock)
        grabbed, frame = looked.grabbed, looked.prepared.frame
        concluded = self._once.conclude(looked.prepared, looked.outputs, memory)
        timings = Timings(grabbed.grab_ms, looked.prepare_ms, looked.infer_ms, watch.lap_ms())
        finding = replace(
            judged(frame, concluded.finding, self.terms),
            model_digest=self.runtime.digest if self.runtime else concluded.finding.model_digest,
            runtime=runtime_label(self.runtime),
            timings=timings,
        )
        picture = self.draw(frame, finding, self._age_ms(grabbed) / 1e3)
        finding = replace(finding, timings=replace(timings, overlay_ms=watch.lap_ms()))
        return Result(frame, finding, picture, self._age_ms(grabbed)), concluded.memory

    def again(self, result: Result, grabbed: Grabbed) -> Result:
        """The result of the same exposure, shown once more: as old as it is by now, with the probe's newest state."""
        frame = replace(result.frame, probe=grabbed.frame.probe)
        picture = self.draw(frame, result.finding, self._age_ms(grabbed) / 1e3)
        return Result(frame, result.finding, picture, self._age_ms(grabbed))

    def _age_ms(self, grabbed: Grabbed) -> float:
        return (self.clock.now_ns() - grabbed.seen_ns) / 1e6


def runtime_label(runtime: Runtime | None) -> str:
    """`openvino int8, 2 threads`; `no network`."""
    if runtime is None:
        return "no network"
    threads = f"{runtime.threads} thread" + ("s" if runtime.threads != 1 else "")
    return f"{runtime.name} {runtime.precision}, {threads}"
