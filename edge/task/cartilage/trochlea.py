"""The femoral trochlea in the suprapatellar transverse view, knee bent: skin, fat, tendon, fat pad,
fluid, cartilage, bone.

Curves are tables over the lateral position; a table has two slices of the knee, between which the sweep moves.
Normal thickness at rest 2 to 3 mm, sulcus thickest (Kauppinen 2021); the drawn range reaches from thinned to young.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import SPECKLE_EDGE_SIGMAS, leading_edge_mm
from edge.phantom.records import Band, Echoes, Imaging, Interface, Pose
from edge.phantom.texture import Texture, sample_texture, smooth_curve

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


def echoes(knee: Trochlea, imaging: Imaging, pose: Pose, x_mm: NDArray[np.float64], rows: int) -> tuple[Echoes, Band]:
    """What a beam at each of `x_mm` (beams,) sends back from `rows` depths, and the true band."""
    table_x = x_mm + pose.slide_mm
    upper, bone = _surfaces(knee, pose, table_x)
    contact = _contact(knee, table_x)
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


def true_band(knee: Trochlea, imaging: Imaging, pose: Pose, x_mm: NDArray[np.float64]) -> Band:
    """The cartilage where it is seen: under skin contact and inside the depth."""
    table_x = x_mm + pose.slide_mm
    return _seen_band(x_mm, *_surfaces(knee, pose, table_x), _contact(knee, table_x), imaging)


def _seen_band(
    x_mm: NDArray[np.float64],
    upper: NDArray[np.float64],
    bone: NDArray[np.float64],
    contact: NDArray[np.float64],
    imaging: Imaging,
) -> Band:
    seen = (bone - upper > 0.05) & (contact > 0.5) & (bone < imaging.depth_mm)
    return Band(x_mm, np.where(seen, upper, np.nan), np.where(seen, bone, np.nan))


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


def _contact(knee: Trochlea, table_x: NDArray[np.float64]) -> NDArray[np.float64]:
    left, right = knee.contact
    rise, fall = (1 + np.exp(-np.clip(edge / 0.4, -30, 30)) for edge in (table_x - left, right - table_x))
    return np.asarray(1 / (rise * fall))


def _soft_tissue(
    knee: Trochlea,
    imaging: Imaging,
    upper: NDArray[np.float64],
    table_x: NDArray[np.float64],
    depth_mm: NDArray[np.float64],
) -> tuple[NDArray[np.float32], list[tuple[NDArray[np.float64], NDArray[np.float64]]]]:
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
    level_db: NDArray[np.float32],
    upper: NDArray[np.float64],
    bone: NDArray[np.float64],
    depth_mm: NDArray[np.float64],
    imaging: Imaging,
) -> NDArray[np.float32]:
    """Writes cartilage and the bone's haze over the decibels of the soft tissue."""
    lead = np.float32(SPECKLE_EDGE_SIGMAS * imaging.axial_sigma_mm)
    depth, roof, floor = (values.astype(np.float32) for values in (depth_mm, upper, bone))
    slope = (knee.cartilage_slope_db / np.maximum(bone - upper, 1e-3)).astype(np.float32)
    cartilage = np.clip(depth - roof, 0, floor - roof) * slope + np.float32(knee.cartilage_db)
    under = np.maximum(depth - floor, 0) * np.float32(20 / np.log(10))
    deep: NDArray[np.float32] = np.float32(knee.bone_db) - under / np.float32(knee.bone_mm_deep)
    np.maximum(deep, np.float32(knee.haze_db) - under / np.float32(knee.haze_reach_mm), out=deep)
    np.copyto(deep, cartilage, where=depth <= floor + lead)
    np.copyto(deep, level_db, where=depth <= roof - lead)
    return deep


def _interface(depth_mm: NDArray[np.float64], amplitude: NDArray[np.float64]) -> Interface:
    return Interface(depth_mm.astype(np.float32), amplitude.astype(np.float32))


def draw_trochlea(rng: np.random.Generator, shape: Mapping[str, float] | None = None) -> Trochlea:
    """A knee at random, from thinned cartilage to a young adult's, of this shape where one is given."""
    depth = rng.uniform(9, 26)
    layers = _draw_layers(rng)
    # Under fluid as dark as itself the cartilage shows only by its surface.
    surface = 1 if layers[-1].level_db <= FLUID_DB else rng.choice([0, 1])
    bones, thicknesses = zip(*(_draw_slice(rng, depth, base) for base in [shape or draw_shape(rng)] * 2), strict=True)
    return Trochlea(
        bone_mm=np.stack(bones),
        thickness_mm=np.stack(thicknesses),
        layers=layers,
        cartilage_db=rng.uniform(-42, -12),
        cartilage_slope_db=rng.normal(0, 3),
        upper_amplitude=float(surface * 10 ** rng.uniform(-0.2, 0.9)),
        bone_amplitude=10 ** rng.uniform(0.3, 1.7),
        angle_power=rng.uniform(3, 25),
        rough_share=rng.uniform(0.05, 0.5),
        haze_db=rng.uniform(-40, -6),
        haze_reach_mm=rng.uniform(3, 25),
        reverberation=float(rng.choice([0, 1], p=[0.7, 0.3]) * rng.uniform(0.0, 0.12)),
        contact=_draw_contact(rng),
        coupling_db=smooth_curve(rng, TABLE_X_MM, rng.uniform(1, 10), rng.uniform(0, 4)),
        texture=Texture.draw(rng),
        patches_db=np.stack([_draw_patches(rng) for _ in range(3)]),
        bone_db=rng.uniform(-10, 22),
        bone_mm_deep=rng.uniform(0.05, 0.4),
    )


