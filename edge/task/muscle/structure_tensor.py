"""The bare structure tensor: what every other way to read the fascicles' angle is compared with."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIGMA_PX = 1.0
"""Of the gradient; pictures come with 256 px on their longest side."""


def structure_angle_deg(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    """The commonest direction of a picture (rows, columns) inside a mask, by the mean gradient tensor; degrees from the
    horizontal, counter-clockwise as seen, in (-90, 90] (Bigun and Granlund, ICCV 1987)."""
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), SIGMA_PX)
    across, down = (
        cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3)[inside].astype(np.float64) for order in ((1, 0), (0, 1))
    )
    twice = np.arctan2(-2 * float(across @ down), float(across @ across - down @ down))
    # The gradient stands at a right angle to the line.
    return float(90 - (-np.degrees(twice) / 2) % 180)
