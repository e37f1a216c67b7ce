"""Places that were passed, kept as pictures, and whether the newest frame shows one of them again.

Speckle is a place's fingerprint: it is the same when the plane lies there again to half the beam's height, and nowhere
else, while the bones of one spine look alike from level to level. What is compared is fine, therefore, and a place is
known again only where the frame resembles it far more than any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Tile = NDArray[np.float32]
Signature = NDArray[np.complex64]
ROWS: Final = 44
"""Of a signature, from as many rows of a tile as there are: no coarser than speckle is high."""
WAVES: Final = 36
"""Sideways, from the longest on; more are finer than speckle is wide."""
BLOCK: Final = 32
"""Places that are kept in one array."""
MOST_PLACES: Final = 1024
ALIKE: Final = 0.5
"""Resemblance from which a place is known again,"""
DISTINCT: Final = 0.2
"""by so much more than any place"""
AROUND_MM: Final = 4.0
"""farther than this from it."""
NEAR: Final = 0.12
"""By which neighbours of the best place may resemble less and still say where between them the frame lies."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place along the way."""

    chart: int
    """Number of the piece of the way in which `mm` counts: a lift begins another."""
    mm: float


@dataclass(frozen=True, slots=True)
class Joined:
    """A piece of the way was found to be part of another, or to have been laid out wrongly."""

    chart: int
    into: int
    sign: int
    """1: both count the same way."""
    offset_mm: float
    since_mm: float = np.inf
    """Path from which on what was kept is wrong."""

    def moved(self, spot: Spot) -> Spot:
        return Spot(self.into, self.offset_mm + self.sign * spot.mm) if spot.chart == self.chart else spot


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """All places kept so far, in the order in which they were."""

    blocks: tuple[Signature, ...] = ()
    """(WAVES, up to BLOCK, ROWS) each."""
    spots: tuple[Spot, ...] = ()
    paths_mm: tuple[float, ...] = ()
    """Length of the path until each."""

    def with_place(self, signature: Signature, spot: Spot, path_mm: float, apart_mm: float) -> "Passed":
        """Unless one as near as apart_mm is kept."""
        near = any(one.chart == spot.chart and abs(one.mm - spot.mm) < apart_mm for one in self.spots)
        if near or len(self.spots) >= MOST_PLACES:
            return self
        new = signature[:, None]
        if self.blocks and self.blocks[-1].shape[1] < BLOCK:
            blocks = (*self.blocks[:-1], np.concatenate((self.blocks[-1], new), axis=1))
        else:
            blocks = (*self.blocks, new)
        return Passed(blocks, (*self.spots, spot), (*self.paths_mm, path_mm))

    def joined(self, joint: Joined) -> "Passed":
        spots = tuple(
            joint.moved(spot) if path < joint.since_mm else Spot(-1, 0.0)
            for spot, path in zip(self.spots, self.paths_mm, strict=True)
        )
        return replace(self, spots=spots)

    def again(
        self, signature: Signature, width_px: int, *, reach_px: int, alike: float = ALIKE, mm_per_px: float = 0.0
    ) -> Spot | None:
        """The place that the frame shows again. width_px: of a tile; reach_px: most shift to the side; mm_per_px: by
        what the way is longer where what a place showed lies a pixel farther to the right."""
        if not self.spots:
            return None
        found, shift = self._compared(signature, reach_px, width_px)
        chart = np.array([one.chart for one in self.spots])
        mm = np.array([one.mm for one in self.spots]) + mm_per_px * shift
        found = np.where(chart >= 0, found, 0.0)
        best = int(found.argmax())
        far = (chart != chart[best]) | (np.abs(mm - mm[best]) > AROUND_MM)
        if found[best] < max(alike, found[far].max(initial=0.0) + DISTINCT):
            return None
        weight = np.where(~far & (found > found[best] - NEAR), found, 0.0) ** 4
        return Spot(int(chart[best]), float((weight * mm).sum() / weight.sum()))

    def _compared(
        self, signature: Signature, reach_px: int, width_px: int
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Of each place the highest correlation over shifts to the side, and that shift in pixels."""
        waves = [np.matmul(block.conj(), signature[:, :, None])[:, :, 0] for block in self.blocks]
        course = np.fft.irfft(np.concatenate(waves, axis=1), n=width_px, axis=0)
        shifts = np.r_[0 : reach_px + 1, -reach_px:0]
        near = course[shifts]
        best = near.argmax(axis=0)
        return np.asarray(near[best, np.arange(best.size)], np.float32), shifts[best]


def signature_of(tile: Tile) -> Signature:
    """(WAVES, ROWS): the inverse transform of one times another's conjugate is their correlation over shifts."""
    small = cv2.resize(tile, (tile.shape[1], ROWS), interpolation=cv2.INTER_AREA)
    waves = np.fft.rfft(small - small.mean(axis=1, keepdims=True), axis=1)[:, :WAVES]
    power = 2 * float((np.abs(waves[:, 1:]) ** 2).sum()) / tile.shape[1]
    return np.ascontiguousarray((waves / np.sqrt(max(power, 1e-9))).T, np.complex64)


def in_order(returns: Sequence[tuple[Spot, float]], least_mm: float) -> int | None:
    """1 or -1: the way along their chart in which places were known again, (place, length of the path until then);
    None: they do not follow one another as far as the path goes, or lie within least_mm."""
    first, last = returns[0], returns[-1]
    gone, path = last[0].mm - first[0].mm, last[1] - first[1]
    same = all(one.chart == first[0].chart for one, _ in returns)
    if not same or abs(gone) < least_mm or not 0.5 < path / abs(gone) < 2.0:
        return None
    return 1 if gone > 0 else -1
