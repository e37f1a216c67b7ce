"""Everything that a probe says of itself."""

from dataclasses import dataclass
from typing import Final

from firmware_bridge.host.events import FaultLatched, TelemetryReport, TransmitChanged
from firmware_bridge.host.parameters import ParameterDescription, PresetDescription, ProbeParameters
from firmware_bridge.host.probe import BothEnds, Probe, ProbeIdentity
from firmware_bridge.line.messages import LAYOUT_DIGEST, PROTOCOL_VERSION

FIRST_WORD_S: Final = 1.0
"""Telemetry and the probe's state come ten times a second."""


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
