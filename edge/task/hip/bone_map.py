"""The picture that a hip is looked for in, and how much each of its places looks like the surface of bone: brighter
than what lies above it, than its shadow, and than any other line behind it."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.despeckle import median
from edge.image.shrinking import resized
from edge.task.hip.lines import Floats

LONG_PX: Final = 288
"""Longest side of the picture that is looked at."""
LEAST_SIDE_PX: Final = 48
CALM_SIGMA: Final = 1.0
ABOVE_SHARE, BELOW_SHARE = (0.014, 0.05), (0.03, 0.2)
"""Of the picture's height: what a bone's line is compared with, from and to."""
JOINT_SHARE, SHADOW_SHARE = (0.02, 0.06), (0.02, 0.09)
"""Of its width, for a bone's line that goes down."""
OTHER_LINE: Final = 0.8
"""Of the brightest echo behind a bone's line, which must stay below the line's."""
BRIGHT_QUANTILE: Final = 0.985
SOFT_SHARE: Final = 0.008
"""Of its width."""
ECHO_QUANTILE: Final = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """The picture that is looked at: square pixels, speckle taken away."""

    calm: NDArray[np.float32]
    """(height, width) grey levels."""
    bone: NDArray[np.float32]
    """(height, width) how much looks like a bone's line, 1 for a bright one: level or sloping."""
    steep: NDArray[np.float32]
    """(height, width) the same for a bone's line that goes down, with its shadow to the left."""
    soft: NDArray[np.float32]
    """(height, width) grey levels that are evened out further, for edges of large areas."""
    bright: float
    """Grey level of the picture's bright echoes."""
    px_per_px: tuple[float, float]
    """Its pixels for each of the region's, across and down."""

    def to_region(self, points: Floats) -> Floats:
        """From its pixels (..., 2) to the region's; centres at whole numbers in both."""
        return np.asarray((points + 0.5) / self.px_per_px - 0.5, np.float64)

    def mirrored(self) -> "Working":
        calm, bone, soft = (np.ascontiguousarray(plane[:, ::-1]) for plane in (self.calm, self.bone, self.soft))
        return Working(calm, bone, steep_map(calm, bone), soft, self.bright, self.px_per_px)


def working_of(picture: NDArray[np.uint8], aspect: float = 1.0) -> Working | None:
    """From the ultrasound region (height, width). aspect: width of its pixels over their height. None: too small."""
    height, width = picture.shape
    calm = calm_of(picture, aspect)
    if calm is None:
        return None
    size = calm.shape[::-1]
    bone = bone_map(calm)
    soft = np.asarray(cv2.GaussianBlur(calm, (0, 0), max(0.6, SOFT_SHARE * size[0])), np.float32)
    bright = max(float(np.quantile(calm[::2, ::2], ECHO_QUANTILE)), 1.0)
    return Working(calm, bone, steep_map(calm, bone), soft, bright, (size[0] / width, size[1] / height))


def calm_of(picture: NDArray[np.uint8], aspect: float = 1.0) -> NDArray[np.float32] | None:
    """Square pixels, speckle taken away; LONG_PX the longest side. None: the picture is too small."""
    height, width = picture.shape
    scale = LONG_PX / max(height, width * aspect)
    size = max(1, round(width * aspect * scale)), max(1, round(height * scale))
    if min(size) < LEAST_SIDE_PX or min(height, width) < LEAST_SIDE_PX:
        return None
    even = median(resized(picture, size), 3).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(even, (0, 0), CALM_SIGMA), np.float32)


def bone_map(calm: NDArray[np.float32]) -> NDArray[np.float32]:
    """(height, width) how much each place is brighter than what is above it and than its shadow; 1: as bone is."""
    above = _mean_down(calm[::-1], ABOVE_SHARE)[::-1]
    return _share_of_bright(calm, np.minimum(calm - np.float32(0.6) * above, calm - _shadow(calm, BELOW_SHARE)))


def steep_map(calm: NDArray[np.float32], bone: NDArray[np.float32]) -> NDArray[np.float32]:
    """(height, width) the greater of the `bone` map and of how much each place is brighter than what lies right of it,
    in the joint, and left of it, in the shadow of the roof."""
    joint = _mean_down(np.ascontiguousarray(calm.T), JOINT_SHARE).T
    shadow = _shadow(np.ascontiguousarray(calm[:, ::-1].T), SHADOW_SHARE).T[:, ::-1]
    over = np.minimum(calm - np.float32(0.9) * joint, calm - shadow)
    return np.maximum(bone, _share_of_bright(calm, over))


def _shadow(calm: NDArray[np.float32], shares: tuple[float, float]) -> NDArray[np.float32]:
    """What a bone's line must be brighter than: all that lies behind it, of which nothing may be another line."""
    first, last = (max(1, round(share * calm.shape[0])) for share in shares)
    tall = np.ones((last - first + 1, 1), np.uint8)
    # The anchor lies above the kernel's first row, so that it covers the rows from `first` to `last` below.
    padded = np.concatenate((calm[first:], np.repeat(calm[-1:], last + first, axis=0)))
    brightest = cv2.dilate(padded, tall, anchor=(0, 0))[: calm.shape[0]]
    mean = _mean_down(calm, shares)
    return np.asarray(np.maximum(1.15 * mean, OTHER_LINE * np.asarray(brightest, np.float32)), np.float32)


def _share_of_bright(calm: NDArray[np.float32], over: NDArray[np.float32]) -> NDArray[np.float32]:
    bright = max(float(np.quantile(calm, BRIGHT_QUANTILE)), 1.0)
    return np.asarray(np.clip(over / np.float32(0.7 * bright), 0, 1.3), np.float32)


def _mean_down(calm: NDArray[np.float32], shares: tuple[float, float]) -> NDArray[np.float32]:
    """Mean of the rows from one share of the height to another below each place; the last row goes on."""
    height = calm.shape[0]
    first, last = max(1, round(shares[0] * height)), max(2, round(shares[1] * height))
    padded = np.concatenate((calm, np.repeat(calm[-1:], last + 1, axis=0)))
    total = np.cumsum(np.concatenate((np.zeros_like(padded[:1]), padded)), axis=0, dtype=np.float64)
    rows = np.arange(height)
    mean = (total[rows + last + 1] - total[rows + first]) / (last + 1 - first)
    return np.asarray(mean, np.float32)


def sampled(plane: NDArray[np.float32], places: Floats) -> NDArray[np.float32]:
    """(rows, columns) the plane's values at places (rows, columns, 2) in its pixels; its border goes on outwards."""
    x, y = (np.ascontiguousarray(places[..., axis]).astype(np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
