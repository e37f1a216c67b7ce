"""What a finger joint sends back to the probe: grey levels of its layers, lines of bone, capsule and skin, shadow."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import row_depths
from edge.phantom.records import Echoes, Imaging, Interface, Samples
from edge.phantom.strands import lobules, sample, strands
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.phantom_anatomy import Section

SOFT_MM: Final = 0.08
"""Over which one layer passes into the next."""
NOTHING_DB: Final = -70.0
SHADOW_AFTER_MM: Final = 0.25
EDGE_MM: Final = 0.12
"""Over which a bone's shadow passes into the gap beside it."""
ROUGH_MM: Final = 0.025
"""Of a bone's surface, for each decibel of its patches."""


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """How bright everything is, dB against soft tissue as bright as the middle of the grey scale."""

    gel_db: float
    skin_db: float
    fat_db: float
    tendon_db: float
    anisotropy_db: float
    """By which the tendon fades where it lies slantwise."""
    anisotropy_deg: float
    """The slant at which half of that is lost."""
    synovium_db: float
    fluid_db: float
    cartilage_db: float
    under_db: float
    """Of what lies between tendon and bone beside the recess."""
    gap_db: float
    haze_db: float
    """Behind bone."""
    haze_mm: float
    texture_db: float
    bone_db: float
    bone_power: float
    """Of the cosine of a bone's angle to the beam."""
    capsule_db: float
    face_db: float
    """Of the skin's and the tendon's faces."""
    weak: tuple[float, float, float]
    """Place along the finger, width and depth in dB of a piece of the capsule that is hardly seen."""
    patterns: tuple[int, int]
    """Numbers of its strands and its lobules."""
    patchiness: Floats
    """(4, 64) dB by which bone, capsule, tendon and skin change along the finger; repeats."""


def finger_echoes(seen: Section, tissue: Tissue, imaging: Imaging, beam_mm: Floats, rows: int) -> Echoes:
    """What beams at `beam_mm` (beams,) send back from `rows` depths."""
    depth = row_depths(imaging.depth_mm, rows)
    column = np.ascontiguousarray(np.broadcast_to((seen.x_mm / 0.3).astype(np.float32), (rows, beam_mm.size)))
    lumps = sample(lobules(tissue.patterns[1]), column, _broad(depth / np.float32(0.1), beam_mm.size))
    level = _layers(seen, tissue, depth, lumps)
    fibre = _fibres(seen, tissue, depth, beam_mm.size)
    level = _behind_bone(seen, tissue, depth, level)
    amplitude = np.asarray(cv2.exp(level * np.float32(np.log(10) / 20)), np.float32)
    scatter = amplitude + fibre
    return Echoes(scatter, _faces(seen, tissue), np.asarray(0.7 * fibre / np.maximum(scatter, 1e-5), np.float32))


def _broad(rows: Samples, beams: int) -> Samples:
    return np.ascontiguousarray(np.broadcast_to(rows, (rows.shape[0], beams)))


def _under(depth: Samples, curve: Floats) -> Samples:
    """(rows, beams) 0 above a curve, 1 under it."""
    share = (depth - curve.astype(np.float32)[None]) * np.float32(1 / SOFT_MM) + np.float32(0.5)
    return np.asarray(np.clip(share, 0, 1), np.float32)


def _tendon_db(seen: Section, tissue: Tissue) -> Floats:
    """(beams,) as bright as its slant against the beam leaves it."""
    slant = np.degrees(np.arctan(seen.slope))
    lost = 1 - 1 / (1 + (slant / tissue.anisotropy_deg) ** 2)
    there = tissue.under_db + seen.tendon_there * (tissue.tendon_db - tissue.under_db)
    return np.asarray(there - lost * tissue.anisotropy_db * seen.tendon_there)


def _layers(seen: Section, tissue: Tissue, depth: Samples, lumps: Samples) -> Samples:
    """Decibels (rows, beams), from the gel down to the bone."""
    lump = np.float32(tissue.texture_db) * lumps
    level = np.full(lumps.shape, tissue.gel_db, np.float32)

    def lay(curve: Floats, of: Floats | float, rough: float) -> None:
        share = _under(depth, curve)
        level[:] += share * (np.asarray(of, np.float32) + np.float32(rough) * lump - level)

    recess = seen.in_recess
    lay(seen.skin, tissue.skin_db, 0.3)
    lay(seen.skin_floor, tissue.fat_db, 1.3)
    lay(seen.tendon[0], _tendon_db(seen, tissue), 0.4)
    lay(seen.tendon[1], tissue.under_db, 1.0)
    lay(seen.capsule, np.where(recess, tissue.fluid_db, tissue.under_db), 0.2)
    lay(seen.fluid, np.where(recess, tissue.synovium_db, tissue.under_db), 0.7)
    lay(seen.floor, np.where(seen.in_gap, tissue.gap_db, tissue.cartilage_db), 0.2)
    return level


