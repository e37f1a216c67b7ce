"""What a limb's section with nerves and vessels sends back to each beam."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import row_depths
from edge.phantom.bmode import leading_edge_mm
from edge.phantom.records import Echoes, Imaging, Interface, Pose, Samples
from edge.phantom.soft_tissue import SoftTissue, at_beams
from edge.phantom.soft_tissue_echoes import DB, section
from edge.phantom.strands import ACROSS_MM, ALONG_MM, KINDS, sample, strands
from edge.task.nerve.phantom_anatomy import Bed, BloodVessel, Limb, Nerve, Press
from edge.task.nerve.phantom_oval import Oval

FACE_FADING_DB_PER_DEG2 = 0.12
"""Smooth faces, such as fascia, by the probe's tilt."""
HAZE_STEP = 8
SIDE_DB = 8.0
"""By how much a nerve's rim is fainter where it runs along the beam."""
WALL_SIDE_DB = 22.0
"""By how much a vessel's wall is."""
AROUND_MM = 2.5
BEHIND_MM = 14.0
"""Over which the brightness under a vessel falls to 1/e."""


def limb_echoes(limb: Limb, imaging: Imaging, pose: Pose, x_mm: Samples, rows: int) -> Echoes:
    """From a beam at each of `x_mm` (beams,) and `rows` depths. limb: as it is at the moment (`beaten`)."""
    press = Press.of(pose)
    at_rest = replace(imaging, depth_mm=imaging.depth_mm / press.squeeze)
    material_x = ((x_mm + np.float32(press.slide_mm)) * np.float32(press.squeeze)).astype(np.float32)
    found = section(_tilted(limb.muscle, pose.tilt_deg), at_rest, material_x.astype(np.float64), rows).echoes
    paint = _Paint(found, material_x, at_rest.depth_mm, pose.tilt_deg)
    for bed in limb.beds:
        paint.lay_bed(bed)
    for decoy in limb.decoys:
        paint.lay_nerve(decoy)
    for vessel in limb.vessels:
        paint.lay_vessel(vessel)
    for nerve in limb.nerves:
        paint.lay_nerve(nerve)
    paint.end_at(at_beams(limb.muscle.bone_mm, material_x))
    gain = np.exp(at_beams(limb.gain_db, material_x) * DB)
    faded = np.float32(10 ** (-FACE_FADING_DB_PER_DEG2 * pose.tilt_deg**2 / 20))
    lead = np.float32(leading_edge_mm(imaging))
    faces = tuple(
        Interface(
            (face.depth_mm + lead) * np.float32(press.squeeze) - lead,
            face.amplitude * paint.bare(face.depth_mm + lead) * gain * faded,
        )
        for face in found.interfaces
    )
    scatter = _hazed(np.exp(paint.db * DB), limb.haze_db) * gain
    return Echoes(scatter, faces, paint.coherence)


