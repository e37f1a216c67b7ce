"""JPEG streams, with damage told: a decoder goes on where bytes were lost and makes up the rest of the picture."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray

START: Final = b"\xff\xd8"
END: Final = b"\xff\xd9"
_SCAN, _TABLES, _BASELINE, _KNOWN = 0xDA, 0xC4, (0xC0, 0xC1), (0xC0, 0xC1, 0xC2)
_STANDALONE: Final = (0x01, *range(0xD0, 0xD9))
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_LOST_RUN: Final = bytes(24)
"""192 bits: at least one whole block of what no encoder writes."""
COARSE: Final = 8
"""Times smaller: all bytes are read and checked, and little is computed from them."""
_MOST_PADDING: Final = 16
"""Zero bytes that some cameras put before the end mark."""


class DamagedJpegError(ValueError):
    """Some of the picture would be made up by the decoder; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker with what belongs to it."""

    marker: int
    start: int
    """Of the payload, in the stream."""
    payload: bytes
    """Of a scan: its head and its coded data."""


def segments(data: bytes) -> Iterator[Segment]:
    """The markers from the start mark to the end mark, both left out; ends early where the stream does."""
    at = 2
    while (found := _NEXT_MARKER.search(data, at)) is not None:
        marker, at = data[found.end() - 1], found.end()
        if marker == 0xD9:
            yield Segment(marker, at, b"")
            return
        if marker in _STANDALONE:
            continue
        end = at + int.from_bytes(data[at : at + 2], "big")
        if marker == _SCAN:
            following = _NEXT_MARKER.search(data, end)
            end = len(data) if following is None else following.start()
        yield Segment(marker, at + 2, data[at + 2 : end])
        at = end


def whole_length(data: bytes) -> int | None:
    """Bytes of the first picture in `data` up to and with its end mark; None where that is missing."""
    return next((segment.start for segment in segments(data) if segment.marker == 0xD9), None)


def decode_grey(data: bytes) -> NDArray[np.uint8]:
    """(height, width) luma of one whole JPEG stream, which may have bytes behind its end mark.

    Raises DamagedJpegError where the decoder had to make up a part, ValueError where it can do nothing at all.
    """
    return _decode(data, "GRAY")[..., 0]


def decode_stored(data: bytes) -> NDArray[np.uint8]:
    """(height, width) grey or (height, width, 3) BGR as the stream holds it. Raises as `decode_grey`."""
    is_grey = simplejpeg.decode_jpeg_header(data)[2] == "Gray"
    return decode_grey(data) if is_grey else _decode(data, "BGR")


def check(data: bytes) -> None:
    """Raises DamagedJpegError where a decoder would have to make up a part of the picture. What is coded in a way that
    this decoder does not know (12 bits, lossless) is left to the one that does."""
    try:
        kind = simplejpeg.decode_jpeg_header(data)[2]
        _decode(data, "CMYK" if kind in ("CMYK", "YCCK") else "GRAY", smaller=COARSE)
    except DamagedJpegError:
        raise
    except ValueError:
        return


def _decode(data: bytes, colours: str, smaller: int = 1) -> NDArray[np.uint8]:
    """Decodes it, so many times smaller, and once more without its last byte: where nothing is then missing, bytes were
    left over, which the decoder itself tells only from eight bytes on."""
    parts = list(segments(data))
    if not parts or parts[-1].marker != 0xD9:
        raise DamagedJpegError("its end is missing")
    if not any(part.marker in _KNOWN and part.payload[:1] == b"\x08" for part in parts):
        raise ValueError("it is coded in a way that cannot be read")
    if _holds_lost_run(parts):
        raise DamagedJpegError("a part of its data is blank")
    stream = data[: parts[-1].start - len(END)].rstrip(b"\xff") + END
    problem = "its coded data does not fit its size"
    for _ in range(2):
        try:
            picture = np.asarray(simplejpeg.decode_jpeg(stream, colours, min_factor=smaller), np.uint8)
        except ValueError as error:
            problem = str(error)
        else:
            if _lacks_data(_shortened(stream)):
                return picture
        coded = stream.removesuffix(END)
        padding = len(coded) - len(coded.rstrip(b"\0"))
        if not 0 < padding <= _MOST_PADDING or coded[-padding - 1] == 0xFF:
            break
        stream = coded[:-padding] + END
    raise DamagedJpegError(problem)


def _shortened(stream: bytes) -> bytes:
    coded = stream.removesuffix(END)
    return coded[: -2 if coded.endswith(b"\xff\0") else -1] + END


def _lacks_data(stream: bytes) -> bool:
    try:
        simplejpeg.decode_jpeg(stream, "GRAY", min_factor=COARSE)
    except ValueError:
        return True
    return False


def _holds_lost_run(parts: list[Segment]) -> bool:
    """Whether coded data holds a run of zeros that stands for no picture.

    In baseline streams alone, and where the code of zeros is not the one that ends a block: there black is zeros."""
    tables = b"".join(part.payload for part in parts if part.marker == _TABLES)
    frame = next((part.marker for part in parts if 0xC0 <= part.marker <= 0xCF and part.marker != _TABLES), None)
    if frame not in _BASELINE or _zeros_end_a_block(tables):
        return False
    return any(_LOST_RUN in part.payload for part in parts if part.marker == _SCAN)


def _zeros_end_a_block(tables: bytes) -> bool:
    """Of the first table of alternating coefficients, which is luma's; without tables the standard ones hold."""
    at = 0
    while at + 17 <= len(tables):
        count = sum(tables[at + 1 : at + 17])
        if tables[at] == 0x10:
            return tables[at + 17 : at + 18] == b"\0"
        at += 17 + count
    return False
