"""The C link gives what the Python link gives: after every call the same bytes, counters and deliveries."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.line import messages as wire
from firmware_bridge.line.framing import encode_frame
from firmware_bridge.line.link import MAGIC, FrameKind, Link, RetransmitTimer
from tests.firmware.core_link import COUNTERS, CoreLink, CoreTimer, all_counters

BOOT_ID = 0xC0FFEE07
WRAP = 1 << 32


class Recorder:
    """A user of a link that keeps all it is told, and answers inside the call as a device does."""

    def __init__(self, link=None):
        self.told, self.is_ready, self.link = [], True, link

    def opened(self, greeting):
        self.told.append("opened")

    def reset(self, boot_id):
        self.told.append("reset")

    def ready(self):
        return self.is_ready

    def reliable(self, body):
        self.told.append((body, self.link.send(b"reply to " + body[:4])))

    def plain(self, body):
        self.told.append((body, body[:1] == b"?" and self.link.send_plain(b"at once " + body[:9])))


def python_state(link):
    timer = (link.timer.srtt_us, link.timer.rto_us)
    return link.session, link.n_free, link.n_waiting_bytes, timer, all_counters(link.counters)


class Twins:
    """The Python and the C device on one line: each call goes to both, and both must do the same."""

    def __init__(self, core):
        self.users = Recorder(), Recorder()
        self.python = Link(self.users[0], boot_id=BOOT_ID, outbox_bytes=wire.OUTBOX_BYTES)
        self.c = CoreLink(core, self.users[1], BOOT_ID)
        self.users[0].link, self.users[1].link = self.python, self.c

    def call(self, name, *arguments):
        results = getattr(self.python, name)(*arguments), getattr(self.c, name)(*arguments)
        assert results[0] == results[1], (name, arguments)
        assert self.users[0].told == self.users[1].told, (name, arguments)
        assert python_state(self.python) == self.c.state(), (name, arguments)
        for user in self.users:
            user.told.clear()
        return results[0]

    def set_ready(self, is_ready):
        for user in self.users:
            user.is_ready = is_ready


class Schedule:
    """Random calls at both ends of a line, with damage on the way."""

    def __init__(self, core, seed, damage):
        self.rng = random.Random(seed)
        self.twins = Twins(core)
        self.host_user = Recorder()
        self.host = self.host_user.link = Link(self.host_user)
        self.now_us = self.rng.choice([0, WRAP - 300_000, self.rng.randrange(WRAP)])
        self.damage = damage
        self.slow = self.rng.random() < 0.3
        self.line = bytearray()

    def run(self, n_steps):
        self.host.open(self.rng.randint(1, 31), self.now_us)
        actions = [self._host, self._device, self._time, self._there, self._back, self._there, self._back]
        for _ in range(n_steps):
            self.rng.choice(actions)()
            if self.rng.random() < 0.002:
                self._upset()
        return self

    def _body(self):
        return self.rng.choice([b"", b"?", b"\0\0"]) + self.rng.randbytes(self.rng.choice([0, 5, 20, 40, 250, 505]))

    def _host(self):
        self.rng.choice([self.host.send, self.host.send, self.host.send_plain])(self._body())

    def _device(self):
        self.twins.call(self.rng.choice(["send", "send", "send_plain"]), self._body())

    def _time(self):
        step_us = self.rng.choice([0, 100, 1000, 1000, 5000, 30_000, 250_000])
        self.now_us = (self.now_us + step_us) % WRAP
        self.host.tick(self.now_us)
        self.twins.call(self.rng.choice(["tick", "tick", "flush"]), self.now_us)

    def _there(self):
        self.line += self._damaged(self.host.pull(self.rng.choice([7, 300, 5000])))
        size = self.rng.choice([1, 50, 700, 10_000])
        self.twins.call("receive", bytes(self.line[:size]), self.now_us)
        del self.line[:size]

    def _back(self):
        room = self.rng.choice([0, 1, 60] if self.slow else [1, 60, 1000, 4096])
        self.host.receive(self._damaged(self.twins.call("pull", room)), self.now_us)
        self.host_user.told.clear()

    def _damaged(self, data):
        if self.damage == 0:
            return data
        out = bytearray()
        for byte in data:
            what = self.rng.random() / self.damage
            if what >= 1:
                out.append(byte)
            elif what < 0.3:
                out.append(byte ^ 1 << self.rng.randrange(8))
            elif what < 0.5:
                out += bytes((byte, byte))
        return bytes(out)

    def _upset(self):
        what = self.rng.randrange(5)
        if what == 0:
            self.host.open(self.rng.randint(1, 31), self.now_us)
        elif what == 1:
            self.twins.set_ready(self.rng.random() < 0.5)
        elif what == 2:
            self.line += self.rng.randbytes(self.rng.choice([3, 2000]))
        elif what == 3:
            self.line += frame(self.rng.randrange(8), self.twins.python.session, *self.rng.randbytes(2))
        else:
            self.twins.set_ready(True)


def frame(kind, session, seq=0, ack=0, body=b""):
    return encode_frame(bytes((kind << 5 | session, seq, ack)) + body)


def hello(session, magic=MAGIC, version=wire.PROTOCOL_VERSION, digest=wire.LAYOUT_DIGEST, boot_id=bytes(4)):
    return frame(FrameKind.HELLO, session, body=magic + version.to_bytes(2, "little") + digest + boot_id)


@pytest.mark.no_cover
@pytest.mark.parametrize("damage", [0.0001, 0.001, 0.004, 0.02])
def test_long_random_schedules(core, damage):
    totals = [0] * len(COUNTERS)
    for seed in range(10):
        counters = all_counters(Schedule(core, seed, damage).run(2500).twins.python.counters)
        totals = [total + count for total, count in zip(totals, counters, strict=True)]
    assert all(totals), dict(zip(COUNTERS, totals, strict=True))


@pytest.mark.no_cover
@given(seed=st.integers(0, 1 << 40), damage=st.sampled_from([0.0, 0.001, 0.01]), n_steps=st.integers(1, 300))
@settings(max_examples=100)
def test_random_schedules(core, seed, damage, n_steps):
    Schedule(core, seed, damage).run(n_steps)


FRAMES = st.builds(
    frame,
    kind=st.integers(0, 7),
    session=st.sampled_from([0, 3, 3, 3, 3, 4]),
    seq=st.one_of(st.integers(0, 40), st.integers(0, 255)),
    ack=st.one_of(st.integers(0, 40), st.integers(0, 255)),
    body=st.one_of(st.binary(max_size=5), st.integers(0, 65535).map(lambda bits: bits.to_bytes(2, "little"))),
)
HELLOS = st.builds(
    hello,
    session=st.sampled_from([0, 3, 3, 4]),
    magic=st.sampled_from([MAGIC, MAGIC, MAGIC, b"SON!"]),
    version=st.sampled_from([wire.PROTOCOL_VERSION, wire.PROTOCOL_VERSION, wire.PROTOCOL_VERSION + 1]),
    digest=st.sampled_from([wire.LAYOUT_DIGEST, wire.LAYOUT_DIGEST, bytes(8)]),
    boot_id=st.sampled_from([bytes(4), bytes(4), b"boot", b"bo"]),
)
CALLS = st.one_of(
    st.tuples(st.just("receive"), FRAMES),
    st.tuples(st.just("receive"), HELLOS),
    st.tuples(st.just("receive"), st.binary(min_size=1, max_size=6).map(encode_frame)),
    st.tuples(st.just("receive"), st.binary(max_size=30)),
    st.tuples(st.just("tick"), st.sampled_from([0, 1000, 20_000, 100_000, 1_000_000, WRAP - 1])),
    st.tuples(st.sampled_from(["send", "send_plain"]), st.binary(max_size=10)),
    st.tuples(st.just("pull"), st.integers(0, 200)),
    st.tuples(st.just("set_ready"), st.booleans()),
)


@pytest.mark.no_cover
@given(st.lists(CALLS, max_size=60), st.booleans())
@settings(max_examples=400)
def test_any_frames_of_a_host_that_obeys_no_rule(core, calls, opened):
    twins, now_us = Twins(core), WRAP - 50_000
    if opened:
        twins.call("receive", hello(3), now_us)
    for name, argument in calls:
        if name == "receive":
            twins.call("receive", argument, now_us)
        elif name == "tick":
            now_us = (now_us + argument) % WRAP
            twins.call("tick", now_us)
        elif name == "set_ready":
            twins.set_ready(argument)
        else:
            twins.call(name, argument)


@given(st.lists(st.one_of(st.none(), st.integers(0, 100_000), st.integers(0, WRAP - 1)), max_size=30))
def test_the_timer_keeps_the_same_time(core, samples):
    timers = CoreTimer(core), RetransmitTimer()
    for rtt_us in samples:
        for timer in timers:
            if rtt_us is None:
                timer.back_off(wire.RTO_MAX_US)
            else:
                timer.sample(rtt_us)
        c, python = timers
        assert (c.srtt_us, c.rto_us) == (python.srtt_us, python.rto_us)


def test_a_body_longer_than_a_frame_is_not_taken(core):
    link = CoreLink(core, Recorder(), BOOT_ID)
    link.receive(hello(3), 0)
    assert not link.send(bytes(510)) and not link.send_plain(bytes(510))
    assert link.send(bytes(509)) and link.send_plain(bytes(509))
