"""Tables and texts of a probe: parameters, presets, link counters, acoustic output. Each fits 80 columns."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from rich.table import Table
from rich.text import Text

from edge.app.tables import plain_table
from edge.overlay.state import index_text, limit_text
from firmware_bridge.host.events import FaultLatched, TelemetryReport, TransmitChanged
from firmware_bridge.host.parameters import ParameterDescription, PresetDescription
from firmware_bridge.host.reasons import FAULTS
from firmware_bridge.host.session import ConnectionStatistics
from firmware_bridge.line.messages import FaultCode, LinkStatistics, TransmitOff

_HARMLESS = {"good", "delivered", "sent", "plain_sent", "plain_received"}
_WANTED = {
    TransmitOff.NOT_ARMED,
    TransmitOff.DISARMED,
    TransmitOff.STOPPED,
    TransmitOff.FROZEN,
    TransmitOff.NEW_SESSION,
}
"""Reasons that a user gives."""
_COUNTERS = {
    "good": "frames good",
    "damaged": "frames damaged",
    "malformed": "frames malformed",
    "stale": "frames stale",
    "duplicate": "frames duplicate",
    "delivered": "messages delivered",
    "sent": "messages sent",
    "retransmitted": "messages sent again",
    "timeouts": "timeouts",
    "naks_sent": "naks sent",
    "naks_received": "naks received",
    "plain_sent": "unreliable sent",
    "plain_received": "unreliable received",
    "plain_lost": "unreliable lost",
    "plain_dropped": "unreliable left out",
}


def parameter_table(rows: Sequence[ParameterDescription], presets: Sequence[PresetDescription]) -> Table:
    table = plain_table("parameter", "now", "unit", "from", "to", "step", "at start", left=("parameter", "unit"))
    for row in rows:
        span = ("", "", "") if row.name == "preset" else (f"{row.low:g}", f"{row.high:g}", f"{row.step:g}")
        now = Text(named_value(row, presets), style="" if row.value == row.default else "bold")
        table.add_row(row.name, now, row.unit, *span, named_value(replace(row, value=row.default), presets))
    return table


def preset_table(rows: Sequence[PresetDescription], now: str) -> Table:
    columns = ("preset", "MI at most", "ISPTA.3 at most, mW/cm²", "TI at most")
    table = plain_table(*columns, left=("preset",))
    for row in rows:
        style = "bold" if row.name == now else ""
        table.add_row(Text(row.name, style=style), f"{row.mi_cap:g}", f"{row.ispta_cap_mw_cm2:g}", f"{row.ti_cap:g}")
    return table


def transmit_text(state: TransmitChanged) -> str:
    """`on`, or `off: not armed yet; imaging, frozen`."""
    if state.transmitting:
        return "on"
    doing = ["imaging"] if state.imaging else [] if state.off is TransmitOff.STOPPED else ["imaging off"]
    doing += ["frozen"] if state.frozen and state.off is not TransmitOff.FROZEN else []
    return "; ".join([f"off: {state.off_reason}", *([", ".join(doing)] if doing else [])])


def transmit_line(state: TransmitChanged) -> Text:
    """Red while the probe emits, yellow where something else than the user keeps it from that."""
    if state.transmitting:
        return Text("ON: the probe emits ultrasound", style="bold red")
    return Text(transmit_text(state), style="green" if state.off in _WANTED else "yellow")


def output_text(telemetry: TelemetryReport, transmitting: bool) -> Text:
    """MI, TIS and TIB by the output display rule, and how long TIB lets one scan."""
    limit = limit_text(telemetry.tib) if transmitting else ""
    text = Text(f"MI {index_text(telemetry.mi)}   TIS {index_text(telemetry.tis)}   TIB {index_text(telemetry.tib)}")
    text.append(f": {limit}" if limit else "", style="yellow")
    return text.append(f"   ISPTA.3 {telemetry.ispta_mw_cm2} mW/cm²")


def sensor_text(telemetry: TelemetryReport) -> str:
    return (
        f"battery {telemetry.battery_percent} %   probe {telemetry.probe_temperature_c:.1f} °C   "
        f"board {telemetry.board_temperature_c:.1f} °C"
    )


def link_table(here: ConnectionStatistics, there: LinkStatistics) -> Table:
    """The counters of both ends side by side; those that should be zero stand out where they are not."""
    table = plain_table("link", "this computer", "probe", left=("link",))
    counters = asdict(here.link)
    for key, name in _COUNTERS.items():
        pair = (counters[key], getattr(there, key))
        style = "yellow" if key not in _HARMLESS and any(pair) else ""
        table.add_row(Text(name, style=style), *(Text(f"{count:,}", style=style) for count in pair))
    for name, ours, theirs in (
        ("round trip, ms", here.srtt_us, there.srtt_us),
        ("timeout, ms", here.rto_us, there.rto_us),
    ):
        table.add_row(name, *(f"{us / 1000:.1f}" if us else "-" for us in (ours, theirs)))
    return table


def fault_text(event: FaultLatched) -> str:
    """`the probe overheated (50.3 °C)`."""
    if event.fault is FaultCode.OVER_TEMPERATURE:
        return f"{FAULTS[event.fault]} ({event.detail / 10:.1f} °C)"
    return f"{FAULTS[event.fault]} (detail {event.detail})" if event.detail else FAULTS[event.fault]


def named_value(row: ParameterDescription, presets: Sequence[PresetDescription]) -> str:
    """A parameter's value as text; a preset by name."""
    named = row.name == "preset" and int(row.value) < len(presets)
    return presets[int(row.value)].name if named else f"{row.value:g}"
