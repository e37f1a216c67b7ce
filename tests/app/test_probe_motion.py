"""The inertial sensor, from the probe's line to the frame."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edge.app import composition
from edge.app.probe_link import MOTION_KEPT, MotionHeard, ProbeLink, open_link, raw_motion
from edge.app.settings import settings_of
from edge.clock import MonotonicClock
from edge.frame import Frame, Motion
from firmware_bridge.errors import ClockNotReadyError
from firmware_bridge.host.clock_sync import HostTime
from firmware_bridge.host.events import Event, MotionSample
from firmware_bridge.host.parameters import ProbeParameters
from firmware_bridge.host.reports import StateKnown, StateUnknown
from firmware_bridge.line.messages import TransmitOff
from tests.phantom.rail import RAIL, shown_ns

SECOND_NS = 10**9
SET = ProbeParameters(30.0, 11.0, 0.0, (0.0,) * 8, 15.0, 62.0, 25.0, 0.0, "cartilage", 0.0, 1)
LIVE = StateKnown(SET, True, False, TransmitOff.NONE, 7, 5_000_000, 9, None)


@dataclass
class FakeProbe:
    """A probe whose counter is the host's clock in microseconds, `late_ns` off."""

    state: StateKnown | StateUnknown = LIVE
    ready: bool = True
    late_ns: int = 0
    calls: list[object] = field(default_factory=list)
    boot_id, name = 5, "sim:"
    imu_rate_hz = 0.0

    def listen(self, tell: Callable[[Event], None], kinds: tuple[type[Event], ...]) -> None:
        assert kinds == (MotionSample,)
        self.tell = tell

    def feel(self, *times_us: int) -> None:
        """Samples at these times, each with its time as acceleration and turning rate."""
        for time_us in times_us:
            self.tell(MotionSample(time_us * 1000, time_us, (time_us, 0.0, 1.0), (0.0, time_us, 0.0)))

    def host_time(self, device_us: int, near_ns: int) -> HostTime:
        if not self.ready:
            raise ClockNotReadyError("no clock yet")
        return HostTime(device_us * 1000 + self.late_ns, 500)

    def state_at(self, host_ns: int, timeout_s: float) -> StateKnown | StateUnknown:
        return self.state

    def doing(self) -> None: ...

    def parameters(self) -> ProbeParameters:
        return replace(SET, imu_rate_hz=self.imu_rate_hz)

    def set(self, **changes: float) -> None:
        self.calls.append(changes)

    def start_imaging(self) -> None:
        self.calls.append("start")


def heard() -> tuple[FakeProbe, MotionHeard]:
    probe = FakeProbe()
    return probe, MotionHeard(probe)


