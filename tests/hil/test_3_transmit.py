"""Transmit is a permission: what it needs, everything that takes it away, and what brings it back."""

from collections.abc import Callable

import pytest

from firmware_bridge.errors import RefusedError
from firmware_bridge.host.events import ButtonMoved, FaultLatched, TransmitChanged
from firmware_bridge.host.probe import Probe
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Action, ExposureFlag, FaultCode, Refusal, Stimulus, TransmitOff
from tests.hil.conftest import Bench
from tests.hil.counters import CUT
from tools.bridge.heartbeat import silence_until_off
from tools.bridge.raw_host import SOON_S


def until(probe: Probe, holds: Callable[[TransmitChanged], bool]) -> TransmitChanged:
    """What it does, once that holds."""
    assert probe.line.wait_until(lambda: (now := probe.doing()) is not None and holds(now), SOON_S), probe.doing()
    doing = probe.doing()
    assert doing is not None
    return doing


def until_off(probe: Probe, reason: TransmitOff) -> TransmitChanged:
    return until(probe, lambda now: not now.transmitting and now.off == reason)


def armed(bench: Bench) -> Probe:
    probe = bench.open()
    probe.start_imaging()
    probe.arm()
    until(probe, lambda now: now.transmitting)
    return probe


def refused(call: Callable[[], None]) -> Refusal:
    with pytest.raises(RefusedError) as error:
        call()
    return error.value.refusal


# ------------------------------------------------------------------------------------------------------------- arming


def test_it_transmits_only_when_armed(probe: Probe):
    assert refused(probe.arm) == Refusal.NOT_IMAGING
    probe.start_imaging()
    assert until(probe, lambda now: now.imaging).flags == ExposureFlag.IMAGING
    probe.arm()
    assert until(probe, lambda now: now.transmitting).off == TransmitOff.NONE


def test_it_is_not_armed_before_a_heartbeat(bench):
    with bench.raw() as host:
        host.open()
        assert host.ask(wire.Imaging(0, Action.START), wire.Done).refusal == Refusal.NONE
        assert host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == Refusal.NO_HEARTBEAT
        host.send(wire.HostHeartbeat(1))
        assert host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == Refusal.NONE


@pytest.mark.parametrize(
    ("stimulus", "value", "refusal", "cured"),
    [
        (Stimulus.PROBE_TEMPERATURE_DC, 430, Refusal.TOO_HOT, 409),
        (Stimulus.BOARD_TEMPERATURE_DC, 700, Refusal.TOO_HOT, 649),
        (Stimulus.BATTERY_PERCENT, 7, Refusal.BATTERY_LOW, 8),
        (Stimulus.PRESS_BUTTON, 0, Refusal.FROZEN, 0),
    ],
)
def test_it_is_not_armed_while_something_is_wrong(bench, stimulus: Stimulus, value: int, refusal: Refusal, cured: int):
    probe = bench.open()
    probe.start_imaging()
    bench.device.stimulate(stimulus, value)
    wait_for_refusal(probe, refusal)
    bench.device.stimulate(stimulus, cured)
    wait_for_refusal(probe, Refusal.NONE)


def wait_for_refusal(probe: Probe, wanted: Refusal) -> None:
    """The side channel has no answers: arming is asked for until the stimulus has come. It changes nothing."""

    def arming() -> Refusal:
        probe.disarm()
        return Refusal(probe.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal)

    for _ in range(10_000):
        if arming() == wanted:
            return
    raise AssertionError(f"arming never gave {wanted.name}")


# ----------------------------------------------------------------------------------------------- what takes it away


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (Probe.disarm, TransmitOff.DISARMED),
        (Probe.stop_imaging, TransmitOff.STOPPED),
    ],
)
def test_a_message_takes_it_away(bench, act: Callable[[Probe], None], reason: TransmitOff):
    probe = armed(bench)
    act(probe)
    until_off(probe, reason)
    probe.start_imaging()
    assert until(probe, lambda now: now.flags == ExposureFlag.IMAGING).off == reason
    probe.arm()
    until(probe, lambda now: now.transmitting)


@pytest.mark.parametrize(
    ("stimulus", "value", "reason"),
    [
        (Stimulus.PRESS_BUTTON, 0, TransmitOff.FROZEN),
        (Stimulus.PROBE_TEMPERATURE_DC, 430, TransmitOff.TOO_HOT),
        (Stimulus.BOARD_TEMPERATURE_DC, 700, TransmitOff.TOO_HOT),
        (Stimulus.BATTERY_PERCENT, 4, TransmitOff.BATTERY_LOW),
        (Stimulus.FRONT_END_FAULT, 7, TransmitOff.FAULT),
    ],
)
def test_its_surroundings_take_it_away(bench, stimulus: Stimulus, value: int, reason: TransmitOff):
    probe = armed(bench)
    bench.device.stimulate(stimulus, value)
    until_off(probe, reason)
    assert refused(probe.arm) in (Refusal.FROZEN, Refusal.TOO_HOT, Refusal.BATTERY_LOW, Refusal.FAULT_LATCHED)


