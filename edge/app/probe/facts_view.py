"""The screen of `sonoedge probe info`. Fits 80 columns."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.app.probe.facts import ProbeFacts
from edge.app.probe.tables import link_table, output_text, parameter_table, preset_table, sensor_text, transmit_line
from edge.app.probe.watched import fault_text
from firmware_bridge.host.probe import ProbeIdentity
from firmware_bridge.line.messages import BootReason

_BOOT_REASONS = {
    BootReason.POWER: "after power-on",
    BootReason.REQUEST: "as it was asked to",
    BootReason.WATCHDOG: "by its watchdog: the firmware hung",
    BootReason.UPDATE: "after an update",
}


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
