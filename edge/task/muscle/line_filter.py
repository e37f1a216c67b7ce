"""Fascicles as bright line pieces: how strongly a line of each direction runs through each place.

A ridge filter (second derivatives of a Gaussian, turned to each direction) is summed along pieces of a fixed length, so
that speckle, which is short, averages out; all directions have pieces of one length, as the votes of a Hough transform
are divided by its chords (van der Zee and Kuo, PLoS One 2022, TimTrack). Speckle is wider than it is deep and would
vote for the horizontal; but it does so for rising and falling directions alike, and fascicles have one slope: what the
mirrored direction has is taken away.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.evidence import Plane

ANGLES_DEG: Final = np.arange(-60.0, 60.1, 4.0)
SOFT_PX: Final = 0.7, 1.8
"""Sigmas of the ridge filter, across and down; pictures come with 256 px on their longest side. The scanner's beam has
blurred them across already, and echoes that are wider than high let lines look flatter than they are."""
PIECE_PX: Final = 34.0
SAMPLE_PX: Final = 4.0
"""Along a piece."""
HALF: Final = np.float32(0.5)
LEAST_VOTE: Final = 1.0
"""Of a line, in standard deviations over all places and directions."""
POOL: Final = 4
"""Cells of the grid, each way, whose votes are counted together."""
POOL_SIGMA: Final = 4.0
"""Of the window in which they are, in such places: wide, or chance would decide what the mirrored direction takes."""
AROUND_DEG: Final = 20.0
"""Sigma of the window about the whole belly's commonest direction in which a place's own is looked for."""
BESIDE: Final = 2
"""Directions to either side of the commonest that count as the same."""
CONTRAST_SHARES: Final = (1 / 25, 1 / 12)
"""Sigmas, as shares of the longest side, over which brightness and contrast are evened out."""


def line_field(
    picture: Plane, bellies: Sequence[NDArray[np.bool_]], near_deg: float | None = None
) -> tuple[Plane, Plane, Plane]:
    """Cosine and sine of twice the fascicles' angle, and what share of the votes is for it, at half the resolution.

    picture: (2 rows, 2 columns) grey levels; bellies: (rows, columns) each, at least one, where there may be fascicles
    of one direction. They do not overlap. near_deg: what someone else reads of them; where votes are divided, those
    near it are followed.
    """
    shown = np.asarray(np.any(bellies, axis=0))
    cosine, sine, weight = (np.zeros(shown.shape, np.float32) for _ in range(3))
    if shown.any():
        votes = _votes(_even(picture, shown), shown)
    for belly in bellies:
        rows = np.flatnonzero(belly.any(axis=1))
        if rows.size >= POOL:
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            for plane, values in zip((cosine, sine, weight), _read(votes[:, part], belly[part], near_deg), strict=True):
                np.copyto(plane[part], values, where=belly[part])
    return cosine, sine, weight


def _read(votes: Plane, belly: NDArray[np.bool_], near_deg: float | None) -> tuple[Plane, Plane, Plane]:
    """Cosine and sine of twice the angle, and how much of the votes are for it, 0 to 1, cell by cell."""
    size = belly.shape[::-1]
    votes = votes * belly
    angle, weight = _commonest(_pooled(votes)[0] * _window(votes, near_deg), *_pooled(np.square(votes)))
    parts = (np.cos(2 * angle) * weight, np.sin(2 * angle) * weight, weight)
    cosine, sine, weight = (_resized(part, size) for part in parts)
    length = np.maximum(np.hypot(cosine, sine), np.float32(1e-6))
    return np.asarray(cosine / length, np.float32), np.asarray(sine / length, np.float32), weight


def _even(picture: Plane, shown: NDArray[np.bool_]) -> Plane:
    """The picture with its brightness and contrast evened out; 0 where it is not shown."""
    light = np.repeat(np.repeat(shown, 2, axis=0), 2, axis=1).astype(np.float32)
    near, wide = (max(picture.shape) * share for share in CONTRAST_SHARES)
    off = (picture - _mean(picture * light, light, near)) * light
    return np.asarray(off / (np.sqrt(_mean(off * off, light, wide)) + 3), np.float32)


def _mean(values: Plane, shown: Plane, sigma: float) -> Plane:
    """Local mean of `values`, which are 0 where not `shown`, at a quarter of the resolution."""
    few = [cv2.resize(part, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for part in (values, shown)]
    soft = [cv2.GaussianBlur(part, (0, 0), sigma / 4) for part in few]
    mean = soft[0] / (soft[1] + np.float32(1e-3))
    return _resized(mean, values.shape[::-1])


def _resized(plane: Plane, size: tuple[int, ...]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _votes(even: Plane, shown: NDArray[np.bool_]) -> Plane:
    """(directions, rows, columns): what the line pieces exceed the least vote by; 0 where it is not shown.

    Not squared: then few strong echoes would outvote many weak ones, and what lies flat is the strongest.
    """
    sums = _line_sums(even)
    sums *= shown / np.float32(max(float(sums[:, shown].std()), 1e-9))
    sums -= np.float32(LEAST_VOTE)
    return np.maximum(sums, 0, out=sums)


def _line_sums(even: Plane) -> Plane:
    """(directions, rows, columns): the ridge filter summed along pieces, at every second pixel each way."""
    soft = cv2.GaussianBlur(even, (0, 0), SOFT_PX[0], sigmaY=SOFT_PX[1])
    margin = 2 * round(PIECE_PX / 4 + 1)
    soft = cv2.copyMakeBorder(soft, margin, margin + 1, margin, margin + 1, cv2.BORDER_REPLICATE)
    orders = ((2, 0), (1, 1), (0, 2))
    xx, xy, yy = (np.asarray(cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3), np.float32) for order in orders)
    level, turned, tilted = (np.stack(_phases(p)) for p in ((xx + yy) * -HALF, (xx - yy) * HALF, -xy))
    rows, columns = even.shape[0] // 2, even.shape[1] // 2
    sums = np.zeros((len(ANGLES_DEG), rows, columns), np.float32)
    for place, (degrees, samples) in enumerate(zip(ANGLES_DEG, _samples(), strict=True)):
        twice = 2 * np.radians(degrees)
        ridge = level + np.float32(np.cos(twice)) * turned + np.float32(np.sin(twice)) * tilted
        for x, y in samples:
            top, left = (margin + y) // 2, (margin + x) // 2
            sums[place] += ridge[2 * (y % 2) + x % 2, top : top + rows, left : left + columns]
    return sums


def _phases(plane: Plane) -> list[Plane]:
    """Its four parts of every second row and column, even rows and columns first."""
    rows, columns = plane.shape[0] // 2, plane.shape[1] // 2
    return [plane[row::2, column::2][:rows, :columns] for row in (0, 1) for column in (0, 1)]


@lru_cache(maxsize=1)
def _samples() -> tuple[tuple[tuple[int, int], ...], ...]:
    """Whole-pixel places along a piece through (0, 0), for each direction."""
    along = np.arange(-PIECE_PX / 2, PIECE_PX / 2 + 0.1, SAMPLE_PX)
    places = []
    for degrees in np.radians(ANGLES_DEG):
        x, y = np.round(along * np.cos(degrees)), np.round(-along * np.sin(degrees))
        places.append(tuple((int(a), int(b)) for a, b in zip(x, y, strict=True)))
    return tuple(places)


@lru_cache(maxsize=1)
def _sampled_deg() -> NDArray[np.float64]:
    """The directions that the pieces of whole pixels truly have, up to a degree from those of ANGLES_DEG."""
    x, y = np.moveaxis(np.array(_samples(), np.float64), 2, 0)
    return np.asarray(np.degrees(np.arctan2(-2 * (x * y).sum(1), (x * x - y * y).sum(1))) / 2)


def _window(votes: Plane, near_deg: float | None) -> Plane:
    """(directions, 1, 1): 1 at the commonest direction of all places together, less far from it."""
    all_of_them = votes.sum(axis=(1, 2), dtype=np.float64)
    net = np.maximum(all_of_them - all_of_them[::-1], 0)
    if near_deg is not None:
        net *= _about(near_deg)
    return np.asarray(_about(float(ANGLES_DEG[net.argmax()])), np.float32)[:, None, None]


def _about(degrees: float) -> NDArray[np.float64]:
    """(directions,) 1 at an angle, less far from it."""
    return np.asarray(np.exp(-0.5 * ((ANGLES_DEG - degrees) / AROUND_DEG) ** 2))


def _pooled(votes: Plane) -> tuple[Plane, Plane]:
    """(directions, few rows, few columns) votes counted together, less the mirrored direction's; (few rows, few
    columns) all votes."""
    few = [cv2.resize(one, None, fx=1 / POOL, fy=1 / POOL, interpolation=cv2.INTER_AREA) for one in votes]
    near = np.stack([cv2.GaussianBlur(one, (0, 0), POOL_SIGMA) for one in few])
    return np.maximum(near - near[::-1], 0), near.sum(axis=0)


def _commonest(votes: Plane, squares: Plane, total: Plane) -> tuple[Plane, Plane]:
    """The direction with most votes at each place, in radians, between the directions where it falls there, and what
    share of the squares' total is for it and the directions beside it."""
    best = np.clip(votes.argmax(axis=0), BESIDE, len(votes) - 1 - BESIDE)
    places = best + np.arange(-BESIDE, BESIDE + 1)[:, None, None]
    around = np.take_along_axis(votes, places, axis=0)
    before, at, after = around[BESIDE - 1 : BESIDE + 2]
    curve = np.minimum(before - 2 * at + after, -1e-9)
    aside = np.clip(0.5 * (before - after) / curve, -1, 1)
    degrees = np.interp(best + aside, np.arange(len(votes)), _sampled_deg())
    share = np.take_along_axis(squares, places, axis=0).sum(axis=0) / np.maximum(total, 1e-6)
    return np.radians(degrees).astype(np.float32), np.asarray(np.clip(share, 0, 1), np.float32)
