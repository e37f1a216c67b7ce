"""The simulated probe with a real clock. Nothing is timed: it is waited until it happens, however long that takes."""

import time
from itertools import pairwise
from threading import Event, active_count

import pytest

from firmware_bridge.device.simulator import SimulatedProbe, probe_settings, simulated_probe
from firmware_bridge.device.stepped_probe import SimulationSettings
from firmware_bridge.errors import LinkClosedError, LinkLostError, PortUnsuitableError
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import decode
from firmware_bridge.line.link import Link
from firmware_bridge.line.messages import Action, ExposureFlag, Stimulus
from firmware_bridge.line.transport.faulty import FaultSettings
from firmware_bridge.line.transport.table import open_transport

SOON_S = 60.0
"""Long enough on a busy machine; nothing waits that long unless it fails."""


class Host:
    """A link on a transport, pumped while it waits for something."""

    def __init__(self, transport, session=1):
        self.transport = transport
        self.heard, self.boot_ids = [], []
        self.link = Link(self)
        self.link.open(session, now_us())
        self.wait_for(lambda: self.link.session)

    def opened(self, greeting):
        self.boot_ids.append(greeting.boot_id)

    def reset(self, boot_id): ...

    def ready(self):
        return True

    def reliable(self, body):
        self.heard.append(decode(body))

    plain = reliable

    def wait_for(self, happened):
        until_s = time.monotonic() + SOON_S
        while not happened():
            assert time.monotonic() < until_s, "it did not happen"
            self.link.tick(now_us())
            data = self.link.pull(1 << 16)
            if data:
                self.transport.write(data)
            self.link.receive(self.transport.read(0.01), now_us())

    def ask(self, command, reply):
        n = len(self.heard)
        self.link.send(command.pack())
        self.wait_for(lambda: any(isinstance(message, reply) for message in self.heard[n:]))
        return next(message for message in self.heard[n:] if isinstance(message, reply))


def now_us():
    return time.monotonic_ns() // 1000 & 0xFFFFFFFF


@pytest.fixture
def probe():
    with SimulatedProbe() as simulated:
        yield simulated


def test_an_address_leads_to_a_probe_that_answers():
    n_threads = active_count()
    with open_transport("sim:drift=200,seed=3,delay=0..2,damage=0.001") as line:
        identity = Host(line).ask(wire.Identify(1), wire.Identity)
        assert identity.model == wire.MODEL
    assert active_count() == n_threads
    with pytest.raises(LinkClosedError):
        line.read(0.0)


def test_two_probes_do_not_pass_for_one():
    boot_ids = []
    for _ in range(2):
        with open_transport("sim:") as line:
            boot_ids += Host(line).boot_ids
    assert boot_ids[0] != boot_ids[1]


def test_what_the_bench_does_arrives(probe):
    host = Host(probe.connect())
    probe.stimulate(Stimulus.PRESS_BUTTON, 2)
    host.wait_for(lambda: any(isinstance(message, wire.Button) for message in host.heard))


def test_the_true_exposures_are_those_reported(probe):
    seen = []
    probe.on_exposure(seen.append)
    host, before_ns = Host(probe.connect()), time.monotonic_ns()
    host.ask(wire.Imaging(1, Action.START), wire.Done)
    host.wait_for(lambda: sum(isinstance(message, wire.Exposure) for message in host.heard) >= 5)
    told = [message for message in host.heard if isinstance(message, wire.Exposure)]
    true = {exposure.frame: exposure for exposure in seen}
    for exposure in told:
        assert true[exposure.frame].device_us == exposure.device_us
        assert true[exposure.frame].flags == exposure.flags == ExposureFlag.IMAGING
        assert true[exposure.frame].values == wire.PRESETS[0].values
        assert before_ns < true[exposure.frame].host_ns < time.monotonic_ns()
    assert {b.host_ns - a.host_ns for a, b in pairwise(seen)} <= {40_000_000 * n for n in range(1, 100)}


