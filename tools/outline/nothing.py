"""What a person may point at though nothing is there: noise, a bone's shadow, gel in a picture of tissue."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.prompt import SIDE

LEAST_PX: Final = 24
"""Of the square that must be pointed into."""


def noise(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(SIDE, SIDE) speckle, or gel, without a border anywhere."""
    field = rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), rng.uniform(0.6, 4), sigmaY=rng.uniform(0.5, 2))
    field /= max(float(field.std()), 1e-6)
    shade = np.linspace(1, rng.uniform(0.1, 1), SIDE)[:, None]
    return np.clip((rng.uniform(0, 120) + field * rng.uniform(2, 40)) * shade, 0, 255).astype(np.uint8)


def shadowed(picture: NDArray[np.uint8], rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """With a bright bone and all but nothing below it; and where that is."""
    half, across = rng.uniform(0.1, 0.35) * SIDE, rng.uniform(0.2, 0.8) * SIDE
    columns = np.arange(SIDE, dtype=np.float32)
    depth = rng.uniform(0.1, 0.55) * SIDE + rng.uniform(-0.3, 0.3) * (columns - across)
    depth += rng.uniform(0, 0.15) * SIDE * ((columns - across) / half) ** 2
    below = np.arange(SIDE, dtype=np.float32)[:, None] - depth
    beside = np.abs(columns - across)[None] - half
    dark = 1 / (1 + np.exp(np.clip(np.maximum(-below, beside) / rng.uniform(1, 6), -30, 30)))
    bone = np.exp(-((below / rng.uniform(1.5, 4)) ** 2)) * (beside < 0) * rng.uniform(60, 200)
    shown = picture * (1 - dark * rng.uniform(0.8, 1)) + bone
    nothing = ((below > 10) & (beside < -6)).astype(np.uint8) * np.uint8(255)
    if np.count_nonzero(nothing) < LEAST_PX:
        nothing[:] = 255
        shown *= 0.1
    return np.clip(shown, 0, 255).astype(np.uint8), nothing


def with_gel(picture: NDArray[np.uint8], rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """With gel or water above the skin, or in a corner where the probe has no contact; and where that is."""
    columns = np.arange(SIDE, dtype=np.float32)
    edge = rng.uniform(0.15, 0.5) * SIDE + rng.uniform(-1.2, 1.2) * (columns - SIDE / 2)
    above = np.arange(SIDE, dtype=np.float32)[:, None] < edge
    gel = noise(rng) * rng.uniform(0, 0.8)
    shown = np.where(above, gel, picture).astype(np.uint8)
    deep = (np.arange(SIDE, dtype=np.float32)[:, None] < edge - 8).astype(np.uint8) * np.uint8(255)
    return (shown, deep) if np.count_nonzero(deep) >= LEAST_PX else (gel.astype(np.uint8), np.full_like(picture, 255))
