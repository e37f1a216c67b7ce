"""`sonoedge demo TASK`: the whole chain with no hardware, against a known truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from edge.app.console import busy, out, say
from edge.app.task_commands import task_commands
from edge.errors import SettingError
from edge.option import Option, taken

if TYPE_CHECKING:
    from edge.app.truth import Comparison
    from edge.loop.step import Result
    from edge.task.spec import TaskSpec
    from edge.terms import Terms

FPS = 25.0
MARK = "picture.png"
"""A run never writes it: it tells a demo's folder from one with results."""
OWN_FILES = ("run.json", "findings.jsonl", "video-001.mkv", "panorama.png", MARK)
TRUTH_EVERY = 5
"""Every so many frames are compared: drawing the truth takes as long as the picture did."""

HELP = """Scan a simulated body part, measure it, compare with the truth. Needs no hardware.

Leaves picture.png, video-001.mkv and findings.jsonl in --out (and panorama.png, of a task that makes one); an earlier
demo there is replaced. Without a task the
first one is shown.

[bold]Examples[/]

  sonoedge demo TASK --seed 7

  sonoedge demo
"""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What a demo asks for beside the run's settings."""

    out: Annotated[Path, Option("Folder for video, picture and records.", short="-o")] = Path("out/demo")
    frames: Annotated[
        int | None,
        Option("Length of the scan, 25 frames/s. Without it: what the task needs.", low=2, high=5000),
    ] = None
    seed: Annotated[int, Option("Another body for each number.", low=0)] = 1


def demo_task(spec: "TaskSpec", given: Mapping[str, Any]) -> None:
    """Runs the task on its first anatomy and prints how its measurements differ from the truth."""
    from edge.app.run import follow
    from edge.app.session import open_session
    from edge.app.truth import compare

    asked, settings = taken(DemoOptions, given, "the demo")
    anatomy = spec.anatomies[0]
    scratch = scratch_folder(asked.out)
    with busy("opening; the first time, auto measures every runtime on this board"):
        session = open_session(
            f"phantom:{anatomy.name},seed={asked.seed},frames={asked.frames or spec.demo_frames},paced=no",
            task=spec.name,
            out=scratch,
            fps=FPS,
            **settings,
        )
    kept: list[Result] = []
    follow(session, lambda result: kept.append(result) if result.finding.sequence % TRUTH_EVERY == 0 else None)
    keep_picture(scratch / MARK, kept)
    publish(scratch, asked.out)
    print_comparison(compare([result.finding for result in kept], anatomy.open(asked.seed), FPS), spec.terms)
    say(f"look at {asked.out / MARK} and {asked.out / 'video-001.mkv'}")


demo = task_commands(
    HELP,
    demo_task,
    options=DemoOptions,
    settings=("pathway", "runtime", "precision"),
    offered=lambda spec: spec.demo_frames is not None,
    first=True,
)


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
    made = {path.name for path in scratch.iterdir()}
    for name in made:
        (scratch / name).replace(folder / name)
    for name in set(OWN_FILES) - made:
        (folder / name).unlink(missing_ok=True)
    scratch.rmdir()


def keep_picture(path: Path, results: "list[Result]") -> None:
    """The middle one of those that were measured."""
    from edge.finding import Verdict
    from edge.sink.folder import write_whole
    from edge.sink.pictures import png_bytes

    measured = [result for result in results if result.finding.verdict is Verdict.MEASURED] or results
    write_whole(path, png_bytes(measured[len(measured) // 2].picture_bgr))


def print_comparison(comparisons: "tuple[Comparison, ...]", terms: "Terms") -> None:
    from edge.app.tables import plain_table
    from edge.terms import plain_unit

    if not comparisons:
        out().print("no frame was measured, so there is nothing to compare with the truth", style="yellow")
        return
    columns = ("against the truth", "measured", "truth", "unit", "mean error", "in interval")
    table = plain_table(*columns, left=("against the truth", "unit"))
    for one in comparisons:
        values = (one.named or f"{one.measured:.2f}", one.truth_named or f"{one.truth:.2f}")
        figures = (*values, "" if one.named else plain_unit(one.unit), f"{one.mean_absolute_error:.2f}")
        table.add_row(terms.words(one.name), *figures, f"{100 * one.inside_interval:.0f} %")
    out().print()
    out().print(table)
