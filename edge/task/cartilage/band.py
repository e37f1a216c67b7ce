"""A thin band that runs across a picture, such as cartilage: its borders from a score map; and the bright bone under
it with its shadow, which tells a joint's surface from any other dark band."""

from dataclasses import dataclass
from typing import Final

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
SMOOTHED_COLUMNS = 13
"""Four sigmas to either side."""
CLEARLY_BRIGHTER = 12.0
"""Grey levels by which bone is brighter than the band: the step between two tissues that an eye sees at a glance."""
DIM_SHARE = 0.15
"""The same in a dim picture, as a share of the brightest level around the band."""
OUTWARDS: Final = np.array([[-1], [1]])
"""Rows, from the upper border and from the lower one."""
SAMPLED_DEPTHS: Final = np.concatenate(((-1.6, -1.3), np.linspace(-0.9, 3.0, 27)))
"""Around the lower border: 0 is the lower border, -1 the upper one, in thicknesses of the band."""
PARTS: Final = np.stack(
    [
        SAMPLED_DEPTHS < -1.0,
        (SAMPLED_DEPTHS > -0.8) & (SAMPLED_DEPTHS < -0.3),
        SAMPLED_DEPTHS > 1.0,
    ]
).astype(np.float32)
"""(3, depths) 1 where a depth counts: above the band, in it, under its bone."""
PART_SIZES: Final = PARTS.sum(axis=1, keepdims=True)
BONE: Final = slice(*np.flatnonzero((SAMPLED_DEPTHS > -0.2) & (SAMPLED_DEPTHS < 0.6))[[0, -1]] + (0, 1))
"""The depths where bone is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The borders of a band, one value per column, in pixels of the score map (pixel centres at whole numbers)."""

    columns: NDArray[np.intp]
    """(n,) increasing, without gaps."""
    rows: Floats
    """(2, n) the upper border and the lower one."""
    continuity: float
    """Share of the columns between the band's outer ends where it was found, before any gap was bridged."""
    confidence: float
    """Mean probability inside the band, 0.5 to 1."""

    @property
    def upper(self) -> Floats:
        upper: Floats = self.rows[0]
        return upper

    @property
    def lower(self) -> Floats:
        lower: Floats = self.rows[1]
        return lower


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """The band's borders in pixels of the frame, one point per column of the score map."""

    x: Floats
    y: Floats
    """(2, n) the upper border and the lower one."""

    @property
    def upper(self) -> Floats:
        upper: Floats = self.y[0]
        return upper

    @property
    def lower(self) -> Floats:
        lower: Floats = self.y[1]
        return lower


def trace_band(score: NDArray[np.float32], level: float = 0.0) -> Band | None:
    """The largest band in a score map (height, width), over `level` inside; None where there is none.

    Borders lie where the score crosses the level, between pixels. Pieces that follow each other from left to right
    belong to one band.
    """
    inside = (score > np.float32(level)).view(np.uint8)
    x, y, width, height = cv2.boundingRect(inside)
    if width < 3:
        return None
    box = np.s_[y : y + height, x : x + width]
    pieces = _pieces(inside[box])
    # One row for each column: then the first inside is found without a pass over all.
    upright = cv2.transpose(pieces)
    ends = np.stack((upright.view(bool).argmax(axis=1), cv2.flip(upright, 1).view(bool).argmax(axis=1)))
    found = np.flatnonzero(upright.ravel().take(np.arange(0, upright.size, height) + ends[0]))
    if found.size < 3:
        return None
    logits = score[box][pieces.view(bool)]
    confidence = float((1 / (1 + np.exp(np.float32(level) - logits))).sum()) / logits.size
    spanned = int(found[-1] - found[0]) + 1
    continuity = found.size / spanned
    if spanned > found.size:
        found = _longest_run(found, BRIDGED_SHARE * score.shape[1])
    ends = ends.take(found, axis=1)
    np.subtract(height - 1, ends[1], out=ends[1])
    rows = _borders(score, level, found + x, ends + y)
    every = np.arange(found[0], found[-1] + 1)
    if every.size > found.size:
        rows = np.stack([np.interp(every, found, border) for border in rows])
    return Band(every + x, _smooth(rows), continuity, confidence)


