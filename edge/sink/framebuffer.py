"""The annotated picture on a board's own screen without a browser: Linux's frame buffer, such as /dev/fb0."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.contract import Sink
from edge.sink.folder import sink_error

SYSFS: Final = Path("/sys/class/graphics")
_CODES: Final = {16: cv2.COLOR_BGR2BGR565, 32: cv2.COLOR_BGR2BGRA}
"""Bits of a pixel: from BGR to how Linux's usual drivers have it in memory."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Of a screen."""

    width: int
    height: int
    bits: int
    """Of a pixel: 16 (565), 24 or 32."""
    stride: int
    """Bytes from one row to the next."""

    def __post_init__(self) -> None:
        if self.bits not in (*_CODES, 24) or min(self.width, self.height) < 1:
            raise SettingError(f"a screen of {self.width} x {self.height} with {self.bits} bits a pixel is not known")
        if self.stride < self.width * self.bits // 8:
            raise SettingError(f"rows of {self.width} pixels with {self.bits} bits do not fit into {self.stride} bytes")


def geometry_of(device: Path, sysfs: Path = SYSFS) -> Geometry:
    """What the system says of a frame buffer. Raises SettingError where it knows none of that name."""
    folder = sysfs / device.name
    try:
        width, height = (int(part) for part in (folder / "virtual_size").read_text().split(","))
        bits, stride = (int((folder / name).read_text()) for name in ("bits_per_pixel", "stride"))
    except (OSError, ValueError) as error:
        raise SettingError(
            f"{device} is no frame buffer that this system knows ({error}); see which there are: ls /dev/fb*"
        ) from error
    return Geometry(width, height, bits, stride)


class FramebufferSink(Closing):
    """Each annotated picture in the middle of the screen, as large as it fits. Raises SettingError, SinkError."""

    def __init__(self, device: Path, geometry: Geometry | None = None) -> None:
        """geometry: None: as the system says."""
        self._geometry = geometry or geometry_of(device)
        self._device = device
        try:
            self._file = device.open("r+b", buffering=0)
        except OSError as error:
            raise sink_error(error, device) from error
        self._screen = np.zeros((self._geometry.height, self._geometry.stride), np.uint8)
        self._shape: tuple[int, ...] = ()

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        self.show(picture_bgr)

    def show(self, picture_bgr: NDArray[np.uint8]) -> None:
        """picture_bgr: (height, width, 3) uint8."""
        screen = self._geometry
        height, width = picture_bgr.shape[:2]
        share = min(screen.width / width, screen.height / height)
        wide, high = max(1, round(width * share)), max(1, round(height * share))
        how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
        pixels = in_memory(cv2.resize(picture_bgr, (wide, high), interpolation=how), screen.bits)
        if (high, wide) != self._shape:
            self._screen[:] = 0
            self._shape = (high, wide)
        top, left = (screen.height - high) // 2, (screen.width - wide) // 2 * screen.bits // 8
        self._screen[top : top + high, left : left + pixels.shape[1]] = pixels
        try:
            os.pwrite(self._file.fileno(), self._screen.data, 0)
        except OSError as error:
            raise sink_error(error, self._device) from error

    def close(self) -> None:
        self._file.close()


def in_memory(picture_bgr: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """(height, bytes of a row) uint8 as a screen of so many bits a pixel has it."""
    pixels = cv2.cvtColor(picture_bgr, _CODES[bits]) if bits in _CODES else picture_bgr
    rows: NDArray[np.uint8] = np.ascontiguousarray(pixels).reshape(len(pixels), -1).view(np.uint8)
    return rows


class LentSink(Closing):
    """A sink for one run of several, which the runs leave open."""

    def __init__(self, inner: Sink) -> None:
        self._inner = inner

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        self._inner.write(frame, finding, picture_bgr)

    def close(self) -> None:
        """Nothing: whoever lent it closes it."""
