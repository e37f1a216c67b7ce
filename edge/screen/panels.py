"""What of a screen is not ultrasound at all: the flat colours of its panels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_FLAT_RANGE = 2
_MIN_SHARE = 0.02
DARK_LEVEL = 24
"""A panel this dark or darker may also be what ultrasound shows where nothing echoes."""

Mask = NDArray[np.uint8]
"""(height, width) uint8, 0 or 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Panels:
    """Flat colours of a screen and where a picture differs from them."""

    levels: tuple[int, ...]
    """Grey levels of the flat areas, the largest first. Empty where the picture has none."""
    contrast: NDArray[np.uint8]
    """(height, width): difference between the brightest and the darkest of each pixel's 3 x 3 neighbours."""
    dark: tuple[int, ...]
    """Grey levels at most `DARK_LEVEL` that flat areas have, each exactly, the darkest first."""
    light: Mask
    """Flat areas too bright to be anechoic ultrasound: certainly no part of the picture."""
    ink: Mask
    """Whatever has none of the panels' colours."""


def find_panels(pixels: NDArray[np.uint8], tolerance: int = 4) -> Panels:
    """Panel colours are the levels that flat neighbourhoods share over at least 2 % of the picture."""
    square = np.ones((3, 3), np.uint8)
    contrast = cv2.subtract(cv2.dilate(pixels, square), cv2.erode(pixels, square))
    calm = cv2.medianBlur(pixels, 3)  # analogue capture adds noise to the panels too
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
    # Speckle passes through a panel's grey level too, but its neighbours do not share it.
    light &= (cv2.boxFilter(light, cv2.CV_16U, (3, 3), normalize=False) >= 5).astype(np.uint8)
    return Panels(levels, np.asarray(contrast, np.uint8), dark_levels, light, np.asarray(1 - (light | dark), np.uint8))


def _flat_levels(flat_pixels: NDArray[np.uint8], total: int, tolerance: int) -> tuple[int, ...]:
    counts = np.bincount(flat_pixels, minlength=256).astype(float)
    levels: list[int] = []
    while True:
        level = int(np.argmax(np.convolve(counts, np.ones(5), mode="same")))
        low = max(level - 2, 0)
        if counts[low : level + 3].sum() < _MIN_SHARE * total:
            return tuple(levels)
        peak = low + int(np.argmax(counts[low : level + 3]))
        # A panel is one colour; smooth tissue spreads over its neighbours.
        if counts[peak] > 0.35 * counts[max(peak - 6, 0) : peak + 7].sum():
            levels.append(peak)
        counts[max(peak - tolerance, 0) : peak + tolerance + 1] = 0
