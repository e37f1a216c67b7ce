"""Where the ilium and the bony roof are: bright ridges with a shadow under them, followed by dynamic programming.

The steps are those of Golan (2016: two bone contours, lines through them, rules of what is plausible) and of
Hareendranathan (2016: edges of bone as cheapest paths), with image analysis in the place of learned parts:

1. A map of bone: brighter than what lies just above, and than what lies in the shadow below.
2. The bony rim: of all places, the one where a bright straight line comes in from the cranial side, another one goes
   off into the body, and no line goes on straight. The picture's left side is taken for cranial; whoever asks looks
   at a mirrored picture too.
3. Both lines are followed from there, each as the cheapest path through a strip along it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.despeckle import median
from edge.image.shrinking import shrunk
from edge.task.hip.lines import Floats

LONG_PX: Final = 288
"""Longest side of the picture that is looked at."""
LEAST_SIDE_PX: Final = 48
CALM_SIGMA: Final = 1.0
ABOVE_SHARE, BELOW_SHARE = (0.014, 0.05), (0.03, 0.2)
"""Of the picture's height: what a bone's line is compared with, from and to."""
JOINT_SHARE, SHADOW_SHARE = (0.02, 0.06), (0.02, 0.09)
"""Of its width, for a bone's line that goes down."""
OTHER_LINE: Final = 0.8
"""Of the brightest echo behind a bone's line, which must stay below the line's."""
BRIGHT_QUANTILE: Final = 0.985
ILIUM_DEG: Final = tuple(range(-36, 37, 6))
"""Of the ilium's caudal direction, clockwise as seen."""
ROOF_DEG: Final = tuple(range(24, 89, 4))
ALPHA_DEG: Final = (28.0, 88.0)
"""Between them, for a pair to be looked at."""
ILIUM_SHARE, ROOF_SHARE, AHEAD_SHARE = 0.2, 0.12, 0.1
"""Lengths of the straight lines, of the picture's width."""
AHEAD_COST: Final = 0.6
CANDIDATES: Final = 4
APART_SHARE: Final = 0.07
"""Of the picture's width, between two candidates."""
LEAST_RIM: Final = 0.08
"""Score of a rim, from which on it is looked at."""
ILIUM_STRIP, ROOF_STRIP = (0.6, 0.05), (0.26, 0.05)
"""Length and half width of the strips that paths are looked for in, of the picture's width."""
BENDING: Final = 0.12
"""Cost of a path's step to the side, in units of a bright bone's line."""
SEEN: Final = 0.22
"""Share of a bright bone's line from which on a path's point counts as seen."""
GAP_SHARE: Final = 0.05
"""Of the picture's width: a longer dark piece ends a bone's line."""
CENTRE_PX: Final = 4.0
"""So far to either side of a path the middle of its bright line may lie."""
MARGIN: Final = 0.08
"""Of the picture's sides, where no rim is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """The picture that is looked at: square pixels, speckle taken away."""

    calm: NDArray[np.float32]
    """(height, width) grey levels."""
    bone: NDArray[np.float32]
    """(height, width) how much looks like a bone's line, 1 for a bright one: level or sloping."""
    steep: NDArray[np.float32]
    """(height, width) the same for a bone's line that goes down, with its shadow to the left."""
    px_per_px: tuple[float, float]
    """Its pixels for each of the region's, across and down."""

    def to_region(self, points: Floats) -> Floats:
        """From its pixels (..., 2) to the region's; centres at whole numbers in both."""
        return np.asarray((points + 0.5) / self.px_per_px - 0.5, np.float64)

    def mirrored(self) -> "Working":
        calm, bone = (np.ascontiguousarray(plane[:, ::-1]) for plane in (self.calm, self.bone))
        return Working(calm, bone, steep_map(calm, bone), self.px_per_px)


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """A place where the bony rim may be."""

    at: Floats
    """(2,)."""
    ilium_deg: float
    """Of the base line's caudal direction, clockwise as seen."""
    roof_deg: float
    score: float
    """0 to about 1."""


