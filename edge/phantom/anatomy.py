"""What may stand behind `phantom:`: an anatomy that the simulated probe images, and what is truly in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.option import NoOptions
from edge.phantom.records import Imaging
from edge.registry import resolve

Felt = tuple[float, ...]
"""The six readings of an inertial sensor in the probe: acceleration in g, gravity included, then turning rate in
degrees per second, each x y z (edge.frame.Motion has the axes)."""
Sizes = Mapping[str, float]
"""True values by the names of measurements, in their units."""


class Pictured(Protocol):
    """What an anatomy's picture must at least have."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(height, width) grey."""
        ...


@runtime_checkable
class InColour(Pictured, Protocol):
    """What a picture has besides, where the anatomy can be shown in colour."""

    @property
    def colour(self) -> NDArray[np.uint8] | None:
        """(height, width, 3) BGR, whose luma `pixels` are. None: it is grey."""
        ...


class Cine(Protocol):
    """A body part that moves and can be pictured at any time, the same for the same seed and settings."""

    imaging: Imaging
    """The scanner's settings where no probe sets them."""

    def picture(self, t_s: float, imaging: Imaging) -> Pictured: ...

    def dark(self, t_s: float, imaging: Imaging) -> NDArray[np.uint8]:
        """(height, width) what is shown while nothing is transmitted."""
        ...

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """What a finding of the picture at that time, with the cine's own settings, would say if it erred in nothing.

        Empty where nothing is known.
        """
        ...


@runtime_checkable
class Moving(Protocol):
    """What a cine has besides, where the hand that holds the probe moves it."""

    def felt(self, t_s: float) -> Felt:
        """What the sensor feels at that time, 0 or later, of the hand that `picture` shows. It may be asked from any
        thread, also while a picture is made."""
        ...


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One that a task declares."""

    name: str
    """As in `phantom:NAME`."""
    target: str
    """`package.module:function`, called as `function(seed, options)` for a Cine."""
    options: type = NoOptions
    """Record of its own settings (edge.option)."""

    def open(self, seed: int, options: Any = None) -> Cine:
        """The same for the same seed and options; without options as they are by default."""
        cine: Cine = resolve(self.target)(seed, self.options() if options is None else options)
        return cine
