"""Layered soft tissue at random: from thin bellies with parallel strands to thick ones with steep strands."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import draw_contact_limits
from edge.phantom.records import Samples
from edge.phantom.soft_tissue import TABLE_X_MM, Belly, Course, FasciaSheet, Seam, SoftTissue, Vessel
from edge.phantom.strands import KINDS, SIZE
from edge.phantom.texture import patchy_db, smooth_curve

FAR_MM = 400.0
"""Deeper than any picture."""
NEAR = np.abs(TABLE_X_MM) < 25
"""The part of the tables that every picture shows."""


def draw_soft_tissue(rng: np.random.Generator) -> SoftTissue:
    """One to three bellies with a rest below, under 2 to 20 mm of skin and fat."""
    n = int(rng.choice([1, 2, 3], p=[0.4, 0.42, 0.18]))
    gap_mm = _draw_gap(rng)
    fat_mm = np.exp(rng.uniform(np.log(2.0), np.log(20.0)))
    heights = np.exp(rng.uniform(np.log(8.0), np.log(35.0 if n == 1 else 26.0), n))
    sheets: list[FasciaSheet] = []
    slope = np.tan(np.radians(rng.normal(0, 4)))
    depth_mm = gap_mm + fat_mm
    for k in range(n + 2):
        converging = np.tan(np.radians(rng.normal(0, 3.0)))
        slope = slope if k == 0 else np.clip(slope + converging, -0.22, 0.22)
        bend = rng.normal(0, 1) * 10 ** rng.uniform(-4, -2.9) * TABLE_X_MM**2
        wave = smooth_curve(rng, TABLE_X_MM, rng.uniform(6, 25), rng.uniform(0, 0.5))
        curve = depth_mm + slope * TABLE_X_MM + bend + wave
        if sheets:
            curve = np.maximum(curve, sheets[-1].top_mm + sheets[-1].thickness_mm + 3.0)
        curve = np.maximum(curve, gap_mm + 1.5)
        sheet = _draw_sheet(rng, curve, shown=k <= n)
        sheets.append(sheet)
        depth_mm = depth_mm + sheet.thickness_mm + (heights[k] if k < n else rng.uniform(15, 40))
    bellies = tuple(
        _draw_belly(rng, float((lower.top_mm - upper.top_mm)[NEAR].mean()) - upper.thickness_mm, deep=k)
        for k, (upper, lower) in enumerate(pairwise(sheets))
    )
    last = sheets[n].top_mm
    bone = last + rng.uniform(1, 25) + smooth_curve(rng, TABLE_X_MM, 15.0, 1.0) if rng.random() < 0.3 else None
    return SoftTissue(
        sheets=tuple(sheets),
        bellies=bellies,
        seams=(*_draw_septa(rng, fat_mm), *_draw_inner_fascia(rng, n)),
        vessels=_draw_vessels(rng, sheets, n),
        skin_mm=rng.uniform(0.8, 2.0),
        skin_db=rng.uniform(-14, 8),
        fat_db=rng.uniform(-28, -2),
        fat_texture_db=rng.uniform(1, 5),
        fat_pattern=int(rng.integers(KINDS)),
        deep_db=rng.uniform(-34, -8),
        bone_mm=np.full_like(TABLE_X_MM, FAR_MM) if bone is None else bone,
        bone_amplitude=10 ** rng.uniform(0.5, 1.5),
        haze_db=rng.uniform(-40, -10),
        contact=draw_contact_limits(rng, 0.12),
        gap_mm=gap_mm,
        coupling_db=smooth_curve(rng, TABLE_X_MM, 10 ** rng.uniform(-0.3, 1.0), rng.uniform(0, 2.5)),
        evenness=float(rng.uniform(0, 1) ** 1.5),
        facing=rng.uniform(2, 20),
    )


def _draw_sheet(rng: np.random.Generator, curve: NDArray[np.float64], *, shown: bool) -> FasciaSheet:
    thickness = np.exp(rng.uniform(np.log(0.5), np.log(2.0)))
    strength = 10 ** rng.uniform(-0.3, 1.0)
    faces = [strength * 10 ** rng.uniform(-0.6, 0.1) * 10 ** (patchy_db(rng, TABLE_X_MM, 6) / 20) for _ in range(2)]
    return FasciaSheet(
        top_mm=curve,
        thickness_mm=thickness,
        level_db=rng.uniform(-4, 14) + smooth_curve(rng, TABLE_X_MM, rng.uniform(1.5, 12), rng.uniform(0, 4)),
        amplitude=np.stack(faces),
        softness_mm=10 ** rng.uniform(-1.2, 0.2),
        tail_db=max(0.0, rng.uniform(-8, 12)),
        tail_mm=10 ** rng.uniform(-0.5, 0.5),
        pattern=int(rng.integers(KINDS)),
        shown=shown,
    )


def _draw_belly(rng: np.random.Generator, height_mm: float, *, deep: int) -> Belly:
    kind = rng.random()
    degrees = rng.uniform(0, 5) if kind < 0.12 else rng.uniform(5, 28) if kind < 0.6 else rng.uniform(28, 50)
    scale = np.exp(rng.uniform(np.log(0.6), np.log(1.7)))
    crumbled = rng.random() < 0.12
    shown = rng.uniform(0.75, 1.0) ** deep
    return Belly(
        rest=Course(float(np.radians(degrees) * rng.choice([-1, 1])), rng.normal(0, 0.22), rng.normal(0, 0.15)),
        height_mm=height_mm,
        fan=float(abs(rng.normal(0, 0.05)) if degrees > 4 else rng.uniform(0, 0.02)),
        fan_mm=rng.uniform(15, 50),
        fan_phase=rng.uniform(0, 6.28),
        strands=int(rng.integers(KINDS)),
        strand_scale=(scale, (0.2 if crumbled else np.exp(rng.uniform(np.log(0.25), np.log(1.4)))) * scale),
        strand_place=(rng.uniform(0, SIZE), rng.uniform(0, SIZE)),
        ground_db=rng.uniform(-34, -8) * (1.0 if deep == 0 else 1.15),
        rise_db=rng.normal(2, 5),
        line_db=rng.uniform(11, 28) * shown,
        coherence=rng.uniform(0.0, 3.0),
        facing=rng.uniform(0.5, 5.0),
        patches_db=rng.uniform(0.5, 5.5),
        clear=_draw_clear(rng, crumbled),
    )


def _draw_clear(rng: np.random.Generator, crumbled: bool) -> Samples | None:
    if crumbled:
        return np.full((4, 4), rng.uniform(0.1, 0.4), np.float32)
    if rng.random() < 0.6:
        return None
    few = (int(rng.integers(3, 6)), int(rng.integers(8, 25)))
    share = rng.uniform(0.0, 1.3)
    return np.clip(share + rng.normal(0, 0.6, few), 0, 1).astype(np.float32)


def _draw_septa(rng: np.random.Generator, fat_mm: float) -> tuple[Seam, ...]:
    return tuple(
        Seam(
            0,
            np.clip(
                rng.uniform(0.05, 0.98)
                + rng.normal(0, 0.006) * TABLE_X_MM
                + smooth_curve(rng, TABLE_X_MM, rng.uniform(4, 20), rng.uniform(0, 0.2)),
                0.03,
                0.995,
            ),
            10 ** rng.uniform(-0.3, 1.0) * 10 ** (patchy_db(rng, TABLE_X_MM, 6) / 20) * _pieces(rng),
        )
        for _ in range(int(rng.integers(0, 2 + min(5, int(fat_mm / 2)))))
    )


def _draw_inner_fascia(rng: np.random.Generator, n: int) -> tuple[Seam, ...]:
    """Fascia inside the bellies: now and then, and not all across."""
    return tuple(
        Seam(
            k + 1,
            np.clip(
                rng.uniform(0.1, 0.9)
                + rng.normal(0, 0.006) * TABLE_X_MM
                + smooth_curve(rng, TABLE_X_MM, rng.uniform(5, 20), rng.uniform(0, 0.06)),
                0,
                1,
            ),
            10 ** rng.uniform(-0.4, 0.6) * 10 ** (patchy_db(rng, TABLE_X_MM, 6) / 20) * _pieces(rng),
        )
        for k in range(n)
        for _ in range(int(rng.choice([0, 1, 2], p=[0.6, 0.28, 0.12])))
    )


def _pieces(rng: np.random.Generator) -> NDArray[np.float64]:
    """Where a seam is to be seen, 0 to 1."""
    return np.clip(smooth_curve(rng, TABLE_X_MM, rng.uniform(3, 12), 1.5) + rng.uniform(-0.5, 1.5), 0, 1)


def _draw_vessels(rng: np.random.Generator, sheets: list[FasciaSheet], n: int) -> tuple[Vessel, ...]:
    vessels = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.6, 0.24, 0.1, 0.06]))):
        k = int(rng.integers(0, n))
        x = rng.uniform(-25, 25)
        top, bottom = (np.interp(x, TABLE_X_MM, sheet.top_mm) for sheet in (sheets[k], sheets[k + 1]))
        vessels.append(
            Vessel(
                x_mm=x,
                depth_mm=float(rng.uniform(top + 2, max(bottom - 1, top + 2.1))),
                half_length_mm=float(rng.uniform(2, 9) if rng.random() < 0.35 else rng.uniform(0, 0.5)),
                radius_mm=float(np.exp(rng.uniform(np.log(0.4), np.log(2.5)))),
                tilt_rad=rng.normal(0, 0.3),
                inside_db=rng.uniform(-50, -25),
                wall_db=rng.uniform(-5, 12),
            )
        )
    return tuple(vessels)


def _draw_gap(rng: np.random.Generator) -> NDArray[np.float64]:
    """Gel between probe and skin: mostly none, now and then at one side or all across."""
    if rng.random() < 0.85:
        return np.zeros_like(TABLE_X_MM)
    return np.maximum(rng.uniform(-2, 3) + rng.normal(0, 0.06) * TABLE_X_MM, 0)


def presentable_soft_tissue(rng: np.random.Generator) -> SoftTissue:
    """Two bellies at rest, such as a calf's, as a careful examiner shows them: full contact, strands in plane."""
    tissue = draw_soft_tissue(rng)
    sign = rng.choice([-1, 1])
    thick = rng.uniform(15, 20)
    slope = rng.normal(0, 0.02)
    depth_mm = rng.uniform(5, 8)
    sheets: list[FasciaSheet] = []
    for height in (thick, rng.uniform(12, 16), 30.0):
        wave = smooth_curve(rng, TABLE_X_MM, 15.0, 0.15)
        curve = depth_mm + slope * TABLE_X_MM + wave
        sheets.append(
            replace(_draw_sheet(rng, curve, shown=True), level_db=np.full_like(TABLE_X_MM, rng.uniform(10, 15)))
        )
        depth_mm += sheets[-1].thickness_mm + height
        slope += rng.normal(0, 0.015)
    bellies = tuple(
        replace(
            _draw_belly(rng, float((lower.top_mm - upper.top_mm)[NEAR].mean()) - upper.thickness_mm, deep=k),
            rest=Course(sign * np.radians(degrees), rng.normal(0, 0.08), rng.normal(0, 0.05)),
            fan=0.02,
            clear=None,
            ground_db=rng.uniform(-31, -26) - 3 * k,
            rise_db=3.0,
            line_db=rng.uniform(22, 26),
            strands=int(rng.integers(3, 12)),
            coherence=3.0,
            facing=1.5,
            strand_scale=(rng.uniform(0.7, 0.9), rng.uniform(1.2, 1.7)),
        )
        for k, ((upper, lower), degrees) in enumerate(
            zip(pairwise(sheets), (rng.uniform(16, 20), rng.uniform(22, 30)), strict=True)
        )
    )
    return replace(
        tissue,
        sheets=tuple(sheets),
        bellies=bellies,
        seams=_draw_septa(rng, 6.0),
        vessels=(Vessel(rng.uniform(-12, 12), float(sheets[1].top_mm[NEAR].mean()) - 4, 0.2, 1.0, 0.0, -40.0, 2.0),),
        skin_db=-6.0,
        fat_db=-20.0,
        bone_mm=np.full_like(TABLE_X_MM, FAR_MM),
        contact=(-90.0, 90.0),
        gap_mm=np.zeros_like(TABLE_X_MM),
        evenness=0.5,
        facing=6.0,
    )
