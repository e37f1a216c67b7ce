"""What the nerve model learns: the share of each pixel that is nerve, and that is vessel."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.lesson import Example, Lesson, UNetTraining
from tools.nerve.pictures import draw_nerve_phantom, draw_nerve_picture

if TYPE_CHECKING:
    from torch import Tensor


def phantom_example(seed: int) -> Example:
    phantom = draw_nerve_phantom(seed)
    return Example(phantom.picture, np.stack((phantom.nerve, phantom.vessel)))


def scales_picture(seed: int) -> NDArray[np.uint8]:
    """Mostly real, as in training."""
    return draw_nerve_picture(seed).picture


def loss(raw: "Tensor", target: "Tensor") -> "Tensor":
    """Entropy and Dice of nerve and of vessel, each for itself: a small nerve weighs as much as a wide vein."""
    from tools.network import dice_loss, entropy, interleave

    logits = interleave(raw)
    overlaps = [dice_loss(logits[:, k : k + 1].sigmoid(), target[:, k : k + 1]) for k in range(2)]
    return 2 * entropy(logits, target) + overlaps[0] + 0.7 * overlaps[1]


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training=UNetTraining(draw_nerve_picture, loss),
    calibrate="tools.nerve.evaluation:calibrate",
    evaluate="tools.nerve.evaluation:evaluate",
)
