"""What the outline model learns: the share of each pixel that belongs to what is pointed at."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.task.prompt import SIDE
from tools.lesson import Lesson, UNetTraining
from tools.outline.pictures import (
    draw_outline_picture,
    draw_phantom_example,
    draw_unlabelled_picture,
    draw_whole_picture,
)

if TYPE_CHECKING:
    from torch import Tensor


def scales_picture(seed: int) -> NDArray[np.uint8]:
    return draw_outline_picture(seed).picture


def loss(raw: "Tensor", target: "Tensor") -> "Tensor":
    """Entropy and Dice, so that a small nerve weighs as much as a wide muscle."""
    from tools.network import dice_loss, entropy, interleave

    logits = interleave(raw)
    return 2 * entropy(logits, target) + dice_loss(logits.sigmoid(), target)


LESSON = Lesson(
    phantom=draw_phantom_example,
    scales=scales_picture,
    training=UNetTraining(draw_outline_picture, loss, draw_unlabelled_picture, draw_whole_picture, SIDE),
    calibrate="tools.outline.evaluation:calibrate",
    evaluate="tools.outline.evaluation:evaluate",
)
