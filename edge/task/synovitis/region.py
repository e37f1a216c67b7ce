"""The synovial region: what is hypo-echoic between the bone and the capsule, by one cheapest upper border.

Heights are counted from the floor: the bone, straight over the gap. The capsule's border is where the picture gets
brighter upwards; where nothing dark lies on the bone the border falls to the floor. Its course is the cheapest path
over all heights (an active contour that has only one way to bend, by dynamic programming).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.cheapest_path import cheapest_paths
from edge.task.synovitis.grades import THIN_MM, Floats
from edge.task.synovitis.joint import JointPlace
from edge.task.synovitis.surfaces import Surfaces
from edge.task.synovitis.working import MM_PER_PX, Working, px

REACH_MM: Final = 11.0
"""To either side of the gap."""
HIGHEST_MM: Final = 5.5
CARTILAGE_MM: Final = 0.2
"""Taken off the region: cartilage is as dark, and part of the bone."""
OVER_MM: Final = 0.45
"""Above a border, where it must be brighter."""
BENDING: Final = 0.045
LEAST_CONTRAST: Final = 0.12
"""Of the tissue's brightness: weaker, there is no border."""
NEAR_BONE_MM: Final = 0.24
"""Over the floor, where a bone's echo still is."""
UNDER_SKIN_MM: Final = 1.75
PASSED: Final = 0.97
"""Of the brightest place under a border, which must stay below what is above it."""
DARK: Final = 0.95
"""Of the tissue's brightness, which a region stays below."""
LINE_MM: Final = 0.32
"""Of the capsule's own echo, under its border."""
LEAST_STEP: Final = 0.1
"""Between fluid and hypertrophy, of the tissue's brightness; less cannot be told apart."""
BORDER_MM: Final = 0.4
"""Over which one border is seen."""
INNER: Final = 0.6
"""Of a border below, which is taken off one above it."""
FLUID: Final = 0.3
"""Share of the way from the gel's level to the region's: what is darker is fluid."""


@dataclass(frozen=True, slots=True, eq=False)
class SynovialRegion:
    """By column of the working picture; rows in its pixels."""

    columns: NDArray[np.intp]
    """(n,) around the joint."""
    floor: Floats
    """(n,)."""
    upper: Floats
    """(n,) the hypertrophy's upper border."""
    capsule: Floats
    """(n,) what lies between it and `upper` is fluid."""
    contrast: Floats
    """(n,) of the border, 1: as bright above as tissue is."""
    inside: NDArray[np.bool_]
    """(n,) columns of the one region."""
    dark: float
    """Its brightness as a share of the tissue's."""

    @property
    def ring(self) -> Floats:
        """(m, 2) around the hypertrophy; empty where there is none."""
        return ring_of(self.columns, self.upper, self.floor, self.inside & (self.floor - self.upper > 1))


def ring_of(columns: NDArray[np.intp], upper: Floats, lower: Floats, there: NDArray[np.bool_]) -> Floats:
    """(m, 2) around the columns between two borders, clockwise from the left."""
    x = columns[there].astype(np.float64)
    return np.concatenate((np.stack((x, upper[there]), axis=1), np.stack((x, lower[there]), axis=1)[::-1]))


def floor_of(surfaces: Surfaces, joint: JointPlace) -> Floats:
    """(width,) the bone's line without what is not seen of it, straight over the gap."""
    columns = np.arange(surfaces.bone.size)
    known = surfaces.seen & (np.abs(columns - joint.gap) > px(0.4))
    if known.sum() < 4:
        return surfaces.bone
    return np.asarray(np.interp(columns, columns[known], surfaces.bone[known]))


