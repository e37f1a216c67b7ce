"""Pictures of an infant's hip with the truth that belongs to them: single ones at random, and one hip under a hand that
sweeps through the standard plane."""

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
from edge.task.hip.lines import Landmarks
from edge.task.hip.phantom_anatomy import Hip, Section, is_standard, usual_beta_deg
from edge.task.hip.phantom_drawing import (
    BETA_SPAN,
    COVERAGE_AT_60,
    COVERAGE_PER_DEG,
    COVERAGE_SPAN,
    draw_hip,
    draw_imaging,
    draw_tissue,
    presentable_hip,
    presentable_tissue,
)
from edge.task.hip.phantom_echoes import Tissue, hip_echoes
from edge.task.hip.spec import HANDS, NOTHING, SIDES, HipPhantomOptions

LIVE_HIP: Final = Imaging(
    depth_mm=42.0, frequency_mhz=9.0, gain_db=-8.0, dynamic_range_db=66.0, focus_mm=20.0, f_number=2.0
)
SWEEP_DEG: Final = 18.0
"""Of the plane to either side of where it is held; the hand dwells in the middle."""
PERIOD_S: Final = 8.0
NUCLEUS_WEEKS: Final = 16.0
USUAL: Final = HipPhantomOptions()
TURN_DEG: Final = 8.0
"""By which the plane is tilted until its speckle is another."""


@dataclass(frozen=True, slots=True, eq=False)
class HipPicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    hip: Hip
    pose: Pose
    rotation_deg: float
    section: Section
    mm_per_px: float

    @property
    def standard(self) -> bool:
        return is_standard(self.hip, self.pose, self.rotation_deg)

    def landmarks_px(self) -> Landmarks:
        """The true landmarks in pixels of the picture."""
        return scaled(self.section.landmarks(), 1 / self.mm_per_px, self.pixels.shape[1])


