"""JPEG streams, with damage told: a decoder goes on where bytes were lost and makes up the rest of the picture."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray

START: Final = b"\xff\xd8"
END: Final = b"\xff\xd9"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _TABLES, _QUANTIZATION, _RESTARTS, _BASELINE, _KNOWN = 0xDA, 0xC4, 0xDB, 0xDD, (0xC0, 0xC1), (0xC0, 0xC1, 0xC2)
_STANDALONE: Final = (0x01, *range(0xD0, 0xD9))
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_LOST_RUN: Final = bytes(24)
"""192 bits: at least one whole block of what no encoder writes."""
COARSE: Final = 8
"""Times smaller: all bytes are read and checked, and little is computed from them."""
_MOST_PADDING: Final = 16
"""Zero bytes that some cameras put before the end mark."""
_ADOBE: Final = 0xEE
_FINE_STEP: Final = 16
_COMMENT: Final = b"\xff\xfe\0\2"
_STANDARD_ZEROS: Final = {0x00: "00", 0x01: "00", 0x10: "1010", 0x11: "00"}
"""The codes of zero in the tables that hold where a stream brings none (ITU-T T.81, K.3), as video's often do."""


Head = tuple[tuple[int, bytes], ...]
"""What stands before the coded picture: markers with their payloads."""


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


def head(parts: Sequence[Segment]) -> Head:
    """All up to the frame's size, without the tables, which follow from what the picture shows."""
    found = []
    for part in parts:
        if part.marker not in (_TABLES, _QUANTIZATION):
            found.append((part.marker, part.payload))
        if part.marker in _FRAMES:
            break
    return tuple(found)


def whole_length(data: bytes) -> int | None:
    """Bytes of the first picture in `data` up to and with its end mark; None where that is missing."""
    return next((segment.start for segment in segments(data) if segment.marker == 0xD9), None)


def decode_grey(data: bytes) -> NDArray[np.uint8]:
    """(height, width) luma of one whole JPEG stream, which may have bytes behind its end mark.

    Raises DamagedJpegError where the decoder had to make up a part, ValueError where it can do nothing at all.
    """
    return _decode(data, tuple(segments(data)), "GRAY")[..., 0]


def decode_stored(data: bytes, parts: Sequence[Segment] = ()) -> NDArray[np.uint8]:
    """(height, width) grey or (height, width, 3) BGR as the stream holds it; grey too where it has no code for colour.
    Raises as `decode_grey`. parts: its segments, where they are known."""
    parts = parts or tuple(segments(data))
    frame = next((part.payload for part in parts if part.marker in _FRAMES), b"")
    is_grey = frame[5:6] == b"\1" or _cannot_show_colour(frame, parts)
    picture = _decode(data, parts, "GRAY" if is_grey else "BGR")
    return picture[..., 0] if is_grey else picture


def check(data: bytes) -> None:
    """Raises DamagedJpegError where a decoder would have to make up a part of the picture. What is coded in a way that
    this decoder does not know (12 bits, lossless) is left to the one that does."""
    try:
        kind = simplejpeg.decode_jpeg_header(data)[2]
        colours = "CMYK" if kind in ("CMYK", "YCCK") else "GRAY"
        _decode(data, tuple(segments(data)), colours, smaller=COARSE)
    except DamagedJpegError:
        raise
    except ValueError:
        return


