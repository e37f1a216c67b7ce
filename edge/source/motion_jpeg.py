"""Motion JPEG straight from its packets: one decode checks a picture and gives it."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge.frame import Region
from edge.source import jpeg
from edge.source.grey import colour_of, coloured_region, to_grey

_MOST_HEADS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class JpegPicture:
    """What a packet holds, with the stamps that FFmpeg's frame of it would have."""

    pts: int
    time_base: Fraction
    grey: NDArray[np.uint8]
    """(height, width) as stored."""
    coloured: Region | None = None
    colour: Callable[[], NDArray[np.uint8]] | None = None
    """Gives it in colour when it is asked."""
    is_corrupt: bool = False
    """True: there is nothing in `grey`."""
    key_frame: bool = True


class MotionJpeg:
    """Reads the packets that are coded as one is that FFmpeg has read: of the first, FFmpeg says what else there is to
    know, such as two fields in a picture, or luma that keeps to 16..235."""

    def __init__(self) -> None:
        self._heads: set[jpeg.Head] = set()

    def learn(self, packet: "Packet[VideoStream]", picture: VideoFrame) -> None:
        """Takes note of how a whole picture was coded."""
        data = bytes(packet)
        is_full = picture.color_range == ColorRange.JPEG and picture.format.name.startswith(("yuvj", "gray"))
        if is_full and data.count(jpeg.START + b"\xff") == 1 and len(self._heads) < _MOST_HEADS:
            self._heads.add(jpeg.head(tuple(jpeg.segments(data))))

    def read(self, packet: "Packet[VideoStream]") -> JpegPicture | None:
        """The packet's picture; None where it is FFmpeg's to read."""
        data = bytes(packet)
        parts = tuple(jpeg.segments(data))
        if packet.pts is None or packet.time_base is None or jpeg.head(parts) not in self._heads:
            return None
        try:
            picture = jpeg.decode_stored(data, parts)
        except jpeg.DamagedJpegError:
            return JpegPicture(packet.pts, packet.time_base, np.zeros((0, 0), np.uint8), is_corrupt=True)
        except ValueError:
            return None
        return JpegPicture(packet.pts, packet.time_base, to_grey(picture), coloured_region(picture), colour_of(picture))
