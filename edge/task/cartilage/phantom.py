"""Pictures of a knee with the truth that belongs to them: single ones, and one knee under a moving probe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.option import NoOptions
from edge.phantom.anatomy import Sizes
from edge.phantom.beams import beam_positions, scan_convert
from edge.phantom.bmode import expose
from edge.phantom.records import Echoes, Imaging, Pose, Samples, Transducer
from edge.phantom.speckle import KeptNoise, white_field
from edge.task.cartilage.phantom_anatomy import TrueBand, echoes, true_band
from edge.task.cartilage.phantom_drawing import presentable_knee
from edge.task.cartilage.sizes import measure_band
from edge.task.cartilage.spec import THIRDS

MARGIN = 240
"""Beams of scatterers beside the array, for the probe to slide over."""
LIVE_CARTILAGE = Imaging(depth_mm=30.0, frequency_mhz=11.0, dynamic_range_db=62.0, focus_mm=15.0)


@dataclass(frozen=True, slots=True, eq=False)
class CartilagePicture:
    """A picture and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    coverage: Samples
    """(height, width) share of each pixel that is cartilage, 0 to 1."""
    band: TrueBand
    x_mm_per_px: float
    y_mm_per_px: float


def form_picture(
    seen: Echoes, band: TrueBand, imaging: Imaging, transducer: Transducer, rng: np.random.Generator
) -> CartilagePicture:
    """The picture of what a knee sends back, with the truth that belongs to it; new speckle from `rng`.

    A linear array's picture has the beams' grid, a curved one's as many square pixels.
    """
    rows, beams = seen.scatter.shape
    mm_per_beam, mm_per_row = transducer.width_mm / beams, imaging.depth_mm / rows
    speckle, noise = (white_field(rng, (rows, beams)) for _ in range(2))
    pixels = expose(seen, speckle, noise, imaging, mm_per_beam)
    covered = coverage(band, rows, mm_per_row)
    if transducer.radius_mm is None:
        return CartilagePicture(pixels, covered, band, mm_per_beam, mm_per_row)
    (pixels, covered), mm_per_px = scan_convert((pixels, covered), transducer, imaging.depth_mm)
    return CartilagePicture(pixels, covered, band, mm_per_px, mm_per_px)


def coverage(band: TrueBand, rows: int, mm_per_row: float) -> Samples:
    """Share (rows, beams) of each sample's height that lies between the band's borders."""
    top = np.arange(rows, dtype=np.float32)[:, None]
    upper, lower = (np.nan_to_num(depth / mm_per_row).astype(np.float32) for depth in (band.upper_mm, band.lower_mm))
    covered: Samples = np.clip(np.minimum(lower, top + 1) - np.maximum(upper, top), 0, 1)
    return covered


@dataclass(frozen=True, slots=True)
class HandMotion:
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


class CartilageCine:
    """Pictures of one knee, (height, width), at any time, the same for the same seed; speckle moves with the tissue.
    Not thread-safe."""

    imaging = LIVE_CARTILAGE

    def __init__(self, seed: int, *, shape: tuple[int, int] = (480, 640), motion: HandMotion = HandMotion()) -> None:
        rng = np.random.default_rng(seed)
        self.shape, self.motion = shape, motion
        self.knee = presentable_knee(rng)
        rows, beams = shape
        # Two independent slices of scatterers: a sweep turns from one into the other and keeps their power.
        self._slices = [white_field(rng, (rows, beams + 2 * MARGIN)) for _ in range(2)]
        self._noise = KeptNoise(rng, shape)

    def picture(self, t_s: float, imaging: Imaging = LIVE_CARTILAGE) -> CartilagePicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        pose, rows = self.motion.pose(t_s), self.shape[0]
        mm_per_px = imaging.depth_mm / rows
        seen, band = echoes(self.knee, imaging, pose, self._x_mm(imaging), rows)
        pixels = expose(seen, self._scatterers(pose, mm_per_px), self._noise.at(t_s), imaging, mm_per_px)
        return CartilagePicture(pixels, coverage(band, rows, mm_per_px), band, mm_per_px, mm_per_px)

    def dark(self, t_s: float, imaging: Imaging = LIVE_CARTILAGE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        return self._noise.dark(t_s, imaging)

    def band(self, t_s: float, imaging: Imaging = LIVE_CARTILAGE) -> TrueBand:
        """The truth of `picture` at a time, without making the picture."""
        return true_band(self.knee, imaging, self.motion.pose(t_s), self._x_mm(imaging))

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        return true_sizes(self.band(t_s))

    def _x_mm(self, imaging: Imaging) -> NDArray[np.float64]:
        rows, beams = self.shape
        return beam_positions(imaging.depth_mm / rows * beams, beams)

    def _scatterers(self, pose: Pose, mm_per_px: float) -> Samples:
        start = MARGIN + int(np.clip(round(pose.slide_mm / mm_per_px), -MARGIN, MARGIN))
        turn = pose.sweep * np.pi / 2
        first, second = (layer[:, start : start + self.shape[1]] for layer in self._slices)
        mixed: Samples = first * np.float32(np.cos(turn)) + second * np.float32(np.sin(turn))
        return mixed


def true_sizes(band: TrueBand) -> Sizes:
    """The cartilage measured as the task measures what it saw; the phantom's left side is medial."""
    seen = np.isfinite(band.upper_mm) & np.isfinite(band.lower_mm)
    size = measure_band(band.x_mm[seen], band.upper_mm[seen], band.lower_mm[seen])
    named = {f"mean_thickness_{side}": value for side, value in zip(THIRDS, size.thirds, strict=True)}
    return {**named, "mean_thickness": size.mean, "area": size.area}


def open_cine(seed: int, options: NoOptions) -> CartilageCine:
    """`phantom:cartilage`."""
    return CartilageCine(seed)
