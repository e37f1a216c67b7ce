"""Label masks as PNG files, for evaluation and training."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.finding import Finding, MaskMark
from edge.frame import Frame
from edge.sink.folder import make_folder, write_whole
from edge.sink.naming import picture_path
from edge.sink.png import png_bytes


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


class MasksSink(Closing):
    """`masks/NAME.png` in `folder`, one a result: the label mask in the size of the source's picture.

    A refused finding without marks gives an empty mask, so that every frame has one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = make_folder(folder / "masks")

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        masks = tuple(mark for mark in finding.marks if isinstance(mark, MaskMark))
        labels = label_mask((frame.pixels.shape[0], frame.pixels.shape[1]), masks)
        write_whole(picture_path(self._folder, frame), png_bytes(labels))
