"""The composition root: source, screen, task, runtime, overlay and sinks put together as the settings say."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.app.board import slowed_by
from edge.app.memory import give_back
from edge.app.opening import folder_of, open_task
from edge.app.run_file import RunFile, about_run
from edge.app.settings import Settings, usable_cores
from edge.clock import Clock, MonotonicClock
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.loop.budget import Keeper
from edge.loop.capture import ignore
from edge.loop.pointer import Pointer
from edge.loop.runner import Loop
from edge.loop.step import Draw, Step, runtime_label
from edge.overlay.draw import draw
from edge.overlay.panorama import draw_panorama
from edge.overlay.projected import projected
from edge.overlay.sheet import OverlayMemory
from edge.overlay.stages import draw_stages
from edge.registry import load
from edge.runtime.contract import Runtime
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import open_runtime
from edge.runtime.repeated import RepeatedRuntime
from edge.screen.locator import Locator
from edge.sink.contract import Sink
from edge.sink.folder import claim_folder
from edge.sink.queueing import QueuedSink
from edge.sink.table import SINKS
from edge.source.contract import FrameSource
from edge.source.opening import SIMULATED, open_source, split_spec
from edge.task.contract import Asked, Task
from edge.task.table import anatomies
from edge.terms import Projection, Terms

if TYPE_CHECKING:
    from edge.app.probe.orders import ProbeControl
    from edge.app.probe.script import Script, ScriptPlayer
    from edge.app.probe_link import Exposures, ProbeLink
    from edge.viewer.server import PageServer

VIDEO_FPS = 25.0
"""Pace of the video where the frames carry no times that go on."""
LIVE_QUEUE = 32
"""Room for a memory card's hiccup of a second; about 40 MB at 640 x 480."""
RECORDED_QUEUE = 4
"""A recording waits for its sinks, so a longer queue would only hold more memory: an 8k picture takes 100 MB."""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A task with its runtime, open for any number of runs with the same settings, one after the other."""

    task: Task
    runtime: Runtime | None
    """None: the pathway runs no network."""
    reason: str
    """Why that runtime."""
    further: Path | None = None
    """Folder of the further network that the task asks. None: it asks none, or its own."""
    asked: Asked | None = None
    """That network."""

    def with_options(self, settings: Settings) -> "OpenModel":
        """The same model for settings that differ in the task's options alone."""
        return replace(self, task=_task(settings, self.asked))


def open_model(settings: Settings, opened: ExitStack) -> OpenModel:
    """What the settings ask for; `opened` closes its runtime. Raises as `open_task` and `open_runtime`."""
    runtime, reason = _open_runtime(settings, opened)
    asked, folder = _open_asked(settings, runtime, opened)
    return OpenModel(_task(settings, asked), runtime, reason, folder, asked)


