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
    all is 0. points: 8 or 16."""
    height, width = picture.shape
    reach = int(np.ceil(radius)) + 1
    padded = np.pad(picture.astype(np.float64), reach)
    centre = np.ascontiguousarray(padded[reach:-reach, reach:-reach])
    planes = [np.zeros(picture.shape, np.uint8) for _ in range(points // 8)]
    brighter = np.empty(picture.shape, bool)
    one, other = np.empty((2, *picture.shape))
    beside = np.empty((len(padded), width))
    # Neighbours that stand one above the other share what is mixed of two columns.
    mixed: dict[float, NDArray[np.float64]] = {}
    # The last one first: a byte that is doubled moves its bits on.
    for index in reversed(range(points)):
        angle = 2 * np.pi * index / points
        # Five decimals, so that neighbours that lie on a pixel are not mixed with the next.
        down, right = round(-radius * np.sin(angle), 5), round(radius * np.cos(angle), 5)
        if right not in mixed:
            columns = reach + int(np.floor(right))
            pair = padded[:, columns : columns + width], padded[:, columns + 1 : columns + 1 + width]
            mixed[right] = _between(*pair, right % 1, np.empty_like(beside), beside)
        rows = reach + int(np.floor(down))
        pair = mixed[right][rows : rows + height], mixed[right][rows + 1 : rows + 1 + height]
        np.greater_equal(_between(*pair, down % 1, one, other), centre, out=brighter)
        plane = planes[index // 8]
        plane += plane
        plane |= brighter.view(np.uint8)
    if points == 8:
        return np.asarray(cv2.LUT(planes[0], uniform_codes(8)), np.uint8)
    return np.take(uniform_codes(16), planes[0] + np.uint16(256) * planes[1])


def _between(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    part: float,
    found: NDArray[np.float64],
    scratch: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(1 - part) of the first and `part` of the second, in `found`; the first itself where there is no part."""
    if part == 0:
        return first
    np.multiply(first, 1 - part, out=found)
    np.multiply(second, part, out=scratch)
    return np.add(found, scratch, out=found)


def median_binary_pattern(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(height, width) codes 0 to 255: neighbours of at least the median of the 3 x 3 window, centre included."""
    return _ring_bits(picture, np.asarray(cv2.medianBlur(picture, 3), np.uint8))


def adaptive_median_binary_pattern(
    picture: NDArray[np.uint8], sizes: int = len(SIDES_PX)
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(height, width) codes 0 to 255, and which of SIDES_PX the window had.

    As in the adaptive median filter the window grows until its median is neither its lowest nor its highest level. The
    threshold is the centre, or the median where the centre is itself the lowest or highest: an impulse. sizes: how many
    of SIDES_PX are tried; where a larger window is needed the number of the window is `sizes`, and the code is nothing.
    """
    threshold = picture.copy()
    side = np.zeros(picture.shape, np.uint8)
    open_still = np.ones(picture.shape, bool)
    for length in SIDES_PX[:sizes]:
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
