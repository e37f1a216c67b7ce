"""What a faultless network would say of a phantom muscle."""

import cv2
import numpy as np

from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.task.muscle.evidence import ANGLE_LENGTH
from edge.task.tensor import Fit


def faultless_output(truth) -> np.ndarray:
    """(1, 4, 128, 128) from the phantom's dense truth."""
    grid = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]) @ np.vstack((Fit.of(*truth.layer.shape, 256).matrix, [0, 0, 1]))
    inside, twice = (truth.layer > 0).astype(np.float32), 2 * truth.angle_rad
    planes = (truth.sheet, np.cos(twice) * inside, np.sin(twice) * inside, truth.readable)
    aponeurosis, cosine, sine, readable = (cv2.warpAffine(cv2.blur(p, (5, 5)), grid, (128, 128)) for p in planes)
    length = np.maximum(np.hypot(cosine, sine), 1e-3) / ANGLE_LENGTH
    output = np.stack((20 * aponeurosis - 10, cosine / length, sine / length, 12 * readable - 6))
    return output[None].astype(np.float32)


def frame_of_muscle(picture, *, sequence: int = 3, scaled: bool = True) -> Frame:
    spacing = PixelSpacing(picture.mm_per_px, picture.mm_per_px, SpacingOrigin.DEPTH) if scaled else None
    return Frame(picture.pixels, 40_000_000 * sequence, sequence, "test", spacing)
