"""What each task's network learns: its pictures, its loss, and what the exported model does at the end."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.task.muscle.grid import ANGLE_LENGTH
from tools.muscle.samples import draw_muscle_sample
from tools.nerve.samples import draw_nerve_sample
from tools.network import interleave
from tools.pictures import draw_sample

ANGLE_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A task's part in training; all else is shared."""

    draw: Callable[[int], tuple[NDArray[np.uint8], NDArray[np.float32]]]
    """Picture (side, side) and target (channels, height, width) of a seed."""
    loss: Callable[[Tensor, Tensor], Tensor]
    """Of the network's raw output and a batch of targets."""
    finish: Callable[[], nn.Module]


def _cartilage(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    sample = draw_sample(seed)
    return sample.picture, sample.coverage[None]


def _muscle(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    sample = draw_muscle_sample(seed)
    return sample.picture, sample.target


def _nerve(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    sample = draw_nerve_sample(seed)
    return sample.picture, sample.target


def coverage_loss(raw: Tensor, coverage: Tensor) -> Tensor:
    """Cross-entropy against the covered share, and one minus the Dice coefficient of each picture that has a band."""
    logits = interleave(raw)
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, coverage)
    return 2 * entropy + _dice_loss(torch.sigmoid(logits), coverage)


def muscle_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Each part where it is known: entropy and Dice of the aponeuroses, squared error of the doubled-angle vector
    (2 - 2 cos of twice the error at full length), entropy of what is readable."""
    aponeurosis, angle, readable = raw[:, :1], raw[:, 1:3] / ANGLE_LENGTH, raw[:, 3:]
    of_aponeurosis, of_angle, of_readable = target[:, 4:5], target[:, 5:6], target[:, 6:7]
    entropy = _weighted_entropy(aponeurosis, target[:, :1], of_aponeurosis)
    overlap = _dice_loss(torch.sigmoid(aponeurosis) * of_aponeurosis, target[:, :1] * of_aponeurosis)
    squared = ((angle - target[:, 1:3]) ** 2).sum(1, keepdim=True)
    turned = (squared * of_angle).sum() / (of_angle.sum() + 1)
    return 2 * entropy + overlap + ANGLE_WEIGHT * turned + _weighted_entropy(readable, target[:, 3:4], of_readable)


def nerve_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Entropy and Dice of nerve and of vessel, each for itself: a small nerve weighs as much as a wide vein."""
    logits = interleave(raw)
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, target)
    overlaps = [_dice_loss(torch.sigmoid(logits[:, k : k + 1]), target[:, k : k + 1]) for k in range(2)]
    return 2 * entropy + overlaps[0] + 0.7 * overlaps[1]


def _weighted_entropy(logits: Tensor, share: Tensor, weight: Tensor) -> Tensor:
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, share, reduction="none")
    return (entropy * weight).sum() / (weight.sum() + 1)


def _dice_loss(share: Tensor, truth: Tensor) -> Tensor:
    overlap, total = (share * truth).sum((1, 2, 3)), (share + truth).sum((1, 2, 3))
    return (1 - (2 * overlap + 1) / (total + 1)).mean()


LESSONS = {
    "cartilage": Lesson(_cartilage, coverage_loss, lambda: nn.PixelShuffle(2)),
    "muscle": Lesson(_muscle, muscle_loss, nn.Identity),
    "nerve": Lesson(_nerve, nerve_loss, nn.Identity),
}
