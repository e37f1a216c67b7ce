"""Random lives of a device: what must hold after every single step of each."""

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from firmware_bridge.device import boot
from firmware_bridge.device.limits import acoustic_output, check
from firmware_bridge.device.stepped_probe import new_flash
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import decode
from firmware_bridge.line.link import Link
from firmware_bridge.line.messages import (
    Action,
    BootReason,
    ExposureFlag,
    FaultCode,
    Refusal,
    Stimulus,
    TransmitOff,
)

WRAP = 1 << 32
STORM = b"\x09no\x00" * (wire.STORM_DAMAGED_FRAMES + 1)
FLASH = new_flash(0)
"""Shared: no rule writes it."""
RUNNING = boot.select(FLASH, wire.HARDWARE_ID)


class Port:
    """A machine that only keeps what it is told."""

    hardware_id, serial_number, boot_reason = wire.HARDWARE_ID, 1, BootReason.POWER
    flash, running = FLASH, RUNNING

    def __init__(self):
        self.exposures = []

    def request_reset(self): ...

    def hang(self): ...

    def cut_flash_after(self, n_operations): ...

    def exposed(self, frame, device_us, values, flags):
        self.exposures.append((frame, device_us, tuple(values), flags))

    def felt(self, device_us): ...


NUMBERS = st.sampled_from(range(len(wire.PARAMETERS)))
PAIRS = st.lists(
    st.one_of(
        NUMBERS.flatmap(lambda n: st.tuples(st.just(n), values_of(n))),
        st.tuples(st.integers(0, 255), st.integers(-(2**31), 2**31 - 1)),
    ),
    max_size=5,
)


def values_of(number):
    row = wire.PARAMETERS[number]
    steps = (row.maximum - row.minimum) // row.step
    return st.integers(0, steps).map(lambda k: row.minimum + k * row.step)


