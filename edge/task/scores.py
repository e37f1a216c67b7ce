"""Structures from a network's scores: their outlines, as smooth closed curves in pixels of the frame."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.image.rings import Floats, moments_of, smoothed
from edge.task.tensor import Fit

SIDE: Final = 256
"""Height and width of the square that the picture is fitted into."""
BLOCK: Final = 2
"""The network gives a block of so many pixels a side as channels of one cell (sub-pixel convolution)."""
BLUR_PX: Final = 1.0
RING_MARGIN_PX: Final = 2
"""Around a structure, within which its border is looked for."""
MARGIN_CELLS: Final = 5
"""Of the network, around those that exceed the cut. Nowhere beyond do the blurred scores, and the scores that are
blurred into a structure's RING_MARGIN_PX all lie within: a blur of BLUR_PX reaches 4 px."""
NO_SCORE: Final = -10.0
"""Log odds of what lies beside the picture."""
OTHERS_SCORE: Final = -2.0
"""Of what belongs to another structure."""
LEAST_AREA_PX: Final = 60.0
"""Of the square; what is smaller is no structure."""
NEARLY: Final = 2.5
"""Log odds by which pixels about a structure may stay below its cut and still count for its confidence: where many of
them nearly belong to it, it has no border. Of nerves kept back 83 in 100 are so told with 85 of them right; by the
pixels within the border alone 71."""
FINER: Final = 4
EDGE_PX: Final = 2.0
"""Nearer to the picture's side than so many pixels of 512 it is cut off there."""
CUT_OFF_SHARE: Final = 0.05
"""Of the border's points."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One structure's border."""

    points: Floats
    """(n, 2) x, y in pixels of the frame; closed, the first point not repeated."""
    confidence: float
    """Mean probability inside and of what nearly belongs to it, 0 to 1."""
    area_px2: float
    centre: tuple[float, float]

    @classmethod
    def of(cls, points: Floats, confidence: float) -> Self:
        moments = moments_of(points)
        return cls(points, confidence, moments.area, moments.centre)

    @property
    def radius(self) -> float:
        """Of a circle as large, in pixels of the frame."""
        return float((self.area_px2 / np.pi) ** 0.5)


def shares_of(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities from log odds, shape kept."""
    return np.asarray(0.5 + 0.5 * np.tanh(logits / 2), np.float32)


def full_scores(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """(classes, h * BLOCK, w * BLOCK) from the network's (classes * BLOCK ** 2, h, w) or a part of its cells."""
    channels, height, width = output.shape
    parts = output.reshape(-1, BLOCK, BLOCK, height, width)
    full = np.empty((channels // BLOCK**2, height, BLOCK, width, BLOCK), np.float32)
    # One part after the other: numpy takes six times as long for all dimensions in another order at once.
    for row in range(BLOCK):
        for column in range(BLOCK):
            full[:, :, row, :, column] = parts[:, row, column]
    return full.reshape(-1, height * BLOCK, width * BLOCK)


def outlines_of(cells: NDArray[np.float32], fit: Fit, region: Region, cut: float = 0.0) -> tuple[Outline, ...]:
    """The structures where the log odds of one class, (BLOCK ** 2, SIDE / BLOCK, SIDE / BLOCK) as the network gives
    them, exceed `cut`, the largest first. fit: how the frame lies in the square; region: of the frame, beyond which
    there is nothing."""
    most = cells.max(axis=0)
    if most.max() <= cut:
        return ()
    x, y, width, height = cv2.boundingRect((most > cut - NEARLY).view(np.uint8))
    left, top = max(0, x - MARGIN_CELLS), max(0, y - MARGIN_CELLS)
    part = cells[:, top : y + height + MARGIN_CELLS, left : x + width + MARGIN_CELLS]
    (near,), left, top = full_scores(part), left * BLOCK, top * BLOCK
    soft = np.asarray(cv2.GaussianBlur(near, (0, 0), BLUR_PX), np.float32) - np.float32(cut)
    _leave_out_margins(soft, region, fit, left, top)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((soft > 0).view(np.uint8), connectivity=4)
    _, about = cv2.connectedComponents((soft > -NEARLY).view(np.uint8), connectivity=4)
    # 1 / (1 + exp(-score)) is half of 1 + tanh(score / 2).
    likely, found = np.tanh(near / 2), []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= LEAST_AREA_PX:
            ring = smoothed(_ring(soft, labels if count > 2 else None, label, stats[label]))
            nearly = (about == about[_within(labels, label, stats[label])]).view(np.uint8)
            confidence = 0.5 + 0.5 * cv2.mean(likely, nearly)[0]
            points = (ring - (fit.left - left, fit.top - top)) / fit.scale
            found.append(Outline.of(points, confidence))
    return tuple(sorted(found, key=lambda outline: -outline.area_px2))


def _within(labels: NDArray[Any], label: int, stats: NDArray[Any]) -> tuple[int, int]:
    """Row and column of a pixel of a label: the first of its uppermost row."""
    row = int(stats[cv2.CC_STAT_TOP])
    return row, int((labels[row] == label).argmax())


def _leave_out_margins(soft: NDArray[np.float32], region: Region, fit: Fit, left: int, top: int) -> None:
    """Takes the scores away where a part of the square, which begins at `left` and `top`, lies beside the picture."""
    for part, offset, length in (
        (soft.T, fit.left + fit.scale * region.x - left, region.width),
        (soft, fit.top + fit.scale * region.y - top, region.height),
    ):
        part[: max(0, floor(round(offset - 0.5 * fit.scale, 6)) + 1)] = NO_SCORE
        part[max(0, ceil(round(offset + (length - 0.5) * fit.scale, 6))) :] = NO_SCORE


def _ring(soft: NDArray[np.float32], labels: NDArray[Any] | None, label: int, stats: NDArray[Any]) -> Floats:
    """Where the scores of one structure pass through zero, by a finer grid; pixels of `soft`. labels: None where it is
    the only structure."""
    x, y, width, height = (int(v) for v in stats[:4])
    x0, y0 = max(0, x - RING_MARGIN_PX), max(0, y - RING_MARGIN_PX)
    box = slice(y0, y + height + RING_MARGIN_PX), slice(x0, x + width + RING_MARGIN_PX)
    level = np.clip(soft[box], -4, 4)
    if labels is not None:
        level[(labels[box] > 0) & (labels[box] != label)] = OTHERS_SCORE
    walled = cv2.copyMakeBorder(level, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=-4)
    finer = np.asarray(cv2.resize(walled, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR), np.float32)
    contours, _ = cv2.findContours((finer > 0).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    return np.asarray((longest + 0.5) / FINER - 0.5 - 1 + (x0, y0))


def cut_off(ring: Floats, region: Region) -> bool:
    """Whether a ring (n, 2) runs along a side of the picture: part of the structure is outside."""
    near = EDGE_PX * max(1.0, max(region.width, region.height) / 512)
    x, y = ring.T
    beside = (x < region.x + near) | (x > region.x + region.width - near)
    beside |= (y < region.y + near) | (y > region.y + region.height - near)
    return bool(np.count_nonzero(beside) > CUT_OFF_SHARE * len(ring))
