"""Where a nerve is looked for, and what is said of each place: windows of several sizes all over the picture."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.layout import NAMES as LAYOUT_NAMES
from edge.image.layout import layout
from edge.image.shared_sums import CELL_PX, SharedSums, Windows, shared, summed, tiled
from edge.image.textures import NAMES as TEXTURE_NAMES
from edge.image.textures import describe, evened, texture_cells

Floats = NDArray[np.float32]

WIDTH_PX: Final = 256
"""Of the working picture where no scale is known: linear probes are some 38 mm wide, whatever the depth."""
MM_PER_PX: Final = 38.4 / WIDTH_PX
"""And where it is known."""
MOST_ROWS_PX: Final = 320
"""48 mm deep."""
MOST_COLUMNS_PX: Final = 512
LEAST_PX: Final = 64
DARK: Final = 4
"""Grey levels below this are no echo."""
SIZES: Final = ((4, 8, 2), (5, 11, 2), (7, 14, 2), (9, 18, 3), (12, 24, 3), (16, 32, 4))
"""(height, width, step) in cells: nerves from 5 to 19 mm wide."""
LEAST_LIT: Final = 0.5
"""Share of a window that must show an echo."""
SIDES: Final = ("above", "below", "left", "right")
AROUND: Final = tuple(f"{side} {what}" for side in SIDES for what in ("grey", "edges"))
FEATURES: Final = (
    *TEXTURE_NAMES,
    *AROUND,
    "lit",
    "log size",
    "depth",
    *LAYOUT_NAMES,
)


@dataclass(frozen=True, slots=True)
class WorkingPicture:
    """The picture that is looked at."""

    pixels: NDArray[np.uint8]
    """(height, width), sides multiples of 16; grey levels spread evenly, 0: no echo."""
    px_per_px: float
    """Its pixels per pixel of the region that it was made from; both begin at the upper left corner."""


def working_picture(picture: NDArray[np.uint8], mm_per_px: float | None = None) -> WorkingPicture:
    """From the ultrasound region (height, width), grey. Its right and lower edge may lose up to 15 px, and what lies
    deeper than 48 mm; one that is wider than 77 mm is brought down to that, and a tiny one gets dark margins."""
    scale = WIDTH_PX / picture.shape[1] if mm_per_px is None else mm_per_px / MM_PER_PX
    scale = min(scale, MOST_COLUMNS_PX / picture.shape[1])
    rows, columns = (max(1, round(length * scale)) for length in picture.shape)
    small = np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    step = 4 * CELL_PX
    height, width = (max(LEAST_PX, length // step * step) for length in (min(rows, MOST_ROWS_PX), columns))
    part = np.zeros((height, width), np.uint8)
    part[:rows, :columns] = small[:height, :width]
    return WorkingPicture(evened(part, part >= DARK), scale)


def windows_of(picture: NDArray[np.uint8]) -> tuple[Windows, Floats]:
    """All windows of a working picture (height, width), and (n, features) of each in the order of FEATURES."""
    cells = texture_cells(picture)
    rows, columns = cells.counts.shape[:2]
    windows = tiled(rows, columns, SIZES)
    pixels = (windows.cells * CELL_PX**2).astype(np.float32)
    counts, values = shared(cells.counts).over(windows), shared(cells.values).over(windows)
    textures = describe(counts, values, pixels)
    return windows, np.concatenate([textures, surroundings(picture, windows), layout(picture, windows)], axis=1)


def surroundings(picture: NDArray[np.uint8], windows: Windows) -> Floats:
    """(n, 11) how much brighter and more structured each side is than the window, how much of it shows an echo, its
    size, and its depth in mm if the picture is 38 mm wide."""
    grey = picture.astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    edges = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    planes = np.stack([grey, edges, 255 * (picture > 0).astype(np.float32)], axis=2)
    sums = shared(summed(planes))
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    own = _mean(sums, windows)
    apart = [(_mean(sums, side)[:, :2] - own[:, :2]) / 255 for side in _sides(windows, shape)]
    size = np.log2(windows.cells.astype(np.float32))
    depth = (windows.top + windows.bottom) * (CELL_PX / 2 * MM_PER_PX)
    return np.concatenate([*apart, np.stack([own[:, 2] / 255, size, depth], axis=1)], axis=1).astype(np.float32)


def _sides(windows: Windows, shape: tuple[int, int]) -> tuple[Windows, ...]:
    """Half a window's height above and below it, half its width to the left and right."""
    high, wide = (windows.bottom - windows.top + 1) // 2, (windows.right - windows.left + 1) // 2
    around = windows.grown(high, wide, shape)
    return (
        Windows(around.top, windows.left, windows.top, windows.right),
        Windows(windows.bottom, windows.left, around.bottom, windows.right),
        Windows(windows.top, around.left, windows.bottom, windows.left),
        Windows(windows.top, windows.right, windows.bottom, around.right),
    )


def _mean(sums: SharedSums, windows: Windows) -> Floats:
    """(n, channels); 0 over windows without a cell."""
    return np.asarray(sums.over(windows) / np.maximum(windows.cells * CELL_PX**2, 1)[:, None], np.float32)
