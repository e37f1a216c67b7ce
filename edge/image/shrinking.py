"""A picture brought to another size; made smaller, each new pixel is the mean of the area that it covers."""

from functools import lru_cache
from math import gcd
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

MOST_STEPS: Final = 32
"""Rows of which parts are added up one by one; of more OpenCV makes them as quickly."""
MOST_ACROSS: Final = 8
"""The same of columns, which have to be turned to rows first."""


def shrunk(picture: NDArray[np.uint8], size: tuple[int, int], *, either: bool = False) -> NDArray[np.uint8]:
    """The picture (height, width) at size (width, height), as `cv2.INTER_AREA` makes it, in half of the time where old
    and new lengths have a large common measure: 640 px become 256 in 128 times the same step from 5 px to 2.

    either: a mean in the middle between two grey levels may become either; else such are left to OpenCV.
    """
    height, width = picture.shape
    down, across = height // gcd(height, size[1]), width // gcd(width, size[0])
    by_whole_steps = down * size[1] == height and across * size[0] == width
    # An odd number of equal parts is never in the middle.
    by_opencv = by_whole_steps or down > MOST_STEPS or not (either or down * across % 2)
    if by_opencv or size[0] >= width or size[1] >= height:
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    kind = np.uint16 if 255 * down * across < 1 << 16 else np.float32
    rows = _rows_added(picture, size[1], kind)
    if across > MOST_ACROSS:
        means = cv2.resize(np.asarray(rows, np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.convertScaleAbs(means, alpha=1 / down), np.uint8)
    sums = cv2.transpose(_rows_added(np.asarray(cv2.transpose(rows)), size[0], kind))
    return np.asarray(cv2.convertScaleAbs(sums, alpha=1 / (down * across)), np.uint8)


def resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture (height, width) at size (width, height): `shrunk`, or interpolated where a side becomes longer."""
    if size[0] <= picture.shape[1] and size[1] <= picture.shape[0]:
        return shrunk(picture, size)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _rows_added(plane: NDArray[Any], count: int, kind: type[np.uint16] | type[np.float32]) -> NDArray[Any]:
    """(count, width) what each of as many equal parts of the height adds up to, times a number that makes the shares of
    rows whole."""
    height, width = plane.shape
    every = gcd(height, count)
    old, new = height // every, count // every
    groups = plane.reshape(every, old, width)
    found, scratch = np.empty((every, new, width), kind), np.empty((every, width), kind)
    for part, rows in enumerate(_parts(old, new)):
        total = found[:, part]
        covered = [groups[:, row] for row, share in rows if share == new]
        # Those that are covered wholly are added up first: their share is the same.
        if len(covered) > 1:
            np.add(covered[0], covered[1], out=total, dtype=kind)
            for more in covered[2:]:
                np.add(total, more, out=total, dtype=kind)
        else:
            np.copyto(total, covered[0] if covered else 0)
        if new > 1:
            np.multiply(total, kind(new), out=total)
        for row, share in rows:
            if share < new:
                more = groups[:, row]
                if share > 1:
                    more = np.multiply(more, kind(share), out=scratch, dtype=kind)
                np.add(total, more, out=total, dtype=kind)
    return found.reshape(count, width)


@lru_cache(maxsize=16)
def _parts(old: int, new: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For each of so many new rows those of the old that it covers, and their shares in counts of 1 / new."""
    return tuple(
        tuple(
            (row, min((row + 1) * new, (part + 1) * old) - max(row * new, part * old))
            for row in range(part * old // new, -(-(part + 1) * old // new))
        )
        for part in range(new)
    )
