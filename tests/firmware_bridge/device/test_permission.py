"""The permission to transmit: what it takes, all that ends it, and what gives it back."""

import pytest

from firmware_bridge.line import messages as wire
from firmware_bridge.line.link import Link
from firmware_bridge.line.messages import Action, BootReason, FaultCode, Refusal, Stimulus, TransmitOff

DEPTH = wire.PARAMETER_NUMBERS["depth"]
MORE_THAN_A_STORM = b"\x01\x02broken\x00" * (wire.STORM_DAMAGED_FRAMES + 1)


def heartbeat_lost(bench):
    bench.alive = False
    bench.run(wire.HEARTBEAT_TIMEOUT_US + 20_000)


def self_test_failed(bench):
    bench.stimulate(Stimulus.SELF_TEST_FAILS, 1)
    bench.ask(wire.SelfTest(0))


def session_opened(bench):
    bench.connect()


def reset(bench):
    bench.stimulate(Stimulus.RESET)
    bench.connect()


def hung(bench):
    bench.stimulate(Stimulus.HANG)
    bench.run(1_100_000)
    bench.connect()


def power_cut(bench):
    bench.do(Action.STOP)
    bench.stimulate(Stimulus.CUT_FLASH_AFTER, 0)
    bench.ask(wire.UpdateBegin(0, 8, bytes(32)))
    bench.send(wire.UpdateData(1, 0, bytes(8)))
    bench.run(5_000)
    bench.connect()


def recover_nothing(bench):
    """The cause is over by itself."""


ENDS = {
    "disarm": (lambda b: b.do(Action.DISARM), TransmitOff.DISARMED, recover_nothing),
    "stop": (lambda b: b.do(Action.STOP), TransmitOff.STOPPED, recover_nothing),
    "heartbeat lost": (heartbeat_lost, TransmitOff.HEARTBEAT_LOST, recover_nothing),
    "probe hot": (
        lambda b: b.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_HOT_DC),
        TransmitOff.TOO_HOT,
        lambda b: b.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_COOL_DC - 1),
    ),
    "board hot": (
        lambda b: b.stimulate(Stimulus.BOARD_TEMPERATURE_DC, wire.BOARD_HOT_DC),
        TransmitOff.TOO_HOT,
        lambda b: b.stimulate(Stimulus.BOARD_TEMPERATURE_DC, wire.BOARD_COOL_DC - 1),
    ),
    "probe too hot for good": (
        lambda b: b.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_FAULT_DC),
        TransmitOff.TOO_HOT,
        lambda b: b.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 300),
    ),
    "battery": (
        lambda b: b.stimulate(Stimulus.BATTERY_PERCENT, wire.BATTERY_LOW_PERCENT - 1),
        TransmitOff.BATTERY_LOW,
        lambda b: b.stimulate(Stimulus.BATTERY_PERCENT, wire.BATTERY_READY_PERCENT),
    ),
    "storm": (
        lambda b: b.probe.feed(MORE_THAN_A_STORM),
        TransmitOff.NOISY_LINE,
        lambda b: b.run(2 * wire.STORM_WINDOW_US + 10_000),
    ),
    "front end": (
        lambda b: b.stimulate(Stimulus.FRONT_END_FAULT, 7),
        TransmitOff.FAULT,
        lambda b: b.stimulate(Stimulus.FRONT_END_FAULT, 0),
    ),
    "self test": (self_test_failed, TransmitOff.FAULT, recover_nothing),
    "session": (session_opened, TransmitOff.NEW_SESSION, recover_nothing),
    "reset": (reset, TransmitOff.NOT_ARMED, recover_nothing),
    "watchdog": (hung, TransmitOff.NOT_ARMED, recover_nothing),
    "power cut": (power_cut, TransmitOff.NOT_ARMED, recover_nothing),
}


def test_no_end_is_forgotten():
    assert {reason for _, reason, _ in ENDS.values()} == set(TransmitOff) - {TransmitOff.NONE, TransmitOff.FROZEN}


@pytest.mark.parametrize("frozen", [False, True], ids=["while transmitting", "while frozen"])
@pytest.mark.parametrize("name", ENDS)
def test_each_end_of_the_permission_needs_arming_again(bench, name, frozen):
    end, reason, recover = ENDS[name]
    bench.arm()
    if frozen:
        bench.do(Action.FREEZE)
        bench.run(10_000)
    end(bench)
    bench.run(10_000)
    assert not bench.transmits
    told = bench.last(wire.TransmitState)
    assert (told.off, told.flags & 9) == (reason, 0)
    bench.alive = True
    recover(bench)
    bench.run(200_000)
    assert bench.done(wire.ClearFault(0)) == Refusal.NONE
    bench.do(Action.START)
    bench.do(Action.UNFREEZE)
    bench.run(200_000)
    assert not bench.transmits, "only arming gives it back"
    assert bench.last(wire.TransmitState).off == reason
    bench.arm()
    assert bench.last(wire.TransmitState).off == TransmitOff.NONE
    assert all(exposure.flags & 1 == 0 for exposure in bench.exposures[-1:])
    bench.run(100_000)
    assert bench.exposures[-1].flags & 1 == 1


