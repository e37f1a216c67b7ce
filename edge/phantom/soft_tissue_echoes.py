"""What layered soft tissue sends back to each beam, and what is truly there."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import row_depths, skin_contact
from edge.phantom.bmode import gains_db, leading_edge_mm
from edge.phantom.records import Echoes, Imaging, Interface, Samples
from edge.phantom.soft_tissue import (
    TABLE_X_MM,
    Belly,
    BellyPlace,
    FasciaSheet,
    Seam,
    SoftTissue,
    Vessel,
    at_beams,
    carried_sheet,
    locate,
)
from edge.phantom.strands import ACROSS_MM, ALONG_MM, KINDS, lobules, sample, strands

GEL_DB = -45.0
RINGING_MM = 0.7
"""Distance of the transducer's echoes in air, which fade by 1/e from one to the next."""
PATCH_MM = 4.0
"""Size of the belly's brighter and darker patches."""
DB = np.float32(np.log(10) / 20)


@dataclass(frozen=True, slots=True, eq=False)
class SectionTruth:
    """What is where, sample by sample (rows, beams)."""

    sheet: Samples
    """Share of the sample that is a sheet of fascia, less where noise or black hide it."""
    angle_rad: Samples
    """Of the strand, from the horizontal, counter-clockwise as seen, in (-pi/2, pi/2]; 0 outside the bellies."""
    readable: Samples
    """0 to 1: how well a strand can be read here; 0 outside the bellies."""
    layer: NDArray[np.uint8]
    """1: the uppermost belly, 2: the next; 0: none."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Echoes with their truth."""

    echoes: Echoes
    truth: SectionTruth


def section(
    tissue: SoftTissue, imaging: Imaging, x_mm: NDArray[np.float64], rows: int, swelling: float = 0.0
) -> Section:
    """What a beam at each of `x_mm` (beams,) sends back from `rows` depths. swelling: -1 to 1, of the vessels."""
    x = x_mm.astype(np.float32)
    canvas = _Canvas(tissue, imaging, x, row_depths(imaging.depth_mm, rows))
    canvas.lay_fat()
    for k, belly in enumerate(tissue.bellies):
        canvas.lay_belly(k, belly)
    canvas.lay_sheets()
    for vessel in tissue.vessels:
        canvas.lay_vessel(vessel, swelling)
    canvas.lay_bone()
    for seam in tissue.seams:
        canvas.lay_seam(seam)
    return canvas.finish()


