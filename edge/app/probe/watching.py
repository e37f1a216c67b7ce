"""`sonoedge probe watch`: fetch events, keep the newest of everything, show it, end in order."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from rich.live import Live

from edge.app.console import out, stopping_by_signal
from edge.app.probe.fields import print_json_line
from edge.app.probe.opening import opened, start, stop_imaging
from edge.app.probe.tables import fault_text, transmit_text
from edge.app.probe.watch_view import Notice, Snapshot, notice_line, snapshot_line, watch_view
from firmware_bridge.errors import BridgeError, ClockNotReadyError
from firmware_bridge.host.events import (
    ButtonMoved,
    Event,
    Exposed,
    FaultLatched,
    LineLost,
    LineRestored,
    Logged,
    MotionSample,
    ParametersChanged,
    TelemetryReport,
    TransmitChanged,
)
from firmware_bridge.host.parameters import ProbeParameters, describe_change
from firmware_bridge.host.probe import Probe
from firmware_bridge.line.messages import FaultCode, LinkStatistics, LogLevel

SCREEN_S: Final = 0.25
LINES_S: Final = 1.0
LINK_S: Final = 2.0
"""How often the probe's own counters are asked for."""
WAIT_S: Final = 0.05
_IN_THE_SNAPSHOT: Final = (Exposed, MotionSample, TelemetryReport)
"""Events too many for a line each."""

RATE_WINDOW_NS: Final = 2_000_000_000
"""Exposures per second are counted over so long."""
KEPT_NOTICES: Final = 6
_SHORTEST_NS: Final = 500_000_000
"""A pace over less says little."""
_COUNTS: Final = 1 << 32


class WatchState:
    """The newest of everything, out of the events. `add` tells what is worth a line. No clock, no line."""

    def __init__(self) -> None:
        self.parameters: ProbeParameters | None = None
        self.telemetry: TelemetryReport | None = None
        self.transmit: TransmitChanged | None = None
        self.probe_link: LinkStatistics | None = None
        self.n_exposures = 0
        self.n_exposures_lost = 0
        """By the gaps in their numbers."""
        self.notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self._exposed_ns: deque[int] = deque()
        self._first_ns = 0
        self._last_frame: int | None = None

    def add(self, event: Event) -> Notice | None:
        notice = self._notice(event)
        if isinstance(event, Exposed):
            self._count(event)
        elif isinstance(event, TelemetryReport):
            self.telemetry = event
        elif isinstance(event, TransmitChanged):
            self.transmit = event
        elif isinstance(event, ParametersChanged):
            self.parameters = event.parameters
        elif isinstance(event, LineRestored) and event.restarted:
            self._last_frame = None
        if notice is not None:
            self.notices.append(notice)
        return notice

    def exposures_per_s(self, now_ns: int) -> float:
        """Over the last `RATE_WINDOW_NS`, or since the first exposure where that was later."""
        while self._exposed_ns and now_ns - self._exposed_ns[0] > RATE_WINDOW_NS:
            self._exposed_ns.popleft()
        since_ns = max(now_ns - self._first_ns, _SHORTEST_NS)
        return len(self._exposed_ns) * 1e9 / min(since_ns, RATE_WINDOW_NS)

    def _count(self, event: Exposed) -> None:
        self.n_exposures += 1
        self._first_ns = self._first_ns or event.received_ns
        self._exposed_ns.append(event.received_ns)
        if self._last_frame is not None:
            gap = (event.frame_number - self._last_frame) % _COUNTS
            self.n_exposures_lost += gap - 1 if 0 < gap < _COUNTS // 2 else 0
        self._last_frame = event.frame_number

    def _notice(self, event: Event) -> Notice | None:
        """Called before the event is taken over, so that a change can be told from a repetition."""
        at_ns = event.received_ns
        if isinstance(event, ButtonMoved):
            return Notice(at_ns, "button", f"button {event.button} {'pressed' if event.pressed else 'released'}")
        if isinstance(event, FaultLatched):
            return Notice(at_ns, "fault", fault_text(event), grave=event.fault is not FaultCode.NONE)
        if isinstance(event, TransmitChanged):
            return self._transmit_notice(event)
        if isinstance(event, ParametersChanged):
            return self._settings_notice(event)
        if isinstance(event, Logged):
            return Notice(at_ns, "log", event.line, grave=event.level is not LogLevel.INFO)
        if isinstance(event, LineLost):
            return Notice(at_ns, "line", f"lost: {event.reason}; looking for the probe", grave=True)
        if isinstance(event, LineRestored):
            return Notice(at_ns, "line", _restored(event), grave=bool(event.refusal))
        return None

    def _transmit_notice(self, event: TransmitChanged) -> Notice | None:
        before = self.transmit
        if before is not None and (before.flags, before.off) == (event.flags, event.off):
            return None
        text = transmit_text(event)
        return Notice(event.received_ns, "transmit", text, grave=bool(before and before.transmitting))

    def _settings_notice(self, event: ParametersChanged) -> Notice | None:
        if self.parameters is None or self.parameters == event.parameters:
            return None
        return Notice(event.received_ns, "settings", describe_change(self.parameters, event.parameters))


