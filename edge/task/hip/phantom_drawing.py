"""Infants' hips and scanners' settings at random: presentable ones for a demo, and as different as machines and infants
are for training and tests."""

from dataclasses import replace
from typing import Final

import numpy as np

from edge.phantom.records import Imaging
from edge.phantom.strands import KINDS
from edge.task.hip.phantom_anatomy import Hip, usual_beta_deg
from edge.task.hip.phantom_echoes import Tissue
from edge.task.hip.spec import PLANE_ITEMS, STRUCTURES

OLDEST_WEEKS: Final = 26.0
COVERAGE_AT_60, COVERAGE_PER_DEG = 53.0, 0.85
"""Percent of the head, and its change with alpha: rho 0.73 between both in 2,032 infants."""
ALPHA_SPAN: Final = (34.0, 82.0)
BETA_SPAN: Final = (35.0, 86.0)
COVERAGE_SPAN: Final = (18.0, 76.0)
NUCLEUS_FROM_WEEKS: Final = 10.0


def draw_hip(rng: np.random.Generator, depth_mm: float = 42.0, width_mm: float = 48.0) -> Hip:
    """As different as infants are; nothing is missing."""
    alpha = float(rng.uniform(36, 80))
    age = float(rng.uniform(0, OLDEST_WEEKS))
    rounded = np.clip((66 - alpha) / 26, 0, 1)
    radius = 7.0 + 0.11 * age + rng.normal(0, 0.4)
    hip = Hip(
        alpha_deg=alpha,
        beta_deg=BETA_SPAN[0],
        coverage=float(np.clip(COVERAGE_AT_60 + COVERAGE_PER_DEG * (alpha - 60) + rng.normal(0, 4), *COVERAGE_SPAN)),
        age_weeks=age,
        radius_mm=radius,
        cartilage_mm=float(rng.uniform(0.9, 2.0)),
        roof_mm=float(radius * rng.uniform(0.95, 1.35)),
        corner_mm=float(rng.uniform(0.4, 1.2) + 1.6 * rounded),
        hollow=float(rng.uniform(0.0, 0.06)),
        wave_mm=float(rng.uniform(-0.4, 0.35)),
        inclination_deg=float(rng.uniform(-6, 6)),
        vertex_mm=(float(rng.uniform(-0.28, -0.12) * width_mm), float(rng.uniform(0.38, 0.58) * depth_mm)),
        nucleus_mm=_nucleus(rng, age),
        left=bool(rng.random() < 0.5),
        labrum_size=float(rng.uniform(0.8, 1.7)),
    )
    return replace(hip, beta_deg=float(np.clip(usual_beta_deg(hip) + rng.normal(-1.5, 4), *BETA_SPAN)))


def presentable_hip(rng: np.random.Generator) -> Hip:
    """A healthy hip in the middle of the picture."""
    hip = draw_hip(rng)
    alpha = float(rng.uniform(60, 67))
    healthy = replace(
        hip,
        alpha_deg=alpha,
        coverage=COVERAGE_AT_60 + COVERAGE_PER_DEG * (alpha - 60),
        age_weeks=float(rng.uniform(4, 10)),
        radius_mm=float(rng.uniform(7.4, 8.4)),
        corner_mm=0.8,
        wave_mm=-0.2,
        inclination_deg=float(rng.uniform(-2.5, 2.5)),
        vertex_mm=(-8.0, 20.0),
        nucleus_mm=0.0,
        left=False,
        labrum_size=1.1,
    )
    return replace(healthy, beta_deg=usual_beta_deg(healthy) - 1.0)


def _nucleus(rng: np.random.Generator, age_weeks: float) -> float:
    """Radius in mm: it appears between three and six months, earlier in few."""
    if rng.random() > (age_weeks - NUCLEUS_FROM_WEEKS) / 18:
        return 0.0
    return float(rng.uniform(0.6, 1.0 + 0.1 * (age_weeks - NUCLEUS_FROM_WEEKS)))


