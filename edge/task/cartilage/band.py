"""A thin band that runs across a picture, such as cartilage: its borders from a score map; and the bright bone under
it with its shadow, which tells a joint's surface from any other dark band."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region

Floats = NDArray[np.float64]

SIDE = 256
"""Height and width of the network's input and of the score map."""
BRIDGED_SHARE = 0.04
"""Gaps narrower than this share of the picture's width are bridged: an edge shadow, a burnt-in mark."""
FRAGMENT_SHARE = 0.08
"""Pieces smaller than this share of the largest are specks, not parts of the band."""
SMOOTHING_COLUMNS = 1.5
"""Sigma along the borders."""
CLEARLY_BRIGHTER = 12.0
"""Grey levels by which bone is brighter than the band: the step between two tissues that an eye sees at a glance."""
DIM_SHARE = 0.15
"""The same in a dim picture, as a share of the brightest level around the band."""
SAMPLED_DEPTHS = np.linspace(-0.9, 3.0, 27)
"""Around the lower border: 0 is the lower border, -1 the upper one, in thicknesses of the band."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The borders of a band, one value per column, in pixels of the score map (pixel centres at whole numbers)."""

    columns: NDArray[np.intp]
    """(n,) increasing, without gaps."""
    upper: Floats
    lower: Floats
    continuity: float
    """Share of the columns between the band's outer ends where it was found, before any gap was bridged."""
    confidence: float
    """Mean probability inside the band, 0.5 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """The band's borders in pixels of the frame, one point per column of the score map."""

    x: Floats
    upper: Floats
    lower: Floats


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


def in_frame(band: Band, region: Region) -> Borders:
    """From pixels of the score map (SIDE, SIDE) to pixels of the frame whose ultrasound is `region`; pixel centres at
    whole numbers in both."""
    across, down = region.width / SIDE, region.height / SIDE
    x = np.asarray(region.x + (band.columns + 0.5) * across - 0.5, np.float64)
    upper, lower = (region.y + (border + 0.5) * down - 0.5 for border in (band.upper, band.lower))
    return Borders(x, upper, lower)


@dataclass(frozen=True, slots=True)
class BoneLine:
    """Grey levels along a band, each the median over its columns, and how continuous the bone is."""

    above: float
    band: float
    bone: float
    """Brightest level at the lower border."""
    below: float
    """Mean from one to three thicknesses under the lower border: dark in a shadow."""
    continuity: float
    """Share of columns whose bone is clearly brighter than the band."""


def sample_bone_line(pixels: NDArray[np.uint8], x: Floats, upper: Floats, lower: Floats) -> BoneLine:
    """Grey levels in and around a band with borders (n,) at `x` (n,), in pixels of the picture (height, width).

    Every second column is looked at.
    """
    x, upper, lower = x[::2], upper[::2], lower[::2]
    thickness = np.maximum(lower - upper, 2.0)
    depth = lower + np.concatenate(([-1.6, -1.3], SAMPLED_DEPTHS))[:, None] * thickness
    across = np.broadcast_to(x, depth.shape)
    sampled = cv2.remap(pixels, across.astype(np.float32), depth.astype(np.float32), cv2.INTER_LINEAR)
    levels = np.asarray(sampled, np.float32)
    above, around = levels[:2].mean(axis=0), levels[2:]
    band = around[(SAMPLED_DEPTHS > -0.8) & (SAMPLED_DEPTHS < -0.3)].mean(axis=0)
    bone = around[(SAMPLED_DEPTHS > -0.2) & (SAMPLED_DEPTHS < 0.6)].max(axis=0)
    below = around[SAMPLED_DEPTHS > 1.0].mean(axis=0)
    return BoneLine(
        above=_middle(above),
        band=_middle(band),
        bone=_middle(bone),
        below=_middle(below),
        continuity=float(np.mean(bone - band > min(CLEARLY_BRIGHTER, DIM_SHARE * levels.max()))),
    )


def _middle(levels: NDArray[np.float32]) -> float:
    """The upper median: np.median's averaging and its checks take longer than the sorting."""
    return float(np.partition(levels, levels.size // 2)[levels.size // 2])
