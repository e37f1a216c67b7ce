"""Frames from a video file, through PyAV (FFmpeg)."""

import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import av
import av.logging
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge.clock import Clock
from edge.errors import SourceFormatError
from edge.frame import Frame, Region
from edge.source.grey import coloured_region, may_be_coloured
from edge.source.motion_jpeg import JpegPicture, MotionJpeg
from edge.source.orientation import UPRIGHT, Orientation, of_matrix
from edge.source.recording import Recording, checked_file, shown
from edge.source.video_stream import Damage, PixelShape

_CURE = "record or copy the file again"
_CHECKS = "crccheck+bitstream+buffer"
_PLANAR = frozenset(
    f"yuv{range_}{layout}p" for range_ in ("", "j") for layout in ("410", "411", "420", "422", "440", "444")
)
_BARE_STREAMS = frozenset(
    ("h264", "hevc", "m4v", "mjpeg", "mpegvideo", "h263", "obu", "vvc", "cavsvideo", "dirac", "vc1")
)


def open_video(rest: str, *, fps: float | None, clock: Clock) -> Recording:
    """Frames of the video file `rest`; `fps` paces them. Their times are the file's own; a bare stream that has none
    gets them from `fps`.

    Grey is luma stretched to 0..255 where the video keeps to 16..235. Pictures are turned as the file says. What lost
    bytes, and what follows it until a picture that stands alone, is left out; a damaged or truncated video gives every
    other frame that it holds, then raises SourceFormatError. Raises SourceNotFoundError, or SourceFormatError where
    there is no video in it or its display matrix slants.
    """
    return Recording(_frames(checked_file(rest, "a video"), fps), fps=fps, clock=clock)


@dataclass
class _Times:
    """Presentation times to nanoseconds from the first frame, never falling."""

    period_ns: int
    first_ns: int | None = None
    last_ns: int = field(default=-1)

    def position_ns(self, frame: VideoFrame | JpegPicture | None) -> int:
        """Of a picture; None: of one whose stamps were made up."""
        if frame is None or frame.pts is None or frame.time_base is None:
            told_ns = self.last_ns + self.period_ns if self.last_ns >= 0 else 0
        else:
            absolute_ns = round(frame.pts * frame.time_base * 1_000_000_000)
            self.first_ns = absolute_ns if self.first_ns is None else self.first_ns
            told_ns = absolute_ns - self.first_ns
        self.last_ns = max(told_ns, self.last_ns + 1)
        return self.last_ns


def _frames(path: Path, fps: float | None) -> Generator[Frame]:
    name = shown(path.name)
    with _opened(path) as container:
        stream = _video_stream(path, container)
        stands_alone = stream.codec_context.codec.intra_only
        # Where pictures build on each other a harmless oddity at which a decoder stops would cost the video.
        stream.codec_context.options = {"err_detect": _CHECKS + ("+explode" if stands_alone else "")}
        if not stands_alone or stream.codec_context.name == "mjpeg":
            # By one thread: so what the decoder complains of is told while it decodes the packet in question.
            stream.codec_context.thread_count = 1
        is_timed = fps is not None or not _is_bare(container)
        rate = fps if fps and _is_bare(container) else float(stream.average_rate or 25)
        times, shape, damage = _Times(round(1e9 / rate)), PixelShape(stream), Damage(stream)
        turn, rotation = UPRIGHT, None
        converter = _Converter()
        sequence = 0
        for picture in _pictures(container, stream, damage):
            is_lost = damage.reaches(picture)
            aspect, doubts = shape.of_next()
            exposed_ns = times.position_ns(None if _is_bare(container) else picture)
            if is_lost:
                continue
            if isinstance(picture, JpegPicture):
                grey, coloured, colour = picture.grey, picture.coloured, picture.colour
            else:
                if picture.rotation != rotation:
                    # Once: a frame whose side data was looked at is kept until garbage is collected.
                    turn, rotation = _orientation(path, picture), picture.rotation
                grey, coloured, colour = converter.grey(picture), converter.coloured(picture), _colour_of(picture)
            yield Frame(
                turn.turned(grey),
                exposed_ns,
                sequence + damage.lost,
                f"video:{name}",
                coloured=coloured and turn.turned_box(coloured, *grey.shape[::-1]),
                colour=colour and partial(_turned, turn, colour),
                pixel_aspect=turn.turned_aspect(aspect),
                doubts=doubts,
                timed=is_timed,
            )
            sequence += 1
        problem = _problem(container, stream, damage, times)
    if sequence == 0:
        raise SourceFormatError(f"'{shown(path)}' holds no frame that can be decoded; {_CURE}")
    if problem:
        raise SourceFormatError(f"'{shown(path)}' {problem}; {sequence} frames were read; {_CURE}")


