"""Where the ilium and the bony roof are: bright ridges with a shadow under them, followed by dynamic programming.

The steps follow Golan's (2016) and Hareendranathan's: contours of ilium and roof, lines through them, rules of what is
plausible; image analysis takes the place of learned parts.

1. A map of bone (bone_map.py): brighter than what lies just above, and than what lies in the shadow below.
2. The bony rim: of all places, the one where a bright straight line comes in from the cranial side, another one goes
   off into the body, and no line goes on straight. The picture's left side is taken for cranial; whoever asks looks
   at a mirrored picture too.
3. Both lines are followed from there, each as the cheapest path through a strip along it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.cheapest_path import cheapest_paths
from edge.task.hip.bone_map import Working, sampled
from edge.task.hip.lines import Floats

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


def find_rims(work: Working, most: int = CANDIDATES) -> tuple[Rim, ...]:
    """The likeliest places of the bony rim, cranial to the left, the best first; empty: nothing looks like it."""
    half, steep = (_halved(plane) for plane in (work.bone, work.steep))
    width = half.shape[1]
    reach = tuple(max(3, round(share * width)) for share in (ILIUM_SHARE, ROOF_SHARE, AHEAD_SHARE))
    ilium = np.stack([_half_line(half, degrees + 180.0, reach[0]) for degrees in ILIUM_DEG])
    roof = np.stack([_half_line(steep, float(degrees), reach[1]) for degrees in ROOF_DEG])
    ahead = np.stack([_half_line(half, float(degrees), reach[2]) for degrees in ILIUM_DEG])
    ilium, roof = np.maximum(ilium - AHEAD_COST * ahead, 0), np.maximum(roof, 0)
    best = np.full(half.shape, -1.0, np.float32)
    found = np.zeros(half.shape, np.int16)
    for i, at in enumerate(ILIUM_DEG):
        some = [j for j, down in enumerate(ROOF_DEG) if ALPHA_DEG[0] <= down - at <= ALPHA_DEG[1]]
        steepest, which = roof[some[0]], np.full(half.shape, some[0], np.int16)
        for j in some[1:]:
            np.putmask(which, roof[j] > steepest, j)
            steepest = np.maximum(steepest, roof[j])
        score = ilium[i] * steepest
        np.putmask(found, score > best, i * len(ROOF_DEG) + which)
        best = np.maximum(best, score)
    return _peaks(np.sqrt(np.maximum(best, 0)), found, most)


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
        i, j = divmod(int(found[row, column]), len(ROOF_DEG))
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


def follow(work: Working, rims: Sequence[Rim]) -> tuple[tuple[BonePath, BonePath], ...]:
    """The ilium's line and the roof's for each rim, each from the rim on as far as it is seen."""
    ilia = _paths(work.bone, rims, [rim.ilium_deg + 180.0 for rim in rims], ILIUM_STRIP)
    roofs = _paths(work.steep, rims, [rim.roof_deg for rim in rims], ROOF_STRIP)
    return tuple(
        (_centred(work.calm, ilium), _centred(work.calm, roof)) for ilium, roof in zip(ilia, roofs, strict=True)
    )


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


def _paths(
    plane: NDArray[np.float32], rims: Sequence[Rim], degrees: Sequence[float], strip: tuple[float, float]
) -> list[BonePath]:
    """The brightest paths through strips (length and half width, shares of the picture's width) that begin at rims."""
    if not rims:
        return []
    width = plane.shape[1]
    length, half = round(strip[0] * width), max(4, round(strip[1] * width))
    turn = np.radians(degrees)
    way = np.stack((np.cos(turn), np.sin(turn)), axis=1)[:, None, None]
    beside = np.stack((-np.sin(turn), np.cos(turn)), axis=1)[:, None, None]
    steps, offsets = np.arange(length + 1)[None, :, None, None], np.arange(-half, half + 1)[None, None, :, None]
    places = np.stack([rim.at for rim in rims])[:, None, None] + steps * way + offsets * beside
    inside = ((places >= 0) & (places <= np.array(plane.shape[::-1]) - 1)).all(axis=-1)
    flat = places.reshape(-1, places.shape[2], 2)
    level_at = sampled(plane, flat).reshape(inside.shape) * inside
    taken = cheapest_paths(np.asarray(1.0 - level_at, np.float64), BENDING)
    rows, gap = np.arange(length + 1), max(3, round(GAP_SHARE * width))
    found = []
    for number, columns in enumerate(taken):
        points, level = places[number, rows, columns], np.asarray(level_at[number, rows, columns], np.float64)
        end = _seen_until(level, gap)
        found.append(BonePath(np.asarray(points[:end], np.float64), level[:end]))
    return found


def _seen_until(level: Floats, gap: int) -> int:
    """How many of a path's points belong to the bone's line: up to the first dark piece longer than `gap`."""
    seen = level >= SEEN
    last = 0
    for index in np.flatnonzero(seen).tolist():
        if index - last > gap:
            break
        last = index
    return last + 1
