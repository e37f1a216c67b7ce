"""Results as PNG files: annotated pictures and panoramas for people, label masks for evaluation and training."""

import errno
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError, SinkError
from edge.finding import Finding, MaskMark, PanoramaMark
from edge.frame import Frame
from edge.sink.folder import make_folder, sink_error, write_whole

PANORAMA_NAME: Final = "panorama.png"
_STILLS: Final = "stills:"
_NAME_BYTES: Final = 255
"""Where the disk does not say."""
_FAST_COMPRESSION: Final = 1
"""zlib level: noise hardly gets smaller above it, and the time grows many times."""


class StillsSink(Closing):
    """`stills/NAME.png` in `folder`: every `every`-th result, and each one whose verdict differs from the last one's.

    `every=1` keeps all, `every=None` only the changes of verdict. A file is there whole or not at all.
    """

    def __init__(self, folder: Path, every: int | None = 1) -> None:
        if every is not None and every < 1:
            raise SettingError(f"stills are kept every 1 or more frames, not every {every}")
        self._folder = make_folder(folder / "stills")
        self._every = every
        self._seen = 0
        self._last_verdict: str | None = None

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        if self._wanted(finding):
            write_whole(picture_path(self._folder, frame), png_bytes(picture_bgr))
        self._seen += 1
        self._last_verdict = finding.verdict

    def _wanted(self, finding: Finding) -> bool:
        in_turn = self._every is not None and self._seen % self._every == 0
        return in_turn or finding.verdict != self._last_verdict


class MasksSink(Closing):
    """`masks/NAME.png` in `folder`, one per result: the label mask in the size of the source's picture.

    A refused finding without marks gives an empty mask, so that every frame has one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = make_folder(folder / "masks")

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        masks = tuple(mark for mark in finding.marks if isinstance(mark, MaskMark))
        labels = label_mask((frame.pixels.shape[0], frame.pixels.shape[1]), masks)
        write_whole(picture_path(self._folder, frame), png_bytes(labels))


def panorama_of(finding: Finding) -> PanoramaMark | None:
    return next((mark for mark in finding.marks if isinstance(mark, PanoramaMark)), None)


def _plane(mark: PanoramaMark) -> NDArray[np.uint8]:
    return mark.plane


class PanoramaSink(Closing):
    """`panorama.png` in `folder`, written as it is closed: the last panorama of the run. No file where there was none.
    Raises SinkError where an earlier run left one.

    draw: the picture of a panorama, grey or BGR.
    """

    def __init__(self, folder: Path, draw: Callable[[PanoramaMark], NDArray[np.uint8]] = _plane) -> None:
        self._path, self._draw = make_folder(folder) / PANORAMA_NAME, draw
        if self._path.exists():
            raise sink_error(FileExistsError(errno.EEXIST, ""), self._path)
        self._last: PanoramaMark | None = None

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        self._last = panorama_of(finding) or self._last

    def close(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            write_whole(self._path, png_bytes(self._draw(last)))


def label_mask(shape: tuple[int, int], masks: tuple[MaskMark, ...]) -> NDArray[np.uint8]:
    """(height, width) uint8 of `shape`: 0 background, else the label of the last mask that covers the pixel.

    What lies outside the picture is cut off.
    """
    labels = np.zeros(shape, np.uint8)
    for mark in masks:
        x, y = mark.origin
        inside = mark.mask[max(0, -y) :, max(0, -x) :]
        target = labels[max(0, y) :, max(0, x) :][: inside.shape[0], : inside.shape[1]]
        target[inside[: target.shape[0], : target.shape[1]] != 0] = mark.label
    return labels


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """PNG of a (height, width) grey or (height, width, 3) BGR uint8 picture. Raises SinkError."""
    done, content = cv2.imencode(".png", picture, (cv2.IMWRITE_PNG_COMPRESSION, _FAST_COMPRESSION))
    if not done:
        raise SinkError(f"a picture of shape {picture.shape} cannot be written as PNG; expected grey or BGR")
    return content.tobytes()


def picture_path(folder: Path, frame: Frame) -> Path:
    """`knee.png` for a still that came from `knee.jpg`, `000042.png` for the 42nd frame of anything else.

    A name that is taken (two stills with the same stem) gets the frame's sequence number added. One that is too long
    for the disk loses its end.
    """
    number = f"{frame.sequence:06d}"
    stem = _still_stem(frame.origin)
    if not stem:
        return folder / f"{number}.png"
    path = folder / f"{_fitting(stem, _longest(folder))}.png"
    return path if not path.exists() else folder / f"{_fitting(stem, _longest(folder) - 1 - len(number))}-{number}.png"


def _longest(folder: Path) -> int:
    """Bytes that a name there may have before `.png`, and `.part` while it is written."""
    longest = _NAME_BYTES
    with suppress(OSError, ValueError, AttributeError):
        longest = os.pathconf(folder, "PC_NAME_MAX")
    return longest - len(".png.part")


def _fitting(stem: str, most: int) -> str:
    return stem.encode()[:most].decode(errors="ignore").rstrip(" .")


def _still_stem(origin: str) -> str:
    if not origin.startswith(_STILLS):
        return ""
    stem = PurePath(origin.removeprefix(_STILLS)).stem
    return re.sub(r"[^\w.\- ]", "_", stem).strip(" .")