PREVENTED = {
    "fault": (lambda b: b.stimulate(Stimulus.FRONT_END_FAULT, 1), Refusal.FAULT_LATCHED),
    "frozen": (lambda b: b.do(Action.FREEZE), Refusal.FROZEN),
    "unheard": (heartbeat_lost, Refusal.NO_HEARTBEAT),
    "hot": (lambda b: b.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_HOT_DC), Refusal.TOO_HOT),
    "battery": (lambda b: b.stimulate(Stimulus.BATTERY_PERCENT, 7), Refusal.BATTERY_LOW),
    "storm": (lambda b: b.probe.feed(MORE_THAN_A_STORM), Refusal.NOISY_LINE),
    "not imaging": (lambda b: b.do(Action.STOP), Refusal.NOT_IMAGING),
}


@pytest.mark.parametrize("name", PREVENTED)
def test_arming_needs_every_condition(bench, name):
    prevent, refusal = PREVENTED[name]
    bench.do(Action.START)
    bench.run(200_000)
    prevent(bench)
    bench.run(10_000)
    before = bench.state()
    assert bench.do(Action.ARM) == refusal
    assert bench.state() == before


def test_the_first_condition_in_order_is_named(bench):
    bench.run(200_000)
    for prevent, refusal in reversed(PREVENTED.values()):
        prevent(bench)
        bench.run(5_000)
        assert bench.do(Action.ARM) == refusal


def test_a_session_in_which_the_host_was_not_heard_cannot_arm(bench):
    bench.arm()
    bench.alive = False
    bench.connect()
    assert bench.do(Action.ARM) == Refusal.NO_HEARTBEAT


def test_arming_twice_is_once(bench):
    bench.arm()
    bench.run(5_000)
    since_us = bench.device.state.permission.since_us
    assert bench.do(Action.ARM) == Refusal.NONE
    assert bench.device.state.permission.since_us == since_us


def test_a_battery_between_low_and_ready_keeps_transmitting_but_does_not_arm(bench):
    bench.arm()
    bench.stimulate(Stimulus.BATTERY_PERCENT, wire.BATTERY_LOW_PERCENT)
    bench.run(20_000)
    assert bench.transmits
    bench.do(Action.DISARM)
    assert bench.do(Action.ARM) == Refusal.BATTERY_LOW


def test_hot_lasts_until_it_is_cool(bench):
    bench.arm()
    for reading, refusal in (
        (wire.PROBE_HOT_DC, Refusal.TOO_HOT),
        (wire.PROBE_COOL_DC, Refusal.TOO_HOT),
        (wire.PROBE_COOL_DC - 1, Refusal.NONE),
        (wire.PROBE_HOT_DC - 1, Refusal.NONE),
    ):
        bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, reading)
        bench.run(10_000)
        assert bench.do(Action.ARM) == refusal, reading


def test_the_first_reason_stays(bench):
    bench.arm()
    bench.stimulate(Stimulus.BATTERY_PERCENT, 1)
    bench.run(10_000)
    bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 499)
    bench.do(Action.FREEZE)
    bench.do(Action.STOP)
    bench.run(10_000)
    assert bench.last(wire.TransmitState).off == TransmitOff.BATTERY_LOW


def test_the_host_is_lost_at_the_timeout_and_not_before(bench):
    bench.arm()
    bench.alive = False
    device = bench.device
    bench.send(wire.HostHeartbeat(0))
    frame, heard_us = bench.host.pull(1 << 16), bench.probe.device_us
    device.receive(frame, heard_us)
    device.tick(heard_us + wire.HEARTBEAT_TIMEOUT_US - 1)
    assert bench.transmits
    device.tick(heard_us + wire.HEARTBEAT_TIMEOUT_US)
    assert not bench.transmits


def test_a_late_heartbeat_does_not_undo_the_loss_whoever_looks_first(bench):
    bench.arm()
    bench.alive = False
    device, now_us = bench.device, bench.probe.device_us
    for late_us in (0, wire.HEARTBEAT_TIMEOUT_US):
        bench.send(wire.HostHeartbeat(0))
        device.receive(bench.host.pull(1 << 16), now_us + late_us)
    assert device.state.heartbeat.heard
    assert not bench.transmits


