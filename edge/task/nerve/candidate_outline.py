"""The border of a nerve, from the place where the windows say it is: an ellipse, then an active contour."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.active_contour import closed_contour
from edge.image.windows import CELL_PX
from edge.task.nerve.vote_map import NerveCandidate

START: Final = 1.15
"""The first ellipse in shares of the candidate's box, which is a mean of boxes and so a little tight."""
RAYS: Final = 48
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
_SUBPIXEL_BITS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class CandidateOutline:
    """A closed border before the active contour and after: (RAYS, 2) x, y in working pixels, pixel centres at whole
    numbers."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]


def candidate_outline(picture: NDArray[np.float32], candidate: NerveCandidate) -> CandidateOutline:
    """On a working picture (height, width), 0 to 255. The constants were chosen on the pictures trained on."""
    half = CELL_PX / 2
    middle = np.array([candidate.left + candidate.right, candidate.top + candidate.bottom]) * half - 0.5
    radii = np.array([candidate.right - candidate.left, candidate.bottom - candidate.top]) * half * START
    turn = 2 * np.pi * np.arange(RAYS) / RAYS
    spokes = np.stack([np.cos(turn), np.sin(turn)], axis=1) * radii
    places = (middle + REACH[:, None] * spokes[:, None]).astype(np.float32)
    best = closed_contour(_cost(picture, places), STIFFNESS)
    before = (middle + spokes).astype(np.float32)
    return CandidateOutline(before, places[np.arange(RAYS), best])


def _cost(picture: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float64]:
    """(RAYS, places): low where it is bright and darker further out, and not far from the ellipse."""
    rim, fall = (
        cv2.remap(
            cv2.GaussianBlur(picture, (0, 0), sigma),
            places[..., 0],
            places[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for sigma in (RIM_SIGMA_PX, FALL_SIGMA_PX)
    )
    outwards = np.gradient(np.asarray(fall, np.float64), axis=1)
    return np.asarray(FALL_WEIGHT * outwards - RIM_WEIGHT * rim + LIKE_ELLIPSE * (REACH - 1) ** 2, np.float64)


def filled(border: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(height, width) 1 inside a closed border, 0 outside."""
    points = np.round(border * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    return np.asarray(cv2.fillPoly(np.zeros(shape, np.uint8), [points], 1, shift=_SUBPIXEL_BITS), np.uint8)
