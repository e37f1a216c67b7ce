"""An active contour without edges: it moves until inside and outside are as even as can be.

Chan and Vese 2001, in the morphological form of Marquez-Neila, Baumela and Alvarez (IEEE PAMI 2014).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

LINES: Final = tuple(
    np.ascontiguousarray(line, np.uint8)
    for line in (np.eye(3), np.eye(3)[::-1], [[0, 1, 0]] * 3, [[0, 0, 0], [1, 1, 1], [0, 0, 0]])
)


def chan_vese(
    picture: NDArray[np.float32] | NDArray[np.float64],
    start: Mask,
    rounds: int,
    smoothing: int = 1,
    inner_weight: float = 1.0,
    outer_weight: float = 1.0,
) -> Mask:
    """The mask (height, width) of 0 and 1 that a start of that kind becomes.

    smoothing: how often the border is smoothed a round. A larger inner_weight makes the inside more even, and smaller.
    """
    inside, turn = start.astype(np.uint8), 0
    grey = picture.astype(np.float64)
    for _ in range(rounds):
        within = inside.astype(bool)
        inner = float(grey[within].mean()) if within.any() else 0.0
        outer = float(grey[~within].mean()) if not within.all() else 0.0
        down, right = np.gradient(inside.astype(np.float64))
        pull = (np.abs(down) + np.abs(right)) * (
            inner_weight * (grey - inner) ** 2 - outer_weight * (grey - outer) ** 2
        )
        inside[pull < 0] = 1
        inside[pull > 0] = 0
        for _ in range(smoothing):
            inside = smoothed(inside, outwards_first=turn % 2 == 0)
            turn += 1
    return inside


def smoothed(mask: Mask, *, outwards_first: bool) -> Mask:
    """One step of curvature flow over a mask of 0 and 1; the two orders take turns so that neither side gains."""
    return _opened(_closed(mask)) if outwards_first else _closed(_opened(mask))


def _opened(mask: Mask) -> Mask:
    """What some line through a pixel lies wholly in."""
    eroded = [cv2.erode(mask, line, borderType=cv2.BORDER_CONSTANT, borderValue=0) for line in LINES]
    return np.asarray(np.max(eroded, axis=0), np.uint8)


def _closed(mask: Mask) -> Mask:
    """What every line through a pixel meets."""
    dilated = [cv2.dilate(mask, line, borderType=cv2.BORDER_CONSTANT, borderValue=0) for line in LINES]
    return np.asarray(np.min(dilated, axis=0), np.uint8)
