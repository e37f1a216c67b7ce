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
from cv2.typing import MatLike
from numpy.typing import NDArray

from edge.task.muscle.evidence import Plane, twice_of

ANGLES_DEG: Final = np.arange(-60.0, 60.1, 4.0)
SOFT_PX: Final = 0.7, 1.8
"""Sigmas of the ridge filter, across and down; pictures come with 256 px on their longest side. The scanner's beam has
blurred them across already, and echoes that are wider than high let lines look flatter than they are."""
PIECE_PX: Final = 34.0
SAMPLE_PX: Final = 4.0
"""Along a piece."""
MARGIN_PX: Final = 2 * round(PIECE_PX / 4 + 1)
"""About a picture: more than half a piece, and even."""
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
) -> tuple[Plane, Plane]:
    """Twice the fascicles' angle in radians, and what share of the votes is for it, at half the resolution.

    picture: (2 rows, 2 columns) grey levels; bellies: (rows, columns) each, at least one, where there may be fascicles
    of one direction. They do not overlap. near_deg: what someone else reads of them; where votes are divided, those
    near it are followed.
    """
    shown = bellies[0] if len(bellies) == 1 else np.asarray(np.any(bellies, axis=0))
    twice, weight = (np.zeros(shown.shape, np.float32) for _ in range(2))
    if not shown.any():
        return twice, weight
    votes = _votes(_even(picture, shown), shown)
    for belly in bellies:
        rows = np.flatnonzero(belly.any(axis=1))
        if rows.size >= POOL:
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            own = belly[part]
            theirs = votes[:, part] if len(bellies) == 1 else votes[:, part] * own
            for plane, values in zip((twice, weight), _read(theirs, near_deg), strict=True):
                np.copyto(plane[part], values, where=own)
    return twice, weight


def _read(votes: Plane, near_deg: float | None) -> tuple[Plane, Plane]:
    """Twice the angle, and how much of the votes are for it, 0 to 1, cell by cell, from a belly's votes (directions,
    rows, columns)."""
    size = votes.shape[:0:-1]
    near, _ = _pooled(votes)
    angle, weight = _commonest(near * _window(votes, near_deg), *_pooled(np.square(votes)))
    cosine, sine = cv2.polarToCart(weight, 2 * angle)
    cosine, sine, weight = (_resized(np.asarray(part, np.float32), size) for part in (cosine, sine, weight))
    return twice_of(cosine, sine), weight