def times_us(motion: Motion | None) -> list[int]:
    return [] if motion is None else (motion.times_ns // 1000).tolist()


def test_a_frame_has_what_arrived_of_the_two_seconds_before_it() -> None:
    probe, motion = heard()
    assert motion.until(SECOND_NS) is None
    probe.feel(900_000, 1_000_000, 2_000_000, 3_000_000, 3_000_001)
    got = motion.until(3 * SECOND_NS)
    assert times_us(got) == [2_000_000, 3_000_000]
    assert got.acceleration_g.tolist() == [[2_000_000, 0, 1], [3_000_000, 0, 1]]
    assert got.rate_deg_per_s.tolist() == [[0, 2_000_000, 0], [0, 3_000_000, 0]]


def test_one_that_the_clock_puts_before_the_last_is_left_out() -> None:
    probe, motion = heard()
    probe.feel(100_000, 120_000, 120_000)
    probe.late_ns = -30_000_000
    probe.feel(140_000, 160_000)
    assert times_us(motion.until(SECOND_NS)) == [100_000, 120_000, 130_000]


def test_without_a_clock_there_is_none() -> None:
    probe, motion = heard()
    probe.ready = False
    probe.feel(100_000)
    assert motion.until(SECOND_NS) is None


def test_no_more_is_kept_than_is_asked_for() -> None:
    probe, motion = heard()
    probe.feel(*range(1, MOTION_KEPT + 101))
    assert times_us(motion.until(SECOND_NS)) == list(range(101, MOTION_KEPT + 101))


@pytest.mark.parametrize("state", [LIVE, StateUnknown("set anew"), StateUnknown("set anew", frozen=True)])
def test_motion_is_on_the_state_whether_or_not_the_parameters_are_known(state) -> None:
    probe = FakeProbe(state)
    link = ProbeLink(probe, print)
    probe.feel(4_900_000)
    assert times_us(link.state_at(5 * SECOND_NS).motion) == [4_900_000]


def test_a_frozen_exposure_keeps_its_motion() -> None:
    probe = FakeProbe(replace(LIVE, frozen=True, transmit_off=TransmitOff.FROZEN))
    link = ProbeLink(probe, print)
    probe.feel(4_900_000, 5_100_000)
    assert times_us(link.state_at(5 * SECOND_NS).motion) == [4_900_000]
    probe.feel(*range(5_200_000, 5_200_000 + MOTION_KEPT))
    assert times_us(link.state_at(5 * SECOND_NS).motion) == [4_900_000]


@pytest.mark.parametrize(("rate_hz", "set_first"), [(0.0, [{"imu_rate_hz": 50}]), (400.0, [])])
def test_the_sensor_is_switched_on_unless_it_is(rate_hz, set_first) -> None:
    probe = FakeProbe()
    probe.imu_rate_hz = rate_hz
    ProbeLink(probe, print).start(arm=False)
    assert probe.calls == [*set_first, "start"]


def test_what_is_felt_goes_to_the_line_in_its_units() -> None:
    assert raw_motion((0.0016, -0.5, 1.0, 0.04, -12.34, 100.0)) == (2, -500, 1000, 0, -123, 1000)
    assert raw_motion(None) is None


@pytest.mark.parametrize("delay", ["0", "60", "0..60"])
def test_a_frames_motion_is_that_of_the_hand_its_picture_shows(delay, monkeypatch) -> None:
    """Over the real line: as far off in time as the clock may be by its own word, and in value by rounding."""
    monkeypatch.setattr(composition, "anatomies", lambda: RAIL)
    settings = settings_of("cartilage", {"source": "phantom:rail", "probe": "sim:"})
    link, exposures = open_link(f"sim:seed=3,drift=200,delay={delay}", print)
    off_ns: list[int] = []
    host_time = link.probe.host_time

    def noted(device_us: int, near_ns: int) -> HostTime:
        time = host_time(device_us, near_ns)
        off_ns.append(time.uncertainty_ns)
        return time

    monkeypatch.setattr(link.probe, "host_time", noted)
    with ExitStack() as opened:
        opened.enter_context(link)
        source, _ = composition.open_probed(settings, MonotonicClock(), lambda: (link, exposures), opened)
        link.start(arm=True)
        frame = first_with(60, source.read)
    motion, zero_ns = frame.probe.motion, frame.exposed_ns - shown_ns(frame.pixels)
    assert ((motion.times_ns <= frame.exposed_ns) & (motion.times_ns > frame.exposed_ns - 2 * SECOND_NS)).all()
    truly_s = motion.acceleration_g[:, 0]
    begun = truly_s > 0
    assert begun.sum() > 30, "the samples before the first picture tell no time"
    assert (np.diff(truly_s[begun]) > 0).all()
    off_s = (motion.times_ns - zero_ns)[begun] / 1e9 - truly_s[begun]
    assert np.abs(off_s).max() <= max(off_ns) / 1e9 + 0.0005
    assert np.abs(motion.rate_deg_per_s[:, 2] - 10 * truly_s).max() <= 0.05 + 10 * 0.0005
    assert set(motion.acceleration_g[:, 2]) == {1.0}


def first_with(n_samples: int, read: Callable[[float], Frame | None]) -> Frame:
    while True:
        frame = read(60.0)
        assert frame is not None and frame.probe is not None
        if frame.probe.motion is not None and len(frame.probe.motion.times_ns) >= n_samples:
            return frame
