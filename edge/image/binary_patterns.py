"""Binary patterns: which of a pixel's neighbours are brighter than a threshold, as one number.

Local (Ojala 2002), median (Hafiane 2007) and adaptive median binary patterns (Hafiane, Palaniappan, Seetharaman 2015).
"""

from functools import cache
from math import cos, pi, sin
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
    height = picture.shape[0]
    reach = int(np.ceil(radius)) + 1
    padded = np.asarray(cv2.copyMakeBorder(picture, reach, reach, reach, reach, cv2.BORDER_CONSTANT), np.float64)
    # Row after row as one line, in which a neighbour is so many places further on: one step, however many rows.
    width, line = padded.shape[1], padded.ravel()
    start, length = reach * width, height * width
    centre = line[start : start + length]
    planes = [np.zeros(length, np.uint8) for _ in range(points // 8)]
    brighter = np.empty(length, np.uint8)
    as_truth = brighter.view(bool)
    one, other = np.empty((2, length))
    # Neighbours that stand one above the other share what is mixed of two columns: (where it begins, the line).
    mixed: dict[float, tuple[int, NDArray[np.float64]]] = {}
    # The last one first: a byte that is doubled moves its bits on.
    for index, (down, right) in reversed(list(enumerate(_circle(points, radius)))):
        if right not in mixed:
            columns, part = int(right // 1), right % 1
            begins, ends = max(0, -columns), line.size - max(0, columns + 1)
            near = line[begins + columns : ends + columns]
            if part:
                next_to_it = line[begins + columns + 1 : ends + columns + 1]
                near = _between(near, next_to_it, part, np.empty(near.size), np.empty(near.size))
            mixed[right] = begins, near
        begins, row = mixed[right]
        place, part = start + int(down // 1) * width - begins, down % 1
        level = row[place : place + length]
        if part:
            level = _between(level, row[place + width : place + width + length], part, one, other)
        np.greater_equal(level, centre, out=as_truth)
        plane = planes[index // 8]
        np.add(plane, plane, out=plane)
        np.bitwise_or(plane, brighter, out=plane)
    if points == 8:
        codes = np.asarray(cv2.LUT(planes[0], uniform_codes(8)), np.uint8)
    else:
        codes = np.take(uniform_codes(16), planes[0] + np.uint16(256) * planes[1])
    return codes.reshape(height, width)[:, reach:-reach]


@cache
def _circle(points: int, radius: float) -> tuple[tuple[float, float], ...]:
    """(down, right) of each neighbour. Five decimals, so that those that lie on a pixel are not mixed with the next."""
    angles = [2 * pi * index / points for index in range(points)]
    return tuple((round(-radius * sin(angle), 5), round(radius * cos(angle), 5)) for angle in angles)


def _between(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    part: float,
    found: NDArray[np.float64],
    scratch: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(1 - part) of the first and `part` of the second, in `found`."""
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
    height = picture.shape[0]
    padded = np.asarray(cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE), np.uint8)
    width, line = padded.shape[1], padded.ravel()
    own = np.asarray(cv2.copyMakeBorder(threshold, 0, 0, 1, 1, cv2.BORDER_CONSTANT), np.uint8).ravel()[1:-1]
    bits = np.zeros(height * width, np.uint8)
    found, brighter = bits[1:-1], np.empty(own.size, bool)
    for down, right in reversed(RING):
        place = (1 + down) * width + 1 + right
        np.greater_equal(line[place : place + own.size], own, out=brighter)
        np.add(found, found, out=found)
        np.bitwise_or(found, brighter.view(np.uint8), out=found)
    return bits.reshape(height, width)[:, 1:-1]


@cache
def uniform_codes(points: int) -> NDArray[np.uint8]:
    """(2 ** points,) for each pattern of bits: how many are set where there are at most two changes around the circle,
    else points + 1."""
    patterns = np.arange(1 << points)
    bits = patterns[:, None] >> np.arange(points) & 1
    changes = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), points + 1).astype(np.uint8)
