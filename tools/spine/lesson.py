"""What the spine model learns: bone, sacrum, posterior complex and midline; what lies under each column; the view."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.task.spine.planes import FIRST_KIND
from tools.lesson import Example, Lesson, UNetTraining
from tools.spine.pictures import draw_sample

if TYPE_CHECKING:
    from torch import Tensor


def training_example(seed: int) -> Example:
    sample = draw_sample(seed)
    return Example(sample.picture, sample.target)


def phantom_example(seed: int) -> Example:
    sample = draw_sample(seed)
    return Example(sample.picture, np.asarray(sample.target[:FIRST_KIND] >= 0.5, np.uint8))


def scales_picture(seed: int) -> NDArray[np.uint8]:
    return draw_sample(seed).picture


def loss(raw: "Tensor", target: "Tensor") -> "Tensor":
    """Entropy and Dice of what is drawn; entropy of what holds for a column, where anything is known of it."""
    from tools.network import dice_loss, entropy, interleave, weighted_entropy

    logits = interleave(raw)
    drawn = slice(0, FIRST_KIND)
    known = ~target[:, FIRST_KIND:].isnan()
    told = target[:, FIRST_KIND:].nan_to_num(0.0)
    of_drawn = 3 * entropy(logits[:, drawn], target[:, drawn])
    of_columns = weighted_entropy(logits[:, FIRST_KIND:], told, known.float())
    return of_drawn + 0.5 * dice_loss(logits[:, drawn].sigmoid(), target[:, drawn]) + of_columns


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training=UNetTraining(training_example, loss),
    calibrate="tools.spine.evaluation:calibrate",
    evaluate="tools.spine.evaluation:evaluate",
)
