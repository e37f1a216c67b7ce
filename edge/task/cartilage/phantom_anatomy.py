"""The femoral trochlea in the suprapatellar transverse view, knee bent: skin, fat, tendon, fat pad, fluid, cartilage,
bone; what they send back, and the true band of cartilage.

Curves are tables over the lateral position; a table has two slices of the knee, between which the sweep moves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import skin_contact
from edge.phantom.bmode import SPECKLE_EDGE_SIGMAS, leading_edge_mm
from edge.phantom.records import Echoes, Imaging, Interface, Pose, Samples
from edge.phantom.texture import Texture, sample_texture

TABLE_X_MM = np.arange(-60.0, 60.01, 0.25)
"""Lateral positions of all tables."""
FLUID_DB = -12.0
"""Darker than this, the layer over the cartilage is taken for fluid."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A soft tissue above the cartilage."""

    bottom_share: NDArray[np.float64]
    """(table,) depth of its lower border as a share of the way from the skin to the cartilage."""
    level_db: float
    """Mean echogenicity against soft tissue."""
    texture_db: float
    """How much its streaks and lobules vary around the mean."""
    border: NDArray[np.float64]
    """(table,) amplitude of the interface at its lower border where the beam meets it at a right angle."""
    softness_mm: float
    """Height over which it passes into the next layer."""


@dataclass(frozen=True, slots=True, eq=False)
class Trochlea:
    """One knee. Tables are (slices 2, table) where they change with the sweep."""

    bone_mm: NDArray[np.float64]
    thickness_mm: NDArray[np.float64]
    """Of the cartilage, at a right angle to the bone; 0 where there is none."""
    layers: tuple[Layer, ...]
    """From the skin down; the last one ends at the cartilage."""
    cartilage_db: float
    cartilage_slope_db: float
    """Echogenicity at the bone less that at the upper border."""
    upper_amplitude: float
    bone_amplitude: float
    angle_power: float
    """Interfaces fade with the cosine of their angle to the beam to this power."""
    rough_share: float
    """Share of the bone's echo that no angle takes away."""
    haze_db: float
    """Multiple scattering seen just below the bone."""
    haze_reach_mm: float
    """Depth over which the haze falls to 1/e."""
    reverberation: float
    """Amplitude of the second echo between skin and bone, against the first."""
    contact: tuple[float, float]
    """Lateral limits of skin contact in mm; beyond, the picture is dark."""
    coupling_db: NDArray[np.float64]
    """(table,) gain of each beam: hair, gas, edges that take sound away."""
    texture: Texture
    patches_db: NDArray[np.float64]
    """(3, table) how bone, cartilage surface and second echo vary along their course."""
    bone_db: float
    """Diffuse scatter of the bone's rough surface, under its smooth echo."""
    bone_mm_deep: float
    """Depth over which that scatter falls to 1/e."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueBand:
    """The cartilage as it truly is, beam by beam. Depths in mm under the skin; NaN where there is none."""

    x_mm: NDArray[np.float64]
    """(beams,) lateral position from the picture's centre line."""
    upper_mm: NDArray[np.float64]
    """(beams,) interface to fluid or soft tissue."""
    lower_mm: NDArray[np.float64]
    """(beams,) interface to bone."""


def echoes(
    knee: Trochlea, imaging: Imaging, pose: Pose, x_mm: NDArray[np.float64], rows: int
) -> tuple[Echoes, TrueBand]:
    """What a beam at each of `x_mm` (beams,) sends back from `rows` depths, and the true band."""
    table_x = x_mm + pose.slide_mm
    upper, bone = _surfaces(knee, pose, table_x)
    contact = skin_contact(table_x, knee.contact)
    depth_mm = ((np.arange(rows) + 0.5) * imaging.depth_mm / rows)[:, None]
    slope = np.gradient(bone, x_mm)
    tilted = np.cos(np.radians(pose.tilt_deg)) ** (8 * knee.angle_power)
    facing = np.cos(np.arctan(slope)) ** knee.angle_power * tilted
    gain = contact * 10 ** (np.interp(table_x, TABLE_X_MM, knee.coupling_db) / 20)
    patches = gain * 10 ** (np.stack([np.interp(table_x, TABLE_X_MM, p) for p in knee.patches_db]) / 20)
    level_db, borders = _soft_tissue(knee, imaging, upper, table_x, depth_mm)
    level_db = _below(knee, level_db, upper, bone, depth_mm, imaging)
    scatter = np.exp(level_db * np.float32(np.log(10) / 20)) * gain.astype(np.float32)
    bone_echo = knee.bone_amplitude * (knee.rough_share + (1 - knee.rough_share) * facing)
    upper_echo = np.where(upper < bone, knee.upper_amplitude * facing, 0.0)
    interfaces = (
        *(_interface(depth, amplitude * tilted * gain) for depth, amplitude in borders),
        _interface(upper - _merged_mm(knee, imaging), upper_echo * patches[1]),
        _interface(bone, bone_echo * patches[0]),
        _interface(2 * bone + 0.6, bone_echo * knee.reverberation * patches[2]),
    )
    return Echoes(scatter, interfaces), _seen_band(x_mm, upper, bone, contact, imaging)


