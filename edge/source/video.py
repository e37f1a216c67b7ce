"""Frames from a video file, through PyAV (FFmpeg)."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.clock import Clock
from edge.errors import SourceFormatError
from edge.frame import Frame, Region
from edge.source.grey import coloured_region
from edge.source.recording import Recording, checked_file

_CURE = "record or copy the file again"


def open_video(rest: str, *, fps: float | None, clock: Clock) -> Recording:
    """Frames of the video file `rest`; `fps` paces them, their times are always the file's own.

    Grey is luma stretched to 0..255 where the video keeps to 16..235. Rotation tags are not followed. A damaged or
    truncated video gives every frame that it holds, then raises SourceFormatError. Raises SourceNotFoundError, or
    SourceFormatError where there is no video in it.
    """
    return Recording(_frames(checked_file(rest, "a video")), fps=fps, clock=clock)


@dataclass
class _Damage:
    """What a file promised and did not hold."""

    packets: int = 0
    bad_packets: int = 0
    broken_off: bool = False


@dataclass
class _Times:
    """Presentation times to nanoseconds from the first frame, never falling."""

    period_ns: int
    first_ns: int | None = None
    last_ns: int = field(default=-1)

    def position_ns(self, frame: VideoFrame) -> int:
        if frame.pts is None or frame.time_base is None:
            told_ns = self.last_ns + self.period_ns if self.first_ns is not None else 0
        else:
            absolute_ns = round(frame.pts * frame.time_base * 1_000_000_000)
            self.first_ns = absolute_ns if self.first_ns is None else self.first_ns
            told_ns = absolute_ns - self.first_ns
        self.last_ns = max(told_ns, self.last_ns + 1)
        return self.last_ns


def _frames(path: Path) -> Generator[Frame]:
    with _opened(path) as container:
        stream = _video_stream(path, container)
        if stream.codec_context.codec.intra_only:
            # A picture that the decoder patched up would be measured as if it were whole. Not for codecs whose pictures
            # build on each other: there a harmless oddity of an encoder would cost the video.
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
        times, damage = _Times(round(1e9 / float(stream.average_rate or 25))), _Damage()
        sequence = 0
        for picture in _pictures(container, stream, damage):
            grey = np.asarray(picture.to_ndarray(format="gray"), np.uint8)
            number = sequence + damage.bad_packets
            yield Frame(grey, times.position_ns(picture), number, f"video:{path.name}", coloured=_coloured(picture))
            sequence += 1
        problem = _problem(container, stream, damage, times)
    if sequence == 0:
        raise SourceFormatError(f"'{path}' holds no frame that can be decoded; {_CURE}")
    if problem:
        raise SourceFormatError(f"'{path}' {problem}; {sequence} frames were read; {_CURE}")


def _coloured(picture: VideoFrame) -> Region | None:
    """Looked for in a small copy, as sharp as colour is in most videos."""
    shrink = max(1, round(max(picture.width, picture.height) / 320))
    if picture.format.name.startswith("gray"):
        return None
    size = {"width": max(1, picture.width // shrink), "height": max(1, picture.height // shrink)}
    found = coloured_region(picture.reformat(**size, format="bgr24").to_ndarray())
    if found is None:
        return None
    return Region(*(shrink * part for part in (found.x, found.y, found.width, found.height)))


def _opened(path: Path) -> InputContainer:
    try:
        # Only files: a play list must not reach for the network.
        return av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except (FFmpegError, ValueError) as error:
        raise SourceFormatError(
            f"'{path}' is no video that can be read, or its index at the end is missing ({_reason(error)}); "
            f"expected MP4, MKV, AVI or the like; {_CURE}"
        ) from error


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    if not container.streams.video:
        held = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise SourceFormatError(f"'{path}' holds no pictures, only {held}; expected a video")
    return container.streams.video[0]


def _pictures(container: InputContainer, stream: VideoStream, damage: _Damage) -> Iterator[VideoFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            damage.broken_off = True
            return
        if packet is None:
            return
        damage.packets += packet.size > 0
        try:
            yield from packet.decode()
        except FFmpegError:
            damage.bad_packets += 1


def _problem(container: InputContainer, stream: VideoStream, damage: _Damage, times: _Times) -> str | None:
    """Why the file is not whole, or None."""
    if damage.packets < stream.frames:
        return f"is truncated ({damage.packets} of its {stream.frames} pictures are there)"
    if damage.broken_off:
        return "is truncated (it breaks off)"
    if damage.bad_packets:
        return f"is damaged ({damage.bad_packets} of {damage.packets} pictures cannot be decoded)"
    promised_ns = (container.duration or 0) * 1000 if len(container.streams) == 1 else 0
    if times.last_ns + 3 * times.period_ns + 200_000_000 < promised_ns:
        return f"is truncated (it ends at {times.last_ns / 1e9:.1f} of {promised_ns / 1e9:.1f} s)"
    return None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
