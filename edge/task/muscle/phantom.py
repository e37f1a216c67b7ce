"""Pictures of pennate muscle with dense truth: single ones, and one muscle that contracts or is stretched."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, LineMark
from edge.phantom.anatomy import Sizes
from edge.phantom.beams import beam_positions, row_depths
from edge.phantom.bmode import expose
from edge.phantom.records import Imaging, Samples
from edge.phantom.soft_tissue import SoftTissue
from edge.phantom.soft_tissue_drawing import NEAR, draw_soft_tissue, presentable_soft_tissue
from edge.phantom.soft_tissue_echoes import SectionTruth, section
from edge.phantom.speckle import KeptNoise, carried_field, carried_speckle, interpolated_noise, white_field
from edge.task.muscle.phantom_motion import (
    displacement_mm,
    draw_full_effort,
    effort_at,
    material_mm,
    moved,
    swelling_at,
)
from edge.task.muscle.phantom_truth import TrueArchitecture, architecture
from edge.task.muscle.spec import MusclePhantomOptions

STEERED = 0.08
"""Share of pictures that are taken with oblique beams."""
LIVE_MUSCLE = Imaging(depth_mm=45.0, frequency_mhz=10.0, dynamic_range_db=62.0, focus_mm=20.0, f_number=2.2)


@dataclass(frozen=True, slots=True, eq=False)
class MusclePicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    truth: SectionTruth
    mm_per_px: float


def muscle_picture(rng: np.random.Generator, size: tuple[int, int] = (256, 512)) -> MusclePicture:
    """A muscle at random, pictured at random. size: least and most pixels of the picture's longer side."""
    muscle = draw_soft_tissue(rng)
    imaging = draw_muscle_imaging(rng, muscle)
    width_mm = rng.uniform(30, 62)
    longer = int(rng.integers(size[0], size[1] + 1))
    mm_per_px = max(width_mm, imaging.depth_mm) / longer
    shape = max(8, round(imaging.depth_mm / mm_per_px)), max(8, round(width_mm / mm_per_px))
    x_mm = beam_positions(shape[1] * mm_per_px, shape[1])
    found = section(muscle, imaging, x_mm, shape[0])
    speckle, noise = white_field(rng, shape), interpolated_noise(rng, shape)
    pixels = expose(found.echoes, speckle, noise, imaging, mm_per_px)
    taken = MusclePicture(pixels, found.truth, mm_per_px)
    return _steered(taken, rng) if rng.random() < STEERED else taken


def draw_muscle_imaging(rng: np.random.Generator, muscle: SoftTissue) -> Imaging:
    """Settings that show at least the uppermost belly."""
    least = float(muscle.sheets[1].top_mm[NEAR].mean()) + 3
    last = float(muscle.sheets[-2].top_mm[NEAR].mean())
    depth_mm = float(np.clip(rng.uniform(0.9, 1.6) * (last if rng.random() < 0.7 else least), max(least, 22.0), 90.0))
    return Imaging(
        depth_mm=depth_mm,
        frequency_mhz=rng.uniform(6, 15),
        gain_db=rng.normal(3, 5),
        dynamic_range_db=rng.uniform(45, 80),
        focus_mm=rng.uniform(0.2, 0.8) * depth_mm,
        tgc_db=tuple(rng.normal(0, 2, 8) + rng.normal(-3, 5) * np.linspace(0, 1, 8)),
        cycles=rng.uniform(1.0, 2.6),
        f_number=np.exp(rng.uniform(0.0, np.log(6.0))),
        noise_db=rng.uniform(-100, -62),
        smoothing=rng.uniform(0, 1),
        gamma=10 ** rng.normal(0, 0.12),
    )


def _steered(picture: MusclePicture, rng: np.random.Generator) -> MusclePicture:
    """Only the parallelogram that oblique beams cover; black beside it. Cuts what is there in place."""
    rows, beams = picture.pixels.shape
    lean = np.tan(np.radians(rng.uniform(8, 20) * rng.choice([-1, 1])))
    start = np.arange(beams) - lean * np.arange(rows)[:, None]
    outside = (start < max(0.0, -lean * rows)) | (start > beams - max(0.0, lean * rows))
    truth = picture.truth
    for field in (picture.pixels, truth.sheet, truth.angle_rad, truth.readable, truth.layer):
        field[outside] = 0
    return picture


