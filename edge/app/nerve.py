"""The nerve task without a network, with what it needs from disk."""

from edge.registry import load
from edge.runtime.manifest import load_manifest, model_folder, read_arrays
from edge.task.contract import Task
from edge.task.nerve.window_model import ARRAYS, window_model_of
from edge.task.table import CLASSICAL

FOLDER = "nerve_classical"


def open_classical_nerve(*, stages: bool = False) -> Task:
    """stages: every step of the chain is marked. Raises ModelError for a model that is missing or damaged."""
    folder = model_folder(FOLDER)
    manifest = load_manifest(folder)
    model = window_model_of(read_arrays(folder, manifest))
    digest = next(file.sha256 for file in manifest.arrays if file.name == ARRAYS)
    kind = load("task without a network", CLASSICAL, "nerve")
    task: Task = kind(manifest.figures(), model=model, digest=digest, stages=stages)
    return task
