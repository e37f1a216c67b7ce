"""When the device exposes and reports: its grid, its clock's wrap, and what comes unasked."""

from itertools import pairwise

import pytest

from firmware_bridge.device.limits import acoustic_output
from firmware_bridge.device.stepped_probe import SimulationSettings
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Action, Stimulus

RATE, DEPTH, IMU_RATE, GAIN = (
    PARAMETER_NUMBERS["frame_rate"],
    PARAMETER_NUMBERS["depth"],
    PARAMETER_NUMBERS["imu_rate"],
    PARAMETER_NUMBERS["gain"],
)
WRAP = 1 << 32
PERIOD_US = 40_000
"""Of 25 Hz."""


def gaps(moments):
    return [(after - before) % WRAP for before, after in pairwise(moments)]


def test_exposures_keep_a_grid_and_all_are_reported(bench):
    bench.do(Action.START)
    bench.run(2_000_000)
    assert len(bench.exposures) == 50
    assert [exposure.frame for exposure in bench.exposures] == list(range(50))
    assert set(gaps([exposure.device_us for exposure in bench.exposures])) == {PERIOD_US}
    told = bench.all_of(wire.Exposure)
    bench.run(5_000)
    assert [(each.frame, each.device_us) for each in told] == [(e.frame, e.device_us) for e in bench.exposures]
    assert {(each.epoch, each.flags) for each in told} == {(0, 4)}


