"""What the muscle model learns: where aponeuroses are, which way fascicles run, and where that can be read."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.evidence import ANGLE_LENGTH
from tools.lesson import Example, Lesson, UNetTraining
from tools.muscle.pictures import draw_muscle_picture

if TYPE_CHECKING:
    from torch import Tensor

ANGLE_WEIGHT = 4.0


def phantom_example(seed: int) -> Example:
    """Truth: (1, GRID, GRID) 1 where an aponeurosis is."""
    example = draw_muscle_picture(seed, real_share=0.0)
    return Example(example.picture, np.asarray(example.target[:1] > 0.5, np.uint8))


def scales_picture(seed: int) -> NDArray[np.uint8]:
    return draw_muscle_picture(seed, real_share=0.0).picture


def loss(raw: "Tensor", target: "Tensor") -> "Tensor":
    """Each part where it is known: entropy and Dice of the aponeuroses, squared error of the doubled-angle vector
    (2 - 2 cos of twice the error at full length), entropy of what is readable."""
    from tools.network import dice_loss, weighted_entropy

    aponeurosis, angle, readable = raw[:, :1], raw[:, 1:3] / ANGLE_LENGTH, raw[:, 3:]
    of_aponeurosis, of_angle, of_readable = target[:, 4:5], target[:, 5:6], target[:, 6:7]
    entropy = weighted_entropy(aponeurosis, target[:, :1], of_aponeurosis)
    overlap = dice_loss(aponeurosis.sigmoid() * of_aponeurosis, target[:, :1] * of_aponeurosis)
    squared = ((angle - target[:, 1:3]) ** 2).sum(1, keepdim=True)
    turned = (squared * of_angle).sum() / (of_angle.sum() + 1)
    return 2 * entropy + overlap + ANGLE_WEIGHT * turned + weighted_entropy(readable, target[:, 3:4], of_readable)


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training=UNetTraining(draw_muscle_picture, loss),
    calibrate="tools.muscle.evaluation:calibrate",
    evaluate="tools.muscle.evaluation:evaluate",
)
