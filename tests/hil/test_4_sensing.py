"""What the device tells by itself: exposures with their settings, telemetry, motion, and a clock to place them by."""

import random
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

from firmware_bridge.errors import LinkLostError
from firmware_bridge.host.clock_sync import HostTime
from firmware_bridge.host.events import (
    Event,
    Exposed,
    MotionSample,
    ParametersChanged,
    TelemetryReport,
    TransmitChanged,
)
from firmware_bridge.host.probe import Probe
from firmware_bridge.host.reports import EventQueue, StateKnown
from firmware_bridge.line.messages import ExposureFlag, Stimulus, TransmitOff
from tests.hil.conftest import Bench
from tests.hil.firmware import CORTEX, PROCESS, PYTHON, Firmware
from tools.bridge.raw_host import SOON_S

E = TypeVar("E", bound=Event)
WRAP = 1 << 32
ROUNDING_PPM = 1e-6
"""Of a computation in floating point. The drifts here are the largest that are allowed for, so they lie on the edge."""


def collected(probe: Probe, watch: EventQueue, kind: type[E], n: int) -> list[E]:
    """At least `n` events of a watch."""
    found: list[E] = []
    until = time.monotonic() + SOON_S
    while len(found) < n and time.monotonic() < until:
        found += [event for event in probe.events(watch, 1.0) if isinstance(event, kind)]
    assert len(found) >= n
    return found


def until_clock_is_known(probe: Probe) -> None:
    assert probe.line.wait_until(lambda: probe.clock_status().ready, SOON_S)


# ----------------------------------------------------------------------------------------------------------- exposures


