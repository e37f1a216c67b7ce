"""How a window and what is around it are laid out: brightness and direction of structure, block by block.

The idea is the histogram of oriented gradients (Dalal and Triggs 2005), with Gabor magnitudes in place of gradients:
speckle has gradients everywhere.
"""

from math import pi
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.gabor import FREQUENCY, gabor_magnitude
from edge.image.shared_sums import CELL_PX, SharedSums, Windows, shared

Floats = NDArray[np.float32]

TURNS: Final = 4
BLOCKS: Final = 5
"""A side: the inner three are the window."""
FAINT: Final = 2.0
"""Mean magnitude below which there is no structure to speak of."""
NAMES: Final = tuple(
    f"block {row}{column} {what}"
    for row in range(BLOCKS)
    for column in range(BLOCKS)
    for what in ("grey", *(f"{180 * turn / TURNS:g} deg" for turn in range(TURNS)))
)


def layout(picture: NDArray[np.uint8], windows: Windows) -> Floats:
    """(n, 125) in the order of NAMES, of windows on a picture (height, width).

    Grey: block less window, in shares of the whole range; directions: mean magnitude in shares of the window's.
    """
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    half = np.asarray(cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
    waves = [gabor_magnitude(half, FREQUENCY, pi * turn / TURNS) for turn in range(TURNS)]
    sums = shared(np.stack([half, *waves], axis=2).astype(np.float64))
    rows = _edges(windows.top, windows.bottom, half.shape[0])
    columns = _edges(windows.left, windows.right, half.shape[1])
    own = _mean(sums, Windows(rows[1], columns[1], rows[-2], columns[-2]))
    level, strength = own[:, :1], own[:, 1:].mean(axis=1, keepdims=True) + FAINT
    blocks = []
    for row in range(BLOCKS):
        for column in range(BLOCKS):
            block = Windows(rows[row], columns[column], rows[row + 1], columns[column + 1])
            mean = _mean(sums, block)
            # What lies outside the picture is neither brighter nor darker.
            apart = np.where(block.cells[:, None] > 0, (mean[:, :1] - level) / 255, 0)
            blocks += [apart, mean[:, 1:] / strength]
    return np.concatenate(blocks, axis=1).astype(np.float32)


def _edges(start: NDArray[np.intp], end: NDArray[np.intp], length: int) -> list[NDArray[np.intp]]:
    """Where the blocks of a window (in cells) begin and end, in pixels of half the resolution."""
    per_cell = CELL_PX / 2
    third = (end - start) * (per_cell / 3)
    places = (np.round(start * per_cell + third * (index - 1)) for index in range(BLOCKS + 1))
    return [np.clip(place, 0, length).astype(np.intp) for place in places]


def _mean(sums: SharedSums, windows: Windows) -> Floats:
    return np.asarray(sums.over(windows) / np.maximum(windows.cells, 1)[:, None], np.float32)
