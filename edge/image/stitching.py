"""One long picture of many short ones whose places are known: of a probe moved along its picture, or across it.

A frame moved along its picture gives what lies near its middle, where beams are the steepest and the place is the least
in doubt; of what no middle has reached yet its edges are shown until one does. A frame moved across gives a column, the
mean of a band about a midline, so that the columns side by side are a section at right angles to the frames. Nothing
that is there is taken a second time: going back and forth doubles nothing.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import PixelSpacing

MM_PER_PX: Final = 0.5
LONGEST_MM: Final = 400.0
NEAR_MM: Final = 1.5
"""How far from a frame's middle its columns are the final ones."""
BLENDED_MM: Final = 3.0
"""Beside what is taken, over which it goes over into what is there."""
BAND_MM: Final = 2.0
"""To either side of the midline."""
GAP_MM: Final = 3.0
"""The widest between two columns that is filled from both."""


@dataclass(frozen=True, slots=True, eq=False)
class Stitched:
    """A picture as long as the way so far. Its arrays are never changed; a step makes new ones."""

    plane: NDArray[np.uint8]
    """(height, width) grey; 0 where nothing is known."""
    sequences: NDArray[np.int64]
    """(width,) of the frame that each column came from, -1: of none."""
    final: NDArray[np.bool_]
    """(width,): taken, and not taken anew."""
    offset: int
    """Column of position 0, the first frame's; it grows as the picture does to the left."""
    mm_per_px: float = MM_PER_PX
    """Across and down."""

    def column(self, at_mm: float) -> int:
        """Of a position, within the picture."""
        return min(max(0, self.offset + round(at_mm / self.mm_per_px)), len(self.sequences) - 1)


def with_frame(
    before: Stitched | None,
    pixels: NDArray[np.uint8],
    spacing: PixelSpacing,
    at_mm: float,
    sequence: int,
    weight: float = 1.0,
    *,
    mm_per_px: float = MM_PER_PX,
) -> Stitched | None:
    """With one more frame (height, width) of a probe that is moved along its picture.

    at_mm: by how much its middle lies to the right of the first frame's, negative: to the left. weight: 1 takes it as
    it is, less mixes it with what is there, 0 leaves it out. before: None for the first one, of which `mm_per_px` is
    the scale. What would make it longer than LONGEST_MM is left out.
    """
    if weight <= 0:
        return before
    scale = mm_per_px if before is None else before.mm_per_px
    half = pixels.shape[1] * spacing.x_mm_per_px / 2
    # Columns are counted from position 0, that of the first frame's middle.
    first, end = round((at_mm - half) / scale), max(round((at_mm + half) / scale), round((at_mm - half) / scale) + 1)
    whole = _grown(before, first, end, max(1, round(pixels.shape[0] * spacing.y_mm_per_px / scale)), scale)
    first, end = max(first, -whole.offset), min(end, len(whole.sequences) - whole.offset)
    if first >= end:
        return before
    inside = slice(first + whole.offset, end + whole.offset)
    far_mm = np.abs((np.arange(first, end) + 0.5) * scale - at_mm)
    near = far_mm <= max(NEAR_MM, scale)
    empty = whole.sequences[inside] < 0
    taken = (near & ~whole.final[inside]) | empty
    if not taken.any():
        return before
    share = np.where(empty, 1.0, weight * _ramp(near & taken, BLENDED_MM / scale))
    ends = np.flatnonzero(np.diff(share > 0, prepend=False, append=False))
    for low, high in ends.reshape(-1, 2).tolist():
        columns = _columns(pixels, spacing, scale, (first + low, first + high), at_mm, whole.plane.shape[0])
        _blend(whole.plane[:, inside.start + low : inside.start + high], columns, share[low:high])
    whole.sequences[inside][taken] = sequence
    whole.final[inside] |= near & taken
    return whole


