"""`sonoedge series TASK`: measurements against seconds or frames, as tables and figures."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from edge.app.console import busy, out, say
from edge.app.task_commands import task_commands
from edge.errors import SettingError, SourceFormatError
from edge.option import Option, taken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edge.exam.even_sample import EvenSample
    from edge.exam.series import Series
    from edge.loop.step import Result
    from edge.task.spec import TaskSpec
    from edge.terms import Terms

KEPT_PICTURES = 64
"""While the run goes on and nobody knows how long it will be; some 30 MB."""
PICTURE_PX = 480
"""Longest side of a picture that is kept for the figure."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A picture of the course."""

    exposed_ns: int
    sequence: int
    pixels: "NDArray[np.uint8]"
    """(height, width, 3) BGR with what was found."""
    coloured: bool
    """By directions."""


HELP = """Measure a movement and plot it: how what is measured goes with time.

SOURCE is a folder of pictures, a video or a DICOM file; or the folder or findings.jsonl of an earlier run. Leaves
series.csv and series.jsonl, one row per frame; series.png and series.svg with the curves; course.png and course.svg
with pictures of the course above them; and findings.jsonl. Of an earlier run there are no pictures.

[bold]Examples[/]

  sonoedge series TASK contraction.mp4 --out contraction

  sonoedge series TASK pictures/ --fps 25 --out sweep

  sonoedge series TASK visit-17 --out visit-17-series
"""


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """What a series asks for beside the run's settings."""

    source: Annotated[str, Option("What to measure, or a run that was measured before.")]
    out: Annotated[Path, Option("New folder for tables and figures.", short="-o")]
    pictures: Annotated[int, Option("Pictures in the course's strip.", low=2, high=12)] = 6


def series_task(spec: "TaskSpec", given: Mapping[str, Any]) -> None:
    """Measures a recording and writes its tables and figures, or those of an earlier run."""
    from edge.app.run import follow
    from edge.app.session import open_session
    from edge.exam.even_sample import EvenSample
    from edge.exam.series import series_of
    from edge.sink.records import FILE_NAME, read_records

    asked, settings = taken(SeriesOptions, given, "a series")
    earlier = records_in(asked.source)
    if earlier is not None:
        if settings:
            raise SettingError(
                f"{asked.source} was measured already: leave out all options but --out, or name its source"
            )
        publish_earlier(spec, earlier, asked.out)
        return
    with busy("opening; the first time, auto measures every runtime on this board"):
        session = open_session(asked.source, task=spec.name, out=asked.out, video=False, tell=say, **settings)
    sample: EvenSample[Taken] = EvenSample(KEPT_PICTURES)
    try:
        follow(session, lambda result: take(sample, result, spec.terms))
    finally:
        # Also of a run that was interrupted or met a damaged file: what there is is kept.
        publish(series_of(read_records(asked.out / FILE_NAME)), sample.pick(asked.pictures), asked.out, spec.terms)


series = task_commands(
    HELP,
    series_task,
    options=SeriesOptions,
    settings=("pathway", "model", "runtime", "precision", "fps", "mm_per_px", "depth_mm", "max_frames"),
    argument="source",
)


def records_in(source: str) -> Path | None:
    """The records of an earlier run, where `source` names its folder or the file itself."""
    from edge.sink.records import FILE_NAME

    try:
        path = Path(source).expanduser()
    except RuntimeError:  # no such home; opening the source says so
        return None
    if path.suffix == ".jsonl" and path.is_file():
        return path
    return path / FILE_NAME if (path / FILE_NAME).is_file() else None


def publish_earlier(spec: "TaskSpec", path: Path, folder: Path) -> None:
    """The course of an earlier run's records; `folder` is made once they are read.

    Raises SourceFormatError where they hold no frame, SettingError where they are another task's.
    """
    from edge.exam.series import series_of
    from edge.sink.folder import claim_folder
    from edge.sink.records import read_records

    records = read_records(path)
    course = series_of(records)
    if not course.instants:
        raise SourceFormatError(f"{path} holds no frame; expected the records of a run that measured one")
    if course.task != spec.name:
        raise SettingError(f"{path} is of the task {course.task}: sonoedge series {course.task} {path.parent}")
    if records.left_out is not None:
        say(records.left_out)
    publish(course, [], claim_folder(folder), spec.terms)
    say("an earlier run keeps no pictures: course.png is left out")


def take(sample: "EvenSample[Taken]", result: "Result", terms: "Terms") -> None:
    """Keeps the picture of a frame in which something was found, if its turn has come."""
    from edge.finding import FieldMark, Verdict

    found = result.finding
    if found.verdict is not Verdict.REFUSED:
        coloured = any(isinstance(mark, FieldMark) for mark in found.marks)
        sample.add(lambda: Taken(found.exposed_ns, found.sequence, small_picture(result, terms), coloured))


def small_picture(result: "Result", terms: "Terms") -> "NDArray[np.uint8]":
    """(height, width, 3) BGR with heat map and lines, at most PICTURE_PX a side."""
    import cv2

    from edge.overlay.draw import draw_found

    picture = draw_found(result.frame, result.finding, terms)
    scale = min(1.0, PICTURE_PX / max(picture.shape))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)


def publish(course: "Series", taken: "Sequence[Taken]", folder: Path, terms: "Terms") -> None:
    """Writes the tables, and the figures where anything was measured; prints their paths."""
    from edge.exam.series import csv_of, json_lines_of
    from edge.sink.folder import write_whole

    if not course.instants:
        return
    write_whole(folder / "series.csv", csv_of(course).encode())
    write_whole(folder / "series.jsonl", json_lines_of(course).encode())
    if not course.timed:
        say("the source tells no times, so there are frames instead of seconds; --fps says how many a second they are")
    if not course.quantities:
        say("nothing was measured, so there is no figure")
    with busy("drawing the figures"):
        names = ["series.csv", "series.jsonl", *write_figures(course, taken, folder, terms)]
    for name in names:
        out().print(f"  {folder / name}", markup=False, soft_wrap=True)


def write_figures(course: "Series", taken: "Sequence[Taken]", folder: Path, terms: "Terms") -> list[str]:
    """The names of the PNG and SVG files: the curves, and these with the pictures above them.

    None where matplotlib is missing, which is said: the tables were worth the run.
    """
    # What it says of its cache of fonts at the first import helps nobody here.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from edge.exam.plot import Still, plot, save_figure
    except ImportError as error:
        say(
            f"there are no figures: they need a library that is not installed ({error}); install it with: "
            "pip install 'sonoedge[plots]'; then its curves are drawn from the records with: "
            f"sonoedge series {course.task} RUN --out NEW"
        )
        return []
    stills = [
        Still((one.exposed_ns - course.first_ns) / 1e9 if course.timed else one.sequence, one.pixels, one.coloured)
        for one in taken
    ]
    figures: dict[str, Sequence[Still]] = {"series": ()} if course.quantities else {}
    if stills:
        figures["course"] = stills
    return [name for stem, shown in figures.items() for name in save_figure(plot(course, terms, shown), folder, stem)]