class DeviceLife(RuleBasedStateMachine):
    """The device beside a model of what the safety rules say, written from the specification and not from the device.

    The model knows temperatures, battery, freeze, imaging, faults, the storm, when the host was heard, and whether it
    was armed since any of these but a freeze forbade it.
    """

    def __init__(self, make_device):
        super().__init__()
        self.make_device = make_device

    @initialize(start_us=st.integers(0, WRAP - 1))
    def switch_on(self, start_us):
        self.now_us, self.port = start_us, Port()
        self.device = self.make_device(self.port, start_us)
        self.host = Link(self)
        self.session = 0
        self.heard_us = None
        self.passed_us = 0
        self.imaging = self.frozen = self.front_end = self.latched = self.hot = False
        self.granted = False
        self.probe_dc, self.board_dc, self.battery = 320, 350, 80
        self.asked, self.answered = [], []
        self.open_session()

    # ------------------------------------------------------------------------------------------ the link's user
    def opened(self, greeting): ...

    def reset(self, boot_id): ...

    def ready(self):
        return True

    def reliable(self, body):
        message = decode(body)
        if not isinstance(message, wire.FaultReport | wire.TransmitState | wire.Button) and message.tag:
            self.answered.append(message)

    def plain(self, body):
        message = decode(body)
        if isinstance(message, wire.Exposure):
            frame, device_us, _, flags = self.port.exposures[-1]
            assert (message.frame, message.device_us, message.flags) == (frame, device_us, flags)

    # --------------------------------------------------------------------------------------------------- helpers
    def carry(self):
        """All bytes both ways, at this moment, until nothing is left to say."""
        self.host.flush(self.now_us)
        for _ in range(20):
            there, back = self.host.pull(1 << 16), self.device.pull(1 << 16)
            if not there and not back:
                return
            self.device.receive(there, self.now_us)
            self.host.receive(back, self.now_us)

    def ask(self, make):
        tag = len(self.asked) % 255 + 1
        command = make(tag)
        assert self.host.send(command.pack())
        self.asked.append((tag, type(command)))
        self.carry()
        return self.answered[-1]

    # ----------------------------------------------------------------------------------------------------- rules
    @rule()
    def open_session(self):
        self.session = self.session % 31 + 1
        self.host.open(self.session, self.now_us)
        self.heard_us = None
        self.granted = False
        self.carry()
        assert self.host.session == self.session

    @rule(us=st.one_of(st.integers(1, 3_000), st.integers(3_000, 700_000)))
    def pass_time(self, us):
        n_whole, rest = divmod(us, 10_000)
        for part_us in [10_000] * n_whole + [rest] * (rest > 0):
            self.now_us = (self.now_us + part_us) % WRAP
            self.passed_us += part_us
            self.device.tick(self.now_us)
            self.host.tick(self.now_us)
            self.carry()

    @rule()
    def beat(self):
        self.host.send_plain(wire.HostHeartbeat(0).pack())
        self.carry()
        self.heard_us = self.passed_us

    @rule(action=st.sampled_from(Action))
    def image(self, action):
        transmitted = self.transmits
        answer = self.ask(lambda tag: wire.Imaging(tag, action))
        if action == Action.ARM:
            assert (answer.refusal == Refusal.NONE) == (self.may_transmit(wire.BATTERY_READY_PERCENT) or transmitted)
            self.granted |= answer.refusal == Refusal.NONE
        else:
            assert answer.refusal == Refusal.NONE
        self.granted &= action != Action.DISARM
        self.imaging = {Action.START: True, Action.STOP: False}.get(action, self.imaging)
        self.frozen = {Action.FREEZE: True, Action.UNFREEZE: False}.get(action, self.frozen)

    @rule()
    def get_ready_and_arm(self):
        """The way to a device that transmits, which a random walk seldom finds."""
        for stimulus, value in (
            (Stimulus.PROBE_TEMPERATURE_DC, 300),
            (Stimulus.BOARD_TEMPERATURE_DC, 300),
            (Stimulus.BATTERY_PERCENT, 50),
            (Stimulus.FRONT_END_FAULT, 0),
        ):
            self.stimulate((stimulus, value))
        self.pass_time(2 * wire.STORM_WINDOW_US + 20_000)
        self.clear_fault()
        self.image(Action.START)
        self.image(Action.UNFREEZE)
        self.beat()
        self.image(Action.ARM)
        assert self.transmits

    @rule(
        what=st.one_of(
            st.tuples(st.just(Stimulus.PROBE_TEMPERATURE_DC), st.sampled_from([0, 409, 410, 429, 430, 499, 500, 9999])),
            st.tuples(st.just(Stimulus.BOARD_TEMPERATURE_DC), st.sampled_from([0, 649, 650, 699, 700, 849, 850])),
            st.tuples(st.just(Stimulus.BATTERY_PERCENT), st.integers(0, 12)),
            st.tuples(st.just(Stimulus.FRONT_END_FAULT), st.integers(0, 1)),
        )
    )
    def stimulate(self, what):
        stimulus, value = what
        self.device.stimulate(stimulus, value, self.now_us)
        self.device.tick(self.now_us)
        self.carry()
        if stimulus == Stimulus.PROBE_TEMPERATURE_DC:
            self.probe_dc = value
            self.latched |= value >= wire.PROBE_FAULT_DC
        elif stimulus == Stimulus.BOARD_TEMPERATURE_DC:
            self.board_dc = value
            self.latched |= value >= wire.BOARD_FAULT_DC
        elif stimulus == Stimulus.BATTERY_PERCENT:
            self.battery = value
        else:
            self.front_end = value != 0
            self.latched |= self.front_end
        if self.probe_dc >= wire.PROBE_HOT_DC or self.board_dc >= wire.BOARD_HOT_DC:
            self.hot = True
        elif self.probe_dc < wire.PROBE_COOL_DC and self.board_dc < wire.BOARD_COOL_DC:
            self.hot = False

    @rule(button=st.integers(0, 2), pressed=st.booleans())
    def press(self, button, pressed):
        stimulus = Stimulus.PRESS_BUTTON if pressed else Stimulus.RELEASE_BUTTON
        self.device.stimulate(stimulus, button, self.now_us)
        self.carry()
        self.frozen ^= button == 0 and pressed

    @rule()
    def storm(self):
        self.device.receive(b"\x00" + STORM, self.now_us)
        self.device.tick(self.now_us)
        self.carry()
        assert self.device.state.storm.noisy

    @rule()
    def clear_fault(self):
        answer = self.ask(wire.ClearFault)
        if answer.refusal == Refusal.NONE:
            assert not self.front_end
            self.latched = False
        else:
            assert self.latched

    @rule(pairs=PAIRS)
    def set(self, pairs):
        settings_before = self.device.state.settings
        before = (tuple(settings_before.values), settings_before.epoch)
        body = b"".join(bytes((number,)) + value.to_bytes(4, "little", signed=True) for number, value in pairs)
        answer = self.ask(lambda tag: wire.SetParameters(tag, body))
        after = (tuple(self.device.state.settings.values), self.device.state.settings.epoch)
        if answer.refusal == Refusal.NONE:
            assert after[1] == before[1] + 1 == answer.epoch
            assert all(after[0][number] == value for number, value in pairs)
        else:
            assert after == before

    @rule(number=st.sampled_from([0, 0x12, 0x20, 0x30, 0x7F, 0x81, 0xFF]), rest=st.binary(max_size=40))
    def babble(self, number, rest):
        """A reliable body that is no command."""
        n = len(self.answered)
        assert self.host.send(bytes((number, 0xFE)) + rest)
        self.carry()
        assert self.answered[n:] == [wire.Refused(0xFE, Refusal.UNKNOWN_MESSAGE, number)]
        self.answered.pop()

    @rule(number=st.sampled_from([1, 2, 3, 4, 6, 7, 8, 9, 10, 16, 17]), rest=st.binary(min_size=2, max_size=40))
    def say_too_much(self, number, rest):
        """A command with more behind it than it has."""
        n = len(self.answered)
        assert self.host.send(bytes((number, 0xFE)) + rest)
        self.carry()
        assert self.answered[n:] == [wire.Refused(0xFE, Refusal.MALFORMED, number)]
        self.answered.pop()

    @rule(chunk=st.binary(max_size=60))
    def noise(self, chunk):
        self.device.receive(chunk + b"\x00", self.now_us)
        self.carry()

    # ------------------------------------------------------------------------------------------------ invariants
    @property
    def transmits(self):
        return bool(self.device.state.permission.flags & ExposureFlag.TRANSMITTING)

    def may_transmit(self, battery):
        return not self.frozen and self.may_transmit_later(battery)

    def may_transmit_later(self, battery):
        """Once it is not frozen any more."""
        heard = self.heard_us is not None and self.passed_us - self.heard_us < wire.HEARTBEAT_TIMEOUT_US
        return (
            self.imaging
            and heard
            and not self.latched
            and not self.hot
            and self.battery >= battery
            and not self.device.state.storm.noisy
        )

    @invariant()
    def it_transmits_only_where_everything_allows_it(self):
        if self.transmits:
            assert self.may_transmit(wire.BATTERY_LOW_PERCENT)
            assert self.device.state.permission.off == TransmitOff.NONE
        else:
            assert self.device.state.permission.off != TransmitOff.NONE

    @invariant()
    def it_transmits_where_it_was_armed_and_nothing_but_a_freeze_that_ended_forbade_it(self):
        self.granted &= self.may_transmit_later(wire.BATTERY_LOW_PERCENT)
        assert self.transmits == (self.granted and not self.frozen)
        assert (self.device.state.permission.off == TransmitOff.FROZEN) == (self.granted and self.frozen)

    @invariant()
    def the_latch_holds_as_long_as_nobody_cleared_it(self):
        assert (self.device.state.faults.code != FaultCode.NONE) == self.latched

    @invariant()
    def the_limits_are_kept(self):
        values = self.device.state.settings.values
        assert check(values).refusal == Refusal.NONE
        output = acoustic_output(values)
        assert output.mi_milli <= wire.MI_LIMIT_MILLI and output.ispta_mw_cm2 <= wire.ISPTA_LIMIT_MW_CM2

    @invariant()
    def every_command_is_answered_once_and_in_order(self):
        assert [message.tag for message in self.answered] == [tag for tag, _ in self.asked]

    @invariant()
    def exposures_go_forward_and_only_while_running(self):
        exposures = self.port.exposures
        for before, after in pairwise(exposures):
            assert 0 < (after[0] - before[0]) % WRAP < WRAP // 2
            assert 0 < (after[1] - before[1]) % WRAP < WRAP // 2
        assert all(flags & ExposureFlag.IMAGING and not flags & ExposureFlag.FROZEN for *_, flags in exposures)
        del exposures[:-1]


@pytest.mark.no_cover
def test_lives(make_device):
    run_state_machine_as_test(
        lambda: DeviceLife(make_device), settings=settings(max_examples=40, stateful_step_count=40)
    )