def scaled(marks: Landmarks, px_per_mm: float, width_px: int) -> Landmarks:
    """From the picture's mm to its pixels, whose centres lie at whole numbers."""
    middle = np.array((width_px / 2 - 0.5, -0.5))

    def px(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(points * px_per_mm + middle)

    labrum = None if marks.labrum is None else px(marks.labrum)
    head = None if marks.head is None else px(marks.head)
    ilium, roof, rim, limb = (px(one) for one in (marks.ilium, marks.roof, marks.rim, marks.lower_limb))
    return Landmarks(ilium, roof, rim, limb, labrum, head, marks.head_radius * px_per_mm)


def hip_picture(
    rng: np.random.Generator,
    *,
    hip: Hip | None = None,
    tilt_deg: float = 0.0,
    rotation_deg: float = 0.0,
    rows: tuple[int, int] = (300, 560),
) -> HipPicture:
    """A hip and a scanner at random, or the given `hip`, in the plane that is tilted so. rows: least and most."""
    depth_mm, width_mm = float(rng.uniform(36, 52)), float(rng.uniform(42, 58))
    height = int(rng.integers(rows[0], rows[1] + 1))
    mm_per_px = depth_mm / height
    shape = height, round(width_mm / mm_per_px)
    drawn = draw_hip(rng, depth_mm, width_mm)
    tissue, imaging = draw_tissue(rng), draw_imaging(rng, depth_mm)
    pose = Pose(tilt_deg=tilt_deg, pressure=float(rng.uniform(0, 0.6)))
    speckle, noise = white_field(rng, shape), interpolated_noise(rng, shape)
    shown = drawn if hip is None else replace(hip, vertex_mm=drawn.vertex_mm)
    return picture_of(shown, tissue, imaging, pose, rotation_deg, shape, speckle, noise)


def picture_of(
    hip: Hip,
    tissue: Tissue,
    imaging: Imaging,
    pose: Pose,
    rotation_deg: float,
    shape: tuple[int, int],
    speckle: Samples,
    noise: Samples,
) -> HipPicture:
    """The picture of (height, width). speckle, noise: (height, width, 2) of unit power."""
    mm_per_px = imaging.depth_mm / shape[0]
    x_mm = beam_positions(shape[1] * mm_per_px, shape[1])
    echoes, seen = hip_echoes(hip, tissue, imaging, pose, rotation_deg, x_mm, shape[0])
    pixels = expose(echoes, speckle, noise, imaging, mm_per_px)
    return HipPicture(pixels, hip, pose, rotation_deg, seen, mm_per_px)


class HipCine:
    """Pictures of one hip, (height, width), at any time, the same for the same seed. Not thread-safe."""

    imaging = LIVE_HIP

    def __init__(
        self,
        seed: int,
        options: HipPhantomOptions = USUAL,
        *,
        shape: tuple[int, int] = (480, 560),
    ) -> None:
        rng = np.random.default_rng(seed)
        self.shape, self.options = shape, options
        self.hip = configured(presentable_hip(rng), options)
        self.tissue = presentable_tissue(rng)
        self._slices = [white_field(rng, shape) for _ in range(2)]
        self._noise = KeptNoise(rng, shape)

    def picture(self, t_s: float, imaging: Imaging = LIVE_HIP) -> HipPicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        pose = self.pose(t_s)
        turn = np.radians(90) * pose.tilt_deg / TURN_DEG
        first, second = self._slices
        speckle = np.asarray(cv2.addWeighted(first, float(np.cos(turn)), second, float(np.sin(turn)), 0), np.float32)
        noise = self._noise.at(t_s)
        return picture_of(self.hip, self.tissue, imaging, pose, self.options.rotation, self.shape, speckle, noise)

    def dark(self, t_s: float, imaging: Imaging = LIVE_HIP) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        return self._noise.dark(t_s, imaging)

    def pose(self, t_s: float) -> Pose:
        """How the probe is held at a time: the sweep begins in the plane that the options ask for, and comes back."""
        away = float(np.sin(2 * np.pi * t_s / PERIOD_S)) ** 3 if self.options.motion == HANDS[0] else 0.0
        return Pose(tilt_deg=self.options.tilt + SWEEP_DEG * away, pressure=self.options.pressure)

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """The hip's own angles, which the standard plane shows and a tilted one does not."""
        return {"alpha": self.hip.alpha_deg, "beta": self.hip.beta_deg, "head_coverage": self.hip.coverage}


def configured(hip: Hip, options: HipPhantomOptions) -> Hip:
    """The hip as the options ask for it; an asked alpha brings its usual coverage and beta with it."""
    coverage = options.coverage
    if coverage is None and options.alpha is not None:
        coverage = float(np.clip(COVERAGE_AT_60 + COVERAGE_PER_DEG * (options.alpha - 60), *COVERAGE_SPAN))
    asked = replace(
        hip,
        alpha_deg=hip.alpha_deg if options.alpha is None else options.alpha,
        coverage=hip.coverage if coverage is None else coverage,
        age_weeks=hip.age_weeks if options.age is None else options.age,
    )
    grown = asked.radius_mm if options.age is None else 7.0 + 0.11 * options.age
    nucleus = 0.1 * (options.age - NUCLEUS_WEEKS) + 1.0 if options.age and options.age >= NUCLEUS_WEEKS else 0.0
    missing = frozenset() if options.without == NOTHING else frozenset((options.without,))
    left = options.side == SIDES[0]
    shown = replace(asked, radius_mm=grown, nucleus_mm=nucleus, missing=missing, left=left)
    usual = usual_beta_deg(shown) - 1.0 if options.alpha is not None else hip.beta_deg
    return replace(shown, beta_deg=float(np.clip(usual, *BETA_SPAN)) if options.beta is None else options.beta)


def open_cine(seed: int, options: HipPhantomOptions) -> HipCine:
    """`phantom:hip`."""
    return HipCine(seed, options)
