"""Taking speckle away: the median, and anisotropic diffusion that knows speckle's own statistics."""

from math import exp, sqrt
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

STEP: Final = 0.2
"""Of time; below 0.25 the diffusion is stable."""
DECAY: Final = 1 / 6
"""Of the speckle that is still there, a unit of time (rho of the method's authors)."""
MAD_TO_DEVIATION: Final = 1.4826
FLOOR: Final = 1e-6


def median(picture: NDArray[np.uint8], side_px: int = 5) -> NDArray[np.uint8]:
    """The median of each square neighbourhood of an odd side; the border's pixels go on outwards."""
    return np.asarray(cv2.medianBlur(picture, side_px), np.uint8)


def srad(picture: NDArray[np.uint8], steps: int = 20) -> NDArray[np.float32]:
    """(height, width) float32, 0 to 255: speckle reducing anisotropic diffusion (Yu and Acton, IEEE Trans Image Process
    2002).

    A scanner's grey levels are logarithms; the method needs what was before, up to a factor, so exp(grey / 255). Where
    its authors have the user draw an even area, the first q0 is the one of their later robust rule (IEEE Trans Image
    Process 2004): the median absolute deviation of the logarithm's gradient.
    """
    light = np.exp(picture.astype(np.float32) / np.float32(255))
    start = _speckle(light)
    for step in range(steps):
        light = diffused(light, start * exp(-DECAY * STEP * step))
    return np.asarray(np.log(light) * np.float32(255), np.float32)


def diffused(light: NDArray[np.float32], q0: float) -> NDArray[np.float32]:
    """One step over a positive picture; nothing crosses its border, so its mean stays.

    q0: coefficient of variation of what counts as speckle.
    """
    padded = cv2.copyMakeBorder(light, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    north, south, west, east = (
        part - light for part in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    )
    gradient2 = (north * north + south * south + west * west + east * east) / (light * light)
    laplacian = (north + south + west + east) / light
    q2 = (0.5 * gradient2 - laplacian * laplacian / 16) / np.square(1 + 0.25 * laplacian)
    still = max(q0 * q0, FLOOR)
    spread = np.clip(1 / (1 + (q2 - still) / (still * (1 + still))), 0, 1).astype(np.float32)
    below = np.concatenate([spread[1:], spread[-1:]])
    right = np.concatenate([spread[:, 1:], spread[:, -1:]], axis=1)
    flow = spread * (north + west) + below * south + right * east
    return np.asarray(light + np.float32(STEP / 4) * flow, np.float32)


def _speckle(light: NDArray[np.float32]) -> float:
    level = np.log(light)
    steps = np.hypot(np.diff(level, axis=0)[:, :-1], np.diff(level, axis=1)[:-1])
    steps = steps[steps > 0]
    if steps.size == 0:
        return sqrt(FLOOR)
    return float(MAD_TO_DEVIATION * np.median(np.abs(steps - np.median(steps))) / sqrt(2))