class _Canvas:
    """Decibels, even echoes and truth, laid one tissue over the other."""

    def __init__(self, tissue: SoftTissue, imaging: Imaging, x: Samples, depth: Samples) -> None:
        self._tissue, self._imaging, self._x, self._depth = tissue, imaging, x, depth
        shape = depth.shape[0], x.shape[0]
        self._db = np.full(shape, tissue.deep_db, np.float32)
        self._coherence = np.full(shape, tissue.evenness, np.float32)
        self._sheet, self._angle, self._readable = (np.zeros(shape, np.float32) for _ in range(3))
        self._layer = np.zeros(shape, np.uint8)
        self._interfaces: list[Interface] = []
        self._mm_per_row = imaging.depth_mm / shape[0]
        self._contact = skin_contact(x, tissue.contact).astype(np.float32)
        self._gain = np.asarray(self._contact * 10 ** (self._at_beams(tissue.coupling_db) / 20), np.float32)
        self._tops = [self._at_beams(sheet.top_mm) for sheet in tissue.sheets]
        self._bottoms = [top + np.float32(s.thickness_mm) for top, s in zip(self._tops, tissue.sheets, strict=True)]

    def _at_beams(self, table: NDArray[np.float64]) -> Samples:
        return at_beams(table, self._x)

    def _rows(self, top: Samples, bottom: Samples) -> slice:
        """The rows that a layer between two curves touches."""
        first = int(np.clip(top.min() / self._mm_per_row, 0, self._depth.shape[0]))
        return slice(first, int(np.clip(np.ceil(bottom.max() / self._mm_per_row), first, self._depth.shape[0])))

    def lay_fat(self) -> None:
        tissue = self._tissue
        gap = self._at_beams(tissue.gap_mm)
        rows = self._rows(np.zeros_like(gap), self._tops[0])
        depth = self._depth[rows] - gap
        bend = self._tops[0].mean() / np.maximum(self._tops[0], np.float32(0.5))
        across = self._depth[rows] * (bend * np.float32(1 / 0.12))
        along = np.broadcast_to(self._x / np.float32(0.2), across.shape)
        lobes = sample(lobules(tissue.fat_pattern), along, across)
        fat = np.float32(tissue.fat_db) + np.float32(tissue.fat_texture_db) * lobes
        np.copyto(fat, np.float32(tissue.skin_db), where=depth < tissue.skin_mm)
        np.copyto(fat, np.float32(GEL_DB), where=depth < 0)
        np.copyto(self._db[rows], fat, where=self._depth[rows] < self._tops[0])
        self._add_face(gap, np.full_like(gap, 1.5 if gap.max() > 0 else 0.0))

    def lay_belly(self, k: int, belly: Belly) -> None:
        top, bottom = self._bottoms[k], self._tops[k + 1]
        rows = self._rows(top, bottom)
        if rows.start >= rows.stop:
            return
        depth = self._depth[rows]
        place = locate(belly, self._x, depth, top, bottom)
        inside = (depth >= top) & (depth < bottom)
        clear = _in_plane(belly.clear, place) if belly.clear is not None else None
        lines = _lines(belly, place, clear)
        steep = place.rise * place.rise
        cosine_sq = 1 - steep / (steep + place.run * place.run)
        fade = np.float32(20 * belly.facing / 2) * np.log10(np.maximum(cosine_sq, np.float32(1e-3)))
        height = np.maximum(np.float32(belly.line_db) + fade, np.float32(min(4.0, belly.line_db)))
        patches = _patches(belly, place)
        ground = np.float32(belly.ground_db) + np.float32(belly.rise_db) * (place.v - np.float32(0.5))
        db = ground + lines * height + np.float32(belly.patches_db) * patches
        np.copyto(self._db[rows], db, where=inside)
        np.copyto(
            self._coherence[rows], np.float32(self._tissue.evenness) + np.float32(belly.coherence) * lines, where=inside
        )
        np.copyto(self._angle[rows], place.angle_rad, where=inside)
        readable = self._seen(db + np.float32(0.5) * height - lines * height, rows)
        np.copyto(self._readable[rows], readable if clear is None else readable * clear, where=inside)
        np.copyto(self._layer[rows], np.uint8(k + 1), where=inside)

    def _seen(self, db: Samples, rows: slice) -> Samples:
        """0 to 1 (rows, beams): how far tissue of these decibels stands out of noise and black."""
        imaging = self._imaging
        signal, hiss = (db.astype(np.float32) for db in gains_db(imaging, self._depth[rows].astype(np.float64)))
        black = np.float32(-0.5 * imaging.dynamic_range_db)
        over = db + signal - np.maximum(hiss, black) + 20 * np.log10(np.maximum(self._gain, np.float32(1e-3)))
        return np.asarray(np.clip((over + 2) / np.float32(8.0), 0, 1), np.float32)

    def lay_sheets(self) -> None:
        facing = self._tissue.facing
        for k, (sheet, top, bottom) in enumerate(zip(self._tissue.sheets, self._tops, self._bottoms, strict=True)):
            rows = self._rows(top - 1, bottom + np.float32(1 + 2 * sheet.tail_mm))
            if not sheet.shown or rows.start >= rows.stop:
                continue
            depth, low = self._depth[rows], np.float32(self._mm_per_row / 2)
            covered = np.minimum(bottom, depth + low) - np.maximum(top, depth - low)
            covered = np.clip(covered / np.float32(self._mm_per_row), 0, 1)
            carried_mm, stretch = carried_sheet(self._tissue, k)
            rest_x = (self._x - np.float32(carried_mm)) / np.float32(stretch)
            self._weave(sheet, rest_x, top, bottom, rows)
            seen = covered * self._seen(at_beams(sheet.level_db, rest_x), rows)
            self._sheet[rows] = np.maximum(self._sheet[rows], seen * self._contact)
            self._readable[rows] *= 1 - covered
            upright = _facing(top, self._x, facing)
            inset = np.float32(0.15 * sheet.thickness_mm)
            for edge, amplitude in ((top + inset, sheet.amplitude[0]), (bottom - inset, sheet.amplitude[1])):
                self._add_face(edge, at_beams(amplitude, rest_x) * upright)

    def _weave(self, sheet: FasciaSheet, rest_x: Samples, top: Samples, bottom: Samples, rows: slice) -> None:
        """The sheet's substance: bundles along it, so that it shows as several bright lines."""
        depth = self._depth[rows]
        within = np.minimum(depth - top, bottom - depth) / np.float32(sheet.softness_mm) + np.float32(0.5)
        within = np.clip(within, 0, 1)
        along = np.broadcast_to(rest_x / np.float32(ALONG_MM), within.shape)
        bundles = sample(strands(sheet.pattern), along, (depth - top) / np.float32(1.5 * ACROSS_MM))
        db = at_beams(sheet.level_db, rest_x) - np.float32(12) * np.maximum(1 - bundles * 2, 0)
        if sheet.tail_db > 0:
            under = np.maximum(depth - bottom, 0)
            self._db[rows] += (under > 0) * np.float32(sheet.tail_db) * np.exp(under * np.float32(-1 / sheet.tail_mm))
        self._db[rows] += within * (db - self._db[rows])
        self._coherence[rows] += within * (2 * bundles + 1 - self._coherence[rows])

    def lay_vessel(self, vessel: Vessel, swelling: float) -> None:
        wide = np.float32(1 + 0.1 * swelling)
        reach = vessel.half_length_mm + vessel.radius_mm + 2
        rows = self._rows(np.array([vessel.depth_mm - reach]), np.array([vessel.depth_mm + reach]))
        if rows.start >= rows.stop:
            return
        x, y = self._x - np.float32(vessel.x_mm), self._depth[rows] - np.float32(vessel.depth_mm)
        cosine, sine = np.float32(np.cos(vessel.tilt_rad)), np.float32(np.sin(vessel.tilt_rad))
        along, across = x * cosine - y * sine, x * sine + y * cosine
        beyond = np.maximum(np.abs(along) - np.float32(vessel.half_length_mm), 0)
        from_axis = np.sqrt(across * across + beyond * beyond) / (np.float32(vessel.radius_mm) * wide)
        wall = np.float32(0.35 / vessel.radius_mm)
        upright = np.abs(y) / np.maximum(np.hypot(x, y), np.float32(1e-3))
        ring = ((from_axis >= 1) & (from_axis < 1 + wall)) * upright**3
        self._db[rows] += ring * (np.float32(vessel.wall_db) - self._db[rows])
        np.copyto(self._db[rows], np.float32(vessel.inside_db), where=from_axis < 1)
        hidden = from_axis < 1 + wall
        self._coherence[rows][hidden] = 0
        self._readable[rows][hidden] = 0

    def lay_bone(self) -> None:
        bone = self._at_beams(self._tissue.bone_mm)
        rows = self._rows(bone, np.full_like(bone, self._imaging.depth_mm))
        if rows.start >= rows.stop or bone.min() >= self._imaging.depth_mm:
            return
        under = self._depth[rows] - bone
        below = under > 0
        np.copyto(self._db[rows], np.float32(self._tissue.haze_db) - 2 * under, where=below)
        self._coherence[rows][below] = 0
        self._readable[rows][below] = 0
        self._sheet[rows][below] = 0
        self._add_face(bone, self._tissue.bone_amplitude * _facing(bone, self._x, self._tissue.facing))

    def lay_seam(self, seam: Seam) -> None:
        upper = self._at_beams(self._tissue.gap_mm) if seam.layer == 0 else self._bottoms[seam.layer - 1]
        lower = self._tops[seam.layer]
        rest_x = self._x
        if seam.layer > 0:
            belly = self._tissue.bellies[seam.layer - 1]
            rest_x = (rest_x - belly.carried(at_beams(seam.share, rest_x))) / np.float32(belly.stretch)
        depth = upper + at_beams(seam.share, rest_x) * (lower - upper)
        self._add_face(depth, at_beams(seam.amplitude, rest_x) * _facing(depth, self._x, self._tissue.facing))

    def _add_face(self, depth: Samples, amplitude: Samples) -> None:
        lead = np.float32(leading_edge_mm(self._imaging))
        self._interfaces.append(Interface(depth - lead, amplitude * self._gain))

    def _ringing(self) -> Samples:
        """The transducer's own echoes (rows, 1), all that is seen where it touches nothing."""
        fading = np.exp(self._depth * np.float32(-1 / RINGING_MM))
        return np.asarray(2 * fading * np.cos(self._depth * np.float32(np.pi / RINGING_MM)) ** 2, np.float32)

    def finish(self) -> Section:
        scatter = np.exp(self._db * DB) * self._gain
        if self._contact.min() < 0.5:
            scatter += (1 - self._contact) * self._ringing()
        layer = np.where(self._contact > 0.5, self._layer, np.uint8(0))
        truth = SectionTruth(self._sheet, self._angle, self._readable * self._contact, layer)
        return Section(Echoes(scatter, tuple(self._interfaces), self._coherence), truth)


