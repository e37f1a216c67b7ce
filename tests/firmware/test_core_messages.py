"""The message of the side channel, which no session of the device carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.line import messages as wire


@given(st.integers(0, 255), st.integers(-(1 << 31), (1 << 31) - 1))
def test_a_stimulus(core, stimulus, value):
    fields, out = wire.Stimulate(stimulus, value).pack()[1:], core.ffi.new("message_stimulate *")
    assert core.c.unpack_stimulate(out, fields, len(fields))
    assert (out.stimulus, out.value) == (stimulus, value)


@pytest.mark.parametrize("size", [0, wire.Stimulate.LAYOUT.size - 1, wire.Stimulate.LAYOUT.size + 1])
def test_a_stimulus_of_another_size(core, size):
    assert not core.c.unpack_stimulate(core.ffi.new("message_stimulate *"), bytes(size), size)