def find_region(work: Working, surfaces: Surfaces, joint: JointPlace) -> SynovialRegion:
    width = work.calm.shape[1]
    floor = floor_of(surfaces, joint)
    reach = px(REACH_MM)
    columns = np.arange(max(0, round(joint.gap) - reach), min(width, round(joint.gap) + reach + 1))
    tall = px(HIGHEST_MM)
    heights = np.arange(tall + 1)
    base = floor[columns] - px(CARTILAGE_MM)
    rows = base[:, None] - heights[None]
    x = np.broadcast_to(columns[:, None], rows.shape).astype(np.float32)
    level = np.asarray(
        cv2.remap(work.calm, x, rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float64
    )
    tissue = _tissue(work, surfaces, columns)
    contrast = _contrast(level, rows, surfaces.skin[columns], tissue)
    cost = np.asarray(0.5 - contrast, np.float64)
    cost[:, 0] = 0.5 - LEAST_CONTRAST
    (path,) = cheapest_paths(cost[None], BENDING)
    capsule = base - path
    strength = contrast[np.arange(columns.size), path]
    inside = one_region(path, columns, joint)
    upper, dark = _without_fluid(level, path, inside, tissue)
    return SynovialRegion(columns, base, base - upper, capsule, strength, inside, dark)


def _tissue(work: Working, surfaces: Surfaces, columns: NDArray[np.intp]) -> float:
    """Brightness of soft tissue between skin and bone."""
    picture = np.arange(work.calm.shape[0])[:, None]
    between = (picture > surfaces.skin[None, columns] + px(0.3)) & (picture < surfaces.bone[None, columns] - px(0.3))
    values = work.calm[:, columns][between]
    return max(float(np.quantile(values, 0.6)), 8.0) if values.size else 8.0


def _contrast(level: Floats, rows: Floats, skin: Floats, tissue: float) -> Floats:
    """(columns, heights) how much brighter it is just above each height than below it down to the floor."""
    step = px(OVER_MM)
    soft = cv2.blur(level, (px(0.16) | 1, px(0.4) | 1), borderType=cv2.BORDER_REPLICATE)
    total = np.concatenate((np.zeros((len(level), 1)), np.cumsum(soft, axis=1)), axis=1)
    heights, first = np.arange(level.shape[1]), px(NEAR_BONE_MM)
    above = (total[:, np.minimum(heights + step, level.shape[1])] - total[:, heights]) / step
    within = (total[:, heights] - total[:, first : first + 1]) / np.maximum(heights - first, 1)
    # The brightest on the way up: a border beyond a bright line is that of something else.
    passed = soft.copy()
    passed[:, :first] = 0
    passed = np.maximum.accumulate(passed, axis=1)
    passed = np.concatenate((passed[:, :1], passed[:, :-1]), axis=1)
    found = (above - np.maximum(within, PASSED * passed)) / tissue
    found *= np.clip((DARK - within / tissue) / 0.25, 0, 1)
    found = np.clip(found, 0, 1)
    found[rows < skin[:, None] + px(UNDER_SKIN_MM)] = -1
    found[:, : first + 2] = -1
    return _innermost(found)


def _innermost(found: Floats) -> Floats:
    """Borders weakened by those below them: the capsule is the first of several. Where none may be, none weakens."""
    passed = np.maximum.accumulate(np.clip(found, 0, 1), axis=1)
    passed = np.concatenate((np.zeros((len(found), px(BORDER_MM))), passed[:, : -px(BORDER_MM)]), axis=1)
    return np.asarray(np.where(found < 0, found, np.clip(found - INNER * passed, 0, 1)))


def one_region(path: NDArray[np.intp], columns: NDArray[np.intp], joint: JointPlace) -> NDArray[np.bool_]:
    """(n,) the connected columns with a region that are nearest to the joint and largest."""
    thick = path * MM_PER_PX > THIN_MM
    count, labels = cv2.connectedComponents(thick[None].astype(np.uint8))
    best, most = 0, 0.0
    for label in range(1, count):
        place = columns[np.flatnonzero(labels[0] == label)]
        near = float(np.abs(place - joint.gap).min()) * MM_PER_PX
        worth = float(path[labels[0] == label].sum()) / (1 + near)
        if worth > most:
            best, most = label, worth
    return np.asarray((labels[0] == best) & thick)


def _without_fluid(
    level: Floats, path: NDArray[np.intp], inside: NDArray[np.bool_], tissue: float
) -> tuple[NDArray[np.intp], float]:
    """(n,) height of the hypertrophy, and its brightness: from the top down, what is as dark as the gel is fluid."""
    heights = np.arange(level.shape[1])[None]
    within = (heights < path[:, None]) & (heights >= px(0.16)) & inside[:, None]
    if within.sum() < 12:
        return path, 0.0
    bright = float(np.quantile(level[within], 0.7))
    dark = float(np.quantile(level[within], 0.05))
    if bright - dark < LEAST_STEP * tissue:
        return path, float(level[within].mean()) / tissue
    fluid = (level < dark + FLUID * (bright - dark)) & within
    # From the capsule downwards, as long as it is fluid.
    soft = cv2.blur(fluid.astype(np.float32), (px(0.3) | 1, px(0.6) | 1)) > 0.6
    top = path - px(LINE_MM)
    depth = np.zeros_like(path)
    for down in range(px(3.0)):
        at = np.clip(top - down, 0, level.shape[1] - 1)
        going = (depth == down) & soft[np.arange(path.size), at] & (top - down > 0)
        depth[going] += 1
    even = cv2.medianBlur(np.repeat(depth[None], 3, axis=0).astype(np.uint8), 2 * px(0.3) + 1)[1].astype(np.intp)
    wide = cv2.morphologyEx((even * MM_PER_PX > 0.2).astype(np.uint8)[None], cv2.MORPH_OPEN, np.ones((1, px(2.0))))[0]
    thick = np.where(wide > 0, even + px(LINE_MM), 0)
    upper = np.where(inside, np.maximum(path - thick, 0), path)
    left = (heights < upper[:, None]) & within
    return upper, float(level[left].mean()) / tissue if left.any() else 0.0
