"""Skin and bone in the working picture, each followed from side to side as the cheapest path.

The skin is the first border from dark to bright under the probe. Bone is a bright ridge with a shadow below; where none
is seen, as in a joint's gap, the path goes straight on.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.cheapest_path import cheapest_paths
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.working import Working, px

ABOVE_MM, BELOW_MM = (0.2, 0.8), (0.5, 3.0)
"""What a bone's line is compared with, from and to."""
OTHER_LINE: Final = 0.75
"""Of the brightest echo behind a bone's line, which must stay below the line's."""
BRIGHT_QUANTILE: Final = 0.985
BENDING: Final = 0.12
SKIN_BENDING: Final = 0.05
SEEN: Final = 0.3
"""Share of a bright bone's line from which on a place of the path counts as seen."""
EDGE_MM: Final = 0.5
SHALLOW_MM: Final = 0.6
"""Under the skin, where no bone is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """By column of the working picture; rows in its pixels."""

    skin: Floats
    """(width,)."""
    bone: Floats
    """(width,) along the ridge's middle; straight on where none is seen."""
    level: Floats
    """(width,) how clearly bone is seen, 1 for a bright one."""
    map: NDArray[np.float32]
    """(height, width) how much looks like a bone's line."""

    @property
    def seen(self) -> NDArray[np.bool_]:
        return np.asarray(self.level >= SEEN)


def find_surfaces(work: Working) -> Surfaces:
    return followed(work, skin_line(work.calm), bone_map(work.calm))


def followed(work: Working, skin: Floats, ridge: NDArray[np.float32]) -> Surfaces:
    """The bone's line through a map (height, width) of how much looks like it, 1 for a bright one."""
    rows = np.arange(len(ridge))[:, None]
    masked = np.where(rows > skin[None] + px(SHALLOW_MM), ridge, 0).astype(np.float32)
    (columns,) = cheapest_paths(np.asarray(1.0 - masked.T, np.float64)[None], BENDING)
    path = np.asarray(columns, np.float64)
    level = _along(np.asarray(cv2.dilate(masked, np.ones((3, 1), np.uint8)), np.float32), path)
    soft = np.asarray(cv2.blur(level[None], (5, 1))[0], np.float64)
    return Surfaces(skin, _smooth(path), soft, masked)


def skin_line(calm: NDArray[np.float32]) -> Floats:
    """(width,) row of the skin's surface; 0 where it lies at the picture's upper edge."""
    step = px(EDGE_MM)
    padded = np.concatenate((np.zeros((step, calm.shape[1]), np.float32), calm))
    total = np.cumsum(np.concatenate((np.zeros_like(padded[:1]), padded)), axis=0, dtype=np.float64)
    rows = np.arange(calm.shape[0] - step)
    below = (total[rows + 2 * step] - total[rows + step]) / step
    before = (total[rows + step] - total[rows]) / step
    # The brightest so far: what lies under the skin is not its surface.
    passed = np.maximum.accumulate(np.concatenate((np.zeros_like(before[:1]), before[:-1])), axis=0)
    bright = max(float(np.quantile(calm, 0.9)), 1.0)
    evidence = np.clip((below - before) / bright, 0, 1) * np.clip(1.2 - 2.5 * passed / bright, 0, 1)
    (path,) = cheapest_paths(np.asarray(1 - evidence.T, np.float64)[None], SKIN_BENDING)
    return np.asarray(path, np.float64)


def bone_map(calm: NDArray[np.float32]) -> NDArray[np.float32]:
    """(height, width) how much each place is brighter than what is above it and than its shadow; 1: as bone is."""
    above = _mean_down(calm[::-1], *ABOVE_MM)[::-1]
    first, last = px(BELOW_MM[0]), px(BELOW_MM[1])
    padded = np.concatenate((calm[first:], np.repeat(calm[-1:] * 0, last + first, axis=0)))
    brightest = cv2.dilate(padded, np.ones((last - first + 1, 1), np.uint8), anchor=(0, 0))[: calm.shape[0]]
    shadow = np.maximum(1.1 * _mean_down(calm, *BELOW_MM), OTHER_LINE * np.asarray(brightest, np.float32))
    over = np.minimum(calm - np.float32(0.6) * above, calm - shadow)
    bright = max(float(np.quantile(calm, BRIGHT_QUANTILE)), 1.0)
    return np.asarray(np.clip(over / np.float32(0.7 * bright), 0, 1.2), np.float32)


def _mean_down(calm: NDArray[np.float32], start_mm: float, end_mm: float) -> NDArray[np.float32]:
    """Mean of the rows from one distance to another below each place; under the last row it is dark."""
    first, last = px(start_mm), max(px(start_mm) + 1, px(end_mm))
    tall = np.zeros((2 * last + 1, 1), np.float32)
    tall[last + first :] = 1 / (last - first + 1)
    return np.asarray(cv2.filter2D(calm, -1, tall, borderType=cv2.BORDER_CONSTANT), np.float32)


def _along(plane: NDArray[np.float32], path: Floats) -> Floats:
    return np.asarray(plane[path.astype(np.intp), np.arange(plane.shape[1])], np.float64)


def _smooth(path: Floats) -> Floats:
    return np.asarray(cv2.blur(path[None], (5, 1), borderType=cv2.BORDER_REPLICATE)[0], np.float64)
