"""`sonoedge visit RUN...`: the recordings of one visit side by side, added up, and the change since an earlier one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.app.console import counted, out, say
from edge.errors import SettingError, SourceFormatError, SourceNotFoundError

if TYPE_CHECKING:
    from rich.table import Table

    from edge.exam.visit import Change, Place, Total
    from edge.terms import MeasurementTerm, Terms

FILE = "visit.json"
SCHEMA = 1
"""Raised whenever a field changes its meaning or goes."""


def visit(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folders of runs, one of each joint, named like it; or a folder that holds them."),
    ],
    before: Annotated[
        list[Path] | None,
        typer.Option("--before", "-b", help="The same of an earlier visit; may be given again.", metavar="FOLDER"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help=f"New folder for {FILE}.", metavar="FOLDER")
    ] = None,
) -> None:
    """Add up what was measured in several recordings of one visit, such as a grade over joints to a score.

    A run's folder stands for one joint; its name is the joint's, and finds it again in the earlier visit. Of many
    frames the upper median counts. A joint that was refused is named and not added.

    [bold]Example[/]

      sonoedge visit may/mcp2-right may/mcp3-right may/pip2-right

      sonoedge visit may/ --before march/ --out compared
    """
    from edge.exam.visit import change_of, total_of
    from edge.task.table import terms_of

    now, task = read_visit(runs)
    earlier, earlier_task = read_visit(before) if before else ([], task)
    if earlier_task != task:
        raise SettingError(
            f"the earlier visit is of the task {earlier_task}, this one of {task}: compare like with like"
        )
    terms = terms_of(task)
    summed = summed_of(terms, task)
    totals = [total for term in summed if (total := total_of(now, term.name)) is not None]
    changes = [change for term in summed if (change := change_of(now, earlier, term.name)) is not None]
    out().print(visit_table(now, totals, changes, summed, terms))
    for line in told(now, changes, bool(before), terms):
        say(line)
    if folder is not None:
        write(folder, task, now, earlier, totals, changes)


def summed_of(terms: "Terms", task: str) -> "list[MeasurementTerm]":
    """Raises SettingError for a task of which nothing is added up."""
    found = [term for term in terms.measurements if term.summed]
    if not found:
        raise SettingError(f"nothing that the task {task} measures is added up over recordings")
    return found


def read_visit(folders: Sequence[Path]) -> "tuple[list[Place], str]":
    """The places and their task. Raises SourceNotFoundError, SourceFormatError, SettingError."""
    from edge.exam.folder import RunFolder
    from edge.exam.visit import place_of
    from edge.task.table import terms_of

    places: list[Place] = []
    tasks: dict[str, str] = {}
    for path in run_folders(folders):
        records = RunFolder(path).records()
        kept = list(records)
        if not kept:
            raise SourceFormatError(
                records.left_out or f"{path} holds no finding: the run ended before its first frame"
            )
        if records.left_out is not None:
            say(records.left_out)
        task, name = kept[0].task, path.resolve().name
        if name in tasks:
            raise SettingError(f"two runs are called '{name}': name each folder like its joint")
        tasks[name] = task
        if len(set(tasks.values())) > 1:
            told = ", ".join(f"{place}: {one}" for place, one in tasks.items())
            raise SettingError(f"these runs are of several tasks ({told}): one visit adds up one task's")
        summed = [term.name for term in summed_of(terms_of(task), task)]
        places.append(place_of(name, kept, summed))
    return places, next(iter(tasks.values()))


def run_folders(folders: Sequence[Path]) -> list[Path]:
    """Those of runs; of a folder without a run those in it, by name."""
    from edge.sink.records import FILE_NAME

    found = []
    for given in folders:
        path = given.expanduser()
        inside = sorted(one.parent for one in path.glob(f"*/{FILE_NAME}")) if path.is_dir() else []
        if (path / FILE_NAME).is_file():
            found.append(path)
        elif inside:
            found += inside
        else:
            raise SourceNotFoundError(f"{path} holds no run, nor folders of runs; name the ones given to --out")
    return found


def visit_table(
    places: "Sequence[Place]",
    totals: "Sequence[Total]",
    changes: "Sequence[Change]",
    summed: "Sequence[MeasurementTerm]",
    terms: "Terms",
) -> "Table":
    from edge.app.tables import plain_table

    words = [terms.words(term.name) for term in summed]
    table = plain_table("place", "frames", *words, left=("place",))
    for place in places:
        cells = [_cell(place.rated.get(term.name), term) for term in summed]
        table.add_row(
            place.name, f"{place.measured} of {place.frames}", *cells, style=None if place.rated else "yellow"
        )
    sums = {one.measurement: one.sum for one in totals}
    table.add_section()
    table.add_row(
        "sum", counted(len(places), "place"), *(_cell(sums.get(term.name), term) for term in summed), style="bold"
    )
    if changes:
        since = {one.measurement: one.change for one in changes}
        cells = [_cell(since.get(term.name), term, signed=True) for term in summed]
        table.add_row("change", "", *cells, style="bold")
    return table


def _cell(rated: Any, term: "MeasurementTerm", *, signed: bool = False) -> str:
    from edge.overlay.wording import fixed, range_text
    from edge.terms import decimals_of

    if rated is None:
        return "-"
    places = decimals_of(term.unit, term)
    sign = "+" if signed and rated.value > 0 else ""
    return f"{sign}{fixed(rated.value, places)} ({range_text(rated.low, rated.high, places)})"


def told(places: "Sequence[Place]", changes: "Sequence[Change]", compared: bool, terms: "Terms") -> list[str]:
    """What the table leaves out."""
    lines = [
        f"{place.name}: not added, {'; '.join(place.reasons) or 'nothing was measured'}"
        for place in places
        if not place.rated
    ]
    for one in changes[:1]:
        for names, when in ((one.only_now, "now"), (one.only_before, "in the earlier visit")):
            if names:
                lines.append(f"measured only {when}, and not in the change: {', '.join(names)}")
    if compared and not changes:
        lines.append("no place was measured in both visits: folders of the same joint must have the same name")
    return lines


def write(
    folder: Path,
    task: str,
    now: "Sequence[Place]",
    before: "Sequence[Place]",
    totals: "Sequence[Total]",
    changes: "Sequence[Change]",
) -> None:
    """The figures as JSON, for other programs."""
    import msgspec

    from edge.sink.folder import claim_folder, write_whole

    content = {"schema": SCHEMA, "task": task, "places": now, "before": before, "sums": totals, "changes": changes}
    path = claim_folder(folder) / FILE
    write_whole(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    out().print(f"  {path}", markup=False, soft_wrap=True)
