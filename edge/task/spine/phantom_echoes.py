"""What a plane through the lumbar spine sends back to an array, curved or straight."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from edge.phantom.beams import beam_positions, row_depths
from edge.phantom.records import Echoes, Imaging, Interface, Samples, Transducer
from edge.phantom.strands import lobules, sample, strands
from edge.task.spine.phantom_anatomy import DURA_MM, Plane, Surface
from edge.task.spine.phantom_drawing import Tissue
from edge.task.spine.seen import Floats

SKIN_MM: Final = 2.0
SOFT_MM: Final = 0.8
"""Over which one tissue passes into the next."""
SHADOW_AFTER_MM: Final = 0.8
LIGAMENT: Final = 0.2
"""Half the width of the ligament between the processes, to each mm of depth under the fat."""
NOTHING_DB: Final = -70.0
DB: Final = np.float32(np.log(10) / 20)
ROUGH_MM: Final = 0.35
"""Standard deviation of a bone's surface."""
GLARE_MM: Final = 1.1
"""How far a bone's shadow is blurred sideways by the beam's width, at its own depth."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where an array's samples lie."""

    beam: Floats
    """(beams,) place along the array's face, 0 in its middle, mm."""
    x: Samples
    """(rows, beams) mm to the right."""
    y: Samples
    """(rows, beams) mm under the middle of the array's face."""
    range_mm: Samples
    """(rows, 1) from the face."""


@lru_cache(maxsize=4)
def grid_of(transducer: Transducer, depth_mm: float, rows: int, beams: int) -> Grid:
    beam = beam_positions(transducer.width_mm, beams)
    depth = row_depths(depth_mm, rows)
    if transducer.radius_mm is None:
        x = np.ascontiguousarray(np.broadcast_to(beam.astype(np.float32), (rows, beams)))
        return Grid(beam, x, np.ascontiguousarray(np.broadcast_to(depth, (rows, beams))), depth)
    angle = (beam / transducer.radius_mm).astype(np.float32)
    radius = np.float32(transducer.radius_mm)
    return Grid(beam, (radius + depth) * np.sin(angle), (radius + depth) * np.cos(angle) - radius, depth)


def spine_echoes(
    plane: Plane,
    tissue: Tissue,
    imaging: Imaging,
    transducer: Transducer,
    shape: tuple[int, int],
    contact: Floats,
    behind_mm: Samples | None = None,
) -> Echoes:
    """shape: (rows, beams); contact: (beams,) share of the sound that reaches the skin."""
    rows, beams = shape
    grid = grid_of(transducer, imaging.depth_mm, rows, beams)
    level = _layers(plane, tissue, grid)
    interfaces = []
    for surface in plane.surfaces:
        depth, facing, share = on_beams(surface, transducer, grid.beam)
        if not np.isfinite(depth).any():
            continue
        # The pattern of a face is fixed in the body: the next plane shows it nearly the same.
        rough = _rough(tissue, grid.beam, plane, along=plane.along)
        depth = depth + ROUGH_MM * rough * (1.0 if surface.bone else 0.5)
        db = (tissue.bone_db if surface.bone else tissue.membrane_db) + 20 * tissue.bone_power * np.log10(facing)
        db = db + tissue.patchy_db * np.minimum(rough, 0.8)
        amplitude = np.where(share > 0.02, share * 10 ** (np.maximum(db, -25) / 20), 0) * contact
        interfaces.append(Interface(depth.astype(np.float32), np.nan_to_num(amplitude).astype(np.float32)))
        if surface.bone:
            level = _shadowed(level, depth, share, tissue, grid)
    scatter = cv2.exp(level * DB) + np.float32(10 ** (tissue.clutter_db / 20))
    return Echoes(np.asarray(scatter * contact.astype(np.float32), np.float32), tuple(interfaces))


def _rough(tissue: Tissue, beam: Floats, plane: Plane, *, along: bool) -> Floats:
    """(beams,) of standard deviation 1."""
    x = beam + plane.s_mm if along else beam - (plane.midline_mm or 0.0)
    y = 7.0 if along else plane.s_mm
    places = np.asarray(x / 0.5, np.float32)[None]
    return np.asarray(sample(lobules(tissue.patterns[1]), places, np.full_like(places, y / 0.8))[0], np.float64)