@dataclass(frozen=True, slots=True, eq=False)
class BonePath:
    """A bone's line as it was followed away from the rim."""

    points: Floats
    """(n, 2) from the rim on."""
    level: Floats
    """(n,) of the bone map."""

    @property
    def strength(self) -> float:
        return float(self.level.mean()) if self.level.size else 0.0


def working_of(picture: NDArray[np.uint8], aspect: float = 1.0) -> Working | None:
    """From the ultrasound region (height, width). aspect: width of its pixels over their height. None: too small."""
    height, width = picture.shape
    scale = LONG_PX / max(height, width * aspect)
    size = max(1, round(width * aspect * scale)), max(1, round(height * scale))
    if min(size) < LEAST_SIDE_PX or min(height, width) < LEAST_SIDE_PX:
        return None
    smaller = size[0] <= width and size[1] <= height
    small = shrunk(picture, size) if smaller else cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    even = median(np.asarray(small, np.uint8), 3).astype(np.float32)
    calm: NDArray[np.float32] = np.asarray(cv2.GaussianBlur(even, (0, 0), CALM_SIGMA), np.float32)
    bone = bone_map(calm)
    return Working(calm, bone, steep_map(calm, bone), (size[0] / width, size[1] / height))


def bone_map(calm: NDArray[np.float32]) -> NDArray[np.float32]:
    """(height, width) how much each place is brighter than what is above it and than its shadow; 1: as bone is."""
    above = _mean_down(calm[::-1], ABOVE_SHARE)[::-1]
    return _share_of_bright(calm, np.minimum(calm - np.float32(0.6) * above, calm - _shadow(calm, BELOW_SHARE)))


def steep_map(calm: NDArray[np.float32], bone: NDArray[np.float32]) -> NDArray[np.float32]:
    """(height, width) the greater of the `bone` map and of how much each place is brighter than what lies right of it,
    in the joint, and left of it, in the shadow of the roof."""
    joint = _mean_down(np.ascontiguousarray(calm.T), JOINT_SHARE).T
    shadow = _shadow(np.ascontiguousarray(calm[:, ::-1].T), SHADOW_SHARE).T[:, ::-1]
    over = np.minimum(calm - np.float32(0.9) * joint, calm - shadow)
    return np.maximum(bone, _share_of_bright(calm, over))


def _shadow(calm: NDArray[np.float32], shares: tuple[float, float]) -> NDArray[np.float32]:
    """What a bone's line must be brighter than: all that lies behind it, of which nothing may be another line."""
    first, last = (max(1, round(share * calm.shape[0])) for share in shares)
    tall = np.ones((last - first + 1, 1), np.uint8)
    # The anchor lies above the kernel's first row, so that it covers the rows from `first` to `last` below.
    padded = np.concatenate((calm[first:], np.repeat(calm[-1:], last + first, axis=0)))
    brightest = cv2.dilate(padded, tall, anchor=(0, 0))[: calm.shape[0]]
    mean = _mean_down(calm, shares)
    return np.asarray(np.maximum(1.15 * mean, OTHER_LINE * np.asarray(brightest, np.float32)), np.float32)


def _share_of_bright(calm: NDArray[np.float32], over: NDArray[np.float32]) -> NDArray[np.float32]:
    bright = max(float(np.quantile(calm, BRIGHT_QUANTILE)), 1.0)
    return np.asarray(np.clip(over / np.float32(0.7 * bright), 0, 1.3), np.float32)


def _mean_down(calm: NDArray[np.float32], shares: tuple[float, float]) -> NDArray[np.float32]:
    """Mean of the rows from one share of the height to another below each place; the last row goes on."""
    height = calm.shape[0]
    first, last = max(1, round(shares[0] * height)), max(2, round(shares[1] * height))
    padded = np.concatenate((calm, np.repeat(calm[-1:], last + 1, axis=0)))
    total = np.cumsum(np.concatenate((np.zeros_like(padded[:1]), padded)), axis=0, dtype=np.float64)
    rows = np.arange(height)
    mean = (total[rows + last + 1] - total[rows + first]) / (last + 1 - first)
    return np.asarray(mean, np.float32)


