"""`sonoedge serve`: a page from which all of it is done, for the board's own screen, a tablet or a telephone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from edge.app.console import busy, out, say, stopping_by_signal
from edge.app.task_commands import task_commands
from edge.option import Option, taken

if TYPE_CHECKING:
    from edge.task.spec import TaskSpec

HELP = """Serve a page: choose a task, scan, freeze, correct, save. It shows a live picture, of a camera or simulated.

Without --bind the page is for this machine alone. With it, others reach it by the board's own certificate and a code
that holds once; both are shown here. Without --source the simulated probe shows what the task is for.

[bold]Examples[/]

  sonoedge serve --probe sim:

  sonoedge serve TASK --source camera:/dev/video0 --probe /dev/ttyACM0 --bind 0.0.0.0

  sonoedge serve TASK --probe sim: --framebuffer /dev/fb0
"""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the page is asked for beside the run's settings."""

    source: Annotated[
        str | None, Option("camera:/dev/video0, or simulated: phantom:NAME. Without it: simulated.", short="-s")
    ] = None
    port: Annotated[int, Option("The page's; 0: any that is free.", low=0, high=65535)] = 8080
    bind: Annotated[
        str,
        Option("Address of this board at which others reach the page; 0.0.0.0: all of them.", metavar="ADDRESS"),
    ] = "127.0.0.1"
    out: Annotated[
        Path | None,
        Option("Folder for the exams that are saved. Without it: exams in the user's data folder.", short="-o"),
    ] = None
    framebuffer: Annotated[
        Path | None,
        Option(
            "Show the picture on the board's own screen too, such as /dev/fb0; with --bind, while nobody looks on, "
            "also a QR code that lets in.",
            metavar="DEVICE",
        ),
    ] = None


def serve_task(spec: "TaskSpec", given: Mapping[str, Any]) -> None:
    """Serves until it is stopped."""
    import time
    from contextlib import ExitStack

    from edge.app.exams import Exams
    from edge.app.page import checked_address, open_page, page_lines
    from edge.app.user_folder import exams_folder
    from edge.app.workplace import Workplace
    from edge.viewer.pictures import Pictures

    asked, settings = taken(ServeOptions, given, "the page")
    address = checked_address(asked.bind)
    exams = Exams(exams_folder(asked.out))
    pictures = Pictures(time.monotonic_ns)
    with ExitStack() as opened:
        views, screen = {}, None
        if asked.framebuffer is not None:
            from edge.app.board_screen import BoardScreen
            from edge.sink.framebuffer import FramebufferSink, LentSink

            screen = opened.enter_context(BoardScreen(FramebufferSink(asked.framebuffer)))
            views = {"screen": LentSink(screen)}
        workplace = Workplace(spec.name, {"source": asked.source, **settings}, exams, pictures, say, views=views)
        with busy("opening the page"):
            page = opened.enter_context(open_page(workplace, pictures, asked.port, address))
        invite(page, say)
        if screen is not None and page.fingerprint:
            screen.follow(page)
        with stopping_by_signal(workplace.stop):
            workplace.run()
        page.close()
        for line in page_lines(page):
            out().print(line, highlight=False)


def invite(page: Any, tell: Any) -> None:
    """How somebody gets in: the address, and for another device its QR code and the certificate's fingerprint."""
    address = page.invitation()
    tell(f"page: {address}")
    if page.fingerprint:
        from edge.viewer.invitation import qr_code

        tell(f"certificate, SHA-256: {page.fingerprint}")
        tell("the code lets one browser in, within five minutes; the page gives further ones")
        tell(f"page on this board: {page.own_invitation()}")
        qr_code(address).terminal(compact=True)


serve = task_commands(
    HELP,
    serve_task,
    options=ServeOptions,
    settings=(
        "pathway",
        "runtime",
        "precision",
        "threads",
        "ahead",
        "budget",
        "fps",
        "mm_per_px",
        "depth_mm",
        "probe",
        "arm",
    ),
    first=True,
)
