"""Where a nerve may lie, without a network: from windows to a few places with their borders.

The chain is that of Hadjerci, Hafiane and others (Inform Med Unlocked 2016): despeckling, texture features, those that
were chosen, a classifier over sliding windows, a vote over overlapping windows and the last frames, an active contour.
Each window votes for what it covers, with its probability. Every stage is kept so that it can be shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.active_contour import closed_contour
from edge.image.despeckle import srad
from edge.image.windows import CELL_PX, Windows
from edge.image.working_picture import WorkingPicture, working_picture
from edge.task.nerve.windows import WindowModel, windows_of

VoteMap = NDArray[np.float32]
"""(rows, columns) of cells."""

DECAY: Final = 0.7
"""Weight of a frame's votes against those of the next frame."""
EARLIER_FRAMES: Final = 5
"""Whose votes count beside those of the present one."""
BLUR_CELLS: Final = 1.0
AGREEING: Final = 0.1
"""Share of the most probable window's probability from which another one counts for the candidate's box."""
APART: Final = 0.2
"""Intersection over union with a candidate from which a window is no other candidate."""
FIRST_ELLIPSE: Final = 1.15
"""Its size in shares of the candidate's box, which is a mean of boxes and so a little tight."""
RAYS: Final = 48
"""From the candidate's middle to its border."""
REACH: Final = np.linspace(0.55, 1.6, 36)
"""Where a ray may meet the border, in shares of the way to the ellipse."""
RIM_SIGMA_PX: Final = 1.0
FALL_SIGMA_PX: Final = 2.0
RIM_WEIGHT: Final = 1 / 20
"""Of a grey level: a nerve has a bright rim."""
FALL_WEIGHT: Final = 1 / 4
"""Of a grey level per place: the border is where the rim ends."""
LIKE_ELLIPSE: Final = 10.0
"""Cost of a border at twice the ellipse's distance, or at none."""
STIFFNESS: Final = 0.05
"""Of the active contour."""
MOST_CANDIDATES: Final = 3


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
    """The mean of this map and of those before it, the newest last, that are of its shape; each weighs DECAY of
    the next."""
    usable = [one for one in earlier[-EARLIER_FRAMES:] if one.shape == votes.shape]
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


@dataclass(frozen=True, slots=True, eq=False)
class CandidateOutline:
    """A closed border before the active contour and after: (RAYS, 2) x, y in working pixels, pixel centres at whole
    numbers."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]


def candidate_outlines(picture: NDArray[np.float32], found: Sequence[NerveCandidate]) -> tuple[CandidateOutline, ...]:
    """Of each candidate on a working picture (height, width), 0 to 255. The constants were chosen on the pictures
    trained on."""
    if not found:
        return ()
    half = CELL_PX / 2
    left, top, right, bottom = np.array([(one.left, one.top, one.right, one.bottom) for one in found]).T
    middle = np.stack([left + right, top + bottom], axis=1)[:, None] * half - 0.5
    radii = np.stack([right - left, bottom - top], axis=1)[:, None] * half * FIRST_ELLIPSE
    turn = 2 * np.pi * np.arange(RAYS) / RAYS
    spokes = np.stack([np.cos(turn), np.sin(turn)], axis=1) * radii
    places = (middle[:, :, None] + REACH[:, None] * spokes[:, :, None]).astype(np.float32)
    best = closed_contour(_cost(picture, places), STIFFNESS)
    after = np.take_along_axis(places, best[..., None, None], axis=2)[:, :, 0]
    before = (middle + spokes).astype(np.float32)
    return tuple(CandidateOutline(*borders) for borders in zip(before, after, strict=True))


def _cost(picture: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float64]:
    """(candidates, RAYS, places): low where it is bright and darker further out, and not far from the ellipse."""
    x, y = places.reshape(-1, len(REACH), 2).transpose(2, 0, 1)
    rim, fall = (
        cv2.remap(
            cv2.GaussianBlur(picture, (0, 0), sigma),
            np.ascontiguousarray(x),
            np.ascontiguousarray(y),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(places.shape[:-1])
        for sigma in (RIM_SIGMA_PX, FALL_SIGMA_PX)
    )
    outwards = np.gradient(np.asarray(fall, np.float64), axis=-1)
    return np.asarray(FALL_WEIGHT * outwards - RIM_WEIGHT * rim + LIKE_ELLIPSE * (REACH - 1) ** 2, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class NerveSight:
    """What each stage found. Windows, votes and candidates count in cells of CELL_PX working pixels."""

    working: WorkingPicture
    calm: NDArray[np.float32]
    """(height, width) the working picture without speckle, which the contour follows."""
    windows: Windows
    """Those that show an echo."""
    probability: NDArray[np.float32]
    """(n,) that each holds a nerve."""
    votes: VoteMap
    """Of this frame alone."""
    voted: VoteMap
    """Of this frame and those before."""
    candidates: tuple[NerveCandidate, ...]
    """The most confident first."""
    neighbours: NDArray[np.float32]
    """(candidates,) probability by the nearest examples: a second opinion on the most probable window of each."""
    outlines: tuple[CandidateOutline, ...]
    """One per candidate, in working pixels."""


def see_nerve(
    picture: NDArray[np.uint8],
    model: WindowModel,
    mm_per_px: float | None = None,
    earlier: Sequence[VoteMap] = (),
    most: int = MOST_CANDIDATES,
) -> NerveSight:
    """From the ultrasound region (height, width), grey.

    mm_per_px: None where unknown; the region is then taken to be 38 mm wide. earlier: `votes` of the last frames, the
    newest last. The same input gives the same answer.
    """
    working = working_picture(picture, mm_per_px)
    grid, features = windows_of(working.pixels, model.features)
    windows, scaled = grid.windows, model.scaled(features)
    probability = model.probability(scaled)
    weights = probability * grid.room
    shape = (working.pixels.shape[0] // CELL_PX, working.pixels.shape[1] // CELL_PX)
    votes = vote_map(windows, weights, shape)
    voted = over_time(votes, earlier)
    found = candidates(windows, probability, weights, voted, most)
    likeliest = [int(np.argmax(probability * covering(windows, one.row, one.column))) for one in found]
    calm = srad(working.pixels)
    return NerveSight(
        working,
        calm,
        windows,
        probability,
        votes,
        voted,
        found,
        model.second_opinion(scaled[likeliest]),
        candidate_outlines(calm, found),
    )
