"""Finger joints and scanners' settings at random: presentable ones for a demo, as different as people and machines are
for training and tests, and foreign ones, whose physics and anatomy lie outside of what training draws."""

from dataclasses import replace
from typing import Final

import numpy as np

from edge.phantom.beams import beam_positions
from edge.phantom.records import Imaging, Pose
from edge.phantom.strands import KINDS
from edge.task.synovitis.phantom_anatomy import FingerJoint, section
from edge.task.synovitis.phantom_echoes import Tissue

JOINTS: Final = ("MCP", "PIP")
TRIES: Final = 200
"""Until a joint has the grade that is asked for."""
_GRID_MM: Final = beam_positions(36.0, 360)


def draw_joint(
    rng: np.random.Generator, grade: int | None = None, *, kind: str | None = None, foreign: bool = False
) -> FingerJoint:
    """One of this grade; None: any. foreign: of another size and form than training draws."""
    wanted = int(rng.integers(0, 4)) if grade is None else grade
    for _ in range(TRIES):
        joint = _draw(rng, wanted, kind or str(rng.choice(JOINTS)), foreign)
        if section(joint, Pose(), _GRID_MM).grade == wanted:
            return joint
    raise ValueError(f"no joint of grade {wanted} came up in {TRIES} tries")


def _draw(rng: np.random.Generator, grade: int, kind: str, foreign: bool) -> FingerJoint:
    large = kind == "MCP"
    head = rng.uniform(5.6, 7.4) if large else rng.uniform(3.4, 4.8)
    if foreign:
        head = (
            (rng.uniform(7.6, 8.6) if rng.random() < 0.5 else rng.uniform(4.9, 5.4)) if large else rng.uniform(2.8, 3.3)
        )
    hypertrophy = {
        0: (rng.uniform(0.0, 0.3), 0.0, 0.0),
        1: (rng.uniform(0.45, 1.3), rng.uniform(0.0, 0.3), 0.0),
        2: (rng.uniform(0.5, 1.4), rng.uniform(0.4, 1.7), rng.uniform(-0.9, 0.35)),
        3: (rng.uniform(0.5, 1.6), rng.uniform(0.8, 2.6), rng.uniform(0.55, 1.0)),
    }[grade]
    size = 1.0 if large else 0.75
    at = head * rng.uniform(0.42, 0.62)
    return FingerJoint(
        kind=kind,
        head_mm=head,
        head_at_mm=at,
        neck_mm=head * rng.uniform(0.2, 0.36),
        gap_mm=rng.uniform(0.7, 1.8) * size,
        base_at_mm=rng.uniform(1.3, 2.4) * size,
        base_mm=rng.uniform(0.5, 1.6) * size,
        step_mm=rng.uniform(-0.4, 0.7) * size,
        cartilage_mm=(rng.uniform(0.25, 0.55) if large else rng.uniform(0.1, 0.3)) * (1.25 if foreign else 1.0),
        recess_mm=(at + head * rng.uniform(1.22, 1.5), rng.uniform(3.0, 5.0) * size),
        pouch_mm=hypertrophy[0] * (1.0 if large else 0.9),
        lift_mm=hypertrophy[1],
        bulge=hypertrophy[2],
        fluid_mm=rng.uniform(0.3, 1.1) if rng.random() < 0.18 else 0.0,
        skin_mm=rng.uniform(0.9, 1.5) if not foreign else rng.uniform(1.5, 1.9),
        fat_mm=rng.uniform(0.3, 1.6) if not foreign else rng.choice((0.15, 2.3)),
        tendon_mm=rng.uniform(0.7, 1.3) * size,
        gel_mm=rng.uniform(0.4, 2.4),
        inclination_deg=rng.uniform(-4, 4),
        erosion=_erosion(rng, head) if rng.random() < 0.2 else None,
        osteophyte=_spur(rng, head) if rng.random() < 0.2 else None,
        mirrored=bool(rng.random() < 0.5),
    )


def _erosion(rng: np.random.Generator, head_mm: float) -> tuple[float, float, float]:
    return float(-head_mm * rng.uniform(0.35, 1.1)), float(rng.uniform(0.4, 1.2)), float(rng.uniform(1.0, 2.2))


def _spur(rng: np.random.Generator, head_mm: float) -> tuple[float, float, float]:
    place = rng.choice((-head_mm * rng.uniform(0.25, 0.4), rng.uniform(1.0, 1.8)))
    return float(place), float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.5, 1.1))