def draw_shape(rng: np.random.Generator) -> dict[str, float]:
    """Centre, heights, widths of the bone and thicknesses of the cartilage, in mm and shares."""
    return {
        "centre": rng.uniform(-9, 9),
        "height_left": rng.uniform(1.5, 9.5),
        "height_right": rng.uniform(1.5, 9.5),
        "width_left": rng.uniform(9, 23),
        "width_right": rng.uniform(9, 23),
        "sharp": rng.uniform(0.7, 1.5),
        "fall": rng.uniform(0.0, 0.03),
        "slant": np.tan(np.radians(rng.normal(0, 6))),
        "sulcus": rng.uniform(1.0, 4.2),
        "left": rng.uniform(0.7, 3.4),
        "right": rng.uniform(0.7, 3.4),
        "reach_left": rng.uniform(0.9, 1.9),
        "reach_right": rng.uniform(0.9, 1.9),
    }


def _draw_slice(
    rng: np.random.Generator, depth: float, base: Mapping[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bone depth and cartilage thickness (table,) of one slice near `base`."""
    now = {name: value * rng.uniform(0.94, 1.06) for name, value in base.items()}
    u = TABLE_X_MM - now["centre"]
    left = u < 0
    width = np.where(left, now["width_left"], now["width_right"])
    height = np.where(left, now["height_left"], now["height_right"])
    t = np.abs(u) / width
    rise = ((1 - np.cos(np.pi * np.minimum(t, 1))) / 2) ** now["sharp"]
    bone = depth + height.mean() * 0.5 - height * rise + now["fall"] * np.maximum(np.abs(u) - width, 0) ** 2
    bone += now["slant"] * u + smooth_curve(rng, TABLE_X_MM, rng.uniform(2, 8), rng.uniform(0, 0.25))
    ends = np.where(left, now["reach_left"], now["reach_right"])
    facet = np.where(left, now["left"], now["right"])
    thickness = facet + (now["sulcus"] - facet) * np.exp(-0.5 * (u / (0.45 * width)) ** 2)
    thickness *= 10 ** smooth_curve(rng, TABLE_X_MM, 5.0, 0.05)
    thickness *= np.clip((ends - t) / 0.25, 0, 1)
    return np.maximum(bone, 4.0), np.minimum(thickness, 0.6 * np.maximum(bone, 4.0))


def _draw_layers(rng: np.random.Generator) -> tuple[Layer, ...]:
    """Skin, subcutaneous fat, tendon or muscle layers, fat pad, now and then fluid."""
    count = int(rng.integers(2, 7))
    shares = np.sort(rng.uniform(0.08, 0.97, count))
    soft = 10 ** rng.uniform(-1, 0.5, count)
    layers = [
        Layer(_wavy(rng, share), rng.normal(0, 6), rng.uniform(1, 8), _draw_border(rng), height)
        for share, height in zip(shares, soft, strict=True)
    ]
    kind = rng.choice(["fat pad", "fluid", "any"], p=[0.55, 0.2, 0.25])
    level = {"fat pad": rng.uniform(-3, 9), "fluid": rng.uniform(-45, -18), "any": rng.normal(-2, 7)}[kind]
    return (*layers, Layer(np.ones_like(TABLE_X_MM), level, rng.uniform(1, 6), np.zeros_like(TABLE_X_MM), 0.1))


def _draw_border(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(rng.choice([0, 1]) * 10 ** (rng.uniform(-0.3, 0.9) + _draw_patches(rng) / 20))


def _draw_patches(rng: np.random.Generator) -> NDArray[np.float64]:
    """Decibels along a surface: mostly even, now and then with gaps."""
    return np.minimum(smooth_curve(rng, TABLE_X_MM, 10 ** rng.uniform(-0.3, 0.9), rng.uniform(1, 7)), 4.0)


def _wavy(rng: np.random.Generator, share: float) -> NDArray[np.float64]:
    return np.clip(share + smooth_curve(rng, TABLE_X_MM, rng.uniform(8, 30), rng.uniform(0, 0.12)), 0.02, 0.98)


def _draw_contact(rng: np.random.Generator) -> tuple[float, float]:
    left = rng.uniform(-24, -12) if rng.random() < 0.2 else -90.0
    right = rng.uniform(12, 24) if rng.random() < 0.2 else 90.0
    return left, right
