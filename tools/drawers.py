"""Phantom pictures of each task as its network sees them, by seed: for int8 scales, parity and the emulated boards."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tools.muscle.samples import draw_muscle_sample
from tools.nerve.phantoms import draw_nerve_phantom
from tools.nerve.samples import draw_nerve_sample
from tools.pictures import draw_sample
from tools.tissue.drawer import draw_phantom_patch, draw_real_patch


class Drawn(Protocol):
    """What every drawer gives."""

    @property
    def picture(self) -> NDArray[np.uint8]:
        """(side, side) grey."""
        ...

    @property
    def truth(self) -> NDArray[np.uint8]:
        """(classes, height, width) 1 where what the network marks is, at its output's size."""
        ...


def _muscle(seed: int) -> Drawn:
    return draw_muscle_sample(seed, real_share=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    picture: NDArray[np.uint8]
    truth: NDArray[np.uint8]


def _nerve(seed: int) -> Drawn:
    phantom = draw_nerve_phantom(seed)
    return _Picture(phantom.picture, np.stack((phantom.nerve, phantom.vessel)))


DRAWERS: MappingProxyType[str, Callable[[int], Drawn]] = MappingProxyType(
    {"cartilage": draw_sample, "muscle": _muscle, "nerve": _nerve, "tissue": draw_phantom_patch}
)
SCALES_FROM: MappingProxyType[str, Callable[[int], Drawn]] = MappingProxyType(
    dict(DRAWERS) | {"nerve": draw_nerve_sample, "tissue": draw_real_patch}
)
"""Int8 scales are chosen on what the network was trained on: the nerve's and the tissue's on real pictures."""


def calibration_pictures(task: str, n: int, seed: int) -> NDArray[np.uint8]:
    """(n, 1, side, side) for choosing the int8 scales."""
    return np.stack([SCALES_FROM[task](seed + index).picture for index in range(n)])[:, None]
