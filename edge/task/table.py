"""The tasks by name, one line each; other distributions add theirs as entry points of the group `sonoedge.tasks`."""

from collections.abc import Mapping

from edge.errors import UnknownNameError
from edge.phantom.anatomy import Anatomy
from edge.registry import Entry, Table, load
from edge.task.spec import TaskSpec
from edge.terms import Terms

TASKS = Table(
    {
        "cartilage": Entry("edge.task.cartilage.spec:SPEC"),
        "muscle": Entry("edge.task.muscle.spec:SPEC"),
        "nerve": Entry("edge.task.nerve.spec:SPEC"),
        "tissue": Entry("edge.task.tissue.spec:SPEC"),
    },
    "sonoedge.tasks",
)


def task_spec(name: str) -> TaskSpec:
    """What the task of this name declares. Raises UnknownNameError."""
    spec: TaskSpec = load("task", TASKS, name)
    return spec


def terms_of(task: str) -> Terms:
    """The terms of a task that a record names; plain ones where it is not installed here."""
    return task_spec(task).terms if task in TASKS else Terms()


def task_specs() -> tuple[TaskSpec, ...]:
    """All tasks, in the table's order."""
    return tuple(task_spec(name) for name in TASKS)


def anatomies() -> Mapping[str, Anatomy]:
    """What may stand behind `phantom:`, by name."""
    return {one.name: one for spec in task_specs() for one in spec.anatomies}


def anatomy(name: str) -> Anatomy:
    """Raises UnknownNameError."""
    known = anatomies()
    if name not in known:
        raise UnknownNameError(f"there is no phantom '{name}'; there are: {', '.join(known)}")
    return known[name]
