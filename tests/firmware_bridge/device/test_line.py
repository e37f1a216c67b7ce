"""What the device says when the line is slow, full, bad or new: commands are answered in order, telemetry gives way."""

import pytest

from firmware_bridge.device.stepped_probe import SimulationSettings
from firmware_bridge.line import messages as wire
from firmware_bridge.line.link import HOST_OUTBOX_BYTES
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Action, Stimulus
from firmware_bridge.line.transport.faulty import FaultSettings

IMU_RATE, RATE = PARAMETER_NUMBERS["imu_rate"], PARAMETER_NUMBERS["frame_rate"]


def test_a_new_session_is_told_the_state_and_the_parameters(bench):
    bench.do(Action.START)
    bench.do(Action.FREEZE)
    frozen_us = bench.device.state.permission.since_us
    bench.heard.clear()
    bench.connect()
    state, parameters = bench.heard[:2]
    assert state == wire.TransmitState(flags=6, off=1, device_us=frozen_us)
    assert (parameters.tag, parameters.epoch, parameters.values) == (0, 0, wire.PRESETS[0].values)


def test_a_latched_fault_is_told_first_in_each_session(bench):
    bench.stimulate(Stimulus.FRONT_END_FAULT, -5)
    for _ in range(2):
        bench.heard.clear()
        bench.connect()
        kinds = [type(message).__name__ for message in bench.heard if message.RELIABLE]
        assert kinds == ["FaultReport", "TransmitState", "Parameters"]
        assert bench.last(wire.FaultReport).detail == -5


def fill_window(bench):
    """The host hears nothing and acknowledges nothing; 16 button events fill the window."""
    bench.listens = False
    for button in range(1, wire.WINDOW_FRAMES + 1):
        bench.stimulate(Stimulus.PRESS_BUTTON, button)
        bench.run(1_000)
    assert bench.device.state.link.n_free == 0


def test_news_that_found_no_room_come_in_their_order(bench):
    bench.arm()
    bench.run(50_000)
    fill_window(bench)
    bench.heard.clear()
    bench.stimulate(Stimulus.PRESS_BUTTON, 99)
    bench.stimulate(Stimulus.FRONT_END_FAULT, 3)
    bench.run(20_000)
    bench.listens = True
    bench.run(2_000_000)
    told = [message for message in bench.heard if message.RELIABLE]
    assert [message.button for message in told[:16]] == list(range(1, 17))
    assert [type(message) for message in told[16:]] == [wire.FaultReport, wire.TransmitState, wire.Button]
    assert (told[16].fault, told[17].off, told[18].button) == (1, wire.TransmitOff.FAULT, 99)


def test_of_too_many_button_events_the_newest_stay(bench):
    fill_window(bench)
    bench.heard.clear()
    for button in range(20, 31):
        bench.stimulate(Stimulus.PRESS_BUTTON, button)
    bench.listens = True
    bench.run(2_000_000)
    told = [event.button for event in bench.all_of(wire.Button)]
    assert told == [*range(1, 17), *range(23, 31)]


def test_a_press_that_nobody_was_there_to_hear_is_no_news(bench):
    bench.device.state.link.close()
    bench.stimulate(Stimulus.PRESS_BUTTON, 5)
    bench.heard.clear()
    bench.connect()
    assert not bench.all_of(wire.Button)


def test_no_command_is_taken_without_room_for_its_answer(bench):
    """The window of a host that does not acknowledge fills; then its commands wait, and none is lost."""
    bench.listens = False
    for tag in range(1, 17):
        bench.send(wire.SetParameters(tag, bytes((0,)) + (300).to_bytes(4, "little")))
    bench.run(100_000)
    assert bench.device.state.link.n_free < 4
    assert 0 < bench.device.state.settings.epoch < 16
    bench.listens = True
    bench.heard.clear()
    bench.run(3_000_000)
    assert [result.tag for result in bench.all_of(wire.SetResult)] == list(range(1, 17))
    assert [told.epoch for told in bench.all_of(wire.Parameters)] == list(range(1, 17))


def test_telemetry_never_keeps_a_command_from_its_answer(new_bench):
    """The device can send no byte until it is pulled; all that is due meanwhile must leave room for answers."""
    bench = new_bench().connect()
    bench.set((IMU_RATE, 400), (RATE, 60))
    bench.do(Action.START)
    device, base_us = bench.device, bench.probe.device_us
    for passed_us in range(0, 5_000_000, 1_000):
        device.tick(base_us + passed_us)
    waiting = device.state.link.n_waiting_bytes
    dropped = device.state.link.counters.plain_dropped
    assert wire.OUTBOX_BYTES // 2 < waiting <= wire.OUTBOX_BYTES // 2 + 64
    assert dropped > 1_500
    for tag in range(1, 5):
        bench.send(wire.Echo(tag, bytes(256)))
    bench.host.flush(0)
    device.receive(bench.host.pull(HOST_OUTBOX_BYTES), base_us + 5_000_000)
    assert device.state.link.n_waiting_bytes > waiting + 4 * 256
    bench.host.receive(device.pull(1 << 16), base_us + 5_001_000)
    assert [echo.tag for echo in bench.all_of(wire.Echoed)] == [1, 2, 3, 4]


def test_the_outbox_is_bounded_whatever_comes(new_bench):
    bench = new_bench().connect()
    for tag in range(1, 17):
        bench.send(wire.Echo(tag, b"\x01" * 507))
    bench.host.flush(0)
    bench.device.receive(bench.host.pull(HOST_OUTBOX_BYTES), bench.probe.device_us)
    assert bench.device.state.link.n_waiting_bytes <= wire.OUTBOX_BYTES
    bench.run(3_000_000)
    assert [echo.tag for echo in bench.all_of(wire.Echoed)] == list(range(1, 17))


@pytest.mark.no_cover
@pytest.mark.parametrize("damage", [0.001, 0.01])
def test_over_a_bad_line_every_command_is_answered_once_in_order(new_bench, damage):
    faults = FaultSettings(damage=damage, drop=damage / 4, double=damage / 4, delay_ms=(0, 20), seed=5)
    bench = new_bench(SimulationSettings(start_us=0, faults=faults)).connect()
    n_commands = 300
    for k in range(n_commands):
        bench.run_until(lambda: bench.host.n_free > 0)
        bench.send(wire.Echo(k % 256, k.to_bytes(4, "little") * 20))
    bench.run_until(lambda: len(bench.all_of(wire.Echoed)) == n_commands)
    echoes = bench.all_of(wire.Echoed)
    assert [(echo.tag, echo.data) for echo in echoes] == [
        (k % 256, k.to_bytes(4, "little") * 20) for k in range(n_commands)
    ]
    assert bench.device.state.link.counters.damaged > 0