def presentable_joint(rng: np.random.Generator, kind: str, grade: int) -> FingerJoint:
    """A joint of this grade in the middle of the picture, without spurs, notches or fluid."""
    joint = draw_joint(rng, grade, kind=kind)
    return replace(joint, erosion=None, osteophyte=None, fluid_mm=0.0, mirrored=False, gel_mm=1.0, inclination_deg=0.0)


def draw_tissue(rng: np.random.Generator, *, foreign: bool = False) -> Tissue:
    """foreign: another contrast of hypertrophy, capsule and tendon than training draws."""
    return Tissue(
        gel_db=rng.uniform(-70, -52),
        skin_db=rng.uniform(-2, 6),
        fat_db=rng.uniform(-19, -9),
        tendon_db=rng.uniform(-8, 0),
        anisotropy_db=rng.uniform(14, 26) if not foreign else rng.uniform(26, 32),
        anisotropy_deg=rng.uniform(6, 12) if not foreign else rng.uniform(4.5, 6),
        synovium_db=rng.uniform(-29, -19)
        if not foreign
        else rng.choice((rng.uniform(-33, -29), rng.uniform(-19, -17))),
        fluid_db=rng.uniform(-62, -46),
        cartilage_db=rng.uniform(-50, -34),
        under_db=rng.uniform(-12, -3),
        gap_db=rng.uniform(-30, -18),
        haze_db=rng.uniform(-38, -20),
        haze_mm=rng.uniform(1.0, 6.0) if not foreign else rng.uniform(6, 9),
        texture_db=rng.uniform(1.5, 3.5),
        bone_db=rng.uniform(16, 28),
        bone_power=rng.uniform(1.2, 3.0),
        capsule_db=rng.uniform(-2, 9) if not foreign else rng.uniform(-5, -1),
        face_db=rng.uniform(5, 12),
        weak=_weak(rng),
        patterns=(int(rng.integers(KINDS)), int(rng.integers(KINDS))),
        patchiness=_patches(rng, 2.5),
    )


def _weak(rng: np.random.Generator) -> tuple[float, float, float]:
    return float(rng.uniform(-7, 3)), float(rng.uniform(0.6, 2.2)), float(rng.uniform(0, 12) * (rng.random() < 0.35))


def _patches(rng: np.random.Generator, most_db: float) -> np.ndarray:
    rough = rng.standard_normal((4, 64)) * rng.uniform(1.0, most_db)
    return np.asarray((rough + np.roll(rough, 1, axis=1)) / np.sqrt(2))


def presentable_tissue(rng: np.random.Generator) -> Tissue:
    """Well seen."""
    return replace(
        draw_tissue(rng),
        tendon_db=-4.0,
        anisotropy_db=20.0,
        anisotropy_deg=8.0,
        synovium_db=-24.0,
        fluid_db=-56.0,
        cartilage_db=-42.0,
        under_db=-9.0,
        fat_db=-14.0,
        capsule_db=5.0,
        bone_db=22.0,
        bone_power=1.8,
        weak=(0.0, 1.0, 0.0),
        haze_db=-25.0,
        haze_mm=3.5,
    )


def draw_imaging(rng: np.random.Generator, *, foreign: bool = False) -> Imaging:
    """A scanner's settings for fingers; foreign: of a scanner and presets that training never draws."""
    depth = rng.uniform(14, 24)
    return Imaging(
        depth_mm=depth,
        frequency_mhz=rng.uniform(11, 18) if not foreign else rng.uniform(8.5, 10.5),
        gain_db=rng.normal(-3, 4),
        dynamic_range_db=rng.uniform(52, 78) if not foreign else rng.choice((rng.uniform(44, 50), rng.uniform(80, 88))),
        focus_mm=rng.uniform(0.25, 0.7) * depth,
        tgc_db=tuple(rng.normal(0, 1.5, 8)),
        cycles=rng.uniform(1.1, 2.0) if not foreign else rng.uniform(2.0, 2.4),
        f_number=rng.uniform(1.4, 2.8) if not foreign else rng.uniform(2.9, 3.4),
        noise_db=rng.uniform(-85, -60),
        smoothing=rng.uniform(0.1, 0.9),
        gamma=10 ** rng.normal(0, 0.07),
    )
