"""The muscle task as a run has it, for single pictures."""

from collections.abc import Callable
from typing import Final

from edge.app.composition import open_task
from edge.finding import Finding
from edge.frame import Frame
from edge.runtime.manifest import model_folder
from edge.runtime.none import NoNetwork
from edge.runtime.opening import open_runtime

PATHWAYS: Final = ("deep", "classical")


def open_pathway(pathway: str, precision: str | None = None) -> Callable[[Frame], Finding]:
    """What a frame alone leads to. precision: int8 or float; None: what a run takes."""
    task = open_task("muscle", pathway=pathway)
    runtime = (
        NoNetwork()
        if pathway == "classical"
        else open_runtime("onnx", model_folder(task.model), precision=precision, threads=1)[0]
    )
    return lambda frame: task.conclude(frame, runtime.infer(task.prepare(frame)), ())
