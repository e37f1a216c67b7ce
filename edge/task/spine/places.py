"""Where the probe's middle may be along a spine of unknown proportions, as a grid of states.

A unit is a vertebra with the space above it; the sacrum with L5-S1 is the lowest. Each row of a unit is one pair of
lengths that the vertebra and its space may have, each cell a step of CELL_MM within it. Because a row keeps both
lengths, a probe that turns back finds the border where it left it. Levels of one spine are alike, and what a beam of
unknown height makes of their lengths is the same for all: a unit's lengths tell the next one's.
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
PITCHES: Final = tuple(range(16, 50, 3))
"""Cells of a level: 24 to 73.5 mm of measured way."""
CELLS: Final = PITCHES[-1]
PITCH_MM: Final = (37.5, 5.5)
"""Mean and standard deviation of a level's length: 30 to 45 mm in most adults, and the error of travel."""
SCALE: Final = (1.06, 0.17)
"""Of a way by speckle, to the true one: mean and standard deviation."""
BONE_SHARE: Final = (0.46, 0.12)
"""Of a level, that bone takes, as wide as it looks in the picture: mean and standard deviation."""
BONE_STEP: Final = 3
LEAST_CELLS: Final = 4
"""Of bone or space."""
MOST_SPACE: Final = 21
"""Cells; what is longer hides a vertebra."""
ALIKE_MM: Final = (3.5, 4.0)
"""Standard deviation between neighbouring levels' lengths, and their bones'."""
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
    """(unit, row): of a row, where nothing is known of its neighbours."""
    alike: Floats
    """(row, row): chances of the next vertebra's row by the last one's; each sums to 1."""
    last: Places
    """(unit, row): the highest cell."""
    valid: NDArray[np.bool_]
    segment: Places
    """Place in SEGMENTS, or BEYOND."""
    emission: Places
    """Row of EMISSIONS."""
    nowhere: Floats
    """(2, unit, row, cell): every place and both directions alike."""

    def by_segment(self, belief: Floats) -> Floats:
        """(BEYOND + 1,): chances of the segments."""
        return np.asarray(np.bincount(self.segment.ravel(), belief.sum(axis=0).ravel(), BEYOND + 1), np.float64)

    def raised(self, part: Floats) -> Floats:
        """One cell towards the head, (unit, row, cell)."""
        out = np.zeros_like(part)
        out[:, :, 1:] = part[:, :, :-1]
        out *= self.valid
        leaving = np.take_along_axis(part, self.last[:, :, None], 2)[:, :, 0]
        out[1, :, 0] += self.chances[1] * leaving[0].sum()
        out[2:, :, 0] += leaving[1:-1] @ self.alike
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
        leaving = part[1:, :, 0]
        out[0, rows, self.last[0]] += self.chances[0] * leaving[0].sum()
        out[np.arange(1, UNITS - 1)[:, None], rows, self.last[1:-1]] += leaving[1:] @ self.alike
        out[0, :, 0] += part[0, :, 0]
        top = self.last[-1]
        staying = (1 - LEAVING) * part[-1, rows, top]
        out[-1, rows, top] += staying
        out[-1, rows, top - 1] -= staying
        return out


@lru_cache(maxsize=2)
def grid(*, measured: bool = False) -> Grid:
    """The states, the same for every spine. measured: the way is known in true millimetres."""
    rows = [
        (pitch, bone)
        for pitch in PITCHES
        for bone in range(LEAST_CELLS, pitch - LEAST_CELLS + 1, BONE_STEP)
        if abs(bone / pitch - BONE_SHARE[0]) <= 2 * BONE_SHARE[1] and pitch - bone <= MOST_SPACE
    ]
    pitch, bone = np.array(rows).T
    mean, spread = PITCH_MM
    if not measured:
        mean, spread = mean * SCALE[0], float(np.hypot(spread * SCALE[0], mean * SCALE[1]))
    twins = np.array(PITCHES)
    pitch_of = _bell(twins * CELL_MM, mean, spread)
    shares = _bell(bone / pitch, *BONE_SHARE)
    shares *= np.array([pitch_of[PITCHES.index(one)] / shares[pitch == one].sum() for one in pitch])
    kinds = np.repeat([0, 1, 2], [len(rows), len(PITCHES), len(PITCHES)])
    """0: as it should be; 1: the space is hidden; 2: the bone is."""
    pitch = np.concatenate([pitch, twins, twins])
    bone = np.concatenate([bone, twins // 2, twins // 2])

    chances = np.tile(_joined(shares, pitch_of, HIDDEN_SPACE, HIDDEN_BONE), (UNITS, 1))
    chances[0] = _joined(shares, pitch_of, HIDDEN_FIRST_SPACE, 0.0)
    near = _bell((pitch[:, None] - pitch) * CELL_MM, 0.0, ALIKE_MM[0])
    plain = (kinds[:, None] == 0) & (kinds == 0)
    near *= np.where(plain, _bell((bone[:, None] - bone) * CELL_MM, 0.0, ALIKE_MM[1]), 1.0)
    # Whether a space or bone is hidden is no matter of its neighbours.
    for kind, chance in enumerate((1 - HIDDEN_SPACE - HIDDEN_BONE, HIDDEN_SPACE, HIDDEN_BONE)):
        near[:, kinds == kind] *= chance / near[:, kinds == kind].sum(axis=1, keepdims=True)

    last = np.tile(pitch - 1, (UNITS, 1))
    border = np.tile(bone, (UNITS, 1))
    border[0] = SACRUM_CELLS
    last[0] = SACRUM_CELLS + pitch - bone - 1
    cell = np.arange(CELLS)
    space = cell >= border[:, :, None]
    segment = np.minimum(2 * np.arange(UNITS)[:, None, None] + space, BEYOND)
    looks = np.where(kinds[:, None] == 0, np.where(space, 2, 1), kinds[:, None])
    looks[0] = np.where(space[0], np.where(kinds[:, None] == 1, 3, 2), 0)
    valid = cell <= last[:, :, None]
    nowhere = np.where(valid, chances[:, :, None], 0.0)
    nowhere /= nowhere.sum(axis=(1, 2), keepdims=True) * UNITS * 2
    return Grid(chances, near, last, valid, segment, looks, np.stack([nowhere, nowhere]))


def _bell(values: NDArray[np.floating], middle: float, spread: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((values - middle) / spread) ** 2))


def _joined(shares: Floats, twins: Floats, space: float, bone: float) -> Floats:
    """(row,): summing to 1."""
    parts = (1 - space - bone, shares), (space, twins), (bone, twins)
    return np.concatenate([part * of / of.sum() for part, of in parts])
