"""The loop of `sonoedge probe watch`: fetch events, show the newest, end in order."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from rich.live import Live

from edge.app.console import out
from edge.app.probe.as_json import print_json_line
from edge.app.probe.opening import opened, start, stop_imaging
from edge.app.probe.watch_view import Snapshot, news_line, snapshot_line, watch_view
from edge.app.probe.watched import News, Watched
from edge.app.stopping import stopping_by_signal
from firmware_bridge.errors import BridgeError, ClockNotReadyError
from firmware_bridge.host.events import Event, Exposed, Motion, TelemetryReport
from firmware_bridge.host.probe import Probe
from firmware_bridge.line.messages import LinkStatistics

SCREEN_S: Final = 0.25
LINES_S: Final = 1.0
LINK_S: Final = 2.0
"""How often the probe's own counters are asked for."""
WAIT_S: Final = 0.05
_IN_THE_SNAPSHOT: Final = (Exposed, Motion, TelemetryReport)
"""Events too many for a line each."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a way of showing takes what comes."""

    event: Callable[[Event, News | None, float], None]
    snapshot: Callable[[Snapshot], None]
    every_s: float


@dataclass(frozen=True, slots=True)
class Doing:
    """What the watcher does to the probe first."""

    clear_fault: bool
    imaging: bool
    arm: bool


def watch_probe(address: str, seconds: float | None, doing: Doing, *, json: bool) -> None:
    """Shows until Ctrl-C or for so long. Raises BridgeErrors: what opening and arming a probe raise."""
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True

    def go_on(since_s: float) -> bool:
        return not stopped and (seconds is None or since_s < seconds)

    with stopping_by_signal(stop), opened(address, tell=lambda sentence: None) as probe:
        if json:
            follow(probe, Shown(_json_event, print_json_line, LINES_S), go_on, doing)
        elif not out().is_terminal:
            follow(probe, Shown(_line_event, _line_snapshot, LINES_S), go_on, doing)
        else:
            with Live(console=out(), auto_refresh=False) as live:
                screen = Shown(_nothing, lambda shown: live.update(watch_view(shown), refresh=True), SCREEN_S)
                follow(probe, screen, go_on, doing)


def follow(probe: Probe, shown: Shown, go_on: Callable[[float], bool], doing: Doing) -> None:
    """Shows what comes while `go_on(seconds since the start)`, then stops what it started. Raises BridgeErrors."""
    watch, watched, identity = probe.watch(), Watched(), probe.identity()
    watched.parameters = probe.parameters()
    began_ns = time.monotonic_ns()
    if doing.clear_fault:
        probe.clear_fault()
    if doing.imaging:
        start(probe, arm=doing.arm)
    next_s, next_link_s = shown.every_s, LINK_S
    while go_on(since_s := (time.monotonic_ns() - began_ns) / 1e9):
        _take(probe.events(watch, WAIT_S), watched, shown, began_ns)
        if since_s >= next_link_s:
            next_link_s = since_s + LINK_S
            watched.probe_link = _probe_link(probe) or watched.probe_link
        if since_s >= next_s:
            next_s = since_s + shown.every_s
            shown.snapshot(_snapshot(probe, identity.model, watched, began_ns))
    if doing.imaging:
        stop_imaging(probe)
    _take(probe.events(watch, WAIT_S), watched, shown, began_ns)
    shown.snapshot(_snapshot(probe, identity.model, watched, began_ns, ended=True))


def _take(events: Iterable[Event], watched: Watched, shown: Shown, began_ns: int) -> None:
    for event in events:
        shown.event(event, watched.add(event), (event.received_ns - began_ns) / 1e9)


def _probe_link(probe: Probe) -> LinkStatistics | None:
    with suppress(BridgeError):  # while the line is away
        return probe.link_statistics().probe
    return None


def _snapshot(probe: Probe, model: str, watched: Watched, began_ns: int, *, ended: bool = False) -> Snapshot:
    now_ns = time.monotonic_ns()
    return Snapshot(
        address=probe.name,
        model=model,
        time_s=(now_ns - began_ns) / 1e9,
        began_ns=began_ns,
        connected=probe.line.is_open,
        transmit=probe.doing(),
        fault=probe.fault(),
        parameters=watched.parameters,
        output=probe.telemetry(),
        exposures_per_s=watched.exposures_per_s(now_ns),
        exposures=watched.n_exposures,
        exposures_lost=watched.n_exposures_lost,
        clock=probe.clock_status(),
        clock_uncertainty_us=_uncertainty_us(probe, now_ns),
        line=probe.line.statistics(),
        probe_link=watched.probe_link,
        news=tuple(watched.news),
        ended=ended,
    )


def _uncertainty_us(probe: Probe, now_ns: int) -> float | None:
    telemetry = probe.telemetry()
    if telemetry is None:
        return None
    try:
        return probe.host_time(telemetry.device_us, now_ns).uncertainty_ns / 1000
    except ClockNotReadyError:
        return None


def _nothing(event: Event, news: News | None, at_s: float) -> None:
    """The screen shows the news in the next snapshot."""


def _json_event(event: Event, news: News | None, at_s: float) -> None:
    if not isinstance(event, _IN_THE_SNAPSHOT):
        print_json_line({"time_s": at_s, "event": type(event).__name__, **_fields(event)})


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__slots__ if name != "received_ns"}


def _line_event(event: Event, news: News | None, at_s: float) -> None:
    if news is not None:
        out().print(news_line(news, at_s), soft_wrap=True)


def _line_snapshot(shown: Snapshot) -> None:
    out().print(snapshot_line(shown), soft_wrap=True)