def draw_tissue(rng: np.random.Generator) -> Tissue:
    """As different as infants and scanners show it."""
    sheets = int(rng.integers(4, 9))
    shares = np.sort(np.concatenate(([rng.uniform(0.05, 0.1), rng.uniform(0.16, 0.3)], rng.uniform(0.3, 0.93, sheets))))
    n = int(rng.integers(6, 40))
    spread = rng.uniform(0, 1, n) ** 0.5 * 0.88
    turn = rng.uniform(0, 2 * np.pi, n)
    fragments = np.stack(
        (spread * np.cos(turn), spread * np.sin(turn), rng.uniform(0.3, 2.2, n), rng.uniform(0.15, 1, n)), axis=1
    )
    head = float(rng.uniform(-26, -11))
    return Tissue(
        fat_db=float(rng.uniform(-8, 0)),
        muscle_db=float(rng.uniform(-13, -3)),
        deep_db=float(rng.uniform(-15, -5)),
        head_db=head,
        cartilage_db=head + float(rng.uniform(-10, 1)),
        labrum_db=float(rng.uniform(5, 18)),
        bone_db=float(rng.uniform(22, 36)),
        angle_power=float(rng.uniform(0.6, 2.0)),
        rough_db=float(rng.uniform(-16, -8)),
        fascia_db=float(rng.uniform(6, 18)),
        capsule_db=float(rng.uniform(-6, 14)),
        perichondrium_db=float(rng.uniform(3, 18)),
        fold_db=float(rng.uniform(8, 18)),
        floor_db=float(rng.uniform(-8, 18)),
        fragments_db=float(rng.uniform(-4, 12)),
        shadow_db=float(rng.uniform(-60, -30)),
        haze_db=float(rng.uniform(-20, -4)),
        haze_mm=float(rng.uniform(1, 9)),
        bone_mm=float(rng.uniform(0.3, 0.7)),
        shares=tuple(float(share) for share in shares),
        waviness_mm=float(rng.uniform(0.2, 1.4)),
        striation_db=float(rng.uniform(4, 20)),
        texture_db=float(rng.uniform(1, 3.5)),
        patterns=(int(rng.integers(KINDS)), int(rng.integers(KINDS))),
        fragments=fragments,
        patchiness=_patches(rng),
    )


def presentable_tissue(rng: np.random.Generator) -> Tissue:
    """Clear contrasts."""
    return replace(
        draw_tissue(rng),
        fat_db=-5.0,
        muscle_db=-11.0,
        deep_db=-11.0,
        head_db=-21.0,
        cartilage_db=-27.0,
        labrum_db=15.0,
        bone_db=33.0,
        angle_power=0.9,
        rough_db=-10.0,
        fascia_db=16.0,
        capsule_db=10.0,
        perichondrium_db=14.0,
        fold_db=14.0,
        floor_db=13.0,
        fragments_db=6.0,
        shadow_db=-48.0,
        haze_db=-16.0,
        haze_mm=3.0,
        bone_mm=0.5,
        striation_db=13.0,
    )


def _patches(rng: np.random.Generator) -> np.ndarray:
    """(64,) dB, smooth, mostly below 0."""
    rough = rng.normal(0, 1, 64)
    smooth = np.convolve(np.concatenate((rough, rough[:3])), np.ones(4) / 4, "valid")
    return np.asarray(-rng.uniform(4, 22) * np.abs(smooth) * 2, np.float64)


def draw_imaging(rng: np.random.Generator, depth_mm: float) -> Imaging:
    """A scanner's settings at random."""
    return Imaging(
        depth_mm=depth_mm,
        frequency_mhz=float(rng.uniform(5.5, 13)),
        gain_db=float(rng.uniform(-14, 2)),
        dynamic_range_db=float(rng.uniform(50, 85)),
        focus_mm=float(rng.uniform(0.3, 0.7) * depth_mm),
        tgc_db=tuple(float(one) for one in rng.normal(0, 2.0, 8)),
        cycles=float(rng.uniform(1.2, 2.4)),
        f_number=float(rng.uniform(1.5, 3.0)),
        noise_db=float(rng.uniform(-85, -62)),
        smoothing=float(rng.uniform(0, 0.8)),
        gamma=float(rng.uniform(0.8, 1.6)),
    )


def left_out_at_random(rng: np.random.Generator, hip: Hip) -> Hip:
    """The hip without one of the structures that a standard plane must show."""
    every = tuple(dict.fromkeys((*STRUCTURES, *(item for item in PLANE_ITEMS if item == "lower limb"))))
    return replace(hip, missing=frozenset((every[int(rng.integers(len(every)))],)))
