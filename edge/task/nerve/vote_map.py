"""From many overlapping windows to a few places: each window votes for what it covers, with its probability."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.windows import Windows

VoteMap = NDArray[np.float32]
"""(rows, columns) of cells."""

DECAY: Final = 0.7
"""What a frame counts of the one after it."""
FRAMES: Final = 5
"""That count before the present one."""
BLUR_CELLS: Final = 1.0
AGREEING: Final = 0.1
"""Share of the most probable window's probability from which another one helps to draw the candidate."""
APART: Final = 0.2
"""Intersection over union with a candidate from which a window is no other candidate."""


@dataclass(frozen=True, slots=True)
class NerveCandidate:
    """A place that may hold what is looked for, in cells; bottom and right lie outside."""

    top: float
    left: float
    bottom: float
    right: float
    probability: float
    """Of the most probable window there."""
    votes: float
    """At its peak."""
    row: float
    """Where the votes peak, in cells."""
    column: float


def vote_map(windows: Windows, weights: NDArray[np.float32], shape: tuple[int, int]) -> VoteMap:
    """(rows, columns) sum of the weights of all windows over each cell."""
    corners = np.zeros((shape[0] + 1, shape[1] + 1))
    np.add.at(corners, (windows.top, windows.left), weights)
    np.add.at(corners, (windows.bottom, windows.right), weights)
    np.add.at(corners, (windows.top, windows.right), -weights)
    np.add.at(corners, (windows.bottom, windows.left), -weights)
    votes = corners.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
    return np.maximum(cv2.GaussianBlur(votes, (0, 0), BLUR_CELLS), 0).astype(np.float32)


def over_time(votes: VoteMap, earlier: Sequence[VoteMap]) -> VoteMap:
    """The mean of this map and of those before it, the newest last, that are of its shape; each counts DECAY of the
    next."""
    usable = [one for one in earlier[-FRAMES:] if one.shape == votes.shape]
    weights = [DECAY**age for age in range(len(usable), -1, -1)]
    total = sum(weight * one for weight, one in zip(weights, [*usable, votes], strict=True))
    return np.asarray(total / np.float32(sum(weights)), np.float32)


def candidates(
    windows: Windows, probability: NDArray[np.float32], weights: NDArray[np.float32], votes: VoteMap, most: int
) -> tuple[NerveCandidate, ...]:
    """At most so many places, the most confident first.

    votes: of this frame and of those before; the windows, which are of this one, say how large each place is.
    """
    free = np.ones(len(windows), bool)
    found: list[NerveCandidate] = []
    remaining = votes.copy()
    while len(found) < most and remaining.max() > 0 and free.any():
        row, column = np.unravel_index(int(remaining.argmax()), remaining.shape)
        over = free & covering(windows, float(row), float(column))
        if not over.any():
            break
        best = float(probability[over].max())
        pull = np.where(over & (probability >= AGREEING * best), probability, 0)
        sides = (windows.top, windows.left, windows.bottom, windows.right)
        top, left, bottom, right = (float(pull @ side / pull.sum()) for side in sides)
        peak = float(remaining[row, column])
        found.append(NerveCandidate(top, left, bottom, right, best, peak, float(row) + 0.5, float(column) + 0.5))
        free &= overlap(windows, found[-1]) < APART
        gone = windows.taken(~free)
        remaining = np.minimum(remaining, np.maximum(votes - vote_map(gone, weights[~free], votes.shape), 0))
        remaining[int(top) : ceil(bottom), int(left) : ceil(right)] = 0
    return _by_confidence(found)


def _by_confidence(found: list[NerveCandidate]) -> tuple[NerveCandidate, ...]:
    """Many windows that agree and one that is sure count alike, each in shares of the most of any candidate."""
    most_votes = max((one.votes for one in found), default=1.0)
    surest = max((one.probability for one in found), default=1.0)
    return tuple(sorted(found, key=lambda one: -(one.votes / most_votes + one.probability / surest)))


def overlap(windows: Windows, box: NerveCandidate) -> NDArray[np.float32]:
    """(n,) intersection over union of each window with a box."""
    high = np.clip(np.minimum(windows.bottom, box.bottom) - np.maximum(windows.top, box.top), 0, None)
    wide = np.clip(np.minimum(windows.right, box.right) - np.maximum(windows.left, box.left), 0, None)
    both = high * wide
    area = (box.bottom - box.top) * (box.right - box.left)
    return np.asarray(both / np.maximum(windows.cells + area - both, 1e-6), np.float32)


def covering(windows: Windows, row: float, column: float) -> NDArray[np.bool_]:
    """(n,) whether each window holds a place, in cells."""
    down = (windows.top <= row) & (row < windows.bottom)
    return down & (windows.left <= column) & (column < windows.right)
