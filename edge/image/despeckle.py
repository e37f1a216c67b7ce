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
    light = np.exp(np.arange(256, dtype=np.float32) / np.float32(255))[picture]
    start = _speckle(picture)
    diffusion = _Diffusion(light)
    for step in range(steps):
        diffusion.go_on(start * exp(-DECAY * STEP * step))
    return np.asarray(np.log(diffusion.light) * np.float32(255), np.float32)


def diffused(light: NDArray[np.float32], q0: float) -> NDArray[np.float32]:
    """One step over a positive picture; nothing crosses its border, so its mean stays.

    q0: coefficient of variation of what counts as speckle.
    """
    diffusion = _Diffusion(light)
    diffusion.go_on(q0)
    return diffusion.light


class _Diffusion:
    """A positive picture that changes step by step, with the planes that each step needs."""

    def __init__(self, light: NDArray[np.float32]) -> None:
        self.light = light.copy()
        height, width = light.shape
        # Differences across the borders between pixels; across the picture's own border there are none.
        self._down, self._right = np.zeros((height + 1, width), np.float32), np.zeros((height, width + 1), np.float32)
        self._planes = [np.empty_like(self.light) for _ in range(4)]
        self._squares = np.zeros_like(self._down), np.zeros_like(self._right)

    def go_on(self, q0: float) -> None:
        light, down, right = self.light, self._down, self._right
        mean, spread, gradient, other = self._planes
        np.subtract(light[1:], light[:-1], out=down[1:-1])
        np.subtract(light[:, 1:], light[:, :-1], out=right[:, 1:-1])
        self._sum_of_differences(mean)
        # Four times the Laplacian so far; q^2 = (gradient^2 / 2 - (laplacian / 4)^2) / (1 + laplacian / 4)^2, all of
        # it times the square of the brightness, of which 1 + laplacian / 4 makes the mean of the four neighbours.
        cv2.multiply(mean, mean, other, 1 / 16)
        cv2.scaleAdd(mean, 0.25, light, mean)
        cv2.multiply(mean, mean, mean)
        down2, right2 = self._squares
        cv2.multiply(down, down, down2)
        cv2.multiply(right, right, right2)
        cv2.add(down2[1:], down2[:-1], gradient)
        cv2.add(gradient, right2[:, 1:], gradient)
        cv2.add(gradient, right2[:, :-1], gradient)
        still = max(q0 * q0, FLOOR)
        cv2.addWeighted(gradient, 0.5, mean, still * still, 0, spread)
        cv2.subtract(spread, other, spread)
        cv2.divide(mean, spread, spread, still * (1 + still))
        np.clip(spread, 0, 1, out=spread)
        # What flows over each border: the coefficient is the one of the pixel below, or to the right.
        np.multiply(down[1:-1], spread[1:], out=down[1:-1])
        np.multiply(right[:, 1:-1], spread[:, 1:], out=right[:, 1:-1])
        self._sum_of_differences(mean)
        cv2.scaleAdd(mean, STEP / 4, light, light)

    def _sum_of_differences(self, plane: NDArray[np.float32]) -> None:
        """Of what comes in over a pixel's four borders."""
        cv2.subtract(self._down[1:], self._down[:-1], plane)
        cv2.add(plane, self._right[:, 1:], plane)
        cv2.subtract(plane, self._right[:, :-1], plane)


def _speckle(picture: NDArray[np.uint8]) -> float:
    level = picture.astype(np.float32) / np.float32(255)
    steps = cv2.magnitude(level[1:, :-1] - level[:-1, :-1], level[:-1, 1:] - level[:-1, :-1])
    steps = steps[steps > 0]
    if steps.size == 0:
        return sqrt(FLOOR)
    return float(MAD_TO_DEVIATION * np.median(np.abs(steps - np.median(steps))) / sqrt(2))
