"""Where a picture is coloured as Doppler shows flow: vivid patches, not thin letters and not a tinted grey."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region

WORKING_PX: Final = 320
"""Longest side at which colour is looked for."""
VIVID: Final = 90
"""Difference between the strongest and the weakest of red, green and blue, 0 to 255; tinted grey maps stay below."""
LEAST_SHARE: Final = 0.0015
"""Of the picture's pixels."""


def coloured_region(picture: NDArray[Any]) -> Region | None:
    """The box around the largest coloured patch of a (height, width, 3 or 4) picture, BGR[A] or RGB[A]; None: grey."""
    if picture.ndim != 3 or picture.shape[2] < 3:
        return None
    step = max(1, -(-max(picture.shape[:2]) // WORKING_PX))
    small = picture[::step, ::step, :3]
    if small.dtype == np.uint16:
        small = small >> 8
    vivid = np.asarray(small.max(axis=2) - small.min(axis=2) > VIVID, np.uint8)
    if np.count_nonzero(vivid) < LEAST_SHARE * vivid.size:
        return None
    # Letters and lines are thinner than this.
    patches = cv2.morphologyEx(vivid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(patches)
    if count < 2:
        return None
    x, y, width, height, area = (int(v) for v in stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))])
    if area < LEAST_SHARE * vivid.size:
        return None
    return Region(x * step, y * step, width * step, height * step)
