"""What a TIFF file says of its pages, read without decoding them; EXIF data is such a file too."""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Final

from edge.source import jpeg

SIGNATURES: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Classic and big, little and big endian."""
Tags = Mapping[int, tuple[float, ...] | bytes]
_SUBFILE, _BITS, _COMPRESSION, _DESCRIPTION, _ORIENTATION, _MAX_SAMPLE = 254, 258, 259, 270, 274, 281
_X_RESOLUTION, _Y_RESOLUTION, _JPEG_TABLES = 282, 283, 347
_PIECES: Final = ((273, 279), (324, 325))
"""Offsets and byte counts of strips, of tiles."""
_LZW, _JPEG, _DEFLATE, _PACK_BITS = 5, 7, (8, 32946), 32773
_LOST_RUN: Final = bytes(16)
"""Neither LZW nor PackBits writes zeros one by one."""
_FORMATS: Final = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 7: "s", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
"""By type; what is not here is not looked at."""


@dataclass(frozen=True, slots=True)
class Tiff:
    """The pages that are there."""

    pages: tuple[Tags, ...]
    problem: str = ""
    """How many are missing, where the chain of pages breaks off or more are promised than it has."""


def read_tags(data: bytes) -> Tiff:
    """The pages of a TIFF file in the order of its chain."""
    pages: list[Tags] = []
    order, big = "<" if data[:1] == b"I" else ">", data[2:3] == b"+" or data[3:4] == b"+"
    try:
        (at,) = _unpack(order, "Q" if big else "I", data, 8 if big else 4)
        seen: set[int] = set()
        while at and at not in seen:
            seen.add(at)
            tags, at = _page(data, order, big, at)
            pages.append(tags)
    except (struct.error, IndexError, ValueError):
        return Tiff(tuple(pages), f"is truncated (it breaks off after {len(pages)} pages)")
    promised = _stacked(pages[0]) if pages else 0
    if promised > len(pages):
        return Tiff(tuple(pages), f"lacks pictures ({len(pages)} of its {promised} can be read)")
    return Tiff(tuple(pages))


def number(tags: Tags, tag: int, otherwise: float) -> float:
    """The tag's first number, or what holds where it is not stated."""
    values = tags.get(tag, ())
    return float(values[0]) if values else otherwise


def orientation(tags: Tags) -> int:
    return int(number(tags, _ORIENTATION, 1))


def pixel_aspect(tags: Tags) -> float | None:
    """Width of a pixel over its height by the resolutions; None: not stated."""
    across, down = number(tags, _X_RESOLUTION, 0), number(tags, _Y_RESOLUTION, 0)
    return down / across if across > 0 and down > 0 else None


def bits(tags: Tags) -> int:
    """Of a sample, as stored."""
    return int(number(tags, _BITS, 1))


def most(tags: Tags) -> int | None:
    """The largest value that a sample is said to have."""
    stated = int(number(tags, _MAX_SAMPLE, 0))
    return stated if stated > 0 else None


def is_thumbnail(tags: Tags) -> bool:
    return bool(int(number(tags, _SUBFILE, 0)) & 1)


def damage(data: bytes, tags: Tags) -> str:
    """What a decoder would have to make up of a page, or nothing."""
    for offsets, counts in _PIECES:
        for offset, count in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False):
            piece = data[int(offset) : int(offset) + int(count)]
            if not count or len(piece) < count:
                return "a part of its picture is missing"
            if not _is_whole(piece, int(number(tags, _COMPRESSION, 1)), tags.get(_JPEG_TABLES, b"")):
                return "a part of its picture is damaged"
    return ""


def _is_whole(piece: bytes, compression: int, tables: object) -> bool:
    if compression in _DEFLATE:
        try:
            return bool(zlib.decompress(piece))
        except zlib.error:
            return False
    if compression == _JPEG and isinstance(tables, bytes):
        try:
            jpeg.check(tables.removesuffix(jpeg.END) + piece.removeprefix(jpeg.START) if tables else piece)
        except ValueError:
            return False
    return compression not in (_LZW, _PACK_BITS) or _LOST_RUN not in piece


def _stacked(tags: Tags) -> int:
    """Pictures that ImageJ keeps behind one page of a large stack."""
    text = tags.get(_DESCRIPTION, b"")
    found = re.match(rb"ImageJ=.*?\nimages=(\d+)", text, re.DOTALL) if isinstance(text, bytes) else None
    return int(found[1]) if found else 0


def _page(data: bytes, order: str, big: bool, at: int) -> tuple[Tags, int]:
    """Its tags, and where the next page is; raises struct.error where they lie outside the file."""
    (count,) = _unpack(order, "Q" if big else "H", data, at)
    start, size = at + (8 if big else 2), 20 if big else 12
    if start + count * size > len(data):
        raise struct.error("cut")
    tags = {tag: values for n in range(count) for tag, values in _entry(data, order, big, start + n * size)}
    (following,) = _unpack(order, "Q" if big else "I", data, start + count * size)
    return tags, following


def _entry(data: bytes, order: str, big: bool, at: int) -> Iterator[tuple[int, tuple[float, ...] | bytes]]:
    tag, kind, count = _unpack(order, "HHQ" if big else "HHI", data, at)
    letters = _FORMATS.get(kind)
    if letters is None:
        return
    place, room = at + (12 if big else 8), 8 if big else 4
    layout = Struct(f"{order}{count}{letters}" if letters == "s" else order + letters * min(count, len(data)))
    if layout.size > room:
        (place,) = _unpack(order, "Q" if big else "I", data, place)
    values = layout.unpack_from(data, place)
    if letters == "s":
        yield tag, values[0]
    elif letters == "II":
        yield tag, tuple(a / b if b else 0.0 for a, b in zip(values[::2], values[1::2], strict=True))
    else:
        yield tag, values


def _unpack(order: str, letters: str, data: bytes, at: int) -> tuple[int, ...]:
    return Struct(order + letters).unpack_from(data, at)
