"""Where the joint is: the gap between two convexities of the bone's line, and the line that joins their tops."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.synovitis.grades import Floats
from edge.task.synovitis.surfaces import Surfaces
from edge.task.synovitis.working import MM_PER_PX, px

GAP_MM: Final = 0.9
"""Width over which a gap's missing bone is counted."""
TOPS_MM: Final = (0.5, 5.5)
"""From the gap, where the tops of both bones are looked for."""
FAR_MM: Final = 9.0
"""As far to either side the bone's slant is taken from."""
EDGE_MM: Final = 3.0
"""From the picture's sides, where no joint is looked for."""
BONE_MM: Final = 3.5
"""Of bone that must be seen on either side, for a place to be looked at."""
LEAST_SEEN: Final = 0.5
NOTCH_MM: Final = (0.4, 2.2)
"""From the gap, over which the bones rise."""
RISE_WEIGHT, DARK_WEIGHT, ECHO_WEIGHT = 1.2, 0.7, 0.7
BRIGHTER: Final = 25.0
"""Grey levels by which the gap is brighter than the shadows beside it, to count in full."""
MOST_RISE_MM: Final = 0.7
APART_MM: Final = 5.0
"""Between two joints."""


@dataclass(frozen=True, slots=True)
class JointPlace:
    """In pixels of the working picture."""

    gap: float
    """Column."""
    tops: tuple[tuple[float, float], tuple[float, float]]
    """Column and row of the top on the left and on the right."""
    rise_mm: float
    """By which the bones rise beside the gap, the mean of both sides."""
    score: float
    """About 0 to 2."""

    def joining(self, columns: Floats) -> Floats:
        """Rows of the line that joins both tops, at these columns."""
        (x0, y0), (x1, y1) = self.tops
        return np.asarray(y0 + (y1 - y0) * (columns - x0) / (x1 - x0))


def find_joints(calm: NDArray[np.float32], surfaces: Surfaces, most: int = 2) -> tuple[JointPlace, ...]:
    """The likeliest places, the best first."""
    width = surfaces.bone.size
    scores, rises = _scores(calm, surfaces)
    found: list[JointPlace] = []
    while len(found) < most:
        at = int(scores.argmax())
        if scores[at] <= 0:
            break
        place = _place(surfaces, at, float(rises[at]), float(scores[at]))
        if place is not None:
            found.append(place)
        near = px(APART_MM) if place is not None else px(0.6)
        scores[max(0, at - near) : min(width, at + near + 1)] = 0
    return tuple(found)


def _scores(calm: NDArray[np.float32], surfaces: Surfaces) -> tuple[Floats, Floats]:
    """(width,) how much speaks for a joint at each column, and by how many mm both bones rise beside it."""
    width = surfaces.bone.size
    columns = np.arange(width)
    seen = surfaces.seen.astype(np.float32)
    slant = np.polyfit(columns[surfaces.seen], surfaces.bone[surfaces.seen], 1) if seen.sum() > 8 else (0.0, 0.0)
    bone = np.asarray(surfaces.bone - np.polyval(slant, columns), np.float32)
    near, far, span = px(NOTCH_MM[0]), px(NOTCH_MM[1]), px(BONE_MM)
    tops = _beside(bone, near, far, left=True) + _beside(bone, near, far, left=False)
    rises = np.asarray((bone - tops / 2) * MM_PER_PX, np.float64)
    dark = 1 - np.clip(cv2.blur(surfaces.level[None], (px(GAP_MM) | 1, 1))[0], 0, 1)
    echo = _echo_behind(calm, surfaces)
    scores = RISE_WEIGHT * np.clip(rises, 0, MOST_RISE_MM) + DARK_WEIGHT * dark + ECHO_WEIGHT * echo
    known = np.concatenate((np.zeros(span), seen, np.zeros(span)))
    total = np.concatenate(((0.0,), np.cumsum(known)))
    of_left, of_right = (
        (total[span + columns] - total[columns]) / span,
        (total[2 * span + columns] - total[span + columns]) / span,
    )
    edge = px(EDGE_MM)
    out = (np.minimum(of_left, of_right) < LEAST_SEEN) | (columns < edge) | (columns >= width - edge)
    return np.asarray(np.where(out, 0, scores)), rises


def _beside(bone: NDArray[np.float32], near: int, far: int, *, left: bool) -> NDArray[np.float32]:
    """(width,) the least depth from `near` to `far` columns beside each one."""
    shift = far if left else -near
    padded = np.pad(bone, far, constant_values=1e6)
    least = cv2.erode(padded[None], np.ones((1, far - near + 1), np.uint8), anchor=(0, 0))[0]
    start = far - shift
    return np.asarray(least[start : start + bone.size], np.float32)


def _echo_behind(calm: NDArray[np.float32], surfaces: Surfaces) -> Floats:
    """(width,) 0 to 1: how much brighter it is behind the bone's line than to both sides: bone has a shadow, the gap
    has none."""
    height, width = calm.shape
    rows = np.clip(surfaces.bone[None] + np.arange(px(0.5), px(2.2))[:, None], 0, height - 1).astype(np.intp)
    behind = cv2.blur(calm[rows, np.arange(width)].mean(axis=0)[None], (px(0.5) | 1, 1))[0].astype(np.float64)
    apart = px(1.6)
    padded = np.pad(behind, apart, "edge")
    around = np.maximum(padded[: -2 * apart], padded[2 * apart :])
    return np.asarray(np.clip((behind - around) / BRIGHTER, 0, 1))


def _place(surfaces: Surfaces, at: int, rise_mm: float, score: float) -> JointPlace | None:
    width = surfaces.bone.size
    columns = np.arange(width)
    reach = px(FAR_MM)
    near = (np.abs(columns - at) < reach) & surfaces.seen
    if near.sum() < 2 * px(BONE_MM):
        return None
    slant = float(np.polyfit(columns[near], surfaces.bone[near], 1)[0])
    tops = []
    for side in (-1, 1):
        some = near & (side * (columns - at) >= px(TOPS_MM[0])) & (side * (columns - at) <= px(TOPS_MM[1]))
        if some.sum() < px(1.0):
            return None
        upright = surfaces.bone - slant * (columns - at)
        chosen = columns[some]
        top = int(chosen[upright[some].argmin()])
        tops.append((float(top), float(np.median(surfaces.bone[max(0, top - 3) : top + 4]))))
    return JointPlace(float(at), (tops[0], tops[1]), rise_mm, score)
