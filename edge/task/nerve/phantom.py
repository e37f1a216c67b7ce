"""Pictures of nerves beside vessels with what is truly in them: single ones, and one limb whose heart beats under a
probe that slides, tilts or presses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.phantom.anatomy import Sizes
from edge.phantom.beams import beam_positions
from edge.phantom.bmode import compress, envelope
from edge.phantom.records import Imaging, Pose, Samples
from edge.phantom.speckle import (
    KeptNoise,
    carried_field,
    carried_speckle,
    interpolated_noise,
    material_grid,
    white_field,
)
from edge.task.nerve.phantom_anatomy import Limb, Press, beat_at, beaten, breath_at
from edge.task.nerve.phantom_drawing import draw_limb, draw_nerve_imaging, presentable_limb
from edge.task.nerve.phantom_echoes import limb_echoes
from edge.task.nerve.phantom_plexus import draw_plexus
from edge.task.nerve.phantom_truth import NerveTruth, TrueNerve, nerve_truth
from edge.task.nerve.spec import HANDS, NervePhantomOptions

LIVE_NERVE = Imaging(
    depth_mm=32.0, frequency_mhz=12.0, gain_db=-6.0, dynamic_range_db=68.0, focus_mm=11.0, f_number=1.8
)
FULL = Pose(slide_mm=4.0, tilt_deg=9.0, pressure=1.0)
PERIOD_S = 6.0
APART_MM = 37.0
"""Between the places of the stored scatterers that two slices `TURN_DEG` apart are taken from."""
TURN_DEG = 8.0
"""By which the plane is tilted until its speckle is another."""


@dataclass(frozen=True, slots=True, eq=False)
class NervePicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    truth: NerveTruth
    mm_per_px: float


def nerve_picture(
    rng: np.random.Generator, size: tuple[int, int] = (256, 512), *, plexus: bool = False
) -> NervePicture:
    """A limb, or a plexus in the neck, at random, pictured at random. size: least and most pixels of the picture's
    longer side."""
    depth_mm, width_mm = rng.uniform(17, 46), rng.uniform(26, 50)
    mm_per_px = max(width_mm, depth_mm) / int(rng.integers(size[0], size[1] + 1))
    shape = max(8, round(depth_mm / mm_per_px)), max(8, round(width_mm / mm_per_px))
    imaging = draw_nerve_imaging(rng, shape[0] * mm_per_px)
    limb = (draw_plexus if plexus else draw_limb)(rng, width_mm, depth_mm)
    pressure = rng.uniform(0, 1) ** 2
    pose = Pose(tilt_deg=rng.normal(0, 4), pressure=pressure)
    now = beaten(limb, rng.uniform(-1, 1), rng.uniform(-1, 1), 0.7 * pressure if rng.random() < 0.5 else 0.0)
    speckle, noise = white_field(rng, shape), interpolated_noise(rng, shape)
    bright = float(np.clip(rng.normal(0.38, 0.1), 0.12, 0.7))
    return expose_limb(now, imaging, pose, shape, speckle, noise, bright)


def expose_limb(
    limb: Limb,
    imaging: Imaging,
    pose: Pose,
    shape: tuple[int, int],
    speckle: Samples,
    noise: Samples,
    bright: float | None = None,
) -> NervePicture:
    """The picture of (height, width) of a limb as it is now. speckle, noise: (height, width, 2) of unit power.

    bright: where the grey of its brightest tenth begins, 0 to 1, as an examiner turns the gain; None: the gain is set.
    """
    mm_per_px = imaging.depth_mm / shape[0]
    x_mm = beam_positions(shape[1] * mm_per_px, shape[1]).astype(np.float32)
    amplitude = envelope(limb_echoes(limb, imaging, pose, x_mm, shape[0]), speckle, noise, imaging, mm_per_px)
    if bright is not None:
        amplitude *= _gain_for(bright, amplitude, imaging)
    pixels = compress(amplitude, imaging)
    return NervePicture(pixels, nerve_truth(limb, pose, shape, mm_per_px), mm_per_px)


def _gain_for(bright: float, amplitude: Samples, imaging: Imaging) -> np.float32:
    wanted_db = (bright ** (1 / imaging.gamma) - 0.55) * imaging.dynamic_range_db
    return np.float32(10 ** (wanted_db / 20) / max(float(np.quantile(amplitude[::4, ::4], 0.9)), 1e-6))


def pose_at(t_s: float, motion: str) -> Pose:
    """motion: one of `spec.HANDS`."""
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
    """Pictures of one limb, (height, width), at any time, the same for the same seed. Not thread-safe."""

    imaging = LIVE_NERVE

    def __init__(
        self, seed: int, *, shape: tuple[int, int] = (480, 640), motion: str = "hand", nerves: int = 1
    ) -> None:
        """motion: one of `spec.HANDS`. nerves: 0, 1 or 2."""
        rng = np.random.default_rng(seed)
        self.shape, self.motion = shape, motion
        self.limb = presentable_limb(rng, nerves)
        self._scatterers = carried_field(rng)
        self._noise = KeptNoise(rng, shape)

    def picture(self, t_s: float, imaging: Imaging = LIVE_NERVE) -> NervePicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        speckle = self._speckle(self.pose(t_s), imaging)
        return expose_limb(self.at(t_s), imaging, self.pose(t_s), self.shape, speckle, self._noise.at(t_s))

    def dark(self, t_s: float, imaging: Imaging = LIVE_NERVE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        return self._noise.dark(t_s, imaging)

    def pose(self, t_s: float) -> Pose:
        return pose_at(t_s, self.motion)

    def at(self, t_s: float) -> Limb:
        """The limb as heart, breath and pressure have it at a time, in its own millimetres."""
        return beaten(self.limb, beat_at(t_s), breath_at(t_s), self.pose(t_s).pressure)

    def truth(self, t_s: float, imaging: Imaging = LIVE_NERVE) -> NerveTruth:
        """What `picture` shows at a time, without making it."""
        return nerve_truth(self.at(t_s), self.pose(t_s), self.shape, imaging.depth_mm / self.shape[0])

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """True values at a time of the first nerve, which is the one that is meant."""
        nerves = self.truth(t_s).nerves
        return true_sizes(nerves[0]) if nerves else {}

    def _speckle(self, pose: Pose, imaging: Imaging) -> Samples:
        rows, beams = self.shape
        mm_per_px, press = imaging.depth_mm / rows, Press.of(pose)
        x_mm = (beam_positions(mm_per_px * beams, beams) + press.slide_mm) * press.squeeze
        depth_mm = (np.arange(rows) + 0.5) * mm_per_px / press.squeeze
        material = material_grid(x_mm, depth_mm)
        here = carried_speckle(self._scatterers, material, mm_per_px)
        if pose.tilt_deg == 0:
            return here
        other = carried_speckle(self._scatterers, material + np.array((APART_MM, 0), np.float32), mm_per_px)
        turn = pose.tilt_deg / TURN_DEG * np.pi / 2
        return np.asarray(here * np.float32(np.cos(turn)) + other * np.float32(np.sin(turn)), np.float32)


def true_sizes(nerve: TrueNerve) -> Sizes:
    """What a finding of this nerve would say if it erred in nothing."""
    return {
        "cross_sectional_area": nerve.area_mm2,
        "long_axis": nerve.long_axis_mm,
        "short_axis": nerve.short_axis_mm,
        "flattening_ratio": nerve.flattening_ratio,
        "depth_under_skin": nerve.depth_mm,
        "vessel_distance": nerve.nearest_vessel_mm,
        "outer_area": nerve.outer_area_mm2,
    }


def open_cine(seed: int, options: NervePhantomOptions) -> NerveCine:
    """`phantom:nerve`."""
    return NerveCine(seed, motion=options.motion, nerves=options.nerves)
