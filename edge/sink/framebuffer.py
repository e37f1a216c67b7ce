"""The annotated picture on a board's own screen without a browser: Linux's frame buffer, such as /dev/fb0."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError, SinkError
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
    """Each annotated picture in the middle of the screen, as large as it fits. It ends black: a picture that stood on
    would be taken for a live one. Raises SettingError, SinkError."""

    def __init__(self, device: Path, geometry: Geometry | None = None) -> None:
        """geometry: None: as the system says."""
        self.geometry = geometry or geometry_of(device)
        self._device = device
        try:
            self._file = device.open("r+b", buffering=0)
        except OSError as error:
            raise sink_error(error, device) from error
        self._screen = np.zeros((self.geometry.height, self.geometry.stride), np.uint8)
        self._shape: tuple[int, ...] = ()
        self._card: NDArray[np.uint8] | None = None

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        self.show(picture_bgr)

    def show(self, picture_bgr: NDArray[np.uint8] | None, card_bgr: NDArray[np.uint8] | None = None) -> None:
        """picture_bgr: (height, width, 3) uint8; None: there is none yet. card_bgr: the same, as it stands at the
        screen's right, or as wide as the screen at its foot; the picture gets the rest."""
        wide, high = self.geometry.width, self.geometry.height
        if card_bgr is not self._card:
            self._screen[:] = 0
            self._shape, self._card = (), card_bgr
            if card_bgr is not None:
                self._put(card_bgr, wide - card_bgr.shape[1], high - card_bgr.shape[0])
        if card_bgr is not None:
            foot = card_bgr.shape[1] == wide
            wide, high = (wide, high - card_bgr.shape[0]) if foot else (wide - card_bgr.shape[1], high)
        if picture_bgr is not None:
            share = min(wide / picture_bgr.shape[1], high / picture_bgr.shape[0])
            size = max(1, round(picture_bgr.shape[1] * share)), max(1, round(picture_bgr.shape[0] * share))
            if size != self._shape:
                self._screen[:high, : wide * self.geometry.bits // 8] = 0
                self._shape = size
            how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
            resized = np.asarray(cv2.resize(picture_bgr, size, interpolation=how), np.uint8)
            self._put(resized, (wide - size[0]) // 2, (high - size[1]) // 2)
        self._write_out()

    def _put(self, picture_bgr: NDArray[np.uint8], x: int, y: int) -> None:
        rows = in_memory(picture_bgr, self.geometry.bits)
        left = x * self.geometry.bits // 8
        self._screen[y : y + len(rows), left : left + rows.shape[1]] = rows

    def _write_out(self) -> None:
        try:
            os.pwrite(self._file.fileno(), self._screen.data, 0)
        except OSError as error:
            raise sink_error(error, self._device) from error

    def close(self) -> None:
        """Closing twice is harmless."""
        if self._file.closed:
            return
        self._screen[:] = 0
        with suppress(SinkError):
            self._write_out()
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
