"""The latency table: every runtime, precision and number of threads on the same frames, side by side in one run."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from edge.app.board import Board, read_board
from edge.app.composition import drawing
from edge.app.opening import folder_of
from edge.clock import Clock, MonotonicClock
from edge.errors import BackendUnavailableError, SourceFormatError
from edge.finding import Timings
from edge.loop.capture import Grabbed
from edge.loop.statistics import Spread, spread, stage_spreads
from edge.loop.step import Step, runtime_label
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import installed, open_runtime
from edge.screen.locator import Locator
from edge.source.contract import FrameSource
from edge.source.opening import open_source
from edge.task.contract import Task
from edge.task.spec import TaskSpec

WARM_UP_ROUNDS = 3
READ_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of the table."""

    runtime: str
    precision: str
    threads: int


@dataclass(frozen=True, slots=True)
class Row:
    """How long each stage took with one candidate."""

    candidate: Candidate
    label: str
    stages: tuple[Spread, ...]
    """`grab`, `prepare`, `infer`, `conclude`, `overlay`."""
    beside_inference: Spread
    """Prepare, conclude and overlay of one frame together."""


@dataclass(frozen=True, slots=True)
class LatencyTable:
    """All rows, and what they were measured on."""

    board: Board
    load_average: float
    """Of the last minute when the measuring began; near the number of cores or above: others were busy too."""
    versions: tuple[str, ...]
    source: str
    picture_px: tuple[int, int]
    """(width, height)."""
    task: str
    frames: int
    rows: tuple[Row, ...]


def candidates(spec: TaskSpec, threads: Sequence[int], runtimes: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """Every variant of the task's model that an installed runtime runs. Raises BackendUnavailableError for none."""
    usable = {runtime.name for runtime in installed() if runtime.problem is None}
    wanted = usable & set(runtimes) if runtimes else usable
    found = tuple(
        Candidate(variant.runtime, variant.precision, count)
        for variant in load_manifest(folder_of(spec.pathway())).variants
        if variant.runtime in wanted
        for count in threads
    )
    if not found:
        raise BackendUnavailableError(
            f"none of the runtimes asked for is installed ({', '.join(runtimes) or 'any'}); "
            "install all of them with: pip install 'sonoedge[all]'"
        )
    return found


def measure_latency(
    source_spec: str, spec: TaskSpec, task: Task, threads: Sequence[int], runtimes: Sequence[str], frames: int
) -> LatencyTable:
    """Runs the chain on `frames` frames with every candidate in turn, so that load falls on all alike.

    Raises what opening the source, the task or the runtimes raises, and SourceFormatError for a source without frames.
    """
    clock = MonotonicClock()
    busy = os.getloadavg()[0]
    lines = candidates(spec, threads, runtimes)
    with ExitStack() as opened:
        steps = [_open_step(candidate, spec, task, clock, opened) for candidate in lines]
        source = opened.enter_context(open_source(source_spec, clock=clock))
        timings: list[list[Timings]] = [[] for _ in lines]
        size = (0, 0)
        for count, grabbed in enumerate(_grab(source, clock, WARM_UP_ROUNDS + frames)):
            size = (grabbed.frame.pixels.shape[1], grabbed.frame.pixels.shape[0])
            for turn in range(len(steps)):
                # Another one begins each round: who runs after whom changes what is in the processor's caches.
                index = (turn + count) % len(steps)
                result, _ = steps[index].conclude(steps[index].look(grabbed), None)
                if count >= WARM_UP_ROUNDS:
                    timings[index].append(result.finding.timings)
        labels = [runtime_label(step.runtime) for step in steps]
    if not timings[0]:
        raise SourceFormatError(f"{source_spec} gave too few frames to measure; more than {WARM_UP_ROUNDS} are needed")
    return LatencyTable(
        board=read_board(),
        load_average=busy,
        versions=tuple(sorted({runtime.version for runtime in installed() if runtime.version})),
        source=source_spec,
        picture_px=size,
        task=spec.name,
        frames=len(timings[0]),
        rows=tuple(_row(*each) for each in zip(lines, labels, timings, strict=True)),
    )


def _open_step(candidate: Candidate, spec: TaskSpec, task: Task, clock: Clock, opened: ExitStack) -> Step:
    runtime, _ = open_runtime(
        candidate.runtime, folder_of(spec.pathway()), precision=candidate.precision, threads=candidate.threads
    )
    # A locator of its own for each: it remembers the last frame's region, which must not be a gift to the next.
    draw_on = drawing(spec.terms, live=True)
    return Step(Locator().locate, spec.gate, spec.terms, task, opened.enter_context(runtime), draw_on, clock)


def _grab(source: FrameSource, clock: Clock, frames: int) -> Iterator[Grabbed]:
    for _ in range(frames):
        started_ns = clock.now_ns()
        frame = source.read(READ_TIMEOUT_S)
        if frame is None:
            return
        now_ns = clock.now_ns()
        yield Grabbed(frame, False, (now_ns - started_ns) / 1e6, now_ns)


def _row(candidate: Candidate, label: str, timings: list[Timings]) -> Row:
    beside = spread("beside inference", [beside_inference_ms(each) for each in timings])
    assert beside is not None
    return Row(candidate, label, stage_spreads(timings), beside)


def beside_inference_ms(timings: Timings) -> float:
    """What this program adds to the network's own time, frame by frame."""
    return sum(part or 0.0 for part in (timings.prepare_ms, timings.conclude_ms, timings.overlay_ms))
