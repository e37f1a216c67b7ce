"""Everything that a probe says of itself, and how it is shown. Fits 80 columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.app.probe.tables import (
    fault_text,
    link_table,
    output_text,
    parameter_table,
    preset_table,
    sensor_text,
    transmit_line,
)
from firmware_bridge.host.events import FaultLatched, TelemetryReport, TransmitChanged
from firmware_bridge.host.parameters import ParameterDescription, PresetDescription, ProbeParameters
from firmware_bridge.host.probe import BothEnds, Probe, ProbeIdentity, SelfTestReport
from firmware_bridge.host.reasons import SELF_TESTS
from firmware_bridge.line.messages import LAYOUT_DIGEST, PROTOCOL_VERSION, BootReason

FIRST_WORD_S: Final = 1.0
"""Telemetry and the probe's state come ten times a second."""


_BOOT_REASONS = {
    BootReason.POWER: "after power-on",
    BootReason.REQUEST: "as it was asked to",
    BootReason.WATCHDOG: "by its watchdog: the firmware hung",
    BootReason.UPDATE: "after an update",
}


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """One look at a probe."""

    address: str
    identity: ProbeIdentity
    protocol_version: int
    layout_digest: bytes
    parameters: ProbeParameters
    parameter_table: tuple[ParameterDescription, ...]
    presets: tuple[PresetDescription, ...]
    telemetry: TelemetryReport | None
    """None: none came in time."""
    doing: TransmitChanged | None
    fault: FaultLatched | None
    link: BothEnds


def ask_facts(probe: Probe) -> ProbeFacts:
    """Asks all; waits up to `FIRST_WORD_S` for what the probe tells by itself. Raises BridgeErrors."""
    identity, table, presets = probe.identity(), probe.parameter_table(), probe.preset_table()
    parameters = probe.parameters()
    probe.line.wait_until(lambda: probe.telemetry() is not None and probe.doing() is not None, FIRST_WORD_S)
    return ProbeFacts(
        address=probe.name,
        identity=identity,
        protocol_version=PROTOCOL_VERSION,
        layout_digest=LAYOUT_DIGEST,
        parameters=parameters,
        parameter_table=table,
        presets=presets,
        telemetry=probe.telemetry(),
        doing=probe.doing(),
        fault=probe.fault(),
        link=probe.link_statistics(),
    )


def facts_view(facts: ProbeFacts) -> RenderableType:
    return Group(
        _head(facts),
        Text(),
        parameter_table(facts.parameter_table, facts.presets),
        Text(),
        preset_table(facts.presets, facts.parameters.preset),
        Text(),
        link_table(facts.link.host, facts.link.probe),
    )


def _head(facts: ProbeFacts) -> Table:
    head = Table.grid(padding=(0, 2))
    head.add_column(style="dim")
    head.add_column()
    identity = facts.identity
    head.add_row("probe", Text(f"{identity.model}, serial number {identity.serial_number:08x}", style="bold"))
    head.add_row("firmware", firmware_text(identity))
    head.add_row("started", f"{_BOOT_REASONS[identity.boot_reason]}; boot {identity.boot_id:08x}")
    head.add_row("protocol", f"version {facts.protocol_version}, layout {facts.layout_digest.hex()}")
    unknown = Text("unknown: the probe has not told yet", style="yellow")
    head.add_row("transmit", unknown if facts.doing is None else transmit_line(facts.doing))
    head.add_row("fault", Text(fault_text(facts.fault), style="bold yellow") if facts.fault else "none")
    if facts.telemetry is not None:
        transmitting = facts.doing is not None and facts.doing.transmitting
        head.add_row("output", output_text(facts.telemetry, transmitting))
        head.add_row("sensors", sensor_text(facts.telemetry))
    return head


def firmware_text(identity: ProbeIdentity) -> Text:
    """`1.2.3+7 in bank A, confirmed`."""
    text = Text(f"{identity.version} in bank {identity.bank}, ")
    if identity.confirmed:
        return text.append("confirmed")
    return text.append("on trial: the one before comes back unless it is confirmed", style="yellow")


def self_test_lines(report: SelfTestReport) -> Iterator[Text]:
    """One line a test: passed, failed, or not run."""
    for name in SELF_TESTS:
        failed, ran = name in report.failed, name in report.run
        result, style = ("FAILED", "bold red") if failed else ("passed", "green") if ran else ("not run", "yellow")
        yield Text.assemble(f"{name:12}", (result, style))
