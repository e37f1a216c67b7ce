"""The link over good and bad lines, in virtual time: nothing lost, nothing twice, nothing wrong, in order."""

import random
from functools import partial

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from firmware_bridge.line import messages as wire
from firmware_bridge.line.framing import Deframer, encode_frame
from firmware_bridge.line.link import MAGIC, FrameKind, Link
from firmware_bridge.line.sender import RetransmitTimer
from firmware_bridge.line.transport.faulty import FaultyLine
from tests.firmware.core_link import CoreLink, CoreTimer

BOOT_ID = 0x1234
WRAP = 1 << 32


class Recorder:
    """A user of a link that keeps all it is told."""

    def __init__(self):
        self.bodies, self.plains, self.greetings, self.resets = [], [], [], []
        self.is_ready = True

    def opened(self, greeting):
        self.greetings.append(greeting)

    def reset(self, boot_id):
        self.resets.append(boot_id)

    def ready(self):
        return self.is_ready

    def reliable(self, body):
        self.bodies.append(body)

    def plain(self, body):
        self.plains.append(body)


class Pair:
    """A host's and a device's link with a line each way."""

    def __init__(self, make_device, start_us=0, step_us=1000, **faults):
        self.at_host, self.at_device = Recorder(), Recorder()
        self.host = Link(self.at_host)
        self.device = make_device(self.at_device, BOOT_ID)
        self.there, self.back = FaultyLine(1, **faults), FaultyLine(2, **faults)
        self.elapsed_us, self.start_us, self.step_us = 0, start_us, step_us

    @property
    def now_us(self):
        return (self.start_us + self.elapsed_us) % WRAP

    def step(self, n=1):
        for _ in range(n):
            self.elapsed_us += self.step_us
            self.device.receive(self.there.due(self.elapsed_us), self.now_us)
            self.host.receive(self.back.due(self.elapsed_us), self.now_us)
            self.device.tick(self.now_us)
            self.host.tick(self.now_us)
            self.there.feed(self.host.pull(1 << 16), self.elapsed_us)
            self.back.feed(self.device.pull(1 << 16), self.elapsed_us)

    def opened(self, session=3):
        self.host.open(session, self.now_us)
        while not (self.host.session and self.device.session):
            self.step()
        return self


@pytest.fixture(scope="module", params=["python", "c"])
def make_device(request):
    """A device's link for a user, with its boot id."""
    if request.param == "c":
        return partial(CoreLink, request.getfixturevalue("core"))
    return lambda user, boot_id: Link(user, boot_id=boot_id, outbox_bytes=wire.OUTBOX_BYTES)


@pytest.fixture(scope="module")
def new_pair(make_device):
    """To make pairs."""
    return partial(Pair, make_device)


def kinds(data):
    return [payload[0] >> 5 for payload in Deframer().feed(data)]


def frame(kind, session, seq=0, ack=0, body=b""):
    return encode_frame(bytes((kind << 5 | session, seq, ack)) + body)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=24, phases=[Phase.explicit, Phase.generate])
@given(
    seed=st.integers(0, 1 << 20),
    damage=st.sampled_from([0.0, 0.001, 0.01, 0.02]),
    delay_ms=st.sampled_from([(0, 0), (0, 5), (0, 60), (30, 30)]),
    start_us=st.sampled_from([0, WRAP - 200_000]),
    n=st.integers(1, 60),
)
def test_nothing_is_lost_doubled_changed_or_reordered(new_pair, seed, damage, delay_ms, start_us, n):
    rng = random.Random(seed)
    pair = new_pair(start_us, damage=damage, drop=damage / 2, double=damage / 2, delay_ms=delay_ms).opened()
    outgoing = [rng.randbytes(rng.randint(1, 60)) for _ in range(n)]
    incoming = [rng.randbytes(rng.randint(1, 60)) for _ in range(n)]
    for link, bodies in ((pair.host, list(outgoing)), (pair.device, list(incoming))):
        link.waiting = bodies
    # At the worst of these lines 110 frames take some 100,000 steps.
    for _ in range(300_000):
        for link in (pair.host, pair.device):
            while link.waiting and link.send(link.waiting[0]):
                link.waiting.pop(0)
        if rng.random() < 0.1:
            pair.device.send_plain(b"telemetry")
        pair.step()
        if len(pair.at_device.bodies) == len(pair.at_host.bodies) == n:
            break
    assert pair.at_device.bodies == outgoing
    assert pair.at_host.bodies == incoming
    assert set(pair.at_host.plains) <= {b"telemetry"}