def on_beams(surface: Surface, transducer: Transducer, beam: Floats) -> tuple[Floats, Floats, Floats]:
    """Range (beams,) at which each beam meets a surface, NaN where it does not; cosine of its angle to the beam; how
    much of the plane's thickness it fills."""
    x, y = surface.x_mm, surface.y_mm
    if transducer.radius_mm is None:
        at, far, scale = x, y, np.ones_like(y)
    else:
        radius = transducer.radius_mm
        at, far = radius * np.arctan2(x, radius + y), np.hypot(x, radius + y) - radius
        scale = 1 + far / radius
    order = np.argsort(at)
    depth, share = (np.interp(beam, at[order], of[order], left=np.nan, right=np.nan) for of in (far, surface.share))
    slope = np.gradient(far[order], at[order] + 1e-6 * np.arange(at.size)) / scale[order]
    facing = np.interp(beam, at[order], 1 / np.sqrt(1 + slope**2))
    return depth, np.maximum(facing, 0.05), np.nan_to_num(share)


def _layers(plane: Plane, tissue: Tissue, grid: Grid) -> Samples:
    """Decibels (rows, beams) of what would be seen if there were no bone."""
    rows, beams = grid.x.shape
    depth = grid.range_mm
    lump = sample(lobules(tissue.patterns[1]), grid.x * np.float32(1 / 0.9), grid.y * np.float32(1 / 0.5))
    fibre = sample(strands(tissue.patterns[0]), grid.x * np.float32(1 / 1.1), grid.y * np.float32(1 / 0.22))
    texture = np.float32(tissue.texture_db)
    level = np.full((rows, beams), tissue.skin_db, np.float32)

    def lay(share: Samples, what: Samples) -> None:
        level[:] += share * (what - level)

    lay(_under(depth, SKIN_MM), np.float32(tissue.fat_db) + texture * lump + 6 * fibre)
    patch = sample(lobules(tissue.patterns[1]), grid.x * np.float32(1 / 3.5), grid.y * np.float32(1 / 2.5))
    lay(_under(depth, plane.muscle_from_mm), np.float32(tissue.muscle_db) + texture * (lump + patch) + 9 * fibre)
    under = grid.y - np.float32(plane.muscle_from_mm)
    if plane.midline_mm is not None:
        off = np.abs(grid.x - np.float32(plane.midline_mm))
        inside = np.clip((np.float32(LIGAMENT) * under + 2 - off) * np.float32(1 / 1.5), 0, 1) * (under > 0)
        lay(inside, np.float32(tissue.ligament_db) + np.float32(0.6) * texture * lump)
    target = np.float32(plane.target_mm)
    half, height = plane.canal_mm
    beside = np.abs(grid.x - np.float32(plane.midline_mm or 0.0))
    inside = np.clip((np.float32(min(half, 1e3)) - beside) * np.float32(1 / 2), 0, 1)
    lay(_under(grid.y, float(target) + DURA_MM) * inside, np.float32(tissue.canal_db) + texture * lump)
    lay(_under(grid.y, float(target) + height) * inside, np.full_like(level, tissue.canal_db - 4))
    fascia = np.exp(-(((depth - np.float32(plane.muscle_from_mm)) / np.float32(0.5)) ** 2))
    return np.asarray(level + 12 * fascia, np.float32)


def _under(depth: Samples, border_mm: float) -> Samples:
    return np.asarray(np.clip((depth - np.float32(border_mm)) * np.float32(1 / SOFT_MM) + 0.5, 0, 1), np.float32)


def _shadowed(level: Samples, depth: Floats, share: Floats, tissue: Tissue, grid: Grid) -> Samples:
    behind = np.maximum(
        grid.range_mm - np.nan_to_num(depth, nan=1e4).astype(np.float32) - np.float32(SHADOW_AFTER_MM), 0
    )
    step_mm = float(grid.beam[1] - grid.beam[0])
    hidden = np.clip(behind, 0, 1) * share.astype(np.float32)
    hidden = cv2.GaussianBlur(hidden, (0, 0), GLARE_MM / step_mm, sigmaY=0.3)
    dark = np.maximum(np.float32(tissue.behind_db) - behind * np.float32(8.7 / tissue.haze_mm), np.float32(NOTHING_DB))
    return np.asarray(level + hidden * np.minimum(dark - level, 0), np.float32)
