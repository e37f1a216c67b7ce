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


def local_binary_pattern(picture: NDArray[np.uint8], points: int = 8, radius: float = 1.0) -> NDArray[np.intp]:
    """(height, width) uniform rotation-invariant codes 0 to points + 1, of neighbours on a circle; beyond the border
    all is 0."""
    reach = int(np.ceil(radius)) + 1
    padded = np.pad(picture.astype(np.float64), reach)
    bits = np.zeros(picture.shape, np.intp)
    for index in range(points):
        angle = 2 * np.pi * index / points
        # Five decimals, so that neighbours that lie on a pixel are not mixed with the next.
        down, right = round(-radius * np.sin(angle), 5), round(radius * np.cos(angle), 5)
        bits |= (_sampled(padded, reach, down, right, picture.shape) >= picture).astype(np.intp) << index
    return uniform_codes(points)[bits]


def _sampled(
    padded: NDArray[np.float64], reach: int, down: float, right: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Bilinear between whole pixels."""
    row, column = int(np.floor(down)), int(np.floor(right))
    below, beside = down - row, right - column

    def part(extra_row: int, extra_column: int) -> NDArray[np.float64]:
        top, left = reach + row + extra_row, reach + column + extra_column
        return padded[top : top + shape[0], left : left + shape[1]]

    lower = int(below > 0)
    beyond = int(beside > 0)
    upper_row = (1 - beside) * part(0, 0) + beside * part(0, beyond)
    lower_row = (1 - beside) * part(lower, 0) + beside * part(lower, beyond)
    return (1 - below) * upper_row + below * lower_row


def median_binary_pattern(picture: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(height, width) codes 0 to 255: neighbours of at least the median of the 3 x 3 window, centre included."""
    return _ring_bits(picture, np.asarray(cv2.medianBlur(picture, 3), np.uint8))


def adaptive_median_binary_pattern(picture: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(height, width) codes 0 to 255, and which of SIDES_PX the window had.

    As in the adaptive median filter the window grows until its median is neither its lowest nor its highest level. The
    threshold is the centre, or the median where the centre is itself the lowest or highest: an impulse.
    """
    threshold = picture.copy()
    side = np.full(picture.shape, len(SIDES_PX) - 1, np.intp)
    open_still = np.ones(picture.shape, bool)
    for index, length in enumerate(SIDES_PX):
        square = np.ones((length, length), np.uint8)
        low, high, middle = cv2.erode(picture, square), cv2.dilate(picture, square), cv2.medianBlur(picture, length)
        settled = open_still & (low < middle) & (middle < high)
        if index == len(SIDES_PX) - 1:
            settled = open_still
        impulse = settled & ((picture == low) | (picture == high))
        threshold[impulse] = middle[impulse]
        side[settled] = index
        open_still &= ~settled
    return _ring_bits(picture, threshold), side


def _ring_bits(picture: NDArray[np.uint8], threshold: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Neighbours of at least the threshold; the border's pixels go on outwards."""
    padded = np.pad(picture, 1, mode="edge")
    bits = np.zeros(picture.shape, np.uint8)
    for index, (down, right) in enumerate(RING):
        part = padded[1 + down : padded.shape[0] - 1 + down, 1 + right : padded.shape[1] - 1 + right]
        bits |= (part >= threshold).astype(np.uint8) << np.uint8(index)
    return bits.astype(np.intp)


@cache
def uniform_codes(points: int) -> NDArray[np.intp]:
    """(2 ** points,) for each pattern of bits: how many are set where there are at most two changes around the circle,
    else points + 1."""
    patterns = np.arange(1 << points)
    bits = patterns[:, None] >> np.arange(points) & 1
    changes = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), points + 1).astype(np.intp)
