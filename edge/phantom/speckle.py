"""Scatterers and the receiver's noise: drawn anew, carried along by the tissue, and kept for a moving picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, receiver_noise
from edge.phantom.records import Imaging, Samples
from edge.phantom.strands import wrapped

CARRIED_SIDE = 1024
"""Of the stored scatterers; they repeat."""
CARRIED_PER_PX = 2
"""Stored scatterers to a pixel each way."""
CARRIED_SIGMA = 1.2
"""How far they are smoothed, in stored scatterers, so that they can be taken between them without losing power."""
NOISE_MARGIN = 64
"""Rows and columns of stored noise beyond a picture's."""


def white_field(rng: np.random.Generator, shape: tuple[int, int]) -> Samples:
    """Scatterers (depth, beams, 2): real and imaginary part, unit power."""
    return rng.standard_normal((*shape, 2), dtype=np.float32) * np.float32(np.sqrt(0.5))


def interpolated_noise(rng: np.random.Generator, shape: tuple[int, int]) -> Samples:
    """Noise (depth, beams, 2) of about unit power, alike in neighbours as where a scanner interpolates."""
    return np.asarray(cv2.GaussianBlur(white_field(rng, shape), (3, 3), 0.8) * np.float32(2.6), np.float32)


def carried_field(rng: np.random.Generator) -> Samples:
    """Scatterers (CARRIED_SIDE, CARRIED_SIDE, 2) that repeat, of about unit power on their grid and between."""
    edge = 8
    padded = np.pad(white_field(rng, (CARRIED_SIDE, CARRIED_SIDE)), ((edge, edge), (edge, edge), (0, 0)), "wrap")
    field = cv2.GaussianBlur(padded, (0, 0), CARRIED_SIGMA)[edge:-edge, edge:-edge]
    return np.asarray(field / np.sqrt((field**2).sum(axis=2).mean()), np.float32)


def carried_speckle(field: Samples, material_mm: Samples, mm_per_px: float) -> Samples:
    """The scatterers (rows, beams, 2) of the tissue at each sample.

    field: of `carried_field`. material_mm: (rows, beams, 2) across and down, where that tissue lies at rest.
    """
    column, row = (wrapped(mm * np.float32(CARRIED_PER_PX / mm_per_px), CARRIED_SIDE) for mm in cv2.split(material_mm))
    return np.asarray(cv2.remap(field, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def material_grid(x_mm: NDArray[np.floating], depth_mm: NDArray[np.floating]) -> Samples:
    """(rows, beams, 2) across and down, of tissue that lies at `x_mm` (beams,) and `depth_mm` (rows,)."""
    return np.dstack(np.meshgrid(x_mm.astype(np.float32), depth_mm.astype(np.float32)))


class KeptNoise:
    """The receiver's noise under pictures of (height, width): another one for each time, the same for the same time."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._field = white_field(rng, (shape[0] + NOISE_MARGIN, shape[1] + NOISE_MARGIN))

    def at(self, t_s: float) -> Samples:
        """(height, width, 2): a window of what is stored, as drawing new noise would take half a frame's time."""
        row, column = np.random.default_rng(round(t_s * 1e6)).integers(0, NOISE_MARGIN, 2)
        return self._field[row : row + self._shape[0], column : column + self._shape[1]]

    def dark(self, t_s: float, imaging: Imaging) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted: the receiver's noise, no echoes."""
        return compress(receiver_noise(self.at(t_s), imaging), imaging)