def test_a_heartbeat_of_an_old_session_does_not_count(bench):
    bench.arm()
    bench.alive = False
    old = Link(bench)
    old.session = bench.host.session
    bench.connect()
    old.send_plain(wire.HostHeartbeat(0).pack())
    bench.probe.feed(old.pull(1 << 16))
    bench.run(5_000)
    assert bench.do(Action.ARM) == Refusal.NO_HEARTBEAT
    assert bench.device.state.link.counters.stale == 1


def test_as_many_damaged_frames_as_may_be_are_no_storm(bench):
    bench.arm()
    bench.run(1_000_000)
    bench.probe.feed(b"\x05no\x00" * wire.STORM_DAMAGED_FRAMES)
    bench.run(10_000)
    assert bench.transmits
    bench.probe.feed(b"\x05no\x00")
    bench.run(10_000)
    assert not bench.transmits
    assert bench.last(wire.TransmitState).off == TransmitOff.NOISY_LINE


def test_damage_spread_over_windows_is_no_storm(bench):
    bench.arm()
    for _ in range(100):
        bench.probe.feed(b"\x05no\x00" * (wire.STORM_DAMAGED_FRAMES // 11))
        bench.run(100_000)
    assert bench.transmits


def test_a_storm_ends_with_a_quiet_window(bench):
    bench.arm()
    for _ in range(5):
        bench.probe.feed(MORE_THAN_A_STORM)
        bench.run(wire.STORM_WINDOW_US // 2)
        assert bench.do(Action.ARM) == Refusal.NOISY_LINE
    bench.run(2 * wire.STORM_WINDOW_US)
    assert bench.do(Action.ARM) == Refusal.NONE


def test_the_first_fault_latches_and_later_ones_are_only_logged(bench):
    bench.arm()
    bench.stimulate(Stimulus.FRONT_END_FAULT, 7)
    bench.run(10_000)
    first = bench.last(wire.FaultReport)
    bench.stimulate(Stimulus.BOARD_TEMPERATURE_DC, wire.BOARD_FAULT_DC)
    bench.run(500_000)
    assert bench.all_of(wire.FaultReport) == [first]
    assert (first.fault, first.detail) == (FaultCode.FRONT_END, 7)
    lines = [line.line for line in bench.all_of(wire.LogLine)]
    assert lines == ["armed", "fault: front end", "transmit off: fault", "fault: over temperature"]
    assert bench.last(wire.DeviceHeartbeat).fault == FaultCode.FRONT_END


def test_a_fault_cannot_be_cleared_while_any_cause_lasts(bench):
    bench.stimulate(Stimulus.FRONT_END_FAULT, 7)
    bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_FAULT_DC)
    bench.run(10_000)
    assert bench.done(wire.ClearFault(0)) == Refusal.FAULT_LATCHED
    bench.stimulate(Stimulus.FRONT_END_FAULT, 0)
    assert bench.done(wire.ClearFault(0)) == Refusal.FAULT_LATCHED
    bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_COOL_DC)
    bench.run(10_000)
    assert bench.done(wire.ClearFault(0)) == Refusal.FAULT_LATCHED
    bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_COOL_DC - 1)
    bench.run(10_000)
    assert bench.done(wire.ClearFault(0)) == Refusal.NONE
    bench.run(200_000)
    assert bench.last(wire.DeviceHeartbeat).fault == FaultCode.NONE


def test_a_cause_that_comes_again_is_a_fault_again(bench):
    for n in (1, 2):
        bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 600)
        bench.run(10_000)
        bench.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 300)
        bench.run(10_000)
        assert len(bench.all_of(wire.FaultReport)) == n
        assert bench.done(wire.ClearFault(0)) == Refusal.NONE
    assert bench.last(wire.FaultReport).detail == 600


def test_the_watchdog_leaves_a_fault_that_the_next_session_hears_of(bench):
    bench.stimulate(Stimulus.HANG)
    bench.run(1_100_000)
    bench.heard.clear()
    bench.connect()
    assert bench.last(wire.FaultReport).fault == FaultCode.WATCHDOG
    assert bench.ask(wire.Identify(0)).boot_reason == BootReason.WATCHDOG
    assert bench.done(wire.ClearFault(0)) == Refusal.NONE


def test_a_device_that_hangs_says_nothing(bench):
    bench.arm()
    n_heard = len(bench.heard)
    bench.stimulate(Stimulus.HANG)
    bench.run(990_000)
    assert bench.probe.device is None
    assert len(bench.heard) == n_heard
    assert bench.exposures[-1].host_ns <= (bench.probe.now_us - 990_000) * 1000


