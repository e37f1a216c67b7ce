"""Flow in a picture's colours: which pixels show it, how much of the hypertrophy, in how many spots; a motion's flash.

A grey map may be tinted. What the picture's own greys have as colour at each brightness is its tint; what differs from
that, in patches that are thicker than a line, is flow. So makers' palettes need not be known.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.synovitis.grades import doppler_grade

APART: Final = 34.0
"""Of a colour from the tint of its brightness, in levels of the two chroma planes, from which on it is flow."""
BINS: Final = 24
"""Of brightness, over which the tint is learned."""
SPARSE: Final = 5
NEUTRAL: Final = 128.0
VIVID: Final = 36.0
"""Levels of chroma from grey that no tinted grey map reaches: what has more tells nothing of the tint."""
LEAST_IN_BIN: Final = 20
FAINT_APART: Final = 16.0
"""The same of what belongs to a vivid patch, and of the colour box's frame."""
LEAST_VIVID_PX: Final = 5
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
    faint = (away > FAINT_APART).astype(np.uint8)
    flow = _with_faint(cv2.morphologyEx(faint, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), away)
    return Colours(flow, bool(flow.any()) or _has_frame(faint))


def _with_faint(patches: Any, away: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(height, width) patches of colour that are vivid somewhere: strong flow is nearly white in many palettes."""
    count, labels = cv2.connectedComponents(np.asarray(patches, np.uint8))
    vivid = np.bincount(labels[away > APART], minlength=count) >= LEAST_VIVID_PX
    vivid[0] = False
    return np.asarray(vivid[labels])


def _from_tint(luma: NDArray[np.uint8], red: NDArray[np.uint8], blue: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(height, width) how far each pixel's colour lies from the tint of its brightness: a straight line through what
    pixels that are not vivid have, by brightness."""
    some = [np.asarray(plane[::SPARSE, ::SPARSE], np.float32).ravel() for plane in (luma, red, blue)]
    plain = np.hypot(some[1] - NEUTRAL, some[2] - NEUTRAL) < VIVID
    bins = some[0][plain].astype(np.intp) * BINS // 256
    counts = np.bincount(bins, minlength=BINS)
    known = np.flatnonzero(counts >= LEAST_IN_BIN)
    levels = np.arange(256, dtype=np.float32)
    expected = []
    for plane, values in ((red, some[1]), (blue, some[2])):
        line = np.array((0.0, NEUTRAL))
        if known.size > 1:
            middles = [float(np.median(values[plain][bins == number])) for number in known]
            line = np.polyfit((known + 0.5) * 256 / BINS, middles, 1, w=np.sqrt(counts[known]))
        tint = cv2.LUT(luma, np.polyval(line, levels).astype(np.float32))
        expected.append(plane.astype(np.float32) - tint)
    return np.asarray(cv2.magnitude(*expected), np.float32)


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
