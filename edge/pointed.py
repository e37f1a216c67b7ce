"""What a person points at in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import dist
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_POINTED: Final = 5
"""Structures that are followed at once."""
Place = tuple[float, float]
"""x, y."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What a person says of one structure, in pixels of the frame."""

    inside: tuple[Place, ...] = ()
    outside: tuple[Place, ...] = ()
    box: tuple[float, float, float, float] | None = None
    """x, y, width, height."""

    def __str__(self) -> str:
        """`210,140;225,150`, or the box's `x,y,width,height`."""
        groups = self.inside if self.box is None else (self.box,)
        return ";".join(",".join(f"{number:.10g}" for number in group) for group in groups)

    @property
    def corners(self) -> NDArray[np.float64]:
        """(n, 2): the points inside, or the box's corners."""
        if self.box is None:
            return np.array(self.inside, np.float64).reshape(-1, 2)
        x, y, width, height = self.box
        return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float64)

    def more(self, inside: Sequence[Place] = (), outside: Sequence[Place] = ()) -> "Pointed":
        """With further points."""
        return replace(self, inside=(*self.inside, *inside), outside=(*self.outside, *outside))


def nearest(pointed: Sequence[Pointed], place: Place) -> int:
    """Which of some structures, one at least, is pointed at nearest to a place."""
    return min(range(len(pointed)), key=lambda index: min(dist(place, one) for one in pointed[index].corners.tolist()))
