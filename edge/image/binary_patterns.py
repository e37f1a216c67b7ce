"""Binary patterns: which of a pixel's neighbours are brighter than a threshold, as one number.

Local (Ojala 2002), median (Hafiane 2007) and adaptive median binary patterns (Hafiane, Palaniappan, Seetharaman 2015).
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

RING: Final = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
"""(down, right) of the eight neighbours, counter-clockwise from the right."""
SIDES_PX: Final = (3, 5, 7)
"""Of the adaptive pattern's window."""


def local_binary_pattern(picture: NDArray[np.uint8], points: int = 8, radius: float = 1.0) -> NDArray[np.uint8]:
    """(height, width) uniform rotation-invariant codes 0 to points + 1, of neighbours on a circle; beyond the border
    all is 0. points: at most 16."""
    reach = int(np.ceil(radius)) + 1
    padded = np.pad(picture.astype(np.float64), reach)
    centre = np.ascontiguousarray(padded[reach:-reach, reach:-reach])
    bits = np.zeros(picture.shape, np.uint16)
    brighter = np.empty(picture.shape, bool)
    # Neighbours that stand one above the other share what is mixed of two columns.
    mixed: dict[float, NDArray[np.float64]] = {}
    for index in range(points):
        angle = 2 * np.pi * index / points
        # Five decimals, so that neighbours that lie on a pixel are not mixed with the next.
        down, right = round(-radius * np.sin(angle), 5), round(radius * np.cos(angle), 5)
        if right not in mixed:
            mixed[right] = _between(padded.T, reach, right, picture.shape[1]).T
        np.greater_equal(_between(mixed[right], reach, down, picture.shape[0]), centre, out=brighter)
        bits |= np.multiply(brighter.view(np.uint8), 1 << index, dtype=np.uint16)
    return np.take(uniform_codes(points), bits)


def _between(padded: NDArray[np.float64], reach: int, shift: float, length: int) -> NDArray[np.float64]:
    """(length, ...) rows of a padded picture that lie `shift` rows further down, linear between whole rows."""
    first = int(np.floor(shift))
    part = shift - first
    upper = padded[reach + first : reach + first + length]
    if part == 0:
        return upper
    found = upper * (1 - part)
    found += part * padded[reach + first + 1 : reach + first + 1 + length]
    return found


def median_binary_pattern(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(height, width) codes 0 to 255: neighbours of at least the median of the 3 x 3 window, centre included."""
    return _ring_bits(picture, np.asarray(cv2.medianBlur(picture, 3), np.uint8))


def adaptive_median_binary_pattern(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(height, width) codes 0 to 255, and which of SIDES_PX the window had.

    As in the adaptive median filter the window grows until its median is neither its lowest nor its highest level. The
    threshold is the centre, or the median where the centre is itself the lowest or highest: an impulse.
    """
    threshold = picture.copy()
    side = np.zeros(picture.shape, np.uint8)
    open_still = np.ones(picture.shape, bool)
    for length in SIDES_PX:
        square = np.ones((length, length), np.uint8)
        found = cv2.erode(picture, square), cv2.dilate(picture, square), cv2.medianBlur(picture, length)
        low, high, middle = (np.asarray(each, np.uint8) for each in found)
        settled = open_still
        if length != SIDES_PX[-1]:
            settled = (low < middle) & (middle < high) & open_still
        impulse = ((picture == low) | (picture == high)) & settled
        cv2.copyTo(middle, impulse.view(np.uint8), threshold)
        open_still = open_still & ~settled
        # One more for each window that was not enough; the last one always is.
        side += open_still.view(np.uint8)
    return _ring_bits(picture, threshold), side


def _ring_bits(picture: NDArray[np.uint8], threshold: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Neighbours of at least the threshold; the border's pixels go on outwards."""
    padded = np.asarray(cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE), np.uint8)
    bits = np.zeros(picture.shape, np.uint8)
    for index, (down, right) in enumerate(RING):
        part = padded[1 + down : padded.shape[0] - 1 + down, 1 + right : padded.shape[1] - 1 + right]
        bits |= (part >= threshold).view(np.uint8) << np.uint8(index)
    return bits


@cache
def uniform_codes(points: int) -> NDArray[np.uint8]:
    """(2 ** points,) for each pattern of bits: how many are set where there are at most two changes around the circle,
    else points + 1."""
    patterns = np.arange(1 << points)
    bits = patterns[:, None] >> np.arange(points) & 1
    changes = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), points + 1).astype(np.uint8)