def true_band(knee: Trochlea, imaging: Imaging, pose: Pose, x_mm: NDArray[np.float64]) -> TrueBand:
    """The cartilage where it is seen: under skin contact and inside the depth."""
    table_x = x_mm + pose.slide_mm
    return _seen_band(x_mm, *_surfaces(knee, pose, table_x), skin_contact(table_x, knee.contact), imaging)


def _seen_band(
    x_mm: NDArray[np.float64],
    upper: NDArray[np.float64],
    bone: NDArray[np.float64],
    contact: NDArray[np.float64],
    imaging: Imaging,
) -> TrueBand:
    seen = (bone - upper > 0.05) & (contact > 0.5) & (bone < imaging.depth_mm)
    return TrueBand(x_mm, np.where(seen, upper, np.nan), np.where(seen, bone, np.nan))


def _surfaces(
    knee: Trochlea, pose: Pose, table_x: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Upper border of the cartilage, and the bone under it and beside it, mm under the skin."""
    share = (np.clip(pose.sweep, -1, 1) + 1) / 2
    bone_table = (1 - share) * knee.bone_mm[0] + share * knee.bone_mm[1]
    thick_table = (1 - share) * knee.thickness_mm[0] + share * knee.thickness_mm[1]
    # A band of thickness t at a right angle to a slope s measures t * sqrt(1 + s^2) along the beam.
    vertical = thick_table * np.sqrt(1 + np.gradient(bone_table, TABLE_X_MM) ** 2)
    upper_table = bone_table - vertical
    pressed = (upper_table.mean()) * pose.pressure / 3
    bone = np.interp(table_x, TABLE_X_MM, bone_table) - pressed
    upper = np.interp(table_x, TABLE_X_MM, upper_table) - pressed
    return upper, bone


def _soft_tissue(
    knee: Trochlea,
    imaging: Imaging,
    upper: NDArray[np.float64],
    table_x: NDArray[np.float64],
    depth_mm: NDArray[np.float64],
) -> tuple[Samples, list[tuple[NDArray[np.float64], NDArray[np.float64]]]]:
    """Decibels (depth, beams) of the layers, as if they went on to the bottom; depth and amplitude of each border."""
    depth = depth_mm.astype(np.float32)
    streaks = sample_texture(knee.texture, table_x, depth_mm, upper)
    level = np.full(streaks.shape, knee.layers[0].level_db, np.float32)
    spread = np.full(streaks.shape, knee.layers[0].texture_db, np.float32)
    borders = []
    for above, layer in zip(knee.layers, knee.layers[1:], strict=False):
        border = upper * np.interp(table_x, TABLE_X_MM, above.bottom_share)
        edge = (border - imaging.axial_sigma_mm).astype(np.float32)
        passed = np.clip((depth - edge) / np.float32(above.softness_mm) + np.float32(0.5), 0, 1)
        level += passed * (np.float32(layer.level_db) - level)
        spread += passed * (np.float32(layer.texture_db) - spread)
        facing = np.cos(np.arctan(np.gradient(border, table_x))) ** knee.angle_power
        borders.append((border, np.interp(table_x, TABLE_X_MM, above.border) * facing))
    return level + spread * streaks, borders


def _merged_mm(knee: Trochlea, imaging: Imaging) -> float:
    """How far above the border its echo starts.

    Under dark fluid the examiner marks the bright line's leading edge. Under bright tissue the line merges with it,
    and what is marked is where the brightness ends: a whole pulse deeper.
    """
    return 2 * leading_edge_mm(imaging) if knee.layers[-1].level_db > FLUID_DB else 0.0


def _below(
    knee: Trochlea,
    level_db: Samples,
    upper: NDArray[np.float64],
    bone: NDArray[np.float64],
    depth_mm: NDArray[np.float64],
    imaging: Imaging,
) -> Samples:
    """Writes cartilage and the bone's haze over the decibels of the soft tissue."""
    lead = np.float32(SPECKLE_EDGE_SIGMAS * imaging.axial_sigma_mm)
    depth, roof, floor = (values.astype(np.float32) for values in (depth_mm, upper, bone))
    slope = (knee.cartilage_slope_db / np.maximum(bone - upper, 1e-3)).astype(np.float32)
    cartilage = np.clip(depth - roof, 0, floor - roof) * slope + np.float32(knee.cartilage_db)
    under = np.maximum(depth - floor, 0) * np.float32(20 / np.log(10))
    deep: Samples = np.float32(knee.bone_db) - under / np.float32(knee.bone_mm_deep)
    np.maximum(deep, np.float32(knee.haze_db) - under / np.float32(knee.haze_reach_mm), out=deep)
    np.copyto(deep, cartilage, where=depth <= floor + lead)
    np.copyto(deep, level_db, where=depth <= roof - lead)
    return deep


def _interface(depth_mm: NDArray[np.float64], amplitude: NDArray[np.float64]) -> Interface:
    return Interface(depth_mm.astype(np.float32), amplitude.astype(np.float32))
