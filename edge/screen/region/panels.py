"""Finds the flat panels of a screen, and the pixels that differ from them because they belong to the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.screen.region.rectangle import Mask, Rectangle

_FLAT_RANGE = 2
_MIN_SHARE = 0.02
_HALO_LEVEL = 24
_PRINTED = 60
"""Letters and marks are brighter than a panel by this much; the specks of noise in a dark picture are not."""
_PANEL_BLUR_PX = 3
"""A panel's edge may be smeared over this many pixels."""
DARK_LEVEL = 24
"""Ultrasound, too, is this dark or darker where nothing echoes."""


@dataclass(frozen=True, slots=True, eq=False)
class Panels:
    """The flat colours of a screen, and where the screen has none of them."""

    levels: tuple[int, ...]
    """Grey levels of the flat areas, the largest first. Empty where there are none."""
    dark: tuple[int, ...]
    """Exact grey levels of flat areas, none above `DARK_LEVEL`, the darkest first."""
    light: Mask
    """Flat areas too bright to be anechoic ultrasound, so certainly not part of the picture."""
    ink: Mask
    """Every pixel that has none of the panels' colours."""
    texture: Mask
    """Where `ink` also varies from pixel to pixel, as speckle does."""


def find_panels(pixels: NDArray[np.uint8], tolerance: int = 4) -> Panels:
    """The panels of `pixels` (height, width) uint8 grey: grey levels that flat areas share over 2 % of it or more."""
    square = np.ones((3, 3), np.uint8)
    contrast = cv2.subtract(cv2.dilate(pixels, square), cv2.erode(pixels, square))
    calm = cv2.medianBlur(pixels, 3)  # because analogue capture adds noise to the panels
    flat = cv2.subtract(cv2.dilate(calm, square), cv2.erode(calm, square)) <= _FLAT_RANGE
    levels = _flat_levels(np.asarray(calm[flat], np.uint8), pixels.size, tolerance)
    exact = np.bincount(pixels[contrast <= 1], minlength=256)
    dark_levels = tuple(level for level in range(DARK_LEVEL + 1) if exact[level] > 0.005 * pixels.size)
    light = np.zeros(pixels.shape, np.uint8)
    dark = np.zeros(pixels.shape, np.uint8)
    for level in levels:
        near = (np.abs(pixels.astype(np.int16) - level) <= tolerance).astype(np.uint8)
        if level > DARK_LEVEL:
            light |= near
        else:
            dark |= near
    # A pixel of speckle may have a panel's grey level by chance, but its neighbours do not.
    light &= (cv2.boxFilter(light, cv2.CV_16U, (3, 3), normalize=False) >= 5).astype(np.uint8)
    ink = np.asarray(1 - (light | dark), np.uint8)
    return Panels(levels, dark_levels, light, ink, np.asarray(ink & (contrast > _FLAT_RANGE), np.uint8))


def _flat_levels(flat_pixels: NDArray[np.uint8], total: int, tolerance: int) -> tuple[int, ...]:
    counts = np.bincount(flat_pixels, minlength=256).astype(float)
    levels: list[int] = []
    while True:
        level = int(np.argmax(np.convolve(counts, np.ones(5), mode="same")))
        low = max(level - 2, 0)
        if counts[low : level + 3].sum() < _MIN_SHARE * total:
            return tuple(levels)
        peak = low + int(np.argmax(counts[low : level + 3]))
        # A panel has one grey level; smooth tissue spreads over several next to each other.
        if counts[peak] > 0.35 * counts[max(peak - 6, 0) : peak + 7].sum():
            levels.append(peak)
        counts[max(peak - tolerance, 0) : peak + tolerance + 1] = 0


def difference_from_panels(pixels: NDArray[np.uint8], panels: Panels, box: Rectangle) -> NDArray[np.uint8]:
    """(height, width) uint8: how far each pixel is from the nearest of the panel levels found around `box`."""
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
    difference = np.full(pixels.shape, 255, np.uint8)
    for level in dark[:1] + light:
        difference = np.minimum(difference, cv2.absdiff(pixels, np.full_like(pixels, level)))
    return difference


def panel_noise(difference: NDArray[np.uint8], panels: Panels) -> int:
    """How much panels vary in themselves (compression, analogue capture), judged by the quietest side of the screen."""
    quiet = cv2.dilate(panels.ink, np.ones((17, 17), np.uint8)) == 0
    depth = max(3, round(0.03 * min(difference.shape)))
    levels = [8]
    for side in (np.s_[:depth], np.s_[-depth:], np.s_[:, :depth], np.s_[:, -depth:]):
        calm = difference[side][quiet[side] & (difference[side] <= 8)]
        if calm.size > 0.3 * difference[side].size:
            levels.append(int(np.percentile(calm, 99.5)))
    return min(levels) if len(levels) > 1 else 2


def picture_pixels(difference: NDArray[np.uint8], panels: Panels, body: Mask) -> Mask:
    """The pixels that differ at all from the panels and are connected to the picture's `body`."""
    printed = (difference > _PRINTED).astype(np.uint8)
    _, labels = cv2.connectedComponents(printed, connectivity=8)
    of_body = np.zeros(labels.max() + 1, np.uint8)
    of_body[np.unique(labels[body > 0])] = 1
    of_body[0] = 0
    clutter = printed & (1 - of_body[labels])
    differs = ((difference > panel_noise(difference, panels)) & (_with_halo(clutter, difference) == 0)).astype(np.uint8)
    differs &= 1 - cv2.dilate(panels.light, np.ones((2 * _PANEL_BLUR_PX + 1, 2 * _PANEL_BLUR_PX + 1), np.uint8))
    window = max(7, round(0.02 * min(difference.shape)) | 1)
    cloud = (cv2.boxFilter(differs, cv2.CV_32F, (window, window)) > 0.04).astype(np.uint8) | body
    _, clouds = cv2.connectedComponents(cloud)
    joined = np.zeros(clouds.max() + 1, np.uint8)
    joined[np.unique(clouds[body > 0])] = 1
    return np.asarray(differs & joined[clouds], np.uint8)


def _with_halo(clutter: Mask, difference: NDArray[np.uint8]) -> Mask:
    """Letters, ticks and bars with their halo: one antialiased pixel, or a block where compression left ringing."""
    near, block = (cv2.dilate(clutter, np.ones((size, size), np.uint8)) for size in (5, 19))
    beside = difference[(block > near) & (difference <= _HALO_LEVEL)]
    lossy = beside.size > 0 and (beside > 0).mean() > 0.05
    return np.asarray(block if lossy else near, np.uint8)


def painted_over(difference: NDArray[np.uint8]) -> Mask:
    """Patches painted over a patient's name: evenly a level or two off the panel, as noise never is."""
    square = np.ones((5, 5), np.uint8)
    low, high = cv2.erode(difference, square), cv2.dilate(difference, square)
    even = ((low >= 1) & (high <= 4) & (high - low <= 2)).astype(np.uint8)
    return np.asarray(cv2.dilate(even, np.ones((9, 9), np.uint8)), np.uint8)
