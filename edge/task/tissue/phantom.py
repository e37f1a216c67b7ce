"""Muscle that is infiltrated to a graded degree, patient by patient, with several pictures of each.

With the degree the ground between the fascicles gets brighter, finer and patchy, the perimysium's lines break up and
fade, the aponeuroses lose contrast, and less comes back from the depth: as fat and connective tissue replace fibres
(the visual grades of Heckmatt 1982, J Pediatr 101:656). The course over the degree is made up: it was not fitted to
patients.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.phantom.anatomy import Sizes
from edge.phantom.beams import beam_positions
from edge.phantom.bmode import expose
from edge.phantom.records import Imaging, Samples
from edge.phantom.soft_tissue import Belly, SoftTissue
from edge.phantom.soft_tissue_drawing import presentable_soft_tissue
from edge.phantom.soft_tissue_echoes import section
from edge.phantom.speckle import (
    KeptNoise,
    carried_field,
    carried_speckle,
    interpolated_noise,
    material_grid,
    white_field,
)
from edge.task.tissue.spec import TissuePhantomOptions

LIVE_TISSUE = Imaging(depth_mm=40.0, frequency_mhz=10.0, dynamic_range_db=64.0, focus_mm=16.0, f_number=2.2)
SLIDE_MM = 6.0
PERIOD_S = 6.0
INFILTRATED = 0.25
"""Degree from which a muscle is called infiltrated."""
HEALTHY = (0.0, 0.12)
ILL = (0.3, 1.0)
"""Degrees that patients are drawn with: none near the border, where the label would mean nothing."""
PLACES_MM = 25.0
"""How far from the middle a patient's pictures are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """One person's muscle."""

    seed: int
    degree: float
    """0: healthy, 1: replaced."""
    muscle: SoftTissue

    @property
    def infiltrated(self) -> bool:
        return self.degree >= INFILTRATED


@dataclass(frozen=True, slots=True, eq=False)
class TissuePicture:
    """A picture of square pixels of one patient."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    muscle: NDArray[np.uint8]
    """(height, width) 1 within the uppermost belly, its aponeuroses left out."""
    degree: float
    mm_per_px: float


def draw_patient(seed: int, degree: float | None = None) -> Patient:
    """The same person for the same seed, whatever the degree. degree: 0 to 1; None: drawn, every other one healthy."""
    rng = np.random.default_rng([517, seed])
    muscle = _person(rng)
    usual = rng.uniform(*(HEALTHY if rng.random() < 0.5 else ILL))
    degree = float(usual) if degree is None else degree
    return Patient(seed, degree, _infiltrated(rng, muscle, degree))


def patient_picture(patient: Patient, number: int, longer_px: int = 384) -> TissuePicture:
    """Picture `number` of a patient: another place, another gain and another frequency each time."""
    rng = np.random.default_rng([518, patient.seed, number])
    imaging = _draw_imaging(rng)
    width_mm = rng.uniform(34, 50)
    mm_per_px = max(width_mm, imaging.depth_mm) / longer_px
    shape = round(imaging.depth_mm / mm_per_px), round(width_mm / mm_per_px)
    place_mm = rng.uniform(-PLACES_MM, PLACES_MM)
    speckle, noise = white_field(rng, shape), interpolated_noise(rng, shape)
    return _taken(patient, imaging, shape, place_mm, speckle, noise)


def _taken(
    patient: Patient, imaging: Imaging, shape: tuple[int, int], place_mm: float, speckle: Samples, noise: Samples
) -> TissuePicture:
    mm_per_px = imaging.depth_mm / shape[0]
    x_mm = beam_positions(shape[1] * mm_per_px, shape[1]) + place_mm
    found = section(patient.muscle, imaging, x_mm, shape[0])
    pixels = expose(found.echoes, speckle, noise, imaging, mm_per_px)
    belly = (found.truth.layer == 1) & (found.truth.sheet < 0.1)
    return TissuePicture(pixels, belly.astype(np.uint8), patient.degree, mm_per_px)


