"""The C device gives what the Python device gives: the same bytes out for the same calls in, and the same flash."""

import hashlib
import random
import struct
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.device.boot import BANK_STARTS
from firmware_bridge.device.log import LOG_LINES
from firmware_bridge.device.updating import MAX_UPDATE_BYTES
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import decode, encode
from firmware_bridge.line.link import Link
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Action, Refusal, Stimulus, TransmitOff, UpdateState
from tests.firmware.boot_twins import image
from tests.firmware.device_twins import Twins

WRAP = 1 << 32
ACOUSTIC = [PARAMETER_NUMBERS[name] for name in ("frequency", "focus", "transmit_power", "frame_rate", "preset")]
COMMANDS = [wire.MESSAGES[number] for number in sorted(wire.MESSAGES) if number < 0x20]
READINGS = {
    Stimulus.PROBE_TEMPERATURE_DC: [320, 409, 410, 429, 430, 499, 500, 501, -401, 1501, 1 << 20],
    Stimulus.BOARD_TEMPERATURE_DC: [350, 649, 650, 699, 700, 849, 850, -(1 << 31)],
    Stimulus.BATTERY_PERCENT: [80, 80, 4, 5, 7, 8, -3, 300],
    Stimulus.FRONT_END_FAULT: [0, 0, 1, -7],
    Stimulus.SELF_TEST_FAILS: [0, 0, 1, 0xFF],
}
IMAGES = [image(2), image(3, counter=2), image(4, counter=3), image(5, hardware_id=77), image(6, counter=5)[:-1], b"no"]


class Host:
    """The host's end: says what it is given, keeps what it is told."""

    def __init__(self):
        self.link = Link(self)
        self.seen = Counter()
        self.status, self.n_opened = wire.UpdateStatus(0, 0, 0, 0, 0, 0), 0

    def opened(self, greeting):
        assert greeting.fits

    def reset(self, boot_id): ...

    def ready(self):
        return True

    def reliable(self, body):
        message = self.last = decode(body)
        self.seen[type(message)] += 1
        for field in ("refusal", "off", "fault", "state"):
            if hasattr(message, field):
                self.seen[field, getattr(message, field)] += 1
        if isinstance(message, wire.UpdateStatus):
            self.status = message

    def plain(self, body):
        message = decode(body)
        self.seen[type(message)] += 1
        if isinstance(message, wire.LogLine):
            self.seen[message.line] += 1

    def open(self, now_us):
        self.n_opened += 1
        self.link.open(self.n_opened % 31 + 1, now_us)


