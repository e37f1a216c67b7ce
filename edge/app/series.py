"""`sonoedge series`: measurements against seconds, as tables and figures."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import busy, out, say
from edge.errors import SettingError, SourceFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from edge.exam.sampling import EvenSample
    from edge.exam.series import Series
    from edge.loop.step import Result

KEPT_PICTURES = 64
"""While the run goes on and nobody knows how long it will be; some 30 MB."""
PICTURE_PX = 480
"""Longest side of a picture that is kept for the figure."""
PLOTTED = ("fascicle_angle", "pennation_angle", "fascicle_length", "muscle_thickness")
"""Where a run has none of these, the figures show its first quantities."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A picture of the course."""

    exposed_ns: int
    pixels: "NDArray[np.uint8]"
    """(height, width, 3) BGR with what was found."""
    coloured: bool
    """By directions."""


def series(
    source: Annotated[
        str,
        typer.Argument(help="A folder of pictures, a video, a DICOM file; or the folder or findings.jsonl of a run."),
    ],
    out_folder: Annotated[Path, typer.Option("--out", "-o", help="New folder for tables and figures.")],
    task: Annotated[str, typer.Option("--task", "-t", help="What to look for.")] = "muscle",
    pathway: Annotated[
        str, typer.Option(help="deep (the network) or classical (image analysis alone; muscle only).")
    ] = "deep",
    runtime: Annotated[str, typer.Option(help="onnx, openvino, tflite or auto.")] = "auto",
    precision: Annotated[str | None, typer.Option(help="int8 or float. Without it: int8, or the faster.")] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second of a folder of pictures; without it each stands for 1 s.")
    ] = None,
    mm_per_px: Annotated[float | None, typer.Option(help="Scale, where you know it better than the picture.")] = None,
    depth_mm: Annotated[float | None, typer.Option(help="Depth of the picture, where it is uncut.")] = None,
    frames: Annotated[int | None, typer.Option(help="End after so many frames.")] = None,
    pictures: Annotated[int, typer.Option(help="Pictures in the course's strip.", min=2, max=12)] = 6,
) -> None:
    """Measure a movement and plot it: how angle, length and thickness go with time.

    Leaves series.csv and series.jsonl, one row a frame; series.png and series.svg with the curves; course.png and
    course.svg with pictures of the course above them; and findings.jsonl. Of an earlier run there are no pictures.

    [bold]Examples[/]

      sonoedge series contraction.mp4 --out contraction

      sonoedge series pictures/ --fps 25 --out sweep

      sonoedge series visit-17 --out visit-17-series
    """
    from edge.exam.series import series_of
    from edge.sink.records import FILE_NAME, read_records

    folder = out_folder.expanduser()
    earlier = records_in(source)
    if earlier is not None:
        if any(option is not None for option in (precision, fps, mm_per_px, depth_mm, frames)):
            raise SettingError(f"{source} was measured already: leave out all options but --out, or name its source")
        publish_earlier(earlier, folder)
        return
    from edge.app.run import follow
    from edge.app.session import open_session
    from edge.exam.sampling import EvenSample

    with busy("opening; the first time, auto measures every runtime on this board"):
        session = open_session(
            source,
            task=task,
            pathway=pathway,
            runtime=runtime,
            precision=precision,
            out=folder,
            video=False,
            fps=fps,
            mm_per_px=mm_per_px,
            depth_mm=depth_mm,
            max_frames=frames,
            tell=say,
        )
    if fps is None and Path(source).is_dir():
        say("each picture stands for 1 s; --fps says how many a second they are")
    sample: EvenSample[Taken] = EvenSample(KEPT_PICTURES)
    try:
        follow(session, lambda result: take(sample, result))
    finally:
        # Also of a run that was interrupted or met a damaged file: what there is is kept.
        publish(series_of(read_records(folder / FILE_NAME)), sample.pick(pictures), folder)


def records_in(source: str) -> Path | None:
    """The records of an earlier run, where `source` names its folder or the file itself."""
    from edge.sink.records import FILE_NAME

    path = Path(source).expanduser()
    if path.suffix == ".jsonl" and path.is_file():
        return path
    return path / FILE_NAME if (path / FILE_NAME).is_file() else None


def publish_earlier(path: Path, folder: Path) -> None:
    """The course of an earlier run's records; `folder` is made once they are read.

    Raises SourceFormatError where they hold no frame.
    """
    from edge.exam.series import series_of
    from edge.sink.folder import claim_folder
    from edge.sink.records import read_records

    records = read_records(path)
    course = series_of(records)
    if not course.instants:
        raise SourceFormatError(f"{path} holds no frame; expected the records of a run that measured one")
    if records.cut:
        say(records.cut)
    publish(course, [], claim_folder(folder))
    say("an earlier run keeps no pictures: course.png is left out")


def take(sample: "EvenSample[Taken]", result: "Result") -> None:
    """Keeps the picture of a frame in which something was found, if its turn has come."""
    from edge.finding import FieldMark, Verdict

    found = result.finding
    if found.verdict is not Verdict.REFUSED:
        coloured = any(isinstance(mark, FieldMark) for mark in found.marks)
        sample.add(lambda: Taken(found.exposed_ns, small_picture(result), coloured))


def small_picture(result: "Result") -> "NDArray[np.uint8]":
    """(height, width, 3) BGR with heat map and lines, at most PICTURE_PX a side."""
    import cv2

    from edge.overlay.draw import draw_found

    picture = draw_found(result.frame, result.finding)
    scale = min(1.0, PICTURE_PX / max(picture.shape))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)


def publish(course: "Series", taken: "Sequence[Taken]", folder: Path) -> None:
    """Writes the tables, and the figures where anything was measured; prints their paths."""
    from edge.exam.series import csv_of, json_lines_of
    from edge.sink.folder import write_whole

    if not course.instants:
        return
    write_whole(folder / "series.csv", csv_of(course).encode())
    write_whole(folder / "series.jsonl", json_lines_of(course).encode())
    if not course.quantities:
        say("nothing was measured, so there is no figure")
    with busy("drawing the figures"):
        names = ["series.csv", "series.jsonl", *write_figures(course, taken, folder)]
    for name in names:
        out().print(f"  {folder / name}", markup=False, soft_wrap=True)


def write_figures(course: "Series", taken: "Sequence[Taken]", folder: Path) -> list[str]:
    """The names of the PNG and SVG files: the curves, and these with the pictures above them.

    None where matplotlib is missing, which is said: the tables were worth the run.
    """
    # What it says of its cache of fonts at the first import helps nobody here.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from edge.exam.plot import Still, file_of, plot
    except ImportError as error:
        say(
            f"there are no figures: they need a library that is not installed ({error}); install it with: "
            "pip install 'sonoedge[plots]', then sonoedge series RUN --out NEW draws the curves of this run's records"
        )
        return []
    from edge.sink.folder import write_whole

    stills = [Still((one.exposed_ns - course.first_ns) / 1e9, one.pixels, one.coloured) for one in taken]
    figures: dict[str, Sequence[Still]] = {"series": ()} if course.quantities else {}
    if stills:
        figures["course"] = stills
    for stem, shown in figures.items():
        figure = plot(course, shown, quantities=PLOTTED)
        write_whole(folder / f"{stem}.png", file_of(figure, "png"))
        write_whole(folder / f"{stem}.svg", file_of(figure, "svg"))
    return [f"{stem}.{kind}" for stem in figures for kind in ("png", "svg")]
