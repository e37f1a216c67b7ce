"""Finds the rectangle of a scanner's screen that holds the ultrasound picture.

Speckle tells the picture from all else on a screen: panels are flat, letters and ticks are thin, bars are narrow. The
largest dense textured area is the body of the picture. The picture's borders are straight lines at which the last faint
noise ends in many rows (or columns) at once, so each row votes for a border; a sector has no straight sides, and takes
the outermost votes.
"""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.region.borders import find_borders
from edge.screen.region.panels import Panels, find_panels
from edge.screen.region.rectangle import Mask, Rectangle
from edge.screen.region.sector import widened_to_sector
from edge.screen.ruler.rulers import find_rulers

_WORKING_SIZE_PX = 1000
"""A longer side is scaled down to at most this, as far as a whole factor does it."""


def find_region(pixels: NDArray[np.uint8]) -> Region:
    """The ultrasound picture's bounding box in `pixels` (height, width) uint8 grey.

    The whole picture where it is cropped already, or too dark or small to tell.
    """
    step = math.ceil(max(pixels.shape) / _WORKING_SIZE_PX)
    height, width = pixels.shape[0] // step, pixels.shape[1] // step
    if min(height, width) < 32:
        return Region.whole(pixels)
    small = pixels
    if step > 1:
        small = np.asarray(
            cv2.resize(pixels[: height * step, : width * step], (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    box = _find_box(small)
    if box is None:
        return Region.whole(pixels)
    right = pixels.shape[1] if box.right == width else box.right * step
    bottom = pixels.shape[0] if box.bottom == height else box.bottom * step
    return Region(box.left * step, box.top * step, right - box.left * step, bottom - box.top * step)


def _find_box(pixels: NDArray[np.uint8]) -> Rectangle | None:
    panels = find_panels(pixels)
    body = _find_body(panels)
    if body is None:
        return None
    borders = find_borders(pixels, panels, body)
    box = widened_to_sector(panels.texture, borders.box, borders.canvas)
    if not borders.straight[-1]:
        box = replace(box, bottom=_unseen_bottom(pixels, box, borders.canvas))
    return box


def _unseen_bottom(pixels: NDArray[np.uint8], box: Rectangle, canvas: Rectangle) -> int:
    """Where a picture ends that fades out: at the last tick of its ruler, or at the end of a cropped picture."""
    height, width = pixels.shape
    if box.left <= 0.02 * width and box.right >= 0.98 * width:
        return int(height)
    room = min(canvas.bottom, box.top + round(1.6 * box.height))
    for ruler in find_rulers(pixels, Region(box.left, box.top, box.width, room - box.top)):
        begins = abs(ruler.first_px - box.top) < 0.02 * box.height + 2
        if begins and ruler.ticks.indices.size >= 6 and box.bottom < ruler.last_px < room:
            return round(ruler.last_px)
    return box.bottom


def _find_body(panels: Panels) -> Mask | None:
    """The dense textured areas that make up the picture: the largest, and those that dark tissue cuts off from it."""
    window = max(9, round(0.02 * min(panels.texture.shape)) | 1)
    dense = (cv2.boxFilter(panels.texture, cv2.CV_32F, (window, window)) > 0.7).astype(np.uint8)
    dense = np.asarray(cv2.morphologyEx(dense, cv2.MORPH_OPEN, np.ones((window, window), np.uint8)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dense)
    if count < 2 or stats[1:, cv2.CC_STAT_AREA].max() < 0.01 * dense.size:
        return None
    main = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    chosen = [other for other in range(1, count) if _belongs(stats[other], stats[main])]
    return np.isin(labels, chosen).astype(np.uint8)


def _belongs(part: NDArray[np.int32], main: NDArray[np.int32]) -> bool:
    """Whether `part` (left, top, width, height, area) lies in line with `main`, over or under it, or beside it."""

    def inside(axis: int) -> float:
        start = max(part[axis], main[axis])
        end = min(part[axis] + part[axis + 2], main[axis] + main[axis + 2])
        return float((end - start) / part[axis + 2])

    over = inside(0) > 0.9 and part[2] > 0.15 * main[2] and part[4] > 0.015 * main[4]
    gap = max(part[0] - main[0] - main[2], main[0] - part[0] - part[2])
    wide = part[2] > 0.15 * main[2]  # unlike a grey bar
    beside = wide and inside(1) > 0.8 and part[3] > 0.3 * main[3] and gap < 0.5 * main[2]
    return bool(over or (beside and part[4] > 0.05 * main[4]))
