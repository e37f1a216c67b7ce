"""What a watcher knows of a probe, out of the events it sent. No clock, no line."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from firmware_bridge.host.events import (
    ButtonMoved,
    Event,
    Exposed,
    FaultLatched,
    LineLost,
    LineRestored,
    Logged,
    ParametersChanged,
    TelemetryReport,
    TransmitChanged,
)
from firmware_bridge.host.parameters import ProbeParameters, describe_change
from firmware_bridge.host.reasons import FAULTS
from firmware_bridge.line.messages import FaultCode, LinkStatistics, LogLevel, TransmitOff

RATE_WINDOW_NS: Final = 2_000_000_000
"""Exposures per second are counted over so long."""
KEPT_NEWS: Final = 6

_SHORTEST_NS: Final = 500_000_000
"""A pace over less says little."""

_COUNTS: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class News:
    """One line of what happened."""

    received_ns: int
    kind: str
    """`button`, `fault`, `transmit`, `settings`, `log`, `line`."""
    text: str
    grave: bool = False


class Watched:
    """The newest of everything. `add` tells what is worth a line."""

    def __init__(self) -> None:
        self.parameters: ProbeParameters | None = None
        self.telemetry: TelemetryReport | None = None
        self.transmit: TransmitChanged | None = None
        self.probe_link: LinkStatistics | None = None
        self.n_exposures = 0
        self.n_exposures_lost = 0
        """By the gaps in their numbers."""
        self.news: deque[News] = deque(maxlen=KEPT_NEWS)
        self._exposed_ns: deque[int] = deque()
        self._first_ns = 0
        self._last_frame: int | None = None

    def add(self, event: Event) -> News | None:
        news = self._news(event)
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
        if news is not None:
            self.news.append(news)
        return news

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

    def _news(self, event: Event) -> News | None:
        """Called before the event is taken over, so that a change can be told from a repetition."""
        at_ns = event.received_ns
        if isinstance(event, ButtonMoved):
            return News(at_ns, "button", f"button {event.button} {'pressed' if event.pressed else 'released'}")
        if isinstance(event, FaultLatched):
            return News(at_ns, "fault", fault_text(event), grave=event.fault is not FaultCode.NONE)
        if isinstance(event, TransmitChanged):
            return self._transmit_news(event)
        if isinstance(event, ParametersChanged):
            return self._settings_news(event)
        if isinstance(event, Logged):
            return News(at_ns, "log", event.line, grave=event.level is not LogLevel.INFO)
        if isinstance(event, LineLost):
            return News(at_ns, "line", f"lost: {event.reason}; looking for the probe", grave=True)
        if isinstance(event, LineRestored):
            return News(at_ns, "line", _restored(event), grave=bool(event.refusal))
        return None

    def _transmit_news(self, event: TransmitChanged) -> News | None:
        before = self.transmit
        if before is not None and (before.flags, before.off) == (event.flags, event.off):
            return None
        text = transmit_text(event)
        return News(event.received_ns, "transmit", text, grave=bool(before and before.transmitting))

    def _settings_news(self, event: ParametersChanged) -> News | None:
        if self.parameters is None or self.parameters == event.parameters:
            return None
        return News(event.received_ns, "settings", describe_change(self.parameters, event.parameters))


def fault_text(event: FaultLatched) -> str:
    """`the probe overheated (50.3 °C)`."""
    if event.fault is FaultCode.OVER_TEMPERATURE:
        return f"{FAULTS[event.fault]} ({event.detail / 10:.1f} °C)"
    return f"{FAULTS[event.fault]} (detail {event.detail})" if event.detail else FAULTS[event.fault]


def transmit_text(state: TransmitChanged) -> str:
    """`on`, or `off: not armed yet; imaging, frozen`."""
    if state.transmitting:
        return "on"
    doing = ["imaging"] if state.imaging else [] if state.off is TransmitOff.STOPPED else ["imaging off"]
    doing += ["frozen"] if state.frozen and state.off is not TransmitOff.FROZEN else []
    return "; ".join([f"off: {state.off_reason}", *([", ".join(doing)] if doing else [])])


def _restored(event: LineRestored) -> str:
    reset = "; it was reset meanwhile, so imaging is off" if event.restarted else ""
    refused = f"; it refused its settings: {event.refusal}" if event.refusal else ""
    return f"back after {event.away_s:.1f} s{reset}{refused}; not armed"
