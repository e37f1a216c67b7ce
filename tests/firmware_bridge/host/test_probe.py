"""The probe as a program uses it, against the simulated one in virtual time."""

from random import Random

import pytest

import firmware_bridge.device.settings
from firmware_bridge.device.limits import SettingVerdict
from firmware_bridge.device.stepped_probe import SimulationSettings
from firmware_bridge.errors import LinkLostError, ParameterRefusedError, RefusedError
from firmware_bridge.firmware_image import FirmwareVersion
from firmware_bridge.host.events import (
    ButtonMoved,
    Exposed,
    FaultLatched,
    LineLost,
    LineRestored,
    Logged,
    MotionSample,
    ParametersChanged,
    TelemetryReport,
    TransmitChanged,
)
from firmware_bridge.host.parameters import parameters_from_raw
from firmware_bridge.host.probe import Bank, Probe, open_probe
from firmware_bridge.host.reports import KEPT_EVENTS, StateKnown, StateUnknown
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import BootReason, ExposureFlag, FaultCode, Refusal, Stimulus, TransmitOff
from firmware_bridge.line.transport.faulty import FaultSettings
from tests.firmware_bridge.host.stepped_line import Bench, run, wait_for


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def probe(bench: Bench) -> Probe:
    return bench.open()


def transmitting(probe: Probe) -> Probe:
    probe.start_imaging()
    run(probe, 0.01)
    probe.arm()
    return probe


# --------------------------------------------------------------------------------------------- who it is, how it is set
def test_the_probe_says_who_it_is(probe: Probe):
    identity = probe.identity()
    assert identity.model == wire.MODEL
    assert identity.hardware_id == wire.HARDWARE_ID
    assert (identity.version, identity.bank, identity.confirmed) == (FirmwareVersion(1, 0, 0, 0), Bank.A, True)
    assert identity.boot_reason is BootReason.POWER
    assert identity.boot_id == probe.boot_id != 0


def test_the_tables_are_the_probes_own(probe: Probe):
    probe.set(depth_mm=42.5)
    table = {row.keyword: row for row in probe.parameter_table()}
    assert len(table) == len(wire.PARAMETERS)
    depth = table["depth_mm"]
    assert (depth.name, depth.unit, depth.low, depth.high, depth.step) == ("depth", "mm", 15, 80, 0.5)
    assert (depth.default, depth.value) == (30, 42.5)
    assert table["preset"].unit == ""
    assert [row.name for row in probe.preset_table()] == [preset.name for preset in wire.PRESETS]
    assert probe.preset_table()[2].mi_cap == 0.7


def test_what_was_set_is_what_holds(probe: Probe):
    before = probe.parameters()
    now = probe.set(preset="nerve", depth_mm=40, tgc_db=range(8))
    assert (now.preset, now.depth_mm, now.frequency_mhz, now.tgc_db[7]) == ("nerve", 40, 12, 7)
    assert now.epoch == before.epoch + 1
    assert probe.parameters() == now


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"depth_mm": 99}, Refusal.OUT_OF_RANGE),
        ({"depth_mm": 40, "gain_db": 31}, Refusal.OUT_OF_RANGE),
        ({"transmit_power_db": 0, "frequency_mhz": 4}, Refusal.MI_TOO_HIGH),
        ({"tgc_db": [0] * 8, "tgc_1_db": 1}, Refusal.REPEATED_PARAMETER),
    ],
)
def test_a_refused_setting_changes_nothing(probe: Probe, changes, refusal: Refusal):
    before = probe.parameters()
    with pytest.raises(ParameterRefusedError, match="Nothing was changed") as error:
        probe.set(**changes)
    assert error.value.refusal == refusal
    after = probe.parameters()
    assert (after, after.epoch) == (before, before.epoch)


def test_what_the_host_already_knows_to_be_wrong_never_travels(bench: Bench, probe: Probe):
    n_written = len(bench.written)
    with pytest.raises(ParameterRefusedError):
        probe.set(depth_mm=40.1)
    assert len(bench.written) == n_written