class MuscleCine:
    """Pictures of one muscle, (height, width), at any time, the same for the same seed; the tissue carries lines and
    speckle along. Not thread-safe."""

    imaging = LIVE_MUSCLE

    def __init__(self, seed: int, *, shape: tuple[int, int] = (480, 640), movement: str = "contraction") -> None:
        """movement: one of `spec.MOVEMENTS`."""
        rng = np.random.default_rng(seed)
        self.shape = shape
        self.muscle = presentable_soft_tissue(rng)
        self._full = draw_full_effort(rng, self.muscle, movement)
        self._scatterers = carried_field(rng)
        self._noise = KeptNoise(rng, shape)

    def picture(self, t_s: float, imaging: Imaging = LIVE_MUSCLE) -> MusclePicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        muscle, mm_per_px = self.at(t_s), imaging.depth_mm / self.shape[0]
        x_mm, depth_mm = self._grid(imaging)
        found = section(muscle, imaging, x_mm.astype(np.float64), self.shape[0], swelling_at(t_s))
        speckle = carried_speckle(self._scatterers, material_mm(muscle, x_mm, depth_mm), mm_per_px)
        pixels = expose(found.echoes, speckle, self._noise.at(t_s), imaging, mm_per_px)
        return MusclePicture(pixels, found.truth, mm_per_px)

    def dark(self, t_s: float, imaging: Imaging = LIVE_MUSCLE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        return self._noise.dark(t_s, imaging)

    def at(self, t_s: float) -> SoftTissue:
        """The muscle as it is at a time."""
        return moved(self.muscle, self._full, effort_at(t_s))

    def architecture(self, t_s: float, imaging: Imaging = LIVE_MUSCLE, belly: int = 0) -> TrueArchitecture:
        """The truth at a time over the width that `picture` shows. belly: 0 is the uppermost."""
        return architecture(self.at(t_s), belly, self._grid(imaging)[0].astype(np.float64))

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """True values at a time of the belly that the finding marks."""
        return true_sizes(nearest(finding, [self.architecture(t_s, belly=k) for k in range(len(self.muscle.bellies))]))

    def flow_px(self, t_s: float, later_s: float, imaging: Imaging = LIVE_MUSCLE) -> Samples:
        """How far (height, width, 2), across and down in pixels, the tissue at each pixel at `t_s` has gone by then."""
        x_mm, depth_mm = self._grid(imaging)
        moves = displacement_mm(self.at(t_s), self.at(later_s), x_mm, depth_mm)
        return moves * np.float32(self.shape[0] / imaging.depth_mm)

    def _grid(self, imaging: Imaging) -> tuple[Samples, Samples]:
        rows, beams = self.shape
        x_mm = beam_positions(imaging.depth_mm / rows * beams, beams).astype(np.float32)
        return x_mm, row_depths(imaging.depth_mm, rows)


def true_sizes(muscle: TrueArchitecture) -> Sizes:
    """What a finding of this belly would say if it erred in nothing."""
    return {
        "fascicle_angle": muscle.fascicle_angle_deg,
        "pennation_angle": muscle.pennation_deg,
        "fascicle_length": muscle.fascicle_length_mm,
        "straight_fascicle_length": muscle.straight_length_mm,
        "muscle_thickness": muscle.thickness_mm,
        "fascicle_curvature": muscle.curvature_per_m,
        "superficial_aponeurosis_angle": muscle.superficial_angle_deg,
        "deep_aponeurosis_angle": muscle.deep_angle_deg,
    }


def nearest(finding: Finding, bellies: Sequence[TrueArchitecture]) -> TrueArchitecture:
    """The one of a section's muscles that the finding marks."""
    lines = {mark.name: float(mark.points[:, 1].mean()) for mark in finding.marks if isinstance(mark, LineMark)}
    if finding.spacing is None or "deep aponeurosis" not in lines:
        return bellies[0]
    seen_mm = (lines["superficial aponeurosis"] + lines["deep aponeurosis"]) / 2 * finding.spacing.y_mm_per_px
    return min(bellies, key=lambda one: abs(float((one.superficial_mm + one.deep_mm).mean()) / 2 - seen_mm))


def open_cine(seed: int, options: MusclePhantomOptions) -> MuscleCine:
    """`phantom:muscle`."""
    return MuscleCine(seed, movement=options.motion)
