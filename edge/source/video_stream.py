"""A video's stream beside its pictures: which of them lost bytes, and the shape of their pixels."""

import re
from fractions import Fraction
from typing import Final

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.source import jpeg
from edge.source.motion_jpeg import JpegPicture

_FORBIDDEN: Final = re.compile(rb"\0\0[\0-\x02]")
"""Never inside a unit of H.264 or H.265, whose writers break such runs up (emulation prevention)."""
_FORBIDDEN_BETWEEN_STARTS: Final = re.compile(rb"\0\0(?:\x02|\0+(?:\x02|[^\0\x01]))")
"""The same where units are told apart by start codes, which zeros may lead up to."""
_LOST_RUN: Final = bytes(32)
"""In an arithmetic code so many bits without information stand for no picture."""
_LOST_END: Final = bytes(12)
"""More than fills a unit of H.264 or H.265 up to a whole number of machine words, before the next one's start code."""
_ARITHMETIC: Final = frozenset(("vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d"))
_UNITS: Final = frozenset(("h264", "hevc"))
_JPEG: Final = "mjpeg"
_REORDERED: Final = 16
"""Pictures that a decoder may hold back."""


class Damage:
    """What a file promised and did not hold. Decoders patch up what lost bytes, and build the next pictures on it."""

    def __init__(self, stream: VideoStream) -> None:
        self.packets = 0
        self.lost = 0
        """Pictures left out."""
        self.broken_off = False
        self._codec = stream.codec_context.name
        extra = bytes(stream.codec_context.extradata or b"")
        self._length_bytes = _length_bytes(self._codec, extra)
        self._is_suspect = False
        self._since_pts: int | None = None
        self._since_packet = 0

    def look_at(self, packet: "Packet[VideoStream]", *, is_read: bool = False) -> None:
        """Notices what the coded bytes show; before they are decoded. `is_read`: a JPEG's picture told that already."""
        if not packet.size:
            return
        self.packets += 1
        if packet.is_corrupt or not (is_read or self._is_whole(bytes(packet))):
            self._suspect(packet.pts)

    def not_decoded(self, packet: "Packet[VideoStream]") -> None:
        """Notices that no picture came of it."""
        self.lost += 1
        self._suspect(packet.pts)

    def complained_of(self, packet: "Packet[VideoStream]") -> None:
        """Notices that the decoder found an error in it."""
        self._suspect(packet.pts)

    def reaches(self, frame: VideoFrame | JpegPicture) -> bool:
        """Whether the picture is damaged, or may rest on one that is; it is then counted as lost."""
        if frame.is_corrupt:
            self._suspect(frame.pts)
        elif self._is_suspect and frame.key_frame and self._is_behind(frame.pts):
            self._is_suspect = False
        self.lost += self._is_suspect
        return self._is_suspect

    def _suspect(self, pts: int | None) -> None:
        self._is_suspect, self._since_pts, self._since_packet = True, pts, self.packets

    def _is_behind(self, pts: int | None) -> bool:
        """Whether a picture with that stamp was coded after the damage; stamps may begin anew within a file."""
        is_later = pts is not None and self._since_pts is not None and pts > self._since_pts
        return is_later or self.packets > self._since_packet + _REORDERED

    def _is_whole(self, data: bytes) -> bool:
        if self._codec in _UNITS:
            return _units_are_whole(data, self._length_bytes)
        if self._codec == _JPEG and data.count(b"\xff\xd8\xff") == 1:  # not of two fields
            try:
                jpeg.check(data)
            except jpeg.DamagedJpegError:
                return False
        return self._codec not in _ARITHMETIC or _LOST_RUN not in data


class PixelShape:
    """Width of a pixel over its height: the file's word, and the coded stream's, which may change on the way."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._of_file = _ratio(stream.sample_aspect_ratio)
        self._coded: float | None = None
        self._first_coded: float | None = None
        self._read = 0
        self._changed = -_REORDERED

    def of_next(self) -> tuple[float, tuple[str, ...]]:
        """The shape that holds for the picture decoded last, and doubts about it."""
        coded = _ratio(self._stream.codec_context.sample_aspect_ratio)
        if self._read == 0:
            self._first_coded = coded
        elif coded != self._coded:
            self._changed = self._read
        self._coded, self._read = coded, self._read + 1
        has_changed = coded is not None and coded != self._first_coded
        aspect = coded if has_changed else self._of_file or coded
        doubts = []
        if self._of_file and self._first_coded and abs(self._of_file / self._first_coded - 1) > 0.01:
            doubts.append(
                f"the file gives its pixels a width of {self._of_file:.3g} heights, its stream {coded or 1:.3g}"
            )
        if self._read - self._changed <= _REORDERED:
            doubts.append("the shape of the pixels changes within the file, about here")
        return aspect or 1.0, tuple(doubts)


def _ratio(stated: Fraction | None) -> float | None:
    return float(stated) if stated else None


def _length_bytes(codec: str, extra: bytes) -> int:
    """Bytes of the length before each unit, as the container's header says; 0: start codes stand there."""
    if extra[:1] != b"\x01":
        return 0
    at = 4 if codec == "h264" else 21
    return (extra[at] & 3) + 1 if len(extra) > at else 0


def _units_are_whole(data: bytes, length_bytes: int) -> bool:
    if not length_bytes:
        return _LOST_END not in data and _FORBIDDEN_BETWEEN_STARTS.search(data.rstrip(b"\0")) is None
    at = 0
    while at + length_bytes <= len(data):
        start = at + length_bytes
        at = start + int.from_bytes(data[at:start], "big")
        if at == start or at > len(data) or _FORBIDDEN.search(data, start, at) is not None:
            return False
    return at == len(data)
