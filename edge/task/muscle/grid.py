"""The grid on which a muscle's picture is read, by network or without, and where its cells lie in the frame."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.task.muscle.aponeuroses import Floats, Plane
from edge.task.muscle.fascicles import Evidence
from edge.task.tensor import Fit

SIDE: Final = 256
"""Height and width of the square that the picture is fitted into."""
STRIDE: Final = 2
"""Pixels of the square to a cell."""
ANGLE_LENGTH: Final = 10.0
"""Length of the vector (cosine, sine) that the network gives where it is sure: about as large as the logits beside it,
since the int8 forms have one scale for all four. With length 1 they told angles in steps of four degrees."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of the square that hold the picture."""

    rows: slice
    columns: slice
    origin: tuple[float, float]
    """(x, y) of the upper left cell's centre in pixels of the frame."""
    cell_px: float

    @classmethod
    def of(cls, region: Region) -> Self:
        fit = Fit.of(region.height, region.width, SIDE)
        rows, columns = (
            _held(length, offset, fit.scale) for length, offset in ((region.height, fit.top), (region.width, fit.left))
        )
        x, y = (_there(part.start, offset, fit.scale) for part, offset in ((columns, fit.left), (rows, fit.top)))
        return cls(rows, columns, (region.x + x, region.y + y), STRIDE / fit.scale)

    def cut(self, square: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture's part of the square (SIDE, SIDE)."""
        rows, columns = (slice(STRIDE * part.start, STRIDE * part.stop) for part in (self.rows, self.columns))
        return square[rows, columns]

    def depths(self, at_px: tuple[float, float]) -> tuple[float, float]:
        """Two depths from pixels of the frame to cells."""
        first, second = ((depth - self.origin[1]) / self.cell_px for depth in at_px)
        return first, second

    def in_frame(self, cells: Floats) -> NDArray[np.float32]:
        """Points (n, 2) x, y from cells to pixels of the frame."""
        return np.asarray(np.asarray(self.origin) + self.cell_px * cells, np.float32)


def _held(length: int, offset: float, scale: float) -> slice:
    """The cells whose middle lies in the picture."""
    first = int(np.ceil((offset - 0.5 * scale - 0.5) / STRIDE))
    last = int(np.floor((offset + (length - 0.5) * scale - 0.5) / STRIDE))
    return slice(max(0, first), min(SIDE // STRIDE, max(first, last) + 1))


def _there(cell: int, offset: float, scale: float) -> float:
    return (STRIDE * cell + (STRIDE - 1) / 2 - offset) / scale


def evidence_of(
    output: NDArray[np.float32], grid: Grid, lit: NDArray[np.bool_], logits: tuple[float, float]
) -> Evidence:
    """What the network's output (1, 4, SIDE / STRIDE, SIDE / STRIDE) says: aponeurosis logit, cosine and sine of twice
    the angle times ANGLE_LENGTH, logit that a fascicle can be read. logits: those that count as even odds."""
    aponeurosis, cosine, sine, readable = output[0, :, grid.rows, grid.columns].astype(np.float32)
    length = np.hypot(cosine, sine)
    weight = _share(readable - np.float32(logits[1])) * np.minimum(length / np.float32(ANGLE_LENGTH), 1)
    length = np.maximum(length, np.float32(1e-6))
    likely = _share(aponeurosis - np.float32(logits[0]))
    return Evidence(likely, cosine / length, sine / length, np.asarray(weight, np.float32), lit)


def _share(logit: Plane) -> Plane:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float32)