class Session:
    """A random host, line, bench and clock; everything is drawn from the seed."""

    def __init__(self, core, seed, damage=0.0):
        self.rng = random.Random(seed)
        self.now_us = self.rng.choice([0, WRAP - 2_000_000, self.rng.randrange(WRAP)])
        self.twins, self.host = Twins(core, self.now_us), Host()
        self.damage = damage
        self.image = IMAGES[0]
        scan = [self.pair, self.pair, self.stimulate, self.stimulate, self.transmit_again, self.command]
        other = [self.plain, self.garbage, self.odd, self.command, self.update, self.stimulate]
        self.actions = self.rng.choice([scan + other, [self.update] * 12 + other])

    def run(self, n_steps):
        self.host.open(self.now_us)
        for _ in range(n_steps):
            if self.rng.random() < 0.4:
                self.rng.choice(self.actions)()
            self.talk()
            self.wait(self.rng.choice([0, 300, 1000, 1000, 1000, 5000, 20_000, 20_000, 120_000]))
            if self.rng.random() < 0.01:
                self.upset()
        self.twins.check_flash()
        return self

    # ------------------------------------------------------------------------------------------------------ the line
    def talk(self):
        if not self.host.link.session and self.rng.random() < 0.2:
            self.host.open(self.now_us)
        self.host.link.flush(self.now_us)
        data = self.spoilt(self.host.link.pull(1 << 16))
        cut = self.rng.randrange(len(data) + 1)
        for part in (data[:cut], data[cut:]):
            if part:
                self.twins.call("receive", part)
        rooms = self.rng.choice([(0,), (30,), (4096,), (4096,), (100, 4096)])
        self.host.link.receive(self.spoilt(b"".join(map(self.twins.pull, rooms))), self.now_us)

    def wait(self, step_us):
        self.now_us = self.twins.now_us = (self.now_us + step_us) % WRAP
        self.twins.call("tick")
        self.host.link.tick(self.now_us)

    def spoilt(self, data):
        if self.rng.random() >= self.damage * len(data):
            return data
        at = self.rng.randrange(len(data))
        return data[:at] + self.rng.choice([b"", b"\0", self.rng.randbytes(2)]) + data[at + 1 :]

    # ------------------------------------------------------------------------------------------------------ the host
    def ask(self, message):
        self.host.link.send(encode(message))

    def command(self):
        kind = self.rng.choice(COMMANDS)
        fields = self.rng.randbytes(kind.LAYOUT.size) if self.rng.random() < 0.5 else bytes(kind.LAYOUT.size)
        if kind not in (wire.Reboot, wire.UpdateBegin) or self.rng.random() < 0.1:
            rest = self.rng.choice([b"", b"", self.rng.randbytes(12)])
            self.host.link.send(bytes((kind.NUMBER,)) + fields + rest)

    def pair(self):
        """One to some parameters, mostly with values that can be."""
        pairs = b""
        for _ in range(self.rng.choice([1, 1, 1, 2, 4, 18])):
            number = self.rng.choice([self.rng.randrange(len(wire.PARAMETERS) + 1), *ACOUSTIC])
            row = wire.PARAMETERS[min(number, len(wire.PARAMETERS) - 1)]
            value = self.rng.choice(
                [row.minimum, row.maximum, self.rng.randrange(row.minimum, row.maximum + 1, row.step)]
            )
            value = value if self.rng.random() < 0.9 else self.rng.choice([row.maximum + 1, -(1 << 31), value + 1])
            pairs += struct.pack("<Bi", number, value)
        self.ask(wire.SetParameters(7, pairs))

    def transmit_again(self):
        """All that arming needs, most of the time."""
        for stimulus in READINGS:
            if self.rng.random() < 0.9:
                self.twins.call("stimulate", stimulus, READINGS[stimulus][0])
        self.host.link.send_plain(encode(wire.HostHeartbeat(1)))
        for message in (wire.ClearFault(1), wire.Imaging(2, Action.UNFREEZE), wire.Imaging(3, Action.START)):
            if self.rng.random() < 0.9:
                self.ask(message)
        self.ask(wire.Imaging(4, Action.ARM))
        if self.rng.random() < 0.5:
            self.ask(wire.Imaging(5, self.rng.choice([*Action, 77])))

    def update(self):
        """The next step of an update, sometimes a wrong one."""
        status, wrong = self.host.status, self.rng.random() < 0.15
        if wrong:
            self.ask(self.rng.choice([wire.Reboot(1), wire.UpdateConfirm(3), wire.UpdateFinish(2), wire.AskUpdate(4)]))
        elif status.state == UpdateState.PENDING:
            self.ask(wire.Reboot(1))
        elif status.state == UpdateState.TRYING:
            self.ask(wire.UpdateConfirm(2))
        elif status.state == UpdateState.IDLE or self.rng.random() < 0.01:
            self.begin_update()
        elif status.offset == status.size:
            self.ask(wire.UpdateFinish(1))
        else:
            size = self.rng.choice([480, 480, 480, 480, 500, 1, 3, 0])
            offset = status.offset + (self.rng.random() < 0.02)
            self.ask(wire.UpdateData(1, offset, self.image[offset : offset + size]))
        self.ask(wire.AskUpdate(5))

    def begin_update(self):
        self.image = self.rng.choice(IMAGES)
        size = self.rng.choice([len(self.image)] * 9 + [0, MAX_UPDATE_BYTES, MAX_UPDATE_BYTES + 1])
        self.ask(wire.Imaging(1, Action.STOP))
        self.ask(wire.UpdateBegin(1, size, hashlib.sha256(self.image).digest()))

    def plain(self):
        body = self.rng.choice([encode(wire.HostHeartbeat(1)), encode(wire.ClockQuery(513)), b"\x21\0", b"\x20", b""])
        self.host.link.send_plain(body)

    def odd(self):
        self.host.link.send(
            self.rng.choice(
                [b"", bytes((self.rng.randrange(20),)), b"\x07\x01", self.rng.randbytes(3), self.rng.randbytes(60)]
            )
        )

    # ------------------------------------------------------------------------------------------------ everything else
    def garbage(self):
        self.twins.call("receive", self.rng.randbytes(self.rng.choice([1, 5, 600])))

    def stimulate(self):
        if self.rng.random() < 0.3:
            self.twins.call("stimulate", self.rng.randrange(11), self.rng.choice([0, 0, 1, 300, -70_000]))
        else:
            stimulus = self.rng.choice(list(READINGS))
            self.twins.call("stimulate", stimulus, self.rng.choice(READINGS[stimulus]))

    def upset(self):
        what = self.rng.randrange(8)
        if what == 0:
            self.twins.call("stimulate", self.rng.choice([Stimulus.HANG, Stimulus.RESET, 200]), 0)
        elif what in (1, 2):
            self.twins.call("stimulate", Stimulus.CUT_FLASH_AFTER, self.rng.randrange(-1, 12))
        elif what == 3:
            self.twins.call("receive", b"\1\0" * self.rng.choice([60, 70, 200]))
        elif what == 4:
            self.wait(self.rng.choice([500_000, 3_000_000, 1 << 31]))
        elif what == 5:
            at, value = self.rng.choice(BANK_STARTS) + self.rng.randrange(6000), self.rng.randbytes(1)
            self.twins.each(lambda probe: probe.twin.store(at, value))
        elif what == 6:
            for _ in range(24):
                self.twins.call("stimulate", self.rng.choice([Stimulus.PRESS_BUTTON, Stimulus.RELEASE_BUTTON]), 3)
        else:
            self.host.open(self.now_us)


