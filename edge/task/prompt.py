"""Pointing: what a person or the last frame says of where a structure is, as the second plane of a network's input.

The plane is grey: `NOTHING` where nothing is said, `BESIDE` and `WITHIN` where a box or an earlier outline is known,
and a Gaussian spot to 255 at each point inside, to 0 at each outside. The network sees a square of the picture about
the structure, so that small and large ones look alike to it.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.task.tensor import Fit, softened

SIDE: Final = 192
"""Height and width of the square, in pixels of its own."""
NOTHING: Final = 128
BESIDE, WITHIN = 96, 184
SPOT_SIGMA_PX: Final = 4.5
SPOT_PX: Final = 19
"""A spot's height and width; beyond, less than a grey level is left of it."""
Points = NDArray[np.float64]
"""(n, 2) x, y in pixels."""


def no_points() -> Points:
    return np.empty((0, 2))


@dataclass(frozen=True, slots=True)
class Square:
    """A square part of a picture, upright; pixel centres at whole numbers. It may reach beyond the picture."""

    x: float
    y: float
    """Its middle, in pixels of the picture."""
    width: float

    @classmethod
    def around(cls, points: Points, share: float, least: float) -> Self:
        """The square that points (n, 2) take `share` of, the longer way; at least `least` pixels wide."""
        low, high = points.min(axis=0), points.max(axis=0)
        x, y = (low + high) / 2
        return cls(float(x), float(y), max(float((high - low).max()) / share, least))

    @property
    def scale(self) -> float:
        """Pixels of the square's own per pixel of the picture."""
        return SIDE / self.width

    @property
    def fit(self) -> Fit:
        """How the picture lies in the square."""
        middle = (SIDE - 1) / 2
        return Fit(self.scale, middle - self.scale * self.x, middle - self.scale * self.y)

    def inward(self, points: Points) -> Points:
        """Points (n, 2) of the picture, in pixels of the square."""
        return (points - (self.x, self.y)) * self.scale + (SIDE - 1) / 2

    def outward(self, points: Points) -> Points:
        """Points (n, 2) of the square, in pixels of the picture."""
        return (points - (SIDE - 1) / 2) / self.scale + (self.x, self.y)


def prompt_plane(inside: Points, outside: Points, within: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """(SIDE, SIDE) uint8. inside, outside: points in pixels of the square. within: (SIDE, SIDE), not 0 where a box or
    an earlier outline is."""
    if within is None:
        plane = np.full((SIDE, SIDE), NOTHING, np.float32)
    else:
        plane = np.where(within > 0, np.float32(WITHIN), np.float32(BESIDE))
    for points, level in ((outside, 0), (inside, 255)):
        for x, y in points:
            _spot(plane, float(x), float(y), level)
    return np.asarray(plane + 0.5, np.uint8)


def _spot(plane: NDArray[np.float32], x: float, y: float, level: float) -> None:
    """Moves the plane to `level` at a point, and less the farther from it."""
    reach = SPOT_PX // 2 * 2
    left, top = round(x) - reach, round(y) - reach
    columns = np.arange(max(0, left), min(SIDE, left + 2 * reach + 1), dtype=np.float32)
    rows = np.arange(max(0, top), min(SIDE, top + 2 * reach + 1), dtype=np.float32)
    if not (len(columns) and len(rows)):
        return
    across, down = (np.exp(-0.5 * ((line - at) / SPOT_SIGMA_PX) ** 2) for line, at in ((columns, x), (rows, y)))
    part = plane[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    part += np.outer(down, across) * (level - part)


def square_picture(pixels: NDArray[np.uint8], region: Region, square: Square) -> NDArray[np.uint8]:
    """(SIDE, SIDE) grey: the square of a frame's pixels (height, width); black beside the ultrasound's region."""
    smooth = softened(region.crop(pixels), 1 / square.scale)
    inner = replace(square, x=square.x - region.x, y=square.y - region.y).fit.matrix
    return np.asarray(cv2.warpAffine(smooth, inner, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)


def prompted_tensor(picture: NDArray[np.uint8], plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(1, 2, SIDE, SIDE) uint8."""
    return np.stack((picture, plane))[None]
