"""Pictures of finger joints with the truth that belongs to them: single ones at random, and one joint under a hand that
presses, tilts or slides off the midline."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.phantom.anatomy import Sizes
from edge.phantom.beams import beam_positions
from edge.phantom.bmode import expose
from edge.phantom.records import Imaging, Pose, Samples
from edge.phantom.speckle import KeptNoise, interpolated_noise, white_field
from edge.task.synovitis.grades import THIN_MM, combined_grade
from edge.task.synovitis.phantom_anatomy import FingerJoint, Section, section
from edge.task.synovitis.phantom_doppler import Flow, coloured, draw_flow, flash_of
from edge.task.synovitis.phantom_drawing import (
    draw_imaging,
    draw_joint,
    draw_tissue,
    presentable_joint,
    presentable_tissue,
)
from edge.task.synovitis.phantom_echoes import Tissue, finger_echoes
from edge.task.synovitis.spec import HANDS, SynovitisPhantomOptions

LIVE: Final = Imaging(
    depth_mm=18.0, frequency_mhz=15.0, gain_db=-3.0, dynamic_range_db=64.0, focus_mm=8.0, f_number=1.8, noise_db=-74.0
)
BOX_MM: Final = 8.0
"""To either side of the joint, that the colour box covers."""
PERIOD_S: Final = 6.0
TURN_MM: Final = 1.5
"""Beside the midline, or by tilt, until the speckle is another."""
PULSE_HZ: Final = 1.2
USUAL: Final = SynovitisPhantomOptions()


@dataclass(frozen=True, slots=True, eq=False)
class SynovitisPicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey: of a picture in colour its luma."""
    colour: NDArray[np.uint8] | None
    """(height, width, 3) BGR. None: the picture is grey."""
    joint: FingerJoint
    pose: Pose
    off_mm: float
    section: Section
    flow: Flow | None
    mm_per_px: float

    @property
    def region(self) -> NDArray[np.bool_]:
        """(height, width) where the hypertrophy is."""
        return between(self.section, self.section.fluid, self.section.floor, self.pixels.shape, self.mm_per_px)

    @property
    def grade(self) -> int:
        """Of the joint, whatever this plane shows of it."""
        return section(self.joint, Pose(), GRID_MM).grade


GRID_MM: Final = beam_positions(36.0, 360)


def between(
    seen: Section, upper: NDArray[np.float64], lower: NDArray[np.float64], shape: tuple[int, ...], mm_per_px: float
) -> NDArray[np.bool_]:
    """(height, width) between two curves inside the recess, where they are apart."""
    depth = (np.arange(shape[0]) + 0.5)[:, None] * mm_per_px
    there = seen.in_recess & (lower - upper > THIN_MM)
    return np.asarray((depth >= upper) & (depth < lower) & there, bool)


@dataclass(frozen=True, slots=True)
class Colouring:
    """How flow is shown."""

    grade: int
    """Of the flow that is drawn."""
    palette: str = "amber"
    bloom_mm: float = 0.15
    flash: bool = False
    seed: int = 0
    """Of the vessels."""


def synovitis_picture(
    rng: np.random.Generator,
    *,
    joint: FingerJoint | None = None,
    tissue: Tissue | None = None,
    grade: int | None = None,
    pose: Pose | None = None,
    off_mm: float | None = None,
    colouring: Colouring | None = None,
    foreign: bool = False,
    rows: tuple[int, int] = (300, 520),
) -> SynovitisPicture:
    """A joint and a scanner at random. rows: least and most; foreign: outside of what training draws."""
    shown = joint or draw_joint(rng, grade, foreign=foreign)
    imaging, drawn = draw_imaging(rng, foreign=foreign), draw_tissue(rng, foreign=foreign)
    height = int(rng.integers(rows[0], rows[1] + 1))
    width_mm = float(rng.uniform(22, 38))
    shape = height, round(width_mm / (imaging.depth_mm / height))
    held = pose or Pose(
        slide_mm=float(rng.normal(-1.0, 1.6)), tilt_deg=float(rng.normal(0, 2.5)), pressure=float(rng.uniform(0, 0.15))
    )
    beside = float(abs(rng.normal(0, 0.5))) if off_mm is None else off_mm
    speckle, noise = white_field(rng, shape), interpolated_noise(rng, shape)
    return picture_of(shown, tissue or drawn, imaging, held, beside, speckle, noise, colouring)


def picture_of(
    joint: FingerJoint,
    tissue: Tissue,
    imaging: Imaging,
    pose: Pose,
    off_mm: float,
    speckle: Samples,
    noise: Samples,
    colouring: Colouring | None = None,
    pulse: float = 1.0,
) -> SynovitisPicture:
    """speckle, noise: (height, width, 2) of unit power, which give the picture its size; pulse: of the flow, 0 to 1."""
    height, width = speckle.shape[:2]
    mm_per_px = imaging.depth_mm / height
    beams = beam_positions(width * mm_per_px, width)
    seen = section(joint, pose, beams, off_mm)
    pixels = expose(finger_echoes(seen, tissue, imaging, beams, height), speckle, noise, imaging, mm_per_px)
    if colouring is None:
        return SynovitisPicture(pixels, None, joint, pose, off_mm, seen, None, mm_per_px)
    flow, colour = _in_colour(seen, pixels, pose, colouring, pulse, mm_per_px)
    grey = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8)
    return SynovitisPicture(grey, colour, joint, pose, off_mm, seen, flow, mm_per_px)


