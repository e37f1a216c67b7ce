"""Flow in a picture's colours: which pixels show it, how much of the hypertrophy, in how many spots; a motion's flash.

A grey map may be tinted. What the picture's own greys have as colour at each brightness is its tint; what differs from
that, in patches that are thicker than a line, is flow. So makers' palettes need not be known.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.synovitis.grades import doppler_grade

APART: Final = 34.0
"""Of a colour from the tint of its brightness, in levels of the two chroma planes, from which on it is flow."""
BINS: Final = 24
"""Of brightness, over which the tint is learned."""
SPARSE: Final = 5
FRAME_APART: Final = 18.0
CONFLUENT_MM: Final = 1.3
"""Longer spots are confluent."""
LEAST_SPOT_MM2: Final = 0.015
FLASH_SHARE: Final = 0.22
"""Of the soft tissue beside the joint's region that is coloured: more is no vessel but a motion."""
LEAST_FRAME_SHARE: Final = 0.12
"""Of the picture's width or height, that a side of the colour box is long."""


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """What is coloured in the ultrasound region."""

    flow: NDArray[np.bool_]
    """(height, width)."""
    boxed: bool
    """A colour box's frame is seen, or flow: Doppler was on."""


@dataclass(frozen=True, slots=True)
class FlowSeen:
    """Of the hypertrophy."""

    share: float
    """Of its area, 0 to 1."""
    single: int
    confluent: int
    flash: bool
    """Tissue is coloured far and wide: none of it can be told from flow."""

    @property
    def grade(self) -> int:
        return doppler_grade(self.single, self.confluent, self.share)


def colours_of(picture: NDArray[np.uint8]) -> Colours:
    """From the ultrasound region in colour (height, width, 3) BGR."""
    planes = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb))
    luma, red, blue = (np.asarray(plane, np.uint8) for plane in planes)
    away = _from_tint(luma, red, blue)
    strong = (away > APART).astype(np.uint8)
    flow = cv2.morphologyEx(strong, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    lines = (away > FRAME_APART).astype(np.uint8)
    boxed = bool(flow.any()) or _has_frame(lines)
    return Colours(np.asarray(flow > 0), boxed)


def _from_tint(luma: NDArray[np.uint8], red: NDArray[np.uint8], blue: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(height, width) how far each pixel's colour lies from what most pixels of its brightness have."""
    some = luma[::SPARSE, ::SPARSE].ravel().astype(np.intp) * BINS // 256
    places, tints = [], []
    for number in range(BINS):
        those = some == number
        if those.sum() >= 30:
            places.append((number + 0.5) * 256 / BINS)
            tints.append([float(np.median(plane[::SPARSE, ::SPARSE].ravel()[those])) for plane in (red, blue)])
    if not places:
        return np.zeros(luma.shape, np.float32)
    # Where most of what is so bright is coloured, its neighbours tell the tint.
    table = np.asarray(tints)
    table = np.stack([_middle_of_five(table[:, plane]) for plane in range(2)], axis=1)
    levels = np.arange(256)
    expected = [cv2.LUT(luma, np.interp(levels, places, table[:, k]).astype(np.float32)) for k in range(2)]
    return np.asarray(cv2.magnitude(red.astype(np.float32) - expected[0], blue.astype(np.float32) - expected[1]))


def _middle_of_five(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, 2, "edge")
    return np.median(np.stack([padded[start : start + values.size] for start in range(5)]), axis=0)


def _has_frame(lines: NDArray[np.uint8]) -> bool:
    """Whether a long straight coloured line lies across and one down."""
    height, width = lines.shape
    across = np.ones((1, max(8, round(LEAST_FRAME_SHARE * width))), np.uint8)
    down = np.ones((max(8, round(LEAST_FRAME_SHARE * height)), 1), np.uint8)
    return all(bool(cv2.erode(lines, kernel).any()) for kernel in (across, down))


def flow_in(
    colours: Colours, region: NDArray[np.bool_], tissue: NDArray[np.bool_], mm_per_px: tuple[float, float]
) -> FlowSeen:
    """region: (height, width) the hypertrophy; tissue: what lies between skin and bone."""
    beside = tissue & ~region
    flash = bool(beside.any()) and float(colours.flow[beside].mean()) > FLASH_SHARE
    within = colours.flow & region
    total = int(region.sum())
    count, _, stats, _ = cv2.connectedComponentsWithStats(within.astype(np.uint8))
    x_mm, y_mm = mm_per_px
    single = confluent = 0
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] * x_mm * y_mm < LEAST_SPOT_MM2:
            continue
        longest = max(stats[label, cv2.CC_STAT_WIDTH] * x_mm, stats[label, cv2.CC_STAT_HEIGHT] * y_mm)
        single, confluent = (single, confluent + 1) if longest > CONFLUENT_MM else (single + 1, confluent)
    return FlowSeen(float(within.sum()) / total if total else 0.0, single, confluent, flash)