@pytest.mark.parametrize("rate_hz", [5, 7, 30, 59, 60])
def test_the_grid_is_that_of_the_rate(bench, rate_hz):
    bench.set((RATE, rate_hz))
    bench.do(Action.START)
    bench.run(1_500_000)
    assert set(gaps([exposure.device_us for exposure in bench.exposures])) == {1_000_000 // rate_hz}


def test_a_new_rate_counts_from_the_last_exposure(bench):
    bench.do(Action.START)
    bench.run(10 * PERIOD_US + 2_000)
    last = bench.exposures[-1]
    bench.set((RATE, 50))
    bench.run(100_000)
    after = [exposure for exposure in bench.exposures if exposure.frame > last.frame]
    assert after[0].device_us == last.device_us + 20_000
    assert after[0].frame == last.frame + 1
    assert set(gaps([exposure.device_us for exposure in after])) == {20_000}


def test_a_rate_whose_moment_has_passed_exposes_at_once_and_loses_no_number(bench):
    bench.set((RATE, 5))
    bench.do(Action.START)
    bench.run(2 * 200_000 + 150_000)
    last = bench.exposures[-1]
    bench.set((RATE, 60))
    since_us = bench.device.state.settings.since_us
    bench.run(100_000)
    after = [exposure for exposure in bench.exposures if exposure.frame > last.frame]
    assert (after[0].frame, after[0].device_us) == (last.frame + 1, since_us + 1)
    assert set(gaps([exposure.device_us for exposure in after])) == {1_000_000 // 60}


def test_an_epoch_holds_for_the_exposures_after_its_moment(new_bench):
    """However late the device looks: settings arrive between an exposure's moment and the next tick."""
    bench = new_bench().connect()
    bench.do(Action.START)
    device, base_us = bench.device, bench.probe.device_us
    bench.exposures.clear()
    n_before = 0
    for k in range(200):
        now_us = base_us + k * 7_333
        value = 5 * (k % 10)
        bench.send(wire.SetParameters(1, bytes((GAIN,)) + value.to_bytes(4, "little")))
        bench.host.flush(now_us)
        device.receive(bench.host.pull(1 << 16), now_us)
        changed_us = device.state.settings.since_us
        assert changed_us == now_us
        device.tick(now_us + 6_000)
        bench.host.receive(device.pull(1 << 16), now_us + 6_000)
        for exposure in bench.exposures:
            assert (exposure.values[GAIN] == value) == (exposure.device_us > changed_us)
        n_before += sum(exposure.device_us <= changed_us for exposure in bench.exposures)
        bench.exposures.clear()
    assert n_before > 0
    for told in bench.all_of(wire.Exposure):
        epochs = [each.epoch for each in bench.all_of(wire.Parameters) if each.since_us < told.device_us]
        assert told.epoch == epochs[-1]


def test_a_device_that_looks_late_skips_and_counts_on(bench):
    bench.do(Action.START)
    bench.run(2 * PERIOD_US + 1_000)
    last = bench.exposures[-1]
    device = bench.device
    device.tick(last.device_us + 3 * PERIOD_US + 10)
    assert bench.exposures[-1].frame == last.frame + 3
    assert bench.exposures[-1].device_us == last.device_us + 3 * PERIOD_US
    device.tick(last.device_us + 4 * PERIOD_US)
    assert bench.exposures[-1].device_us == last.device_us + 4 * PERIOD_US


@pytest.mark.parametrize(("stop", "go_on"), [(Action.FREEZE, Action.UNFREEZE), (Action.STOP, Action.START)])
def test_while_it_stands_still_so_do_the_numbers(bench, stop, go_on):
    bench.do(Action.START)
    bench.run(5 * PERIOD_US)
    bench.do(stop)
    last = bench.exposures[-1]
    bench.run(777_000)
    assert bench.exposures[-1] == last
    bench.do(go_on)
    went_on_us = bench.device.state.permission.since_us
    bench.run(3 * PERIOD_US)
    after = [exposure for exposure in bench.exposures if exposure.frame > last.frame]
    assert after[0].frame == last.frame + 1
    assert after[0].device_us == went_on_us + PERIOD_US


def test_starting_again_does_not_move_the_grid(bench):
    bench.do(Action.START)
    bench.run(100_000)
    bench.do(Action.START)
    bench.run(300_000)
    assert set(gaps([exposure.device_us for exposure in bench.exposures])) == {PERIOD_US}


def test_the_wrap_of_the_clock_changes_nothing(new_bench):
    """Half a second before the wrap: grid, heartbeat, telemetry and the permission go on."""
    bench = new_bench(SimulationSettings(start_us=WRAP - 500_000)).connect().arm()
    bench.set((IMU_RATE, 100))
    bench.run(1_500_000)
    assert bench.transmits
    assert set(gaps([exposure.device_us for exposure in bench.exposures])) == {PERIOD_US}
    assert any(exposure.device_us < 600_000 for exposure in bench.exposures)
    assert set(gaps([each.device_us for each in bench.all_of(wire.Imu)])) == {10_000}
    assert set(gaps([each.device_us for each in bench.all_of(wire.Telemetry)])) <= {100_000, 101_000}
    bench.alive = False
    bench.run(600_000)
    assert not bench.transmits


@pytest.mark.no_cover
def test_the_true_moment_of_an_exposure_is_that_of_the_devices_clock(new_bench):
    for drift_ppm in (-200, 0, 200):
        bench = new_bench(SimulationSettings(start_us=WRAP - 3_000_000, drift_ppm=drift_ppm)).connect()
        bench.do(Action.START)
        bench.run(10_000_000)
        first, last = bench.exposures[0], bench.exposures[-1]
        device_us = (last.device_us - first.device_us) % WRAP
        host_us = (last.host_ns - first.host_ns) / 1000
        assert device_us / host_us == pytest.approx(1 + drift_ppm * 1e-6, abs=1e-9)
        assert 0 <= bench.probe.now_us * 1000 - last.host_ns < PERIOD_US * 1001


def test_the_imu_speaks_at_its_rate(bench):
    for stimulus, value in zip(
        range(Stimulus.IMU_AX, Stimulus.IMU_GZ + 1), (1, -2, 3, -4, 40_000, -40_000), strict=True
    ):
        bench.stimulate(Stimulus(stimulus), value)
    bench.run(300_000)
    assert not bench.all_of(wire.Imu)
    for rate_hz in (400, 50):
        bench.set((IMU_RATE, rate_hz))
        bench.run(50_000)
        bench.heard.clear()
        bench.run(1_000_000)
        told = bench.all_of(wire.Imu)
        assert abs(len(told) - rate_hz) <= 1
        assert set(gaps([each.device_us for each in told])) == {1_000_000 // rate_hz}
    assert (told[0].acceleration_mg, told[0].rate_ddps) == ((1, -2, 3), (-4, 32767, -32768))
    bench.set((IMU_RATE, 0))
    bench.heard.clear()
    bench.run(500_000)
    assert not bench.all_of(wire.Imu)


def test_telemetry_and_heartbeat_come_ten_times_a_second(bench):
    bench.stimulate(Stimulus.BATTERY_PERCENT, 55)
    bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, -123)
    bench.stimulate(Stimulus.BOARD_TEMPERATURE_DC, 451)
    bench.heard.clear()
    bench.run(3_000_000)
    telemetry, beats = bench.all_of(wire.Telemetry), bench.all_of(wire.DeviceHeartbeat)
    assert 28 <= len(telemetry) <= 30 and 28 <= len(beats) <= 30
    last = telemetry[-1]
    assert (last.battery_percent, last.probe_temperature_dc, last.board_temperature_dc) == (55, -123, 451)
    output = acoustic_output(wire.PRESETS[0].values)
    assert (last.mi_milli, last.ispta_mw_cm2) == (output.mi_milli, output.ispta_mw_cm2)
    assert (last.tis_milli, last.tib_milli) == (output.tis_milli, output.tib_milli)
    assert (last.damaged, last.retransmitted, last.plain_dropped) == (0, 0, 0)


def test_without_a_session_it_says_nothing_and_images_on(bench):
    bench.do(Action.START)
    bench.device.state.link.close()
    bench.alive = False
    bench.probe.take()
    bench.listens = False
    bench.host.close()
    n = len(bench.exposures)
    bench.run(1_000_000)
    assert bench.probe.take() == b""
    assert len(bench.exposures) == n + 25


def test_unreliable_frames_come_in_a_fixed_order(new_bench):
    """In one call in which everything is due."""
    bench = new_bench().connect().arm()
    bench.set((IMU_RATE, 400))
    bench.run(200_000)
    device, now_us = bench.device, bench.probe.device_us
    bench.host.receive(device.pull(1 << 16), now_us)
    bench.heard.clear()
    device.tick(now_us + wire.HEARTBEAT_TIMEOUT_US)
    bench.host.receive(device.pull(1 << 16), now_us)
    kinds = [type(message).__name__ for message in bench.heard]
    assert kinds == ["TransmitState", "Exposure", "Imu", "Telemetry", "DeviceHeartbeat", "LogLine"]
    assert bench.heard[-1].line == "transmit off: heartbeat lost"
