"""`sonoedge run TASK`: measure what a source shows."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from edge.app.console import busy, err, out, say, stopping_by_signal
from edge.app.task_commands import task_commands

if TYPE_CHECKING:
    from edge.app.session import Session
    from edge.loop.step import Result
    from edge.task.spec import TaskSpec

HELP = """Measure a picture, a folder, a video, a DICOM file or a live probe.

Name the task first; `sonoedge run TASK --help` shows its own options among the common ones. Results go to --out:
findings.jsonl, one record per frame, and video-001.mkv. Ctrl-C ends a run in order.

[bold]Examples[/]

  sonoedge run TASK --source clip.mp4 --out results --stills

  sonoedge run TASK --source camera:/dev/video0 --depth-mm 40 --view 8080

  sonoedge run TASK --source phantom:TASK,seed=7 --frames 100

  sonoedge run TASK --source phantom:TASK --probe sim: --view 8080
"""


def run_task(spec: "TaskSpec", given: Mapping[str, Any]) -> None:
    """Measures until the source ends; shows progress and the summary."""
    from edge.app.session import open_session

    with busy("opening; the first time, auto measures every runtime on this board"):
        session = open_session(task=spec.name, tell=say, **given)
    if session.settings.out is not None:
        say(f"results: {session.settings.out}")
    follow(session)


run = task_commands(HELP, run_task)


def follow(session: "Session", seen: "Callable[[Result], object]" = lambda result: None) -> None:
    """Runs a session to its end with live progress; shows the summary however it ends, then raises what ended it.

    `seen` is called with each result.
    """
    from edge.app.probe.keys import terminal_keys
    from edge.app.progress import progress_line
    from edge.app.tables import run_view, summary_view

    terms = session.settings.task.terms
    say(f"runtime: {session.runtime} ({session.runtime_reason})")
    if session.page_url is not None:
        say(f"live picture: {session.page_url}")

    def stop(signal_name: str) -> None:
        session.stop(signal_name)
        put_back_terminal()

    try:
        with (
            terminal_keys(session.control, say) as put_back_terminal,
            stopping_by_signal(stop),
            session,
            progress_line(terms).shown() as line,
        ):
            for result in session.results():
                seen(result)
                line.update(session.statistics, result.finding)
    finally:
        if session.summary().frames:
            out().print(summary_view(session.summary(), terms))
            err().print(run_view(session.statistics()))
