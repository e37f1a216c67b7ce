"""The C framing gives what the Python framing gives, for good and for damaged bytes."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware_bridge.line.framing import MAX_BLOCK_BYTES, MAX_PAYLOAD_BYTES, Deframer, encode_frame
from tests.firmware.core_link import DAMAGED, CoreDeframer, core_encoder


@pytest.fixture(scope="module")
def encode(core):
    return core_encoder(core)


@pytest.fixture(scope="module")
def deframe(core):
    """Payloads and DAMAGED, in the order in which their frames ended."""
    return lambda stream: CoreDeframer(core).ended(stream)


def python_deframe(stream):
    deframer = Deframer()
    for at in range(len(stream)):
        damaged = deframer.n_damaged
        yield from deframer.feed(stream[at : at + 1])
        yield from [DAMAGED] * (deframer.n_damaged - damaged)


runs = st.one_of(st.binary(max_size=5), st.sampled_from([252, 253, 254, 255, 256, 507, 508, 509]).map(b"a".__mul__))
payloads = st.lists(runs, min_size=1).map(b"\0".join).filter(lambda p: 1 <= len(p) <= MAX_PAYLOAD_BYTES)


@given(payloads, st.integers(0, MAX_PAYLOAD_BYTES))
def test_frames_are_the_same_bytes_however_they_are_put_together(encode, payload, cut):
    assert encode(payload[:cut], payload[cut:]) == encode_frame(payload)


@pytest.mark.parametrize("fill", [b"\0", b"x", b"\xff"])
def test_frames_of_every_length(encode, deframe, fill):
    for size in range(1, MAX_PAYLOAD_BYTES + 1):
        frame = encode(fill * size)
        assert frame == encode_frame(fill * size)
        assert list(deframe(frame)) == [fill * size]


@given(st.binary(max_size=1200))
@example(b"\0\0" + b"x" * (MAX_BLOCK_BYTES + 1) + b"\0" + encode_frame(b"next"))
@example(encode_frame(bytes(MAX_PAYLOAD_BYTES)) + b"\1" * MAX_BLOCK_BYTES + b"\0")
def test_any_bytes_are_read_alike(deframe, stream):
    assert list(deframe(stream)) == list(python_deframe(stream))


def test_damaged_lines_are_read_alike(deframe):
    rng = random.Random(5)
    for _ in range(60):
        stream = bytearray(b"".join(encode_frame(rng.randbytes(rng.randint(1, 512))) for _ in range(10)))
        for _ in range(rng.randint(0, 6)):
            stream[rng.randrange(len(stream))] = rng.choice([0, 1, 255, rng.randrange(256)])
        assert list(deframe(stream)) == list(python_deframe(bytes(stream)))


def test_a_payload_too_long_for_a_frame_is_damage_although_its_checksum_holds(core, deframe):
    body = b"x" * (MAX_PAYLOAD_BYTES + 1)
    crc = core.c.crc32_update(0, body, len(body)).to_bytes(4, "little")
    stuffed = b"".join(b"\xff" + (body + crc)[at : at + 254] for at in (0, 254)) + bytes([10]) + (body + crc)[508:]
    assert list(deframe(stuffed + b"\0")) == [DAMAGED]
