"""Pictures of pennate muscle with dense truth: for training, and one by one for whoever sets the anatomy."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, envelope, white_field
from edge.phantom.picture import beam_positions
from edge.phantom.records import Imaging, Transducer
from edge.phantom.soft_tissue import Field
from edge.phantom.soft_tissue_draw import draw_imaging, draw_muscle
from edge.phantom.soft_tissue_echoes import Section, Truth, section

STEERED = 0.08
"""Share of pictures that are taken with oblique beams."""


@dataclass(frozen=True, slots=True, eq=False)
class MusclePicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    truth: Truth
    mm_per_px: float


def muscle_picture(rng: np.random.Generator, size: tuple[int, int] = (256, 512)) -> MusclePicture:
    """A muscle at random, pictured at random. size: least and most pixels of the picture's longer side."""
    muscle = draw_muscle(rng)
    imaging = draw_imaging(rng, muscle)
    width_mm = rng.uniform(30, 62)
    longer = int(rng.integers(size[0], size[1] + 1))
    mm_per_px = max(width_mm, imaging.depth_mm) / longer
    shape = max(8, round(imaging.depth_mm / mm_per_px)), max(8, round(width_mm / mm_per_px))
    x_mm = beam_positions(Transducer(shape[1] * mm_per_px), shape[1])
    found = section(muscle, imaging, x_mm, shape[0])
    speckle, noise = white_field(rng, shape), cv2.GaussianBlur(white_field(rng, shape), (3, 3), 0.8) * np.float32(2.6)
    pixels = expose(found, speckle, noise, imaging, mm_per_px)
    taken = MusclePicture(pixels, found.truth, mm_per_px)
    return _steered(taken, rng) if rng.random() < STEERED else taken


def _steered(picture: MusclePicture, rng: np.random.Generator) -> MusclePicture:
    """Only the parallelogram that oblique beams cover; black beside it. Cuts what is there in place."""
    rows, beams = picture.pixels.shape
    lean = np.tan(np.radians(rng.uniform(8, 20) * rng.choice([-1, 1])))
    start = np.arange(beams) - lean * np.arange(rows)[:, None]
    outside = (start < max(0.0, -lean * rows)) | (start > beams - max(0.0, lean * rows))
    truth = picture.truth
    for field in (picture.pixels, truth.aponeurosis, truth.angle_rad, truth.readable, truth.layer):
        field[outside] = 0
    return picture


def expose(found: Section, speckle: Field, noise: Field, imaging: Imaging, mm_per_px: float) -> NDArray[np.uint8]:
    """Grey levels of a section. speckle, noise: (rows, beams, 2), as `white_field` makes them."""
    speckle[..., 0] += found.coherence
    return compress(envelope(found.echoes, speckle, noise, imaging, mm_per_px), imaging)
