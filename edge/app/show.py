"""`sonoedge show`: what an earlier run found."""

from pathlib import Path
from typing import Annotated

import typer

from edge.app.console import out, say
from edge.errors import SourceFormatError


def show(
    folder: Annotated[Path, typer.Argument(help="Folder that was given to --out.")],
    frames: Annotated[bool, typer.Option("--frames", help="Also print one line per frame.")] = False,
) -> None:
    """Show what an earlier run found: verdicts, the median of each measure, reasons, files.

    [bold]Example[/]

      sonoedge show out/demo
    """
    from edge.app.run_file import head_line
    from edge.app.tables import summary_view
    from edge.exam.folder import RunFolder, finding_of
    from edge.exam.summary import FindingTally
    from edge.task.table import terms_of

    run_folder, tally, task = RunFolder(folder), FindingTally(), ""
    records = run_folder.records()
    for record in records:
        finding, task = finding_of(record), record.task
        tally.add(finding)
        if frames:
            out().print(finding.summary(), markup=False, soft_wrap=True)
    if not tally.summary().frames:
        raise SourceFormatError(records.left_out or f"{folder} holds no finding: the run ended before its first frame")
    if records.left_out is not None:
        say(records.left_out)
    if head := head_line(folder):
        out().print(head, markup=False, soft_wrap=True)
    out().print(summary_view(tally.summary(), terms_of(task)))
    for path in run_folder.files()[:20]:
        out().print(f"  {path}", markup=False, soft_wrap=True)
