"""`sonoedge demo`: the whole chain with no hardware, against a known truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import out, say

if TYPE_CHECKING:
    from edge.app.truth import Comparison
    from edge.loop.step import Result

FPS = 25.0
OWN_FILES = ("findings.jsonl", "video-001.mkv", "picture.png")
TRUTH_EVERY = 5
"""Every so many frames are compared: drawing the truth takes as long as the picture did."""


def demo(
    out_folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for video, picture and records.")] = Path(
        "out/demo"
    ),
    frames: Annotated[int, typer.Option(help="Length of the scan, 25 frames a second.", min=1, max=5000)] = 150,
    seed: Annotated[int, typer.Option(help="Another knee for each number.", min=0)] = 1,
    runtime: Annotated[str, typer.Option(help="onnx, openvino, tflite or auto.")] = "auto",
    precision: Annotated[str | None, typer.Option(help="int8 or float.")] = None,
) -> None:
    """Scan a simulated knee, measure its cartilage, compare with the truth. Needs no hardware and no network.

    Leaves picture.png, video-001.mkv and findings.jsonl in --out; an earlier demo there is replaced.

    [bold]Example[/]

      sonoedge demo --seed 7
    """
    from edge.app.run import follow
    from edge.app.session import open_session
    from edge.app.truth import compare

    remove_earlier(out_folder)
    session = open_session(
        f"phantom:cartilage,seed={seed},frames={frames},paced=no",
        runtime=runtime,
        precision=precision,
        out=out_folder,
        fps=FPS,
    )
    kept: list[Result] = []
    follow(session, lambda result: kept.append(result) if result.finding.sequence % TRUTH_EVERY == 0 else None)
    keep_picture(out_folder / "picture.png", kept)
    print_comparison(compare([result.finding for result in kept], seed, FPS))
    say(f"look at {out_folder / 'picture.png'} and {out_folder / 'video-001.mkv'}")


def remove_earlier(folder: Path) -> None:
    """Removes what an earlier demo left, and nothing else: it can be made again at any time, to the last bit."""
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)


def keep_picture(path: Path, results: "list[Result]") -> None:
    """The middle one of those that were measured."""
    from edge.finding import Verdict
    from edge.sink.folder import write_whole
    from edge.sink.png import png_bytes

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