def _in_colour(
    seen: Section, pixels: NDArray[np.uint8], pose: Pose, how: Colouring, pulse: float, mm_per_px: float
) -> tuple[Flow, NDArray[np.uint8]]:
    rng = np.random.default_rng([881, how.seed])
    height, width = pixels.shape
    region = between(seen, seen.fluid, seen.floor, pixels.shape, mm_per_px)
    depth = (np.arange(height) + 0.5)[:, None] * mm_per_px
    beside = np.asarray((depth > seen.skin_floor) & (depth < seen.tendon[0]))
    flow = draw_flow(rng, region, beside, mm_per_px, how.grade, int(rng.integers(0, 3)))
    near = np.flatnonzero(np.abs(seen.x_mm) < BOX_MM)
    left, right = (int(near[0]), int(near[-1]) + 1) if near.size else (0, width)
    top = max(0, round((float(seen.skin.min()) + 0.4) / mm_per_px))
    bottom = min(height, round((float(seen.floor[near].max()) + 2.0) / mm_per_px)) if near.size else height
    box = (left, top, right - left, max(8, bottom - top))
    left_over = float(np.clip(1 - 1.5 * pose.pressure, 0, 1)) * (0.55 + 0.45 * pulse)
    power = flow.power * np.float32(left_over)
    if how.flash:
        tissue = np.asarray((depth > seen.skin) & (depth < seen.bone))
        power = np.maximum(power, flash_of(rng, tissue, mm_per_px))
    return flow, coloured(pixels, power, box, how.palette, how.bloom_mm, mm_per_px, how.seed)


class SynovitisCine:
    """Pictures of one joint, at any time, the same for the same seed. Not thread-safe."""

    imaging = LIVE

    def __init__(
        self, seed: int, options: SynovitisPhantomOptions = USUAL, *, shape: tuple[int, int] = (440, 640)
    ) -> None:
        rng = np.random.default_rng([77, seed])
        self.shape, self.options, self._seed = shape, options, seed
        head = presentable_joint(rng, options.joint, options.grade)
        notch = (-0.75 * head.head_mm, 0.8, 1.6) if options.erosion else None
        spur = (-0.3 * head.head_mm, 0.6, 0.8) if options.osteophyte else None
        self.joint = replace(head, fluid_mm=options.effusion, erosion=notch, osteophyte=spur)
        self.tissue = presentable_tissue(rng)
        self._slices = [white_field(rng, shape) for _ in range(2)]
        self._noise = KeptNoise(rng, shape)

    def picture(self, t_s: float, imaging: Imaging = LIVE) -> SynovitisPicture:
        pose, off_mm = self.pose(t_s)
        turn = np.radians(90) * (off_mm + 0.25 * pose.tilt_deg) / TURN_MM
        first, second = self._slices
        speckle = np.asarray(cv2.addWeighted(first, float(np.cos(turn)), second, float(np.sin(turn)), 0), np.float32)
        pulse = float(np.exp(-3 * ((t_s * PULSE_HZ) % 1.0)))
        return picture_of(
            self.joint, self.tissue, imaging, pose, off_mm, speckle, self._noise.at(t_s), self.colouring(t_s), pulse
        )

    def dark(self, t_s: float, imaging: Imaging = LIVE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        return self._noise.dark(t_s, imaging)

    def colouring(self, t_s: float) -> Colouring | None:
        asked = self.options
        if asked.doppler is None:
            return None
        flashing = asked.flash and (t_s * 2) % 1.0 < 0.2
        return Colouring(asked.doppler, asked.palette, asked.bloom, flash=flashing, seed=self._seed)

    def pose(self, t_s: float) -> tuple[Pose, float]:
        """How the probe is held at a time, and how far beside the midline."""
        asked = self.options
        away = 0.5 - 0.5 * float(np.cos(2 * np.pi * t_s / PERIOD_S))
        press, tilt, slide = (away if asked.motion == hand else 0.0 for hand in HANDS[:3])
        pressure = min(1.0, asked.pressure + press)
        return Pose(slide_mm=-1.0, tilt_deg=asked.tilt + 14 * tilt, pressure=pressure), asked.off + 3.5 * slide

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """Of what this plane shows under this pressure, but the grade, which is the joint's."""
        pose, off_mm = self.pose(t_s)
        seen = section(self.joint, pose, GRID_MM, off_mm)
        truth = section(self.joint, Pose(), GRID_MM)
        grade = truth.grade
        found = {
            "synovial_area": seen.sizes.area_mm2,
            "synovial_thickness": seen.sizes.thickness_mm,
            "distension": seen.sizes.distension_mm,
            "grey_grade": float(grade),
        }
        if self.options.doppler is None:
            return found
        flow = self.picture(t_s).flow
        assert flow is not None
        return found | {
            "doppler_share": 100 * flow.share,
            "doppler_grade": float(flow.grade),
            "combined_grade": float(combined_grade(grade, flow.grade)),
        }


def open_cine(seed: int, options: SynovitisPhantomOptions) -> SynovitisCine:
    """`phantom:synovitis`."""
    return SynovitisCine(seed, options)
