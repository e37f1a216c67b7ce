"""A moving picture of nerves beside vessels: the heart beats, and the probe slides, tilts or presses."""

import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, receiver_noise, white_field
from edge.phantom.picture import beam_positions
from edge.phantom.records import Imaging, Pose, Transducer
from edge.phantom.soft_tissue import Field
from edge.task.muscle.cine import carried_field, carried_speckle
from edge.task.nerve.phantom import NervePicture, NerveTruth, expose_limb, nerve_truth
from edge.task.nerve.phantom_anatomy import Limb, Press, beat_at, beaten, breath_at
from edge.task.nerve.phantom_draw import LIVE_NERVE, presentable_limb

HANDS = ("hand", "still", "slide", "tilt", "compress")
"""What the hand does: a little of all, nothing, or one of them fully. The heart beats in each."""
FULL = Pose(slide_mm=4.0, tilt_deg=9.0, pressure=1.0)
PERIOD_S = 6.0
APART_MM = 37.0
"""Between the places of the stored scatterers that two slices `TURN_DEG` apart are taken from."""
TURN_DEG = 8.0
"""By which the plane is tilted until its speckle is another."""


def pose_at(t_s: float, motion: str) -> Pose:
    """motion: one of HANDS."""
    turn = 2 * np.pi * t_s / PERIOD_S
    share = {name: float(motion == name) for name in HANDS}
    slide, tilt, press = share["slide"], share["tilt"], share["compress"]
    if motion == "hand":
        slide, tilt, press = 0.35, 0.3, 0.3
    return Pose(
        slide_mm=FULL.slide_mm * slide * float(np.sin(turn)),
        tilt_deg=FULL.tilt_deg * tilt * float(np.sin(turn * (1.37 if motion == "hand" else 1.0))),
        pressure=FULL.pressure * press * float(0.5 - 0.5 * np.cos(turn * (0.83 if motion == "hand" else 1.0))),
    )


class NerveCine:
    """Pictures of (height, width) at any time, the same for the same seed. Not thread-safe."""

    def __init__(
        self, seed: int, *, shape: tuple[int, int] = (480, 640), motion: str = "hand", nerves: int = 1
    ) -> None:
        """motion: one of HANDS. nerves: 0, 1 or 2."""
        rng = np.random.default_rng(seed)
        self.shape, self.motion = shape, motion
        self.limb = presentable_limb(rng, nerves)
        self._tissue = carried_field(rng)
        self._hiss = white_field(rng, (shape[0] + 64, shape[1] + 64))

    def picture(self, t_s: float, imaging: Imaging = LIVE_NERVE) -> NervePicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        speckle = self._speckle(self.pose(t_s), imaging)
        return expose_limb(self.at(t_s), imaging, self.pose(t_s), self.shape, speckle, self._noise(t_s))

    def dark(self, t_s: float, imaging: Imaging = LIVE_NERVE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted: the receiver's noise, no echoes."""
        return compress(receiver_noise(self._noise(t_s), imaging), imaging)

    def pose(self, t_s: float) -> Pose:
        return pose_at(t_s, self.motion)

    def at(self, t_s: float) -> Limb:
        """The limb as heart, breath and pressure have it at a time, in its own millimetres."""
        return beaten(self.limb, beat_at(t_s), breath_at(t_s), self.pose(t_s).pressure)

    def truth(self, t_s: float, imaging: Imaging = LIVE_NERVE) -> NerveTruth:
        """What `picture` shows at a time, without making it."""
        return nerve_truth(self.at(t_s), self.pose(t_s), self.shape, imaging.depth_mm / self.shape[0])

    def _speckle(self, pose: Pose, imaging: Imaging) -> Field:
        rows, beams = self.shape
        mm_per_px, press = imaging.depth_mm / rows, Press.of(pose)
        x_mm = (beam_positions(Transducer(mm_per_px * beams), beams) + press.slide_mm) * press.squeeze
        depth_mm = (np.arange(rows) + 0.5) * mm_per_px / press.squeeze
        across, down = np.meshgrid(x_mm.astype(np.float32), depth_mm.astype(np.float32))
        here = carried_speckle(self._tissue, np.dstack([across, down]), mm_per_px)
        if pose.tilt_deg == 0:
            return here
        other = carried_speckle(self._tissue, np.dstack([across + np.float32(APART_MM), down]), mm_per_px)
        turn = pose.tilt_deg / TURN_DEG * np.pi / 2
        return np.asarray(here * np.float32(np.cos(turn)) + other * np.float32(np.sin(turn)), np.float32)

    def _noise(self, t_s: float) -> Field:
        """Another window of the stored noise for each time, as for the muscle."""
        row, column = np.random.default_rng(round(t_s * 1e6)).integers(0, 64, 2)
        return self._hiss[row : row + self.shape[0], column : column + self.shape[1]]
