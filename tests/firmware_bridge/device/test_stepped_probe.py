"""The simulated probe in virtual time: it repeats itself, keeps its flash, and starts anew as a probe does."""

import pytest

from firmware_bridge.device import boot
from firmware_bridge.device.stepped_probe import WATCHDOG_US, SimulationSettings, SteppedProbe, new_flash
from firmware_bridge.errors import FlashRangeError
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Action, BootReason, Stimulus
from firmware_bridge.line.transport.faulty import FaultSettings
from tests.firmware_bridge.conftest import Bench

IMU_RATE = PARAMETER_NUMBERS["imu_rate"]
FAULTS = FaultSettings(damage=0.002, drop=0.001, double=0.001, delay_ms=(0, 60), seed=3)


def life(new_bench, seed):
    """All that a host hears of a probe on a bad line, and the true exposures."""
    bench = new_bench(SimulationSettings(drift_ppm=200, seed=seed, faults=FAULTS)).connect()
    bench.do(Action.START)
    bench.run(300_000)
    bench.do(Action.ARM)
    bench.stimulate(Stimulus.PRESS_BUTTON, 1)
    bench.run(1_000_000)
    return bench.heard, bench.exposures


def test_the_same_seed_is_the_same_life(new_bench):
    assert life(new_bench, 1) == life(new_bench, 1)


def test_another_seed_is_another_probe(new_bench):
    identities = [new_bench(SimulationSettings(seed=seed)).connect().ask(wire.Identify(0)) for seed in (1, 2)]
    assert identities[0].serial_number != identities[1].serial_number
    assert identities[0].boot_id != identities[1].boot_id
    clocks = [SteppedProbe(SimulationSettings(seed=seed)).device_us for seed in (1, 2)]
    assert clocks[0] != clocks[1]


@pytest.mark.no_cover
@pytest.mark.parametrize("steps_us", [1, 7, 1_000, 10_000])
def test_how_time_is_cut_does_not_matter(steps_us):
    def exposures(step_us):
        probe, seen = SteppedProbe(SimulationSettings(start_us=0)), []
        probe.on_exposure(seen.append)
        probe.device.state.permission.image(True, 0)
        for until_us in range(step_us, 210_001, step_us):
            probe.step(until_us)
        probe.step(210_000)
        return seen

    assert exposures(steps_us) == exposures(210_000)
    assert len(exposures(steps_us)) == 5


def test_a_delay_is_each_ways_own(new_bench):
    bench = new_bench(SimulationSettings(faults=FaultSettings(delay_ms=(10, 10)))).connect()
    asked_us = bench.probe.now_us
    bench.ask(wire.Identify(0))
    assert 20_000 <= bench.probe.now_us - asked_us <= 30_000


def test_a_hang_ends_with_the_watchdog(new_bench):
    bench = new_bench().connect()
    first = bench.ask(wire.Identify(0)).boot_id
    bench.stimulate(Stimulus.HANG)
    bench.alive = False
    hung_us = bench.probe.now_us
    bench.probe.step(hung_us + WATCHDOG_US - 1)
    assert bench.probe.device is None
    bench.probe.step(hung_us + WATCHDOG_US)
    assert bench.probe.device is not None
    again = bench.connect().ask(wire.Identify(0))
    assert (again.boot_id, again.boot_reason) == (first + 1, BootReason.WATCHDOG)


def test_a_device_started_anew_knows_no_session_and_says_so(new_bench):
    bench = new_bench().connect()
    resets = []
    bench.reset = resets.append
    bench.stimulate(Stimulus.RESET)
    bench.run(200_000)
    assert resets == [bench.device.state.port.running.boot_id]


def test_what_is_on_the_line_when_it_is_pulled_is_lost_and_the_device_goes_on(new_bench):
    bench = new_bench(SimulationSettings(start_us=0, faults=FaultSettings(delay_ms=(5, 5)))).connect()
    bench.do(Action.START)
    bench.set((0, 500))
    bench.send(wire.SetParameters(1, b"\x00" + (600).to_bytes(4, "little")))
    bench.host.flush(0)
    bench.probe.feed(bench.host.pull(1 << 16))
    bench.probe.unplug()
    bench.alive = False
    n = len(bench.exposures)
    bench.run(400_000)
    assert bench.probe.take() == b""
    assert len(bench.exposures) == n + 10
    assert bench.exposures[-1].values[0] == 500
    bench.probe.plug()
    bench.heard.clear()
    bench.connect()
    assert bench.last(wire.Parameters).values[0] == 500