# ---------------------------------------------------------------------------------------------------- what it shall do
def test_arming_needs_imaging_and_nothing_frozen(probe: Probe):
    run(probe, 0.2)
    with pytest.raises(RefusedError, match="imaging is off; start it first"):
        probe.arm()
    probe.start_imaging()
    probe.freeze()
    with pytest.raises(RefusedError, match="frozen") as error:
        probe.arm()
    assert error.value.refusal == Refusal.FROZEN
    probe.unfreeze()
    probe.arm()
    run(probe, 0.2)
    assert probe.doing().transmitting


def test_transmit_ends_with_a_program_that_hangs(bench: Bench, probe: Probe):
    transmitting(probe)
    run(probe, 5.0)
    assert probe.doing().transmitting
    probe.line.wait_until(lambda: False, 3.0)
    assert not probe.doing().transmitting
    assert probe.doing().off is TransmitOff.HEARTBEAT_LOST
    assert bench.truth[-1].flags == ExposureFlag.IMAGING


def test_asking_for_the_state_of_a_frame_is_a_sign_of_life(bench: Bench, probe: Probe):
    transmitting(probe)
    for _ in range(100):
        probe.line.wait_until(lambda: False, 0.04)
        probe.state_at(bench.now_ns())
    assert probe.doing().transmitting


def test_a_fault_latches_until_its_cause_is_gone(bench: Bench, probe: Probe):
    watch = probe.watch((FaultLatched,))
    bench.device.stimulate(Stimulus.FRONT_END_FAULT, 1)
    run(probe, 0.1)
    with pytest.raises(RefusedError, match="fault is latched"):
        probe.clear_fault()
    bench.device.stimulate(Stimulus.FRONT_END_FAULT, 0)
    probe.clear_fault()
    faults = [event.fault for event in probe.events(watch, 0.1) if isinstance(event, FaultLatched)]
    assert faults[0] is FaultCode.FRONT_END


def test_self_tests_by_name(bench: Bench, probe: Probe):
    assert probe.self_test().run == ("memory", "flash", "front end", "limits", "sensors")
    assert probe.self_test().failed == ()
    bench.device.stimulate(Stimulus.SELF_TEST_FAILS, 0b100)
    assert probe.self_test().failed == ("front end",)


# ------------------------------------------------------------------------------------------------------- what it tells
def test_events_are_kept_in_order_by_kind(bench: Bench, probe: Probe):
    watch = probe.watch((ButtonMoved,))
    for stimulus in (Stimulus.PRESS_BUTTON, Stimulus.RELEASE_BUTTON):
        bench.device.stimulate(stimulus, 0)
        run(probe, 0.05)
    assert [(event.button, event.pressed) for event in probe.events(watch, 1.0)] == [(0, True), (0, False)]
    assert probe.events(watch, 0.0) == []
    watch.close()
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
    assert probe.events(watch, 0.1) == []


def test_a_watch_that_nobody_fetches_drops_its_oldest_and_says_so(bench: Bench, probe: Probe):
    watch = probe.watch((MotionSample,))
    probe.set(imu_rate_hz=400)
    run(probe, 3.0)
    kept = probe.events(watch, 0.0)
    assert len(kept) == KEPT_EVENTS
    assert watch.n_dropped > 0
    assert kept[-1].device_us == max(event.device_us for event in kept)


def test_every_kind_of_news_arrives_in_physical_units(bench: Bench, probe: Probe):
    heard: list[object] = []
    stop = probe.listen(heard.append)
    bench.device.stimulate(Stimulus.BATTERY_PERCENT, 63)
    bench.device.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 365)
    bench.device.stimulate(Stimulus.IMU_AZ, 981)
    bench.device.stimulate(Stimulus.IMU_GX, -125)
    probe.set(imu_rate_hz=100)
    transmitting(probe)
    run(probe, 0.3)
    motion = next(event for event in heard if isinstance(event, MotionSample))
    assert (motion.acceleration_g[2], motion.rate_deg_per_s[0]) == (0.981, -12.5)
    telemetry = probe.telemetry()
    assert (telemetry.battery_percent, telemetry.probe_temperature_c) == (63, 36.5)
    for kind in (TelemetryReport, Exposed, ParametersChanged, TransmitChanged, Logged):
        assert any(isinstance(event, kind) for event in heard), kind
    stop()
    n_heard = len(heard)
    run(probe, 0.3)
    assert len(heard) == n_heard


