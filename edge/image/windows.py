"""Windows of whole cells, and sums over many overlapping ones that share their work.

A picture is cut into square cells. What a window needs is counted or summed once per cell, and added up from the
picture's corner (Viola and Jones 2001; for histograms Porikli 2005), so that any window of whole cells costs four
look-ups, however large it is.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

CELL_PX: Final = 4
NOTHING: Final = -1
"""A code that is counted nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Rectangles of whole cells. Each field is (n,); bottom and right are the first that lie outside."""

    top: NDArray[np.intp]
    left: NDArray[np.intp]
    bottom: NDArray[np.intp]
    right: NDArray[np.intp]

    def __len__(self) -> int:
        return self.top.size

    @property
    def cells(self) -> NDArray[np.intp]:
        """(n,) how many cells each covers."""
        return (self.bottom - self.top) * (self.right - self.left)

    def taken(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Windows":
        return Windows(self.top[which], self.left[which], self.bottom[which], self.right[which])

    def in_blocks(self, cells: int) -> "Windows":
        """The same in a grid of squares of so many cells on each side; each window's sides are multiples of that."""
        return Windows(self.top // cells, self.left // cells, self.bottom // cells, self.right // cells)

    def grown(self, rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, int]) -> "Windows":
        """Wider by so many cells on each side, within a grid (rows, columns)."""
        return Windows(
            np.maximum(self.top - rows, 0),
            np.maximum(self.left - columns, 0),
            np.minimum(self.bottom + rows, shape[0]),
            np.minimum(self.right + columns, shape[1]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SharedSums:
    """Sums over all cells above and to the left. Those of uint16 begin anew at 65536: differences hold over windows of
    fewer counts than that."""

    table: NDArray[np.number[Any]]
    """(rows + 1, columns + 1, channels)."""

    def over(self, windows: Windows) -> NDArray[np.number[Any]]:
        """(n, channels) sums over each window."""
        height, width, channels = self.table.shape
        flat = self.table.reshape(height * width, channels)
        top, bottom = windows.top * width, windows.bottom * width
        sums: NDArray[np.number[Any]]
        sums, other = np.empty((2, len(windows), channels), flat.dtype)
        np.take(flat, bottom + windows.right, axis=0, out=sums, mode="clip")
        sums -= np.take(flat, top + windows.right, axis=0, out=other, mode="clip")
        sums -= np.take(flat, bottom + windows.left, axis=0, out=other, mode="clip")
        sums += np.take(flat, top + windows.left, axis=0, out=other, mode="clip")
        return sums

    def mean_over(self, windows: Windows, per_cell: int = 1) -> NDArray[np.float32]:
        """(n, channels) of values of which each cell holds so many; 0 over windows without a cell."""
        return np.asarray(self.over(windows) / np.maximum(windows.cells * per_cell, 1)[:, None], np.float32)


def tiled(rows: int, columns: int, sizes: tuple[tuple[int, int, int], ...]) -> Windows:
    """Windows all over a grid (rows, columns) of cells. sizes: (height, width, step) in cells each."""
    parts = [
        np.stack(np.meshgrid(np.arange(0, rows - high + 1, step), np.arange(0, columns - wide + 1, step)), -1).reshape(
            -1, 2
        )
        + np.array([[0, 0], [high, wide]])[:, None]
        for high, wide, step in sizes
        if high <= rows and wide <= columns
    ]
    start, end = np.concatenate(parts, axis=1).astype(np.intp) if parts else np.zeros((2, 0, 2), np.intp)
    return Windows(start[:, 0], start[:, 1], end[:, 0], end[:, 1])


def counted(codes: NDArray[np.integer[Any]], bins: int, cell_px: int = CELL_PX) -> NDArray[np.uint16]:
    """(rows, columns, bins) how often each code 0 to bins - 1 stands in each cell of a map (height, width)."""
    rows, columns = codes.shape[0] // cell_px, codes.shape[1] // cell_px
    # One bin more in each cell is for what is counted nowhere.
    place = _first_bins(rows, columns, cell_px, bins + 1) + codes[: rows * cell_px, : columns * cell_px]
    counts = np.bincount(place.ravel(), minlength=rows * columns * (bins + 1))
    return counts.reshape(rows, columns, bins + 1)[..., 1:].astype(np.uint16)


@lru_cache(maxsize=16)
def _first_bins(rows: int, columns: int, cell_px: int, bins: int) -> NDArray[np.intp]:
    """(height, width) the number of the bin for code 0 of each pixel's cell; the one for NOTHING is one less."""
    cells = np.arange(rows * columns).reshape(rows, columns)
    return cells.repeat(cell_px, axis=0).repeat(cell_px, axis=1) * bins + 1


def summed(values: NDArray[np.float32], cell_px: int = CELL_PX) -> NDArray[np.float64]:
    """(rows, columns) sums of the values (height, width) in each cell."""
    rows, columns = values.shape[0] // cell_px, values.shape[1] // cell_px
    within = values[: rows * cell_px, : columns * cell_px]
    means = within if cell_px == 1 else cv2.resize(within, (columns, rows), interpolation=cv2.INTER_AREA)
    return means.astype(np.float64) * cell_px**2


def shared(cells: NDArray[np.number[Any]]) -> SharedSums:
    """From sums per cell, (rows, columns, channels)."""
    table = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1, cells.shape[2]), cells.dtype)
    # numpy's cumsum along an outer axis takes ten times as long.
    for row in range(cells.shape[0]):
        np.add(table[row, 1:], cells[row], out=table[row + 1, 1:])
    for column in range(cells.shape[1]):
        table[:, column + 1] += table[:, column]
    return SharedSums(table)
