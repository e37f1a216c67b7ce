"""The one place where the picture meets the probe's line: `firmware_bridge` on one side, frames on the other."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Lock
from typing import Final

from edge.app.probe.opening import in_users_terms
from edge.closing import Closing
from edge.frame import Motion, ProbeState
from edge.loop.mailbox import Mailbox
from edge.phantom.anatomy import Felt
from edge.phantom.records import Imaging
from edge.source.probe_feed import Exposure
from firmware_bridge.device.simulator import SimulatedProbe, simulated_probe
from firmware_bridge.device.stepped_probe import TrueExposure
from firmware_bridge.errors import BridgeError, ClockNotReadyError
from firmware_bridge.host.events import Event, Exposed, MotionSample, ParametersChanged, TelemetryReport
from firmware_bridge.host.parameters import ProbeParameters, parameters_from_raw
from firmware_bridge.host.probe import Probe, open_probe
from firmware_bridge.host.reports import StateKnown, StateUnknown
from firmware_bridge.line.messages import ExposureFlag, TransmitOff

STATE_WAIT_S = 0.25
"""How long a frame waits for the report of its exposure: the slowest line, and a period at 5 frames/s."""
FROZEN_WAIT_S = 0.75
"""How long a frozen picture waits for the probe's word: it is measured once, so that is worth waiting for."""
REPEAT_S = 0.1
"""How often a frozen picture is shown again."""
SIMULATED = "sim:"
MOTION_RATE_HZ: Final = 50
"""Of the inertial sensor where nobody set another rate; it is off when a probe is switched on."""
MOTION_NS: Final = 2_000_000_000
"""How far back from its exposure a frame's motion reaches."""
MOTION_KEPT: Final = 1200
"""Samples: those of three seconds at 400 Hz, so that the two before an exposure are there when its frame is told."""
FeltAt = Callable[[int], Felt | None]
"""What a simulated inertial sensor feels at a time of the host in nanoseconds. None: it rests."""


