"""Where a nerve lies, without a network; every stage is kept so that it can be shown.

The chain is that of Hadjerci, Hafiane and others (Inform Med Unlocked 2016): despeckling, texture features, those that
were chosen, a classifier over sliding windows, a vote over overlapping windows and the last frames, an active contour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.image.despeckle import srad
from edge.image.windows import CELL_PX, Windows
from edge.image.working_picture import WorkingPicture, working_picture
from edge.task.nerve.candidate_outline import CandidateOutline, candidate_outline
from edge.task.nerve.vote_map import NerveCandidate, VoteMap, candidates, covering, over_time, vote_map
from edge.task.nerve.window_features import FEATURES, LEAST_LIT, SIZES, windows_of
from edge.task.nerve.window_model import WindowModel

MOST_CANDIDATES: Final = 3


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
    windows, features = windows_of(working.pixels)
    lit = features[:, FEATURES.index("lit")] >= LEAST_LIT
    windows, scaled = windows.taken(lit), model.scaled(features[lit])
    probability = model.probability(scaled)
    weights = probability * _room(windows)
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
        tuple(candidate_outline(calm, candidate) for candidate in found),
    )


def _room(windows: Windows) -> NDArray[np.float32]:
    """(n,) cells that each stands for: where windows stand further apart, each counts more."""
    steps = {(high, wide): step for high, wide, step in SIZES}
    sizes = zip((windows.bottom - windows.top).tolist(), (windows.right - windows.left).tolist(), strict=True)
    return np.array([steps[size] ** 2 for size in sizes], np.float32)
