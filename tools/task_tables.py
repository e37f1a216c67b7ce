"""Write docs/tasks.md from what the tasks declare: `python -m tools.task_tables`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from edge.option import Asked, options_of
from edge.phantom.anatomy import Anatomy
from edge.task.spec import TaskSpec
from edge.task.table import task_specs
from edge.terms import MeasurementTerm, Role

PAGE = Path(__file__).parents[1] / "docs" / "tasks.md"
HEAD = """# Tasks

Made from each task's `spec.py` by `python -m tools.task_tables`; edit that, not this. By which convention each thing
is measured, and when it is refused: [clinical-limits.md](clinical-limits.md). A measurement without a scale has `_px`
at the end of its name and pixels for its unit.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *(line for spec in task_specs() for line in section(spec))))


def section(spec: TaskSpec) -> Iterator[str]:
    """One task, a line after the other."""
    yield f"## {spec.name}\n\n{spec.sentence}\n"
    ways = ((one.name, one.sentence, f"`{one.model}`" if one.model else "none") for one in spec.pathways)
    yield from table(("pathway", "how", "model"), ways)
    if asked := options_of(spec.options):
        yield from table(("own option", "allowed", "what it is"), map(_option, asked))
    shown = (_measurement(spec, one) for one in spec.terms.measurements)
    yield from table(("measurement", "unit", "in the picture", "plausible", "source"), shown)
    lines = ((one.name, one.role) for one in spec.terms.marks if one.role is not Role.OTHER)
    yield from table(("line", "role"), lines)
    for anatomy in spec.anatomies:
        if options_of(anatomy.options):
            yield from table((f"setting of `phantom:{anatomy.name}`", "allowed", "what it is"), _settings(anatomy))


def _settings(anatomy: Anatomy) -> Iterator[tuple[str, str, str]]:
    return map(_option, options_of(anatomy.options))


def _option(asked: Asked) -> tuple[str, str, str]:
    default = "" if asked.required or asked.default is None else f"; {asked.default} by default"
    if asked.option.repeated:
        default = "; any number of times"
    return f"`{asked.flag}`", (asked.span + default).removeprefix("; "), asked.option.help


def _measurement(spec: TaskSpec, term: MeasurementTerm) -> tuple[str, ...]:
    words = "-" if term.detail else spec.terms.words(term.name)
    lane = f", lane {term.lane}" if term.lane is not None else ""
    plausible = "" if term.plausible is None else f"{term.plausible[0]:g} to {term.plausible[1]:g}"
    return f"`{term.name}`", term.unit, words + lane, plausible, term.source


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Markdown, with an empty line after it."""
    yield f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def main() -> None:
    PAGE.write_text(page())
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
