"""A thin band that runs across a picture, such as cartilage: its borders from a score map, and its dimensions.

Thickness of a part is its area over its length (as in the clinical definition of mean regional cartilage thickness);
the length is that of the line midway between the borders, which makes the mean thickness of a curved band of constant
thickness exact.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BRIDGED_SHARE = 0.04
"""Gaps narrower than this share of the picture's width are bridged: an edge shadow, a burnt-in mark."""
FRAGMENT_SHARE = 0.08
"""Pieces smaller than this share of the largest are specks, not parts of the band."""
SMOOTHING_COLUMNS = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The borders of a band, one value a column, in pixels of the score map (pixel centres at whole numbers)."""

    columns: NDArray[np.intp]
    """(n,) increasing, without gaps."""
    upper: Floats
    lower: Floats
    continuity: float
    """Share of the columns between the band's outer ends where it was found, before any gap was bridged."""
    confidence: float
    """Mean probability inside the band, 0.5 to 1."""


@dataclass(frozen=True, slots=True)
class BandSize:
    """Dimensions in the unit that the borders were given in."""

    thirds: tuple[float, float, float]
    """Mean thickness of the left, middle and right third of the length."""
    mean: float
    minimum: float
    """Smallest local thickness, leaving out the outer 8 % at either end, where the band tapers."""
    area: float
    length: float


def trace_band(score: NDArray[np.float32]) -> Band | None:
    """The largest band in a score map (height, width), positive inside; None where there is none.

    Borders lie where the score crosses zero, between pixels. Pieces that follow each other from left to right belong
    to one band.
    """
    pieces = _pieces((score > 0).astype(np.uint8))
    columns = np.flatnonzero(pieces.any(axis=0))
    if columns.size < 3:
        return None
    confidence = float(np.mean(1 / (1 + np.exp(-score[pieces]))))
    continuity = columns.size / (columns[-1] - columns[0] + 1)
    columns = _longest_run(columns, BRIDGED_SHARE * score.shape[1])
    upper, lower = _borders(score, pieces, columns)
    every = np.arange(columns[0], columns[-1] + 1)
    upper, lower = (_smooth(np.interp(every, columns, border)) for border in (upper, lower))
    return Band(every, upper, lower, continuity, confidence)


def _pieces(inside: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The largest connected piece, and those that go on beside it without overlapping it sideways."""
    kept = np.zeros(inside.shape, bool)
    x, y, width, height = cv2.boundingRect(inside)
    if not width:
        return kept
    box = np.s_[y : y + height, x : x + width]
    # This algorithm takes half the time of the default.
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(inside[box], 8, cv2.CV_16U, cv2.CCL_BBDT)
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA])
    smallest = FRAGMENT_SHARE * stats[order[0], cv2.CC_STAT_AREA]
    taken = np.zeros(width, bool)
    for label in order[:6]:
        left, across, area = (stats[label, which] for which in (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_AREA))
        span = slice(left, left + across)
        if area >= smallest and not taken[span].any():
            taken[span] = True
            kept[box] |= labels == label
    return kept


def _longest_run(columns: NDArray[np.intp], widest_gap: float) -> NDArray[np.intp]:
    """The longest part of `columns` without a gap wider than this."""
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > widest_gap + 1) + 1)
    return max(parts, key=len)


def _borders(score: NDArray[np.float32], pieces: NDArray[np.bool_], columns: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Where the score crosses zero above and below the pieces, in these columns."""
    rows = np.flatnonzero(pieces.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    part = pieces[top:bottom, columns]
    first = top + part.argmax(axis=0)
    last = bottom - 1 - part[::-1].argmax(axis=0)
    return first - _way(score, columns, first, first - 1), last + _way(score, columns, last, last + 1)


def _way(
    score: NDArray[np.float32], columns: NDArray[np.intp], inner: NDArray[np.intp], outer: NDArray[np.intp]
) -> Floats:
    """Share of the way from the inner pixel's centre to the outer one's where zero is crossed; 0.5 at the rim."""
    rows = score.shape[0]
    there = score[inner, columns].astype(np.float64)
    beyond = score[np.clip(outer, 0, rows - 1), columns].astype(np.float64)
    outside = (outer < 0) | (outer >= rows)
    return np.where(outside, 0.5, there / np.maximum(there - beyond, 1e-9))


def _smooth(border: Floats) -> Floats:
    smoothed = cv2.GaussianBlur(border[None], (0, 0), SMOOTHING_COLUMNS, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(smoothed[0], np.float64)


def measure_band(x: Floats, upper: Floats, lower: Floats) -> BandSize:
    """Dimensions of a band from its borders (n,) at evenly spaced lateral positions `x` (n,), in one unit of length.

    Each column stands for its full width. Needs 12 columns or more.
    """
    step = float(x[1] - x[0])
    middle = (upper + lower) / 2
    slope = np.gradient(middle, step)
    lengths = step * np.sqrt(1 + slope**2)
    areas = np.maximum(lower - upper, 0) * step
    way = np.cumsum(lengths) - lengths / 2
    length, area = float(lengths.sum()), float(areas.sum())
    third = np.minimum((way / length * 3).astype(int), 2)
    thirds = [float(areas[third == part].sum() / lengths[third == part].sum()) for part in range(3)]
    core = (way > 0.08 * length) & (way < 0.92 * length)
    local = areas[core] / lengths[core]
    return BandSize((thirds[0], thirds[1], thirds[2]), area / length, float(local.min()), area, length)
