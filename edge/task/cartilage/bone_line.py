"""Bright bone under a dark band, and the shadow under it: what tells a joint's surface from any other dark band."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.cartilage.band import Floats


@dataclass(frozen=True, slots=True)
class BoneLine:
    """Grey levels along a band, each the median over its columns, and how continuous the bone is."""

    above: float
    band: float
    bone: float
    """Brightest level at the lower border."""
    below: float
    """Mean from one to three thicknesses under the lower border: dark in a shadow."""
    continuity: float
    """Share of columns whose bone is clearly brighter than the band."""


CLEARLY_BRIGHTER = 12.0
"""Grey levels: the step between two tissues that an eye sees at a glance."""
DIM_SHARE = 0.15
"""The same in a dim picture, as a share of the brightest level around the band."""
_PLACES = np.linspace(-0.9, 3.0, 27)
"""Depths that are sampled: 0 is the lower border, -1 the upper one, in thicknesses of the band."""


def sample_bone_line(pixels: NDArray[np.uint8], x: Floats, upper: Floats, lower: Floats) -> BoneLine:
    """Grey levels in and around a band with borders (n,) at `x` (n,), in pixels of the picture (height, width).

    Every second column is looked at.
    """
    x, upper, lower = x[::2], upper[::2], lower[::2]
    thickness = np.maximum(lower - upper, 2.0)
    depth = lower + np.concatenate(([-1.6, -1.3], _PLACES))[:, None] * thickness
    across = np.broadcast_to(x, depth.shape)
    sampled = cv2.remap(pixels, across.astype(np.float32), depth.astype(np.float32), cv2.INTER_LINEAR)
    levels = np.asarray(sampled, np.float32)
    above, around = levels[:2].mean(axis=0), levels[2:]
    band = around[(_PLACES > -0.8) & (_PLACES < -0.3)].mean(axis=0)
    bone = around[(_PLACES > -0.2) & (_PLACES < 0.6)].max(axis=0)
    below = around[_PLACES > 1.0].mean(axis=0)
    return BoneLine(
        above=_middle(above),
        band=_middle(band),
        bone=_middle(bone),
        below=_middle(below),
        continuity=float(np.mean(bone - band > min(CLEARLY_BRIGHTER, DIM_SHARE * levels.max()))),
    )


def _middle(levels: NDArray[np.float32]) -> float:
    """The upper median: np.median's averaging and its checks take longer than the sorting."""
    return float(np.partition(levels, levels.size // 2)[levels.size // 2])
