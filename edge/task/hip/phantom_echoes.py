"""What an infant's hip sends back to the probe: a map of echo strengths for a section, with shadows under bone.

Layers of soft tissue bend over what lies under them: ilium, capsule and shaft. Bone is a bright line whose brightness
falls with its angle to the beam, and nothing but haze is seen behind it.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Echoes, Imaging, Pose, Samples
from edge.phantom.strands import ACROSS_MM, ALONG_MM, lobules, sample, strands
from edge.task.hip.lines import Floats
from edge.task.hip.phantom_anatomy import Hip, Section, section
from edge.task.hip.phantom_grid import SOFT_MM, Grid

DARKER_PER_MM: Final = 0.5
"""Decibels by which what lies under the muscles gets weaker with depth."""
SHADOW_EDGE_MM: Final = 0.7
"""Standard deviation, across, of where a shadow begins: the beam's width at bone."""
ROUGH_SHARE: Final = 0.4
"""Of a bright line's amplitude, what its roughness scatters beside its even echo."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """How an infant's tissue sends back sound. Decibels against soft tissue, where nothing else is said."""

    fat_db: float
    muscle_db: float
    deep_db: float
    """Of what lies between the hip and the muscles, and under the head."""
    head_db: float
    cartilage_db: float
    labrum_db: float
    bone_db: float
    """Of a bone's surface at a right angle to the beam."""
    angle_power: float
    """Bone fades with the cosine of its angle to the beam to this power ..."""
    rough_db: float
    """... to no less than this below its brightest."""
    fascia_db: float
    capsule_db: float
    perichondrium_db: float
    fold_db: float
    floor_db: float
    fragments_db: float
    shadow_db: float
    haze_db: float
    haze_mm: float
    bone_mm: float
    """Thickness of a bone's bright line."""
    shares: tuple[float, ...]
    """Depths of the fasciae as shares of the way from the skin to what lies under the muscles."""
    waviness_mm: float
    striation_db: float
    texture_db: float
    patterns: tuple[int, int]
    fragments: Floats
    """(n, 4) of the head's echoes: x, y in radii from its middle, length in mm, strength 0 to 1."""
    patchiness: Floats
    """(64,) dB by which the bright lines' strength changes along the array; repeats."""


def hip_echoes(
    hip: Hip, tissue: Tissue, imaging: Imaging, pose: Pose, rotation_deg: float, x_mm: NDArray[np.float64], rows: int
) -> tuple[Echoes, Section]:
    """What a beam at each of `x_mm` (beams,) sends back from `rows` depths; and the true section."""
    seen = section(hip, pose, rotation_deg)
    grid = Grid.of(x_mm, imaging.depth_mm, rows)
    covering = _covering(seen, grid)
    level_db, strand = _soft_tissue(covering, tissue, grid)
    level_db = _joint(hip, seen, tissue, grid, level_db)
    level_db = _shadowed(seen, tissue, grid, level_db)
    amplitude = _amplitude(level_db)
    lines = _lines(hip, seen, covering, tissue, grid, strand)
    scatter = amplitude + np.float32(ROUGH_SHARE) * lines
    return Echoes(scatter, (), np.asarray(lines / np.maximum(scatter, 1e-4), np.float32)), seen


def _amplitude(level_db: Samples) -> Samples:
    return np.asarray(cv2.exp(level_db * np.float32(np.log(10) / 20)), np.float32)