class Exposures:
    """What sets and paces the phantom (ProbeFeed): the newest exposure; while frozen the last one again and again."""

    def __init__(self, is_frozen: Callable[[], bool], now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._is_frozen, self._now_ns = is_frozen, now_ns
        self._box: Mailbox[Exposure] = Mailbox(newest_only=True)
        self._last: Exposure | None = None

    def put(self, exposure: Exposure) -> None:
        """From any thread."""
        self._box.put(exposure)

    def next_exposure(self, timeout_s: float) -> Exposure | None:
        deadline_ns = self._now_ns() + round(timeout_s * 1e9)
        while True:
            left_s = (deadline_ns - self._now_ns()) / 1e9
            exposure = self._box.take(max(0.0, min(REPEAT_S, left_s)))
            if exposure is None and self._last is not None and self._is_frozen():
                return replace(self._last, frozen=True)
            if exposure is not None or left_s <= 0:
                self._last = exposure or self._last
                return exposure


class ReportedExposures:
    """Hands on what a probe reports of its exposures over the line, as far as time and settings of each are known."""

    def __init__(self, probe: Probe, put: Callable[[Exposure], None]) -> None:
        self._probe, self._put = probe, put
        # Only the newest settings are needed: what belongs to other ones is older, or their report is on its way.
        self._parameters = probe.parameters()
        probe.listen(self._hear, (Exposed, ParametersChanged))

    def _hear(self, event: Event) -> None:
        if isinstance(event, ParametersChanged):
            self._parameters = event.parameters
        elif isinstance(event, Exposed) and event.epoch == self._parameters.epoch:
            with suppress(ClockNotReadyError):
                exposed_ns = self._probe.host_time(event.device_us, event.received_ns).host_ns
                self._put(exposure_of(exposed_ns, event.frame_number, self._parameters, event.flags))


class MotionHeard:
    """What the inertial sensor told over the line; each sample at the host's time that was known when it came."""

    def __init__(self, probe: Probe) -> None:
        self._probe, self._lock = probe, Lock()
        self._samples: deque[tuple[int, tuple[float, ...]]] = deque(maxlen=MOTION_KEPT)
        probe.listen(self._hear, (MotionSample,))

    def until(self, exposed_ns: int) -> Motion | None:
        """What has arrived of the last two seconds before this time; nothing is waited for."""
        with self._lock:
            samples = [one for one in self._samples if exposed_ns - MOTION_NS < one[0] <= exposed_ns]
        return Motion.of(samples)

    def _hear(self, event: Event) -> None:
        if not isinstance(event, MotionSample):
            return
        try:
            felt_ns = self._probe.host_time(event.device_us, event.received_ns).host_ns
        except ClockNotReadyError:
            return
        with self._lock:
            # A clock that is known better by now may put a sample before the last one: it is left out.
            if not self._samples or felt_ns > self._samples[-1][0]:
                self._samples.append((felt_ns, event.acceleration_g + event.rate_deg_per_s))


class ProbeLink(Closing):
    """An open probe, which tells each frame its state (StateAt)."""

    def __init__(
        self,
        probe: Probe,
        tell: Callable[[str], None],
        opened: ExitStack | None = None,
        move: Callable[[FeltAt], None] | None = None,
    ) -> None:
        """`opened` is closed with the link. `move` makes a simulated probe feel."""
        self.probe, self._tell, self._opened, self._move = probe, tell, opened or ExitStack(), move
        self._motion = MotionHeard(probe)
        self._latest_ns = 0
        self._transmitted = False
        self._frozen: tuple[tuple[int, int], int, Motion | None] | None = None
        """Start and frame number of the exposure that was frozen last, and the time and the motion that it was first
        told with."""

    def moved_by(self, felt_at: FeltAt) -> None:
        """From now on a simulated probe feels this, and tells it over its line; another one feels what it does."""
        if self._move is not None:
            self._move(felt_at)

    def start(self, *, arm: bool) -> None:
        """Starts imaging and the inertial sensor; `arm`: transmits. Raises a BridgeError with the probe's reason where
        it refuses."""
        if self.probe.parameters().imu_rate_hz == 0:
            self.probe.set(imu_rate_hz=MOTION_RATE_HZ)
        self.probe.start_imaging()
        if arm:
            self.probe.arm()

    def state_at(self, exposed_ns: int) -> ProbeState:
        answer = self.probe.state_at(exposed_ns, FROZEN_WAIT_S if _is_frozen(self.probe) else STATE_WAIT_S)
        if isinstance(answer, StateUnknown):
            motion = self._motion.until(exposed_ns)
            return ProbeState(doubt=answer.reason, frozen=answer.frozen or None, motion=motion)
        if exposed_ns > self._latest_ns or (answer.frozen and exposed_ns == self._latest_ns):
            self._latest_ns = exposed_ns
            self._follow(answer)
        state = state_of(answer)
        if not answer.frozen:
            return replace(state, motion=self._motion.until(exposed_ns))
        frozen_ns, motion = self._frozen_exposure(answer, exposed_ns)
        return replace(state, frozen_ns=frozen_ns, motion=motion)

    def close(self) -> None:
        with self._opened:
            # A line that is cut cannot be told to stop; the probe then stops by itself, for want of a heartbeat.
            with suppress(BridgeError):
                self.probe.stop_imaging()
            self.probe.close()

    def _follow(self, state: StateKnown) -> None:
        """Tells of a permission that was lost. What the freeze alone took comes back; without a reason it has."""
        lost = state.transmit_off not in (TransmitOff.NONE, TransmitOff.FROZEN)
        if self._transmitted and lost:
            self._tell(
                f"the probe does not transmit any more: {state.transmit_off_reason}; when that is mended, arm it again "
                f"with the key a, or with 'sonoedge probe arm {self.probe.name}' in another terminal"
            )
        self._transmitted = not lost and (state.transmitting or self._transmitted)

    def _frozen_exposure(self, state: StateKnown, near_ns: int) -> tuple[int | None, Motion | None]:
        """Its time and motion, of one exposure always the same, though the clocks are known better and better."""
        which = (self.probe.boot_id, state.frame_number)
        if self._frozen is None or self._frozen[0] != which:
            try:
                exposed = self.probe.host_time(state.exposed_device_us % (1 << 32), near_ns)
            except ClockNotReadyError:
                return None, None
            self._frozen = which, exposed.host_ns, self._motion.until(exposed.host_ns)
        return self._frozen[1:]


def open_link(address: str, tell: Callable[[str], None]) -> tuple[ProbeLink, Exposures]:
    """The probe at `address`, a serial port, `socket://host:port` or `sim:`, and its exposures for a phantom: the
    simulated probe's as they truly are, another one's as it reports them. Raises BridgeErrors; nothing stays open then.
    """
    move: Callable[[FeltAt], None] | None = None
    with ExitStack() as opened:
        if address.startswith(SIMULATED):
            simulator = opened.enter_context(simulated_probe(address.removeprefix(SIMULATED)))
            probe = opened.enter_context(Probe(simulator.connect, name=address, tell=tell))
            exposures = Exposures(lambda: _is_frozen(probe))
            simulator.on_exposure(lambda exposure: exposures.put(true_exposure(exposure)))
            move = _moving(simulator)
        else:
            with in_users_terms(address):
                probe = opened.enter_context(open_probe(address, tell=tell))
            exposures = Exposures(lambda: _is_frozen(probe))
            ReportedExposures(probe, exposures.put)
        return ProbeLink(probe, tell, opened.pop_all(), move), exposures


def _moving(simulator: SimulatedProbe) -> Callable[[FeltAt], None]:
    return lambda felt_at: simulator.on_motion(lambda host_ns: raw_motion(felt_at(host_ns)))


def _is_frozen(probe: Probe) -> bool:
    doing = probe.doing()
    return doing is not None and doing.frozen


def true_exposure(exposure: TrueExposure) -> Exposure:
    """What happened at the simulated front end, whatever the line makes of it."""
    parameters = parameters_from_raw(exposure.values, 0)
    return exposure_of(exposure.host_ns, exposure.frame, parameters, ExposureFlag(exposure.flags))


def raw_motion(felt: Felt | None) -> tuple[int, ...] | None:
    """In the line's units: mg and 0.1 deg/s."""
    return None if felt is None else (*(round(1000 * g) for g in felt[:3]), *(round(10 * rate) for rate in felt[3:]))


def exposure_of(exposed_ns: int, frame_number: int, parameters: ProbeParameters, flags: ExposureFlag) -> Exposure:
    """An exposure as the phantom takes it; gain is counted from the same nominal brightness on both sides."""
    imaging = Imaging(
        depth_mm=parameters.depth_mm,
        frequency_mhz=parameters.frequency_mhz,
        gain_db=parameters.gain_db,
        dynamic_range_db=parameters.dynamic_range_db,
        focus_mm=parameters.focus_mm,
        tgc_db=parameters.tgc_db,
        transmit_power_db=parameters.transmit_power_db,
    )
    return Exposure(exposed_ns, frame_number, imaging, transmitting=ExposureFlag.TRANSMITTING in flags)


def state_of(known: StateKnown) -> ProbeState:
    """What the line knows, as the frame carries it."""
    parameters = known.parameters
    state = ProbeState(
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
        transmit_off_reason="" if known.transmit_off is TransmitOff.FROZEN else known.transmit_off_reason,
    )
    return state if known.telemetry is None else with_telemetry(state, known.telemetry)


def with_telemetry(state: ProbeState, telemetry: TelemetryReport) -> ProbeState:
    return replace(
        state,
        mi=telemetry.mi,
        tis=telemetry.tis,
        tib=telemetry.tib,
        battery_percent=telemetry.battery_percent,
        temperature_c=telemetry.probe_temperature_c,
    )