def test_one_tenth_of_a_degree_and_one_percent_less_do_not(bench):
    probe = armed(bench)
    for stimulus, value in (
        (Stimulus.PROBE_TEMPERATURE_DC, 429),
        (Stimulus.BOARD_TEMPERATURE_DC, 699),
        (Stimulus.BATTERY_PERCENT, 5),
        (Stimulus.PRESS_BUTTON, 1),
    ):
        bench.device.stimulate(stimulus, value)
    assert probe.line.wait_until(lambda: (now := probe.telemetry()) is not None and now.battery_percent == 5, SOON_S)
    assert until(probe, lambda now: True).transmitting


@pytest.mark.disturbs("damaged", "naks_sent", "naks_received")
def test_a_storm_of_damaged_frames_takes_it_away(bench):
    with bench.raw() as host:
        host.open()
        host.ask(wire.Imaging(0, Action.START), wire.Done)
        host.send(wire.HostHeartbeat(1))
        n_before = len(host.heard)
        assert host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == Refusal.NONE
        # What is said of the arming may come after its answer, and is not what the noise brings.
        host.next(wire.TransmitState, n_before, lambda state: bool(state.flags & ExposureFlag.ARMED))
        n_before = len(host.heard)
        host.transport.write(b"\0noise" * (wire.STORM_DAMAGED_FRAMES + 2) + b"\0")
        off = host.next(wire.TransmitState, n_before)
        assert (off.off, off.flags) == (TransmitOff.NOISY_LINE, ExposureFlag.IMAGING)
        host.send(wire.HostHeartbeat(2))
        assert host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == Refusal.NOISY_LINE


def test_a_new_session_takes_it_away(bench):
    armed(bench).close()
    with bench.raw() as host:
        host.open(31)
        state = host.next(wire.TransmitState, 0)
        assert (state.flags, state.off) == (ExposureFlag.IMAGING, TransmitOff.NEW_SESSION)


@pytest.mark.disturbs(*CUT)
def test_a_restart_takes_it_away_and_nothing_brings_it_back(bench):
    probe = armed(bench)
    boot_id = probe.boot_id
    probe.reboot()
    assert probe.line.wait_until(lambda: probe.boot_id != boot_id and probe.line.is_open, SOON_S)
    assert until(probe, lambda now: True).flags == ExposureFlag(0)


def test_transmit_ends_within_600_ms_of_the_last_heartbeat(bench):
    """On the device's own clock, and only where the device ran all the time: a run in which it missed an exposure
    shows that this machine gave it no time, and is repeated."""
    with bench.raw() as host:
        host.open()
        for _ in range(20):
            silence = silence_until_off(host)
            if not silence.n_missed:
                break
    assert silence.n_missed == 0, "this machine never ran the device for half a second on end"
    assert silence.off == TransmitOff.HEARTBEAT_LOST
    assert wire.HEARTBEAT_TIMEOUT_US <= silence.us <= 600_000


# ------------------------------------------------------------------------------------------------- the end of a freeze


def press(bench: Bench) -> None:
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)


@pytest.mark.parametrize("by_button", [False, True], ids=["by a message", "by the button"])
def test_the_end_of_a_freeze_gives_back_what_the_freeze_alone_took(bench, by_button: bool):
    probe = armed(bench)
    for depth_mm in (40.0, 50.0):
        press(bench) if by_button else probe.freeze()
        assert until_off(probe, TransmitOff.FROZEN).frozen
        assert refused(probe.arm) == Refusal.FROZEN
        assert probe.set(depth_mm=depth_mm).depth_mm == depth_mm
        press(bench) if by_button else probe.unfreeze()
        assert until(probe, lambda now: not now.frozen and now.transmitting).off == TransmitOff.NONE


