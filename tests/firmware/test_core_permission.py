"""The C permission, and all that clears it, does what the Python one does: at every border, in any order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.device.log import Log
from firmware_bridge.device.permission import FaultLatch, HeartbeatWatch, Permission, Storm
from firmware_bridge.device.sensors import Sensors
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import FaultCode, Stimulus, TransmitOff

WRAP = 1 << 32
TIMEOUT, WINDOW, MANY = wire.HEARTBEAT_TIMEOUT_US, wire.STORM_WINDOW_US, wire.STORM_DAMAGED_FRAMES
STEPS_US = [0, 1, TIMEOUT - 1, TIMEOUT, TIMEOUT + 1, WINDOW - 1, WINDOW, WINDOW + 1, WRAP - 1]
PROBE_LIMITS = (wire.PROBE_COOL_DC, wire.PROBE_HOT_DC, wire.PROBE_FAULT_DC)
BOARD_LIMITS = (wire.BOARD_COOL_DC, wire.BOARD_HOT_DC, wire.BOARD_FAULT_DC)
BORDERS = [limit + beside for limit in (*PROBE_LIMITS, *BOARD_LIMITS) for beside in (-1, 0, 1)]
TEMPERATURES = [-401, -400, 320, 1500, 1501, -40_000, 40_000, *BORDERS]
PERCENTS = [wire.BATTERY_LOW_PERCENT - 1, wire.BATTERY_LOW_PERCENT, wire.BATTERY_READY_PERCENT, 0, 100, 101, -1]
VALUES = [*TEMPERATURES, *PERCENTS, 1, -7, 0x7FFF, -0x8000, -0x8001, 0x1F, 0x20, 0xFF, -(1 << 31), (1 << 31) - 1]


class PythonRules:
    def __init__(self, now_us):
        self.log = Log()
        self.transmit = Permission(self.log, now_us)
        self.host, self.line = HeartbeatWatch(), Storm(now_us)
        self.latch = FaultLatch(self.log, self.transmit)
        self.felt = Sensors(self.transmit, self.latch)

    def do(self, name, *arguments):
        room, _, verb = name.partition("_")
        return bool(getattr(getattr(self, room), verb)(*arguments))

    def noted(self):
        return list(self.log._noted)

    def state(self):
        p, f, s = self.transmit, self.latch, self.felt
        return (
            *(p.imaging, p.frozen, p.armed, p.off, p.since_us, p.unreported, p.flags, self.host.heard, self.line.noisy),
            *(f.code, f.detail, f.since_us, f.unreported, s.probe_dc, s.board_dc, s.battery_percent, tuple(s.motion)),
            *(s.front_end_fails, s.self_test_fails, s.hot, s.fault_persists, s.readings_can_be),
        )


C_NAMES = {"transmit": "permission", "host": "heartbeat", "line": "storm", "latch": "faults", "felt": "sensors"}


class CRules:
    def __init__(self, core, now_us):
        self.c, self.ffi = core.c, core.ffi
        self.log = core.ffi.new("logbook *")
        self.transmit, self.host = core.ffi.new("permission *"), core.ffi.new("heartbeat *")
        self.line, self.latch, self.felt = (core.ffi.new(f"{name} *") for name in ("storm", "faults", "sensors"))
        for memory in (self.log, self.transmit, self.host, self.line, self.latch, self.felt):
            core.ffi.memmove(memory, b"\xa5" * core.ffi.sizeof(memory[0]), core.ffi.sizeof(memory[0]))
        self.c.logbook_start(self.log)
        self.c.permission_start(self.transmit, self.log, now_us)
        self.c.heartbeat_begin(self.host)
        self.c.storm_start(self.line, now_us)
        self.c.faults_start(self.latch, self.log, self.transmit)
        self.c.sensors_start(self.felt, self.transmit, self.latch)

    def do(self, name, *arguments):
        room, _, verb = name.partition("_")
        return bool(getattr(self.c, f"{C_NAMES[room]}_{verb}")(getattr(self, room), *arguments))

    def noted(self):
        return [(entry.line, entry.noted_us) for entry in self.log.noted[0 : self.log.n_noted]]

    def state(self):
        p, f, s = self.transmit, self.latch, self.felt
        flags = self.c.permission_flags(p)
        return (
            *(p.imaging, p.frozen, p.armed, p.off, p.since_us, p.unreported, flags, self.host.heard, self.line.noisy),
            *(f.code, f.detail, f.since_us, f.unreported, s.probe_dc, s.board_dc, s.battery_percent, tuple(s.motion)),
            *(s.front_end_fails, s.self_test_fails, s.hot),
            *(self.c.sensors_fault_persists(s), self.c.sensors_readings_can_be(s)),
        )


class Both:
    def __init__(self, core, now_us=7):
        self.now_us = now_us
        self.python, self.c = PythonRules(now_us), CRules(core, now_us)
        self.compare()

    def compare(self):
        assert self.python.state() == self.c.state()
        assert self.python.noted() == self.c.noted()

    def do(self, name, *arguments):
        timed = name not in ("host_begin", "latch_clear")
        arguments = (*arguments, self.now_us) if timed else arguments
        result = self.python.do(name, *arguments)
        assert self.c.do(name, *arguments) == result
        self.compare()
        return result

    def forget_notes(self):
        self.python.log.emit(lambda body: True)
        self.c.c.logbook_start(self.c.log)

    def wait(self, step_us):
        self.now_us = (self.now_us + step_us) % WRAP


ACTS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from(STEPS_US) | st.integers(0, WRAP - 1)),
    st.tuples(st.just("transmit_arm")),
    st.tuples(st.just("transmit_clear"), st.sampled_from(list(TransmitOff))),
    st.tuples(st.sampled_from(["transmit_image", "transmit_freeze"]), st.booleans()),
    st.tuples(st.sampled_from(["host_begin", "host_hear", "host_watch", "latch_clear", "felt_watch"])),
    st.tuples(st.just("line_watch"), st.integers(0, 3 * MANY)),
    st.tuples(st.just("latch_latch"), st.sampled_from(list(FaultCode)), st.integers(-(1 << 31), (1 << 31) - 1)),
    st.tuples(
        st.just("felt_stimulate"), st.sampled_from(list(Stimulus)) | st.integers(0, 255), st.sampled_from(VALUES)
    ),
)


def play(core, acts, now_us=WRAP - 700_000):
    both, n_damaged = Both(core, now_us), 0
    for name, *arguments in acts:
        if name == "wait":
            both.wait(*arguments)
        elif name == "line_watch":
            n_damaged = (n_damaged + arguments[0]) % WRAP
            both.do(name, n_damaged)
        else:
            both.do(name, *arguments)


@given(st.lists(ACTS, max_size=40))
def test_any_acts(core, acts):
    play(core, acts)


@pytest.mark.parametrize("seed", range(40))
def test_long_lives(core, seed):
    """Nearer to how the device uses them: armed often, looked at often."""
    rng = random.Random(seed)
    both, n_damaged = Both(core, rng.randrange(WRAP)), 0
    names = ["host_hear", "host_watch", "felt_watch", "latch_clear", "transmit_arm", "line_watch"] * 2
    for _ in range(600):
        name = rng.choice([*names, "wait", "wait", "felt_stimulate", "transmit_image", "transmit_freeze", "host_begin"])
        if name == "wait":
            both.wait(rng.choice(STEPS_US))
        elif name == "felt_stimulate":
            both.do(name, rng.choice(list(Stimulus)), rng.choice(VALUES))
        elif name == "line_watch":
            n_damaged += rng.choice([0, 1, MANY - 1, MANY, MANY + 1])
            both.do(name, n_damaged)
        elif name in ("transmit_image", "transmit_freeze"):
            both.do(name, rng.random() < 0.5)
        else:
            both.do(name)
        if rng.random() < 0.3:
            both.forget_notes()


@pytest.mark.parametrize("reason", list(TransmitOff))
def test_the_first_reason_stays_but_a_freeze(core, reason):
    both = Both(core)
    both.do("transmit_clear", reason)
    assert both.c.transmit.off == TransmitOff.NOT_ARMED
    both.do("transmit_arm")
    both.do("transmit_arm")
    assert (both.c.transmit.armed, both.c.transmit.off) == (True, TransmitOff.NONE)
    both.wait(5)
    both.do("transmit_clear", reason)
    both.wait(5)
    both.do("transmit_clear", TransmitOff.FAULT)
    stays = (TransmitOff.FAULT, 17) if reason == TransmitOff.FROZEN else (reason, 12)
    assert (both.c.transmit.armed, both.c.transmit.off, both.c.transmit.since_us) == (False, *stays)


@pytest.mark.parametrize("meanwhile", [None, *TransmitOff])
def test_the_end_of_a_freeze_gives_back_what_nothing_else_took_meanwhile(core, meanwhile):
    both = Both(core)
    both.do("transmit_arm")
    both.do("transmit_freeze", True)
    both.do("transmit_freeze", True)
    both.wait(5)
    if meanwhile is not None:
        both.do("transmit_clear", meanwhile)
    both.do("transmit_freeze", False)
    alone = meanwhile in (None, TransmitOff.FROZEN)
    assert (both.c.transmit.armed, both.c.transmit.off) == (alone, TransmitOff.NONE if alone else meanwhile)


def test_the_heartbeat_is_lost_at_its_timeout_and_not_before(core):
    both = Both(core, WRAP - 100)
    assert both.do("host_watch")
    both.do("host_hear")
    both.wait(TIMEOUT - 1)
    assert not both.do("host_watch")
    both.wait(1)
    assert both.do("host_watch")
    both.do("host_hear")
    both.do("host_begin")
    assert both.do("host_watch")


@pytest.mark.parametrize("n_damaged", [MANY - 1, MANY, MANY + 1])
@pytest.mark.parametrize("step_us", [WINDOW - 1, WINDOW, WINDOW + 1])
def test_a_storm_begins_at_once_and_ends_with_a_quiet_window(core, n_damaged, step_us):
    both = Both(core)
    assert both.do("line_watch", n_damaged) == (n_damaged > MANY)
    both.wait(step_us)
    assert both.do("line_watch", n_damaged) == (n_damaged > MANY)
    both.wait(step_us)
    assert both.do("line_watch", n_damaged) == (n_damaged > MANY and step_us < WINDOW)
    assert both.do("line_watch", 2 * n_damaged) == (n_damaged > MANY)


@pytest.mark.parametrize("stimulus", [Stimulus.PROBE_TEMPERATURE_DC, Stimulus.BOARD_TEMPERATURE_DC])
def test_each_temperature_up_and_down(core, stimulus):
    for path in (TEMPERATURES, sorted(TEMPERATURES), sorted(TEMPERATURES, reverse=True)):
        both = Both(core)
        for reading in path:
            both.do("transmit_arm")
            both.do("felt_stimulate", stimulus, reading)
            both.do("felt_watch")
            both.forget_notes()


def test_the_fault_names_the_temperature_that_is_too_high(core):
    both = Both(core)
    both.do("felt_stimulate", Stimulus.PROBE_TEMPERATURE_DC, wire.PROBE_FAULT_DC - 1)
    both.do("felt_stimulate", Stimulus.BOARD_TEMPERATURE_DC, wire.BOARD_FAULT_DC)
    both.do("felt_watch")
    assert both.c.latch.detail == wire.BOARD_FAULT_DC


@pytest.mark.parametrize("percent", PERCENTS)
def test_the_battery(core, percent):
    both = Both(core)
    both.do("transmit_arm")
    both.do("felt_stimulate", Stimulus.BATTERY_PERCENT, percent)
    both.do("felt_watch")
    assert both.c.transmit.armed == (percent >= wire.BATTERY_LOW_PERCENT)
