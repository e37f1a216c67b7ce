"""A moving picture of one muscle that contracts or is stretched; lines and speckle are carried by the tissue."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, receiver_noise, white_field
from edge.phantom.picture import beam_positions
from edge.phantom.records import Imaging, Transducer
from edge.phantom.soft_tissue import Field, Muscle
from edge.phantom.soft_tissue_draw import presentable_muscle
from edge.phantom.soft_tissue_echoes import section
from edge.phantom.strands import wrapped
from edge.task.muscle.motion import displacement_mm, draw_movement, effort_at, material_mm, moved, pulse_at
from edge.task.muscle.phantom import MusclePicture, expose
from edge.task.muscle.truth import Architecture, architecture

LIVE_MUSCLE = Imaging(depth_mm=45.0, frequency_mhz=10.0, dynamic_range_db=62.0, focus_mm=20.0, f_number=2.2)
SPECKLE_SIDE = 1024
"""Of the stored scatterers; they repeat."""
SPECKLE_PER_PX = 2
"""Stored scatterers to a pixel each way."""
SPECKLE_SIGMA = 1.2
"""How far they are smoothed, in stored scatterers, so that they can be taken between them without losing power."""


class MuscleCine:
    """Pictures of (height, width) at any time, the same for the same seed. Not thread-safe."""

    def __init__(self, seed: int, *, shape: tuple[int, int] = (480, 640), movement: str = "contraction") -> None:
        """movement: one of `muscle_motion.MOVEMENTS`."""
        rng = np.random.default_rng(seed)
        self.shape = shape
        self.muscle = presentable_muscle(rng)
        self._movement = draw_movement(rng, self.muscle, movement)
        self._tissue = carried_field(rng)
        self._hiss = white_field(rng, (shape[0] + 64, shape[1] + 64))

    def picture(self, t_s: float, imaging: Imaging = LIVE_MUSCLE) -> MusclePicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        muscle, mm_per_px = self.at(t_s), imaging.depth_mm / self.shape[0]
        x_mm, depth_mm = self._grid(imaging)
        found = section(muscle, imaging, x_mm.astype(np.float64), self.shape[0], pulse_at(t_s))
        speckle = carried_speckle(self._tissue, material_mm(muscle, x_mm, depth_mm), mm_per_px)
        pixels = expose(found, speckle, self._noise(t_s), imaging, mm_per_px)
        return MusclePicture(pixels, found.truth, mm_per_px)

    def dark(self, t_s: float, imaging: Imaging = LIVE_MUSCLE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted: the receiver's noise, no echoes."""
        return compress(receiver_noise(self._noise(t_s), imaging), imaging)

    def at(self, t_s: float) -> Muscle:
        """The muscle as it is at a time."""
        return moved(self.muscle, self._movement, effort_at(t_s))

    def architecture(self, t_s: float, imaging: Imaging = LIVE_MUSCLE, belly: int = 0) -> Architecture:
        """The truth at a time over the width that `picture` shows. belly: 0 is the uppermost."""
        return architecture(self.at(t_s), belly, self._grid(imaging)[0].astype(np.float64))

    def flow_px(self, t_s: float, later_s: float, imaging: Imaging = LIVE_MUSCLE) -> Field:
        """How far (height, width, 2), across and down in pixels, the tissue at each pixel at `t_s` has gone by then."""
        x_mm, depth_mm = self._grid(imaging)
        moves = displacement_mm(self.at(t_s), self.at(later_s), x_mm, depth_mm)
        return moves * np.float32(self.shape[0] / imaging.depth_mm)

    def _grid(self, imaging: Imaging) -> tuple[Field, Field]:
        rows, beams = self.shape
        mm_per_px = imaging.depth_mm / rows
        x_mm = beam_positions(Transducer(mm_per_px * beams), beams).astype(np.float32)
        return x_mm, ((np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(mm_per_px))[:, None]

    def _noise(self, t_s: float) -> Field:
        """Another window of the stored noise for each time: drawing new noise would take half the frame's time."""
        row, column = np.random.default_rng(round(t_s * 1e6)).integers(0, 64, 2)
        return self._hiss[row : row + self.shape[0], column : column + self.shape[1]]


def carried_field(rng: np.random.Generator) -> Field:
    """Scatterers (SPECKLE_SIDE, SPECKLE_SIDE, 2) that repeat, of about unit power on their grid and between."""
    edge = 8
    padded = np.pad(white_field(rng, (SPECKLE_SIDE, SPECKLE_SIDE)), ((edge, edge), (edge, edge), (0, 0)), "wrap")
    field = cv2.GaussianBlur(padded, (0, 0), SPECKLE_SIGMA)[edge:-edge, edge:-edge]
    return np.asarray(field / np.sqrt((field**2).sum(axis=2).mean()), np.float32)


def carried_speckle(tissue: Field, material: Field, mm_per_px: float) -> Field:
    column, row = (wrapped(mm * np.float32(SPECKLE_PER_PX / mm_per_px), SPECKLE_SIDE) for mm in cv2.split(material))
    return np.asarray(cv2.remap(tissue, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)