def expected_to_be_seen():
    """Everything that a device can say, as `Host.seen` counts it."""
    kinds = {kind for number, kind in wire.MESSAGES.items() if number >= 0x80}
    refusals = {("refusal", refusal) for refusal in Refusal} - {("refusal", Refusal.FLASH_FAILED)}
    reasons = {("off", reason) for reason in TransmitOff}
    lines = {text for _, text in LOG_LINES} - {f"transmit off: {off}" for off in ("none", "not armed")}
    lines -= {f"fault: {fault}" for fault in ("none", "watchdog", "flash")}  # of a start, before a session; below
    return kinds | refusals | reasons | lines


@pytest.mark.no_cover
def test_long_random_sessions(core):
    seen = Counter()
    for seed in range(18):
        seen += Session(core, seed, damage=(0.0, 0.0002, 0.001)[seed % 3]).run(2000).host.seen
    missing = expected_to_be_seen() - set(seen)
    assert not missing, missing


@pytest.mark.no_cover
@given(seed=st.integers(0, 1 << 40), damage=st.sampled_from([0.0, 0.0005]), n_steps=st.integers(1, 200))
@settings(max_examples=60)
def test_random_sessions(core, seed, damage, n_steps):
    Session(core, seed, damage).run(n_steps)


CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(COMMANDS), st.binary(max_size=60)),
        st.tuples(st.just("stimulate"), st.integers(0, 16), st.integers(-(1 << 31), (1 << 31) - 1)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 1000, 16_666, 16_667, 99_999, 100_000, 500_000, WRAP - 1])),
        st.tuples(st.just("hear")),
        st.tuples(st.just("pull"), st.integers(0, 600)),
    ),
    max_size=40,
)