def sampled(plane: NDArray[np.float32], places: Floats) -> NDArray[np.float32]:
    """(rows, columns) the plane's values at places (rows, columns, 2) in its pixels; its border goes on outwards."""
    x, y = (np.ascontiguousarray(places[..., axis]).astype(np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def find_rims(work: Working, most: int = CANDIDATES) -> tuple[Rim, ...]:
    """The likeliest places of the bony rim, cranial to the left, the best first; empty: nothing looks like it."""
    half, steep = (_halved(plane) for plane in (work.bone, work.steep))
    width = half.shape[1]
    reach = tuple(max(3, round(share * width)) for share in (ILIUM_SHARE, ROOF_SHARE, AHEAD_SHARE))
    ilium = np.stack([_half_line(half, degrees + 180.0, reach[0]) for degrees in ILIUM_DEG])
    roof = np.stack([_half_line(steep, float(degrees), reach[1]) for degrees in ROOF_DEG])
    ahead = np.stack([_half_line(half, float(degrees), reach[2]) for degrees in ILIUM_DEG])
    ilium, roof = np.maximum(ilium - AHEAD_COST * ahead, 0), np.maximum(roof, 0)
    best, found = np.full(half.shape, -1.0, np.float32), np.zeros((*half.shape, 2), np.int16)
    for i, at in enumerate(ILIUM_DEG):
        some = [j for j, down in enumerate(ROOF_DEG) if ALPHA_DEG[0] <= down - at <= ALPHA_DEG[1]]
        part = roof[some]
        which = part.argmax(axis=0)
        score = np.sqrt(ilium[i] * np.take_along_axis(part, which[None], 0)[0])
        better = score > best
        best[better] = score[better]
        found[better] = np.stack((np.full(which.shape, i), np.asarray(some)[which]), axis=-1)[better]
    return _peaks(best, found, most)


def _halved(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _peaks(best: NDArray[np.float32], found: NDArray[np.int16], most: int) -> tuple[Rim, ...]:
    """The highest places of a map at half the size, none near a higher one."""
    height, width = best.shape
    left = best.copy()
    across, down = round(MARGIN * width), round(MARGIN * height)
    left[:down], left[height - down :], left[:, :across], left[:, width - 2 * across :] = 0, 0, 0, 0
    apart = round(APART_SHARE * width)
    rims = []
    for _ in range(most):
        row, column = (int(one) for one in np.unravel_index(int(left.argmax()), left.shape))
        if left[row, column] < LEAST_RIM:
            break
        i, j = found[row, column]
        place = np.array((2 * column + 0.5, 2 * row + 0.5))
        rims.append(Rim(place, float(ILIUM_DEG[i]), float(ROOF_DEG[j]), float(left[row, column])))
        left[max(0, row - apart) : row + apart + 1, max(0, column - apart) : column + apart + 1] = 0
    return tuple(rims)


def _half_line(plane: NDArray[np.float32], degrees: float, length: int) -> NDArray[np.float32]:
    """(height, width) mean along a straight line that goes off each place in a direction, clockwise as seen."""
    return np.asarray(cv2.filter2D(plane, -1, _kernel(degrees, length), borderType=cv2.BORDER_CONSTANT), np.float32)


@lru_cache(maxsize=256)
def _kernel(degrees: float, length: int) -> NDArray[np.float32]:
    side = 2 * length + 1
    kernel = np.zeros((side, side), np.uint8)
    way = np.array((np.cos(np.radians(degrees)), np.sin(np.radians(degrees)))) * length
    end = np.round((length + way) * 16).astype(int)
    cv2.line(kernel, (length * 16, length * 16), (int(end[0]), int(end[1])), 255, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / kernel.sum(), np.float32)


def follow(work: Working, rim: Rim) -> tuple[BonePath, BonePath]:
    """The ilium's line and the roof's, each from the rim on as far as it is seen."""
    width = work.bone.shape[1]
    ilium = _path(work.bone, rim.at, rim.ilium_deg + 180.0, ILIUM_STRIP, width)
    roof = _path(work.steep, rim.at, rim.roof_deg, ROOF_STRIP, width)
    return _centred(work.calm, ilium), _centred(work.calm, roof)


def _centred(calm: NDArray[np.float32], path: BonePath) -> BonePath:
    """The path moved to the middle of the bright line that it follows: the map is greatest on the shadow's side."""
    if len(path.points) < 3:
        return path
    smooth = cv2.blur(path.points, (1, 9), borderType=cv2.BORDER_REPLICATE)
    way = np.gradient(smooth, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    beside = np.stack((-way[:, 1], way[:, 0]), axis=1)
    offsets = np.arange(-CENTRE_PX, CENTRE_PX + 0.25, 0.5)
    places = path.points[:, None] + offsets[None, :, None] * beside[:, None]
    level = cv2.blur(sampled(calm, places), (1, 5), borderType=cv2.BORDER_REPLICATE)
    low, high = level.min(axis=1, keepdims=True), level.max(axis=1, keepdims=True)
    weight = np.maximum(level - (low + high) / 2, 0) + 1e-6
    moved = (weight * offsets).sum(axis=1) / weight.sum(axis=1)
    return BonePath(np.asarray(path.points + moved[:, None] * beside, np.float64), path.level)


def _path(plane: NDArray[np.float32], at: Floats, degrees: float, strip: tuple[float, float], width: int) -> BonePath:
    """The brightest path through a strip (length and half width, shares of the picture's width) that begins at `at`."""
    length, half = round(strip[0] * width), max(4, round(strip[1] * width))
    way = np.array((np.cos(np.radians(degrees)), np.sin(np.radians(degrees))))
    beside = np.array((-way[1], way[0]))
    steps, offsets = np.arange(length + 1), np.arange(-half, half + 1)
    places = at + steps[:, None, None] * way + offsets[None, :, None] * beside
    inside = ((places >= 0) & (places <= np.array(plane.shape[::-1]) - 1)).all(axis=-1)
    level_at = sampled(plane, places) * inside
    taken = cheapest_path(np.asarray(1.0 - level_at, np.float64), BENDING)
    rows = np.arange(length + 1)
    points, level = places[rows, taken], np.asarray(level_at[rows, taken], np.float64)
    end = _seen_until(level, max(3, round(GAP_SHARE * width)))
    return BonePath(np.asarray(points[:end], np.float64), level[:end])


def cheapest_path(cost: Floats, bending: float) -> NDArray[np.intp]:
    """(rows,) the column of the cheapest path down `cost` (rows, columns), a step of one column to the side at most in
    each row, for `bending` each."""
    total = cost.copy()
    rows, columns = cost.shape
    wall = np.full(1, np.inf)
    for row in range(1, rows):
        before = np.concatenate((wall, total[row - 1], wall))
        aside = np.minimum(before[:-2], before[2:]) + bending
        total[row] += np.minimum(before[1:-1], aside)
    way = np.empty(rows, np.intp)
    way[-1] = int(total[-1].argmin())
    for row in range(rows - 2, -1, -1):
        at = int(way[row + 1])
        low, high = max(0, at - 1), min(columns, at + 2)
        near = total[row, low:high] + bending * (np.arange(low, high) != at)
        way[row] = low + int(near.argmin())
    return way


def _seen_until(level: Floats, gap: int) -> int:
    """How many of a path's points belong to the bone's line: up to the first dark piece longer than `gap`."""
    seen = level >= SEEN
    last = 0
    for index in np.flatnonzero(seen).tolist():
        if index - last > gap:
            break
        last = index
    return last + 1
