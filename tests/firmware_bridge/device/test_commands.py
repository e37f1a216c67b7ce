"""Every command's answer, every refusal, and that a refusal changes nothing."""

import struct

import pytest

from firmware_bridge.device.limits import acoustic_output
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import MAX_BODY_BYTES, decode
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Action, BootReason, FaultCode, Refusal, Stimulus

POWER, FOCUS, RATE = PARAMETER_NUMBERS["transmit_power"], PARAMETER_NUMBERS["focus"], PARAMETER_NUMBERS["frame_rate"]
DEPTH, FREQUENCY, PRESET = PARAMETER_NUMBERS["depth"], PARAMETER_NUMBERS["frequency"], PARAMETER_NUMBERS["preset"]


def pair(number, value):
    return struct.pack("<Bi", number, value)


def test_it_says_what_it_is(bench):
    identity = bench.ask(wire.Identify(0))
    assert (identity.hardware_id, identity.model) == (wire.HARDWARE_ID, wire.MODEL)
    assert identity.version == bytes((1, 0, 0, 0)) and identity.build == 0
    assert (identity.bank, identity.confirmed, identity.boot_reason) == (0, 1, BootReason.POWER)
    assert (identity.n_parameters, identity.n_presets) == (17, 4)
    assert identity.boot_id == bench.device.state.port.running.boot_id


def test_it_describes_all_its_parameters_and_no_more(bench):
    for index, row in enumerate(wire.PARAMETERS):
        info = bench.ask(wire.DescribeParameter(0, index))
        assert (info.parameter, info.label, info.decimals) == (index, row.name, row.decimals)
        assert (info.minimum, info.maximum, info.step, info.default) == (
            row.minimum,
            row.maximum,
            row.step,
            row.default,
        )
        assert info.value == row.default
        assert wire.Unit(info.unit).name == row.unit.upper()
    for index in (len(wire.PARAMETERS), 255):
        refused = bench.ask(wire.DescribeParameter(0, index))
        assert (refused.refusal, refused.message) == (Refusal.UNKNOWN_PARAMETER, wire.DescribeParameter.NUMBER)


def test_it_describes_all_its_presets_and_no_more(bench):
    for index, row in enumerate(wire.PRESETS):
        info = bench.ask(wire.DescribePreset(0, index))
        assert (info.preset, info.label) == (index, row.name)
        caps = (info.mi_cap_milli, info.ispta_cap_mw_cm2, info.ti_cap_milli)
        assert caps == (row.mi_cap_milli, row.ispta_cap_mw_cm2, row.ti_cap_milli)
    for index in (len(wire.PRESETS), 255):
        refused = bench.ask(wire.DescribePreset(0, index))
        assert (refused.refusal, refused.message) == (Refusal.UNKNOWN_PRESET, wire.DescribePreset.NUMBER)


def test_a_parameter_is_set_and_told_to_all(bench):
    before_us = bench.probe.now_us
    result = bench.set((DEPTH, 250))
    assert (result.refusal, result.epoch) == (Refusal.NONE, 1)
    value = bench.ask(wire.GetParameter(0, DEPTH))
    assert (value.refusal, value.value, value.epoch) == (Refusal.NONE, 250, 1)
    told = bench.last(wire.Parameters)
    assert (told.tag, told.epoch, told.values[DEPTH]) == (0, 1, 250)
    assert before_us <= told.since_us <= bench.probe.now_us
    report = bench.ask(wire.ReportParameters(0))
    assert (report.epoch, report.since_us, report.values) == (told.epoch, told.since_us, told.values)


def test_the_same_value_again_is_a_new_epoch(bench):
    assert [bench.set((DEPTH, 250)).epoch for _ in range(3)] == [1, 2, 3]


