"""What the hip model learns: where each structure of a phantom hip is."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.hip.pictures import draw_hip_phantom, draw_hip_picture, stretched
from tools.lesson import Example, Lesson, UNetTraining

if TYPE_CHECKING:
    from torch import Tensor


def phantom_example(seed: int) -> Example:
    example = stretched(draw_hip_phantom(seed))
    return Example(example.picture, np.asarray(example.target >= 0.5, np.uint8))


def scales_picture(seed: int) -> NDArray[np.uint8]:
    return draw_hip_picture(seed).picture


def loss(raw: "Tensor", target: "Tensor") -> "Tensor":
    """Entropy of everything, and Dice of each structure for itself: a spot weighs as much as the head."""
    from tools.network import dice_loss, entropy, interleave

    logits = interleave(raw)
    shares, truth = (one.flatten(0, 1)[:, None] for one in (logits.sigmoid(), target))
    return 10 * entropy(logits, target) + dice_loss(shares, truth)


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training=UNetTraining(draw_hip_picture, loss),
    calibrate="tools.hip.evaluation:calibrate",
    evaluate="tools.hip.evaluation:evaluate",
)