@pytest.mark.parametrize("frames_per_s", [5, 25, 60])
def test_exposures_come_on_a_grid_and_are_numbered(probe: Probe, frames_per_s: int):
    probe.set(frame_rate_hz=frames_per_s)
    watch = probe.watch((Exposed,))
    probe.start_imaging()
    first, *rest = collected(probe, watch, Exposed, 6)
    assert first.flags == ExposureFlag.IMAGING
    for event in rest:
        n_later = event.frame_number - first.frame_number
        assert n_later > 0
        assert (event.device_us - first.device_us) % WRAP == n_later * (1_000_000 // frames_per_s)


def test_each_exposure_has_the_settings_of_its_moment(probe: Probe):
    """Of the reports of changes and of exposures, by the device's clock alone."""
    rng = random.Random(4)
    watch = probe.watch((Exposed, ParametersChanged))
    probe.set(frame_rate_hz=60)
    probe.start_imaging()
    changes: list[ParametersChanged] = []
    exposures: list[Exposed] = []
    for _ in range(20):
        probe.set(depth_mm=rng.randrange(30, 160) / 2)
        for event in probe.events(watch, SOON_S) + probe.events(watch, 0.05):
            if isinstance(event, Exposed):
                exposures.append(event)
            elif isinstance(event, ParametersChanged):
                changes.append(event)
    since_us = {change.parameters.epoch: change.device_us for change in changes}
    assert len(exposures) > 10
    for event in exposures:
        assert later(event.device_us, since_us.get(event.epoch, event.device_us - 1))
        if event.epoch + 1 in since_us:
            assert not later(event.device_us, since_us[event.epoch + 1])


def later(a_us: int, b_us: int) -> bool:
    return 0 < (a_us - b_us) % WRAP < WRAP // 2


def test_the_state_at_an_exposure_is_known_afterwards(probe: Probe):
    until_clock_is_known(probe)
    probe.set(depth_mm=45, frame_rate_hz=60)
    watch = probe.watch((Exposed,))
    probe.start_imaging()
    probe.arm()
    exposure = collected(probe, watch, Exposed, 8)[-2]
    moment = probe.state_at(probe.host_time(exposure.device_us, exposure.received_ns).host_ns, SOON_S)
    assert isinstance(moment, StateKnown), moment
    assert moment.parameters.depth_mm == 45
    assert moment.transmitting


def test_while_frozen_nothing_is_exposed_and_the_numbers_stand_still(probe: Probe):
    watch = probe.watch((Exposed,))
    changes = probe.watch((TransmitChanged,))
    probe.set(frame_rate_hz=60)
    probe.start_imaging()
    before = collected(probe, watch, Exposed, 3)
    probe.freeze()
    before += [event for event in probe.events(watch, 0) if isinstance(event, Exposed)]
    frozen = next(event for event in collected(probe, changes, TransmitChanged, 2) if event.frozen)
    n_telemetry = probe.watch((TelemetryReport,))
    collected(probe, n_telemetry, TelemetryReport, 3)
    probe.unfreeze()
    before += [event for event in probe.events(watch, 0) if not later(event.device_us, frozen.device_us)]
    after = next(event for event in collected(probe, watch, Exposed, 1) if later(event.device_us, frozen.device_us))
    assert after.frame_number == max(event.frame_number for event in before) + 1


def frozen_after_some_exposures(bench: Bench, depth_mm: float) -> tuple[Probe, Exposed]:
    """A probe that transmitted and is frozen, and its last exposure."""
    probe = bench.open()
    until_clock_is_known(probe)
    probe.set(depth_mm=depth_mm, frame_rate_hz=60)
    watch = probe.watch((Exposed,))
    probe.start_imaging()
    probe.arm()
    last = collected(probe, watch, Exposed, 8)[-1]
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
    assert probe.line.wait_until(lambda: (now := probe.doing()) is not None and now.frozen, SOON_S)
    probe.echo(b"all that was told before")
    later_ones = [event for event in probe.events(watch, 0) if isinstance(event, Exposed)]
    return probe, (later_ones or [last])[-1]


def exposed_deeper(probe: Probe, depth_mm: float) -> StateKnown:
    """Of an exposure since now."""
    watch = probe.watch((Exposed,))
    exposure = collected(probe, watch, Exposed, 4)[-2]
    moment = probe.state_at(probe.host_time(exposure.device_us, exposure.received_ns).host_ns, SOON_S)
    assert isinstance(moment, StateKnown), moment
    assert moment.parameters.depth_mm == depth_mm
    return moment


def test_the_frozen_exposure_keeps_what_it_was_made_with(bench):
    """Whatever is set meanwhile: asked for as it is now, and by its own time."""
    probe, last = frozen_after_some_exposures(bench, 45.0)
    for depth_mm in (50.0, 60.0):
        probe.set(depth_mm=depth_mm)
        for host_ns in (time.monotonic_ns(), probe.host_time(last.device_us, last.received_ns).host_ns):
            moment = probe.state_at(host_ns, SOON_S)
            assert isinstance(moment, StateKnown), moment
            assert (moment.frozen, moment.transmitting, moment.parameters.depth_mm) == (True, True, 45.0)
            assert (moment.frame_number, moment.transmit_off) == (last.frame_number, TransmitOff.FROZEN)
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
    moment = exposed_deeper(probe, 60.0)
    assert moment.transmitting and not moment.frozen


@pytest.mark.slow
def test_after_a_minute_it_is_still_that_exposure_and_goes_on(firmware: Firmware, tmp_path: Path):
    """All three at once, since each takes a minute.

    A machine that is busy may starve a device for a second, which rightly ends its session: then it is tried once more.
    """
    try:
        frozen_for_a_minute(firmware, tmp_path / "first")
    except LinkLostError:
        frozen_for_a_minute(firmware, tmp_path / "again")


def frozen_for_a_minute(firmware: Firmware, folder: Path) -> None:
    folder.mkdir()
    with ExitStack() as opened:
        frozen = []
        for kind in (PYTHON, PROCESS, CORTEX):
            bench = Bench(opened.enter_context(firmware.device(kind, folder / kind)), kind, firmware)
            opened.callback(bench.close)
            frozen.append((bench, *frozen_after_some_exposures(bench, 45.0)))
        for second in range(60):
            time.sleep(1.0)
            for _, probe, last in frozen:
                probe.set(depth_mm=50.0 + second / 2)
                moment = probe.state_at(time.monotonic_ns(), SOON_S)
                assert isinstance(moment, StateKnown), moment
                assert (moment.frame_number, moment.parameters.depth_mm) == (last.frame_number, 45.0)
        for bench, probe, _ in frozen:
            bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
            moment = exposed_deeper(probe, 79.5)
            assert moment.transmitting and not moment.frozen


# ----------------------------------------------------------------------------------------------- telemetry and motion


def test_telemetry_follows_the_sensors(bench):
    probe = bench.open()
    for stimulus, value in (
        (Stimulus.PROBE_TEMPERATURE_DC, 365),
        (Stimulus.BOARD_TEMPERATURE_DC, -5),
        (Stimulus.BATTERY_PERCENT, 61),
    ):
        bench.device.stimulate(stimulus, value)
    expected = (36.5, -0.5, 61)

    def follows() -> bool:
        now = probe.telemetry()
        return now is not None and expected == (now.probe_temperature_c, now.board_temperature_c, now.battery_percent)

    assert probe.line.wait_until(follows, SOON_S)


def test_motion_comes_400_times_a_second(bench):
    """Ticks that the machine gave no time for are left out, and the rest stay on the grid."""
    probe = bench.open()
    rng = random.Random(5)
    values = [rng.randint(-0x8000, 0x7FFF) for _ in range(6)]
    watch = probe.watch((MotionSample,))
    probe.set(imu_rate_hz=400)
    for k, value in enumerate(values):
        bench.device.stimulate(Stimulus(Stimulus.IMU_AX + k), value)
    moves: list[MotionSample] = []
    while len(moves) < 200 or raw(moves[-1]) != values:
        moves += collected(probe, watch, MotionSample, 1)
    steps_us = [(b.device_us - a.device_us) % WRAP for a, b in pairwise(moves)]
    assert all(step > 0 and step % 2500 == 0 for step in steps_us)
    assert 2500 in steps_us


def raw(motion: MotionSample) -> list[int]:
    return [round(x * 1000) for x in motion.acceleration_g] + [round(x * 10) for x in motion.rate_deg_per_s]


# --------------------------------------------------------------------------------------------------------------- clock


@pytest.mark.parametrize(
    ("drift_ppm", "start_us"), [(0, 0), (200, WRAP - 700_000), (-200, 123)], ids=["even", "fast and wrapping", "slow"]
)
def test_the_devices_clock_is_told_within_its_uncertainty(new_bench, drift_ppm: int, start_us: int):
    """A command makes the device note its time between two looks at the host's own clock: a truth that needs no
    synchronisation."""
    bench: Bench = new_bench(drift_ppm=drift_ppm, start_us=start_us)
    if bench.kind == CORTEX and drift_ppm:
        pytest.skip("the emulated board's clock cannot be made to drift")
    probe = bench.open()
    until_clock_is_known(probe)
    changes = probe.watch((TransmitChanged,))
    for _ in range(5):
        for act in (probe.start_imaging, probe.stop_imaging):
            earliest_ns = time.monotonic_ns()
            act()
            latest_ns = time.monotonic_ns()
            change = collected(probe, changes, TransmitChanged, 1)[-1]
            told = probe.host_time(change.device_us, change.received_ns)
            assert could_be(told, earliest_ns, latest_ns), (told, earliest_ns, latest_ns)
            time.sleep(0.2)
    status = probe.clock_status()
    assert abs(status.drift_ppm - drift_ppm) <= status.drift_uncertainty_ppm + ROUNDING_PPM
    assert status.n_restarts == 0
    bench.look(announced=())


def could_be(told: HostTime, earliest_ns: int, latest_ns: int) -> bool:
    return told.host_ns - told.uncertainty_ns <= latest_ns and told.host_ns + told.uncertainty_ns >= earliest_ns
