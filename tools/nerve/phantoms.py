"""Phantom pictures of nerves by seed, on the network's square: for training beside real ones, scales and parity."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.nerve.phantom import nerve_picture
from edge.task.nerve.phantom_oval import Polygon
from edge.task.nerve.phantom_truth import filled
from edge.task.tensor import Fit, fitted_tensor
from tools.disguise import change_looks

SIDE: Final = 256
LEAST_GREY: Final = 5.0
"""Mean of an outline and what is around it; darker, nobody could have drawn it, and it is not marked."""
LEAST_BRIGHT: Final = 30
"""Grey where a picture's brightest tenth begins; no examiner works in the dark."""
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class NervePhantom:
    """One picture with its truth, scaled to fit, in the middle; the rest black. All (SIDE, SIDE)."""

    picture: Grey
    nerve: Grey
    """1 where a nerve or its rim is, as people draw nerves."""
    vessel: Grey
    mm_per_px: float
    """Across and down alike."""


def draw_nerve_phantom(seed: int, *, looks: bool = True) -> NervePhantom:
    """The picture of a seed: nothing to three nerves and vessels. looks: also another scanner's filters and marks."""
    rng = np.random.default_rng([521, seed])
    made = nerve_picture(rng, (SIDE, 420))
    fit = Fit.of(*made.pixels.shape, SIDE)
    pixels = change_looks(made.pixels, rng) if looks else made.pixels
    if np.quantile(pixels, 0.9) < LEAST_BRIGHT:
        pixels = made.pixels
    nerve = _marked([nerve.outer_mm for nerve in made.truth.nerves], pixels, made.mm_per_px)
    vessel = _marked([vessel.outline_mm for vessel in made.truth.vessels], pixels, made.mm_per_px)
    nerve &= 1 - vessel
    return NervePhantom(
        fitted_tensor(pixels, SIDE)[0, 0], _fitted(nerve, fit), _fitted(vessel, fit), made.mm_per_px / fit.scale
    )


def _marked(outlines: list[Polygon], pixels: Grey, mm_per_px: float) -> Grey:
    """Those that can be seen, filled."""
    marked = np.zeros(pixels.shape, np.uint8)
    for outline in outlines:
        one = filled([outline], pixels.shape, mm_per_px)
        around = cv2.dilate(one, np.ones((15, 15), np.uint8)) > 0
        if one.any() and pixels[around].mean() > LEAST_GREY:
            marked |= one
    return marked


def _fitted(mask: Grey, fit: Fit) -> Grey:
    soft = cv2.warpAffine(mask * np.float32(1), fit.matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(soft >= 0.5, np.uint8)
