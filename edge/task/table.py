"""The tasks by name, one line each; other distributions add theirs as entry points of the group `sonoedge.tasks`."""

from collections.abc import Mapping
from contextlib import suppress

from edge.errors import BackendUnavailableError
from edge.phantom.anatomy import Anatomy
from edge.registry import Entry, Table, load
from edge.task.spec import TaskSpec
from edge.terms import Terms

TASKS = Table(
    {
        "cartilage": Entry("edge.task.cartilage.spec:SPEC"),
        "hip": Entry("edge.task.hip.spec:SPEC"),
        "muscle": Entry("edge.task.muscle.spec:SPEC"),
        "nerve": Entry("edge.task.nerve.spec:SPEC"),
        "outline": Entry("edge.task.outline.spec:SPEC"),
        "spine": Entry("edge.task.spine.spec:SPEC"),
        "synovitis": Entry("edge.task.synovitis.spec:SPEC"),
        "tissue": Entry("edge.task.tissue.spec:SPEC"),
    },
    "sonoedge.tasks",
)


def task_spec(name: str) -> TaskSpec:
    """What the task of this name declares.

    Raises UnknownNameError; BackendUnavailableError where another distribution's is not what it should be.
    """
    spec = load("task", TASKS, name)
    if not isinstance(spec, TaskSpec) or spec.name != name:
        raise BackendUnavailableError(
            f"task '{name}' of the distribution {TASKS[name].distribution} cannot be used: its entry point must lead "
            f"to a TaskSpec with the name '{name}', not to "
            f"{spec.name if isinstance(spec, TaskSpec) else type(spec).__name__}"
        )
    return spec


def terms_of(task: str) -> Terms:
    """The terms of a task that a record names; plain ones where it is not installed here."""
    return next((spec.terms for spec in task_specs() if spec.name == task), Terms())


def task_specs() -> tuple[TaskSpec, ...]:
    """All tasks that can be used, in the table's order; `sonoedge doctor` tells of the others."""
    found = []
    for name in TASKS:
        with suppress(BackendUnavailableError):
            found.append(task_spec(name))
    return tuple(found)


def anatomies() -> Mapping[str, Anatomy]:
    """What may stand behind `phantom:`, by name. Of two with one name the first task's counts, so that ours stay."""
    found: dict[str, Anatomy] = {}
    for spec in task_specs():
        for one in spec.anatomies:
            found.setdefault(one.name, one)
    return found