def _lines(belly: Belly, place: BellyPlace, clear: Samples | None) -> Samples:
    """The belly's strands (rows, beams), 0 to about 1."""
    scale, start = belly.strand_scale, belly.strand_place
    row = place.across_mm * np.float32(1 / (ACROSS_MM * scale[0])) + np.float32(start[0])
    column = place.along_mm * np.float32(1 / (ALONG_MM * scale[1])) + np.float32(start[1])
    lines = sample(strands(belly.strands), column, row)
    if clear is None:
        return lines
    crumbs = sample(lobules(belly.strands), place.along_mm * np.float32(6), place.across_mm * np.float32(8))
    return np.asarray(lines * clear + np.maximum(crumbs, 0) * np.float32(0.35) * (1 - clear), np.float32)


def _facing(depth: Samples, x: Samples, power: float) -> Samples:
    return np.asarray(np.cos(np.arctan(np.gradient(depth, x))) ** power, np.float32)


def _patches(belly: Belly, place: BellyPlace) -> Samples:
    """Slow changes of brightness (rows, beams), fixed in the belly. Mean about 0, standard deviation about 1."""
    few = lobules((belly.strands + 3) % KINDS)[:32, :32]
    column, row = (mm * np.float32(1 / PATCH_MM) for mm in _few(place.rest_x_mm, place.v * np.float32(belly.height_mm)))
    return _many(sample(few, column, row), place)


def _in_plane(clear: Samples, place: BellyPlace) -> Samples:
    """The share of strands in the picture's plane, sample by sample."""
    rest_x, v = _few(place.rest_x_mm, place.v)
    column = (rest_x - np.float32(TABLE_X_MM[0])) * np.float32((clear.shape[1] - 1) / np.ptp(TABLE_X_MM))
    sampled = cv2.remap(clear, column, v * (clear.shape[0] - 1), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return _many(np.asarray(sampled, np.float32), place)


def _few(*fields: Samples) -> tuple[Samples, ...]:
    """Every eighth sample both ways: enough for what changes slowly."""
    return tuple(np.ascontiguousarray(field[::8, ::8]) for field in fields)


def _many(few: Samples, place: BellyPlace) -> Samples:
    rows, beams = place.v.shape
    return np.asarray(cv2.resize(few, (beams, rows), interpolation=cv2.INTER_LINEAR), np.float32)
