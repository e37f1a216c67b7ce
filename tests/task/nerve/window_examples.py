"""A picture with one bright place, and a model that likes such places."""

import numpy as np
from numpy.typing import NDArray

from edge.image.classifiers import Neighbours, Sigmoid, Steps, SupportVectors
from edge.task.nerve.windows import WindowModel


def scene(seed: int = 0, middle: tuple[int, int] = (150, 250)) -> NDArray[np.uint8]:
    """(400, 512) even speckle with one bright ellipse, 100 by 50 px."""
    y, x = np.ogrid[:400, :512]
    inside = np.hypot((x - middle[1]) / 50, (y - middle[0]) / 25) < 1
    grain = np.random.default_rng(seed).rayleigh(1, (400, 512))
    return np.clip(np.where(inside, 110, 45) * grain**0.5, 5, 255).astype(np.uint8)


def bright_model() -> WindowModel:
    """Likes windows that are brighter than all four sides, and large enough."""
    names = (*(f"{side} grey" for side in ("above", "below", "left", "right")), "grey mean")
    ideal = np.array([[-3, -3, -3, -3, 3]], np.float32)
    return WindowModel(
        names,
        np.array([0, 0, 0, 0, 128], np.float32),
        np.array([0.1, 0.1, 0.1, 0.1, 30], np.float32),
        SupportVectors(ideal, np.array([6], np.float32), -3.0, 0.03),
        Sigmoid(-2.0, 0.0),
        Neighbours(ideal, np.array([True]), 1),
        Steps(np.array([0, 1], np.float32), np.array([0.1, 0.8], np.float32)),
    )
