"""How far each pixel is from the panels around the picture, and which faint noise belongs to the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.screen.box import Box
from edge.screen.panels import DARK_LEVEL, Mask, Panels

_STRONG = 24
_PRINTED = 60
"""Letters and marks are brighter than a panel by this much; the specks of noise in a dark picture are not."""
_PANEL_BLUR = 3
"""Pixels over which a panel's edge may be smeared."""


def lift_over_panels(pixels: NDArray[np.uint8], panels: Panels, box: Box) -> NDArray[np.uint8]:
    """(height, width): how far each pixel is from the nearest panel colour that is found around `box`."""
    margin = max(4, round(0.04 * min(pixels.shape)))
    ring = np.zeros(pixels.shape, bool)
    ring[max(box.top - margin, 0) : box.bottom + margin, max(box.left - margin, 0) : box.right + margin] = True
    ring[box.top : box.bottom, box.left : box.right] = False
    around = pixels[ring & (panels.ink == 0)].astype(np.int16)
    dark = [level for level in panels.dark if (np.abs(around - level) <= 1).sum() > 0.05 * around.size]
    light = [
        level
        for level in panels.levels
        if level > DARK_LEVEL and (np.abs(around - level) <= 4).sum() > 0.1 * around.size
    ]
    lift = np.full(pixels.shape, 255, np.uint8)
    for level in dark[:1] + light:
        lift = np.minimum(lift, cv2.absdiff(pixels, np.full_like(pixels, level)))
    return lift


def panel_noise(lift: NDArray[np.uint8], panels: Panels) -> int:
    """What the panels themselves vary by (compression, analogue capture), from the quietest side of the screen."""
    quiet = cv2.dilate(panels.ink, np.ones((17, 17), np.uint8)) == 0
    depth = max(3, round(0.03 * min(lift.shape)))
    levels = [8]
    for side in (np.s_[:depth], np.s_[-depth:], np.s_[:, :depth], np.s_[:, -depth:]):
        calm = lift[side][quiet[side] & (lift[side] <= 8)]
        if calm.size > 0.3 * lift[side].size:
            levels.append(int(np.percentile(calm, 99.5)))
    return min(levels) if len(levels) > 1 else 2


def faint_noise(lift: NDArray[np.uint8], panels: Panels, body: Mask) -> Mask:
    """Pixels that differ at all from the panels and hang together with the picture's body."""
    printed = (lift > _PRINTED).astype(np.uint8)
    _, labels = cv2.connectedComponents(printed, connectivity=8)
    of_body = np.zeros(labels.max() + 1, np.uint8)
    of_body[np.unique(labels[body > 0])] = 1
    of_body[0] = 0
    clutter = printed & (1 - of_body[labels])
    faint = ((lift > panel_noise(lift, panels)) & (_reach_of(clutter, lift) == 0)).astype(np.uint8)
    faint &= 1 - cv2.dilate(panels.light, np.ones((2 * _PANEL_BLUR + 1, 2 * _PANEL_BLUR + 1), np.uint8))
    window = max(7, round(0.02 * min(lift.shape)) | 1)
    cloud = (cv2.boxFilter(faint, cv2.CV_32F, (window, window)) > 0.04).astype(np.uint8) | body
    _, clouds = cv2.connectedComponents(cloud)
    joined = np.zeros(clouds.max() + 1, np.uint8)
    joined[np.unique(clouds[body > 0])] = 1
    return np.asarray(faint & joined[clouds], np.uint8)


def _reach_of(clutter: Mask, lift: NDArray[np.uint8]) -> Mask:
    """Letters, ticks and bars with what their edges leave around them: one antialiased pixel, or a block of ringing."""
    near, block = (cv2.dilate(clutter, np.ones((size, size), np.uint8)) for size in (5, 19))
    beside = lift[(block > near) & (lift <= _STRONG)]
    lossy = beside.size > 0 and (beside > 0).mean() > 0.05
    return np.asarray(block if lossy else near, np.uint8)


def painted(lift: NDArray[np.uint8]) -> Mask:
    """Names painted over: patches that differ from the panel by a level or two, and evenly, as noise never does."""
    square = np.ones((5, 5), np.uint8)
    low, high = cv2.erode(lift, square), cv2.dilate(lift, square)
    even = ((low >= 1) & (high <= 4) & (high - low <= 2)).astype(np.uint8)
    return np.asarray(cv2.dilate(even, np.ones((9, 9), np.uint8)), np.uint8)