@pytest.mark.no_cover
# ------------------------------------------------------------------------------------------- the state at an exposure
@pytest.mark.parametrize("seed", range(4))
def test_the_state_at_an_exposure_is_never_wrong(seed: int):
    """Settings change at random on a line of 0 to 60 ms delay with 1 % of bytes damaged, from a clock that drifts."""
    faults = FaultSettings(damage=0.002 * (seed % 2), delay_ms=(0.0, 60.0), seed=seed)
    bench = Bench(
        SimulationSettings(drift_ppm=200 * (1 - 2 * (seed % 2)), seed=seed, start_us=2**32 - 4_000_000, faults=faults)
    )
    probe, dice = bench.open(), Random(seed)
    transmitting_later(probe)
    run(probe, 2.0)
    n_known = n_seen = 0
    for _ in range(60):
        bench.truth.clear()
        answer = probe.submit(wire.SetParameters(0, bytes((0,)) + (5 * dice.randrange(30, 160)).to_bytes(4, "little")))
        if dice.random() < 0.1:
            probe.freeze()
            probe.unfreeze()
        run(probe, dice.uniform(0.05, 0.4))
        probe.reply(answer, wire.SetResult)
        for exposure in list(bench.truth):
            moment = probe.state_at(exposure.host_ns, 1.0)
            n_seen += 1
            if isinstance(moment, StateKnown):
                n_known += 1
                assert moment.parameters == parameters_from_raw(exposure.values, 0)
                assert moment.transmitting == bool(exposure.flags & ExposureFlag.TRANSMITTING)
                assert not moment.frozen
    assert n_seen > 200
    assert n_known > n_seen / 3, "the settings change several times a second: many frames are withheld, not most"


def transmitting_later(probe: Probe) -> None:
    """Arms once the line, slow as it is, has carried a heartbeat."""
    probe.start_imaging()
    run(probe, 0.5)
    probe.arm()


def test_what_is_known_of_an_exposure(bench: Bench, probe: Probe):
    probe.set(depth_mm=40)
    transmitting(probe)
    run(probe, 1.0)
    exposure = bench.truth[-3]
    moment = probe.state_at(exposure.host_ns)
    assert isinstance(moment, StateKnown)
    assert (moment.parameters.depth_mm, moment.epoch, moment.frame_number) == (40, 1, exposure.frame)
    assert (moment.transmitting, moment.frozen, moment.transmit_off_reason) == (True, False, "")
    assert moment.exposed_device_us % 2**32 == exposure.device_us
    assert moment.telemetry.battery_percent == 80
    assert 0 < moment.uncertainty_us < 1000


def test_why_it_cannot_be_told(bench: Bench, probe: Probe):
    first = probe.state_at(bench.now_ns(), 0.0)
    assert isinstance(first, StateUnknown)
    assert "clock queries" in first.reason
    run(probe, 1.0)
    idle = probe.state_at(bench.now_ns(), 0.05)
    assert isinstance(idle, StateUnknown)
    assert "no exposure" in idle.reason
    transmitting(probe)
    run(probe, 1.0)
    early = probe.state_at(bench.now_ns() - 10**12)
    assert isinstance(early, StateUnknown)
    bench.unplug()
    lost = probe.state_at(bench.now_ns(), 5.0)
    assert isinstance(lost, StateUnknown)
    assert "lost" in lost.reason
    assert bench.now_us < 12_000_000, "a line that is lost is not waited for"


