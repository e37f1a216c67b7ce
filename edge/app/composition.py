"""The composition root: source, screen, task, runtime, overlay and sinks put together as the settings say."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edge.app.settings import Settings, usable_cores
from edge.clock import Clock, MonotonicClock
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.loop.capture import ignore
from edge.loop.runner import Loop
from edge.loop.step import Draw, Step, runtime_label
from edge.overlay.draw import draw
from edge.overlay.stages import draw_stages
from edge.registry import Entry, load
from edge.runtime.choice import Choice
from edge.runtime.contract import Runtime
from edge.runtime.manifest import load_manifest, model_folder
from edge.runtime.none import NoNetwork
from edge.runtime.opening import open_runtime
from edge.screen.locator import Locator
from edge.sink.contract import Sink
from edge.sink.folder import claim_folder
from edge.sink.queueing import QueuedSink
from edge.sink.table import SINKS
from edge.source.contract import FrameSource
from edge.source.opening import open_source, split_spec
from edge.task.contract import Task
from edge.task.table import CLASSICAL, TASKS

if TYPE_CHECKING:
    from edge.app.probe_link import ProbeLink

VIEWERS = {"page": Entry("edge.viewer.page:PageSink", extra="viewer")}
VIDEO_FPS = 25.0
"""Pace of the video where the frames carry no times that go on."""
LIVE_QUEUE = 32
"""Room for a memory card's hiccup of a second; about 40 MB at 640 x 480."""
RECORDED_QUEUE = 4
"""A recording waits for its sinks, so a longer queue would only hold more memory: an 8k picture takes 100 MB."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that is open for one run."""

    loop: Loop
    source: FrameSource
    probe: "ProbeLink | None"
    """Not started yet: from then on it transmits only while frames are read."""
    runtime_label: str
    runtime_reason: str
    page_url: str | None
    opened: ExitStack
    """Closes all of it: the loop first, then what it used."""


def compose(settings: Settings, clock: Clock | None = None, tell: Callable[[str], None] = ignore) -> Chain:
    """Opens everything in the order of what fails soonest; on an error nothing stays open."""
    clock = clock or MonotonicClock()
    task = _task_asked_for(settings)
    with ExitStack() as opened:
        source, probe = _open_source(settings, clock, tell, opened)
        runtime, choice = _open_runtime(settings, task)
        opened.enter_context(runtime)
        page = _open_page(settings.view_port)
        capacity = LIVE_QUEUE if source.live else RECORDED_QUEUE
        sinks = {
            name: opened.enter_context(QueuedSink(sink, capacity, lossless=not source.live))
            for name, sink in _open_sinks(settings).items()
        }
        if page is not None:
            sinks["page"] = opened.enter_context(QueuedSink(page, 1, lossless=False))
        locator = Locator(_stated_spacing(settings.mm_per_px), settings.depth_mm)
        step = Step(locator.locate, task, runtime, _picture_of(source.live, settings.stages), clock)
        loop = opened.enter_context(Loop(source, step, sinks, clock, max_frames=settings.max_frames, tell=tell))
        return Chain(
            loop, source, probe, runtime_label(runtime), choice.reason, page.url if page else None, opened.pop_all()
        )


def _open_source(
    settings: Settings, clock: Clock, tell: Callable[[str], None], opened: ExitStack
) -> tuple[FrameSource, "ProbeLink | None"]:
    """The source, and the probe that its frames learn their state from; a phantom also obeys it."""
    if settings.probe is None:
        return opened.enter_context(open_source(settings.source, fps=settings.fps, clock=clock)), None
    from edge.app.probe_link import open_link
    from edge.source.probed import SCREEN_LAG_S, ProbedSource

    kind, rest = split_spec(settings.source)
    if kind == "phantom":
        from edge.source.phantom import open_phantom

        probe, exposures = open_link(settings.probe, tell)
        opened.enter_context(probe)
        phantom = open_phantom(rest, fps=settings.fps, clock=clock, feed=exposures)
        return opened.enter_context(ProbedSource(phantom, probe)), probe
    source = opened.enter_context(open_source(settings.source, fps=settings.fps, clock=clock))
    if not source.live:
        raise SettingError(f"--probe needs a live picture, camera:... or phantom:...; {settings.source} is recorded")
    probe, _ = open_link(settings.probe, tell)
    opened.enter_context(probe)
    return opened.enter_context(ProbedSource(source, probe, lag_s=SCREEN_LAG_S)), probe