def test_no_epoch_stays_untold_when_many_come_at_once(bench):
    for value in (200, 250, 300, 350):
        bench.send(wire.SetParameters(9, pair(DEPTH, value)))
    bench.run(50_000)
    told = bench.all_of(wire.Parameters)[1:]
    assert [(each.epoch, each.values[DEPTH]) for each in told] == [(1, 200), (2, 250), (3, 300), (4, 350)]
    kinds = [type(message).__name__ for message in bench.heard if message.RELIABLE]
    assert kinds[-8:] == ["SetResult", "Parameters"] * 4


def test_a_preset_loads_its_values_before_the_other_pairs(bench):
    bench.set((DEPTH, 800), (FREQUENCY, 50))
    assert bench.set((PRESET, 2), (DEPTH, 500)).refusal == Refusal.NONE
    expected = list(wire.PRESETS[2].values)
    expected[DEPTH] = 500
    assert list(bench.ask(wire.ReportParameters(0)).values) == expected


def test_parameters_outlive_imaging_freeze_and_the_session(bench):
    bench.set((DEPTH, 250))
    for action in (Action.START, Action.FREEZE, Action.UNFREEZE, Action.STOP):
        bench.do(action)
    bench.heard.clear()
    bench.connect()
    told = bench.last(wire.Parameters)
    assert (told.epoch, told.values[DEPTH]) == (1, 250)


REFUSED_PAIRS = {
    "none": (b"", Refusal.MALFORMED, 0, 0, 0, 0),
    "torn": (pair(DEPTH, 250)[:4], Refusal.MALFORMED, 0, 0, 0, 0),
    "too many": (pair(DEPTH, 250) * 18, Refusal.MALFORMED, 0, 0, 0, 0),
    "unknown": (pair(17, 5), Refusal.UNKNOWN_PARAMETER, 17, 5, 0, 0),
    "unknown among others": (pair(DEPTH, 250) + pair(255, -1), Refusal.UNKNOWN_PARAMETER, 255, -1, 0, 0),
    "twice": (pair(DEPTH, 250) + pair(DEPTH, 300), Refusal.REPEATED_PARAMETER, DEPTH, 300, 0, 0),
    "preset late": (pair(DEPTH, 250) + pair(PRESET, 1), Refusal.MALFORMED, PRESET, 1, 0, 0),
    "preset twice": (pair(PRESET, 1) + pair(PRESET, 1), Refusal.REPEATED_PARAMETER, PRESET, 1, 0, 0),
    "preset unknown": (pair(PRESET, 4), Refusal.UNKNOWN_PRESET, PRESET, 4, 0, 3),
    "preset negative": (pair(PRESET, -1), Refusal.UNKNOWN_PRESET, PRESET, -1, 0, 3),
    "too low": (pair(DEPTH, 145), Refusal.OUT_OF_RANGE, DEPTH, 145, 150, 800),
    "too high": (pair(DEPTH, 250) + pair(RATE, 61), Refusal.OUT_OF_RANGE, RATE, 61, 5, 60),
    "far out": (pair(DEPTH, -(2**31)), Refusal.OUT_OF_RANGE, DEPTH, -(2**31), 150, 800),
    "off step": (pair(DEPTH, 251), Refusal.OFF_STEP, DEPTH, 251, 150, 800),
}


@pytest.mark.parametrize("name", REFUSED_PAIRS)
def test_a_refused_setting_says_why_and_changes_nothing(bench, name):
    pairs, *expected = REFUSED_PAIRS[name]
    bench.set((FREQUENCY, 60))
    before, n_told = bench.state(), len(bench.all_of(wire.Parameters))
    result = bench.ask(wire.SetParameters(0, pairs))
    assert [result.refusal, result.parameter, result.asked, result.low, result.high] == expected
    assert result.epoch == 1
    bench.run(50_000)
    assert bench.state() == before
    assert len(bench.all_of(wire.Parameters)) == n_told


