"""`sonoedge demo`: the whole chain with no hardware, against a known truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import busy, out, say
from edge.errors import SettingError

if TYPE_CHECKING:
    from edge.app.truth import Comparison
    from edge.loop.step import Result

FPS = 25.0
FRAMES = {"cartilage": 150, "muscle": 200, "nerve": 150}
"""By task: a sweep over the knee; a whole contraction; six seconds of heart and hand."""
MARK = "picture.png"
"""A run never writes it: it tells a demo's folder from one with results."""
OWN_FILES = ("findings.jsonl", "video-001.mkv", MARK)
TRUTH_EVERY = 5
"""Every so many frames are compared: drawing the truth takes as long as the picture did."""


def demo(
    out_folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for video, picture and records.")] = Path(
        "out/demo"
    ),
    task: Annotated[str, typer.Option("--task", "-t", help=f"What to scan: {' or '.join(FRAMES)}.")] = "cartilage",
    frames: Annotated[
        int | None,
        typer.Option(help="Length of the scan, 25 frames a second. Without it: what the task needs.", min=1, max=5000),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another body for each number.", min=0)] = 1,
    runtime: Annotated[str, typer.Option(help="onnx, openvino, tflite or auto.")] = "auto",
    precision: Annotated[str | None, typer.Option(help="int8 or float.")] = None,
) -> None:
    """Scan a simulated knee, a contracting muscle or a nerve, measure it, compare with the truth. Needs no hardware.

    Leaves picture.png, video-001.mkv and findings.jsonl in --out; an earlier demo there is replaced.

    [bold]Example[/]

      sonoedge demo --seed 7

      sonoedge demo --task muscle
    """
    from edge.app.run import follow
    from edge.app.session import open_session
    from edge.app.truth import compare

    if task not in FRAMES:
        raise SettingError(f"there is no demo of '{task}'; there are: {', '.join(FRAMES)}")
    scratch = scratch_folder(out_folder)
    with busy("opening; the first time, auto measures every runtime on this board"):
        session = open_session(
            f"phantom:{task},seed={seed},frames={frames or FRAMES[task]},paced=no",
            task=task,
            runtime=runtime,
            precision=precision,
            out=scratch,
            fps=FPS,
        )
    kept: list[Result] = []
    follow(session, lambda result: kept.append(result) if result.finding.sequence % TRUTH_EVERY == 0 else None)
    keep_picture(scratch / MARK, kept)
    publish(scratch, out_folder)
    print_comparison(compare([result.finding for result in kept], seed, FPS))
    say(f"look at {out_folder / MARK} and {out_folder / 'video-001.mkv'}")


def scratch_folder(folder: Path) -> Path:
    """Where the demo is made, so that an earlier one stays whole until the new one is.

    Raises SettingError where `folder` holds anything that no demo made: a run's results are never replaced.
    """
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if held and not (MARK in held and held <= set(OWN_FILES)):
        strange = sorted(held - set(OWN_FILES)) or sorted(held)
        raise SettingError(f"{folder} holds {strange[0]}, which no demo made; choose another folder with --out")
    scratch = folder.with_name(folder.name + ".new")
    for name in OWN_FILES:
        (scratch / name).unlink(missing_ok=True)
    return scratch


def publish(scratch: Path, folder: Path) -> None:
    """Puts the finished demo in the place of the earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in scratch.iterdir():
        path.replace(folder / path.name)
    scratch.rmdir()


def keep_picture(path: Path, results: "list[Result]") -> None:
    """The middle one of those that were measured."""
    from edge.finding import Verdict
    from edge.sink.folder import write_whole
    from edge.sink.pictures import png_bytes

    measured = [result for result in results if result.finding.verdict is Verdict.MEASURED] or results
    write_whole(path, png_bytes(measured[len(measured) // 2].picture_bgr))


def print_comparison(comparisons: "tuple[Comparison, ...]") -> None:
    from edge.app.tables import plain_table
    from edge.app.wording import plain, plain_unit

    if not comparisons:
        out().print("no frame was measured, so there is nothing to compare with the truth", style="yellow")
        return
    columns = ("against the truth", "measured", "truth", "unit", "mean error", "in interval")
    table = plain_table(*columns, left=("against the truth", "unit"))
    for one in comparisons:
        figures = (f"{one.measured:.2f}", f"{one.truth:.2f}", plain_unit(one.unit), f"{one.mean_absolute_error:.2f}")
        table.add_row(plain(one.name), *figures, f"{100 * one.inside_interval:.0f} %")
    out().print()
    out().print(table)
