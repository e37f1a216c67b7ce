"""Messages to the body of a frame and back."""

import struct
from typing import Final

from firmware_bridge.errors import MalformedMessageError, UnknownMessageError
from firmware_bridge.line.framing import MAX_PAYLOAD_BYTES
from firmware_bridge.line.messages import MESSAGES
from firmware_bridge.line.packing import Message

LINK_HEADER_BYTES: Final = 3
MAX_BODY_BYTES: Final = MAX_PAYLOAD_BYTES - LINK_HEADER_BYTES


def encode(message: Message) -> bytes:
    """The body that carries `message`. Raises MalformedMessageError where a value does not fit its field."""
    try:
        body = message.pack()
    except struct.error as error:
        raise MalformedMessageError(f"{message} cannot be sent: {error}; give values that fit the field") from error
    if len(body) > MAX_BODY_BYTES:
        raise MalformedMessageError(
            f"{type(message).__name__} takes {len(body)} bytes, a frame carries {MAX_BODY_BYTES}; send it in parts"
        )
    return body


def decode(body: bytes) -> Message:
    """The message of a body that came whole.

    Raises UnknownMessageError for a number that this release does not know, MalformedMessageError where the fields do
    not fit it; both mean that the other end is of another release, since damage never gets so far.
    """
    kind = MESSAGES.get(body[0]) if body else None
    if kind is None:
        raise UnknownMessageError(f"message {body[:1].hex() or 'without a number'} is unknown; update both ends")
    try:
        return kind.unpack(body[1:])
    except (struct.error, UnicodeDecodeError) as error:
        raise MalformedMessageError(f"a {kind.__name__} of {len(body)} bytes does not fit: {error}") from error
