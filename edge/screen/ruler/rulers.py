"""Finds depth rulers: columns of evenly spaced small marks beside the ultrasound picture, or just inside it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.ruler.ticks import Ticks, fit_ticks

_CONTRAST = 26
_CONTRAST_INSIDE = 70
_INSIDE_SHARE = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """Ticks along the picture's depth."""

    x_px: float
    ticks: Ticks
    """Along y."""
    reach: NDArray[np.float64]
    """(n,) width plus height of each tick in px, by which major ticks are told from minor ones."""

    @property
    def first_px(self) -> float:
        return self.ticks.start_px

    @property
    def last_px(self) -> float:
        return self.ticks.position(float(self.ticks.indices[-1]))


@dataclass(frozen=True, slots=True, eq=False)
class _Marks:
    """n small marks in px, each field (n,); `y` is their centre, finer than a pixel."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    height: NDArray[np.float64]
    y: NDArray[np.float64]


def find_rulers(pixels: NDArray[np.uint8], region: Region) -> list[Ruler]:
    """The rulers along the depth of `region`, the one with most ticks first, each over 2 % of the width apart."""
    rulers: list[Ruler] = []
    polarities = _small_marks(pixels, region)
    for marks, chosen in ((kind, group) for kind in polarities for group in _aligned(kind)):
        order = chosen[np.argsort(marks.y[chosen], kind="stable")]
        ticks = fit_ticks(marks.y[order])
        if ticks is None:
            continue
        of_ticks = order[ticks.members]
        x = float(np.median((marks.left + marks.right)[of_ticks]) / 2)
        ruler = Ruler(x, ticks, (marks.right - marks.left + 1 + marks.height)[of_ticks])
        if _along(ruler, region):
            rulers.append(ruler)
    rulers.sort(key=lambda ruler: -ruler.ticks.indices.size)
    distinct: list[Ruler] = []
    for ruler in rulers:
        if all(abs(ruler.x_px - other.x_px) > 0.02 * pixels.shape[1] for other in distinct):
            distinct.append(ruler)
    return distinct


def _along(ruler: Ruler, region: Region) -> bool:
    """Whether a ruler keeps to the picture's depth and covers a good part of it."""
    slack = 0.06 * region.height
    inside = ruler.first_px > region.y - slack and ruler.last_px < region.y + region.height + slack
    return inside and ruler.last_px - ruler.first_px > 0.4 * region.height


def _small_marks(pixels: NDArray[np.uint8], region: Region) -> tuple[_Marks, _Marks]:
    """Bright and dark marks that are short along the depth and stand out from what is above and below them."""
    tall = max(9, round(0.028 * region.height)) | 1
    bright = cv2.morphologyEx(pixels, cv2.MORPH_TOPHAT, np.ones((tall, 1), np.uint8))
    dark = cv2.morphologyEx(pixels, cv2.MORPH_BLACKHAT, np.ones((tall, 1), np.uint8))
    inside = max(4, round(_INSIDE_SHARE * region.width))
    area = np.zeros(pixels.shape, np.uint8)
    margin = round(0.08 * region.height)
    area[max(region.y - margin, 0) : region.y + region.height + margin] = 1
    centre = (slice(region.y, region.y + region.height), slice(region.x + inside, region.x + region.width - inside))
    area[centre] = 0
    threshold = np.full(pixels.shape, _CONTRAST, np.uint8)
    region.crop(threshold)[:] = _CONTRAST_INSIDE
    found = area > 0
    return (
        _connected(np.asarray(bright, np.uint8), (bright > threshold) & found, region),
        _connected(np.asarray(dark, np.uint8), (dark > threshold) & found, region),
    )


def _connected(relief: NDArray[np.uint8], mask: NDArray[np.bool_], region: Region) -> _Marks:
    """The connected parts of `mask` that are small enough for a mark."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    y, x = np.nonzero(mask)
    label = labels[y, x]
    weight = relief[y, x].astype(np.float64)
    centre = np.bincount(label, weight * y, count) / np.maximum(np.bincount(label, weight, count), 1e-9)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    small = (width <= max(8, 0.08 * region.width)) & (height <= 0.04 * region.height + 6)
    small[0] = False
    left = stats[small, cv2.CC_STAT_LEFT].astype(np.float64)
    return _Marks(left, left + width[small] - 1, height[small].astype(np.float64), centre[small])


def _aligned(marks: _Marks) -> list[NDArray[np.int64]]:
    """Groups of marks that share their left end, right end or middle; each holds the marks' numbers, ascending."""
    groups: list[NDArray[np.int64]] = []
    seen: set[bytes] = set()
    for key in (marks.left, marks.right, (marks.left + marks.right) / 2):
        if key.size == 0:
            continue
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        columns = np.unique(np.round(key))
        ends = np.searchsorted(ordered, (columns - 1.01, columns + 1.01))
        for x, first, last in zip(columns, *ends, strict=True):
            members = np.sort(order[first:last])
            beside = np.abs(columns - x) <= 1
            densest = members.size == (ends[1] - ends[0])[beside].max()
            if members.size >= 4 and densest and members.tobytes() not in seen:
                seen.add(members.tobytes())
                groups.append(members)
    return groups