@dataclass(frozen=True, slots=True)
class Display:
    """What a screen, a pipe or JSON does with events and snapshots."""

    event: Callable[[Event, Notice | None, float], None]
    snapshot: Callable[[Snapshot], None]
    every_s: float


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What is done to the probe first."""

    clear_fault: bool
    imaging: bool
    arm: bool


def watch_probe(address: str, seconds: float | None, options: WatchOptions, *, json: bool) -> None:
    """Shows until Ctrl-C or for so long. Raises BridgeErrors: what opening and arming a probe raise."""
    stopped = False

    def stop(signal_name: str) -> None:
        nonlocal stopped
        stopped = True

    def go_on(since_s: float) -> bool:
        return not stopped and (seconds is None or since_s < seconds)

    with stopping_by_signal(stop), opened(address, tell=lambda sentence: None) as probe:
        if json:
            follow(probe, Display(_json_event, print_json_line, LINES_S), go_on, options)
        elif not out().is_terminal:
            follow(probe, Display(_line_event, _line_snapshot, LINES_S), go_on, options)
        else:
            with Live(console=out(), auto_refresh=False) as live:
                screen = Display(_nothing, lambda shown: live.update(watch_view(shown), refresh=True), SCREEN_S)
                follow(probe, screen, go_on, options)


def follow(probe: Probe, display: Display, go_on: Callable[[float], bool], options: WatchOptions) -> None:
    """Shows what comes while `go_on(seconds since the start)`, then stops what it started. Raises BridgeErrors."""
    watch, state, identity = probe.watch(), WatchState(), probe.identity()
    state.parameters = probe.parameters()
    began_ns = time.monotonic_ns()
    if options.clear_fault:
        probe.clear_fault()
    if options.imaging:
        start(probe, arm=options.arm)
    next_s, next_link_s = display.every_s, LINK_S
    while go_on(since_s := (time.monotonic_ns() - began_ns) / 1e9):
        _take(probe.events(watch, WAIT_S), state, display, began_ns)
        if since_s >= next_link_s:
            next_link_s = since_s + LINK_S
            state.probe_link = _probe_link(probe) or state.probe_link
        if since_s >= next_s:
            next_s = since_s + display.every_s
            display.snapshot(_snapshot(probe, identity.model, state, began_ns))
    if options.imaging:
        stop_imaging(probe)
    _take(probe.events(watch, WAIT_S), state, display, began_ns)
    display.snapshot(_snapshot(probe, identity.model, state, began_ns, ended=True))


def _take(events: Iterable[Event], state: WatchState, display: Display, began_ns: int) -> None:
    for event in events:
        display.event(event, state.add(event), (event.received_ns - began_ns) / 1e9)


def _probe_link(probe: Probe) -> LinkStatistics | None:
    with suppress(BridgeError):  # while the line is away
        return probe.link_statistics().probe
    return None


def _snapshot(probe: Probe, model: str, state: WatchState, began_ns: int, *, ended: bool = False) -> Snapshot:
    now_ns = time.monotonic_ns()
    return Snapshot(
        address=probe.name,
        model=model,
        time_s=(now_ns - began_ns) / 1e9,
        began_ns=began_ns,
        connected=probe.line.is_open,
        transmit=probe.doing(),
        fault=probe.fault(),
        parameters=state.parameters,
        output=probe.telemetry(),
        exposures_per_s=state.exposures_per_s(now_ns),
        exposures=state.n_exposures,
        exposures_lost=state.n_exposures_lost,
        clock=probe.clock_status(),
        clock_uncertainty_us=_uncertainty_us(probe, now_ns),
        line=probe.line.statistics(),
        probe_link=state.probe_link,
        news=tuple(state.notices),
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


def _nothing(event: Event, notice: Notice | None, at_s: float) -> None:
    """The screen shows the notices in the next snapshot."""


def _json_event(event: Event, notice: Notice | None, at_s: float) -> None:
    if not isinstance(event, _IN_THE_SNAPSHOT):
        print_json_line({"time_s": at_s, "event": type(event).__name__, **_fields(event)})


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__slots__ if name != "received_ns"}


def _line_event(event: Event, notice: Notice | None, at_s: float) -> None:
    if notice is not None:
        out().print(notice_line(notice, at_s), soft_wrap=True)


def _line_snapshot(shown: Snapshot) -> None:
    out().print(snapshot_line(shown), soft_wrap=True)


def _restored(event: LineRestored) -> str:
    reset = "; it was reset meanwhile, so imaging is off" if event.restarted else ""
    refused = f"; it refused its settings: {event.refusal}" if event.refusal else ""
    return f"back after {event.away_s:.1f} s{reset}{refused}; not armed"