def test_too_much_output_is_refused_with_what_it_would_be(bench):
    loudest = {POWER: 0, FOCUS: 50, FREQUENCY: 40, RATE: 60}
    before = bench.state()
    result = bench.set(*loudest.items())
    values = list(wire.PRESETS[0].values)
    for number, value in loudest.items():
        values[number] = value
    assert (result.refusal, result.parameter) == (Refusal.MI_TOO_HIGH, POWER)
    assert (result.asked, result.low) == (acoustic_output(values).mi_milli, 0)
    assert result.high == wire.MI_LIMIT_MILLI < result.asked
    assert bench.state() == before


def test_each_preset_keeps_its_own_lower_caps(bench):
    for number, preset in enumerate(wire.PRESETS):
        for power in range(-300, 5, 5):
            result = bench.set((PRESET, number), (FREQUENCY, 40), (FOCUS, 50), (RATE, 60), (POWER, power))
            output = acoustic_output(bench.device.state.settings.values)
            assert output.mi_milli <= preset.mi_cap_milli
            assert output.ispta_mw_cm2 <= preset.ispta_cap_mw_cm2
            assert max(output.tis_milli, output.tib_milli) <= preset.ti_cap_milli
            assert result.refusal in (Refusal.NONE, Refusal.MI_TOO_HIGH, Refusal.ISPTA_TOO_HIGH, Refusal.TI_TOO_HIGH)
        assert result.refusal != Refusal.NONE


def test_an_unknown_parameter_has_no_value(bench):
    value = bench.ask(wire.GetParameter(0, 17))
    assert (value.refusal, value.parameter, value.value) == (Refusal.UNKNOWN_PARAMETER, 17, 0)


@pytest.mark.parametrize(
    ("body", "tag", "refusal", "number"),
    [
        (b"", 0, Refusal.UNKNOWN_MESSAGE, 0),
        (b"\x00", 0, Refusal.UNKNOWN_MESSAGE, 0),
        (b"\x7f\x05", 5, Refusal.UNKNOWN_MESSAGE, 0x7F),
        (b"\x7f\x05rest", 5, Refusal.UNKNOWN_MESSAGE, 0x7F),
        (wire.Done(5, 0).pack(), 5, Refusal.UNKNOWN_MESSAGE, wire.Done.NUMBER),
        (wire.HostHeartbeat(5).pack(), 5, Refusal.UNKNOWN_MESSAGE, wire.HostHeartbeat.NUMBER),
        (wire.Stimulate(5, 1).pack(), 5, Refusal.UNKNOWN_MESSAGE, wire.Stimulate.NUMBER),
        (b"\x01", 0, Refusal.MALFORMED, 1),
        (b"\x05", 0, Refusal.MALFORMED, 5),
        (wire.Identify(5).pack() + b"x", 5, Refusal.MALFORMED, 1),
        (wire.GetParameter(5, 0).pack()[:-1], 5, Refusal.MALFORMED, 4),
        (wire.UpdateBegin(5, 1, bytes(32)).pack()[:-1], 5, Refusal.MALFORMED, 0x0C),
        (wire.UpdateData(5, 1, b"").pack()[:-1], 5, Refusal.MALFORMED, 0x0D),
    ],
)
def test_a_message_that_is_none_is_refused(bench, body, tag, refusal, number):
    before = bench.state()
    bench.heard.clear()
    assert bench.host.send(body)
    bench.run(20_000)
    assert bench.all_of(wire.Refused) == [wire.Refused(tag, refusal, number)]
    assert bench.state() == before


def test_an_action_that_is_none_is_refused(bench):
    before = bench.state()
    assert bench.do(6) == Refusal.MALFORMED
    assert bench.do(255) == Refusal.MALFORMED
    assert bench.state() == before


@pytest.mark.parametrize("body", [b"", b"\x20", b"\x20\x01\x02", b"\x21\x01", b"\x01\x05", b"\x30\x00\x00\x00\x00\x00"])
def test_an_unreliable_message_that_is_none_is_dropped(bench, body):
    bench.alive = False
    before = bench.state()
    bench.heard.clear()
    assert bench.host.send_plain(body)
    bench.run(20_000)
    assert not [message for message in bench.heard if not isinstance(message, wire.Telemetry | wire.DeviceHeartbeat)]
    assert bench.state() == before
    assert not bench.device.state.heartbeat.heard


