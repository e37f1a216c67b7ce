"""Peripheral nerves beside vessels between muscles, in section: what there is, and how hand and heart move it.

All is described at rest, in the material's own millimetres. The probe slides along it and presses it: soft tissue
gets lower and as much wider, so that areas stay, save those of veins, which empty.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Pose, Samples
from edge.phantom.soft_tissue import HEARTBEAT_US, SoftTissue
from edge.task.nerve.phantom_oval import CORNERS, Oval, Polygon

SQUEEZE = 0.2
"""By how much full pressure lowers soft tissue."""
EMPTIED = 0.92
"""Share of its height that a vein loses under full pressure."""
SYSTOLE = 0.15
"""Share of the heart's period in which an artery swells."""
BREATH_US = 4_000_000
"""Period in which veins swell and shrink; a whole number of heart beats."""


@dataclass(frozen=True, slots=True, eq=False)
class Nerve:
    """A nerve's section. Its oval is the inner border of the bright rim."""

    oval: Oval
    fascicles: Samples
    """(n, 4): place in halves of the oval's width and height, radius in mm, brightness against the others in dB."""
    ground_db: float
    """Of the epineurium between the fascicles, against the tissue around the nerve."""
    fascicle_db: float
    """Against the epineurium."""
    rim_db: float
    """Against the epineurium."""
    rim_mm: float
    halo_db: float
    """By how much the tissue around it is brighter; falls to 1/e over `halo_mm`."""
    halo_mm: float
    pattern: int
    """Of the epineurium's own streaks."""
    streaks_db: float
    sharpness_mm: float = 0.1
    """Over which fascicles pass into epineurium."""
    fading_db_per_deg2: float = 0.08
    """By the probe's tilt. A tendon fades fast."""


@dataclass(frozen=True, slots=True, eq=False)
class BloodVessel:
    """An artery or a vein, in section. Its oval is the inner border of the wall, in the middle of the heart's beat."""

    oval: Oval
    vein: bool
    inside_db: float
    """Against the tissue around it."""
    clutter_db: float
    """By how much its lumen is brighter under its upper wall."""
    wall_db: float
    """Against the tissue around it."""
    wall_mm: float
    swing: float
    """Share of the radius by which heart or breath change it, to both sides."""
    behind_db: float
    """By how much the tissue under it is brighter at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Bed:
    """Connective tissue in which nerves and vessels lie: streaks on a brighter ground."""

    oval: Oval
    ground_db: float
    streaks_db: float
    pattern: int
    streak_scale: tuple[float, float]
    """Across and along, against the pattern's own millimetres."""
    edge_mm: float
    fold_mm: float = 0.0
    """By how much the streaks rise and fall."""
    fold_length_mm: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """A section across a limb, from the skin down."""

    muscle: SoftTissue
    """With its skin, fat and bone."""
    beds: tuple[Bed, ...]
    decoys: tuple[Nerve, ...]
    """Tendons and the like: drawn as nerves are, but no nerves."""
    nerves: tuple[Nerve, ...]
    vessels: tuple[BloodVessel, ...]
    gain_db: NDArray[np.float64]
    """(table,) of each beam."""
    haze_db: float
    """Of the stray echoes that fill what is dark, against the tissue nearby."""


def beat_at(t_s: float) -> float:
    """-1 to 1: how far the arteries are swollen. A fast rise and a slow fall; repeats exactly."""
    phase = (round(t_s * 1e6) % HEARTBEAT_US) / HEARTBEAT_US
    if phase < SYSTOLE:
        return float(-np.cos(np.pi * phase / SYSTOLE))
    low = np.exp(-3 * (1 - SYSTOLE))
    return float(2 * (np.exp(-3 * (phase - SYSTOLE)) - low) / (1 - low) - 1)


def breath_at(t_s: float) -> float:
    """-1 to 1: how far the veins are swollen; repeats exactly."""
    return float(np.sin(2 * np.pi * (round(t_s * 1e6) % BREATH_US) / BREATH_US))


def beaten(limb: Limb, beat: float, breath: float, pressure: float) -> Limb:
    """Its vessels at a moment, still in the material's own millimetres."""
    return replace(limb, vessels=tuple(_beaten(vessel, beat, breath, pressure) for vessel in limb.vessels))


def _beaten(vessel: BloodVessel, beat: float, breath: float, pressure: float) -> BloodVessel:
    if not vessel.vein:
        swollen = 1 + vessel.swing * beat
        return replace(vessel, oval=vessel.oval.grown(swollen, swollen))
    swollen = 1 + vessel.swing * breath * (1 - pressure)
    oval = vessel.oval.grown(swollen * (1 + 0.1 * pressure), swollen * (1 - EMPTIED * pressure))
    bumps = tuple(wave * (1 - 0.7 * pressure) for wave in oval.waves)
    return replace(vessel, oval=replace(oval, waves=bumps))


@dataclass(frozen=True, slots=True)
class Press:
    """Where the material goes as the probe slides and presses."""

    slide_mm: float
    squeeze: float
    """Height under pressure against that at rest."""

    @classmethod
    def of(cls, pose: Pose) -> "Press":
        return cls(pose.slide_mm, 1 - SQUEEZE * pose.pressure)

    def outline(self, oval: Oval, corners: int = CORNERS) -> Polygon:
        """As the picture shows it."""
        return oval.outline(corners) * (1 / self.squeeze, self.squeeze) - (self.slide_mm, 0.0)