def _hazed(scatter: Samples, haze_db: float) -> Samples:
    """With the stray echoes of what is near: of beams' side lobes and of reverberation."""
    rows, beams = scatter.shape
    few = cv2.resize(scatter, (max(4, beams // HAZE_STEP), max(4, rows // HAZE_STEP)), interpolation=cv2.INTER_AREA)
    stray = cv2.resize(cv2.blur(few, (5, 3)), (beams, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scatter + np.float32(10 ** (haze_db / 20)) * stray, np.float32)


def _tilted(muscle: SoftTissue, tilt_deg: float) -> SoftTissue:
    loss_db = FACE_FADING_DB_PER_DEG2 / 2 * tilt_deg**2
    return replace(
        muscle, sheets=tuple(replace(sheet, level_db=sheet.level_db - loss_db) for sheet in muscle.sheets), vessels=()
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """The part of the picture around an oval."""

    part: tuple[slice, slice]
    x: Samples
    """(beams,) of the part."""
    depth: Samples
    """(rows, 1) of the part."""
    out_mm: Samples
    """(rows, beams) from the outline, outward positive."""
    upright: Samples
    """0 to 1: how far the outline there faces the beam."""


class _Paint:
    """Decibels and even echoes, laid one over the other."""

    def __init__(self, ground: Echoes, x: Samples, depth_mm: float, tilt_deg: float) -> None:
        rows = ground.scatter.shape[0]
        self.db = np.log(np.maximum(ground.scatter, np.float32(1e-4))) * (1 / DB)
        self.coherence = ground.coherence.copy()
        self._hides: NDArray[np.bool_] = np.zeros(ground.scatter.shape, np.bool_)
        self._x, self._mm_per_row = x, depth_mm / rows
        self._depth = row_depths(depth_mm, rows)
        self._tilt_sq = tilt_deg**2

    def end_at(self, bone_mm: Samples) -> None:
        """No face is seen through bone (beams,)."""
        self._hides |= self._depth > bone_mm + np.float32(0.5)

    def bare(self, depth_mm: Samples) -> NDArray[np.bool_]:
        """Where (beams,) a face at these depths is not interrupted by a nerve, vessel or bone."""
        row = np.nan_to_num(depth_mm / np.float32(self._mm_per_row), nan=0.0)
        row = np.clip(row, 0, len(self._depth) - 1).astype(np.intp)
        hidden: NDArray[np.bool_] = self._hides[row, np.arange(len(row))]
        return ~hidden

    def lay_bed(self, bed: Bed) -> None:
        near = self._near(bed.oval, 3 * bed.edge_mm)
        if near is None:
            return
        weight = _share(-near.out_mm, bed.edge_mm)
        lines = _streaks(bed.pattern, _folded(near, bed), bed.streak_scale)
        self._blend(near, np.float32(bed.ground_db) + np.float32(bed.streaks_db) * lines, weight)

    def lay_nerve(self, nerve: Nerve) -> None:
        near = self._near(nerve.oval, nerve.rim_mm + 3 * nerve.halo_mm)
        if near is None:
            return
        loss_db = np.float32(nerve.fading_db_per_deg2 * self._tilt_sq)
        ground = self._around_db(near) + np.float32(nerve.ground_db) - loss_db
        inner = ground + np.float32(nerve.streaks_db) * (_streaks(nerve.pattern, near, (0.8, 0.1)) - np.float32(0.3))
        fascicle, level = _fascicles(nerve, near)
        inner += fascicle * (ground + np.float32(nerve.fascicle_db) + loss_db * np.float32(0.6) + level - inner)
        halo = np.exp(np.maximum(near.out_mm, 0) * np.float32(-1 / nerve.halo_mm)) * (near.out_mm > 0)
        self.db[near.part] += np.float32(nerve.halo_db) * halo
        inside = _share(-near.out_mm, 0.08)
        self._blend(near, inner, inside)
        self.coherence[near.part] *= 1 - inside * fascicle
        self._lay_rim(near, ground + np.float32(nerve.rim_db) + _patchy(nerve.pattern, near), nerve.rim_mm, SIDE_DB)
        self._hides[near.part] |= near.out_mm < nerve.rim_mm

    def lay_vessel(self, vessel: BloodVessel) -> None:
        near = self._near(vessel.oval, vessel.wall_mm + 0.5)
        if near is None:
            return
        around = self._around_db(near)
        self._brighten_behind(vessel, near)
        inside = _share(-near.out_mm, 0.06)
        self._blend(near, around + np.float32(vessel.inside_db) + _clutter(vessel, near), inside)
        self.coherence[near.part] *= 1 - inside
        self._lay_rim(near, around + np.float32(vessel.wall_db), vessel.wall_mm, WALL_SIDE_DB)
        self._hides[near.part] |= near.out_mm < vessel.wall_mm

    def _brighten_behind(self, vessel: BloodVessel, near: _Near) -> None:
        """Blood takes less from the beam than tissue does; a round wall's sides bend it away."""
        rows, beams = near.part
        within = near.out_mm < 0
        through = within.sum(axis=0).astype(np.float32) * np.float32(self._mm_per_row)
        if through.max() <= 0:
            return
        lowest = rows.start + within.shape[0] - within[::-1].argmax(axis=0)
        gain = np.float32(vessel.behind_db) * through / through.max()
        edges = (through > 0) & (through < 0.45 * through.max())
        gain = np.where(edges, -np.float32(0.5 * vessel.behind_db), gain)
        below = slice(int(lowest[through > 0].min()), self.db.shape[0])
        under = self._depth[below] - (lowest * np.float32(self._mm_per_row)).astype(np.float32)
        self.db[below, beams] += gain * np.exp(under * np.float32(-1 / BEHIND_MM)) * (under > 0)

    def _lay_rim(self, near: _Near, rim_db: Samples | np.float32, rim_mm: float, side_db: float) -> None:
        middle = (near.out_mm - np.float32(rim_mm / 2)) * np.float32(1 / (0.6 * rim_mm))
        weight = np.exp(-middle * middle)
        target = rim_db - np.float32(side_db) * (1 - near.upright)
        raised = np.maximum(target, self.db[near.part])
        self._blend(near, raised, weight)
        self.coherence[near.part] += weight * near.upright

    def _around_db(self, near: _Near) -> np.float32:
        """Of the tissue around an oval."""
        ring = (near.out_mm > 0) & (near.out_mm < AROUND_MM)
        return np.float32(np.median(self.db[near.part][ring]) if ring.any() else -20.0)

    def _blend(self, near: _Near, db: Samples, weight: Samples) -> None:
        self.db[near.part] += weight * (db - self.db[near.part])

    def _near(self, oval: Oval, margin_mm: float) -> _Near | None:
        """None: out of the picture."""
        reach_mm = max(oval.half_width_mm, oval.half_height_mm) * (1 + sum(map(abs, oval.waves))) + margin_mm
        first, last = np.searchsorted(self._x, [oval.x_mm - reach_mm, oval.x_mm + reach_mm])
        upper, lower = np.searchsorted(self._depth[:, 0], [oval.depth_mm - reach_mm, oval.depth_mm + reach_mm])
        if last - first < 2 or lower - upper < 2:
            return None
        x, depth = self._x[first:last], self._depth[upper:lower]
        reach = oval.reach(x, depth)
        down, across = np.gradient(reach, np.float32(self._mm_per_row), np.float32(x[1] - x[0]))
        steep = np.maximum(np.sqrt(down * down + across * across), np.float32(1e-3))
        out_mm = (reach - 1) / steep
        return _Near((slice(upper, lower), slice(first, last)), x, depth, out_mm, np.abs(down) / steep)


def _share(out_mm: Samples, edge_mm: float) -> Samples:
    """0 to 1 over an edge of this width, half at 0."""
    return np.asarray(np.clip(out_mm * np.float32(1 / edge_mm) + np.float32(0.5), 0, 1), np.float32)


def _clutter(vessel: BloodVessel, near: _Near) -> Samples:
    """Decibels (rows, beams): the upper wall's echoes repeat into the lumen and fade."""
    oval = vessel.oval
    under = near.depth - np.float32(oval.depth_mm - oval.half_height_mm)
    fading = np.exp(np.maximum(under, 0) * np.float32(-1 / (0.35 * oval.half_height_mm)))
    return np.asarray(np.float32(vessel.clutter_db) * fading + np.zeros_like(near.out_mm), np.float32)


def _folded(near: _Near, bed: Bed) -> _Near:
    """With depths as they would be if the bed's folds were drawn straight."""
    turn = np.float32(2 * np.pi / bed.fold_length_mm)
    fold = np.sin(near.x * turn + near.depth * (turn / 2)) + np.sin(
        near.x * (turn * np.float32(0.43)) - near.depth * turn
    )
    return replace(near, depth=np.asarray(near.depth + np.float32(bed.fold_mm / 2) * fold, np.float32))


def _streaks(pattern: int, near: _Near, scale: tuple[float, float]) -> Samples:
    along = np.broadcast_to(near.x * np.float32(1 / (ALONG_MM * scale[1])), near.out_mm.shape)
    down = np.broadcast_to(near.depth * np.float32(1 / (ACROSS_MM * scale[0])), near.out_mm.shape)
    return sample(strands(pattern), np.ascontiguousarray(along), np.ascontiguousarray(down))


def _patchy(pattern: int, near: _Near) -> Samples:
    """Decibels by which a rim varies."""
    return np.float32(9) * _streaks((pattern + 1) % KINDS, near, (2.0, 0.3)) - np.float32(5)


def _fascicles(nerve: Nerve, near: _Near) -> tuple[Samples, Samples]:
    """(rows, beams) the share that is fascicle, and their own brightness in dB."""
    share, level = np.zeros_like(near.out_mm), np.zeros_like(near.out_mm)
    for u, v, radius_mm, own_db in nerve.fascicles:
        x_mm, depth_mm = nerve.oval.local_to_mm(float(u), float(v))
        reach = float(radius_mm) + nerve.sharpness_mm
        first, last = np.searchsorted(near.x, [x_mm - reach, x_mm + reach])
        upper, lower = np.searchsorted(near.depth[:, 0], [depth_mm - reach, depth_mm + reach])
        across, down = near.x[first:last] - np.float32(x_mm), near.depth[upper:lower] - np.float32(depth_mm)
        own = _share(radius_mm - np.sqrt(across * across + down * down), nerve.sharpness_mm)
        part = slice(upper, lower), slice(first, last)
        share[part] = np.maximum(share[part], own)
        np.copyto(level[part], own_db, where=own > 0)
    return share, level
