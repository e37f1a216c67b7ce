"""The pictures of the last seconds, compressed, for a person who scrolls back once the picture is frozen."""

import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from edge.finding import Finding, MaskMark, PanoramaMark
from edge.frame import Frame
from edge.viewer.to_page import Shown

SECONDS: Final = 10.0
MOST_BYTES: Final = 96 * 2**20
"""Of all that is kept: ten seconds of 640 x 480 at 30 frames/s take 30 MB; of a screen in full HD there are fewer."""
QUALITY: Final = 92
"""JPEG: what is lost is a grey level or two; the newest picture stays as it was."""
_FAST: Final = 1


def to_jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """picture: (height, width) grey or (height, width, 3) BGR."""
    planes = np.ascontiguousarray(picture if picture.ndim == 3 else picture[:, :, np.newaxis])
    data: bytes = simplejpeg.encode_jpeg(planes, quality, colorspace=_spaces(picture.ndim == 3), fastdct=True)
    return data


def of_jpeg(jpeg: bytes) -> NDArray[np.uint8]:
    """As `to_jpeg` was given it."""
    coloured = simplejpeg.decode_jpeg_header(jpeg)[2] != "Gray"
    picture: NDArray[np.uint8] = simplejpeg.decode_jpeg(jpeg, colorspace=_spaces(coloured), fastdct=True)
    return picture if coloured else picture[:, :, 0]


def _spaces(coloured: bool) -> str:
    return "BGR" if coloured else "GRAY"


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """One picture with what was found in it."""

    number: int
    exposed_ns: int
    jpeg: bytes
    shown: Shown
    bytes: int
    restored: Callable[[], tuple[Frame, Finding]]
    """Frame and finding as they were, the pixels as the JPEG has them; without a panorama, of which each frame has
    another, and without the colour of a picture in which nothing was coloured."""


def kept(frame: Frame, finding: Finding, shown: Shown) -> Kept:
    jpeg = to_jpeg(frame.picture(), QUALITY)
    bare = replace(frame, pixels=_NO_PIXELS, colour=None)
    masks = [(mark, zlib.compress(np.ascontiguousarray(mark.mask).tobytes(), _FAST)) for mark in _masks(finding)]
    empty = {id(mark): replace(mark, mask=_NO_PIXELS) for mark, _ in masks}
    marks = (empty.get(id(mark), mark) for mark in finding.marks if not isinstance(mark, PanoramaMark))
    without = replace(finding, marks=tuple(marks))
    packed = [(empty[id(mark)], data, mark.mask.shape) for mark, data in masks]

    def restored() -> tuple[Frame, Finding]:
        full = {
            id(mark): replace(mark, mask=np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape))
            for mark, data, shape in packed
        }
        picture = of_jpeg(jpeg)
        if picture.ndim == 3:
            grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
            seen = replace(bare, pixels=grey, colour=lambda: picture)
        else:
            seen = replace(bare, pixels=picture)
        return seen, replace(without, marks=tuple(full.get(id(m), m) for m in without.marks))

    size = len(jpeg) + sum(len(data) for _, data, _ in packed) + _array_bytes(without)
    return Kept(shown.id, frame.exposed_ns, jpeg, shown, size, restored)


class Cine:
    """Those of the last seconds, within a bound of memory. Not safe for threads: its owner locks."""

    def __init__(self, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._seconds, self._most_bytes = seconds, most_bytes
        self._pictures: deque[Kept] = deque()
        self.bytes = 0

    def add(self, picture: Kept) -> None:
        self._pictures.append(picture)
        self.bytes += picture.bytes
        oldest_ns = picture.exposed_ns - round(self._seconds * 1e9)
        while len(self._pictures) > 1 and (self._pictures[0].exposed_ns < oldest_ns or self.bytes > self._most_bytes):
            self.bytes -= self._pictures.popleft().bytes

    def clear(self) -> None:
        self._pictures.clear()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> Kept:
        return self._pictures[index]


_NO_PIXELS: Final = np.zeros((1, 1), np.uint8)


def _masks(finding: Finding) -> list[MaskMark]:
    return [mark for mark in finding.marks if isinstance(mark, MaskMark)]


def _array_bytes(finding: Finding) -> int:
    """Of what the marks hold, as far as it counts."""
    arrays = (getattr(mark, name, None) for mark in finding.marks for name in ("points", "angle_deg", "confidence"))
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
