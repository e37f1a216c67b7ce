"""Streaks and lobules of soft tissue, and random smooth curves."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A pattern fixed in the tissue, which bends with its layers. Mean 0, standard deviation 1."""

    pattern: Samples
    """(512, 512) float32, repeated in both directions."""
    mm_per_px: tuple[float, float]
    """Lateral and in depth."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        fine = cv2.GaussianBlur(rng.standard_normal((512, 512), dtype=np.float32), (0, 0), 1.2)
        coarse = cv2.GaussianBlur(rng.standard_normal((512, 512), dtype=np.float32), (0, 0), rng.uniform(3, 9))
        mixed = fine / fine.std() + rng.uniform(0, 1.5) * coarse / coarse.std()
        # Fibres are bright lines on dark ground: a skewed pattern, sharper for tendon.
        mixed = np.sign(mixed) * np.abs(mixed) ** rng.uniform(0.8, 1.8)
        lateral = 10 ** rng.uniform(-1.0, 0.6)
        return cls(((mixed - mixed.mean()) / mixed.std()).astype(np.float32), (lateral, rng.uniform(0.06, 0.25)))


def sample_texture(
    texture: Texture, x_mm: NDArray[np.float64], depth_mm: NDArray[np.float64], floor_mm: NDArray[np.float64]
) -> Samples:
    """The pattern (depth, beams): flat under the skin, parallel to `floor_mm` (beams,) at that depth.

    depth_mm: (depth, 1).
    """
    rows, columns = depth_mm.shape[0], x_mm.shape[0]
    lateral, axial = texture.mm_per_px
    size = texture.pattern.shape[0]
    middle = float(floor_mm.mean())
    bent = depth_mm.astype(np.float32) * (middle / np.maximum(floor_mm, 1.0)).astype(np.float32)
    across = np.broadcast_to((x_mm / lateral % size).astype(np.float32), (rows, columns))
    down = (bent / np.float32(axial)) % np.float32(size)
    across = np.ascontiguousarray(across)
    sampled = cv2.remap(texture.pattern, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(sampled, np.float32)


def smooth_curve(
    rng: np.random.Generator, x_mm: NDArray[np.float64], length_mm: float, size: float
) -> NDArray[np.float64]:
    """A random curve over evenly spaced `x_mm` with this correlation length and standard deviation."""
    step = float(x_mm[1] - x_mm[0])
    noise = rng.standard_normal((1, x_mm.size))
    curve = cv2.GaussianBlur(noise, (0, 0), length_mm / step, borderType=cv2.BORDER_REFLECT)[0]
    return np.asarray(curve / max(float(curve.std()), 1e-9) * size)


def patchy_db(rng: np.random.Generator, x_mm: NDArray[np.float64], most_db: float) -> NDArray[np.float64]:
    """Decibels of a face along evenly spaced `x_mm`: mostly even, now and then with gaps.

    most_db: the largest standard deviation, 1 or more.
    """
    return np.minimum(smooth_curve(rng, x_mm, 10 ** rng.uniform(-0.3, 0.9), rng.uniform(1, most_db)), 4.0)
