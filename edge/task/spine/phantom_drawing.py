"""Spines, tissues and scanners at random: presentable ones for a demo, as different as people and machines are for
training and tests, and foreign ones, whose physics and anatomy lie outside of what training draws."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.phantom.records import Imaging, Transducer
from edge.phantom.strands import KINDS as PATTERNS
from edge.task.spine.levels import SEGMENTS
from edge.task.spine.phantom_anatomy import LUMBARISED, NONE, SACRALISED, Spine

REMNANT_MM: Final = (3.0, 7.0)
"""Height of the space that is left beside a transitional vertebra."""
PITCH_MM: Final = (30.0, 45.0)
OUTSIDE: Final = 0.4
"""Share of a foreign machine's settings that lie outside of what training draws."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """How bright everything is, dB against soft tissue as bright as the middle of the grey scale."""

    skin_db: float
    fat_db: float
    muscle_db: float
    ligament_db: float
    """Between the processes, in the midline."""
    canal_db: float
    behind_db: float
    """Of the haze behind bone."""
    haze_mm: float
    clutter_db: float
    """Over everything, as in thick fat."""
    bone_db: float
    bone_power: float
    """Of the cosine of a bone's angle to the beam."""
    membrane_db: float
    patchy_db: float
    """By which faces change from place to place."""
    texture_db: float
    patterns: tuple[int, int]
    """Numbers of its strands and its lobules."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Settings and array."""

    imaging: Imaging
    transducer: Transducer
    slice_mm: float = 1.6
    """Along the spine, until the speckle of a transverse picture is another: the beam's height."""


def draw_spine(
    rng: np.random.Generator,
    *,
    transition: str = NONE,
    foreign: bool = False,
    scoliosis: bool = False,
    fat_mm: float | None = None,
) -> Spine:
    """One person's. foreign: narrower spaces, steeper or thicker bodies than training draws."""
    spans, low = [], rng.uniform(9, 15) if transition == NONE else rng.uniform(*REMNANT_MM)
    names = list(range(2, len(SEGMENTS), 2))
    if transition == LUMBARISED:
        names = [0, *names]
    pitch = rng.uniform(33, 42) if not foreign else rng.choice((rng.uniform(30, 32.5), rng.uniform(42.5, 44.5)))
    share = rng.uniform(0.44, 0.6) if not foreign else rng.choice((rng.uniform(0.4, 0.44), rng.uniform(0.6, 0.68)))
    for number in range(len(names)):
        height = float(np.clip(pitch * share + rng.normal(0, 1.2), 11, 27))
        if number == 0 and transition != NONE:
            height *= rng.uniform(0.7, 0.9)
        spans.append((low, low + height))
        low += float(np.clip(pitch + rng.normal(0, 1.5), *PITCH_MM))
        if number == 0 and transition == LUMBARISED:
            low = spans[0][1] + rng.uniform(8, 14)
    sides = np.zeros(len(names))
    if transition in (SACRALISED, LUMBARISED):
        sides[0] = rng.uniform(0.45, 0.8)
    fat = fat_mm if fat_mm is not None else _within(rng, (3, 27), (27, 34), foreign=foreign)
    tip = float(rng.uniform(3, 8))
    target = fat + tip + float(rng.uniform(24, 33))
    return Spine(
        spans=np.array(spans),
        names=tuple(names),
        sides=sides,
        fat_mm=fat,
        tip_mm=tip,
        target_mm=min(target, 72.0),
        lordosis_mm=float(rng.uniform(-2, 6)),
        lean_mm=float(rng.choice((-1, 1)) * rng.uniform(8, 20)) if scoliosis else float(rng.normal(0, 1.5)),
        lean_at_mm=float(rng.uniform(60, 120)),
        process_mm=float(rng.uniform(2.4, 4.6)),
        facet_mm=float(rng.uniform(11, 16)),
        facet_up_mm=float(rng.uniform(1, 7)),
        wing_mm=(float(rng.uniform(20, 24)), float(rng.uniform(32, 42))),
        wing_down_mm=float(rng.uniform(1, 8)),
        canal_mm=float(rng.uniform(11, 17)),
        window_mm=float(rng.uniform(5, 9)),
        crest_mm=float(rng.uniform(4, 10)),
        crest_phase=float(rng.uniform(0, 2 * np.pi)),
    )


def _within(
    rng: np.random.Generator, usual: tuple[float, float], outside: tuple[float, float], *, foreign: bool
) -> float:
    """Evenly within the usual limits; of a foreign machine, mostly, within others that lie outside."""
    return float(rng.uniform(*(outside if foreign and rng.random() < OUTSIDE else usual)))


def draw_tissue(rng: np.random.Generator, *, foreign: bool = False) -> Tissue:
    """foreign: some of what makes it bright or dark lies outside of what training draws."""
    return Tissue(
        skin_db=rng.uniform(-4, 5),
        fat_db=rng.uniform(-20, -9),
        muscle_db=rng.uniform(-22, -12),
        ligament_db=rng.uniform(-30, -18),
        canal_db=_within(rng, (-60, -38), (-38, -33), foreign=foreign),
        behind_db=_within(rng, (-50, -24), (-24, -19), foreign=foreign),
        haze_mm=rng.uniform(4, 16),
        clutter_db=_within(rng, (-55, -29), (-29, -25), foreign=foreign),
        bone_db=_within(rng, (9, 25), (6, 9), foreign=foreign),
        bone_power=rng.uniform(0.8, 2.5),
        membrane_db=_within(rng, (-0.5, 12), (-3, -0.5), foreign=foreign),
        patchy_db=rng.uniform(1, 5),
        texture_db=rng.uniform(1.5, 3.5),
        patterns=(int(rng.integers(PATTERNS)), int(rng.integers(PATTERNS))),
    )


def draw_scanner(rng: np.random.Generator, deepest_mm: float, *, foreign: bool = False) -> Scanner:
    """deepest_mm: what must lie in the picture."""
    depth = max(float(rng.uniform(62, 95)), deepest_mm + float(rng.uniform(4, 14)))
    frequency = float(rng.uniform(2.6, 6.0)) if not foreign else float(rng.choice((2.3, 6.4)))
    curved = rng.random() < 0.75
    array = Transducer(float(rng.uniform(50, 66)), float(rng.uniform(45, 65)) if curved else None)
    imaging = Imaging(
        depth_mm=depth,
        frequency_mhz=frequency,
        gain_db=float(rng.uniform(-9, 6)),
        dynamic_range_db=float(rng.uniform(50, 75)),
        focus_mm=float(rng.uniform(30, 60)),
        tgc_db=tuple(float(db) for db in rng.normal(0, 2, 8)),
        cycles=float(rng.uniform(1.2, 2.2)),
        f_number=float(rng.uniform(1.6, 3.0)),
        noise_db=float(rng.uniform(-84, -62)),
        smoothing=float(rng.uniform(0, 0.9)),
        gamma=float(rng.uniform(0.85, 1.25)),
    )
    slice_mm = float(rng.uniform(1.45, 1.75) if not foreign else rng.choice((1.35, 1.85)))
    return Scanner(imaging, array, slice_mm)


PRESENTABLE: Final = Tissue(0.0, -15.0, -17.0, -25.0, -55.0, -42.0, 8.0, -45.0, 20.0, 1.4, 8.0, 3.0, 2.4, (3, 5))


def presentable_spine(rng: np.random.Generator, transition: str, scoliosis: bool, fat_mm: float) -> Spine:
    """Of usual sizes."""
    return draw_spine(rng, transition=transition, scoliosis=scoliosis, fat_mm=fat_mm)
