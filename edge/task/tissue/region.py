"""Where the region of interest lies in the working picture."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame, Region
from edge.image.windows import CELL_PX
from edge.image.working_picture import WorkingPicture, working_picture
from edge.task.tissue.spec import Points, Roi

SIDE: Final = 64
"""Of the network's patch."""
KEPT: Final = 8
"""Regions of which is kept where they lie: a run has one, with a proposal a new one now and then."""
MARGIN: Final = 0.25
"""Of the region's box, on each side: what the patch shows beside it."""
LEAST_CELLS: Final = 9
"""A window of 12 x 12 working pixels, 1.8 mm where the picture is 38 mm wide."""
LEAST_SIDE_PX: Final = 10.0
LEAST_INSIDE: Final = 0.9
"""Share of the region that must lie in the ultrasound picture."""
PROPOSED: Final = (0.3, 0.35, 0.4, 0.25)
"""Where nothing better is known: x, y, width and height in shares of the picture."""


def central(region: Region) -> Roi:
    """The middle of the ultrasound picture."""
    x, y, width, height = PROPOSED
    return Roi.box(
        region.x + x * region.width, region.y + y * region.height, width * region.width, height * region.height
    )


def pixel_mask(points: Points, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width) 1 where a pixel's middle lies inside a polygon: a box from 3 to 7 covers pixels 3 to 6."""
    mask = np.zeros(shape, np.uint8)
    low = np.clip(np.floor(points.min(axis=0)), 0, shape[::-1]).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)), 0, shape[::-1]).astype(int)
    x, y = np.arange(low[0], high[0]) + 0.5, (np.arange(low[1], high[1]) + 0.5)[:, None]
    inside = np.zeros((y.size, x.size), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 != y1:
            crossed = (y0 <= y) != (y1 <= y)
            inside ^= crossed & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    mask[low[1] : high[1], low[0] : high[0]] = inside
    return mask


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A region of interest in the working picture."""

    working: WorkingPicture
    inside: NDArray[np.bool_]
    """(rows, columns) of cells that are at least half inside."""
    box: tuple[float, float, float, float]
    """left, top, right, bottom in working pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """The pixels of an ultrasound picture that a region of interest covers."""

    mask: NDArray[np.uint8]
    """(height, width) 1 inside."""
    count: int
    box: tuple[slice, slice]
    whole: bool
    """The region covers its box."""

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(n,) the grey levels of those pixels in the ultrasound picture (height, width)."""
        part = picture[self.box]
        return part.ravel() if self.whole else part[self.mask[self.box] > 0]


@lru_cache(maxsize=KEPT)
def covered_by(roi: Roi, region: Region) -> Covered:
    """Worked out once, as long as neither changes."""
    mask = pixel_mask(roi.points - (region.x, region.y), (region.height, region.width))
    mask.flags.writeable = False
    x, y, width, height = cv2.boundingRect(mask)
    count = cv2.countNonZero(mask)
    return Covered(mask, count, np.s_[y : y + height, x : x + width], count == width * height)


def placed(frame: Frame, roi: Roi) -> Placed:
    """Where the region lies in the frame's ultrasound as it is looked at.

    The scale is not asked: most pictures that were learned from had none, and were taken to be 38 mm wide.
    """
    return placed_in(working_picture(frame.ultrasound.crop(frame.pixels)), roi, frame.ultrasound)


def placed_in(working: WorkingPicture, roi: Roi, region: Region) -> Placed:
    """Where the region of interest lies in the working picture that was made from the ultrasound at `region`."""
    height, width = working.pixels.shape
    return Placed(working, *_cells_of(roi, region, working.px_per_px, height, width))


@lru_cache(maxsize=KEPT)
def _cells_of(
    roi: Roi, region: Region, px_per_px: float, height: int, width: int
) -> tuple[NDArray[np.bool_], tuple[float, float, float, float]]:
    points = (roi.points - (region.x, region.y)) * px_per_px
    mask = pixel_mask(points, (height, width))
    share = mask.reshape(height // CELL_PX, CELL_PX, width // CELL_PX, CELL_PX).mean(axis=(1, 3))
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    inside = share >= 0.5
    inside.flags.writeable = False
    return inside, (left, top, right, bottom)


def patch_of(place: Placed) -> NDArray[np.uint8]:
    """(1, 1, SIDE, SIDE): the region's box with what is around it, stretched to a square; black beside the picture."""
    left, top, right, bottom = place.box
    wide, high = max(right - left, 1.0), max(bottom - top, 1.0)
    across, down = (1 + 2 * MARGIN) * wide / SIDE, (1 + 2 * MARGIN) * high / SIDE
    x, y = left - MARGIN * wide, top - MARGIN * high
    # Pixel centres at whole numbers on both sides.
    matrix = np.array([[across, 0, x + across / 2 - 0.5], [0, down, y + down / 2 - 0.5]])
    window = [round(step) | 1 if step > 1.25 else 1 for step in (across, down)]
    pixels = place.working.pixels
    smooth = cv2.blur(pixels, window) if max(window) > 1 else pixels
    taken = cv2.warpAffine(smooth, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(taken, np.uint8)[None, None]


def roi_faults(region: Region, roi: Roi, place: Placed) -> tuple[str, ...]:
    """What is wrong with a region that the user set in the ultrasound at `region`; empty where nothing is."""
    area = cv2.contourArea(roi.points.astype(np.float32))
    count = covered_by(roi, region).count
    if count < LEAST_INSIDE * area - 2:
        limits = f"x {region.x} to {region.x + region.width}, y {region.y} to {region.y + region.height}"
        share = "lies" if not count else f"lies to {100 * (1 - count / area):.0f} %"
        return (f"the region of interest {roi} {share} outside the ultrasound picture ({limits}): set --roi within",)
    left, top, right, bottom = place.box
    if np.count_nonzero(place.inside) < LEAST_CELLS or min(right - left, bottom - top) < LEAST_SIDE_PX:
        least = np.ceil(3 * CELL_PX / place.working.px_per_px)
        width, height = np.ptp(roi.points, axis=0)
        return (
            f"the region of interest is {width:.0f} x {height:.0f} px, smaller than a window of {least:.0f} x "
            f"{least:.0f} px, in which texture can be told: set a larger --roi",
        )
    return ()
