"""`sonoedge run`: measure what a source shows."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import busy, err, out, say
from edge.app.stopping import stopping_by_signal

if TYPE_CHECKING:
    from edge.app.session import Session
    from edge.loop.step import Result


def run(
    source: Annotated[
        str,
        typer.Option(
            "--source",
            "-s",
            help="A file, a folder, camera:/dev/video0, or simulated: phantom:cartilage, :muscle, :nerve, :tissue.",
        ),
    ],
    task: Annotated[str, typer.Option("--task", "-t", help="What to look for.")] = "cartilage",
    pathway: Annotated[
        str, typer.Option(help="deep (the network) or classical (image analysis alone; muscle, nerve, tissue).")
    ] = "deep",
    runtime: Annotated[
        str, typer.Option(help="onnx, openvino, tflite; auto takes the fastest on this board and says why.")
    ] = "auto",
    precision: Annotated[str | None, typer.Option(help="int8 or float. Without it: int8, or the faster.")] = None,
    threads: Annotated[int | None, typer.Option(help="For the model. Without it: all cores of this process.")] = None,
    out_folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="New folder for the results. Without it nothing is kept.")
    ] = None,
    video: Annotated[bool, typer.Option(help="Keep the annotated video in --out.")] = True,
    stills: Annotated[bool, typer.Option("--stills", help="Keep every annotated picture as PNG in --out.")] = False,
    masks: Annotated[
        bool, typer.Option("--masks", help="Keep each frame's label mask as PNG, in the source picture's size.")
    ] = False,
    stages: Annotated[
        bool,
        typer.Option("--stages", help="Show every step, from speckle to border: --task nerve --pathway classical."),
    ] = False,
    fps: Annotated[
        float | None, typer.Option(help="Pace of a recording, or of a folder of pictures, in frames/s.")
    ] = None,
    mm_per_px: Annotated[
        float | None, typer.Option(help="Scale, where you know it better than the picture tells.")
    ] = None,
    depth_mm: Annotated[
        float | None, typer.Option(help="Depth that the probe is set to, where the picture is uncut.")
    ] = None,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="The picture's right side is medial; without it the left side is.")
    ] = False,
    frames: Annotated[int | None, typer.Option(help="End after so many frames.")] = None,
    view: Annotated[
        int | None, typer.Option(metavar="PORT", help="Show the live picture at http://127.0.0.1:PORT/ (0: any port).")
    ] = None,
    roi: Annotated[
        str | None,
        typer.Option(help="Region for --task tissue, in pixels: x,y,width,height or x1,y1;x2,y2;... Else proposed."),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Recorded reference for the echo intensity's z-score: sonoedge reference list.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="The scanner in use, as the --reference names it.")] = None,
    preset: Annotated[str | None, typer.Option(help="Its preset. Without it: what the probe says.")] = None,
    probe: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The probe's serial port, socket://host:port, or sim: (simulated)."),
    ] = None,
    arm: Annotated[bool, typer.Option(help="Let the --probe transmit from the start of the run.")] = True,
) -> None:
    """Measure a picture, a folder, a video, a DICOM file or a live probe.

    Results go to --out: findings.jsonl, one record a frame, and video-001.mkv. Ctrl-C ends a run in order.

    [bold]Examples[/]

      sonoedge run --source knee.png --out results --stills

      sonoedge run --source camera:/dev/video0 --depth-mm 40 --view 8080

      sonoedge run --source phantom:muscle,motion=stretch --task muscle --frames 100

      sonoedge run --source arm.png --task nerve --pathway classical --stages --stills --out steps

      sonoedge run --source arm.png --task tissue --roi 210,140,120,60 --out arm

      sonoedge run --source phantom:cartilage --probe sim: --view 8080
    """
    from edge.app.session import open_session

    with busy("opening; the first time, auto measures every runtime on this board"):
        session = open_session(
            source,
            task=task,
            pathway=pathway,
            runtime=runtime,
            precision=precision,
            threads=threads,
            out=out_folder,
            video=video,
            stills=stills,
            masks=masks,
            stages=stages,
            fps=fps,
            mm_per_px=mm_per_px,
            depth_mm=depth_mm,
            mirrored=mirrored,
            max_frames=frames,
            view_port=view,
            roi=roi,
            reference=reference,
            device=device,
            preset=preset,
            probe=probe,
            arm=arm,
            tell=say,
        )
    if out_folder is not None:
        say(f"results: {out_folder}")
    follow(session)


def follow(session: "Session", seen: Callable[["Result"], object] = lambda result: None) -> None:
    """Runs a session to its end with live progress; shows the summary however it ends, then raises what ended it.

    `seen` is called with each result.
    """
    from edge.app.progress import progress_line
    from edge.app.tables import run_view, summary_view

    say(f"runtime: {session.runtime} ({session.runtime_reason})")
    if session.page_url is not None:
        say(f"live picture: {session.page_url}")
    try:
        with stopping_by_signal(session.stop), session, progress_line().shown() as line:
            for result in session.results():
                seen(result)
                line.update(session.statistics, result.finding)
    finally:
        if session.summary().frames:
            out().print(summary_view(session.summary()))
            err().print(run_view(session.statistics()))
