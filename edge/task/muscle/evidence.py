"""What can be seen in a muscle's picture, cell by cell: the grid of cells, and what the network says of each."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.task.muscle.quantiles import median
from edge.task.tensor import Fit

Plane = NDArray[np.float32]
Floats = NDArray[np.float64]

SIDE: Final = 256
"""Height and width of the square that the picture is fitted into."""
STRIDE: Final = 2
"""Pixels of the square per cell, each way."""
ANGLE_LENGTH: Final = 10.0
"""Length of the vector (cosine, sine) that the network gives where it is sure: about as large as the logits beside it,
since the int8 forms have one scale for all four. With length 1 they told angles in steps of four degrees."""
DIM_SHARE: Final = 0.3
"""A column whose brighter part has less than this share of the others' has no contact."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of the square that hold the picture."""

    rows: slice
    columns: slice
    origin: tuple[float, float]
    """(x, y) of the upper left cell's centre in pixels of the frame."""
    cell_px: float

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, region: Region) -> "Grid":
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
    """The middle of a cell, from pixels of the square to pixels of the region."""
    return (STRIDE * cell + (STRIDE - 1) / 2 - offset) / scale


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What can be seen on a grid of square cells (rows, columns)."""

    aponeurosis: Plane
    """0 to 1."""
    twice: Plane
    """Twice the fascicle's angle in radians; the angle is counter-clockwise as seen from the picture's horizontal."""
    weight: Plane
    """0 to 1: how well a fascicle's direction can be read here."""
    lit: NDArray[np.bool_]
    """(columns,) where the probe has contact, so that there is a picture."""

    def turned(self, degrees: float) -> "Evidence":
        """The same field turned counter-clockwise as seen."""
        return replace(self, twice=self.twice + np.float32(2 * np.radians(degrees)))


def evidence_of(
    output: NDArray[np.float32], grid: Grid, lit: NDArray[np.bool_], logits: tuple[float, float]
) -> Evidence:
    """What the network's output (1, 4, SIDE / STRIDE, SIDE / STRIDE) says: aponeurosis logit, cosine and sine of twice
    the angle times ANGLE_LENGTH, logit that a fascicle can be read. logits: those that count as even odds."""
    seen = output[0, :, grid.rows, grid.columns]
    # One after the other in memory, as OpenCV wants them.
    planes = np.empty(seen.shape, np.float32)
    planes[...] = seen
    aponeurosis, cosine, sine, readable = planes
    length = _length(cosine, sine)
    aponeurosis, readable = _probability(planes[::3], logits)
    sure = cv2.threshold(length, ANGLE_LENGTH, 0, cv2.THRESH_TRUNC)[1]
    weight = cv2.multiply(readable, sure, scale=1 / ANGLE_LENGTH)
    return Evidence(aponeurosis, twice_of(cosine, sine, length), np.asarray(weight, np.float32), lit)


def _probability(logits: Plane, even: tuple[float, float]) -> Plane:
    """(2, rows, columns) of as many logits. even: those of even odds."""
    against = np.array(even, np.float32)[:, None, None] - logits
    flat = against.reshape(2, -1)
    cv2.threshold(flat, 30, 0, cv2.THRESH_TRUNC, dst=flat)
    cv2.exp(flat, flat)
    against += 1
    return np.asarray(np.reciprocal(against, out=against), np.float32)


def twice_of(cosine: Plane, sine: Plane, length: Plane | None = None) -> Plane:
    """(rows, columns) the angle in radians, in [-pi, pi], of vectors of any length, 0 too, as arctan2 gives it, in a
    quarter of its time: OpenCV's phase, which errs by up to 0.01 degrees, and a step of Newton's. length: of the
    vectors, where it is known."""
    # Of the opposite vector, so that the angle of those to the right does not leap.
    twice = np.asarray(cv2.phase(-cosine, -sine), np.float32)
    twice -= np.float32(np.pi)
    x, y = (np.asarray(part, np.float32) for part in cv2.polarToCart(None, twice))  # type: ignore[call-overload]
    x *= sine
    y *= cosine
    x -= y
    length = _length(cosine, sine) if length is None else length
    np.add(length, np.float32(1e-9), out=y)
    x /= y
    twice += x
    if cv2.countNonZero(length) < length.size:
        twice *= length > 0
    return twice


def _length(x: Plane, y: Plane) -> Plane:
    """Of vectors. OpenCV's `magnitude` rounds by where in memory its result lies, so that one picture's numbers differ
    from time to time."""
    squares = x * x
    squares += y * y
    return np.asarray(np.sqrt(squares, out=squares), np.float32)


def folded_deg(angle_deg: float) -> float:
    """An angle between lines, in (-90, 90]."""
    return 90.0 - (90.0 - angle_deg) % 180.0


def lit_columns(picture: Plane | NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(columns,) where a picture (rows, columns) shows more than noise."""
    place = picture.shape[0] * 4 // 5
    bright = np.partition(np.ascontiguousarray(picture.T), place, axis=1)[:, place].astype(np.float32)
    even = cv2.blur(bright[None], (5, 1))[0]
    return np.asarray(even > DIM_SHARE * median(even))