def _soft_tissue(floor: Floats, tissue: Tissue, grid: Grid) -> tuple[Samples, Samples]:
    """Decibels of skin, fat and muscle in layers that bend with what is under them, which lies `floor` (beams,) deep;
    and the amplitude of the even echoes of their strands."""
    share = np.minimum(grid.depth / floor[None, :].astype(np.float32), 1.3).astype(np.float32)
    along = np.broadcast_to((grid.x_mm / ALONG_MM).astype(np.float32), grid.shape)
    height = float(np.median(floor))
    across = share * np.float32(height / ACROSS_MM)
    streaks = sample(strands(tissue.patterns[0]), np.ascontiguousarray(along), across)
    lumps = sample(lobules(tissue.patterns[1]), np.ascontiguousarray(along), across)
    skin, fat = tissue.shares[0], tissue.shares[1]
    in_muscle = np.clip((share - np.float32(fat)) * 40, 0, 1)
    level = np.float32(tissue.fat_db) + in_muscle * np.float32(tissue.muscle_db - tissue.fat_db)
    level += lumps * np.float32(tissue.texture_db)
    level += np.clip((np.float32(skin) - share) * 60, 0, 1) * np.float32(8)
    below = np.clip((share - np.float32(0.97)) * 25, 0, 1)
    under = np.maximum(grid.depth - floor[None, :].astype(np.float32), 0)
    level += below * (np.float32(tissue.deep_db) + lumps * np.float32(tissue.texture_db) - level)
    level -= np.float32(DARKER_PER_MM) * under
    strand = streaks * np.float32(10 ** ((tissue.muscle_db + tissue.striation_db) / 20)) * (1 - below)
    return np.asarray(level, np.float32), np.asarray(strand, np.float32)


def _covering(seen: Section, grid: Grid) -> NDArray[np.float64]:
    """(beams,) depth of what the muscles lie on."""
    tops = [grid.surface(curve) for curve in (seen.ilium, seen.perichondrium, seen.capsule, seen.border)]
    least = np.minimum.reduce(tops)
    known = np.isfinite(least)
    filled = np.interp(grid.x_mm, grid.x_mm[known], least[known]) if known.any() else np.full(grid.x_mm.size, 20.0)
    smooth = cv2.GaussianBlur(
        filled[None, :], (0, 0), max(1.0, 2.0 / grid.mm_per_beam), borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.maximum(np.minimum(smooth[0], filled), 3.0), np.float64)


def _joint(hip: Hip, seen: Section, tissue: Tissue, grid: Grid, level: Samples) -> Samples:
    """Writes cartilage, head, neck, labrum and nucleus over the soft tissue."""
    left = seen.strength
    lumps = sample(
        lobules(tissue.patterns[1]),
        np.ascontiguousarray(np.broadcast_to((grid.x_mm / 0.5).astype(np.float32), grid.shape)),
        np.ascontiguousarray(np.broadcast_to(grid.depth / np.float32(0.15), grid.shape)),
    )
    if left["cartilage roof"] > 0:
        hyaline = grid.filled(_hyaline(seen))
        level = level + hyaline * (np.float32(tissue.cartilage_db) - level)
    if left["femoral head"] > 0:
        head = grid.filled(_ring(seen.head, seen.radius_mm))
        neck = grid.filled(_neck(seen), 0.5)
        for mask in (neck, head):
            level = level + mask * (np.float32(tissue.head_db) + lumps * np.float32(tissue.texture_db) - level)
    if left["labrum"] > 0:
        labrum = grid.filled(labrum_ring(seen), 0.3) * np.float32(left["labrum"])
        level = level + labrum * (np.float32(tissue.labrum_db) - level)
    return np.asarray(level, np.float32)


def _ring(middle: Floats, radius: float, squeeze: float = 1.0) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return middle + radius * np.stack((np.cos(turn), squeeze * np.sin(turn)), axis=1)


def _hyaline(seen: Section) -> Floats:
    """Between the roof, the labrum and the head: the cartilage roof, and what lines the socket."""
    way = np.concatenate((seen.roof, seen.floor, seen.head[None], seen.labrum[None]))
    return np.asarray(way)


