"""Frames on the wire: COBS (Cheshire and Baker, 1999) around a payload and its CRC-32, ended by a zero byte.

    wire = COBS(payload + CRC-32 of payload, little-endian) + 0x00

COBS leaves no zero inside a frame, so a receiver that lost its place finds it again at the next zero. The CRC is the
one of IEEE 802.3 (reflected 0xEDB88320). `docs/protocol.md` says what goes inside.
"""

import zlib
from typing import Final

from firmware_bridge.errors import FramingError

DELIMITER: Final = b"\x00"
"""Ends each frame. Sent once more before a retransmission, so that a torn frame cannot swallow the next one."""

MAX_PAYLOAD_BYTES: Final = 512
"""Longest payload; the device's receive buffer is made for it."""

_CRC_BYTES: Final = 4
_RUN_BYTES: Final = 254
"""Longest run of non-zero bytes that one COBS block holds."""

MAX_BLOCK_BYTES: Final = MAX_PAYLOAD_BYTES + _CRC_BYTES + (MAX_PAYLOAD_BYTES + _CRC_BYTES) // _RUN_BYTES + 1
"""Longest encoded frame without its delimiter."""


def encode_frame(payload: bytes) -> bytes:
    """The bytes that carry `payload` over the line, delimiter included.

    Raises FramingError for an empty payload or one over MAX_PAYLOAD_BYTES.
    """
    if not 1 <= len(payload) <= MAX_PAYLOAD_BYTES:
        raise FramingError(
            f"a frame carries 1 to {MAX_PAYLOAD_BYTES} bytes, not {len(payload)}; split it into several messages"
        )
    return _stuffed(payload + zlib.crc32(payload).to_bytes(_CRC_BYTES, "little")) + DELIMITER


class Deframer:
    """Turns the bytes of a line, however they are cut into chunks, back into payloads.

    Memory is bounded: a stream without delimiters is dropped and counted as one damaged frame.
    """

    def __init__(self) -> None:
        self.n_good = 0
        """Frames delivered."""
        self.n_damaged = 0
        """Frames dropped: wrong stuffing, CRC or length. The tail of a frame whose start was missed counts too."""
        self._pending = b""
        self._overlong = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The payloads that `chunk` completes, in order."""
        *ended, rest = chunk.split(DELIMITER)
        payloads = [payload for block in ended if (payload := self._end(block)) is not None]
        self._pending += rest
        if len(self._pending) > MAX_BLOCK_BYTES:
            self._pending, self._overlong = b"", True
        return payloads

    def _end(self, tail: bytes) -> bytes | None:
        block, overlong = self._pending + tail, self._overlong
        self._pending, self._overlong = b"", False
        if not block and not overlong:
            return None
        payload = None if overlong or len(block) > MAX_BLOCK_BYTES else _checked(block)
        if payload is None:
            self.n_damaged += 1
        else:
            self.n_good += 1
        return payload


def _checked(block: bytes) -> bytes | None:
    """The payload of an encoded frame, or None where its stuffing, length or CRC is wrong."""
    body = _unstuffed(block)
    if body is None or not 1 <= len(body) - _CRC_BYTES <= MAX_PAYLOAD_BYTES:
        return None
    payload, crc = body[:-_CRC_BYTES], body[-_CRC_BYTES:]
    return payload if zlib.crc32(payload) == int.from_bytes(crc, "little") else None


def _stuffed(body: bytes) -> bytes:
    """COBS: each run up to a zero is led by its length + 1, so that no zero is left. Sliced at the zeros for speed."""
    out = bytearray()
    run, n_rest = b"", 0
    for run in body.split(b"\x00"):
        n_full, n_rest = divmod(len(run), _RUN_BYTES)
        for start in range(0, n_full * _RUN_BYTES, _RUN_BYTES):
            out += b"\xff" + run[start : start + _RUN_BYTES]
        out.append(n_rest + 1)
        out += run[len(run) - n_rest :]
    if run and n_rest == 0:  # a full block at the end implies no zero, so no empty block follows it
        out.pop()
    return bytes(out)


def _unstuffed(block: bytes) -> bytes | None:
    """The inverse of `_stuffed`, or None where a length points past the end. `block` holds no zero."""
    out = bytearray()
    at = 0
    while at < len(block):
        length = block[at]
        run = block[at + 1 : at + length]
        if len(run) != length - 1:
            return None
        out += run
        at += length
        if length <= _RUN_BYTES and at < len(block):
            out.append(0)
    return bytes(out)