def _person(rng: np.random.Generator) -> SoftTissue:
    """Healthy; people differ in how bright and how coarse their muscle is."""
    muscle = presentable_soft_tissue(rng)
    brighter, coarser = rng.normal(0, 2.0), np.exp(rng.normal(0, 0.15))
    across = rng.random() < 0.4
    return replace(
        muscle,
        bellies=tuple(
            replace(
                belly,
                ground_db=belly.ground_db + brighter,
                strand_scale=(belly.strand_scale[0] * coarser, belly.strand_scale[1] * (0.2 if across else 1.0)),
                rest=replace(belly.rest, angle_rad=belly.rest.angle_rad * (0.4 if across else 1.0)),
                patches_db=1.5,
            )
            for belly in muscle.bellies
        ),
    )


def _infiltrated(rng: np.random.Generator, muscle: SoftTissue, degree: float) -> SoftTissue:
    bellies = tuple(_replaced(belly, degree, rng.normal(0, 1, (4, 18))) for belly in muscle.bellies)
    sheets = tuple(replace(sheet, level_db=sheet.level_db - 6 * degree) for sheet in muscle.sheets)
    return replace(muscle, bellies=bellies, sheets=sheets, deep_db=muscle.deep_db - 8 * degree)


def _replaced(belly: Belly, degree: float, patches: NDArray[np.float64]) -> Belly:
    if degree == 0:
        return belly
    clear = np.clip(1 - 1.05 * degree + 0.35 * np.sqrt(degree) * patches, 0, 1).astype(np.float32)
    across, along = belly.strand_scale
    return replace(
        belly,
        ground_db=belly.ground_db + 23 * degree**0.7,
        rise_db=belly.rise_db - 12 * degree,
        line_db=belly.line_db * (1 - 0.65 * degree),
        coherence=belly.coherence * (1 - degree),
        patches_db=belly.patches_db + 2.5 * degree,
        strand_scale=(across * (1 - 0.35 * degree), along * (1 - 0.7 * degree)),
        clear=clear,
    )


def _draw_imaging(rng: np.random.Generator) -> Imaging:
    depth_mm = rng.uniform(30, 50)
    return Imaging(
        depth_mm=depth_mm,
        frequency_mhz=rng.uniform(8, 14),
        gain_db=rng.normal(-1, 4),
        dynamic_range_db=rng.uniform(54, 80),
        focus_mm=rng.uniform(0.25, 0.6) * depth_mm,
        tgc_db=tuple(rng.normal(0, 1.5, 8) + rng.normal(0, 3) * np.linspace(0, 1, 8)),
        cycles=rng.uniform(1.0, 2.0),
        f_number=rng.uniform(1.2, 3.5),
        noise_db=rng.uniform(-95, -70),
        smoothing=rng.uniform(0, 0.8),
        gamma=10 ** rng.normal(0, 0.06),
    )


class TissueCine:
    """Pictures of one patient, (height, width), at any time, the same for the same seed and degree. Not thread-safe."""

    imaging = LIVE_TISSUE

    def __init__(
        self, seed: int, *, shape: tuple[int, int] = (480, 640), motion: str = "slide", degree: float = 0.0
    ) -> None:
        """motion: one of `spec.SWEEPS`. degree: 0 to 1."""
        rng = np.random.default_rng([519, seed])
        self.shape, self.motion = shape, motion
        self.patient = draw_patient(seed, degree)
        self._scatterers = carried_field(rng)
        self._noise = KeptNoise(rng, shape)

    def picture(self, t_s: float, imaging: Imaging = LIVE_TISSUE) -> TissuePicture:
        """The picture at a time. Pixels are square; a shallow depth shows fewer millimetres across."""
        rows, beams = self.shape
        mm_per_px = imaging.depth_mm / rows
        place_mm = SLIDE_MM * float(np.sin(2 * np.pi * t_s / PERIOD_S)) if self.motion == "slide" else 0.0
        x_mm = beam_positions(mm_per_px * beams, beams) + place_mm
        depth_mm = (np.arange(rows) + 0.5) * mm_per_px
        speckle = carried_speckle(self._scatterers, material_grid(x_mm, depth_mm), mm_per_px)
        return _taken(self.patient, imaging, self.shape, place_mm, speckle, self._noise.at(t_s))

    def dark(self, t_s: float, imaging: Imaging = LIVE_TISSUE) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        return self._noise.dark(t_s, imaging)

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """None of its findings' values has a true one: a kind of tissue is no size."""
        return {}


def open_cine(seed: int, options: TissuePhantomOptions) -> TissueCine:
    """`phantom:tissue`."""
    return TissueCine(seed, motion=options.motion, degree=options.degree)
