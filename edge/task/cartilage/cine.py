"""A moving picture of one knee: the probe slides, sweeps, tilts and presses; speckle moves with the tissue."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, envelope, receiver_noise, white_field
from edge.phantom.picture import beam_positions, coverage
from edge.phantom.records import Band, Imaging, PhantomPicture, Pose, Transducer
from edge.task.cartilage.trochlea import TABLE_X_MM, Trochlea, draw_shape, draw_trochlea, echoes, true_band

MARGIN = 240
"""Beams of scatterers beside the array, for the probe to slide over."""
LIVE_IMAGING = Imaging(depth_mm=30.0, frequency_mhz=11.0, dynamic_range_db=62.0, focus_mm=15.0)


@dataclass(frozen=True, slots=True)
class Motion:
    """What the hand does: amplitude of each movement, its period in seconds."""

    slide_mm: float = 2.0
    sweep: float = 0.8
    tilt_deg: float = 1.5
    pressure: float = 0.25
    period_s: float = 6.0

    def pose(self, t_s: float) -> Pose:
        """The pose at a time; the four movements have unrelated periods."""
        turn = 2 * np.pi * t_s / self.period_s
        return Pose(
            slide_mm=self.slide_mm * float(np.sin(turn)),
            sweep=self.sweep * float(np.sin(0.61 * turn + 0.5)),
            tilt_deg=self.tilt_deg * float(np.sin(1.37 * turn)),
            pressure=self.pressure * float(0.5 - 0.5 * np.cos(0.83 * turn)),
        )


class Cine:
    """Pictures of (height, width) at any time, the same for the same seed. Not thread-safe."""

    def __init__(self, seed: int, *, shape: tuple[int, int] = (480, 640), motion: Motion = Motion()) -> None:
        rng = np.random.default_rng(seed)
        self.shape, self.motion = shape, motion
        self.knee = presentable_knee(rng)
        rows, beams = shape
        # Two independent slices of scatterers: a sweep turns from one into the other and keeps their power.
        self._tissue = [white_field(rng, (rows, beams + 2 * MARGIN)) for _ in range(2)]
        self._hiss = white_field(rng, (rows + 64, beams + 64))

    def picture(self, t_s: float, imaging: Imaging = LIVE_IMAGING) -> PhantomPicture:
        """The picture at a time. Beams and rows are square pixels; a shallow depth shows fewer millimetres across."""
        pose, rows = self.motion.pose(t_s), self.shape[0]
        mm_per_px = imaging.depth_mm / rows
        seen, band = echoes(self.knee, imaging, pose, self._x_mm(imaging), rows)
        amplitude = envelope(seen, self._scatterers(pose, mm_per_px), self._noise(t_s), imaging, mm_per_px)
        return PhantomPicture(compress(amplitude, imaging), coverage(band, rows, mm_per_px), band, mm_per_px, mm_per_px)

    def dark(self, t_s: float, imaging: Imaging = LIVE_IMAGING) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted: the receiver's noise, no echoes."""
        return compress(receiver_noise(self._noise(t_s), imaging), imaging)

    def band(self, t_s: float, imaging: Imaging = LIVE_IMAGING) -> Band:
        """The truth of `picture` at a time, without making the picture."""
        return true_band(self.knee, imaging, self.motion.pose(t_s), self._x_mm(imaging))

    def _x_mm(self, imaging: Imaging) -> NDArray[np.float64]:
        rows, beams = self.shape
        return beam_positions(Transducer(imaging.depth_mm / rows * beams), beams)

    def _scatterers(self, pose: Pose, mm_per_px: float) -> NDArray[np.float32]:
        start = MARGIN + int(np.clip(round(pose.slide_mm / mm_per_px), -MARGIN, MARGIN))
        turn = pose.sweep * np.pi / 2
        first, second = (layer[:, start : start + self.shape[1]] for layer in self._tissue)
        mixed: NDArray[np.float32] = first * np.float32(np.cos(turn)) + second * np.float32(np.sin(turn))
        return mixed

    def _noise(self, t_s: float) -> NDArray[np.float32]:
        """Another window of the stored noise for each time: drawing new noise would take half the frame's time."""
        row, column = np.random.default_rng(round(t_s * 1e6)).integers(0, 64, 2)
        return self._hiss[row : row + self.shape[0], column : column + self.shape[1]]


def presentable_knee(rng: np.random.Generator) -> Trochlea:
    """A knee that a careful examiner would keep: centred, in full contact, its cartilage clear."""
    shape = draw_shape(rng) | {
        "centre": rng.uniform(-3, 3),
        "height_left": rng.uniform(4, 7),
        "height_right": rng.uniform(4, 7),
        "width_left": rng.uniform(13, 18),
        "width_right": rng.uniform(13, 18),
        "slant": rng.uniform(-0.05, 0.05),
        "sulcus": rng.uniform(2.4, 3.3),
        "left": rng.uniform(1.7, 2.3),
        "right": rng.uniform(1.8, 2.5),
        "reach_left": rng.uniform(1.2, 1.6),
        "reach_right": rng.uniform(1.2, 1.6),
    }
    knee = draw_trochlea(rng, shape)
    deepest = float(knee.bone_mm[:, np.abs(TABLE_X_MM) < 15].max())
    return replace(
        knee,
        bone_mm=knee.bone_mm + rng.uniform(15, 18) - deepest,
        layers=(*knee.layers[:-1], replace(knee.layers[-1], level_db=rng.uniform(-1, 5))),
        contact=(-90.0, 90.0),
        cartilage_db=rng.uniform(-32, -22),
        bone_amplitude=12.0,
        rough_share=0.35,
        angle_power=8.0,
        upper_amplitude=2.5,
        haze_db=-22.0,
        haze_reach_mm=7.0,
        reverberation=0.012,
    )
