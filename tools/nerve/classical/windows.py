"""Windows of the real pictures with what each holds, for the nerve chain without a network."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image.windows import CELL_PX, Windows
from edge.image.working_picture import WorkingPicture, working_picture
from edge.task.nerve.windows import windows_of
from tools.nerve.usgra_seg import UsgraPicture
from tools.scanner_variation import VARIATIONS, vary_scanner

HIT: Final = 0.5
"""Intersection over union with a nerve's box from which a window is an example of it."""
MISS: Final = 0.25
"""And below which it is none, if ..."""
COVERED: Final = 0.35
"""... no more of it than this is nerve."""


@dataclass(frozen=True, slots=True, eq=False)
class WorkingTruth:
    """A working picture with its nerves."""

    name: str
    cluster: int
    working: WorkingPicture
    nerve: NDArray[np.bool_]
    """(height, width) of the working picture."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowExamples:
    """Windows (n,) of one picture."""

    windows: Windows
    features: NDArray[np.float32]
    """(n, FEATURES)."""
    hit: NDArray[np.bool_]
    miss: NDArray[np.bool_]
    """Neither: in between, not to be learnt from."""


def truth_of(drawing: UsgraPicture) -> WorkingTruth:
    """As the chain would see it."""
    return _truth(drawing.name, drawing.cluster, drawing.pixels, drawing.region.crop(drawing.nerve))


def varied(drawing: UsgraPicture, rng: np.random.Generator) -> WorkingTruth:
    """Mirrored, stretched a little, and as another scanner would show it."""
    pixels = np.ascontiguousarray(drawing.pixels[:, ::-1])
    nerve = np.ascontiguousarray(drawing.region.crop(drawing.nerve)[:, ::-1])
    height = round(pixels.shape[0] * rng.uniform(0.85, 1.18))
    pixels, nerve = (
        cv2.resize(plane, (pixels.shape[1], height), interpolation=cv2.INTER_AREA) for plane in (pixels, nerve)
    )
    return _truth(drawing.name, drawing.cluster, vary_scanner(pixels, frozenset(VARIATIONS), rng), nerve)


def _truth(name: str, cluster: int, pixels: NDArray[np.uint8], nerve: NDArray[np.uint8]) -> WorkingTruth:
    working = working_picture(pixels)
    height, width = working.pixels.shape
    size = [round(length * working.px_per_px) for length in pixels.shape[::-1]]
    mask = cv2.resize(np.ascontiguousarray(nerve), size, interpolation=cv2.INTER_AREA) > 127
    within = np.zeros((height, width), bool)
    part = mask[:height, :width]
    within[: part.shape[0], : part.shape[1]] = part
    return WorkingTruth(name, cluster, working, within)


def examples_of(truth: WorkingTruth) -> WindowExamples:
    """All lit windows of a picture."""
    grid, features = windows_of(truth.working.pixels)
    windows = grid.windows
    alike = np.zeros(len(windows))
    for left, top, width, height, _ in _boxes(truth.nerve):
        alike = np.maximum(alike, _overlap(windows, left, top, width, height))
    covered = _covered(truth.nerve, windows)
    return WindowExamples(windows, features, alike >= HIT, (alike < MISS) & (covered < COVERED))


def _boxes(nerve: NDArray[np.bool_]) -> Iterator[NDArray[np.int32]]:
    """(left, top, width, height, area) of each nerve that is more than a speck."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(nerve.astype(np.uint8))
    return (row for row in stats[1:] if row[4] >= CELL_PX**2)


def _overlap(windows: Windows, left: int, top: int, width: int, height: int) -> NDArray[np.float64]:
    sides = (CELL_PX * side for side in (windows.top, windows.left, windows.bottom, windows.right))
    start_row, start_column, end_row, end_column = sides
    high = np.clip(np.minimum(end_row, top + height) - np.maximum(start_row, top), 0, None)
    wide = np.clip(np.minimum(end_column, left + width) - np.maximum(start_column, left), 0, None)
    return high * wide / (windows.cells * CELL_PX**2 + width * height - high * wide)


def _covered(nerve: NDArray[np.bool_], windows: Windows) -> NDArray[np.float64]:
    total = cv2.integral(nerve.astype(np.uint8))
    top, left, bottom, right = (CELL_PX * side for side in (windows.top, windows.left, windows.bottom, windows.right))
    inside = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return inside / (windows.cells * CELL_PX**2)
