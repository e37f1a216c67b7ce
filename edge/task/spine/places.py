"""Where the probe's middle may be along a spine of unknown proportions, as a grid of states.

A unit is a vertebra with the space above it; the sacrum with L5-S1 is the lowest. Each row of a unit is one pair of
lengths that the vertebra and its space may have, each cell a step of CELL_MM within it. Because a row keeps both
lengths, their sum is held to what a level measures, and a probe that turns back finds the border where it left it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.task.spine.levels import SEGMENTS

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

CELL_MM: Final = 1.5
CELLS: Final = 33
PITCHES: Final = tuple(range(18, CELLS + 1, 3))
"""Cells of a level: 27 to 49.5 mm, more than the 30 to 45 mm of anatomy, because measured travel is off by a tenth."""
PITCH_MM: Final = (37.5, 5.5)
"""Mean and standard deviation of a level's length: 30 to 45 mm in most adults, and the error of travel."""
BONES: Final = tuple(range(4, 20, 3))
BONE_MM: Final = (16.0, 6.0)
"""Of a spinous process or lamina, as wide as it looks in the picture."""
LEAST_SPACE: Final = 4
MOST_SPACE: Final = 22
HIDDEN_SPACE: Final = 0.05
"""Share of spaces that look like bone throughout."""
HIDDEN_FIRST_SPACE: Final = 0.15
"""The same of L5-S1: the share of people with a transitional vertebra is 4 to 36 % by study, and it may be closed."""
HIDDEN_BONE: Final = 0.03
"""Share of vertebrae that are not seen as bone anywhere."""
UNITS: Final = 9
"""Sacrum, L5 to L1, T12, and two more so that what is beyond T12 is not taken for it."""
BEYOND: Final = len(SEGMENTS)
"""Segment of everything above T12."""
SACRUM_CELLS: Final = 2
LEAVING: Final = CELL_MM / 30
"""Chance of leaving the lowest cell of the sacrum, or the highest of all, at each step: their lengths are not known."""

EMISSIONS: Final = np.array(
    [
        [1.0, 0.0, 0.0],
        [0.05, 0.95, 0.0],
        [0.0, 0.0, 1.0],
        [0.4, 0.6, 0.0],
    ]
)
"""(4, 3): how often a frame at a state shows each of KINDS: sacrum, bone, space, and a closed L5-S1."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """What is fixed about the states; arrays over (unit, row, cell) unless stated."""

    chances: Floats
    """(unit, row): of a row, where a unit is entered."""
    last: Places
    """(unit, row): the highest cell."""
    valid: NDArray[np.bool_]
    segment: Places
    """Place in SEGMENTS, or BEYOND."""
    emission: Places
    """Row of EMISSIONS."""

    def nowhere(self) -> Floats:
        """(2, unit, row, cell): every place and both directions alike."""
        spread = np.where(self.valid, self.chances[:, :, None], 0.0)
        spread /= spread.sum(axis=(1, 2), keepdims=True) * UNITS * 2
        return np.stack([spread, spread])

    def by_segment(self, belief: Floats) -> Floats:
        """(BEYOND + 1,): chances of the segments."""
        return np.asarray(np.bincount(self.segment.ravel(), belief.sum(axis=0).ravel(), BEYOND + 1), np.float64)

    def raised(self, part: Floats) -> Floats:
        """One cell towards the head, (unit, row, cell)."""
        out = np.zeros_like(part)
        out[:, :, 1:] = part[:, :, :-1]
        out *= self.valid
        leaving = np.take_along_axis(part, self.last[:, :, None], 2)[:, :, 0]
        out[1:, :, 0] += self.chances[1:] * leaving[:-1].sum(axis=1)[:, None]
        out[-1, np.arange(len(self.last[-1])), self.last[-1]] += leaving[-1]
        staying = (1 - LEAVING) * part[0, :, 0]
        out[0, :, 0] += staying
        out[0, :, 1] -= staying
        return out

    def lowered(self, part: Floats) -> Floats:
        """One cell towards the feet, (unit, row, cell)."""
        out = np.zeros_like(part)
        out[:, :, :-1] = part[:, :, 1:]
        rows = np.arange(part.shape[1])
        leaving = part[1:, :, 0].sum(axis=1)[:, None]
        out[np.arange(UNITS - 1)[:, None], rows, self.last[:-1]] += self.chances[:-1] * leaving
        out[0, :, 0] += part[0, :, 0]
        top = self.last[-1]
        staying = (1 - LEAVING) * part[-1, rows, top]
        out[-1, rows, top] += staying
        out[-1, rows, top - 1] -= staying
        return out


@lru_cache(maxsize=1)
def grid() -> Grid:
    """The states, the same for every spine."""
    rows = [(pitch, bone) for pitch in PITCHES for bone in BONES if LEAST_SPACE <= pitch - bone <= MOST_SPACE]
    pitch, bone = np.array(rows).T
    shares = _bell(pitch, PITCH_MM) * _bell(bone, BONE_MM)
    twins = _bell(np.array(PITCHES), PITCH_MM)
    kinds = np.repeat([0, 1, 2], [len(rows), len(PITCHES), len(PITCHES)])
    """0: as it should be; 1: the space is hidden; 2: the bone is."""
    pitch = np.concatenate([pitch, PITCHES, PITCHES])
    bone = np.concatenate([bone, np.array(PITCHES) // 2, np.array(PITCHES) // 2])

    chances = np.tile(_joined(shares, twins, HIDDEN_SPACE, HIDDEN_BONE), (UNITS, 1))
    chances[0] = _joined(shares, twins, HIDDEN_FIRST_SPACE, 0.0)
    last = np.tile(pitch - 1, (UNITS, 1))
    border = np.tile(bone, (UNITS, 1))
    border[0] = SACRUM_CELLS
    last[0] = SACRUM_CELLS + pitch - bone - 1
    cell = np.arange(CELLS)
    space = cell >= border[:, :, None]
    segment = np.minimum(2 * np.arange(UNITS)[:, None, None] + space, BEYOND)
    looks = np.where(kinds[:, None] == 0, np.where(space, 2, 1), kinds[:, None])
    looks[0] = np.where(space[0], np.where(kinds[:, None] == 1, 3, 2), 0)
    return Grid(chances, last, cell <= last[:, :, None], segment, looks)


def _bell(cells: NDArray[np.int_], middle_and_spread: tuple[float, float]) -> Floats:
    middle, spread = middle_and_spread
    return np.asarray(np.exp(-0.5 * ((cells * CELL_MM - middle) / spread) ** 2))


def _joined(shares: Floats, twins: Floats, space: float, bone: float) -> Floats:
    """(row,): summing to 1."""
    parts = (1 - space - bone, shares), (space, twins), (bone, twins)
    return np.concatenate([part * of / of.sum() for part, of in parts])
