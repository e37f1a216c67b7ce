"""The one place where the picture meets the probe's line: `firmware_bridge` on one side, frames on the other."""

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Protocol, runtime_checkable

from edge.closing import Closing
from edge.frame import ProbeState
from edge.phantom.records import Imaging
from edge.source.probe_feed import Exposure
from firmware_bridge.errors import BridgeError

STATE_WAIT_S = 0.25
"""How long a frame waits for the report of its exposure: the slowest line, and a period at 5 frames/s."""


class Parameters(Protocol):
    """What a probe is set to."""

    @property
    def depth_mm(self) -> float: ...
    @property
    def frequency_mhz(self) -> float: ...
    @property
    def gain_db(self) -> float: ...
    @property
    def tgc_db(self) -> tuple[float, ...]: ...
    @property
    def focus_mm(self) -> float: ...
    @property
    def dynamic_range_db(self) -> float: ...
    @property
    def transmit_power_db(self) -> float: ...
    @property
    def preset(self) -> str: ...


class Telemetry(Protocol):
    """The newest that the probe told of itself; None: not yet."""

    @property
    def mi(self) -> float | None: ...
    @property
    def tis(self) -> float | None: ...
    @property
    def tib(self) -> float | None: ...
    @property
    def battery_percent(self) -> float | None: ...
    @property
    def temperature_c(self) -> float | None: ...


class StateKnown(Protocol):
    @property
    def parameters(self) -> Parameters: ...
    @property
    def telemetry(self) -> Telemetry: ...
    @property
    def epoch(self) -> int: ...
    @property
    def transmitting(self) -> bool: ...
    @property
    def frozen(self) -> bool: ...
    @property
    def transmit_off_reason(self) -> str: ...


@runtime_checkable
class StateUnknown(Protocol):
    @property
    def reason(self) -> str: ...


class TimedExposure(Protocol):
    """An exposure in host time. While frozen its parameters are those of the exposure that is frozen."""

    @property
    def exposed_ns(self) -> int: ...
    @property
    def frame_number(self) -> int: ...
    @property
    def parameters(self) -> Parameters: ...
    @property
    def transmitting(self) -> bool: ...
    @property
    def frozen(self) -> bool: ...


class Exposing(Protocol):
    """A simulated probe says truly when it exposed; a probe behind a line, as far as its reports tell."""

    def next_exposure(self, timeout_s: float) -> TimedExposure | None: ...


class Probe(Exposing, Protocol):
    """The client of a probe's line (`firmware_bridge.probe.Probe`)."""

    @property
    def simulator(self) -> Exposing | None:
        """The probe itself where it runs in this process (`sim:`)."""
        ...

    def state_at(self, host_ns: int, timeout_s: float) -> StateKnown | StateUnknown: ...
    def start_imaging(self) -> None: ...
    def stop_imaging(self) -> None: ...
    def arm(self) -> None: ...
    def close(self) -> None: ...


class ProbeLink(Closing):
    """An open probe: tells each frame its state (StateAt) and sets the phantom (ProbeFeed)."""

    def __init__(self, probe: Probe, tell: Callable[[str], None]) -> None:
        self._probe, self._tell = probe, tell
        self._exposing: Exposing = probe.simulator or probe
        self._latest_ns = 0
        self._transmitted = False
        self._live_epoch: int | None = None

    def start(self, *, arm: bool) -> None:
        """Starts imaging; `arm`: transmits. Raises a BridgeError with the probe's reason where it refuses."""
        self._probe.start_imaging()
        if arm:
            self._probe.arm()

    def state_at(self, exposed_ns: int) -> ProbeState:
        answer = self._probe.state_at(exposed_ns, STATE_WAIT_S)
        if isinstance(answer, StateUnknown):
            return ProbeState(doubt=answer.reason)
        if exposed_ns > self._latest_ns:
            self._latest_ns = exposed_ns
            self._follow(answer)
        if answer.frozen and answer.epoch != self._live_epoch:
            return ProbeState(doubt="the probe was set anew after it was frozen, or just before", frozen=True)
        return state_of(answer)

    def next_exposure(self, timeout_s: float) -> Exposure | None:
        exposure = self._exposing.next_exposure(timeout_s)
        if exposure is None:
            return None
        imaging = imaging_of(exposure.parameters)
        return Exposure(exposure.exposed_ns, exposure.frame_number, imaging, exposure.transmitting, exposure.frozen)

    def close(self) -> None:
        # A line that is cut cannot be told to stop; the probe then stops by itself, for want of a heartbeat.
        with suppress(BridgeError):
            self._probe.stop_imaging()
        self._probe.close()

    def _follow(self, state: StateKnown) -> None:
        if self._transmitted and not state.transmitting and not state.frozen:
            self._tell(
                f"the probe does not transmit any more: {state.transmit_off_reason}; it is not armed again by itself: "
                "when that is mended, end this run and start it anew"
            )
        self._transmitted = state.transmitting or (self._transmitted and state.frozen)
        if not state.frozen:
            self._live_epoch = state.epoch


def open_link(address: str, tell: Callable[[str], None]) -> ProbeLink:
    """The probe at `address`: a serial port, `socket://host:port`, or `sim:`. Raises BridgeErrors."""
    return ProbeLink(_open_probe(address, tell), tell)


def _open_probe(address: str, tell: Callable[[str], None]) -> Probe:
    probe: Probe = import_module("firmware_bridge.probe").open_probe(address, tell=tell)
    return probe


def state_of(known: StateKnown) -> ProbeState:
    """What the line knows, as the frame carries it."""
    parameters, telemetry = known.parameters, known.telemetry
    return ProbeState(
        depth_mm=parameters.depth_mm,
        frequency_mhz=parameters.frequency_mhz,
        gain_db=parameters.gain_db,
        tgc_db=parameters.tgc_db,
        focus_mm=parameters.focus_mm,
        dynamic_range_db=parameters.dynamic_range_db,
        transmit_power_db=parameters.transmit_power_db,
        preset=parameters.preset,
        epoch=known.epoch,
        frozen=known.frozen,
        transmitting=known.transmitting,
        transmit_off_reason="" if known.transmitting else known.transmit_off_reason,
        mi=telemetry.mi,
        tis=telemetry.tis,
        tib=telemetry.tib,
        battery_percent=telemetry.battery_percent,
        temperature_c=telemetry.temperature_c,
    )


def imaging_of(parameters: Parameters) -> Imaging:
    """The phantom's settings for a probe's parameters; both count gain from the same nominal brightness."""
    return Imaging(
        depth_mm=parameters.depth_mm,
        frequency_mhz=parameters.frequency_mhz,
        gain_db=parameters.gain_db,
        dynamic_range_db=parameters.dynamic_range_db,
        focus_mm=parameters.focus_mm,
        tgc_db=parameters.tgc_db,
        transmit_power_db=parameters.transmit_power_db,
    )