def with_slice(
    before: Stitched | None,
    pixels: NDArray[np.uint8],
    spacing: PixelSpacing,
    midline_px: float,
    at_mm: float,
    sequence: int,
    weight: float = 1.0,
    *,
    mm_per_px: float = MM_PER_PX,
) -> Stitched | None:
    """With one more frame (height, width) of a probe that is moved at right angles to its picture.

    midline_px: column of the frame in which the section lies. at_mm: how far from the first frame it was taken, signed.
    weight: 0 leaves it out. Other arguments as `with_frame`. A column that a frame gave stays; those between two that
    are no farther apart than GAP_MM are filled from both.
    """
    if weight <= 0:
        return before
    scale = mm_per_px if before is None else before.mm_per_px
    place = round(at_mm / scale)
    whole = _grown(before, place, place + 1, max(1, round(pixels.shape[0] * spacing.y_mm_per_px / scale)), scale)
    column = place + whole.offset
    if not 0 <= column < len(whole.sequences) or whole.final[column]:
        return before
    reach = BAND_MM / spacing.x_mm_per_px
    left = min(max(0, round(midline_px + 0.5 - reach)), pixels.shape[1] - 1)
    band = pixels[:, left : max(left + 1, round(midline_px + 0.5 + reach))]
    mean = cv2.reduce(band, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    whole.plane[:, column] = _fitted(mean, spacing, scale, 1, whole.plane.shape[0])[:, 0]
    whole.sequences[column], whole.final[column] = sequence, True
    known = np.flatnonzero(whole.final)
    at = int(np.searchsorted(known, column))
    for one, other in pairwise(known[max(0, at - 1) : at + 2].tolist()):
        if 1 < other - one <= GAP_MM / scale:
            shares = (np.arange(one + 1, other) - one) / (other - one)
            ends = whole.plane[:, [one, other]].astype(np.float32)
            between = ends[:, :1] * (1 - shares) + ends[:, 1:] * shares
            whole.plane[:, one + 1 : other] = np.rint(between).astype(np.uint8)
    return whole


def _grown(before: Stitched | None, first: int, end: int, rows: int, scale: float) -> Stitched:
    """A copy with room for the columns from `first` to `end`, counted from position 0, as far as it may be so long, and
    for so many rows."""
    most = round(LONGEST_MM / scale)
    if before is None:
        width = min(end - first, most)
        nothing = np.full(width, -1, np.int64), np.zeros(width, np.bool_)
        return Stitched(np.zeros((rows, width), np.uint8), *nothing, -first, scale)
    width = before.plane.shape[1]
    left = min(max(0, -before.offset - first), most - width)
    right = min(max(0, end + before.offset - width), most - width - left)
    longer, there = left + width + right, slice(left, left + width)
    high = before.plane.shape[0]
    plane = np.zeros((max(high, rows), longer), np.uint8)
    sequences, final = np.full(longer, -1, np.int64), np.zeros(longer, np.bool_)
    plane[:high, there], sequences[there], final[there] = before.plane, before.sequences, before.final
    return Stitched(plane, sequences, final, before.offset + left, scale)


def _ramp(taken: NDArray[np.bool_], width_px: float) -> NDArray[np.float64]:
    """(n,) 1 where it is taken, less beside it, 0 from `width_px` on."""
    places = np.flatnonzero(taken)
    if not places.size:
        return np.zeros(len(taken))
    columns = np.arange(len(taken))
    # What is taken lies about the frame's middle, mostly in one piece: its ends tell how far the others are.
    beside = np.maximum(np.maximum(places[0] - columns, columns - places[-1]), 0)
    share: NDArray[np.float64] = np.maximum(0.0, 1 - beside / max(width_px, 1.0))
    return share


def _columns(
    pixels: NDArray[np.uint8],
    spacing: PixelSpacing,
    scale: float,
    wanted: tuple[int, int],
    at_mm: float,
    rows: int,
) -> NDArray[np.uint8]:
    """(rows, n) of the frame's part that lies in the columns from the first of `wanted` to its second, counted from
    position 0."""
    middle = pixels.shape[1] / 2
    start, end = (round(middle + (one * scale - at_mm) / spacing.x_mm_per_px) for one in wanted)
    start = min(max(0, start), pixels.shape[1] - 1)
    return _fitted(pixels[:, start : max(start + 1, end)], spacing, scale, wanted[1] - wanted[0], rows)


def _fitted(part: NDArray[Any], spacing: PixelSpacing, scale: float, width: int, rows: int) -> NDArray[np.uint8]:
    """(rows, width) at `scale`; what is deeper is cut off, and what is not as deep has nothing below."""
    own = max(1, round(part.shape[0] * spacing.y_mm_per_px / scale))
    shrinks = own <= part.shape[0] and width <= part.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    made = np.rint(np.asarray(cv2.resize(part, (width, own), interpolation=how)).reshape(own, width)).astype(np.uint8)
    return made[:rows] if own >= rows else np.pad(made, ((0, rows - own), (0, 0)))


def _blend(target: NDArray[np.uint8], columns: NDArray[np.uint8], share: NDArray[np.float64]) -> None:
    """Changes `target` (rows, n) towards `columns` by the `share` (n,) of each column."""
    weight = share.astype(np.float32)
    mixed = target * (1 - weight) + columns * weight
    target[:] = np.rint(mixed).astype(np.uint8)
