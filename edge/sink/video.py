"""The annotated picture as a video that a kill or a power cut leaves readable."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.folder import make_folder, sink_error

TICKS_PER_S: Final = 1000
"""Matroska counts milliseconds."""
_CONTAINER_OPTIONS: Final = {"flush_packets": "1", "cluster_time_limit": "0"}
"""A cluster, the least that reaches the file, ends with each picture: a kill costs the last one or two."""
_CODECS: Final = {
    "libx264": {"preset": "ultrafast", "tune": "zerolatency", "qp": "21"},
    "mpeg4": {"qscale": "3"},
    "mjpeg": {"qscale": "3"},
}
"""The best first; which of them there are depends on how FFmpeg was built.

H.264 shares the loop's cores. With one quantizer for all it takes half the time of the preset "superfast" at a constant
rate factor of 20, for the same quality in up to twice the bytes: 0.5 MB/s at 640 x 480 and 25 frames/s.
"""
_BT601: Final = 6
_LIMITED_RANGE: Final = 1


class VideoSink(Closing):
    """`video-001.mkv` in `folder`, H.264 where FFmpeg has it, else MPEG-4 or Motion JPEG.

    A picture is shown as long as it was exposed: the times are those of the frames, and `fps` only fills in where a
    frame's time does not go on from the last one's. A picture of another size starts `video-002.mkv` and so on.
    """

    def __init__(self, folder: Path, fps: float = 25.0) -> None:
        if not 0.1 <= fps <= 1000:
            raise SettingError(f"a video has 0.1 to 1000 frames per second, not {fps}")
        self._folder = make_folder(folder)
        self._frame_ns = round(1e9 / fps)
        self._fps = fps
        self._number = 0
        self._shape: tuple[int, ...] | None = None
        self._file: _VideoFile | None = None
        self._exposed_ns = 0
        self._shown_ns = 0

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        if picture_bgr.shape != self._shape:
            self._start(picture_bgr.shape)
            self._shown_ns = 0
        else:
            step_ns = frame.exposed_ns - self._exposed_ns
            self._shown_ns += step_ns if step_ns > 0 else self._frame_ns
        self._exposed_ns = frame.exposed_ns
        assert self._file is not None
        self._file.add(picture_bgr, self._shown_ns)

    def close(self) -> None:
        file, self._file, self._shape = self._file, None, None
        if file is not None:
            file.close()

    def _start(self, shape: tuple[int, ...]) -> None:
        self.close()
        self._number += 1
        self._file = _VideoFile(self._folder / f"video-{self._number:03d}.mkv", shape[0], shape[1], self._fps)
        self._shape = shape


class _VideoFile:
    """One Matroska file with pictures of one size."""

    def __init__(self, path: Path, height: int, width: int, fps: float) -> None:
        self._path = path
        self._last_tick = -1
        self._guarded(lambda: self._open(height, width, fps))

    def add(self, picture_bgr: NDArray[np.uint8], shown_ns: int) -> None:
        """Shows `picture_bgr` from `shown_ns` after the file's start."""
        self._last_tick = max(self._last_tick + 1, round(shown_ns * TICKS_PER_S / 1e9))
        picture = self._encodable(even_sized(picture_bgr))
        picture.pts, picture.time_base = self._last_tick, Fraction(1, TICKS_PER_S)
        self._guarded(lambda: self._container.mux(self._stream.encode(picture)))

    def _encodable(self, picture_bgr: NDArray[np.uint8]) -> av.VideoFrame:
        """In the encoder's own form, of which FFmpeg then makes no further copy; where its planes fill whole rows."""
        if self._stream.pix_fmt != "yuv420p" or picture_bgr.shape[0] % 4:
            return av.VideoFrame.from_ndarray(picture_bgr, format="bgr24")
        planes = np.asarray(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
        picture = av.VideoFrame.from_numpy_buffer(planes, format="yuv420p")
        picture.colorspace, picture.color_range = _BT601, _LIMITED_RANGE
        return picture

    def close(self) -> None:
        try:
            self._guarded(lambda: self._container.mux(self._stream.encode(None)))
        finally:
            with self._file:
                self._guarded(self._container.close)

    def _open(self, height: int, width: int, fps: float) -> None:
        # FFmpeg itself would take what stands before a colon for a protocol, and no name that is not UTF-8.
        self._file = self._path.open("xb", buffering=0)
        self._container = av.open(self._file, "w", format="matroska", options=dict(_CONTAINER_OPTIONS))
        name = next(codec for codec in _CODECS if codec in av.codecs_available)
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = cast(VideoStream, self._container.add_stream(name, rate=rate, options=dict(_CODECS[name])))
        self._stream.height, self._stream.width = height + height % 2, width + width % 2
        self._stream.pix_fmt = "yuvj420p" if name == "mjpeg" else "yuv420p"
        context = self._stream.codec_context
        context.time_base = Fraction(1, TICKS_PER_S)
        context.thread_count = 1
        context.gop_size = max(1, round(fps))
        if name != "mjpeg":
            context.colorspace, context.color_range = _BT601, _LIMITED_RANGE

    def _guarded(self, action: Callable[[], Any]) -> None:
        """Turns what FFmpeg or the system says into SinkError; the file keeps what it holds."""
        try:
            action()
        except OSError as error:
            raise sink_error(error, self._path) from error
        except av.FFmpegError as error:
            raise sink_error(OSError(error.errno, str(error)), self._path) from error


def even_sized(picture_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its last row and column doubled where height or width is odd: what the codecs ask for."""
    height, width = picture_bgr.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return np.ascontiguousarray(picture_bgr)
    padded = cv2.copyMakeBorder(picture_bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return padded.astype(np.uint8, copy=False)
