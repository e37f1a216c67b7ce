"""The nerve task without a network, with what it needs from disk."""

from edge.registry import load
from edge.runtime.manifest import models_folder
from edge.task.contract import Task
from edge.task.nerve.window_model import load_model
from edge.task.table import CLASSICAL

FOLDER = "nerve_classical"


def open_classical_nerve(*, stages: bool = False) -> Task:
    """stages: every step of the chain is marked. Raises ModelError for a model that is missing or damaged."""
    manifest, model = load_model(models_folder() / FOLDER)
    kind = load("task without a network", CLASSICAL, "nerve")
    task: Task = kind(model=model, digest=manifest.sha256, stages=stages)
    return task