def _task(settings: Settings, asked: Asked | None) -> Task:
    pathway = settings.task.pathway(settings.pathway)
    return open_task(
        settings.task, pathway.name, settings.options, model=settings.model, stages=settings.stages, asked=asked
    )


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that is open for one run."""

    loop: Loop
    source: FrameSource
    probe: "ProbeLink | None"
    """Not started yet: from then on it transmits only while frames are read."""
    runtime_label: str
    runtime_reason: str
    control: "ProbeControl | None"
    """For who gives the probe orders."""
    script: "ScriptPlayer | None"
    """Of orders to the probe; not started yet."""
    pointer: Pointer | None
    """For who points at something in the picture."""
    page: "PageServer | None"
    run_file: RunFile | None
    opened: ExitStack
    """Closes all of it: the loop first, then what it used."""


def compose(
    settings: Settings,
    clock: Clock | None = None,
    tell: Callable[[str], None] = ignore,
    source: FrameSource | None = None,
    model: OpenModel | None = None,
    drawn: bool = True,
    views: Mapping[str, Sink] = MappingProxyType({}),
) -> Chain:
    """Opens everything in the order of what fails soonest; on an error nothing stays open.

    source: one that is open already, in place of the one that the settings name. model: one that is open already and
    stays so. drawn: False: nobody looks, and each result's picture is empty. views: sinks that show what is there now.
    """
    clock = clock or MonotonicClock()
    spec = settings.task
    script = _read_script(settings)
    with ExitStack() as opened:
        if source is None:
            source, probe = _open_source(settings, clock, tell, opened)
        else:
            source, probe = opened.enter_context(source), None
        if script is not None and probe is not None:
            script = script.fitted(probe.probe.parameter_table())
        used = model or open_model(settings, opened)
        pointer = Pointer(spec.pointed(settings.options)) if spec.pointed is not None else None
        page, page_view = _open_page(settings, pointer, opened)
        views = {**views, **page_view}
        opened_sinks, run_file = _open_sinks(
            settings,
            lambda: about_run(settings, used.runtime, used.reason, probe.probe if probe else None, used.further),
        )
        capacity = LIVE_QUEUE if source.live else RECORDED_QUEUE
        sinks = {
            name: opened.enter_context(QueuedSink(sink, capacity, lossless=not source.live))
            for name, sink in opened_sinks.items()
        }
        shown = {name: opened.enter_context(QueuedSink(view, 1, lossless=False)) for name, view in views.items()}
        keeper = _keeper(settings, source, clock, tell)
        locator = Locator(_stated_spacing(settings.mm_per_px), settings.depth_mm)
        draw_on: Draw = _nothing_drawn
        if drawn:
            project = _projecting(settings)
            draw_on = drawing(spec.terms, live=source.live, stages=settings.stages, project=project)
        step = Step(locator.locate, spec.gate, spec.terms, used.task, used.runtime, draw_on, clock, pointer)
        loop = opened.enter_context(
            Loop(
                source,
                step,
                sinks,
                clock,
                views=shown,
                ahead=settings.ahead and usable_cores() > 1,
                keeper=keeper,
                max_frames=settings.max_frames,
                tell=tell,
            )
        )
        control, player = _open_control(settings, probe, script, run_file, tell, opened)
        return Chain(
            loop=loop,
            source=source,
            probe=probe,
            runtime_label=runtime_label(used.runtime),
            runtime_reason=used.reason,
            control=control,
            script=player,
            pointer=pointer,
            page=page,
            run_file=run_file,
            opened=opened.pop_all(),
        )


def _read_script(settings: Settings) -> "Script | None":
    if settings.script is None:
        return None
    from edge.app.probe.script import read_script

    return read_script(settings.script)


def _open_control(
    settings: Settings,
    probe: "ProbeLink | None",
    script: "Script | None",
    run_file: RunFile | None,
    tell: Callable[[str], None],
    opened: ExitStack,
) -> "tuple[ProbeControl | None, ScriptPlayer | None]":
    """Who gives the probe orders: other commands over a local socket, and a script once it is started."""
    if probe is None or settings.probe is None:
        return None, None
    from edge.app.probe.orders import ProbeControl
    from edge.app.probe.run_socket import RunSocket
    from edge.app.probe.script import ScriptPlayer

    control = ProbeControl(probe.probe, run_file.folder if run_file else None)
    reached = opened.enter_context(RunSocket(control, settings.probe, tell))
    if reached.problem:
        tell(reached.problem)
    return control, opened.enter_context(ScriptPlayer(script, control, tell)) if script is not None else None


def _open_source(
    settings: Settings, clock: Clock, tell: Callable[[str], None], opened: ExitStack
) -> tuple[FrameSource, "ProbeLink | None"]:
    """The source, and the probe that its frames learn their state from; a phantom also obeys it."""
    if settings.probe is None:
        source = open_source(settings.source, fps=settings.fps, clock=clock)
        return opened.enter_context(source), None
    from edge.app.probe.opening import with_seed
    from edge.app.probe_link import open_link

    address = with_seed(settings.probe)

    def link() -> "tuple[ProbeLink, Exposures]":
        probe, exposures = open_link(address, tell)
        return opened.enter_context(probe), exposures

    return open_probed(settings, clock, link, opened)


def open_probed(
    settings: Settings, clock: Clock, link: "Callable[[], tuple[ProbeLink, Exposures]]", opened: ExitStack
) -> "tuple[FrameSource, ProbeLink]":
    """The source of a run with a probe, and that probe. `link` opens its line, when all else is open; `opened` closes
    the source."""
    from edge.source.probed import SCREEN_LAG_S, ProbedSource

    kind, rest = split_spec(settings.source)
    if kind == SIMULATED:
        from edge.source.phantom import open_phantom

        probe, exposures = link()
        phantom = open_phantom(rest, anatomies=anatomies(), fps=settings.fps, clock=clock, feed=exposures)
        probe.moved_by(phantom.felt_at)
        return opened.enter_context(ProbedSource(phantom, probe)), probe
    source = opened.enter_context(open_source(settings.source, fps=settings.fps, clock=clock))
    if not source.live:
        raise SettingError(f"--probe needs a live picture, camera:... or phantom:...; {settings.source} is recorded")
    probe, _ = link()
    return opened.enter_context(ProbedSource(source, probe, lag_s=SCREEN_LAG_S)), probe


def _open_runtime(settings: Settings, opened: ExitStack) -> tuple[Runtime | None, str]:
    """The runtime with the task's model, and why that one; None where the pathway runs no network."""
    pathway = settings.task.pathway(settings.pathway)
    if not pathway.network:
        return None, f"--pathway {pathway.name}"
    return _open_network(settings, folder_of(pathway, settings.model), opened)


