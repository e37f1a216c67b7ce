"""The probe as the page shows it, and what its page may ask of it."""

from collections.abc import Callable, Mapping
from typing import Any

from edge.app.probe.opening import with_seed
from edge.app.probe.orders import Order, ProbeControl, Sender
from edge.app.probe_link import open_link
from edge.closing import Closing
from edge.viewer.to_page import OfferedParameter, ProbePanel
from firmware_bridge.errors import BridgeError
from firmware_bridge.host.events import Event, ParametersChanged
from firmware_bridge.host.parameters import ParameterDescription, ProbeParameters
from firmware_bridge.host.probe import Probe
from firmware_bridge.host.reasons import FAULTS
from firmware_bridge.line.messages import TransmitOff

_PAGE = Sender("page")


class ServedProbe(Closing):
    """The probe behind a page, whose line stays open from run to run."""

    def __init__(self, address: str, tell: Callable[[str], None]) -> None:
        """Raises BridgeErrors where there is none, or it does not answer."""
        # That transmit has ended stands on the page, with what to do; the terminal is told of its own keys.
        self.link = open_link(with_seed(address), tell)
        self.probe = self.link[0].probe
        try:
            self._reader = PanelReader(self.probe)
        except BridgeError:
            self.link[0].close()
            raise
        self._control = ProbeControl(self.probe, None)
        self._started = False

    @property
    def is_open(self) -> bool:
        """Whether it can be asked at present."""
        return self.probe.line.is_open

    def start(self, *, arm: bool) -> None:
        """Once, when all is open: from now on it transmits only while frames are read. Raises RefusedError."""
        if not self._started:
            self._started = True
            self.link[0].start(arm=arm)

    def order(self, action: str) -> None:
        """One of ACTIONS."""
        self._control.do(Order(action, action=action), _PAGE)

    def set(self, changes: Mapping[str, Any]) -> None:
        """Parameters by the names of its table; all of them or none."""
        text = " ".join(f"{name}={value}" for name, value in changes.items())
        self._control.do(Order(text, changes=changes), _PAGE)

    def panel(self) -> ProbePanel:
        return self._reader.panel()

    def close(self) -> None:
        self._reader.close()
        self.link[0].close()


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
