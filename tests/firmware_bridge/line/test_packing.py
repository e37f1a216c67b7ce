"""Messages become bytes by the fields that they declare, and nothing else does."""

import struct
from dataclasses import dataclass
from typing import Annotated

import pytest

from firmware_bridge.line import messages as wire
from firmware_bridge.line.packing import U8, U32, Message, Rest, Text


@dataclass(frozen=True, slots=True)
class Everything(Message):
    NUMBER = 0x7F
    RELIABLE = False

    flag: U8
    key: Annotated[bytes, "2s"]
    pair: Annotated[tuple[int, ...], "2h"]
    triple: Annotated[tuple[int, ...], "3i"]
    name: Text


@dataclass(frozen=True, slots=True)
class Nothing(Message):
    NUMBER = 0x7E


@dataclass(frozen=True, slots=True)
class OnlyRest(Message):
    NUMBER = 0x7D

    data: Rest


WHOLE = Everything(200, b"ab", (-2, 3), (4, -5, 6), "Füße")
BYTES = b"\x7f\xc8ab\xfe\xff\x03\x00\x04\x00\x00\x00\xfb\xff\xff\xff\x06\x00\x00\x00" + "Füße".encode()


@pytest.mark.parametrize(
    ("message", "packed"),
    [
        (WHOLE, BYTES),
        (Nothing(), b"\x7e"),
        (OnlyRest(b"xyz"), b"\x7dxyz"),
        (wire.HostHeartbeat(9), b"\x20\x09"),
        (wire.Exposure(1, 2, 3, 4), b"\xa2\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04"),
        (wire.Imu(1, (2, 3, -4), (5, 6, 7)), b"\xa4\x01\0\0\0\x02\0\x03\0\xfc\xff\x05\0\x06\0\x07\0"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_there_and_back(message, packed):
    assert message.pack() == packed
    assert type(message).unpack(packed[1:]) == message


@pytest.mark.parametrize("cut", range(1, 20))
def test_too_few_bytes_are_no_message(cut):
    with pytest.raises(struct.error):
        Everything.unpack(BYTES[1:cut])


def test_bytes_behind_a_message_without_rest_are_refused():
    with pytest.raises(struct.error):
        wire.Exposure.unpack(wire.Exposure(1, 2, 3, 4).pack()[1:] + b"\0")


def test_text_that_is_no_utf_8_is_refused():
    with pytest.raises(UnicodeDecodeError):
        Everything.unpack(BYTES[1:20] + b"\xff")


@pytest.mark.parametrize(
    "message",
    [
        wire.HostHeartbeat(256),
        wire.Exposure(-1, 2, 3, 4),
        wire.Exposure(1 << 32, 2, 3, 4),
        wire.Imu(1, (2, 3), (5, 6, 7)),
        wire.Imu(1, (2, 3, 1 << 15), (5, 6, 7)),
    ],
    ids=repr,
)
def test_a_value_that_does_not_fit_its_field_is_refused(message):
    with pytest.raises(struct.error):
        message.pack()


def test_a_message_is_as_small_as_its_fields():
    assert not hasattr(wire.Exposure(1, 2, 3, 4), "__dict__")
    assert U32.__metadata__ == ("I",)