def _is_bare(container: InputContainer) -> bool:
    """A stream of pictures without times, for which the library would make up a rate."""
    return container.format.name in _BARE_STREAMS


def _orientation(path: Path, picture: VideoFrame) -> Orientation:
    matrix = picture.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return UPRIGHT
    try:
        return of_matrix(np.frombuffer(cast(bytes, matrix), np.int32)[:9].tolist())
    except ValueError as error:
        raise SourceFormatError(
            f"'{shown(path)}' cannot be shown upright: {error}; save it anew (ffmpeg -i FILE NEW.mkv)"
        ) from error


def _colour_of(picture: VideoFrame) -> Callable[[], NDArray[np.uint8]] | None:
    """What gives it in colour when it is asked; None of a grey one."""
    return None if picture.format.name.startswith("gray") else partial(_bgr, picture)


def _bgr(picture: VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)


def _turned(turn: Orientation, colour: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return turn.turned(colour())


class _Converter:
    """Pictures as FFmpeg gives them to grey, and where they were coloured. Kept for a whole video, because what FFmpeg
    needs to convert one of a kind takes longer to make than the picture to convert."""

    def __init__(self) -> None:
        self._to_grey, self._to_small = VideoReformatter(), VideoReformatter()

    def grey(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """(height, width)"""
        return np.asarray(self._to_grey.reformat(picture, format="gray").to_ndarray(), np.uint8)

    def coloured(self, picture: VideoFrame) -> Region | None:
        """Looked for in a small copy, as sharp as colour is in most videos."""
        name, planes = picture.format.name, picture.planes
        if name.startswith("gray"):
            return None
        if name in _PLANAR and not may_be_coloured(*(_pixels(plane) for plane in planes[1:])):
            return None
        shrink = max(1, round(max(picture.width, picture.height) / 320))
        size = {"width": max(1, picture.width // shrink), "height": max(1, picture.height // shrink)}
        found = coloured_region(self._to_small.reformat(picture, **size, format="bgr24").to_ndarray())
        if found is None:
            return None
        return Region(*(shrink * part for part in (found.x, found.y, found.width, found.height)))


def _pixels(plane: VideoPlane) -> NDArray[np.uint8]:
    """(height, width) of a plane with 8 bits a sample, as a view."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _opened(path: Path) -> InputContainer:
    _hear_complaints()
    try:
        # Only files: a play list must not reach for the network.
        return av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except (FFmpegError, ValueError) as error:
        raise SourceFormatError(
            f"'{shown(path)}' is no video that can be read, or its index at the end is missing ({_reason(error)}); "
            f"expected MP4, MKV, AVI or the like; {_CURE}"
        ) from error


def _hear_complaints() -> None:
    """Many decoders patch up what is damaged and say so in their log alone. What is not captured is not shown."""
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    log = logging.getLogger("libav")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
        log.propagate = False


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    if not container.streams.video:
        held = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise SourceFormatError(f"'{shown(path)}' holds no pictures, only {held}; expected a video")
    return container.streams.video[0]


def _pictures(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[VideoFrame | JpegPicture]:
    packets = container.demux(stream)
    jpegs = MotionJpeg() if stream.codec_context.name == "mjpeg" else None
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            damage.broken_off = True
            return
        if packet is None:
            return
        picture = jpegs.read(packet) if jpegs else None
        damage.look_at(packet, is_read=picture is not None)
        if picture is not None:
            yield picture
            continue
        pictures: list[VideoFrame] = []
        with av.logging.Capture() as complaints:
            try:
                pictures = packet.decode()
            except FFmpegError:
                damage.not_decoded(packet)
        if complaints:
            damage.complained_of(packet)
        if jpegs and len(pictures) == 1 and not complaints:
            jpegs.learn(packet, pictures[0])
        yield from pictures


def _problem(container: InputContainer, stream: VideoStream, damage: Damage, times: _Times) -> str | None:
    """Why the file is not whole, or None."""
    if damage.packets < stream.frames:
        return f"is truncated ({damage.packets} of its {stream.frames} pictures are there)"
    if damage.broken_off:
        return "is truncated (it breaks off)"
    if damage.lost:
        return f"is damaged ({damage.lost} of {damage.packets} pictures cannot be decoded, or rest on lost ones)"
    promised_ns = (container.duration or 0) * 1000 if len(container.streams) == 1 else 0
    if times.last_ns + 3 * times.period_ns + 200_000_000 < promised_ns:
        return f"is truncated (it ends at {times.last_ns / 1e9:.1f} of {promised_ns / 1e9:.1f} s)"
    return None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
