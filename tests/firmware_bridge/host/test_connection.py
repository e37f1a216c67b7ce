"""The line: who is at its other end, what becomes of requests, of a loss, and of a program that hangs."""

import threading
from contextlib import suppress
from dataclasses import astuple
from itertools import pairwise

import pytest

from firmware_bridge.errors import (
    LinkClosedError,
    LinkLostError,
    MalformedMessageError,
    NoAnswerError,
    NoReplyError,
    NotAProbeError,
    PortNotFoundError,
    ProtocolVersionError,
)
from firmware_bridge.host.connection import Connection
from firmware_bridge.host.session import ConnectionUser
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import decode, encode
from firmware_bridge.line.framing import Deframer, encode_frame
from firmware_bridge.line.link import FrameKind, Greeting, Link
from firmware_bridge.line.packing import Message
from firmware_bridge.line.transport.loopback import loopback_pair
from tests.firmware_bridge.host.stepped_line import Clocked

MASK = 0xFFFFFFFF


class ScriptedProbe(Clocked):
    """A device that answers only Echo, as long as it is told to, and beats ten times a second."""

    def __init__(self, boot_id: int = 5) -> None:
        super().__init__()
        self.boot_id = boot_id
        self.answers = self.speaks = True
        self.heard: list[Message] = []
        self.late: list[bytes] = []
        self.reset()

    def reset(self) -> None:
        self.link = Link(self, boot_id=self.boot_id)
        self.beat_us = self.now_us

    def opened(self, greeting: Greeting) -> None:
        assert greeting.fits

    def ready(self) -> bool:
        return self.link.n_free >= 4

    def reliable(self, body: bytes) -> None:
        message = decode(body)
        self.heard.append(message)
        if isinstance(message, wire.Echo):
            reply = encode(wire.Echoed(message.tag, message.data))
            if self.answers:
                self.link.send(reply)
            else:
                self.late.append(reply)

    def plain(self, body: bytes) -> None:
        self.heard.append(decode(body))

    def feed(self, data: bytes) -> None:
        super().feed(data)
        if self.speaks:
            self.link.receive(data, self.now_us & MASK)

    def step(self, us: int) -> None:
        super().step(us)
        if not self.speaks:
            return
        if self.link.session and self.now_us - self.beat_us >= 100_000:
            self.beat_us = self.now_us
            self.link.send_plain(encode(wire.DeviceHeartbeat(0, 1, 0, 0, self.now_us & MASK)))
        self.link.tick(self.now_us & MASK)

    def take(self) -> bytes:
        return self.link.pull(1 << 16) if self.speaks else b""

    def beats(self) -> int:
        return sum(isinstance(message, wire.HostHeartbeat) for message in self.heard)


class Told:
    """Keeps what the line told."""

    def __init__(self) -> None:
        self.boots: list[int] = []
        self.losses: list[str] = []
        self.messages: list[Message] = []
        self.samples: list[object] = []
        self.user = ConnectionUser(
            self.boots.append,
            lambda error: self.losses.append(str(error)),
            lambda message, received_ns: self.messages.append(message),
            self.samples.append,
        )


