"""What the cartilage model learns: phantom knees, and the share of each pixel that is cartilage."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.cartilage.pictures import draw_knee_picture
from tools.lesson import Example, Lesson, UNetTraining

if TYPE_CHECKING:
    from torch import Tensor


def training_example(seed: int) -> Example:
    knee = draw_knee_picture(seed)
    return Example(knee.picture, knee.coverage[None])


def phantom_example(seed: int) -> Example:
    knee = draw_knee_picture(seed)
    return Example(knee.picture, np.asarray(knee.coverage[None] >= 0.5, np.uint8))


def scales_picture(seed: int) -> NDArray[np.uint8]:
    return draw_knee_picture(seed).picture


def loss(raw: "Tensor", coverage: "Tensor") -> "Tensor":
    """Cross-entropy against the covered share, and one minus the Dice coefficient of each picture that has a band."""
    from tools.network import dice_loss, entropy, interleave

    logits = interleave(raw)
    return 2 * entropy(logits, coverage) + dice_loss(logits.sigmoid(), coverage)


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training=UNetTraining(training_example, loss, pixels=True),
    calibrate="tools.cartilage.evaluation:calibrate",
    evaluate="tools.cartilage.evaluation:evaluate",
)
