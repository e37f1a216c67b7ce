"""Whether a muscle's picture stands on its head.

Skin and fat lie level and so does their texture, while what is deep runs as it likes; and the near end is the brighter
one, if only a little. The sum below changes its sign when the picture is turned over. Its weights were fitted on
upright pictures of other devices and on phantoms, not on the sets that results are told of.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 256
"""Pixels of the picture's width that it is judged at."""
LEVEL_PX: Final = 25
"""Length over which something has to lie level."""
LEVEL_WEIGHTS: Final = ((0.12, 7.5), (0.3, 11.0))
"""(share of the height at either end, weight) of how level the texture is there."""
LIGHT_WEIGHTS: Final = ((0.04, 1.4), (0.25, 1.2))
"""The same of how bright it is."""
SURE: Final = 1.0
"""Sum from which it is said; no upright real picture that was tried lay lower than -0.7."""


def upside_down(picture: NDArray[np.uint8]) -> tuple[str, ...]:
    """Why a picture (height, width) must be turned over first; empty where it stands as it should."""
    if uprightness(picture) > -SURE:
        return ()
    return ("the picture looks upside down: its lower edge looks like skin and fat",)


def uprightness(picture: NDArray[np.uint8]) -> float:
    """Above 0: rather upright; the same picture turned over has the same below 0."""
    height, width = picture.shape
    size = WIDTH, max(16, round(WIDTH * height / width))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    steps = np.abs(np.diff(small, axis=0)).mean(axis=1)
    level_steps = np.abs(np.diff(cv2.blur(small, (LEVEL_PX, 1)), axis=0)).mean(axis=1)
    level, light = level_steps / (steps + 0.5), small.mean(axis=1)
    return sum(
        weight * _log_ratio(rows, share)
        for rows, weights in ((level, LEVEL_WEIGHTS), (light, LIGHT_WEIGHTS))
        for share, weight in weights
    )


def _log_ratio(rows: NDArray[np.floating], share: float) -> float:
    """Of the upper end's mean to the lower end's."""
    count = max(1, int(share * rows.size))
    return float(np.log((rows[:count].mean() + 0.5) / (rows[-count:].mean() + 0.5)))
