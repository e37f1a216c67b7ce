"""What the synovitis model learns: bones, capsule, tendon, region and effusion, and the three steps of the grade."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.task.synovitis.planes import MASKS, PLANES
from tools.lesson import Example, Lesson, UNetTraining
from tools.synovitis.pictures import draw_sample

if TYPE_CHECKING:
    from torch import Tensor


def training_example(seed: int) -> Example:
    sample = draw_sample(seed)
    return Example(sample.picture, sample.target)


def phantom_example(seed: int) -> Example:
    sample = draw_sample(seed)
    return Example(sample.picture, np.asarray(sample.target[: len(MASKS)] >= 0.5, np.uint8))


def scales_picture(seed: int) -> NDArray[np.uint8]:
    return draw_sample(seed).picture


def loss(raw: "Tensor", target: "Tensor") -> "Tensor":
    """Entropy and Dice of the masks; entropy of the grade's steps around the joint alone: elsewhere nothing counts."""
    from tools.network import dice_loss, entropy, interleave, weighted_entropy

    logits = interleave(raw)
    masks, steps = len(MASKS), slice(len(MASKS), len(PLANES))
    zone = target[:, len(PLANES) :].expand(-1, len(PLANES) - masks, -1, -1)
    region, share = logits[:, 3:4].sigmoid(), target[:, 3:4]
    bone, line = logits[:, 0:1].sigmoid(), target[:, 0:1]
    of_masks = 3 * entropy(logits[:, :masks], target[:, :masks])
    of_steps = weighted_entropy(logits[:, steps], target[:, steps], zone)
    return of_masks + dice_loss(region, share) + 0.5 * dice_loss(bone, line) + 0.4 * of_steps


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training=UNetTraining(training_example, loss),
    calibrate="tools.synovitis.deep:calibrate",
    evaluate="tools.synovitis.deep:evaluate",
)
