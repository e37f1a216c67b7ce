"""Windows of whole cells, and sums over many overlapping ones that share their work.

A picture is cut into square cells. What a window needs is counted or summed once per cell, and added up from the
picture's corner (Viola and Jones 2001; for histograms Porikli 2005), so that any window of whole cells costs four
look-ups, however large it is.
"""

from dataclasses import dataclass
from typing import Final

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

    def taken(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "Windows":
        return Windows(self.top[which], self.left[which], self.bottom[which], self.right[which])

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
    """Sums over all cells above and to the left."""

    table: NDArray[np.float32] | NDArray[np.float64]
    """(rows + 1, columns + 1, channels)."""

    def over(self, windows: Windows) -> NDArray[np.float32]:
        """(n, channels) sums over each window."""
        flat = self.table.reshape(-1, self.table.shape[2])
        width = self.table.shape[1]
        corner = [
            np.take(flat, row * width + column, axis=0)
            for row, column in (
                (windows.bottom, windows.right),
                (windows.top, windows.right),
                (windows.bottom, windows.left),
                (windows.top, windows.left),
            )
        ]
        return np.asarray(corner[0] - corner[1] - corner[2] + corner[3], np.float32)

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


def counted(codes: NDArray[np.intp], bins: int, cell_px: int = CELL_PX) -> NDArray[np.float32]:
    """(rows, columns, bins) how often each code 0 to bins - 1 stands in each cell of a map (height, width)."""
    rows, columns = codes.shape[0] // cell_px, codes.shape[1] // cell_px
    within = codes[: rows * cell_px, : columns * cell_px]
    place = np.arange(rows).repeat(cell_px)[:, None] * columns + np.arange(columns).repeat(cell_px)
    # What is counted nowhere goes to one bin past the end.
    place = np.where(within == NOTHING, rows * columns * bins, place * bins + within)
    counts = np.bincount(place.ravel(), minlength=rows * columns * bins + 1)[:-1]
    return counts.reshape(rows, columns, bins).astype(np.float32)


def summed(values: NDArray[np.float32], cell_px: int = CELL_PX) -> NDArray[np.float64]:
    """(rows, columns, channels) sums of the values (height, width, channels) in each cell."""
    rows, columns = values.shape[0] // cell_px, values.shape[1] // cell_px
    within = values[: rows * cell_px, : columns * cell_px]
    blocks = within.reshape(rows, cell_px, columns, cell_px, -1)
    return np.asarray(blocks.sum(axis=(1, 3), dtype=np.float64))


def shared(cells: NDArray[np.float32] | NDArray[np.float64]) -> SharedSums:
    """From sums per cell, (rows, columns, channels). float32 holds counts up to 2^24 without error."""
    table = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1, cells.shape[2]), cells.dtype)
    # numpy's cumsum along an outer axis takes ten times as long.
    for row in range(cells.shape[0]):
        np.add(table[row, 1:], cells[row], out=table[row + 1, 1:])
    for column in range(cells.shape[1]):
        table[:, column + 1] += table[:, column]
    return SharedSums(table)