def test_a_flash_file_keeps_boots_and_updates(new_bench, tmp_path):
    path = tmp_path / "flash.bin"
    boot_ids = []
    for _ in range(3):
        with new_flash(7, path) as flash:
            boot_ids.append(new_bench(flash=flash).connect().ask(wire.Identify(0)).boot_id)
    assert boot_ids == [boot_ids[0], boot_ids[0] + 1, boot_ids[0] + 2]


def test_a_file_that_is_no_flash_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a flash")
    with pytest.raises(FlashRangeError, match="delete the file"):
        new_flash(1, path)
    assert path.read_text() == "not a flash"


def test_a_probe_that_cannot_boot_says_nothing(new_bench):
    flash = new_flash(0)
    flash.cells[boot.BANK_A_START] ^= 1
    bench = new_bench(flash=flash)
    bench.host.open(1, 0)
    bench.run(2_000_000)
    assert bench.probe.device is None
    assert bench.host.session == 0


def test_a_host_that_does_not_read_fills_the_line_and_no_more(new_bench):
    bench = new_bench().connect()
    bench.set((16, 400))
    bench.do(Action.START)
    bench.listens = False
    bench.run(20_000_000)
    assert len(bench.probe.take()) <= 16_384
    assert bench.device.state.link.counters.plain_dropped > 1_000


@pytest.mark.parametrize("after_boot", [0, 1, 2])
def test_a_power_cut_while_booting_boots_again(new_bench, after_boot):
    bench = new_bench().connect()
    first = bench.ask(wire.Identify(0)).boot_id
    bench.stimulate(Stimulus.CUT_FLASH_AFTER, after_boot)
    for n in range(1, 4):
        bench.stimulate(Stimulus.RESET)
        identity = bench.connect().ask(wire.Identify(0))
        assert identity.boot_reason == (BootReason.POWER if n == after_boot + 1 else BootReason.REQUEST)
        assert identity.boot_id > first


class TestMotion:
    """What the machine feels; the firmware in C takes the bench's word alone."""

    def test_each_sample_is_asked_for_at_its_true_time(self):
        bench = Bench(SimulationSettings(start_us=(1 << 32) - 500_000, drift_ppm=200))
        asked = []

        def feel(host_ns):
            asked.append(host_ns)
            return len(asked), 0, 1000, 0, 0, -len(asked)

        bench.probe.on_motion(feel)
        bench.connect().set((IMU_RATE, 50))
        bench.run(2_000_000)
        told = bench.all_of(wire.Imu)
        assert [(each.acceleration_mg, each.rate_ddps) for each in told] == [
            ((k, 0, 1000), (0, 0, -k)) for k in range(1, len(told) + 1)
        ]
        first, last = told[0], told[-1]
        device_us = (last.device_us - first.device_us) % (1 << 32)
        assert device_us > 1_000_000
        host_us = (asked[len(told) - 1] - asked[0]) / 1000
        assert device_us / host_us == pytest.approx(1 + 200e-6, abs=1e-9)

    def test_it_goes_on_after_a_reset_and_stays_in_range(self):
        bench = Bench().connect()
        bench.probe.on_motion(lambda host_ns: (40_000, -40_000, 0, 1, 2, 3))
        bench.stimulate(Stimulus.RESET)
        bench.connect().set((IMU_RATE, 400))
        bench.run(100_000)
        assert {each.acceleration_mg for each in bench.all_of(wire.Imu)} == {(32767, -32768, 0)}

    def test_who_feels_nothing_leaves_it_to_the_bench(self):
        bench = Bench()
        bench.probe.on_motion(lambda host_ns: None)
        bench.stimulate(Stimulus.IMU_GX, 7)
        bench.connect().set((IMU_RATE, 400))
        bench.run(100_000)
        assert {(each.acceleration_mg, each.rate_ddps) for each in bench.all_of(wire.Imu)} == {
            ((0, 0, 1000), (7, 0, 0))
        }