@pytest.mark.no_cover
@given(CALLS)
@settings(max_examples=200)
def test_any_calls(core, calls):
    """Smaller than the sessions, so that hypothesis can name the few calls that matter where one differs."""
    twins, host = Twins(core, WRAP - 250_000), Host()
    host.open(twins.now_us)
    for name, *arguments in calls:
        if name == "ask":
            host.link.send(bytes((arguments[0].NUMBER,)) + arguments[1])
        elif name == "hear":
            host.link.send_plain(encode(wire.HostHeartbeat(0)))
        elif name == "stimulate":
            twins.call(name, *arguments)
        elif name == "wait":
            twins.now_us = (twins.now_us + arguments[0]) % WRAP
            twins.call("tick")
        else:
            host.link.receive(twins.pull(arguments[0]), twins.now_us)
        host.link.flush(twins.now_us)
        twins.call("receive", host.link.pull(1 << 16))
    twins.check_flash()


class Updater:
    """A host that obeys all rules."""

    def __init__(self, core):
        self.twins, self.host = Twins(core, 0), Host()
        self.open()

    def open(self):
        self.host.open(self.twins.now_us)
        while not self.host.link.session:
            self.pump()

    def pump(self):
        self.twins.now_us += 1000
        self.host.link.tick(self.twins.now_us)
        self.twins.call("receive", self.host.link.pull(1 << 16))
        self.twins.call("tick")
        self.host.link.receive(self.twins.pull(4096), self.twins.now_us)

    def update_status(self, message):
        """The reply; of AskUpdate where the probe started anew before it answered."""
        n_starts, n_before = self.twins.n_starts, self.host.seen[wire.UpdateStatus]
        self.host.link.send(encode(message))
        while self.host.seen[wire.UpdateStatus] == n_before:
            self.pump()
            if self.twins.n_starts != n_starts:
                self.open()
                return self.update_status(wire.AskUpdate(9))
        return self.host.status

    def reboot(self):
        n_starts = self.twins.n_starts
        self.host.link.send(encode(wire.Reboot(1)))
        while self.twins.n_starts == n_starts:
            self.pump()
        self.open()

    def upload(self, file):
        status = self.update_status(wire.UpdateBegin(1, len(file), hashlib.sha256(file).digest()))
        while status.state == UpdateState.RECEIVING and not status.refusal and status.offset < status.size:
            status = self.update_status(wire.UpdateData(2, status.offset, file[status.offset :][:480]))
        if status.state == UpdateState.RECEIVING and not status.refusal:
            status = self.update_status(wire.UpdateFinish(3))
        return status

    def update(self, file):
        """From any state to the running and confirmed file; again and again where the power goes."""
        while (state := self.update_status(wire.AskUpdate(4)).state) != UpdateState.TRYING:
            if state == UpdateState.PENDING:
                self.reboot()
            else:
                self.upload(file)
        while self.update_status(wire.UpdateConfirm(5)).state == UpdateState.TRYING:
            pass


@pytest.mark.no_cover
def test_an_update_with_the_power_cut_at_each_operation(core):
    n_cut = 0
    for n_before in range(1000):
        updater = Updater(core)
        updater.twins.call("stimulate", Stimulus.CUT_FLASH_AFTER, n_before)
        updater.update(image(2))
        updater.twins.check_flash()
        assert updater.twins.started.version.startswith("2.")
        if updater.twins.n_starts == 2:  # the first start, and the one into the new image: no cut happened
            break
        n_cut += 1
    assert 20 < n_cut < 100


def test_each_noted_frame_has_its_room(core):
    """The C packs these four without asking for room."""
    room = core.ffi.typeof("noted_frame").fields[0][1].type.length
    longest = max(kind.LAYOUT.size for kind in (wire.Exposure, wire.Imu, wire.Telemetry, wire.DeviceHeartbeat))
    assert 1 + longest <= room