def test_unplugged_is_lost_and_plugged_in_again_is_the_same_device(probe):
    line = probe.connect()
    host = Host(line)
    host.ask(wire.SetParameters(1, b"\x00" + (500).to_bytes(4, "little")), wire.SetResult)
    host.ask(wire.Imaging(2, Action.START), wire.Done)
    exposed = Event()
    probe.unplug()
    for use in (lambda: line.read(1.0), lambda: line.write(b"x")):
        with pytest.raises(LinkLostError):
            use()
    probe.on_exposure(lambda exposure: exposed.set())
    assert exposed.wait(SOON_S), "the device goes on meanwhile"
    again = Host(probe.connect(), session=2)
    assert again.boot_ids == host.boot_ids
    again.wait_for(lambda: any(isinstance(message, wire.Parameters) for message in again.heard))
    told = next(message for message in again.heard if isinstance(message, wire.Parameters))
    assert (told.epoch, told.values[0]) == (1, 500)


def test_a_second_cable_pulls_the_first(probe):
    first = probe.connect()
    Host(probe.connect())
    with pytest.raises(LinkLostError):
        first.read(SOON_S)


def test_a_closed_line_leaves_the_probe_on(probe):
    line = probe.connect()
    boot_ids = Host(line).boot_ids
    line.close()
    assert Host(probe.connect(), session=2).boot_ids == boot_ids


def test_a_probe_that_is_switched_off_is_gone():
    probe = SimulatedProbe()
    line = probe.connect()
    probe.close()
    probe.close()
    with pytest.raises(LinkLostError):
        line.read(SOON_S)


def test_a_host_that_does_not_read_stops_nothing(probe):
    """Twice what the cable holds is due before anybody reads; then it answers as ever."""
    line = probe.connect()
    host = Host(line)
    for tag in range(1, 9):
        host.link.send(wire.Echo(tag, bytes(500)).pack())
    n_exposed = [0, Event()]

    def count(exposure):
        n_exposed[0] += 1
        if n_exposed[0] == 20:
            n_exposed[1].set()

    probe.on_exposure(count)
    host.ask(wire.Imaging(100, Action.START), wire.Done)
    host.link.send(wire.SetParameters(101, bytes((16,)) + (400).to_bytes(4, "little")).pack())
    host.link.flush(now_us())
    line.write(host.link.pull(1 << 16))
    assert n_exposed[1].wait(SOON_S)
    assert host.ask(wire.Identify(102), wire.Identity).tag == 102


def test_settings_are_read():
    assert probe_settings("drift=-200,start=7,seed=3,damage=0.001,delay=0..60") == SimulationSettings(
        drift_ppm=-200, seed=3, start_us=7, faults=FaultSettings(damage=0.001, delay_ms=(0, 60), seed=3)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("drift=fast", "drift=fast"),
        ("drift=200000", "-100000 to 100000"),
        ("start=-1", "0 to 4294967295"),
        ("seed=x", "no number"),
        ("delay=5..1", "delay"),
        ("damage=2", "damage"),
        ("speed=9", "drift, start, seed, damage, drop, double, delay, flash"),
        ("flash=/nowhere/at/all/flash.bin", "/nowhere/at/all/flash.bin"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(text, says):
    with pytest.raises(PortUnsuitableError) as caught:
        simulated_probe(text).close()
    assert says in str(caught.value)


def test_a_file_that_is_no_flash_is_refused_and_kept(tmp_path):
    path = tmp_path / "a,b.txt"
    path.write_text("mine")
    with pytest.raises(PortUnsuitableError, match="delete the file"):
        simulated_probe(f"seed=1,flash={path}")
    assert path.read_text() == "mine"


def test_a_flash_file_outlives_the_probe(tmp_path):
    boot_ids = []
    for _ in range(2):
        with simulated_probe(f"seed=1,flash={tmp_path / 'flash.bin'}") as probe:
            boot_ids += Host(probe.connect()).boot_ids
    assert boot_ids[1] == boot_ids[0] + 1


def test_a_paused_probe_answers_once_it_goes_on():
    with SimulatedProbe() as probe:
        host = Host(probe.connect())
        probe.pause()
        host.link.send(wire.Echo(1, b"late").pack())
        host.link.tick(now_us())
        host.transport.write(host.link.pull(1 << 16))
        assert host.transport.read(0.2) == b""
        probe.resume()
        host.wait_for(lambda: any(isinstance(message, wire.Echoed) for message in host.heard))


def test_a_paused_probe_can_be_switched_off():
    probe = SimulatedProbe()
    probe.pause()
    probe.close()
    assert not probe._thread.is_alive()