@pytest.mark.parametrize("n_bytes", [0, 1, 256, MAX_BODY_BYTES - 2])
def test_an_echo_is_what_was_sent(bench, n_bytes):
    data = bytes(range(256)) * 2
    assert n_bytes <= len(data)
    assert bench.ask(wire.Echo(0, data[:n_bytes])).data == data[:n_bytes]


def test_the_link_counts_are_those_of_the_device(bench):
    bench.run(1_000_000)
    told = bench.ask(wire.AskLinkStatistics(0))
    seen = bench.device.state.link.counters
    assert (told.damaged, told.malformed, told.stale, told.duplicate) == (0, 0, 0, 0)
    assert told.delivered == seen.delivered == 1
    assert 0 < told.good <= seen.good and 0 < told.plain_received <= seen.plain_received
    assert 20_000 <= told.rto_us <= 1_000_000 and told.srtt_us > 0
    bench.probe.feed(b"\x00broken\x00")
    assert bench.ask(wire.AskLinkStatistics(0)).damaged == 1


def test_the_clock_is_told_at_once(bench):
    bench.send(wire.ClockQuery(0xBEEF))
    bench.run(2_000)
    reply = bench.last(wire.ClockReply)
    assert reply.query == 0xBEEF
    assert reply.received_us == reply.sent_us <= bench.probe.device_us


def test_a_healthy_probe_passes_its_tests(bench):
    result = bench.ask(wire.SelfTest(0))
    assert (result.run, result.failed) == (0x1F, 0)


@pytest.mark.parametrize(
    ("stimulus", "value", "failed"),
    [
        (Stimulus.SELF_TEST_FAILS, 0x11, 0x11),
        (Stimulus.SELF_TEST_FAILS, 0x101, 0x01),
        (Stimulus.FRONT_END_FAULT, 1, 0x04),
        (Stimulus.PROBE_TEMPERATURE_DC, -401, 0x10),
        (Stimulus.BOARD_TEMPERATURE_DC, 1501, 0x10),
    ],
)
def test_a_failed_self_test_is_a_fault(bench, stimulus, value, failed):
    bench.stimulate(stimulus, value)
    assert bench.ask(wire.SelfTest(0)).failed == failed
    if stimulus == Stimulus.SELF_TEST_FAILS:
        bench.run(5_000)
        report = bench.last(wire.FaultReport)
        assert (report.fault, report.detail) == (FaultCode.SELF_TEST, failed)


def test_bit_rot_in_the_running_image_fails_the_self_test(bench):
    bench.probe.flash.cells[0x10000 + 0x108] ^= 1
    assert bench.ask(wire.SelfTest(0)).failed == 0x02


def test_a_reboot_is_answered_first(bench):
    first = bench.ask(wire.Identify(0)).boot_id
    assert bench.done(wire.Reboot(0)) == Refusal.NONE
    bench.run(20_000)
    again = bench.connect().ask(wire.Identify(0))
    assert (again.boot_id, again.boot_reason) == (first + 1, BootReason.REQUEST)


def test_a_reboot_does_not_wait_for_ever_for_its_answer_to_leave(new_bench):
    bench = new_bench().connect()
    device, port = bench.device, bench.device.state.port
    bench.host.send(wire.Reboot(1).pack())
    bench.host.flush(0)
    start_us = bench.probe.device_us
    device.receive(bench.host.pull(1 << 16), start_us)
    for passed_us in range(0, 99_001, 1_000):
        device.tick(start_us + passed_us)
        assert not port.resets
    device.tick(start_us + 100_000)
    assert port.resets


def test_every_answer_fits_a_frame_and_decodes(bench):
    for number in range(len(wire.PARAMETERS)):
        assert decode(bench.ask(wire.DescribeParameter(0, number)).pack())