def test_a_frozen_picture_has_the_settings_of_its_exposure(bench: Bench, probe: Probe):
    probe.set(depth_mm=40)
    transmitting(probe)
    run(probe, 1.0)
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
    run(probe, 0.3)
    frozen = bench.truth[-1]
    probe.set(depth_mm=60)
    run(probe, 0.3)
    for asked_ns in (bench.now_ns(), bench.now_ns() - 200_000_000, frozen.host_ns):
        moment = probe.state_at(asked_ns, 0.05)
        assert isinstance(moment, StateKnown)
        assert (moment.parameters.depth_mm, moment.frozen, moment.transmitting) == (40, True, True)
        assert (moment.frame_number, moment.transmit_off_reason) == (frozen.frame, "frozen")
    earlier = probe.state_at(bench.truth[-2].host_ns)
    assert isinstance(earlier, StateKnown) and not earlier.frozen
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
    run(probe, 0.3)
    moment = probe.state_at(bench.truth[-1].host_ns)
    assert isinstance(moment, StateKnown)
    assert (moment.parameters.depth_mm, moment.frozen) == (60, False)


def test_a_setting_between_the_last_exposure_and_the_freeze_leaves_a_doubt(bench: Bench, probe: Probe):
    probe.set(frame_rate_hz=5)
    transmitting(probe)
    run(probe, 1.02)
    n_exposed = len(bench.truth)
    probe.set(depth_mm=60)
    probe.freeze()
    assert len(bench.truth) == n_exposed, "the test needs both within one frame period"
    run(probe, 0.1)
    moment = probe.state_at(bench.now_ns(), 0.05)
    assert isinstance(moment, StateUnknown) and moment.frozen
    assert "shortly before it was frozen" in moment.reason


def test_a_permission_lost_between_the_last_exposure_and_the_freeze_leaves_a_doubt(bench: Bench, probe: Probe):
    probe.set(frame_rate_hz=5)
    transmitting(probe)
    run(probe, 1.02)
    n_exposed = len(bench.truth)
    probe.disarm()
    probe.freeze()
    assert len(bench.truth) == n_exposed, "the test needs both within one frame period"
    run(probe, 0.1)
    moment = probe.state_at(bench.now_ns(), 0.05)
    assert isinstance(moment, StateUnknown) and moment.frozen
    assert "transmit ended shortly before" in moment.reason


def test_what_was_frozen_while_the_line_was_away_is_in_doubt(bench: Bench, probe: Probe):
    transmitting(probe)
    run(probe, 1.0)
    probe.freeze()
    run(probe, 0.2)
    assert isinstance(probe.state_at(bench.now_ns(), 0.05), StateKnown)
    bench.unplug()
    run(probe, 1.0)
    for _ in range(2):
        bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
        run(probe, 1.0)
    bench.plug()
    run(probe, 3.0)
    moment = probe.state_at(bench.now_ns(), 0.05)
    assert isinstance(moment, StateUnknown) and moment.frozen, moment


# ------------------------------------------------------------------------------------------------------ loss and return
def test_after_a_pulled_cable_the_settings_are_sent_again_and_transmit_stays_off(bench: Bench, probe: Probe):
    watch = probe.watch((LineLost, LineRestored))
    probe.set(depth_mm=40)
    probe.set(gain_db=3, depth_mm=45)
    transmitting(probe)
    run(probe, 0.5)
    bench.unplug()
    probe.line.wait_until(lambda: not probe.line.is_open, 1.0)
    with pytest.raises(LinkLostError):
        probe.set(gain_db=20)
    bench.plan(0.7, bench.plug)
    assert probe.wait_until_back(3.0)
    now = probe.parameters()
    assert (now.depth_mm, now.gain_db) == (45, 3)
    run(probe, 0.5)
    assert not probe.doing().transmitting
    lost, back = probe.events(watch, 1.0)
    assert "cable was pulled" in lost.reason
    assert (back.restarted, back.refusal) == (False, "")
    assert back.away_s >= 0.7
    assert len(bench.said) == 2
    assert "looking for it" in bench.said[0]
    assert bench.said[1].endswith("it has its settings; transmit stays off until it is armed again")