@pytest.mark.parametrize(
    ("stimulus", "value", "cured", "reason"),
    [
        (Stimulus.PROBE_TEMPERATURE_DC, 430, 409, TransmitOff.TOO_HOT),
        (Stimulus.BATTERY_PERCENT, 4, 8, TransmitOff.BATTERY_LOW),
        (Stimulus.FRONT_END_FAULT, 7, 0, TransmitOff.FAULT),
        (None, 0, 0, TransmitOff.DISARMED),
    ],
)
def test_what_came_up_while_frozen_is_armed_again(bench, stimulus, value: int, cured: int, reason: TransmitOff):
    """In the same session, once its cause is gone."""
    probe = armed(bench)
    probe.freeze()
    bench.device.stimulate(stimulus, value) if stimulus else probe.disarm()
    assert until_off(probe, reason).frozen
    if stimulus:
        bench.device.stimulate(stimulus, cured)
    press(bench)
    assert until(probe, lambda now: not now.frozen).off == reason
    while reason is TransmitOff.FAULT and cleared_too_early(probe):
        pass
    wait_for_refusal(probe, Refusal.NONE)
    until(probe, lambda now: now.transmitting)


def cleared_too_early(probe: Probe) -> bool:
    """The side channel has no answers: its cause may not be gone yet."""
    return bool(probe.ask(wire.ClearFault(0), wire.Done).refusal)


def test_a_heartbeat_lost_while_frozen_is_armed_again(bench):
    with bench.raw() as host:
        host.open()
        host.ask(wire.Imaging(0, Action.START), wire.Done)
        host.send(wire.HostHeartbeat(1))
        assert host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == Refusal.NONE
        host.ask(wire.Imaging(0, Action.FREEZE), wire.Done)
        lost = host.next(wire.TransmitState, 0, lambda state: state.off == TransmitOff.HEARTBEAT_LOST)
        assert lost.flags == ExposureFlag.IMAGING | ExposureFlag.FROZEN
        host.send(wire.HostHeartbeat(2))
        n_before = len(host.heard)
        assert host.ask(wire.Imaging(0, Action.UNFREEZE), wire.Done).refusal == Refusal.NONE
        state = host.next(wire.TransmitState, n_before)
        assert (state.flags, state.off) == (ExposureFlag.IMAGING, TransmitOff.HEARTBEAT_LOST)
        host.send(wire.HostHeartbeat(3))
        assert host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == Refusal.NONE


# ---------------------------------------------------------------------------------------------------- button and fault


def test_the_button_freezes_and_a_second_press_goes_on(bench):
    probe = armed(bench)
    moves = probe.watch((ButtonMoved,))
    for stimulus in (Stimulus.PRESS_BUTTON, Stimulus.RELEASE_BUTTON):
        bench.device.stimulate(stimulus, 0)
    assert until_off(probe, TransmitOff.FROZEN).frozen
    bench.device.stimulate(Stimulus.PRESS_BUTTON, 0)
    assert until(probe, lambda now: not now.frozen).transmitting
    seen: list[ButtonMoved] = []
    while len(seen) < 3:
        seen += [event for event in probe.events(moves, SOON_S) if isinstance(event, ButtonMoved)]
    assert [(event.button, event.pressed) for event in seen] == [(0, True), (0, False), (0, True)]


def test_the_first_fault_latches_until_its_cause_is_gone_and_it_is_cleared(bench):
    probe = armed(bench)
    faults = probe.watch((FaultLatched,))
    bench.device.stimulate(Stimulus.FRONT_END_FAULT, 42)
    until_off(probe, TransmitOff.FAULT)
    bench.device.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 500)
    assert probe.line.wait_until(
        lambda: (now := probe.telemetry()) is not None and now.probe_temperature_c == 50, SOON_S
    )
    assert refused(probe.clear_fault) == Refusal.FAULT_LATCHED
    (first,) = probe.events(faults, 0)
    assert isinstance(first, FaultLatched)
    assert (first.fault, first.detail) == (FaultCode.FRONT_END, 42)
    bench.device.stimulate(Stimulus.FRONT_END_FAULT, 0)
    bench.device.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 300)
    assert probe.line.wait_until(
        lambda: (now := probe.telemetry()) is not None and now.probe_temperature_c == 30, SOON_S
    )
    assert refused(probe.arm) == Refusal.FAULT_LATCHED
    probe.clear_fault()
    probe.arm()
    until(probe, lambda now: now.transmitting)


def test_a_failed_self_test_takes_it_away(bench):
    probe = armed(bench)
    bench.device.stimulate(Stimulus.SELF_TEST_FAILS, 1)
    for _ in range(10_000):
        report = probe.self_test()
        if report.failed:
            break
    assert report.failed == report.run[:1]
    until_off(probe, TransmitOff.FAULT)
    assert probe.line.wait_until(lambda: probe.fault() is not None, SOON_S)
    fault = probe.fault()
    assert fault is not None
    assert fault.fault == FaultCode.SELF_TEST
