"""The probe as the page shows it, and what its page may ask of it."""

from edge.viewer.messages import OfferedParameter, ProbePanel
from firmware_bridge.host.events import Event, ParametersChanged
from firmware_bridge.host.parameters import ParameterDescription, ProbeParameters
from firmware_bridge.host.probe import Probe
from firmware_bridge.host.reasons import FAULTS
from firmware_bridge.line.messages import TransmitOff


class PanelReader:
    """Keeps what the probe told, so that the page can be told without asking the line."""

    def __init__(self, probe: Probe) -> None:
        """Raises BridgeErrors where the probe does not answer."""
        self._probe = probe
        self._rows: tuple[ParameterDescription, ...] = probe.parameter_table()
        self._presets = tuple(preset.name for preset in probe.preset_table())
        self._parameters: ProbeParameters = probe.parameters()
        self._stop = probe.listen(self._hear, (ParametersChanged,))
        self._simulated = probe.name.startswith("sim:")

    def close(self) -> None:
        self._stop()

    def panel(self) -> ProbePanel:
        """As far as it is known now."""
        probe, telemetry = self._probe, self._probe.telemetry()
        doing, fault = probe.doing(), probe.fault()
        off = doing is not None and not doing.transmitting and doing.off not in (TransmitOff.NONE, TransmitOff.FROZEN)
        return ProbePanel(
            connected=probe.line.is_open,
            simulated=self._simulated,
            parameters=tuple(
                OfferedParameter(row.keyword, row.name, row.unit, row.low, row.high, row.step)
                for row in self._rows
                if row.name != "preset"
            ),
            values=_values(self._parameters),
            presets=self._presets,
            transmitting=None if doing is None else doing.transmitting,
            off_reason=doing.off_reason if doing is not None and off else "",
            fault="" if fault is None else FAULTS[fault.fault],
            mi=None if telemetry is None else round(telemetry.mi, 2),
            tis=None if telemetry is None else round(telemetry.tis, 2),
            tib=None if telemetry is None else round(telemetry.tib, 2),
            battery_percent=None if telemetry is None else telemetry.battery_percent,
            temperature_c=None if telemetry is None else round(telemetry.probe_temperature_c),
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, ParametersChanged):
            self._parameters = event.parameters


def _values(now: ProbeParameters) -> dict[str, float | str | tuple[float, ...]]:
    tgc = {f"tgc_{number}_db": value for number, value in enumerate(now.tgc_db, start=1)}
    return {
        "depth_mm": now.depth_mm,
        "frequency_mhz": now.frequency_mhz,
        "gain_db": now.gain_db,
        "focus_mm": now.focus_mm,
        "dynamic_range_db": now.dynamic_range_db,
        "frame_rate_hz": now.frame_rate_hz,
        "transmit_power_db": now.transmit_power_db,
        "imu_rate_hz": now.imu_rate_hz,
        "preset": now.preset,
        **tgc,
    }
