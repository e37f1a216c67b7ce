"""The C settings take and refuse what the Python ones do: pairs in any order, number and value."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.device.settings import PRESET, DeviceSettings
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Refusal

ROWS = wire.PARAMETERS
LEAST, MOST = -(1 << 31), (1 << 31) - 1


class Both:
    """Two settings that are asked the same."""

    def __init__(self, core):
        self.python, self.core, self.c = DeviceSettings(9), core, core.ffi.new("settings *")
        core.ffi.memmove(self.c, b"\xa5" * core.ffi.sizeof("settings"), core.ffi.sizeof("settings"))
        core.c.settings_start(self.c, 9)
        self.compare()

    def compare(self):
        assert list(self.c.values) == self.python.values
        assert (self.c.epoch, self.c.since_us) == (self.python.epoch, self.python.since_us)
        assert self.c.unreported == self.python.unreported

    def ask(self, pairs, now_us=77):
        wanted, got = self.python.change(pairs, now_us), self.core.c.settings_change(self.c, pairs, len(pairs), now_us)
        assert got.refusal == wanted.refusal
        if wanted.refusal:
            named = (wanted.parameter, wanted.asked, wanted.low, wanted.high)
            assert (got.parameter, got.asked, got.low, got.high) == named
        self.compare()
        return wanted.refusal


def packed(*pairs):
    return b"".join(struct.pack("<Bi", *pair) for pair in pairs)


def value_for(rng, number):
    row = ROWS[min(number, len(ROWS) - 1)]
    if rng.random() < 0.1:
        return rng.choice([row.minimum - 1, row.maximum + 1, row.maximum - 1, LEAST, MOST, -1])
    return rng.randrange(row.minimum, row.maximum + 1, row.step)


@pytest.mark.parametrize("seed", range(20))
def test_random_changes(core, seed):
    rng, both, seen = random.Random(seed), Both(core), set()
    for now_us in range(200):
        numbers = [rng.randrange(len(ROWS) + 1) for _ in range(rng.choice([1, 1, 2, 3, 6]))]
        if rng.random() < 0.3:
            numbers.insert(0, PRESET)
        seen.add(both.ask(packed(*((number, value_for(rng, number)) for number in numbers)), now_us))
    assert {Refusal.NONE, Refusal.UNKNOWN_PARAMETER, Refusal.REPEATED_PARAMETER, Refusal.MALFORMED} <= seen


@pytest.mark.parametrize("n_pairs", [0, 1, len(ROWS) - 1, len(ROWS), wire.MAX_PAIRS, wire.MAX_PAIRS + 1])
@pytest.mark.parametrize("rest", [b"", b"\0", b"\0\0\0\0"])
def test_how_much_may_be_asked_at_once(core, n_pairs, rest):
    order = [PRESET, *(number for number in range(len(ROWS)) if number != PRESET)]
    values = wire.PRESETS[1].values
    pairs = packed(*((number, values[number]) for number in (order * 2)[:n_pairs]))
    fits = 1 <= n_pairs <= len(ROWS) and not rest
    assert (Both(core).ask(pairs + rest) == Refusal.NONE) == fits


@pytest.mark.parametrize("preset", [LEAST, -1, 0, 1, len(wire.PRESETS) - 1, len(wire.PRESETS), MOST])
def test_a_preset_comes_first_and_brings_all_its_values(core, preset):
    both, known = Both(core), 0 <= preset < len(wire.PRESETS)
    assert both.ask(packed((PRESET, preset))) == (Refusal.NONE if known else Refusal.UNKNOWN_PRESET)
    if known:
        assert list(both.c.values) == list(wire.PRESETS[preset].values)
    depth = (0, ROWS[0].minimum)
    assert both.ask(packed(depth, (PRESET, preset))) == Refusal.MALFORMED
    assert both.ask(packed((PRESET, preset), depth)) == (Refusal.NONE if known else Refusal.UNKNOWN_PRESET)


def test_the_epoch_wraps(core):
    both = Both(core)
    both.c.epoch = both.python.epoch = (1 << 32) - 1
    assert both.ask(packed((0, ROWS[0].minimum))) == Refusal.NONE
    assert both.c.epoch == 0


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(LEAST, MOST)), max_size=20), st.binary(max_size=4))
def test_any_pairs(core, pairs, rest):
    Both(core).ask(packed(*pairs) + rest)
