"""What stands of a thorough look at a muscle until the next one, and when the next one is due.

While a muscle is followed, its bend and what a second opinion has to add change far more slowly than frames come. They
are formed anew at a stated cadence, and at once where anything speaks for it: the picture is another one, a border is
seen less well or has gone, the first opinion's angle has turned, or there is anything to refuse or to doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.architecture import Bent
from edge.task.muscle.evidence import Evidence, folded_deg
from edge.task.muscle.fascicles import Direction
from edge.task.muscle.quantiles import mean

TURNED_DEG: Final = 1.0
"""By which the first opinion may have turned since the thorough look."""
LESS_SEEN: Final = 0.85
"""Share of a border's strength and coverage at the thorough look that it must still have."""
GONE: Final = 0.12
"""Of the thickness: how far a border may have gone since the thorough look."""
ABRUPT: Final = 0.15
"""Two pictures differ, as a share of what one differs from the other upside down: more is another picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Thorough:
    """The last thorough look at a muscle that is followed since."""

    frames: int
    """How many frames ago."""
    picture: NDArray[np.uint8]
    """(height, width) the last frame's."""
    curves: tuple[Aponeurosis, Aponeurosis]
    """The last frame's borders."""
    first_curves: tuple[Aponeurosis, Aponeurosis]
    """The thorough look's; so are the rest."""
    seen: Direction
    other: Direction
    """The second opinion."""
    bend: Bent
    evidence: Evidence

    def resembled_by(self, picture: NDArray[np.uint8]) -> bool:
        """Whether a picture may be the next one: the same, moved a little, and not turned over."""
        if picture.shape != self.picture.shape:
            return False
        off, off_turned = (cv2.norm(one, self.picture, cv2.NORM_L1) for one in (picture, cv2.flip(picture, 0)))
        return off <= ABRUPT * off_turned

    def holds(self, curves: Sequence[Aponeurosis], seen: Direction) -> bool:
        """Whether what was found then goes for what is seen now."""
        if abs(folded_deg(seen.angle_deg - self.seen.angle_deg)) > TURNED_DEG:
            return False
        upper, lower = self.first_curves
        reach = GONE * mean(lower.upper - upper.lower)
        return all(
            now.strength >= LESS_SEEN * then.strength
            and now.coverage >= LESS_SEEN * then.coverage
            and abs(float(np.add.reduce(now.middle - then.middle))) <= reach * now.middle.size
            for now, then in zip(curves, self.first_curves, strict=True)
        )

    def other_now(self, seen: Direction) -> Direction:
        """The second opinion, turned with the first."""
        return replace(self.other, angle_deg=folded_deg(self.other.angle_deg + seen.angle_deg - self.seen.angle_deg))

    def one_later(self, picture: NDArray[np.uint8], curves: tuple[Aponeurosis, Aponeurosis]) -> "Thorough":
        return replace(self, frames=self.frames + 1, picture=picture, curves=curves)
