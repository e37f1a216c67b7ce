"""Knees at random, from thinned cartilage to a young adult's, and one as a careful examiner would show it.

Normal thickness at rest is 2 to 3 mm, thickest in the sulcus (Kauppinen 2021).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import draw_contact_limits
from edge.phantom.texture import Texture, patchy_db, smooth_curve
from edge.task.cartilage.phantom_anatomy import FLUID_DB, TABLE_X_MM, Layer, Trochlea


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
        contact=draw_contact_limits(rng, 0.2),
        coupling_db=smooth_curve(rng, TABLE_X_MM, rng.uniform(1, 10), rng.uniform(0, 4)),
        texture=Texture.draw(rng),
        patches_db=np.stack([patchy_db(rng, TABLE_X_MM, 7) for _ in range(3)]),
        bone_db=rng.uniform(-10, 22),
        bone_mm_deep=rng.uniform(0.05, 0.4),
    )


def presentable_knee(rng: np.random.Generator) -> Trochlea:
    """A knee that a careful examiner would keep: centred, in full contact, its cartilage clear."""
    shape = draw_shape(rng) | {
        "centre": rng.uniform(-3, 3),
        "height_left": rng.uniform(4, 7),
        "height_right": rng.uniform(4, 7),
        "width_left": rng.uniform(13, 18),
        "width_right": rng.uniform(13, 18),
        "slant": rng.uniform(-0.05, 0.05),
        "sulcus": rng.uniform(2.4, 3.3),
        "left": rng.uniform(1.7, 2.3),
        "right": rng.uniform(1.8, 2.5),
        "reach_left": rng.uniform(1.2, 1.6),
        "reach_right": rng.uniform(1.2, 1.6),
    }
    knee = draw_trochlea(rng, shape)
    deepest = float(knee.bone_mm[:, np.abs(TABLE_X_MM) < 15].max())
    return replace(
        knee,
        bone_mm=knee.bone_mm + rng.uniform(15, 18) - deepest,
        layers=(*knee.layers[:-1], replace(knee.layers[-1], level_db=rng.uniform(-1, 5))),
        contact=(-90.0, 90.0),
        cartilage_db=rng.uniform(-32, -22),
        bone_amplitude=12.0,
        rough_share=0.35,
        angle_power=8.0,
        upper_amplitude=2.5,
        haze_db=-22.0,
        haze_reach_mm=7.0,
        reverberation=0.012,
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
    return np.asarray(rng.choice([0, 1]) * 10 ** (rng.uniform(-0.3, 0.9) + patchy_db(rng, TABLE_X_MM, 7) / 20))


def _wavy(rng: np.random.Generator, share: float) -> NDArray[np.float64]:
    return np.clip(share + smooth_curve(rng, TABLE_X_MM, rng.uniform(8, 30), rng.uniform(0, 0.12)), 0.02, 0.98)
