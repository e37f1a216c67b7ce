"""Frames from a camera or frame grabber (V4L2, UVC): always the newest, with unplug and replug."""

import errno
import re
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.clock import Clock
from edge.closing import Closing
from edge.errors import (
    SettingError,
    SourceBusyError,
    SourceError,
    SourceLostError,
    SourceNotFoundError,
    SourceStalledError,
)
from edge.frame import Frame
from edge.source.pixel_format import colour_of, grey_of, has_colour
from edge.source.recording import checked_fps, natural_key
from edge.source.v4l2 import RawPicture, UnfitCameraError, V4l2Camera

_SYS = Path("/sys/class/video4linux")
_DEV = Path("/dev")
_LOOK_S = 0.2
"""How long the grabbing thread waits for a picture before it looks whether it shall end."""
_RETRY_S = 0.5
_OLDEST_STAMP_NS = 5_000_000_000
"""A driver's stamp older than this at arrival is a broken clock, not an old picture."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One video device that may be opened as `camera:PATH`."""

    path: str
    """`/dev/video0`."""
    name: str
    """As the device names itself; empty where the kernel does not say."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    picture: RawPicture
    sequence: int
    exposed_ns: int


class CameraSource(Closing):
    """A camera that is read by its own thread, which keeps only the newest picture.

    However long the reader was away, `read` gives the last picture that came, never one from the driver's buffers.
    `sequence` counts the driver's pictures, a gap is what was never read. `exposed_ns` is the driver's monotonic stamp
    where it has one, else the time of arrival. When the camera is unplugged the next `read` raises SourceLostError; the
    thread then tries to open it again twice a second (also under another number, by its name), and reads that come
    after wait for it. So a caller that goes on reading gets frames again once it is plugged in.
    """

    live = True

    def __init__(self, path: str, *, size: tuple[int, int] | None, fps: float | None, clock: Clock) -> None:
        """Raises SourceNotFoundError, SourceBusyError or SourceError (no permission, no camera) at once."""
        self._path, self._size, self._fps, self._clock = path, size, fps, clock
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._newest: _Arrival | None = None
        self._loss: str | None = None
        self._loss_is_told = False
        self._last_sequence = -1
        camera = self._opened(path)
        self._name = camera.card
        self._thread = threading.Thread(target=self._grab, args=(camera,), name=f"camera {path}", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame that was not read yet; None once closed.

        Raises SourceStalledError where the connected camera sent none within `timeout_s`, SourceLostError at once when
        it was unplugged, and again after each `timeout_s` until it is back.
        """
        deadline = time.monotonic() + timeout_s
        damaged = 0
        while (arrival := self._wait(deadline, damaged)) is not None:
            layout = arrival.picture.layout
            pixels = grey_of(arrival.picture.data, layout)
            if pixels is not None:
                origin, aspect = f"camera:{self._path}", layout.pixel_aspect
                colour = partial(colour_of, arrival.picture.data, layout) if has_colour(layout.fourcc) else None
                exposed_ns, sequence = arrival.exposed_ns, arrival.sequence
                return Frame(pixels, exposed_ns, sequence, origin, colour=colour, pixel_aspect=aspect)
            damaged += 1
        return None

    def close(self) -> None:
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()

    def _wait(self, deadline: float, damaged: int) -> _Arrival | None:
        with self._changed:
            while not self._closed.is_set():
                if self._newest is not None:
                    arrival, self._newest = self._newest, None
                    return arrival
                late = time.monotonic() >= deadline
                if self._loss is not None and (late or not self._loss_is_told):
                    self._loss_is_told = True
                    raise SourceLostError(self._loss)
                if late:
                    raise SourceStalledError(self._stall(damaged))
                self._changed.wait(max(0.0, deadline - time.monotonic()))
            return None

    def _stall(self, damaged: int) -> str:
        if damaged:
            return (
                f"camera {self._path} ('{self._name}') sends damaged pictures only; use a shorter cable or another "
                "USB port, or ask for a smaller picture (camera:0@1280x720)"
            )
        return (
            f"camera {self._path} ('{self._name}') is connected but sends no frames; check that the scanner is on and "
            "its video cable sits, then unplug the camera and plug it in again"
        )

    def _grab(self, camera: V4l2Camera | None) -> None:
        while camera is not None:
            try:
                with camera:
                    self._drain(camera)
            except Exception as error:  # whatever ends this thread unseen would look like a silent camera
                self._lose(error)
            camera = self._reopened()

    def _drain(self, camera: V4l2Camera) -> None:
        # What came while it was unplugged can only be told as a gap.
        base = 0 if self._last_sequence < 0 else self._last_sequence + 2
        while not self._closed.is_set():
            picture = camera.newest(_LOOK_S)
            if picture is not None:
                # Some drivers leave their count at 0, and every one starts anew when it is opened again.
                self._last_sequence = max(self._last_sequence + 1, base + picture.sequence)
                self._put(_Arrival(picture, self._last_sequence, self._exposed_ns(picture)))

    def _exposed_ns(self, picture: RawPicture) -> int:
        now_ns = self._clock.now_ns()
        stamp_ns = picture.captured_ns
        return now_ns if stamp_ns is None or not 0 <= now_ns - stamp_ns <= _OLDEST_STAMP_NS else stamp_ns

    def _put(self, arrival: _Arrival) -> None:
        with self._changed:
            self._newest, self._loss, self._loss_is_told = arrival, None, False
            self._changed.notify_all()

    def _lose(self, error: Exception) -> None:
        gone = isinstance(error, OSError) and error.errno in (errno.ENODEV, errno.ENXIO, errno.EIO, errno.EPIPE)
        what = "was unplugged" if gone else f"failed ({error})"
        with self._changed:
            self._newest = None
            self._loss = f"camera {self._path} ('{self._name}') {what}; plug it in again, then reading goes on"
            self._changed.notify_all()

    def _reopened(self) -> V4l2Camera | None:
        while not self._closed.wait(_RETRY_S):
            for path in self._places():
                try:
                    return self._opened(path)
                except SourceError:
                    continue
        return None

    def _places(self) -> list[str]:
        """Where the camera may be back: its old path first, then a device of the same name."""
        return [self._path, *(c.path for c in list_cameras() if c.name == self._name and c.path != self._path)]

    def _opened(self, path: str) -> V4l2Camera:
        try:
            return V4l2Camera(path, self._size, self._fps)
        except UnfitCameraError as error:
            raise SourceError(f"camera {path} {error}") from error
        except OSError as error:
            raise camera_error(path, error) from error


