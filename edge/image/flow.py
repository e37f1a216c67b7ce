"""How a part of a picture moved, as one affine map through optical flow at points.

Lucas and Kanade 1981 with Bouguet's pyramids, there and back again.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST_PX: Final = 160
"""Longest side of the pictures that are compared: bounds the cost, and speckle is gone from larger ones anyway."""
MOST_POINTS: Final = 150
WINDOW_PX: Final = 9
LEVELS: Final = 3
"""Halvings of the picture: movements of a fifth of it can be followed."""
RETURN_PX: Final = 0.5
"""A point that comes back further from where it started was not followed."""
LEAST_SHARE: Final = 0.2
"""Of the points; with fewer the pictures do not show the same, or it moved too far."""
LEAST_POINTS: Final = 12
LEAST_SIDE_PX: Final = 24
ROUNDS: Final = 8
"""Of reweighting."""
SETTLED_PX: Final = 1e-3
"""A fit that a round changes by less is settled."""
STEADY: Final = 1e-9 * np.eye(3)
"""What keeps the fit solvable whatever the points."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureMovement:
    """An affine map from pixels of the picture before to pixels of the picture after."""

    matrix: NDArray[np.float64]
    """(2, 3)."""
    share: float
    """Of the points that could be followed, 0 to 1."""

    @property
    def linear(self) -> NDArray[np.float64]:
        """(2, 2): turn, stretch and shear without the shift."""
        return self.matrix[:, :2]

    def carried(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where `points` (n, 2) went."""
        return (points @ self.matrix[:, :2].T + self.matrix[:, 2]).astype(np.float32)


def reduced(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The picture (height, width) with at most LONGEST_PX a side, and its pixels per pixel of the original."""
    scale = min(1.0, LONGEST_PX / max(picture.shape))
    if scale == 1.0:
        return picture.copy(), 1.0
    size = [max(1, round(length * scale)) for length in picture.shape[::-1]]
    # Halving is many times as fast as any other reduction.
    while min(picture.shape) > 1 and all(
        length % 2 == 0 and length >= 2 * last for length, last in zip(picture.shape[::-1], size, strict=True)
    ):
        halves = picture.shape[1] // 2, picture.shape[0] // 2
        picture = np.asarray(cv2.resize(picture, halves, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def movement_between(
    before: NDArray[np.uint8], after: NDArray[np.uint8], points: NDArray[np.float32]
) -> PictureMovement | None:
    """How what stands at `points` (n, 2), at most MOST_POINTS of them, moved; None where that cannot be seen.

    Both pictures are (height, width) of one size.
    """
    if len(points) < LEAST_POINTS or min(before.shape) < LEAST_SIDE_PX:
        return None
    there, seen = _followed(before, after, points)
    back, seen_again = _followed(after, before, there)
    back -= points
    kept = np.hypot(back[:, 0], back[:, 1]) < RETURN_PX
    kept &= seen
    kept &= seen_again
    count = int(np.count_nonzero(kept))
    share = count / len(points)
    if share < LEAST_SHARE or count < LEAST_POINTS:
        return None
    if count < len(points):
        points, there = points[kept], there[kept]
    return PictureMovement(_affine(points.astype(np.float64), there.astype(np.float64)), share)


def _followed(
    before: NDArray[np.uint8], after: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    start = np.ascontiguousarray(points[:, None], np.float32)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        start,
        start.copy(),
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=LEVELS,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.03),
    )
    return np.asarray(found[:, 0], np.float32), status[:, 0] > 0


def _affine(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) by least squares, reweighted so that points that moved otherwise count little (Cauchy's weights)."""
    count = len(start)
    middle = start.sum(axis=0) / count
    # Of each point: what it moved by, less the fit's part, which one product then takes away.
    rows = np.empty((5, count))
    np.subtract(end, start, out=rows[:2].T)
    np.subtract(start, middle, out=rows[2:4].T)
    rows[4] = 1
    moves, basis = rows[:2], rows[2:]
    # What each point adds to the normal equations, once and for all rounds.
    added = np.empty((15, count))
    np.multiply(basis[:, None], basis, out=added[:9].reshape(3, 3, count))
    np.multiply(basis[:, None], moves, out=added[9:].reshape(3, 2, count))
    sums = added.sum(axis=1)
    extent = np.abs(basis).max(axis=1)
    fit = np.zeros((3, 2))
    less = np.zeros((2, 5))
    less[0, 0] = less[1, 1] = 1
    for left in range(ROUNDS - 1, -1, -1):
        before = fit
        found = cv2.solve(sums[:9].reshape(3, 3) + STEADY, sums[9:].reshape(3, 2), flags=cv2.DECOMP_CHOLESKY)[1]
        fit = np.asarray(found, np.float64)
        if not left or float((extent @ np.abs(fit - before)).max()) < SETTLED_PX:
            break
        less[:, 2:] = -fit.T
        off = less @ rows
        off *= off
        squares = off[0] + off[1]
        squares *= (1 / max(3.0 * _median_root(squares), 0.1)) ** 2
        squares += 1
        sums = added @ np.reciprocal(squares, out=squares)
    linear = np.eye(2) + fit[:2].T
    return np.column_stack([linear, middle + fit[2] - linear @ middle])


def _median_root(squares: NDArray[np.float64]) -> float:
    """The median of their roots."""
    half = squares.size // 2
    parted = np.partition(squares, half)
    upper = sqrt(parted[half])
    return upper if squares.size % 2 else (upper + sqrt(parted[:half].max())) / 2