def _task_asked_for(settings: Settings) -> Task:
    if settings.stages:
        from edge.app.nerve import open_classical_nerve

        return open_classical_nerve(stages=True)
    if settings.task != "tissue":
        return open_task(settings.task, mirrored=settings.mirrored, pathway=settings.pathway)
    from edge.app.tissue import open_tissue

    return open_tissue(
        settings.pathway, settings.roi, settings.reference, device=settings.device, preset=settings.preset
    )


def open_task(name: str, *, mirrored: bool = False, pathway: str = "deep") -> Task:
    """The task of this name, with the figures that its model was calibrated to; `classical`: the one without a network.

    Raises UnknownNameError for a task or model that is not there, SettingError for one that needs its network,
    ModelError for a damaged manifest.
    """
    if name == "tissue":
        from edge.app.tissue import open_tissue

        return open_tissue(pathway)
    if pathway == "classical":
        if name in TASKS and name not in CLASSICAL:
            raise SettingError(f"{name} cannot do without its network; --pathway classical is for {_listed(CLASSICAL)}")
        if name == "nerve":
            from edge.app.nerve import open_classical_nerve

            return open_classical_nerve()
        plain: Task = load("task without a network", CLASSICAL, name)(mirrored=mirrored)
        return plain
    kind = load("task", TASKS, name)
    manifest = load_manifest(model_folder(kind.model))
    figures = {number.name: number.value for number in (*manifest.thresholds, *manifest.calibration)}
    task: Task = kind(figures, mirrored=mirrored)
    return task


def _listed(names: Iterable[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}"


def _open_runtime(settings: Settings, task: Task) -> tuple[Runtime, Choice]:
    if settings.pathway == "classical":
        return NoNetwork(), Choice(NoNetwork.name, NoNetwork.precision, "--pathway classical")
    threads = settings.threads or usable_cores()
    return open_runtime(settings.runtime, model_folder(task.model), precision=settings.precision, threads=threads)


def _stated_spacing(mm_per_px: float | None) -> PixelSpacing | None:
    return None if mm_per_px is None else PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.USER)


def _open_page(port: int | None) -> Any:
    """The live page; its class is found by name because its library is optional."""
    return None if port is None else load("viewer", VIEWERS, "page")(port)


def _open_sinks(settings: Settings) -> dict[str, Sink]:
    """The sinks that write to the folder, which no earlier run may have used."""
    if settings.out is None:
        return {}
    folder = claim_folder(settings.out)
    sinks: dict[str, Sink] = {"records": load("sink", SINKS, "records")(folder)}
    if settings.video:
        sinks["video"] = load("sink", SINKS, "video")(folder, settings.fps or VIDEO_FPS)
    for name, wanted in (("stills", settings.stills), ("masks", settings.masks)):
        if wanted:
            sinks[name] = load("sink", SINKS, name)(folder)
    return sinks


def _picture_of(live: bool, stages: bool) -> Draw:
    plain = live_picture if live else recorded_picture
    if not stages:
        return plain
    return lambda frame, finding, age_s: draw_stages(frame, finding, plain(frame, finding, age_s))


def live_picture(frame: Frame, finding: Finding, age_s: float) -> NDArray[np.uint8]:
    """The frame with its own finding drawn, and how old it is."""
    return draw(frame, finding, age_s=age_s)


def recorded_picture(frame: Frame, finding: Finding, age_s: float) -> NDArray[np.uint8]:
    """The same without the age: how long ago a recording was read from a file means nothing to anybody."""
    return draw(frame, finding)