def open_camera(rest: str, *, fps: float | None, clock: Clock) -> CameraSource:
    """The camera `rest`: a number, a device's path, or nothing for the first one; `@WIDTHxHEIGHT` asks for a size."""
    place, _, wanted = rest.partition("@")
    size = _size(wanted) if wanted else None
    return CameraSource(_path(place), size=size, fps=None if fps is None else checked_fps(fps), clock=clock)


def list_cameras(sys_folder: Path = _SYS, dev_folder: Path = _DEV) -> tuple[CameraInfo, ...]:
    """Every camera in natural order, empty where there is none. Opens no device.

    A UVC camera has a second node for data about its pictures, which is left out.
    """
    nodes = sorted(dev_folder.glob("video[0-9]*"), key=lambda node: natural_key(node.name))
    return tuple(
        CameraInfo(str(node), _line(sys_folder / node.name / "name"))
        for node in nodes
        if _line(sys_folder / node.name / "index") in ("", "0")
    )


def _cameras_in_words() -> str:
    """For a message: `cameras here: /dev/video0 (UVC Camera)`."""
    listed = ", ".join(f"{camera.path} ({camera.name or 'no name'})" for camera in list_cameras())
    return f"cameras here: {listed}" if listed else "this machine has no camera now"


def camera_error(path: str, error: OSError) -> SourceError:
    """What a failure to open means to the user."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO):
        return SourceNotFoundError(f"there is no camera {path}; {_cameras_in_words()}; plug it in or name another")
    if error.errno == errno.EBUSY:
        return SourceBusyError(f"camera {path} is in use by another program; close it (fuser -v {path} names it)")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceError(
            f"no permission to open camera {path}; add the user to the group 'video' "
            "(sudo usermod -aG video $USER) and log in again"
        )
    return SourceError(f"camera {path} cannot be opened ({error}); unplug it and plug it in again")


def _path(place: str) -> str:
    if place.isdecimal():
        return f"/dev/video{int(place)}"
    if place:
        return place
    cameras = list_cameras()
    if not cameras:
        raise SourceNotFoundError("this machine has no camera now; plug one in")
    return cameras[0].path


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise SettingError(f"a camera's size is written as WIDTHxHEIGHT, such as camera:0@1280x720, not '{text}'")
    return int(match[1]), int(match[2])


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