def _fibres(seen: Section, tissue: Tissue, depth: Samples, beams: int) -> Samples:
    """Amplitudes (rows, beams) of the tendon's fibrils, which follow its course."""
    top, bottom = (curve.astype(np.float32)[None] for curve in seen.tendon)
    row = (depth - top) * np.float32(1 / 0.035)
    column = np.ascontiguousarray(np.broadcast_to((seen.x_mm / 0.25).astype(np.float32), row.shape))
    lines = sample(strands(tissue.patterns[0]), column, np.ascontiguousarray(row))
    inside = ((depth > top) & (depth < bottom)).astype(np.float32)
    amplitude = 10 ** ((_tendon_db(seen, tissue) + 9) / 20) * seen.tendon_there
    return np.asarray(lines * inside * amplitude.astype(np.float32)[None], np.float32)


def _behind_bone(seen: Section, tissue: Tissue, depth: Samples, level: Samples) -> Samples:
    behind = np.maximum(depth - seen.bone.astype(np.float32)[None] - np.float32(SHADOW_AFTER_MM), 0)
    step_mm = float(np.abs(seen.x_mm[1] - seen.x_mm[0]))
    in_gap = cv2.GaussianBlur(seen.in_gap.astype(np.float32)[None], (0, 0), EDGE_MM / step_mm)
    deep = np.maximum(depth - seen.floor.astype(np.float32)[None] - 2, 0) * in_gap
    dark = np.maximum(tissue.haze_db - behind * np.float32(8.7 / tissue.haze_mm), NOTHING_DB)
    share = np.clip(behind / np.float32(0.2), 0, 1)
    share = cv2.GaussianBlur(share, (0, 0), EDGE_MM / step_mm, sigmaY=0.3)
    level = level + share * (dark - level) - 9 * deep
    return np.asarray(np.maximum(level, NOTHING_DB), np.float32)


def _patchy(tissue: Tissue, which: int, x_mm: Floats) -> Floats:
    along = tissue.patchiness[which]
    places = np.asarray(x_mm / 0.7) % along.size
    return np.asarray(np.minimum(np.interp(places, np.arange(along.size), along, period=along.size), 3.0))


def _facing(curve: Floats, seen: Section) -> Floats:
    slope = np.gradient(curve, float(np.abs(seen.x_mm[1] - seen.x_mm[0])))
    return np.asarray(1 / np.sqrt(1 + slope**2))


def _face(depth: Floats, db: Floats | float, there: NDArray[np.bool_] | None = None) -> Interface:
    level = np.broadcast_to(np.asarray(db, np.float64), depth.shape)
    amplitude = np.where(there if there is not None else True, 10 ** (level / 20), 0)
    return Interface(depth.astype(np.float32), amplitude.astype(np.float32))


def _faces(seen: Section, tissue: Tissue) -> tuple[Interface, ...]:
    bone_db = tissue.bone_db + 20 * tissue.bone_power * np.log10(np.maximum(_facing(seen.bone, seen), 0.03))
    bone_db = np.maximum(bone_db, tissue.bone_db - 30) + _patchy(tissue, 0, seen.x_mm)
    place, width, fading = tissue.weak
    fade = fading * np.exp(-(((seen.x_mm - place) / width) ** 2))
    thick = seen.floor - seen.capsule
    capsule_db = tissue.capsule_db + 60 * np.log10(_facing(seen.capsule, seen)) + _patchy(tissue, 1, seen.x_mm) - fade
    tendon_db = tissue.face_db + _tendon_db(seen, tissue) + 40 * np.log10(_facing(seen.tendon[0], seen))
    tendon_db = tendon_db + _patchy(tissue, 2, seen.x_mm)
    skin_db = tissue.skin_db + tissue.face_db + _patchy(tissue, 3, seen.x_mm) * 0.4
    return (
        _face(seen.bone + ROUGH_MM * _patchy(tissue, 0, 3.1 * seen.x_mm), bone_db, ~seen.in_gap),
        _face(seen.capsule, capsule_db, seen.in_recess & (thick > 0.12)),
        _face(seen.tendon[0], tendon_db),
        _face(seen.skin, skin_db),
        _face(seen.skin_floor, skin_db - 4),
    )
