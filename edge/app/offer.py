"""What a page may ask for, read from the tasks' specs: nothing of a task is written down here."""

from dataclasses import MISSING
from typing import Any

from edge.option import Asked, options_of
from edge.task.spec import TaskSpec
from edge.task.table import task_specs
from edge.viewer.to_page import Offer, OfferedOption, OfferedTask

_KINDS = {bool: "yes or no", int: "whole number", float: "number"}


def offer() -> Offer:
    """All tasks that can be used here."""
    return Offer(tuple(offered(spec) for spec in task_specs()), controls=True)


def offered(spec: TaskSpec) -> OfferedTask:
    return OfferedTask(
        spec.name,
        spec.sentence,
        tuple((one.name, one.sentence) for one in spec.pathways),
        tuple(_option(one, spec) for one in options_of(spec.options)),
        spec.gate.usual_depth_mm,
    )


def _option(asked: Asked, spec: TaskSpec) -> OfferedOption:
    option = asked.option
    # What is pointed at goes to the run as it is tapped, and needs no form.
    drawn = "pointed" if option.drawn and spec.pointed is not None else option.drawn
    kind = drawn or ("choice" if option.choices else _KINDS.get(asked.kind, "text"))
    return OfferedOption(asked.name, option.help, kind, as_text(asked.default), option.low, option.high, option.choices)


def as_text(value: Any) -> str:
    """As a command line would be given it; empty for what was not said."""
    if value is None or value is MISSING or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(getattr(value, "name", value))