def _pieces(inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of the ones in a box (height, width) of zeros and ones the largest connected piece, and those that go on beside
    it without overlapping it sideways."""
    # Sizes of the pieces take longer than the pieces: mostly there is one.
    count, labels = cv2.connectedComponentsWithAlgorithm(inside, 8, cv2.CV_16U, cv2.CCL_BBDT)
    if count == 2:
        return inside
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(inside, 8, cv2.CV_16U, cv2.CCL_BBDT)
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA])
    smallest = FRAGMENT_SHARE * stats[order[0], cv2.CC_STAT_AREA]
    taken, kept = np.zeros(inside.shape[1], bool), np.zeros(inside.shape, bool)
    for label in order[:6]:
        left, across, area = (stats[label, which] for which in (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_AREA))
        span = slice(left, left + across)
        if area >= smallest and not taken[span].any():
            taken[span] = True
            kept |= labels == label
    return kept.view(np.uint8)


def _longest_run(columns: NDArray[np.intp], widest_gap: float) -> NDArray[np.intp]:
    """The longest part of `columns` without a gap wider than this."""
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > widest_gap + 1) + 1)
    return max(parts, key=len)


def _borders(score: NDArray[np.float32], level: float, columns: NDArray[np.intp], inner: NDArray[np.intp]) -> Floats:
    """(2, n) where the score crosses the level above and below a piece. inner: (2, n) its outermost rows."""
    height, width = score.shape
    at, flat = inner * width + columns, score.ravel()
    there = flat.take(at)
    # A row beyond the picture is taken from its other side, and not used.
    beyond = flat.take(at + OUTWARDS * width, mode="wrap")
    way = (there - np.float32(level)) / np.maximum(there - beyond, np.float32(1e-9))
    way[0, inner[0] == 0] = way[1, inner[1] == height - 1] = 0.5
    rows: Floats = inner + OUTWARDS * way
    return rows


def _smooth(rows: Floats) -> Floats:
    smoothed = cv2.GaussianBlur(rows, (SMOOTHED_COLUMNS, 1), SMOOTHING_COLUMNS, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(smoothed, np.float64)


def in_frame(band: Band, region: Region) -> Borders:
    """From pixels of the score map (SIDE, SIDE) to pixels of the frame whose ultrasound is `region`; pixel centres at
    whole numbers in both."""
    across, down = region.width / SIDE, region.height / SIDE
    x = np.asarray(band.columns * across + (region.x + 0.5 * across - 0.5), np.float64)
    y: Floats = band.rows * down + (region.y + 0.5 * down - 0.5)
    return Borders(x, y)


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


def sample_bone_line(pixels: NDArray[np.uint8], borders: Borders) -> BoneLine:
    """Grey levels in and around a band in the picture (height, width).

    Every second column is looked at.
    """
    upper, lower = borders.y[:, ::2]
    thickness = np.maximum(lower - upper, 2.0)
    depth = (lower + SAMPLED_DEPTHS[:, None] * thickness).astype(np.float32)
    across = np.empty_like(depth)
    across[:] = borders.x[::2]
    sampled = cv2.remap(pixels, across, depth, cv2.INTER_LINEAR)
    along = np.empty((4, lower.size), np.float32)
    # Sums of grey levels are whole numbers, which float32 holds exactly.
    np.divide(PARTS @ sampled.astype(np.float32), PART_SIZES, out=along[:3])
    along[3] = sampled[BONE].max(axis=0)
    clear = along[3] - along[1] > min(CLEARLY_BRIGHTER, DIM_SHARE * float(sampled.max()))
    # The upper median: np.median's averaging and its checks take longer than the sorting.
    at = lower.size // 2
    above, band, below, bone = np.partition(along, at, axis=1)[:, at].tolist()
    return BoneLine(above, band, bone, below, np.count_nonzero(clear) / clear.size)