def _decode(data: bytes, parts: Sequence[Segment], colours: str, smaller: int = 1) -> NDArray[np.uint8]:
    """Decodes it, so many times smaller, and makes sure that no byte was left over, which the decoder itself tells only
    from eight bytes on: of most streams in one go, of the others in two."""
    if not parts or parts[-1].marker != 0xD9:
        raise DamagedJpegError("its end is missing")
    if not any(part.marker in _KNOWN and part.payload[:1] == b"\x08" for part in parts):
        raise ValueError("it is coded in a way that cannot be read")
    if _holds_lost_run(parts):
        raise DamagedJpegError("a part of its data is blank")
    longer = _with_a_row_more(data, parts)
    if longer is not None:
        try:
            picture = simplejpeg.decode_jpeg(longer.stream, colours, fastupsample=True, min_factor=smaller)
        except ValueError:
            pass  # damaged, or padded
        else:
            return np.asarray(picture[: -(-longer.height // smaller)], np.uint8)
    return _decode_twice(data[: parts[-1].start - len(END)].rstrip(b"\xff") + END, colours, smaller)


def _decode_twice(stream: bytes, colours: str, smaller: int) -> NDArray[np.uint8]:
    """The second time without its last byte: where nothing is then missing, it was left over."""
    problem = "its coded data does not fit its size"
    for _ in range(2):
        try:
            picture = simplejpeg.decode_jpeg(stream, colours, fastupsample=True, min_factor=smaller)
        except ValueError as error:
            problem = str(error)
        else:
            if _lacks_data(_shortened(stream)):
                return np.asarray(picture, np.uint8)
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


def _holds_lost_run(parts: Sequence[Segment]) -> bool:
    """Whether coded data holds a run of zeros that stands for no picture.

    In baseline streams alone, and where the code of zeros is not the one that ends a block: there black is zeros."""
    frame = next((part.marker for part in parts if part.marker in _FRAMES), None)
    if frame not in _BASELINE or _zeros_end_a_block(_of_all(parts, _TABLES)):
        return False
    return any(_LOST_RUN in part.payload for part in parts if part.marker == _SCAN)


def _zeros_end_a_block(tables: bytes) -> bool:
    """Of the first table of alternating coefficients, which is luma's; without tables the standard ones hold."""
    return next((symbols[:1] == b"\0" for name, _, symbols in _huffman_tables(tables) if name == 0x10), False)


def _of_all(parts: Sequence[Segment], marker: int) -> bytes:
    """The payloads behind this marker, one after the other."""
    return b"".join(part.payload for part in parts if part.marker == marker)


def _huffman_tables(tables: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The name of each table, how many codes of each length it has, and what they stand for."""
    at = 0
    while at + 17 <= len(tables):
        counts = tables[at + 1 : at + 17]
        end = at + 17 + sum(counts)
        yield tables[at], counts, tables[at + 17 : end]
        at = end


@dataclass(frozen=True, slots=True)
class _Longer:
    """A stream with one row of blocks more than it had."""

    stream: bytes
    height: int
    """Of the picture that it had."""


def _with_a_row_more(data: bytes, parts: Sequence[Segment]) -> _Longer | None:
    """`data` with an empty row of blocks below its own, which begins at a restart mark: the decoder then looks where
    the data before the mark end, and complains of the first byte too many. None: it cannot be done to this stream.

    What the decoder thinks of the bytes before a mark it says at the second mark after it, hence the comment.
    """
    frame = [part for part in parts if part.marker in _FRAMES]
    scan = [part for part in parts if part.marker == _SCAN]
    if len(frame) != 1 or len(scan) != 1 or frame[0].marker not in _BASELINE:
        return None
    head, start, end = frame[0].payload, scan[0].start, parts[-1].start - len(END)
    tables = _of_all(parts, _TABLES)
    restarts = next((part.payload for part in parts if part.marker == _RESTARTS), b"")
    row = _empty_row(head, data[start : start + 1 + 2 * head[5]] if len(head) > 5 else b"", tables, restarts)
    if row is None:
        return None
    before, of_frame = data[: start - 4], frame[0].start + 1
    height = int.from_bytes(head[1:3], "big")
    taller = before[:of_frame] + row.height.to_bytes(2, "big") + before[of_frame + 2 :] + row.restarts
    return _Longer(taller + data[start - 4 : end].rstrip(b"\xff") + row.coded + _COMMENT + END, height)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of blocks without anything in them."""

    height: int
    """Of the picture with it."""
    restarts: bytes
    """The segment that puts a restart before it; empty where the stream's own restarts do."""
    coded: bytes


@lru_cache(maxsize=8)
def _empty_row(frame: bytes, scan: bytes, tables: bytes, restarts: bytes) -> _Row | None:
    """By the heads of frame and scan, the Huffman tables and the restart interval of a stream; None where it has
    several scans, restarts that do not end with a row, or no codes for zero."""
    count = frame[5] if len(frame) > 5 else 0
    if len(frame) < 6 + 3 * count or scan[:1] != bytes([count]) or len(scan) < 1 + 2 * count or not count:
        return None
    zeros = _codes_of_zero(tables) if tables else _STANDARD_ZEROS
    sizes = [(frame[7 + 3 * one] >> 4, frame[7 + 3 * one] & 15) for one in range(count)]
    sizes = sizes if count > 1 else [(1, 1)]
    unit = ""
    for one, (wide, high) in enumerate(sizes):
        of_first, of_rest = divmod(scan[2 + 2 * one], 16)
        if scan[1 + 2 * one] != frame[6 + 3 * one] or not {of_first, 16 + of_rest} <= zeros.keys():
            return None
        unit += (zeros[of_first] + zeros[16 + of_rest]) * (wide * high)
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    tall = 8 * max(high for _, high in sizes)
    across, down = -(-width // (8 * max(wide for wide, _ in sizes) or 1)), -(-height // (tall or 1))
    every = int.from_bytes(restarts, "big") or across * down
    if not across * down or across * down % every or every < across or max(every, (down + 1) * tall) > 65535:
        return None
    bits = unit * across
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    mark = bytes([0xFF, 0xD0 + (across * down // every - 1) % 8])
    return _Row((down + 1) * tall, b"" if any(restarts) else b"\xff\xdd\0\4" + every.to_bytes(2, "big"), mark + coded)


def _codes_of_zero(tables: bytes) -> dict[int, str]:
    """The bits that stand for the symbol 0, "no change" or "no more", in each table that has it."""
    found: dict[int, str] = {}
    for name, counts, symbols in _huffman_tables(tables):
        code = passed = 0
        for length, count in enumerate(counts, 1):
            place = symbols[passed : passed + count].find(0)
            if place >= 0:
                found[name] = f"{code + place:0{length}b}"
                break
            code, passed = (code + count) * 2, passed + count
    return found


def _cannot_show_colour(frame: bytes, parts: Sequence[Segment]) -> bool:
    """Whether the tables have codes for no more chroma than rounding makes, as those that an encoder fits to a grey
    picture: none for detail, and for a step from block to block of two levels at most. A patch of colour has edges."""
    of_chroma = [frame[6 + 3 * one : 9 + 3 * one] for one in (1, 2)]
    if frame[5:7] != b"\3\1" or len(frame) < 15 or any(part.marker == _ADOBE for part in parts):
        return False
    scan = next((part.payload for part in parts if part.marker == _SCAN), b"")
    pairs = {scan[at : at + 1]: scan[at + 1 : at + 2] for at in (1, 3, 5)}
    symbols = {name: shown or b"\xff" for name, _, shown in _huffman_tables(_of_all(parts, _TABLES))}
    finest = _first_steps(_of_all(parts, _QUANTIZATION))
    for component in of_chroma:
        tables = pairs.get(component[:1])
        if not tables or finest.get(component[2], 255) > _FINE_STEP:
            return False
        of_first, of_rest = divmod(tables[0], 16)
        if max(symbols.get(of_first, b"\xff")) > 1 or max(symbols.get(16 + of_rest, b"\xff")) > 0:
            return False
    return True


def _first_steps(tables: bytes) -> dict[int, int]:
    """Of each quantization table with 8 bits, the step of a block's mean in eighths of a level."""
    found, at = {}, 0
    while at + 1 < len(tables):
        found[tables[at]] = tables[at + 1]
        at += 65 if tables[at] < 16 else 129
    return found
