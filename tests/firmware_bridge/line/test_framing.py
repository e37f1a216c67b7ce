"""Framing against the `cobs` package, a CRC worked out bit by bit, and lines that damage what they carry."""

from functools import partial
from types import SimpleNamespace

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import BridgeError, FramingError
from firmware_bridge.line.framing import DELIMITER, MAX_BLOCK_BYTES, MAX_PAYLOAD_BYTES, Deframer, encode_frame
from tests.firmware.core_link import CoreDeframer, core_encoder

# Zeros and long runs without one are what COBS treats differently.
ANY = st.binary(min_size=1, max_size=MAX_PAYLOAD_BYTES)
ZERO_RICH = st.lists(st.sampled_from([0, 0, 1, 255]), min_size=1, max_size=64).map(bytes)
RUNS = st.builds(
    lambda before, n, after: (before + b"\x07" * n + after)[:MAX_PAYLOAD_BYTES],
    ZERO_RICH,
    st.integers(245, 520),
    st.binary(max_size=8),
)
PAYLOADS = st.one_of(ANY, ZERO_RICH, RUNS)


@pytest.fixture(scope="module", params=["python", "c"])
def framing(request: pytest.FixtureRequest) -> SimpleNamespace:
    """`encode` and `Deframer` of either end."""
    if request.param == "python":
        return SimpleNamespace(encode=encode_frame, Deframer=Deframer)
    core = request.getfixturevalue("core")
    return SimpleNamespace(encode=core_encoder(core), Deframer=partial(CoreDeframer, core))


def crc32_bit_by_bit(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_the_crc_of_the_catalogue(framing: SimpleNamespace) -> None:
    assert crc32_bit_by_bit(b"123456789") == 0xCBF43926
    assert framing.encode(b"123456789") == bytes.fromhex("0e 313233343536373839 2639f4cb 00")


@given(PAYLOADS)
def test_a_frame_is_what_the_cobs_package_makes(framing: SimpleNamespace, payload: bytes) -> None:
    body = payload + crc32_bit_by_bit(payload).to_bytes(4, "little")
    assert framing.encode(payload) == cobs.encode(body) + b"\x00"


@given(PAYLOADS)
def test_one_zero_at_the_end_and_no_longer_than_promised(framing: SimpleNamespace, payload: bytes) -> None:
    frame = framing.encode(payload)
    assert frame.index(DELIMITER) == len(frame) - 1 <= MAX_BLOCK_BYTES


@pytest.mark.parametrize("size", [253, 254, 255, 507, 508, 509, MAX_PAYLOAD_BYTES])
def test_runs_at_the_block_length(framing: SimpleNamespace, size: int) -> None:
    for payload in (b"\x01" * size, b"\x00" * size, b"\x01" * (size - 1) + b"\x00"):
        frame = framing.encode(payload)
        assert cobs.decode(frame[:-1])[:-4] == payload
        assert framing.Deframer().feed(frame) == [payload]


@given(st.lists(PAYLOADS, max_size=5), st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_frames_survive_any_cutting(framing: SimpleNamespace, payloads: list[bytes], sizes: list[int]) -> None:
    line = b"".join(map(framing.encode, payloads))
    deframer, received, at, turn = framing.Deframer(), [], 0, 0
    while at < len(line):
        size = sizes[turn % len(sizes)]
        received += deframer.feed(line[at : at + size])
        at, turn = at + size, turn + 1
    assert received == payloads
    assert (deframer.n_good, deframer.n_damaged) == (len(payloads), 0)


@given(PAYLOADS, PAYLOADS, PAYLOADS, st.data())
def test_a_damaged_frame_is_dropped_and_counted_and_its_neighbours_arrive(
    framing: SimpleNamespace, first: bytes, middle: bytes, last: bytes, data: st.DataObject
) -> None:
    frame = bytearray(framing.encode(middle))
    at = data.draw(st.integers(0, len(frame) - 2))
    frame[at] ^= data.draw(st.integers(1, 255))
    deframer = framing.Deframer()
    received = deframer.feed(framing.encode(first) + bytes(frame) + framing.encode(last))
    assert received == [first, last]
    assert deframer.n_good == 2
    # A byte that turned into the delimiter cuts the frame in two; at its start it leaves an empty piece.
    assert 1 <= deframer.n_damaged <= 2


@given(PAYLOADS, PAYLOADS, st.data())
def test_a_leading_delimiter_saves_the_frame_after_a_torn_one(
    framing: SimpleNamespace, first: bytes, last: bytes, data: st.DataObject
) -> None:
    torn = framing.encode(first)[: data.draw(st.integers(1, len(framing.encode(first)) - 1))]
    deframer = framing.Deframer()
    # All but the delimiter may have arrived: then the leading one completes the frame.
    arrived = [first] if len(torn) == len(framing.encode(first)) - 1 else []
    assert deframer.feed(torn + DELIMITER + framing.encode(last)) == [*arrived, last]
    assert deframer.n_damaged == 1 - len(arrived)


@given(st.binary(max_size=2000))
def test_noise_is_never_taken_for_a_frame(framing: SimpleNamespace, noise: bytes) -> None:
    deframer = framing.Deframer()
    received = deframer.feed(noise)
    assert all(len(payload) <= MAX_PAYLOAD_BYTES and framing.encode(payload)[:-1] in noise for payload in received)
    assert deframer.n_good + deframer.n_damaged <= noise.count(0) == len(noise.split(DELIMITER)) - 1


def test_a_stream_without_delimiters_is_one_damaged_frame_and_keeps_no_memory() -> None:
    deframer = Deframer()
    for _ in range(1000):
        assert deframer.feed(b"\x55" * 1000) == []
        assert len(deframer._pending) <= MAX_BLOCK_BYTES
    assert deframer.n_damaged == 0
    assert deframer.feed(DELIMITER + encode_frame(b"next")) == [b"next"]
    assert deframer.n_damaged == 1


def test_a_long_frame_that_arrives_at_once_is_refused_too(framing: SimpleNamespace) -> None:
    body = b"\x01" * (MAX_PAYLOAD_BYTES + 1)
    frame = cobs.encode(body + crc32_bit_by_bit(body).to_bytes(4, "little")) + DELIMITER
    deframer = framing.Deframer()
    assert deframer.feed(frame) == []
    assert deframer.n_damaged == 1


def test_delimiters_alone_are_no_damage(framing: SimpleNamespace) -> None:
    deframer = framing.Deframer()
    assert deframer.feed(DELIMITER * 5) == []
    assert (deframer.n_good, deframer.n_damaged) == (0, 0)


def test_a_frame_of_nothing_but_a_crc_is_damage(framing: SimpleNamespace) -> None:
    deframer = framing.Deframer()
    assert deframer.feed(cobs.encode(b"\x00\x00\x00\x00") + DELIMITER) == []
    assert deframer.n_damaged == 1


@pytest.mark.parametrize("size", [0, MAX_PAYLOAD_BYTES + 1])
def test_a_payload_that_no_frame_carries(size: int) -> None:
    with pytest.raises(FramingError, match=f"1 to {MAX_PAYLOAD_BYTES} bytes, not {size}") as caught:
        encode_frame(b"x" * size)
    assert isinstance(caught.value, BridgeError)
    assert isinstance(caught.value, ValueError)
