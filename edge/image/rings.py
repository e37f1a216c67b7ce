"""Closed rings (n, 2) of x, y whose first point is not repeated: area, moments, points at equal steps, a smooth course,
the shortest way between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import hypot
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POINTS: Final = 128
"""Of a smooth ring."""
HARMONICS: Final = 10
"""Kept of a smooth ring's course: a border finer than a twentieth of its length is noise of the scores."""
MOST_WAVES: Final = 24
"""Of a smooth ring: of higher ones less than 1e-14 is left."""
_EVEN_SHARES: Final = np.full(POINTS, 1 / POINTS)


@dataclass(frozen=True, slots=True)
class Moments:
    """Of the area inside a ring."""

    area: float
    centre: tuple[float, float]
    spread: tuple[float, float, float]
    """Second moments about the centre, xx, xy and yy, in shares of the area; 0 where there is no area."""


def moments_of(ring: Floats) -> Moments:
    # About a place near its middle: OpenCV takes float32.
    x, y = ring[0].tolist()
    found = cv2.moments((ring - ring[0]).astype(np.float32)[:, None])
    area = found["m00"]
    if area < 1e-9:
        x, y = ring.mean(axis=0).tolist()
        return Moments(area, (x, y), (0.0, 0.0, 0.0))
    centre = x + found["m10"] / area, y + found["m01"] / area
    return Moments(area, centre, (found["mu20"] / area, found["mu11"] / area, found["mu02"] / area))


def polygon_area(ring: Floats) -> float:
    return abs(turned_area(ring))


def turned_area(ring: Floats) -> float:
    """The area (Gauss's formula), negative where the ring turns from y to x."""
    points = _as_numbers(ring)
    following = np.concatenate((points[1:], points[:1]))
    return float(np.vdot(points, following).imag) / 2


def resampled(ring: Floats, count: int) -> Floats:
    """(count, 2) at equal steps along the ring."""
    points = _as_numbers(ring)
    closed = np.concatenate((points, points[:1]))
    along = np.zeros(len(closed))
    np.cumsum(np.abs(closed[1:] - points), out=along[1:])
    return _as_points(np.interp(_steps(count) * along[-1], along, closed))


def smoothed(ring: Floats) -> Floats:
    """(POINTS, 2) at equal steps along the ring, without its finest turns; its area is kept."""
    even = resampled(ring, POINTS)
    waves = _waves()
    points = np.asarray(waves @ (waves.T @ even))
    before, after = polygon_area(even), polygon_area(points)
    if after <= 0:
        return even
    middle = _EVEN_SHARES @ points
    points -= middle
    points *= (before / after) ** 0.5
    points += middle
    return points


@cache
def _steps(count: int) -> Floats:
    return np.arange(count) / count


@cache
def _waves() -> Floats:
    """(POINTS, 2 * MOST_WAVES + 1): the waves around a ring; its points' products with them, summed up again, are its
    course with the higher waves damped."""
    turn = 2 * np.pi * _steps(POINTS)[:, None]
    order = np.arange(1, MOST_WAVES + 1)
    length = np.concatenate(([1.0], np.full(2 * MOST_WAVES, 2.0))) / POINTS
    kept = np.exp(-((np.concatenate(([0], order, order)) / HARMONICS) ** 4))
    return np.hstack((np.ones_like(turn), np.cos(turn * order), np.sin(turn * order))) * np.sqrt(kept * length)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A straight one."""

    start: tuple[float, float]
    end: tuple[float, float]
    length: float


def axes_of(ring: Floats) -> tuple[Way, Way]:
    """The long and the short one, of the ellipse that has the second moments of a ring."""
    moments = moments_of(ring)
    (x, y), (xx, xy, yy) = moments.centre, moments.spread
    values, ways = np.linalg.eigh(np.array([[xx, xy], [xy, yy]]))
    axes = []
    for value, (across, down) in zip(values[::-1].tolist(), ways.T[::-1].tolist(), strict=True):
        half = 2 * max(value, 0.0) ** 0.5
        axes.append(Way((x - half * across, y - half * down), (x + half * across, y + half * down), 2 * half))
    return axes[0], axes[1]


def shortest_way(one: Floats, others: Sequence[Floats]) -> Way:
    """From the points of a ring (n, 2) to those of other rings, at least one."""
    there = np.concatenate(others)
    # |a - b|^2 = |a|^2 - 2 ab + |b|^2 as one product; about a place near both, so that no digits are lost.
    middle = one[0]
    a, b = np.ones((len(one), 4)), np.ones((len(there), 4))
    np.subtract(one, middle, out=a[:, :2])
    np.subtract(there, middle, out=b[:, :2])
    np.einsum("nk,nk->n", a[:, :2], a[:, :2], out=a[:, 2])
    np.einsum("nk,nk->n", b[:, :2], b[:, :2], out=b[:, 3])
    a[:, :2] *= -2
    row, column = divmod(int((a @ b.T).argmin()), len(there))
    (ax, ay), (bx, by) = one[row].tolist(), there[column].tolist()
    return Way((ax, ay), (bx, by), hypot(ax - bx, ay - by))


def _as_numbers(ring: Floats) -> NDArray[np.complex128]:
    """(n,) x + iy: one operation where two planes need many."""
    return np.ascontiguousarray(ring, np.float64).view(np.complex128)[:, 0]


def _as_points(numbers: NDArray[np.complex128]) -> Floats:
    return numbers.view(np.float64).reshape(-1, 2)