def test_a_clean_line_moves_no_error_counter(new_pair):
    pair = new_pair().opened()
    for k in range(500):
        assert pair.host.send(bytes([k % 256, 1])) and pair.device.send(bytes([k % 256, 2]))
        pair.step(3)
    for counters in (pair.host.counters, pair.device.counters):
        assert (counters.delivered, counters.sent) == (500, 500)
        assert counters.damaged == counters.malformed == counters.stale == counters.duplicate == 0
        assert counters.retransmitted == counters.timeouts == counters.naks_sent == 0


def test_greeting_is_compared_before_a_session_opens(make_device):
    recorder = Recorder()
    device = make_device(recorder, BOOT_ID)
    body = MAGIC + (wire.PROTOCOL_VERSION + 1).to_bytes(2, "little") + bytes(8) + bytes(4)
    device.receive(frame(FrameKind.HELLO, 5, body=body), 0)
    (answer,) = Deframer().feed(device.pull(100))
    assert device.session == 0 and not recorder.greetings
    assert answer[0] == FrameKind.WELCOME << 5 | 5
    assert answer[3:7] == MAGIC and answer[7:9] == wire.PROTOCOL_VERSION.to_bytes(2, "little")


def test_host_learns_of_another_protocol_and_opens_nothing():
    recorder = Recorder()
    host = Link(recorder)
    host.open(5, 0)
    older = MAGIC + (0).to_bytes(2, "little") + bytes(8) + BOOT_ID.to_bytes(4, "little")
    host.receive(frame(FrameKind.WELCOME, 5, body=older), 1000)
    assert host.session == 0
    assert [(greeting.version, greeting.fits) for greeting in recorder.greetings] == [(0, False)]


def test_hello_is_asked_again_and_a_second_one_changes_nothing(new_pair):
    pair = new_pair(delay_ms=(150, 150))
    pair.host.open(9, 0)
    pair.step(1000)
    assert pair.host.session == pair.device.session == 9
    assert len(pair.at_device.greetings) == 1
    assert pair.host.send(b"x") and pair.device.send(b"y")
    pair.step(1000)
    assert (pair.at_device.bodies, pair.at_host.bodies) == ([b"x"], [b"y"])


def test_the_same_session_number_of_a_new_host_begins_anew(new_pair):
    pair = new_pair().opened(7)
    pair.host.send(b"old")
    pair.step(5)
    pair.host.open(7, pair.now_us)
    pair.step(5)
    assert len(pair.at_device.greetings) == 2
    pair.host.send(b"new")
    pair.step(5)
    assert pair.at_device.bodies == [b"old", b"new"]


def test_frames_of_another_session_are_stale_and_never_delivered(new_pair):
    pair = new_pair().opened(3)
    pair.device.receive(frame(FrameKind.DATA, 4, 0, 0, b"late"), pair.now_us)
    assert pair.at_device.bodies == [] and pair.device.counters.stale == 1


def test_a_device_without_a_session_says_so_but_not_too_often(make_device):
    device = make_device(Recorder(), BOOT_ID)
    for now_us in (0, 1000, wire.RESET_PAUSE_US - 1, wire.RESET_PAUSE_US):
        device.receive(frame(FrameKind.PLAIN, 6, 0, 0, b"heartbeat"), now_us)
    assert kinds(device.pull(1000)) == [FrameKind.RESET, FrameKind.RESET]


def test_host_hears_of_a_reset_and_closes_its_session(new_pair, make_device):
    pair = new_pair().opened()
    pair.device = make_device(pair.at_device, 99)
    pair.host.send(b"x")
    pair.step(5)
    assert pair.at_host.resets == [99] and pair.host.session == 0


def test_one_nak_for_one_damage_and_recovery_without_the_timeout(new_pair):
    pair = new_pair().opened()
    pair.step(50)
    pair.host.send(b"command")
    pair.host.flush(pair.now_us)
    wire_bytes = bytearray(pair.host.pull(100))
    wire_bytes[5] ^= 0x40
    pair.device.receive(bytes(wire_bytes[:7]) + b"\x00" + bytes(wire_bytes[7:]), pair.now_us)
    pair.step(4)
    assert pair.at_device.bodies == [b"command"]
    assert pair.device.counters.damaged == 2 and pair.device.counters.naks_sent == 1
    assert pair.host.counters.timeouts == 0 and pair.host.counters.retransmitted == 1


