"""The screen of `sonoedge probe watch`, 80 columns by 24 rows, and its lines for a pipe."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.app.console import counted
from edge.app.probe.tables import fault_text, output_text, sensor_text, transmit_line, transmit_text
from edge.overlay.state import index_text
from firmware_bridge.host.clock_sync import ClockStatus
from firmware_bridge.host.events import FaultLatched, TelemetryReport, TransmitChanged
from firmware_bridge.host.parameters import ProbeParameters
from firmware_bridge.host.session import ConnectionStatistics
from firmware_bridge.line.messages import LinkStatistics


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of what happened."""

    received_ns: int
    kind: str
    """`button`, `fault`, `transmit`, `settings`, `log`, `line`."""
    text: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known at one moment."""

    address: str
    model: str
    time_s: float
    """Since the watching began."""
    began_ns: int
    connected: bool
    transmit: TransmitChanged | None
    fault: FaultLatched | None
    parameters: ProbeParameters | None
    output: TelemetryReport | None
    exposures_per_s: float
    exposures: int
    exposures_lost: int
    clock: ClockStatus
    clock_uncertainty_us: float | None
    """None: the probe's clock is not known."""
    line: ConnectionStatistics
    probe_link: LinkStatistics | None
    """The probe's own counters, asked for now and then; None: not answered yet."""
    news: tuple[Notice, ...]
    ended: bool


def watch_view(shown: Snapshot) -> RenderableType:
    head = Text(f"{shown.model} on {shown.address}", style="bold")
    head.append(f"   {shown.time_s:.0f} s", style="dim")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, text in _rows(shown):
        table.add_row(name, text)
    notices = [notice_line(each, (each.received_ns - shown.began_ns) / 1e9) for each in shown.news]
    for line in notices:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(head, Text(), table, Text(), *notices, Text("" if shown.ended else "Ctrl-C ends", style="dim"))


def snapshot_line(shown: Snapshot) -> str:
    """One line a second, for a pipe."""
    doing = f"transmit {transmit_text(shown.transmit)}" if shown.transmit else "state unknown"
    parts = [f"{shown.time_s:9.3f} s  {doing if shown.connected else 'line lost'}", _exposures(shown)]
    if shown.output is not None:
        output = shown.output
        indices = f"MI {index_text(output.mi)} TIS {index_text(output.tis)} TIB {index_text(output.tib)}"
        parts += [indices, f"battery {output.battery_percent} %", f"probe {output.probe_temperature_c:.1f} °C"]
    return "  ".join([*parts, f"clock {clock_text(shown)}"])


def notice_line(notice: Notice, at_s: float) -> Text:
    """`    1.234 s  button    button 0 pressed`."""
    return Text.assemble(
        (f"{at_s:9.3f} s  ", "dim"), (f"{notice.kind:9}", "cyan"), (notice.text, "bold yellow" if notice.grave else "")
    )


def clock_text(shown: Snapshot) -> str:
    """How well the probe's clock is known."""
    if shown.clock_uncertainty_us is None:
        return "not known yet"
    clock = shown.clock
    drift = f"drift {clock.drift_ppm:+.1f} ± {clock.drift_uncertainty_ppm:.1f} ppm"
    return f"±{shown.clock_uncertainty_us:,.0f} us, {drift}, {clock.n_used} round trips"


def _rows(shown: Snapshot) -> Iterator[tuple[str, Text]]:
    yield "transmit", _transmit(shown)
    if shown.fault is not None:
        yield "fault", Text(fault_text(shown.fault), style="bold yellow")
    yield "exposures", Text(_exposures(shown))
    yield from _telemetry(shown)
    if shown.parameters is not None:
        yield from _settings(shown.parameters)
    yield "clock", Text(clock_text(shown))
    yield from _link(shown)


def _transmit(shown: Snapshot) -> Text:
    if not shown.connected:
        return Text("LINE LOST: looking for the probe", style="bold yellow")
    if shown.transmit is None:
        return Text("the probe has not told yet", style="yellow")
    return transmit_line(shown.transmit)


def _exposures(shown: Snapshot) -> str:
    lost = f", {shown.exposures_lost:,} not reported" if shown.exposures_lost else ""
    return f"{shown.exposures_per_s:.1f} exposures/s, {shown.exposures:,} in all{lost}"


def _telemetry(shown: Snapshot) -> Iterator[tuple[str, Text]]:
    if shown.output is None:
        yield "sensors", Text("no telemetry yet", style="yellow")
        return
    transmitting = shown.transmit is not None and shown.transmit.transmitting
    yield "output", output_text(shown.output, transmitting)
    yield "sensors", Text(sensor_text(shown.output))


def _settings(now: ProbeParameters) -> Iterator[tuple[str, Text]]:
    tgc = " ".join(f"{value:g}" for value in now.tgc_db)
    yield "preset", Text(f"{now.preset}   {now.frame_rate_hz:g} frames/s   IMU {now.imu_rate_hz:g} Hz")
    beam = f"depth {now.depth_mm:g} mm   focus {now.focus_mm:g} mm   {now.frequency_mhz:g} MHz"
    yield "beam", Text(f"{beam}   power {now.transmit_power_db:g} dB")
    yield "gain", Text(f"{now.gain_db:g} dB   range {now.dynamic_range_db:g} dB   by depth {tgc} dB")


def _link(shown: Snapshot) -> Iterator[tuple[str, Text]]:
    """Each end counts what it received; what one end lost the other sent again."""
    line = shown.line
    losses = f"   probe lost {counted(line.line.losses, 'time')}" if line.line.losses else ""
    yield "link", Text(f"round trip {line.srtt_us / 1000:.1f} ms   {line.line.bytes_read:,} bytes read{losses}")
    yield "  here", _wrong(line.link.damaged, line.link.retransmitted, line.link.plain_lost)
    if shown.probe_link is not None:
        there = shown.probe_link
        yield "  there", _wrong(there.damaged, there.retransmitted, there.plain_lost)


def _wrong(damaged: int, sent_again: int, lost: int) -> Text:
    style = "yellow" if damaged or sent_again or lost else ""
    return Text(f"{damaged:,} damaged, {sent_again:,} sent again, {lost:,} unreliable lost", style=style)
