"""From power to a session: what the device says of itself, to whom, and to whom it says nothing more."""

import time

import pytest

from firmware_bridge.device.flash import FLASH_SIZE
from firmware_bridge.errors import NoAnswerError
from firmware_bridge.firmware_image import FirmwareVersion
from firmware_bridge.host.probe import Bank, Probe
from firmware_bridge.line import messages as wire
from firmware_bridge.line.framing import Deframer, encode_frame
from firmware_bridge.line.link import FrameKind
from firmware_bridge.line.messages import BootReason, ExposureFlag, TransmitOff
from firmware_bridge.line.transport.contract import Transport
from tests.hil.counters import CUT
from tools.bridge.raw_host import SOON_S


def greeting_body(version: int = wire.PROTOCOL_VERSION, digest: bytes = wire.LAYOUT_DIGEST) -> bytes:
    """By docs/protocol.md, not by the link's own code."""
    return b"SONO" + version.to_bytes(2, "little") + digest + bytes(4)


def greeting(session: int, **wrong) -> bytes:
    """A HELLO's frame."""
    return encode_frame(bytes((FrameKind.HELLO << 5 | session, 0, 0)) + greeting_body(**wrong))


def next_payload(line: Transport) -> bytes:
    """The next whole frame's. One at a time, as the device answers one at a time."""
    deframer, until = Deframer(), time.monotonic() + SOON_S
    while time.monotonic() < until:
        for payload in deframer.feed(line.read(0.01)):
            return payload
    raise AssertionError("the device says nothing")


def test_after_power_on_it_says_who_it_is_and_does_nothing(probe: Probe):
    identity = probe.identity()
    assert (identity.model, identity.hardware_id) == (wire.MODEL, wire.HARDWARE_ID)
    assert (identity.version, identity.bank, identity.confirmed) == (FirmwareVersion(1, 0, 0, 0), Bank.A, True)
    assert (identity.boot_reason, identity.boot_id) == (BootReason.POWER, probe.boot_id)
    probe.line.wait_until(lambda: probe.doing() is not None, SOON_S)
    doing = probe.doing()
    assert doing is not None
    assert (doing.flags, doing.off) == (ExposureFlag(0), TransmitOff.NOT_ARMED)
    assert probe.fault() is None


def test_each_start_has_the_next_boot_id(bench):
    boot_ids = []
    for _ in range(3):
        with bench.open() as probe:
            boot_ids.append(probe.boot_id)
        bench.device.restart()
    assert boot_ids == list(range(boot_ids[0], boot_ids[0] + 3))


@pytest.mark.disturbs(*CUT)
def test_a_restart_on_request_is_noticed_and_survived(probe: Probe):
    before = probe.boot_id
    probe.set(depth_mm=50)
    probe.reboot()
    assert probe.line.wait_until(lambda: probe.boot_id != before and probe.line.is_open, SOON_S)
    assert probe.boot_id == before + 1
    assert probe.identity().boot_reason == BootReason.REQUEST
    assert probe.parameters().depth_mm == 50


def test_all_self_tests_pass(probe: Probe):
    report = probe.self_test()
    assert len(report.run) == 5
    assert report.failed == ()


def test_it_greets_back_with_its_boot_id(bench):
    with bench.raw() as host:
        host.open()
        (answer,) = host.greetings
        assert answer.fits
        assert answer.boot_id > 0
        assert host.ask(wire.Identify(0), wire.Identity).boot_id == answer.boot_id


@pytest.mark.disturbs("stale")
@pytest.mark.parametrize("wrong", [{"version": wire.PROTOCOL_VERSION + 1}, {"digest": bytes(8)}])
def test_a_host_of_another_release_is_answered_but_gets_no_session(bench, wrong: dict):
    with bench.device.open_line() as line:
        line.write(greeting(5, **wrong))
        welcome = next_payload(line)
        line.write(encode_frame(bytes((FrameKind.DATA << 5 | 5, 0, 0)) + wire.Identify(1).pack()))
        reset = next_payload(line)
    assert welcome[:-4] == bytes((FrameKind.WELCOME << 5 | 5, 0, 0)) + greeting_body()[:-4]
    assert reset == bytes((FrameKind.RESET << 5, 0, 0)) + welcome[-4:]


@pytest.mark.disturbs("stale")
def test_who_talks_in_an_old_session_hears_that_it_is_over(bench):
    with bench.raw() as host:
        host.open()
        boot_id = host.greetings[0].boot_id
    bench.device.restart()
    with bench.raw() as late:
        late.link.session = 1
        late.send(wire.Identify(1))
        late.wait_until(lambda: late.link.session == 0)
        assert late.boot_ids_of_resets == [boot_id + 1]


@pytest.mark.disturbs("damaged", "malformed", "stale", "naks_sent", "naks_received")
def test_noise_before_the_greeting_does_no_harm(bench):
    with bench.raw() as host:
        host.transport.write(bytes(range(256)) * 3 + b"AT\r\n\0" + greeting(3)[:9] + b"\0")
        host.open(4)
        assert host.ask(wire.Echo(0, b"here"), wire.Echoed).data == b"here"


@pytest.mark.disturbs("stale")
def test_a_greeting_that_is_repeated_does_not_end_the_session(bench):
    with bench.raw() as host:
        host.transport.write(b"\0\0" + greeting(7) * 3)
        host.open(7)
        assert host.ask(wire.Echo(0, b"still"), wire.Echoed).data == b"still"


def test_with_no_image_it_answers_nothing(new_bench):
    bench = new_bench()
    device = bench.device
    device.power_off()
    content = device.flash.read_bytes()
    device.flash.write_bytes(b"\xff" * FLASH_SIZE)
    device.power_on()
    with pytest.raises(NoAnswerError):
        bench.open()
    device.power_off()
    device.flash.write_bytes(content)
    device.power_on()
    assert bench.open().identity().version == FirmwareVersion(1, 0, 0, 0)