def line_to(port: Clocked, told: Told | None = None, **options: object) -> Connection:
    return Connection(
        port.connect,
        (told or Told()).user,
        name="the port",
        threaded=False,
        now_ns=port.now_ns,
        pause=port.sleep,
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture
def probe() -> ScriptedProbe:
    return ScriptedProbe()


def opened(port: Clocked, told: Told | None = None, **options: object) -> Connection:
    line = line_to(port, told, **options)
    line.open()
    return line


# ------------------------------------------------------------------------------------------------------- who is there
def test_a_dead_port_is_told_from_a_probe():
    port = Clocked()
    with pytest.raises(NoAnswerError, match=r"no answer in 2 s.*switched on.*port.*921600"):
        opened(port)
    assert port.now_us - 7_000_000 >= 2_000_000


class Talker(Clocked):
    """Says one thing once, whatever it hears."""

    def __init__(self, *said: bytes) -> None:
        super().__init__()
        self.said = list(said)

    def take(self) -> bytes:
        return self.said.pop(0) if self.said else b""


def test_another_device_is_told_from_a_probe_and_what_it_said_is_shown():
    with pytest.raises(NotAProbeError, match=r"24 47 50 .*'\$GPRMC,\.\.") as error:
        opened(Talker(b"$GPRMC,\r\n"))
    assert "9 bytes came in 2 s" in str(error.value)


def test_a_probe_that_does_not_hear_is_no_other_device():
    frame = encode_frame(bytes((FrameKind.PLAIN << 5 | 3, 0, 0)) + encode(wire.DeviceHeartbeat(0, 1, 0, 0, 0)))
    with pytest.raises(NoAnswerError, match="does not hear this computer"):
        opened(Talker(frame))


class OldProbe(Clocked):
    """Greets with another version or digest, and knows nothing else."""

    def __init__(self, version: int, digest: bytes = wire.LAYOUT_DIGEST) -> None:
        super().__init__()
        self.greeting = b"SONO" + version.to_bytes(2, "little") + digest + (77).to_bytes(4, "little")
        self.answer = b""

    def feed(self, data: bytes) -> None:
        super().feed(data)
        for payload in Deframer().feed(data):
            first = FrameKind.WELCOME << 5 | payload[0] & 31
            self.answer = encode_frame(bytes((first, 0, 0)) + self.greeting)

    def take(self) -> bytes:
        answer, self.answer = self.answer, b""
        return answer


@pytest.mark.parametrize(
    ("version", "digest", "said"),
    [
        (0, wire.LAYOUT_DIGEST, "version 0.*update the probe's firmware"),
        (9, wire.LAYOUT_DIGEST, "version 9.*update this program"),
        (wire.PROTOCOL_VERSION, b"otherone", "message layout is another one.*6f746865726f6e65"),
    ],
)
def test_a_probe_of_another_release_is_told_and_left_alone(version: int, digest: bytes, said: str):
    port = OldProbe(version, digest)
    with pytest.raises(ProtocolVersionError, match=said) as error:
        opened(port)
    assert f"speaks version {wire.PROTOCOL_VERSION}" in str(error.value)
    kinds = {payload[0] >> 5 for payload in Deframer().feed(bytes(port.written))}
    assert kinds == {FrameKind.HELLO}, "nothing but HELLO may be sent to a probe of another release"


def test_a_port_that_is_not_there_is_told_at_once(probe: ScriptedProbe):
    probe.missing = True
    with pytest.raises(PortNotFoundError):
        opened(probe)
    assert probe.now_us == 7_000_000


@pytest.mark.parametrize("drawn", [0, 17, 29])
def test_sessions_differ_from_the_last_one(probe: ScriptedProbe, drawn: int):
    told = Told()
    line = opened(probe, told, pick=lambda n: drawn)
    for n_boots in range(2, 42):
        probe.reset()
        line.wait_until(lambda: len(told.boots) == n_boots and line.is_open, 10)  # noqa: B023
    hellos = [frame[0] for frame in Deframer().feed(bytes(probe.written)) if frame[0] >> 5 == FrameKind.HELLO]
    sessions = [first & 31 for first in hellos]
    assert len(sessions) == 41
    assert 0 not in sessions
    assert all(before != after for before, after in pairwise(sessions))


# ----------------------------------------------------------------------------------------------------------- requests
def test_replies_find_their_requests_whatever_the_order_of_waiting(probe: ScriptedProbe):
    line = opened(probe)
    answers = [line.submit(wire.Echo(0, bytes((k, 1)))) for k in range(100)]
    for k in reversed(range(100)):
        assert line.result(answers[k]).data == bytes((k, 1))
    assert line.statistics().line.replies == 100


def test_a_late_reply_is_counted_and_never_meets_another_request(probe: ScriptedProbe):
    line = opened(probe)
    probe.answers = False
    with pytest.raises(NoReplyError, match=r"Echo within 0\.2 s.*unknown whether it was done"):
        line.request(wire.Echo(0, b"old"), 0.2)
    probe.answers = True
    old_tag = decode(probe.late[0]).tag
    echoes = [line.request(wire.Echo(0, b"new")) for _ in range(300)]
    assert old_tag not in {echo.tag for echo in echoes}, "a tag that still waits for its late reply was used again"
    probe.link.send(probe.late.pop())
    assert line.request(wire.Echo(0, b"after")).data == b"after"
    counts = line.statistics().line
    assert (counts.unanswered, counts.stale_replies) == (1, 1)
    tags = {line.request(wire.Echo(0, b"")).tag for _ in range(255)}
    assert old_tag in tags, "the tag is free again once its late reply has come"


def test_what_fits_no_frame_is_refused_before_it_is_sent(probe: ScriptedProbe):
    line = opened(probe)
    with pytest.raises(MalformedMessageError, match="in parts"):
        line.request(wire.Echo(0, bytes(600)))
    assert line.request(wire.Echo(0, b"still open")).data == b"still open"


def test_a_callback_cannot_wait_for_the_line_it_holds_up(probe: ScriptedProbe):
    caught: list[Exception] = []

    def ask_within(message: Message, received_ns: int) -> None:
        try:
            line.request(wire.Echo(0, b""))
        except RuntimeError as error:
            caught.append(error)

    line = line_to(probe)
    line._session.user = ConnectionUser(lambda boot: None, lambda error: None, ask_within, lambda sample: None)
    line.open()
    line.wait_until(lambda: bool(caught), 5)
    assert "another thread" in str(caught[0])


def test_messages_that_say_nothing_are_counted(probe: ScriptedProbe):
    told = Told()
    line = opened(probe, told)
    probe.link.send(bytes((0xFE,)))
    line.request(wire.Echo(0, b""))
    assert line.statistics().line.undecodable == 1
    assert line.is_open


def test_time_does_not_go_back_between_two_threads(probe: ScriptedProbe):
    """One thread reads the clock after its bytes came, another sends before the first has the lock."""
    sent: list[object] = []

    def now_ns() -> int:
        read_ns = probe.now_ns()
        if probe.now_us > 7_500_000 and not sent:
            sent.append(None)
            probe.now_us += 100
            sent.append(line.submit(wire.Echo(0, b"")))
        return read_ns

    line = Connection(probe.connect, Told().user, name="the port", threaded=False, now_ns=now_ns, pause=probe.sleep)
    line.open()
    line.wait_until(lambda: len(sent) == 2, 1.0)
    line.wait_until(lambda: False, 0.1)
    counts = line.statistics().link
    assert (counts.sent, counts.timeouts, counts.retransmitted) == (1, 0, 0)


# --------------------------------------------------------------------------------------------------- heartbeat, clock
def test_heartbeats_end_with_the_program_and_come_back_with_it(probe: ScriptedProbe):
    line = opened(probe)
    line.wait_until(lambda: False, 3.0)
    assert 10 <= probe.beats() <= 12, "ten a second, for one second after the last sign of life"
    before = probe.beats()
    line.wait_until(lambda: False, 2.0)
    assert probe.beats() == before
    assert line.is_open, "the session goes on without heartbeats"
    line.alive()
    line.wait_until(lambda: False, 0.5)
    assert probe.beats() >= before + 4


def test_a_program_that_waits_for_a_reply_is_alive(probe: ScriptedProbe):
    line = opened(probe)
    probe.answers = False
    with pytest.raises(NoReplyError):
        line.request(wire.Echo(0, b""), 5.0)
    assert probe.beats() >= 48


def test_clock_queries_are_quick_first_and_each_reply_counts_once(probe: ScriptedProbe):
    line = opened(probe)
    line.wait_until(lambda: False, 5.0)
    queries = [message.query for message in probe.heard if isinstance(message, wire.ClockQuery)]
    assert len(queries) == len(set(queries))
    assert 10 + 8 <= len(queries) <= 10 + 10


def test_a_clock_reply_gives_one_sample_and_a_second_copy_none(probe: ScriptedProbe):
    told = Told()
    line = opened(probe, told)
    line.wait_until(lambda: any(isinstance(message, wire.ClockQuery) for message in probe.heard), 1)
    query = next(message for message in probe.heard if isinstance(message, wire.ClockQuery)).query
    for reply in (wire.ClockReply(query, 1000, 1010), wire.ClockReply(query, 1000, 1010), wire.ClockReply(999, 0, 0)):
        probe.link.send_plain(encode(reply))
    line.wait_until(lambda: False, 0.1)
    assert len(told.samples) == 1
    sample = told.samples[0]
    assert (sample.device_us, sample.device_turnaround_us) == (1000, 10)
    assert sample.host_sent_ns <= sample.host_received_ns


# ------------------------------------------------------------------------------------------------------ loss and return
def test_a_pulled_cable_fails_what_waits_and_the_line_comes_back(probe: ScriptedProbe):
    told = Told()
    line = opened(probe, told)
    probe.answers = False
    waiting = line.submit(wire.Echo(0, b"x"))
    probe.missing = True
    with pytest.raises(LinkLostError, match=r"cable was pulled.*unknown whether Echo was done"):
        line.result(waiting)
    with pytest.raises(LinkLostError, match="being looked for"):
        line.request(wire.Echo(0, b"y"))
    line.wait_until(lambda: False, 1.0)
    assert not line.is_open
    probe.missing, probe.answers = False, True
    assert line.wait_until(lambda: line.is_open, 1.0)
    assert line.request(wire.Echo(0, b"z")).data == b"z"
    assert len(told.losses) == 1
    assert told.boots == [5, 5]
    assert [message.data for message in probe.heard if isinstance(message, wire.Echo)] == [b"x", b"z"]


def test_a_reset_is_noticed_though_the_port_stays_open(probe: ScriptedProbe):
    told = Told()
    line = opened(probe, told)
    probe.boot_id = 6
    probe.reset()
    assert line.wait_until(lambda: len(told.boots) == 2 and line.is_open, 1.0)
    assert told.boots == [5, 6]
    assert "was reset" in told.losses[0]
    assert probe.n_opened == 1


def test_silence_is_a_loss_and_the_port_is_opened_again_where_it_lasts(probe: ScriptedProbe):
    told = Told()
    line = opened(probe, told)
    probe.speaks = False
    line.wait_until(lambda: not line.is_open, 5.0)
    assert "sent nothing for 1 s" in told.losses[0]
    line.wait_until(lambda: False, 3.0)
    assert probe.n_opened >= 2
    probe.speaks = True
    assert line.wait_until(lambda: line.is_open, 5.0)
    assert len(told.losses) == 1


def test_a_request_that_may_take_long_is_waited_for_in_silence(probe: ScriptedProbe):
    told = Told()
    line = opened(probe, told)
    probe.answers = False
    answer = line.submit(wire.Echo(0, b"erase"), 30.0)
    line.wait_until(lambda: bool(probe.late), 1.0)
    probe.speaks = False
    line.wait_until(lambda: False, 10.0)
    assert not told.losses
    probe.speaks = True
    probe.link.send(probe.late.pop())
    assert line.result(answer).data == b"erase"


def test_a_probe_of_another_release_after_a_loss_ends_the_line(probe: ScriptedProbe):
    ports: list[Clocked] = [probe]
    line = Connection(
        lambda: next(iter(ports)).connect(),
        Told().user,
        name="the port",
        threaded=False,
        now_ns=probe.now_ns,
        pause=probe.sleep,
    )
    line.open()
    ports.insert(0, OldProbe(9))
    probe.missing = True
    line.wait_until(lambda: False, 3.0)
    with pytest.raises(ProtocolVersionError, match="version 9"):
        line.request(wire.Echo(0, b""))


def test_a_closed_line_says_so(probe: ScriptedProbe):
    line = opened(probe)
    probe.answers = False
    waiting = line.submit(wire.Echo(0, b"x"))
    line.close()
    line.close()
    with pytest.raises(LinkClosedError):
        line.result(waiting)
    with pytest.raises(LinkClosedError, match="open it again"):
        line.request(wire.Echo(0, b""))


# --------------------------------------------------------------------------------------------------------- the thread
class EchoingDevice(threading.Thread):
    """A scripted probe on the far end of a loopback line, in real time."""

    def __init__(self, probe: ScriptedProbe) -> None:
        super().__init__(daemon=True)
        self.probe = probe
        self.near, self.far = loopback_pair()
        self.ended = threading.Event()

    def run(self) -> None:
        with suppress(LinkLostError):  # the test is over
            while not self.ended.is_set():
                data = self.far.read(0.001)
                self.probe.step(1000)
                self.probe.feed(data)
                self.far.write(self.probe.take())


def test_many_threads_share_one_line(probe: ScriptedProbe):
    device = EchoingDevice(probe)
    device.start()
    line = Connection(lambda: device.near, Told().user, name="loopback")
    line.open()
    wrong: list[bytes] = []

    def ask(number: int) -> None:
        for k in range(50):
            data = bytes((number, k))
            if line.request(wire.Echo(0, data), 30.0).data != data:
                wrong.append(data)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = line.statistics()
    line.close()
    device.ended.set()
    device.join()
    assert not wrong
    assert (counts.line.replies, counts.line.stale_replies, counts.line.losses) == (400, 0, 0)
    assert sum(astuple(counts.link)[1:4]) == 0


def test_closing_ends_the_thread_and_those_who_wait(probe: ScriptedProbe):
    device = EchoingDevice(probe)
    device.start()
    line = Connection(lambda: device.near, Told().user, name="loopback")
    line.open()
    probe.answers = False
    waiting = line.submit(wire.Echo(0, b""), 60.0)
    device.ended.set()
    device.join()
    line.close()
    assert isinstance(waiting.exception(60.0), LinkClosedError)
    assert not any(thread.name == "probe loopback" for thread in threading.enumerate())
