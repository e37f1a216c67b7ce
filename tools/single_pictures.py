"""A task on single pictures, each as if it were the first of a run; real pictures; a table of the answers."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from edge.app.opening import folder_of, open_task
from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.runtime.contract import Runtime
from edge.runtime.opening import open_runtime
from edge.screen.locator import Locator
from edge.task.contract import Outputs, Prepared, Task
from edge.task.gate import Gate, admitted
from edge.task.table import task_spec

DATA: Final = Path(__file__).parents[2] / "shared" / "data"
Measure = Callable[[Frame], Finding]
"""What a frame alone leads to."""
VERDICT_HEADS: Final = "| pictures | n | measured | limited | refused | main reasons |\n|---|---|---|---|---|---|"


def open_measure(
    name: str, pathway: str | None = None, *, runtime: str = "onnx", precision: str | None = None
) -> Measure:
    """The task of this name with its shipped model. precision: int8 or float; None: what a run takes."""
    spec = task_spec(name)
    way = spec.pathway(pathway)
    opened = open_runtime(runtime, folder_of(way), precision=precision, threads=1)[0] if way.network else None
    return measured_by(open_task(spec, pathway), spec.gate, opened)


def measured_by(task: Task, gate: Gate, runtime: Runtime | None) -> Measure:
    """runtime: None for a task that needs no network."""

    def measure(frame: Frame) -> Finding:
        prepared = admitted(frame, gate, task)
        return task.conclude(prepared, outputs_for(prepared, runtime), None).finding

    return measure


def outputs_for(prepared: Prepared[Any], runtime: Runtime | None) -> Outputs:
    """What the network says of a prepared frame, to be kept; nothing where none is needed, or where the gate refused
    the frame."""
    if runtime is None or prepared.tensor is None:
        return ()
    return tuple(output.copy() for output in runtime.infer(prepared.tensor))


def real_frames(pattern: str, most: int | None) -> Iterator[Frame]:
    """Pictures of ../shared/data with their ultrasound region; thinned evenly to about `most`. None: all."""
    paths = sorted(path for path in DATA.glob(pattern) if path.suffix in (".png", ".jpg"))
    for path in paths[:: max(1, len(paths) // most) if most else 1]:
        pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        yield Locator(None, None).locate(Frame(pixels, 0, 0, path.name))


def verdict_row(name: str, findings: Sequence[Finding]) -> str:
    """A row under VERDICT_HEADS."""
    counts = Counter(finding.verdict for finding in findings)
    shares = " | ".join(f"{100 * counts[verdict] / len(findings):.0f} %" for verdict in Verdict)
    reasons = Counter(finding.reasons[0].split(":")[0] for finding in findings if finding.reasons)
    told = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common(3))
    return f"| {name} | {len(findings)} | {shares} | {told} |"