def _even(picture: Plane, shown: NDArray[np.bool_]) -> Plane:
    """The picture with its brightness and contrast evened out; 0 where it is not shown."""
    here = shown.astype(np.float32)
    light = cv2.resize(here, picture.shape[::-1], interpolation=cv2.INTER_NEAREST)
    # A quarter of the picture's resolution is half of the mask's.
    few_lit = np.asarray(cv2.resize(here, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    near, wide = (max(picture.shape) * share for share in CONTRAST_SHARES)
    off = np.asarray(picture * light, np.float32)
    off -= _mean(off, few_lit, near)
    off *= light
    contrast = cv2.sqrt(_mean(off * off, few_lit, wide))
    contrast += 3
    off /= contrast
    return off


def _mean(values: Plane, few_lit: Plane, sigma: float) -> Plane:
    """Local mean of `values`, which are 0 where not lit, at a quarter of the resolution. few_lit: at that resolution,
    the lit share of each place."""
    few = cv2.resize(values, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    values_near, lit_near = (cv2.GaussianBlur(part, (0, 0), sigma / 4) for part in (few, few_lit))
    return _resized(np.asarray(values_near / (lit_near + np.float32(1e-3)), np.float32), values.shape[::-1])


def _resized(plane: Plane, size: tuple[int, ...]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _votes(even: Plane, shown: NDArray[np.bool_]) -> Plane:
    """(directions, rows, columns): what the line pieces exceed the least vote by; 0 where it is not shown. In units in
    which it is the votes' standard deviation that is LEAST_VOTE.

    Not squared: then few strong echoes would outvote many weak ones, and what lies flat is the strongest.
    """
    sums, deviation = _line_sums(even, shown)
    sums -= np.float32(LEAST_VOTE * deviation)
    flat = sums.reshape(-1, sums.shape[2])
    cv2.threshold(flat, 0, 0, cv2.THRESH_TOZERO, dst=flat)
    sums *= np.float32(1 / deviation)
    return sums


def _line_sums(even: Plane, shown: NDArray[np.bool_]) -> tuple[Plane, float]:
    """(directions, rows, columns): the ridge filter summed along pieces, at every second pixel each way, 0 where it is
    not shown; and its standard deviation where it is."""
    rows, columns = shown.shape
    soft = cv2.GaussianBlur(even, (0, 0), SOFT_PX[0], sigmaY=SOFT_PX[1])
    soft = cv2.copyMakeBorder(soft, MARGIN_PX, MARGIN_PX + 2, MARGIN_PX, MARGIN_PX + 2, cv2.BORDER_REPLICATE)
    xx, xy, yy = (cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3) for order in ((2, 0), (1, 1), (0, 2)))
    level, turned, tilted = (
        _phases(part) for part in (cv2.addWeighted(xx, -0.5, yy, -0.5, 0), cv2.addWeighted(xx, 0.5, yy, -0.5, 0), -xy)
    )
    sums = np.empty((len(ANGLES_DEG), rows, columns), np.float32)
    both, ridge = np.empty_like(level), np.empty_like(level)
    width = soft.shape[1] // 2
    summed = np.empty(rows * width, np.float32)
    within = summed.reshape(rows, width)[:, :columns]
    flat = ridge.ravel()
    pieces = _pieces(rows, columns)
    for number, (cosine, _, _) in enumerate(pieces[: len(pieces) // 2 + 1]):
        # Of a direction and the mirrored one.
        cv2.scaleAdd(turned, cosine, level, dst=both)
        for own in {number, len(pieces) - 1 - number}:
            _, sine, places = pieces[own]
            cv2.scaleAdd(tilted, sine, both, dst=ridge)
            np.add(flat[places[0]], flat[places[1]], out=summed)
            for place in places[2:]:
                np.add(summed, flat[place], out=summed)
            sums[own] = within
    sums *= shown
    values = sums.ravel()
    count = len(sums) * max(1, int(np.count_nonzero(shown)))
    return sums, max(float(np.dot(values, values)) / count - (float(np.add.reduce(values)) / count) ** 2, 1e-18) ** 0.5


def _phases(plane: MatLike) -> Plane:
    """(1, all) its four parts of every second row and column, one after the other: of even columns the even rows, then
    the odd ones, of odd columns the same; and a row's length of nothing."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    parts = np.zeros((1, 4 * height * width + width), np.float32)
    into = parts[0, :-width].reshape(2, 2, height, width)
    for column, own in enumerate(cv2.split(plane.reshape(2 * height, width, 2))):
        into[column] = own.reshape(height, 2, width).transpose(1, 0, 2)
    return parts


@lru_cache(maxsize=16)
def _pieces(rows: int, columns: int) -> tuple[tuple[float, float, tuple[slice, ...]], ...]:
    """Of each direction: cosine and sine of twice its angle, and for each sample of a piece what all places (rows,
    columns) look at in `_phases` of a picture with its margin. Each is in one stretch, margins and all, which is
    quicker than row by row."""
    height, width = rows + MARGIN_PX + 1, columns + MARGIN_PX + 1
    pieces = []
    for degrees, samples in zip(ANGLES_DEG, _samples(), strict=True):
        twice = 2 * np.radians(degrees)
        starts = (
            ((2 * (x % 2) + y % 2) * height + (MARGIN_PX + y) // 2) * width + (MARGIN_PX + x) // 2 for x, y in samples
        )
        places = tuple(slice(start, start + rows * width) for start in starts)
        pieces.append((float(np.cos(twice)), float(np.sin(twice)), places))
    return tuple(pieces)


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
    all_of_them = cv2.reduce(votes.reshape(len(votes), -1), 1, cv2.REDUCE_SUM, dtype=cv2.CV_64F)[:, 0]
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
    near = (_pool(votes.shape[1]) @ votes) @ _pool(votes.shape[2]).T
    own = near - near[::-1]
    flat = own.reshape(len(own), -1)
    cv2.threshold(flat, 0, 0, cv2.THRESH_TOZERO, dst=flat)
    return np.asarray(own, np.float32), np.asarray(np.add.reduce(near), np.float32)


@lru_cache(maxsize=64)
def _pool(count: int) -> Plane:
    """(few, count) what means over POOL places and a Gaussian window over these make of so many places in a row."""
    means = cv2.resize(np.eye(count, dtype=np.float32), None, fx=1, fy=1 / POOL, interpolation=cv2.INTER_AREA)
    size = round(8 * POOL_SIGMA + 1) | 1
    return np.asarray(cv2.GaussianBlur(means, (1, size), 1.0, sigmaY=POOL_SIGMA), np.float32)


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