def test_a_restarted_probe_gets_its_settings_again_preset_first(bench: Bench, probe: Probe):
    probe.set(gain_db=7)
    probe.set(preset="nerve", depth_mm=45)
    probe.set(depth_mm=50)
    transmitting(probe)
    run(probe, 1.0)
    before = probe.boot_id
    bench.device.stimulate(Stimulus.RESET)
    assert wait_for(probe, lambda: probe.boot_id != before and probe.line.is_open)
    now = probe.parameters()
    assert (now.preset, now.depth_mm, now.gain_db) == ("nerve", 50, 0), "a preset replaces what was set before it"
    run(probe, 0.3)
    assert not probe.doing().imaging
    assert "it was restarted, so imaging is off" in bench.said[-1]
    transmitting(probe)
    run(probe, 1.0)
    moment = probe.state_at(bench.truth[-2].host_ns)
    assert isinstance(moment, StateKnown)
    assert moment.parameters == now


def test_a_probe_that_refuses_its_settings_again_is_heard(bench: Bench, probe: Probe, monkeypatch: pytest.MonkeyPatch):
    watch = probe.watch((LineRestored,))
    probe.set(depth_mm=50)
    stricter = SettingVerdict(Refusal.MI_TOO_HIGH, 14, 1200, 0, 1000)
    monkeypatch.setattr(firmware_bridge.device.settings, "check", lambda values: stricter)
    bench.device.stimulate(Stimulus.RESET)
    assert wait_for(probe, lambda: len(watch) == 1)
    (back,) = probe.events(watch, 0.0)
    assert "mechanical index would be 1.2, at most 1 is allowed" in back.refusal
    assert "it refused its settings" in bench.said[-1]
    assert probe.parameters().depth_mm == 30


def test_what_nobody_set_is_not_sent_again(bench: Bench, probe: Probe):
    bench.device.stimulate(Stimulus.RESET)
    assert wait_for(probe, lambda: len(bench.said) == 2)
    assert probe.parameters().epoch == 0
    assert "it starts with settings of its own" in bench.said[-1]


def test_a_probe_that_hangs_comes_back_through_its_watchdog(bench: Bench, probe: Probe):
    before = probe.boot_id
    bench.device.stimulate(Stimulus.HANG)
    assert wait_for(probe, lambda: probe.boot_id != before and probe.line.is_open)
    assert probe.identity().boot_reason is BootReason.WATCHDOG


def test_a_reboot_on_request(probe: Probe):
    before = probe.boot_id
    probe.reboot()
    assert wait_for(probe, lambda: probe.boot_id != before and probe.line.is_open)
    assert probe.identity().boot_reason is BootReason.REQUEST


# --------------------------------------------------------------------------------------------------------------- line
def test_a_clean_line_counts_no_error_at_either_end(probe: Probe):
    probe.set(imu_rate_hz=400, frame_rate_hz=60)
    transmitting(probe)
    run(probe, 3.0)
    both = probe.link_statistics()
    for end in (both.host.link, both.probe):
        wrong = ("damaged", "malformed", "stale", "duplicate", "retransmitted", "timeouts", "naks_sent", "plain_lost")
        assert [getattr(end, name) for name in wrong] == [0] * len(wrong)
    assert both.host.link.plain_received == both.probe.plain_sent > 1000
    assert both.host.line.requests == both.host.line.replies


@pytest.mark.no_cover
@pytest.mark.parametrize("damage", [0.001, 0.01])
def test_on_a_bad_line_every_command_is_done_once(damage: float):
    bench = Bench(
        SimulationSettings(seed=3, faults=FaultSettings(damage=damage, drop=damage / 4, double=damage / 4, seed=8))
    )
    probe = bench.open()
    for k in range(50):
        assert probe.set(gain_db=k % 60 / 2).epoch == k + 1
        assert probe.echo(bytes((k,)) * 50) == bytes((k,)) * 50
    counts = probe.line.statistics().line
    assert (counts.losses, counts.stale_replies, counts.undecodable) == (0, 0, 0)
    assert probe.line.statistics().link.retransmitted > 0


def test_open_probe_takes_an_address_and_its_thread_ends_with_it():
    with open_probe("sim:seed=4") as probe:
        assert probe.identity().model == wire.MODEL
        assert probe.set(depth_mm=20).depth_mm == 20
        watch = probe.watch((TelemetryReport,))
        assert probe.events(watch, 30.0)
    with pytest.raises(Exception, match="closed"):
        probe.identity()
