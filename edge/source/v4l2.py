"""A Video4Linux2 camera, straight from the kernel's interface.

Through OpenCV or FFmpeg neither the driver's frame number nor the reason of a failure can be had, and both hand out the
driver's oldest buffer; all three matter here. The structures stand in v4l2_abi, because the bindings that have them all
are under the GPL, which would bind whoever ships this package under its own licence.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import select
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from edge.closing import Closing
from edge.source import v4l2_abi as abi
from edge.source.picture_tags import nearly_square
from edge.source.pixel_format import RAW_FORMATS, RawFormat, is_luma_limited

_BUFFERS = 4
_LARGEST_PX = 1920 * 1080
"""More than any scanner's screen shows; a 4K mode of a grabber is that screen blown up."""
_FLUENT_FPS = 20.0
_Payload = TypeVar("_Payload", bound=ctypes.Structure | ctypes.c_int)


class UnfitCameraError(Exception):
    """The device answers, but cannot be used as a camera; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way that the camera can send pictures."""

    fourcc: str
    width: int
    height: int
    fps: float | None = None
    """The fastest at this size. None: the driver does not say."""


@dataclass(frozen=True, slots=True)
class RawPicture:
    """One buffer of the driver, copied."""

    data: bytes
    layout: RawFormat
    sequence: int
    """The driver's own count; it goes on where the driver itself had no buffer to fill."""
    captured_ns: int | None
    """The driver's CLOCK_MONOTONIC time; None where it has another clock or none."""


