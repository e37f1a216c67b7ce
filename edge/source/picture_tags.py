"""What a picture file says of its pictures beside the pixels, and what is missing or damaged in it."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from edge.source import jpeg, tiff

PNG: Final = b"\x89PNG\r\n\x1a\n"
BMP: Final = b"BM"
PNM: Final = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")
_SQUARE: Final = 0.005
"""Resolutions are written as whole numbers: what is nearer to square than this is square."""
_OBLONG: Final = 8.0
"""A pixel that is longer than this is a damaged number."""
_LOST_RUN: Final = bytes(64)
"""In WebP's arithmetic and Huffman codes so many bits without information stand for no picture."""


@dataclass(slots=True)
class PictureTags:
    """Of the whole file."""

    orientation: int = 1
    """EXIF's number."""
    aspects: list[float] = field(default_factory=list)
    """Width of a pixel over its height, as often as it is stated."""
    doubts: list[str] = field(default_factory=list)
    bits: int | None = None
    """Of a sample, where it is stated that they are fewer than the file has room for."""
    frames: int | None = None
    """Promised, of an animated file."""
    problem: str = ""
    """Why its pictures cannot be trusted."""

    @property
    def pixel_aspect(self) -> float:
        """What is stated first; 1 where nothing is, or nothing that can be."""
        return nearly_square(self.aspects[0]) if self.aspects else 1.0

    @property
    def reasons_for_doubt(self) -> tuple[str, ...]:
        """Against the shape of its pixels."""
        low, high = min(self.aspects, default=1.0), max(self.aspects, default=1.0)
        if high / low - 1 <= 2 * _SQUARE and 1 / _OBLONG <= low <= high <= _OBLONG:
            return tuple(self.doubts)
        return (*self.doubts, f"the file gives its pixels {low:.3g} and {high:.3g} times as wide as high")


def nearly_square(aspect: float) -> float:
    """1 for what is square but for rounding, and for what no pixel can be."""
    return aspect if abs(aspect - 1) > _SQUARE and 1 / _OBLONG <= aspect <= _OBLONG else 1.0


def picture_tags(data: bytes) -> PictureTags:
    """Of one file; a TIFF's pages have their own (`tiff.read_tags`)."""
    tags = PictureTags()
    if data.startswith(jpeg.START):
        _jpeg(data, tags)
    elif data.startswith(PNG):
        _png(data, tags)
    elif data[:4] == b"RIFF":
        _webp(data, tags)
    elif data.startswith(BMP):
        across, down = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (38, 42))
        _resolution(across, down, tags)
    return tags


def samples_are_deep(head: bytes) -> bool:
    """Whether a PNG's or PNM's first bytes say that its samples have 16 bits."""
    if head.startswith(PNG):
        return head[24:25] == b"\x10"
    words = head[:512].split()
    return (
        head.startswith((b"P2", b"P3", b"P5", b"P6")) and len(words) > 3 and words[3].isdigit() and int(words[3]) > 255
    )


def _jpeg(data: bytes, tags: PictureTags) -> None:
    for segment in jpeg.segments(data):
        content = segment.payload
        if segment.marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 12:
            across, down = int.from_bytes(content[8:10], "big"), int.from_bytes(content[10:12], "big")
            if content[7]:
                _resolution(across, down, tags)
            elif across != down and across and down:
                # Written as a ratio by some, as densities by others.
                tags.aspects.append(across / down)
                tags.doubts.append(f"the JPEG gives its pixels a shape of {across}:{down} without a unit")
        elif segment.marker == 0xE1 and content.startswith(b"Exif\0\0"):
            _exif(content[6:], tags)
        elif segment.marker == 0xDA:
            return


def _png(data: bytes, tags: PictureTags) -> None:
    at = len(PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, content, after = data[at + 4 : at + 8], memoryview(data)[at + 8 : at + 8 + size], at + 12 + size
        if int.from_bytes(data[after - 4 : after], "big") != zlib.crc32(content, zlib.crc32(kind)):
            tags.problem = "is damaged (a checksum in it is wrong)"
            return
        if kind == b"pHYs" and size == 9:
            _resolution(int.from_bytes(content[:4], "big"), int.from_bytes(content[4:8], "big"), tags)
        elif kind == b"eXIf":
            _exif(bytes(content), tags)
        elif kind == b"sBIT" and size:
            tags.bits = max(content)
        elif kind == b"acTL" and size == 8:
            tags.frames = int.from_bytes(content[:4], "big")
        elif kind == b"IEND":
            return
        at = after


def _webp(data: bytes, tags: PictureTags) -> None:
    if int.from_bytes(data[4:8], "little") + 8 > len(data):
        tags.problem = "is truncated (its end is missing)"
    for kind, content in _riff_chunks(data, 12):
        if kind == b"EXIF":
            _exif(content.removeprefix(b"Exif\0\0"), tags)
        elif kind == b"ANIM":
            tags.frames = tags.frames or 0
        elif kind == b"ANMF":
            tags.frames = (tags.frames or 0) + 1
        if kind in (b"VP8 ", b"VP8L", b"ANMF") and _LOST_RUN in content:
            tags.problem = "is damaged (a part of its data is blank)"


def _riff_chunks(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _exif(data: bytes, tags: PictureTags) -> None:
    for page in tiff.read_tags(data).pages[:1]:
        tags.orientation = tiff.orientation(page)
        aspect = tiff.pixel_aspect(page)
        if aspect is not None:
            tags.aspects.append(aspect)


def _resolution(across: float, down: float, tags: PictureTags) -> None:
    """Pixels per unit of length; 0: not stated."""
    if across > 0 and down > 0:
        tags.aspects.append(down / across)
