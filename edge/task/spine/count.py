"""What a count of levels knows after a frame, and the reasons for which it may be unsure."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.task.spine.levels import KINDS, SEGMENTS
from edge.task.spine.places import CELL_MM, Floats, Grid, grid
from edge.task.spine.recalling import Spot
from edge.task.spine.seen import SeenAlong

ODD_SPACE_MM: Final = 6.5
"""Of L5-S1, seen as a space: less hints at a vertebra that is part of the sacrum."""
USUAL_PICTURED_MM: Final = 8.5, 16.5
"""Of it in a paramedian picture, where its length is seen at once, in the mean of as many frames as these at least.
More hints at a space between two vertebrae, since the one below has grown into the sacrum without a trace."""
PICTURED: Final = 6
CLEARLY: Final = 0.7
"""Chance of sacrum or bone,"""
LEAST_RUN_MM: Final = 6.0
"""over this length of a picture, between which a space lies."""
ODD_BONE_MM: Final = 6.0
SOLID: Final = 0.35
"""Chance of a space, below which it looks like sacrum or bone."""
MIXED_MM: Final = 8.0
"""Of what looks like sacrum and like bone: more hints at the same."""
MIXED: Final = (0.25, 0.75)
"""Share of sacrum in sacrum and bone from and to which it looks like both."""
SMOOTH_MM: Final = 3.0
"""Over which that share is averaged."""
SURELY_SACRAL: Final = 0.85
"""That share, below which the sacrum is not told."""
HINT_MM: Final = 4.0
"""Of what is less surely sacrum, on it or on L5-S1: a vertebra may have grown into it, and the lowest segments are not
told."""


FROM_SACRUM: Final = "counted from the sacrum: a transitional vertebra would shift every level by one"
NOT_STARTED: Final = "level unsure: start on the sacrum and move slowly towards the head"
LIFTED: Final = "level unsure: the probe was lifted; return to the sacrum and count again"
BROKEN: Final = "level unsure: frames are missing; return to the sacrum and count again"
TRANSITIONAL: Final = (
    "level unsure: a transitional vertebra is possible, since the first space or vertebra above the sacrum is odd; "
    "do not rely on the count"
)
TOO_HIGH: Final = "level unsure: the probe may be above T12; return to the sacrum and count again"
TURNED: Final = "level unsure: the probe may have turned back; return to the sacrum and count again"
MISSED: Final = "level unsure: a vertebra or space may have been missed; return to the sacrum and count again"


def sacral_share(looks: Floats) -> float:
    """Of sacrum in sacrum and bone, by what a plane looks like, (len(KINDS),)."""
    return float(looks[0] / max(looks[0] + looks[1], 1e-9))


@dataclass(frozen=True, slots=True)
class Lowest:
    """What was seen of the lowest space and vertebra since the sacrum, in mm of path."""

    space_mm: float = 0.0
    """Of L5-S1, as far as it looked like a space."""
    bone_mm: float = 0.0
    """Of L5."""
    mixed_mm: float = 0.0
    """That looked like sacrum and like bone."""
    sacral: float = 1.0
    """Share of sacrum in sacrum and bone, of the last few millimetres."""
    hinted_mm: float = 0.0
    """On the sacrum or L5-S1, where it was not surely sacrum."""
    pictured: int = 0
    """Frames of a paramedian view in which L5-S1 lay between sacrum and bone,"""
    pictured_mm: float = 0.0
    """and the sum of how long it was in each."""

    @property
    def mixed(self) -> bool:
        """Whether too much looked like both."""
        return self.mixed_mm >= MIXED_MM

    @property
    def hinted(self) -> bool:
        """Whether L5 may be a part of the sacrum, as far as it was seen."""
        return self.hinted_mm >= HINT_MM

    @property
    def odd(self) -> bool:
        """Whether it is not what a fifth lumbar vertebra above a sacrum looks like, once it is passed."""
        least_mm, most_mm = (self.pictured * each for each in USUAL_PICTURED_MM)
        unusual = self.pictured >= PICTURED and not least_mm <= self.pictured_mm <= most_mm
        return self.mixed or unusual or self.space_mm < ODD_SPACE_MM or self.bone_mm < ODD_BONE_MM

    def seen(self, chances: Floats, looks: Floats) -> "Lowest":
        """After a cell that may be of any segment, (BEYOND + 1,), and looked like this, (len(KINDS),)."""
        sacral, mixed, hinted = self.sacral, 0.0, 0.0
        if looks[2] < SOLID:
            sacral += CELL_MM / (CELL_MM + SMOOTH_MM) * (sacral_share(looks) - sacral)
            mixed = float(MIXED[0] < sacral < MIXED[1])
            hinted = float(sacral < SURELY_SACRAL)
        low = float(chances[:3].sum())
        return replace(
            self,
            space_mm=self.space_mm + CELL_MM * low * float(looks[2]),
            bone_mm=self.bone_mm + CELL_MM * float(chances[2]),
            mixed_mm=self.mixed_mm + CELL_MM * low * mixed,
            sacral=sacral,
            hinted_mm=self.hinted_mm + CELL_MM * float(chances[:2].sum()) * hinted,
        )

    def with_picture(self, along: SeenAlong) -> "Lowest":
        """After a frame of a paramedian view that was taken near the sacrum."""
        found = first_space_mm(along)
        if found is None:
            return self
        return replace(self, pictured=self.pictured + 1, pictured_mm=self.pictured_mm + found)


def first_space_mm(along: SeenAlong) -> float | None:
    """Length of the space between the sacrum and the first bone beside it. None: not both lie in the picture."""
    step = float(along.x_mm[1] - along.x_mm[0])
    sacrum, bone = (_long_runs(along.chances[:, kind] > CLEARLY, round(LEAST_RUN_MM / step)) for kind in (0, 1))
    pairs = [(min(one, other), max(one, other)) for one in sacrum for other in bone]
    if not pairs:
        return None
    (_, start), (end, _) = min(pairs, key=lambda pair: pair[1][0] - pair[0][1])
    return step * float(along.chances[start:end, 2].sum())


def _long_runs(where: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """First and one past the last place of each run of at least so many."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], where, [False])).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, end) for first, end in runs if end - first >= least]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What was believed at a place, for when it is known again."""

    spot: Spot
    path_mm: float
    """Length of the path until then."""
    belief: NDArray[np.float32]
    """(unit, row, cell): whichever way the hand went."""
    upwards: float
    """Chance that the chart's millimetres grow towards the head."""


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """What is believed after a frame, and what the next one goes on from."""

    belief: Floats
    """(2, unit, row, cell) of `places.py`: towards the head, towards the feet; sums to 1."""
    segment: int | None = None
    """Place in SEGMENTS; None: unsure."""
    chance: float = 0.0
    """Of the most probable segment."""
    low: int = 0
    high: int = len(SEGMENTS) - 1
    """Lowest and highest place in SEGMENTS of a span that holds the truth with a chance of SPAN."""
    started: bool = False
    """Whether enough of the sacrum was seen to count from."""
    why: str = NOT_STARTED
    """The reason for which it is unsure, and what to do. Empty: it is not."""

    pending_mm: float = 0.0
    """Moved since the last step of a cell."""
    pending_variance: float = 0.0
    evidence: tuple[float, ...] = (0.0,) * len(KINDS)
    """Sum of the logarithms of what frames said since then, by KINDS."""
    weight: float = 0.0
    looks: tuple[float, ...] = (0.0,) * len(KINDS)
    """Sum of what frames showed since then, each by how clear it was."""
    sacrum_mm: float = 0.0
    """Path over what is surely sacrum."""
    sacral_mm: float = 0.0
    """Path over what looks like sacrum, wherever the probe is thought to be."""
    slow_s: float = 0.0
    turn: float | None = None
    """Chance of a turn that `belief` does not hold yet; None: there is none to decide."""
    resumed_mm: float = 0.0
    """Path since that turn."""
    agreed: bool = True
    """Whether the way that the witness of travel takes for onward is the one before that turn."""
    away_s: float = 0.0
    """Without contact, until now."""
    lost: str = ""
    """Why nothing holds until the sacrum is seen again; empty: it does."""
    lowest: Lowest = Lowest()
    transitional: bool = False
    measured: bool = False
    """Whether the way is known in true millimetres, as along a paramedian view."""
    path_mm: float = 0.0
    """Length of the path."""
    restored_mm: float = -np.inf
    """Path until which it was put right last."""
    held: tuple[Held, ...] = ()
    """At places where a level was told."""

    @property
    def grid(self) -> Grid:
        return grid(measured=self.measured)

    def placed(self, belief: Floats) -> "Count":
        """Believed to be elsewhere: what was gathered towards the next cell, or about a turn, says nothing there."""
        return replace(
            self,
            belief=belief,
            pending_mm=0.0,
            pending_variance=0.0,
            evidence=(0.0,) * len(KINDS),
            looks=(0.0,) * len(KINDS),
            weight=0.0,
            turn=None,
            agreed=True,
        )