class V4l2Camera(Closing):
    """An open, streaming camera. Not for use by two threads at once. Errors of the kernel come as OSError."""

    def __init__(self, path: str, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        with ExitStack() as stack:
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            stack.callback(os.close, self._fd)
            self.card = _card(self._fd)
            """The name that the device gives itself."""
            layout = _set_format(self._fd, size, fps)
            self.layout = replace(layout, pixel_aspect=_pixel_aspect(self._fd, layout))
            self._maps = [stack.enter_context(_mapped(self._fd, index)) for index in range(_request_buffers(self._fd))]
            for index in range(len(self._maps)):
                self._queue(index)
            _ioctl(self._fd, abi.STREAMON, ctypes.c_int(abi.CAPTURE))
            stack.callback(_stop, self._fd)
            self._open = stack.pop_all()
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def newest(self, timeout_s: float) -> RawPicture | None:
        """The newest filled buffer, older ones given back unread, or None where none came in time."""
        self._poll.poll(timeout_s * 1000)
        newest: abi.Buffer | None = None
        while (buffer := self._dequeue()) is not None:
            if buffer.flags & abi.FLAG_ERROR:
                self._queue(buffer.index)
                continue
            if newest is not None:
                self._queue(newest.index)
            newest = buffer
        if newest is None:
            return None
        data = self._maps[newest.index][: newest.bytesused or len(self._maps[newest.index])]
        self._queue(newest.index)
        return RawPicture(data, self.layout, newest.sequence, _captured_ns(newest))

    def close(self) -> None:
        self._open.close()

    def _dequeue(self) -> abi.Buffer | None:
        try:
            return _ioctl(self._fd, abi.DQBUF, abi.Buffer(type=abi.CAPTURE, memory=abi.MMAP))
        except BlockingIOError:
            return None

    def _queue(self, index: int) -> None:
        _ioctl(self._fd, abi.QBUF, abi.Buffer(index=index, type=abi.CAPTURE, memory=abi.MMAP))


def choose_mode(modes: Sequence[Mode], size: tuple[int, int] | None, fps: float | None) -> Mode | None:
    """The largest picture up to 1920 x 1080 that comes at `fps` (20 where not asked for), else the fastest.

    A grabber squeezes the scanner's screen into its smaller modes and bends the scale with it, so large goes first; at
    the same size uncompressed goes before JPEG. `size` (width, height) leaves only that size. None: nothing fits.
    """
    wanted_fps = fps or _FLUENT_FPS

    def rank(mode: Mode) -> tuple[bool, bool, float, int]:
        area = mode.width * mode.height
        fluent = mode.fps is None or mode.fps >= 0.95 * wanted_fps
        worth = area if fluent else (mode.fps or 0.0)
        return area <= _LARGEST_PX, fluent, worth, -RAW_FORMATS.index(mode.fourcc)

    fitting = [m for m in modes if m.fourcc in RAW_FORMATS and size in (None, (m.width, m.height))]
    return max(fitting, key=rank, default=None)


def _ioctl(fd: int, number: int, payload: _Payload) -> _Payload:
    fcntl.ioctl(fd, number, payload)
    return payload


def _card(fd: int) -> str:
    try:
        held = _ioctl(fd, abi.QUERYCAP, abi.Capability())
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            raise UnfitCameraError("is no video device; give a camera's /dev/video*") from error
        raise
    abilities = held.device_caps if held.capabilities & abi.CAP_DEVICE_CAPS else held.capabilities
    if not (abilities & abi.CAP_CAPTURE and abilities & abi.CAP_STREAMING):
        raise UnfitCameraError("gives no pictures (it is a camera's data node); take its other /dev/video*")
    return bytes(held.card).decode(errors="replace")


def _set_format(fd: int, size: tuple[int, int] | None, fps: float | None) -> RawFormat:
    modes = list(_modes(fd))
    mode = choose_mode(modes, size, fps)
    if mode is None and modes:
        offered = ", ".join(sorted({f"{m.width}x{m.height}" for m in modes if m.fourcc in RAW_FORMATS})) or "none"
        raise UnfitCameraError(f"has no fitting mode; ask for one of: {offered}")
    wanted = _ioctl(fd, abi.G_FMT, abi.Format(type=abi.CAPTURE))
    pix = wanted.fmt.pix
    if mode is not None:
        pix.pixelformat, pix.width, pix.height = _code(mode.fourcc), mode.width, mode.height
    elif size is not None:
        pix.width, pix.height = size
    pix.bytesperline = pix.sizeimage = pix.field = 0
    layout = _layout(_ioctl(fd, abi.S_FMT, wanted).fmt.pix)
    if layout.fourcc not in RAW_FORMATS:
        raise UnfitCameraError(f"sends '{layout.fourcc}' pictures; read are {', '.join(RAW_FORMATS)}")
    if size is not None and size != (layout.width, layout.height):
        raise UnfitCameraError(f"sends {layout.width}x{layout.height}, not {size[0]}x{size[1]}; leave the size out")
    _set_rate(fd, fps or (mode.fps if mode else None))
    return layout


def _layout(pix: abi.PixelFormat) -> RawFormat:
    fourcc = _text(pix.pixelformat)
    full = pix.quantization == abi.QUANTIZATION_FULL or (
        pix.quantization == abi.QUANTIZATION_DEFAULT
        and (pix.colorspace == abi.COLORSPACE_JPEG or not is_luma_limited(fourcc))
    )
    return RawFormat(fourcc, pix.width, pix.height, pix.bytesperline, full)


def _pixel_aspect(fd: int, layout: RawFormat) -> float:
    """Width of a pixel over its height, which drivers of analogue grabbers tell; 1 where it is not told."""
    try:
        told = _ioctl(fd, abi.CROPCAP, abi.CropCapability(type=abi.CAPTURE))
    except OSError:
        return 1.0
    sampled = told.defrect
    if not (told.numerator and told.denominator and sampled.width and sampled.height):
        return 1.0
    across, down = sampled.width / layout.width, sampled.height / layout.height
    return nearly_square(told.denominator / told.numerator * across / down)


def _set_rate(fd: int, fps: float | None) -> None:
    if fps is None:
        return
    rate = abi.StreamParameters(type=abi.CAPTURE, numerator=1000, denominator=round(fps * 1000))
    try:
        _ioctl(fd, abi.S_PARM, rate)
    except OSError as error:
        if error.errno not in (errno.ENOTTY, errno.EINVAL):  # many grabbers have one rate and no such control
            raise


def _modes(fd: int) -> Iterator[Mode]:
    for description in _listed(fd, abi.ENUM_FMT, lambda index: abi.FormatDescription(index=index, type=abi.CAPTURE)):
        code = description.pixelformat
        for size in _listed(fd, abi.ENUM_FRAMESIZES, lambda index, c=code: abi.FrameSize(index=index, pixel_format=c)):
            numbers = size.numbers
            width, height = (numbers[0], numbers[1]) if size.type == abi.DISCRETE else (numbers[1], numbers[4])
            yield Mode(_text(code), width, height, _fastest(fd, code, width, height))
            if size.type != abi.DISCRETE:
                break


def _fastest(fd: int, code: int, width: int, height: int) -> float | None:
    def entry(index: int) -> abi.FrameInterval:
        return abi.FrameInterval(index=index, pixel_format=code, width=width, height=height)

    intervals = _listed(fd, abi.ENUM_FRAMEINTERVALS, entry)
    return max((each.numbers[1] / each.numbers[0] for each in intervals if each.numbers[0]), default=None)


def _listed(fd: int, number: int, entry: Any) -> Iterator[Any]:
    """What the driver answers to index 0, 1, ... until it has no more, or does not know the question."""
    for index in range(256):
        try:
            yield _ioctl(fd, number, entry(index))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return
            raise


def _request_buffers(fd: int) -> int:
    asked = abi.RequestBuffers(count=_BUFFERS, type=abi.CAPTURE, memory=abi.MMAP)
    return int(_ioctl(fd, abi.REQBUFS, asked).count)


def _mapped(fd: int, index: int) -> mmap.mmap:
    buffer = _ioctl(fd, abi.QUERYBUF, abi.Buffer(index=index, type=abi.CAPTURE, memory=abi.MMAP))
    return mmap.mmap(fd, buffer.length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=buffer.m.offset)


def _stop(fd: int) -> None:
    with suppress(OSError):  # an unplugged device cannot be told
        _ioctl(fd, abi.STREAMOFF, ctypes.c_int(abi.CAPTURE))


def _captured_ns(buffer: abi.Buffer) -> int | None:
    stamp_ns = buffer.timestamp.seconds * 1_000_000_000 + buffer.timestamp.microseconds * 1000
    return stamp_ns if buffer.flags & abi.FLAG_CLOCK_MASK == abi.FLAG_CLOCK_MONOTONIC and stamp_ns > 0 else None


def _text(code: int) -> str:
    return code.to_bytes(4, "little").decode("latin-1").rstrip("\0 ")


def _code(fourcc: str) -> int:
    return int.from_bytes(fourcc.ljust(4).encode("latin-1"), "little")