def _open_network(settings: Settings, folder: Path, opened: ExitStack) -> tuple[Runtime, str]:
    threads = settings.threads or _threads_within(settings)
    runtime, choice = open_runtime(settings.runtime, folder, precision=settings.precision, threads=threads)
    give_back()
    return opened.enter_context(RepeatedRuntime(runtime)), choice.reason


def _open_asked(settings: Settings, own: Runtime | None, opened: ExitStack) -> tuple[Asked | None, Path | None]:
    """The network that the task asks while it concludes, and its folder where it is a further one."""
    pathway = settings.task.pathway(settings.pathway)
    if not pathway.asks:
        return None, None
    if pathway.asks == pathway.model and own is not None:
        return _asked(own, folder_of(pathway, settings.model)), None
    folder = folder_of(replace(pathway, model=pathway.asks))
    return _asked(_open_network(settings, folder, opened)[0], folder), folder


def _asked(runtime: Runtime, folder: Path) -> Asked:
    return Asked(runtime.infer, MappingProxyType(load_manifest(folder).figures()))


def _threads_within(settings: Settings) -> int:
    """For the model: as many as there are cores, or as the budget's share of them has room for; one core is left to
    what is concluded and drawn while the network looks ahead, or both would wait for each other."""
    budget = settings.budget
    share = 1.0 if budget is None or budget.share is None else budget.share
    return max(1, int(share * usable_cores()) - settings.ahead)


def _keeper(settings: Settings, source: FrameSource, clock: Clock, tell: Callable[[str], None]) -> Keeper | None:
    """What holds the run to its budget; None: it has none. Raises SettingError."""
    budget = settings.budget
    if budget is None:
        return None
    if budget.ms is not None and not source.live:
        raise SettingError(
            f"--budget {budget} is for a live picture: of a recording every frame is measured; give a share of the "
            "processor, such as 50%, and it takes longer"
        )
    return Keeper(budget, usable_cores(), clock, time.process_time_ns, live=source.live, tell=tell, why=slowed_by)


def _stated_spacing(mm_per_px: float | None) -> PixelSpacing | None:
    return None if mm_per_px is None else PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.USER)


def _open_page(
    settings: Settings, pointer: Pointer | None, opened: ExitStack
) -> "tuple[PageServer | None, Mapping[str, Sink]]":
    """The page that looks on, and the view that feeds it."""
    if settings.view_port is None:
        return None, {}
    from edge.app.page import open_watching

    page, view = open_watching(settings, pointer)
    return opened.enter_context(page), {"page": view}


def _open_sinks(settings: Settings, about: Callable[[], dict[str, Any]]) -> tuple[dict[str, Sink], RunFile | None]:
    """The sinks that write to the folder, which no earlier run may have used; what is told `about` the run is kept
    first."""
    if settings.out is None:
        return {}, None
    others = {name: load("sink", SINKS, name) for name in settings.sinks}
    folder = claim_folder(settings.out)
    run_file = RunFile(folder, about())
    sinks: dict[str, Sink] = {"records": load("sink", SINKS, "records")(folder)}
    if settings.video:
        sinks["video"] = load("sink", SINKS, "film")(folder, settings.fps or VIDEO_FPS, stills=not settings.stills)
    for name, wanted in (("stills", settings.stills), ("masks", settings.masks)):
        if wanted:
            sinks[name] = load("sink", SINKS, name)(folder)
    if settings.task.panorama:
        sinks["panorama"] = load("sink", SINKS, "panorama")(folder, draw_panorama)
    return sinks | {name: open_sink(folder) for name, open_sink in others.items()}, run_file


_NO_PICTURE: Final = np.empty((0, 0, 3), np.uint8)


def _nothing_drawn(frame: Frame, finding: Finding, age_s: float) -> Any:
    return _NO_PICTURE


Project = Callable[[Finding], Projection | None]
"""How a finding's picture is turned; None: not at all."""


def _projecting(settings: Settings) -> Project | None:
    """What the task's options ask for. The steps on the way are shown as they were scanned, and the finding beside
    them."""
    project = settings.task.projection
    if project is None or settings.stages:
        return None
    return lambda finding: project(settings.options, finding)


def drawing(terms: Terms, *, live: bool, stages: bool = False, project: Project | None = None) -> Draw:
    """How a frame's finding is drawn; texts keep their places, and what looks the same is not composed again.

    live: with its age, which of a recording means nothing to anybody, and which is not known of a picture that was
    frozen before anybody looked.
    """
    memory = OverlayMemory()

    def plain(frame: Frame, finding: Finding, age_s: float) -> Any:
        known = live and not (frame.probe is not None and frame.probe.frozen and frame.probe.frozen_ns is None)
        if project is not None and (projection := project(finding)) is not None:
            frame, finding = projected(frame, finding, projection)
        return draw(frame, finding, terms, age_s=age_s if known else None, memory=memory)

    if not stages:
        return plain
    return lambda frame, finding, age_s: draw_stages(frame, finding, terms, plain(frame, finding, age_s))
