"""A task with what it needs from disk: its model's figures and arrays, each checked against the manifest."""

from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge.errors import ModelError
from edge.registry import Entry, load
from edge.runtime.manifest import load_manifest, model_folder, read_arrays
from edge.task.contract import Asked, Given, Task
from edge.task.spec import Pathway, TaskSpec
from edge.task.table import TASKS


def folder_of(pathway: Pathway, model: Path | None = None) -> Path:
    """Where the model of a pathway lies; model: another one that the user named.

    Raises UnknownNameError for a shipped model that is not there, ModelError where another distribution lacks its own
    or there is no such home directory.
    """
    if model is not None:
        try:
            return model.expanduser()
        except RuntimeError as error:
            raise ModelError(f"there is no home directory for {model}; write the whole path of the folder") from error
    package, colon, folder = pathway.model.rpartition(":")
    if not colon:
        return model_folder(pathway.model)
    try:
        return Path(str(resources.files(package))) / folder
    except ModuleNotFoundError as error:
        raise ModelError(f"the model {pathway.model} is not installed: {error}; install {package} again") from error


def open_task(
    spec: TaskSpec,
    pathway: str | None = None,
    options: Any = None,
    *,
    model: Path | None = None,
    stages: bool = False,
    asked: Asked | None = None,
) -> Task:
    """The task, made from its model's figures and arrays.

    pathway: None: its first. options: a `spec.options`; None: as they are by default. asked: the network of the folder
    that the pathway `asks`. Raises SettingError for a pathway
    that the task has not, UnknownNameError, ModelError and ModelDigestError for a model that is missing or damaged,
    BackendUnavailableError where another distribution's class cannot be imported.
    """
    way = spec.pathway(pathway)
    options = spec.options() if options is None else options
    given = Given(options, stages=stages, asked=asked)
    if way.model:
        folder = folder_of(way, model)
        manifest = load_manifest(folder)
        if manifest.task != spec.name:
            raise ModelError(f"the model in {folder} is for the task {manifest.task}, not for {spec.name}")
        digest = manifest.arrays[0].sha256 if manifest.arrays else None
        figures, arrays = MappingProxyType(manifest.figures()), MappingProxyType(read_arrays(folder, manifest))
        given = Given(options, figures, arrays, digest, stages, asked)
    distribution = TASKS[spec.name].distribution if spec.name in TASKS else ""
    task: Task = load("task", {spec.name: Entry(way.target, distribution=distribution)}, spec.name)(given)
    return task