def _neck(seen: Section) -> Floats:
    """From the head to its border with bone."""
    near = seen.border[: len(seen.border) // 3]
    return np.concatenate((seen.head[None] + (0, seen.radius_mm * 0.7), near, seen.capsule[-1:], seen.head[None]))


def labrum_ring(seen: Section) -> Floats:
    """A wedge (5, 2) in mm: broad at the cartilage roof, its point over the head."""
    way = seen.labrum_size * seen.labrum_way
    beside = (0.5 + 0.5 * seen.labrum_size) * np.array((-seen.labrum_way[1], seen.labrum_way[0]))
    return np.stack(
        (
            seen.labrum + 1.5 * way,
            seen.labrum + 0.3 * way + 0.75 * beside,
            seen.labrum - 1.3 * way + 0.65 * beside,
            seen.labrum - 1.3 * way - 0.65 * beside,
            seen.labrum + 0.3 * way - 0.75 * beside,
        )
    )


def _shadowed(seen: Section, tissue: Tissue, grid: Grid, level: Samples) -> Samples:
    """Haze alone behind bone, and less behind the ossific nucleus."""
    bone = np.concatenate((seen.ilium, seen.roof))
    tops = [grid.surface(bone)]
    if seen.strength["chondro-osseous border"] > 0:
        tops.append(grid.surface(seen.border))
    top = np.minimum.reduce(tops)
    top = np.where(np.isfinite(top), top, 1e3).astype(np.float32)
    behind = np.maximum(grid.depth - top[None, :] - np.float32(0.3), 0)
    haze = np.float32(tissue.haze_db) - behind * np.float32(8.7 / tissue.haze_mm)
    dark = np.maximum(haze, np.float32(tissue.shadow_db))
    share = np.clip(behind / np.float32(SOFT_MM), 0, 1)
    share = cv2.GaussianBlur(share, (0, 0), max(SHADOW_EDGE_MM / grid.mm_per_beam, 0.3), sigmaY=0.3)
    return np.asarray(level + share * (dark - level), np.float32)


def _lines(hip: Hip, seen: Section, covering: Floats, tissue: Tissue, grid: Grid, strand: Samples) -> Samples:
    """Amplitudes (rows, beams) of everything that is a bright line or spot."""
    left = seen.strength
    rim_at = float(np.linalg.norm(seen.ilium - seen.rim, axis=1).argmin()) / max(len(seen.ilium) - 1, 1)
    lines = strand.copy()

    def add(points: Floats, db: float, share: Floats | float, thick_mm: float, soft_mm: float = 0.12) -> None:
        top = float(np.max(share))
        if top <= 0:
            return
        drawn = grid.drawn(points, np.asarray(share) / top, thick_mm, soft_mm)
        np.maximum(lines, drawn * np.float32(top * 10 ** (db / 20)), out=lines)

    for share in tissue.shares:
        sheet = _fascia(covering, tissue, grid, share)
        add(sheet, tissue.fascia_db, _patchy(tissue, sheet[:, 0], 5 * share), 0.3)
    along = np.linspace(0, 1, len(seen.ilium))
    of_rim = 1 - (1 - left["bony rim"]) * np.exp(-(((along - rim_at) / 0.05) ** 2))
    iliac = _facing(seen.ilium, tissue) * of_rim * left["iliac line"]
    add(seen.ilium, tissue.bone_db, iliac * _patchy(tissue, seen.ilium[:, 0], 1), tissue.bone_mm)
    from_rim = 1 - (1 - left["bony rim"]) * np.exp(-((np.linspace(0, 1, len(seen.roof)) / 0.15) ** 2))
    add(seen.roof, tissue.bone_db, _facing(seen.roof, tissue) * from_rim * left["bony roof"], tissue.bone_mm)
    add(seen.limb, tissue.bone_db - 2, 0.9 * left["lower limb"], 2.0 * tissue.bone_mm, 0.25)
    shaft = _facing(seen.border, tissue) * left["chondro-osseous border"]
    add(seen.border, tissue.bone_db - 3, shaft * _patchy(tissue, seen.border[:, 0], 2), tissue.bone_mm)
    if left["labrum"] > 0:
        along = seen.labrum_size * seen.labrum_way
        core = np.stack((seen.labrum - 1.0 * along, seen.labrum + 1.2 * along))
        add(core, tissue.labrum_db, left["labrum"], 0.9, 0.3)
    add(seen.perichondrium, tissue.perichondrium_db, left["joint capsule"], 0.55, 0.2)
    capsule = _patchy(tissue, seen.capsule[:, 0], 3) * left["joint capsule"]
    add(seen.capsule, tissue.capsule_db, capsule, 0.4, 0.15)
    add(seen.fold, tissue.fold_db, left["synovial fold"], 0.6, 0.25)
    add(seen.floor, tissue.floor_db, _patchy(tissue, seen.floor[:, 0], 4), 0.7, 0.4)
    add(seen.ischium, tissue.floor_db + 4, 1.0, 1.0, 0.3)
    if left["femoral head"] > 0:
        for across, down, length, strength in tissue.fragments:
            middle = seen.head + seen.radius_mm * np.array((across, down))
            reach = np.array((length / 2, 0.0))
            add(np.stack((middle - reach, middle + reach)), tissue.fragments_db, strength, 0.25)
    if hip.nucleus_mm > 0:
        turn = np.linspace(np.radians(190), np.radians(350), 24)
        cap = seen.nucleus + hip.nucleus_mm * np.stack((1.3 * np.cos(turn), np.sin(turn)), axis=1)
        _shade(lines, cap, grid)
        add(cap, tissue.bone_db - 8, 1.0, 0.8, 0.3)
    return _hidden(lines, seen, grid)


def _shade(lines: Samples, cap: Floats, grid: Grid) -> None:
    """Weakens in place what lies behind a nucleus."""
    top = grid.surface(cap)
    behind = np.isfinite(top)[None, :] & (grid.depth > np.where(np.isfinite(top), top, 0.0)[None, :] + 0.8)
    lines[behind] *= 0.15


def _hidden(lines: Samples, seen: Section, grid: Grid) -> Samples:
    """Without what would lie behind the ilium and the shaft."""
    tops = [grid.surface(np.concatenate((seen.ilium, seen.roof)))]
    if seen.strength["chondro-osseous border"] > 0:
        tops.append(grid.surface(seen.border))
    top = np.minimum.reduce(tops)
    behind = grid.depth > np.where(np.isfinite(top), top, 1e3)[None, :].astype(np.float32) + np.float32(1.2)
    return np.where(behind, np.float32(0.02) * lines, lines)


def _facing(points: Floats, tissue: Tissue) -> Floats:
    """(n,) share of a bone's amplitude by its angle to the beam."""
    way = np.gradient(points, axis=0)
    flat = np.abs(way[:, 0]) / np.maximum(np.linalg.norm(way, axis=1), 1e-9)
    return np.asarray(np.maximum(flat**tissue.angle_power, 10 ** (tissue.rough_db / 20)), np.float64)


def _patchy(tissue: Tissue, x_mm: Floats, number: float) -> Floats:
    """(n,) share of a line's amplitude along the array, another for each number."""
    places = (x_mm / 1.2 + 11.0 * number) % len(tissue.patchiness)
    db = np.interp(places, np.arange(len(tissue.patchiness)), tissue.patchiness, period=len(tissue.patchiness))
    return np.asarray(10 ** (np.minimum(db, 0) / 20))


def _fascia(covering: Floats, tissue: Tissue, grid: Grid, share: float) -> Floats:
    """A sheet (beams, 2) at a share of the way down to the hip."""
    phase = 7.0 * share
    wave = np.sin(grid.x_mm / 6.5 + phase) + 0.6 * np.sin(grid.x_mm / 2.9 + 3 * phase)
    bent = share**1.4
    depth = (
        share * (bent * covering + (1 - bent) * np.median(covering))
        + tissue.waviness_mm * wave * share * (1 - share) * 2
    )
    step = max(1, round(0.6 / grid.mm_per_beam))
    return np.stack((grid.x_mm, depth), axis=1)[::step]
