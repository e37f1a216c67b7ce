"""A task's findings as the loop makes them: gate, prepare, conclude."""

from importlib import import_module

from edge.task.gate import admitted


def look(task, frame, outputs=(), memory=None):
    """The Concluded of one frame; the gate is the one that the task's spec declares."""
    spec = import_module(type(task).__module__).SPEC
    return task.conclude(admitted(frame, spec.gate, task), outputs, memory)


def finding_by(task, frame, outputs=()):
    """The finding of a frame that stands alone."""
    return look(task, frame, outputs).finding


def looks(task, frames, outputs):
    """The Concluded of each of a sequence of frames."""
    found, memory = [], None
    for frame, each in zip(frames, outputs, strict=True):
        found.append(look(task, frame, each, memory))
        memory = found[-1].memory
    return found