def test_the_freeze_button_toggles_and_every_press_and_release_is_told(bench):
    for stimulus, value in (
        (Stimulus.PRESS_BUTTON, 0),
        (Stimulus.RELEASE_BUTTON, 0),
        (Stimulus.PRESS_BUTTON, 3),
        (Stimulus.RELEASE_BUTTON, 3),
        (Stimulus.PRESS_BUTTON, 0),
    ):
        bench.stimulate(stimulus, value)
        bench.run(5_000)
    told = [(event.button, event.pressed) for event in bench.all_of(wire.Button)]
    assert told == [(0, 1), (0, 0), (3, 1), (3, 0), (0, 1)]
    frozen = [state.flags & 2 for state in bench.all_of(wire.TransmitState)]
    assert frozen == [0, 2, 0]


FREEZES = {
    "messages": (lambda b: b.do(Action.FREEZE), lambda b: b.do(Action.UNFREEZE)),
    "button": (lambda b: b.stimulate(Stimulus.PRESS_BUTTON, 0), lambda b: b.stimulate(Stimulus.PRESS_BUTTON, 0)),
    "message, button": (lambda b: b.do(Action.FREEZE), lambda b: b.stimulate(Stimulus.PRESS_BUTTON, 0)),
    "button, message": (lambda b: b.stimulate(Stimulus.PRESS_BUTTON, 0), lambda b: b.do(Action.UNFREEZE)),
    "frozen twice": (lambda b: (b.do(Action.FREEZE), b.do(Action.FREEZE)), lambda b: b.do(Action.UNFREEZE)),
}


@pytest.mark.parametrize("name", FREEZES)
def test_the_end_of_a_freeze_gives_back_what_the_freeze_alone_took(bench, name):
    freeze, unfreeze = FREEZES[name]
    bench.arm()
    for depth in (400, 500):
        freeze(bench)
        bench.run(10_000)
        told = bench.last(wire.TransmitState)
        assert (told.flags, told.off) == (wire.ExposureFlag.IMAGING | wire.ExposureFlag.FROZEN, TransmitOff.FROZEN)
        assert bench.do(Action.ARM) == Refusal.FROZEN
        assert bench.set((DEPTH, depth)).refusal == Refusal.NONE
        n_exposures = len(bench.exposures)
        bench.run(100_000)
        assert len(bench.exposures) == n_exposures
        unfreeze(bench)
        bench.run(100_000)
        assert bench.transmits and bench.last(wire.TransmitState).off == TransmitOff.NONE
        first = bench.exposures[n_exposures]
        assert (first.values[DEPTH], first.flags & 1) == (depth, 1)


@pytest.mark.no_cover
def test_a_freeze_of_a_minute_ends_as_a_short_one_does(bench):
    bench.arm()
    bench.do(Action.FREEZE)
    bench.run(60_000_000)
    bench.do(Action.UNFREEZE)
    assert bench.transmits


def test_the_end_of_a_freeze_gives_nothing_that_was_not_there(bench):
    bench.do(Action.START)
    bench.run(200_000)
    for _ in range(2):
        bench.do(Action.FREEZE)
        bench.do(Action.UNFREEZE)
        assert bench.flags == wire.ExposureFlag.IMAGING
        assert bench.device.state.permission.off == TransmitOff.NOT_ARMED
    bench.arm()
    bench.do(Action.UNFREEZE)
    assert bench.transmits, "there was no freeze to end"


def test_an_end_of_a_freeze_from_an_old_session_does_not_count(bench):
    bench.arm()
    bench.do(Action.FREEZE)
    old = Link(bench)
    old.session = bench.host.session
    bench.connect()
    old.send(wire.Imaging(1, Action.UNFREEZE).pack())
    old.flush(bench.probe.now_us)
    bench.probe.feed(old.pull(1 << 16))
    bench.run(200_000)
    assert bench.flags == wire.ExposureFlag.IMAGING | wire.ExposureFlag.FROZEN
    bench.do(Action.UNFREEZE)
    assert not bench.transmits
    assert bench.device.state.permission.off == TransmitOff.NEW_SESSION


def test_stopping_leaves_the_freeze_and_freezing_does_not_need_imaging(bench):
    assert bench.do(Action.FREEZE) == Refusal.NONE
    bench.do(Action.START)
    bench.do(Action.STOP)
    assert bench.flags == wire.ExposureFlag.FROZEN
    bench.do(Action.UNFREEZE)
    assert bench.flags == 0
