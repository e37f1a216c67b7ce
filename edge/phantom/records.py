"""The simulated probe, its settings and how it is held; what tissue sends back to it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Values on the grid of rows and beams, or on a part of it."""

SPEED_OF_SOUND_MM_PER_US = 1.54


@dataclass(frozen=True, slots=True)
class Transducer:
    """A linear array, or a curved one where `radius_mm` is given."""

    width_mm: float = 50.0
    """Length of the array; for a curved one along its arc."""
    radius_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Imaging:
    """Settings of the scanner."""

    depth_mm: float = 30.0
    frequency_mhz: float = 10.0
    gain_db: float = 0.0
    dynamic_range_db: float = 60.0
    focus_mm: float = 15.0
    tgc_db: tuple[float, ...] = (0.0,) * 8
    """Eight sliders, the shallowest first, added to the scanner's own compensation."""
    cycles: float = 1.6
    """Length of the pulse in wavelengths (full width at half maximum)."""
    f_number: float = 2.0
    """Of the receiving aperture: the beam's width at the focus is wavelength times this."""
    noise_db: float = -78.0
    """Electronic noise before the depth compensation, against soft tissue at the skin."""
    smoothing: float = 0.4
    """Speckle reduction, 0 (none) to 1."""
    gamma: float = 1.0
    """Grey map: 1 is linear in decibels."""
    transmit_power_db: float = 0.0
    """0 or less: lowers what comes back, not the noise."""

    @property
    def wavelength_mm(self) -> float:
        return SPEED_OF_SOUND_MM_PER_US / self.frequency_mhz

    @property
    def axial_sigma_mm(self) -> float:
        """Standard deviation of the pulse's envelope in depth (two-way path halves it)."""
        return self.cycles * self.wavelength_mm / 2 / 2.355 + 0.02

    def lateral_sigma_mm(self, depth_mm: float) -> float:
        """Standard deviation of the beam's width at a depth: narrowest at the focus."""
        off_focus = abs(depth_mm - self.focus_mm) / (self.focus_mm + 15.0)
        return self.wavelength_mm * self.f_number * (1 + 1.5 * off_focus) / 2.355


@dataclass(frozen=True, slots=True)
class Pose:
    """How the probe is held on the anatomy."""

    slide_mm: float = 0.0
    """Sideways, along the array."""
    sweep: float = 0.0
    """Across the picture's plane, -1 to 1: another slice of the same anatomy."""
    tilt_deg: float = 0.0
    """Of the plane out of the perpendicular: bright interfaces fade."""
    pressure: float = 0.0
    """0 to 1: soft tissue is pressed to two thirds of its height."""


@dataclass(frozen=True, slots=True, eq=False)
class Interface:
    """A smooth surface that reflects. One value per beam, float32."""

    depth_mm: Samples
    """Of the echo's leading edge; NaN where there is none."""
    amplitude: Samples
    """Of the echo's peak against soft tissue, its angle to the beam taken in."""


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """What an anatomy sends back, on the beams' grid."""

    scatter: Samples
    """(depth, beams) float32 amplitude of diffuse scatterers that comes back; 1 is soft tissue at the skin."""
    interfaces: tuple[Interface, ...]
    coherence: Samples = field(default_factory=lambda: np.zeros((1, 1), np.float32))
    """(depth, beams), or (1, 1) for all: strength of the even echo that lines and faces add to their scatterers."""
