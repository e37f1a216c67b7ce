"""`sonoedge compare A B`: two batches of one archive, such as of two versions of a model, held against each other."""

import csv
import io
import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import busy, out, say
from edge.errors import BackendUnavailableError

if TYPE_CHECKING:
    from rich.table import Table

    from edge.batch.comparison import Comparison, Shift
    from edge.terms import Terms


def compare(
    a: Annotated[Path, typer.Argument(help="Folder that was given to sonoedge batch --out.")],
    b: Annotated[Path, typer.Argument(help="Another one, of the same archive.")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="New folder for tables and plots.", metavar="FOLDER")],
) -> None:
    """Hold two batches of one archive against each other: what another model or version changes, on which device.

    Leaves for each measurement a Bland-Altman plot, NAME.png and NAME.svg; shifts.csv and shifts.parquet, how far B
    lies from A in all recordings and in each device's; differences.parquet, a row per recording and measurement; and
    outcomes.csv, how many recordings were measured, limited or refused by which. Each recording counts by its median.

    [bold]Examples[/]

      sonoedge batch TASK archive/ --out old

      sonoedge batch TASK archive/ --model my-model/ --out new

      sonoedge compare old new --out compared
    """
    try:
        from edge.batch.comparison import compare as compared_of
        from edge.batch.comparison import shifts_of
    except ImportError as error:
        raise BackendUnavailableError(
            f"tables need a library that is not installed ({error}); install it with: pip install 'sonoedge[batch]'"
        ) from error
    from edge.sink.folder import claim_folder
    from edge.task.table import terms_of

    found = compared_of(a.expanduser(), b.expanduser(), terms_of)
    terms = terms_of(found.task)
    shifts = {one.quantity.column: list(shifts_of(one)) for one in found.paired}
    target = claim_folder(folder)
    say(f"B differs from A in: {found.differing}" if found.differing else "A and B were measured alike")
    write_tables(found, [one for each in shifts.values() for one in each], target)
    with busy("drawing the plots"):
        drawn = write_plots(found, shifts, terms, (str(a), str(b)), target)
    out().print(outcome_table(found))
    if shifts:
        out().print(shift_view([each[0] for each in shifts.values()], terms, found))
    for name in ("shifts.csv", "shifts.parquet", "differences.parquet", "outcomes.csv", *drawn):
        out().print(f"  {target / name}", markup=False, soft_wrap=True)


def write_tables(found: "Comparison", shifts: "list[Shift]", folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from edge.batch.comparison import difference_table, shift_table
    from edge.sink.folder import write_whole

    table = shift_table(shifts)
    for name, content in (("shifts", table), ("differences", difference_table(found.paired))):
        file = pa.BufferOutputStream()
        pq.write_table(content, file)
        write_whole(folder / f"{name}.parquet", file.getvalue().to_pybytes())
    heads = ("device", "outcome_a", "outcome_b", "recordings")
    for name, columns, rows in (
        ("shifts", table.column_names, [list(row.values()) for row in table.to_pylist()]),
        ("outcomes", heads, found.outcomes),
    ):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        write_whole(folder / f"{name}.csv", text.getvalue().encode())


def write_plots(
    found: "Comparison", shifts: "dict[str, list[Shift]]", terms: "Terms", names: tuple[str, str], folder: Path
) -> list[str]:
    """The names of the PNG and SVG files. None where matplotlib is missing, which is said."""
    from edge.batch.comparison import LEAST

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from edge.batch.agreement_plot import agreement_plot
        from edge.exam.plot import save_figure
    except ImportError as error:
        say(
            f"there are no plots: they need a library that is not installed ({error}); install it with: "
            "pip install 'sonoedge[plots]'"
        )
        return []
    drawn = []
    for one in found.paired:
        if one.alike is not None:
            continue  # of names there is no mean
        if len(one.recordings) < LEAST:
            say(f"{one.quantity.column}: in fewer than {LEAST} recordings of both, so there is no plot")
            continue
        column = one.quantity.column
        drawn += save_figure(agreement_plot(one, shifts[column], terms, names), folder, column)
    return drawn


def outcome_table(found: "Comparison") -> "Table":
    """Recordings by their outcome in A and in B, all devices together."""
    from edge.app.tables import plain_table

    counts: Counter[tuple[str, str]] = Counter()
    for _, outcome_a, outcome_b, recordings in found.outcomes:
        counts[outcome_a, outcome_b] += recordings
    table = plain_table("in A", "in B", "recordings", left=("in A", "in B"))
    for (outcome_a, outcome_b), number in sorted(counts.items(), key=lambda one: -one[1]):
        table.add_row(outcome_a, outcome_b, str(number), style=None if outcome_a == outcome_b else "yellow")
    return table


def shift_view(whole: "list[Shift]", terms: "Terms", found: "Comparison") -> "Table":
    """Of each measurement over all devices; what each device shifts is in shifts.csv."""
    from edge.app.tables import plain_table
    from edge.overlay.wording import fixed, range_text
    from edge.terms import decimals_of, plain_unit

    table = plain_table("measure", "recordings", "unit", "A", "shift", "95 % limits of B - A", left=("measure", "unit"))
    for one, paired in zip(whole, found.paired, strict=True):
        if paired.alike is not None:
            same = f"same in {paired.alike} of {one.recordings}"
            table.add_row(terms.words(paired.quantity.name), str(one.recordings), "", "", "", same)
            continue
        places = decimals_of(one.unit, terms.measurement(paired.quantity.name)) + 2
        table.add_row(
            terms.words(paired.quantity.name),
            str(one.recordings),
            plain_unit(one.unit),
            fixed(one.mean_a, places),
            fixed(one.shift, places),
            range_text(one.limit_low, one.limit_high, places),
        )
    return table