def test_a_retransmission_is_led_by_a_delimiter(new_pair):
    pair = new_pair().opened()
    pair.host.send(b"command")
    pair.host.flush(pair.now_us)
    assert pair.host.pull(100)[0] != 0
    pair.host.tick(pair.now_us + wire.RTO_INITIAL_US)
    assert pair.host.pull(100)[0] == 0
    assert pair.host.counters.timeouts == 1


def test_a_full_window_takes_nothing_more(new_pair):
    pair = new_pair().opened()
    taken = [pair.host.send(bytes([k])) for k in range(wire.WINDOW_FRAMES + 1)]
    assert taken == [True] * wire.WINDOW_FRAMES + [False]


def test_without_a_session_nothing_is_taken():
    host = Link(Recorder())
    assert not host.send(b"x") and not host.send_plain(b"x")
    assert host.pull(100) == b""


def test_a_user_who_is_not_ready_holds_the_sender_up_and_loses_nothing(new_pair):
    pair = new_pair().opened()
    pair.at_device.is_ready = False
    for k in range(wire.WINDOW_FRAMES):
        pair.host.send(bytes([k]))
    pair.step(500)
    assert pair.at_device.bodies == []
    assert pair.host.counters.retransmitted == pair.device.counters.duplicate == 0  # it is told what is here already
    pair.at_device.is_ready = True
    pair.step(2000)
    assert pair.at_device.bodies == [bytes([k]) for k in range(wire.WINDOW_FRAMES)]


def test_telemetry_is_left_out_before_commands_have_to_wait(new_pair):
    pair = new_pair().opened()
    taken = [pair.device.send_plain(bytes(100)) for _ in range(100)]
    assert not all(taken) and pair.device.counters.plain_dropped == taken.count(False)
    pair.device.send(b"reply")
    pair.device.flush(pair.now_us)
    assert kinds(pair.device.pull(1 << 16))[-1] == FrameKind.DATA


def test_lost_unreliable_frames_are_counted(new_pair):
    pair = new_pair().opened()
    for k in range(10):
        pair.device.send_plain(bytes([k]))
        if k in (3, 4):
            pair.device.pull(1000)
        pair.step()
    pair.step()
    assert pair.host.counters.plain_lost == 2
    assert pair.at_host.plains == [bytes([k]) for k in range(10) if k not in (3, 4)]


@given(payload=st.binary(min_size=1, max_size=40))
def test_any_whole_frame_is_survived(new_pair, payload):
    pair = new_pair().opened()
    pair.device.receive(encode_frame(payload), pair.now_us)
    pair.host.receive(encode_frame(payload), pair.now_us)
    assert pair.device.counters.good >= 1


@pytest.mark.parametrize("kind", ["python", "c"])
def test_timeout_follows_rfc_6298(kind, request):
    timer = RetransmitTimer() if kind == "python" else CoreTimer(request.getfixturevalue("core"))
    timer.sample(100_000)
    assert (timer.srtt_us, timer.rto_us) == (100_000, 300_000)
    timer.sample(60_000)  # rttvar 3/4 * 50 + 1/4 * 40 = 47.5 ms, srtt 7/8 * 100 + 1/8 * 60 = 95 ms
    assert (timer.srtt_us, timer.rto_us) == (95_000, 285_000)
    timer.back_off(wire.RTO_HEARD_MAX_US)
    assert timer.rto_us == 285_000  # never shorter
    timer.back_off(wire.RTO_MAX_US)
    timer.back_off(wire.RTO_MAX_US)
    assert timer.rto_us == wire.RTO_MAX_US
    for _ in range(100):
        timer.sample(500)
    assert timer.rto_us == wire.RTO_MIN_US


@pytest.mark.parametrize("body", [b"", b"SONO", b"XXXX" + bytes(14), MAGIC + bytes(15)])
def test_a_greeting_that_is_none_is_malformed(make_device, body):
    device = make_device(Recorder(), BOOT_ID)
    device.receive(frame(FrameKind.HELLO, 5, body=body), 0)
    assert device.counters.malformed == 1 and device.pull(100) == b""
