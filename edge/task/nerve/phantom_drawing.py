"""Limbs with nerves at random, from a single fascicle beside a great artery to a wide honeycomb, and the ways in which
they are pictured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Imaging, Samples
from edge.phantom.soft_tissue import TABLE_X_MM, Belly, FasciaSheet, Seam, SoftTissue
from edge.phantom.soft_tissue_drawing import FAR_MM, draw_soft_tissue, presentable_soft_tissue
from edge.phantom.strands import KINDS
from edge.phantom.texture import smooth_curve
from edge.task.nerve.phantom_anatomy import Bed, BloodVessel, Limb, Nerve
from edge.task.nerve.phantom_oval import Oval, Polygon, gap_mm

TRIES = 10
"""To find a free place before a structure is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Where structures may be placed."""

    width_mm: float
    depth_mm: float
    bone_mm: NDArray[np.float64]
    """(table,)"""

    def above_bone(self, outline: Polygon) -> bool:
        """Whether all of it lies above the bone and within the picture's depth."""
        floor = np.interp(outline[:, 0], TABLE_X_MM, np.minimum(self.bone_mm - 1.0, self.depth_mm * 0.97))
        return bool((outline[:, 1] < floor).all())

    def placed(self, rng: np.random.Generator, oval: Oval, taken: list[Oval]) -> Oval | None:
        """At a free place, mostly beside what is there already; then it is taken. None: no room."""
        size = max(oval.half_width_mm, oval.half_height_mm)
        for _ in range(TRIES):
            if taken and rng.random() < 0.75:
                beside = taken[int(rng.integers(len(taken)))]
                distance = np.exp(rng.uniform(np.log(0.3), np.log(4.0))) + 0.5 * (
                    oval.half_width_mm + oval.half_height_mm
                )
                away = np.exp(2j * np.pi * rng.random())
                x_mm = beside.x_mm + away.real * (distance + beside.half_width_mm)
                down_mm = beside.depth_mm + away.imag * (distance + beside.half_height_mm)
            else:
                x_mm = rng.uniform(-0.46, 0.46) * self.width_mm
                down_mm = rng.uniform(0.12, 0.7) * self.depth_mm
            here = replace(oval, x_mm=float(x_mm), depth_mm=float(down_mm))
            outline = here.outline(48)
            seen = abs(x_mm) < self.width_mm / 2 + 0.3 * size and self.above_bone(outline)
            if seen and outline[:, 1].min() > 2.5 and all(apart(here, other) for other in taken):
                taken.append(here)
                return here
        return None


def draw_limb(rng: np.random.Generator, width_mm: float, depth_mm: float) -> Limb:
    """Nothing to three nerves, vessels and tendons in a view of this size."""
    muscle = muscles_across(rng, draw_soft_tissue(rng), depth_mm)
    room = Room(width_mm, depth_mm, muscle.bone_mm)
    largest = 0.2 * min(width_mm, depth_mm)
    taken: list[Oval] = []
    vessels: list[BloodVessel] = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.1, 0.42, 0.33, 0.15]))):
        vessel = draw_vessel(rng, largest * np.exp(rng.uniform(np.log(0.2), 0.0)), vein=rng.random() < 0.5)
        if oval := room.placed(rng, vessel.oval, taken):
            vessels.append(replace(vessel, oval=oval))
    nerves: list[Nerve] = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.08, 0.5, 0.27, 0.15]))):
        nerve = draw_nerve(rng, largest**2 * np.exp(rng.uniform(np.log(0.15), np.log(2.5))))
        if oval := room.placed(rng, nerve.oval, taken):
            nerves.append(replace(nerve, oval=oval))
    decoys: list[Nerve] = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.5, 0.25, 0.15, 0.1]))):
        decoy = draw_decoy(rng)
        if oval := room.placed(rng, decoy.oval, taken):
            decoys.append(replace(decoy, oval=oval))
    return joined(rng, muscle, nerves, vessels, decoys)


def joined(
    rng: np.random.Generator,
    muscle: SoftTissue,
    nerves: Sequence[Nerve],
    vessels: Sequence[BloodVessel],
    decoys: Sequence[Nerve],
) -> Limb:
    """With fascia that is led around what lies there, connective tissue about it, and a gain."""
    shown = [*(nerve.oval for nerve in nerves), *(vessel.oval for vessel in vessels)]
    beds = _draw_beds(rng, shown)
    clear = [oval for oval in shown if rng.random() < 0.85]
    return Limb(
        muscle=replace(muscle, sheets=_led_around(muscle.sheets, clear)),
        beds=beds,
        decoys=tuple(decoys),
        nerves=tuple(nerves),
        vessels=tuple(vessels),
        gain_db=_draw_gain(rng, shown),
        haze_db=rng.uniform(-21, -4),
    )


def presentable_limb(rng: np.random.Generator, n_nerves: int) -> Limb:
    """A forearm's median-like nerve beside its artery and vein over a bone, as a careful examiner shows it. The second
    nerve lies apart from the first."""
    side, depth_mm = float(rng.choice([-1, 1])), rng.uniform(9.0, 12.0)
    areas = (np.exp(rng.uniform(np.log(6.5), np.log(23.0))), rng.uniform(6.5, 11.0))
    nerves = []
    for k, area in enumerate(areas[:n_nerves]):
        nerve = draw_nerve(rng, area, flattening=rng.uniform(1.3, 2.2))
        x_mm = side * (nerve.oval.half_width_mm + rng.uniform(-0.8, 0.6) if k == 0 else -rng.uniform(10.5, 11.5))
        oval = replace(nerve.oval, x_mm=x_mm, depth_mm=depth_mm + k, turn_rad=0.1 * side)
        nerves.append(_presented(rng, replace(nerve, oval=oval)))
    vessels = _presented_vessels(rng, side, depth_mm)
    muscle = presentable_soft_tissue(rng)
    middle_mm, radius_mm = rng.uniform(-4, 4), rng.uniform(9, 14)
    bone = 22 + radius_mm - np.sqrt(np.maximum(radius_mm**2 - (TABLE_X_MM - middle_mm) ** 2, 0.0))
    bone = np.where(np.abs(TABLE_X_MM - middle_mm) < radius_mm * 0.95, bone, FAR_MM)
    muscle = _short_strands(rng, replace(muscle, bone_mm=bone, bone_amplitude=20.0, haze_db=-34.0))
    ovals = [*(nerve.oval for nerve in nerves), *(vessel.oval for vessel in vessels)]
    bed = replace(_draw_bed(rng, ovals), ground_db=-16.0, streaks_db=9.0)
    return Limb(
        muscle=replace(muscle, sheets=_led_around(muscle.sheets, ovals)),
        beds=(bed,),
        decoys=(),
        nerves=tuple(nerves),
        vessels=vessels,
        gain_db=np.zeros_like(TABLE_X_MM),
        haze_db=-24.0,
    )


def _presented_vessels(rng: np.random.Generator, side: float, depth_mm: float) -> tuple[BloodVessel, ...]:
    """A round artery across from the nerve, and a vein under both."""
    artery = draw_vessel(rng, rng.uniform(1.3, 1.9), vein=False)
    round_one = Oval(-side * rng.uniform(3.6, 4.2), depth_mm + 0.5, *(artery.oval.half_width_mm,) * 2)
    vein = draw_vessel(rng, rng.uniform(1.6, 2.2), vein=True)
    under = replace(vein.oval, x_mm=side * rng.uniform(0.5, 2.0), depth_mm=depth_mm + 6.2, turn_rad=0.0)
    return (
        replace(artery, oval=round_one, swing=0.07, inside_db=-30.0, clutter_db=6.0, wall_db=15.0),
        replace(vein, oval=under, inside_db=-28.0, clutter_db=6.0, wall_db=6.0),
    )


def _presented(rng: np.random.Generator, nerve: Nerve) -> Nerve:
    return replace(
        nerve, ground_db=9.0, fascicle_db=rng.uniform(-18, -13), rim_db=4.0, rim_mm=0.35, halo_db=1.0, streaks_db=3.0
    )


def draw_nerve(rng: np.random.Generator, area_mm2: float, flattening: float | None = None) -> Nerve:
    """At the origin; its area within a tenth of what is asked for."""
    ratio = flattening or np.exp(rng.uniform(0.0, np.log(3.2)))
    half_height = float(np.sqrt(area_mm2 / np.pi / ratio))
    waves = tuple(complex(*rng.normal(0, 0.09 / k, 2)) for k in range(1, 4))
    oval = Oval(0.0, 0.0, half_height * ratio, half_height, rng.normal(0, 0.35), waves)
    fascicles = _draw_fascicles(rng, oval)
    wide = float(fascicles[:, 2].max(initial=0.0)) > 0.4 * oval.half_height_mm
    bright = rng.random() < 0.8
    return Nerve(
        oval=oval,
        fascicles=fascicles,
        ground_db=rng.uniform(8, 22) if bright else rng.uniform(-3, 8),
        fascicle_db=-rng.uniform(1, 4 if wide else 13),
        rim_db=rng.uniform(-5, 6),
        rim_mm=rng.uniform(0.15, 0.45),
        halo_db=rng.uniform(-2, 4),
        halo_mm=rng.uniform(0.3, 1.5),
        pattern=int(rng.integers(KINDS)),
        streaks_db=rng.uniform(6, 22),
        sharpness_mm=rng.uniform(0.06, 0.3),
    )


def _draw_fascicles(rng: np.random.Generator, oval: Oval) -> Samples:
    """The larger first, none over another, as many as fill a share of the nerve."""
    half_mm = np.array([oval.half_width_mm, oval.half_height_mm])
    typical = np.exp(rng.uniform(np.log(0.22), np.log(0.7))) * float(np.clip(half_mm[1] / 1.6, 0.6, 1.7))
    if rng.random() < 0.15:
        typical = half_mm[1] * rng.uniform(0.4, 0.75)
    radii = np.sort(typical * np.exp(rng.normal(0, 0.3, 90)))[::-1]
    radii = np.minimum(radii, half_mm[1] * 0.85)
    places = np.sqrt(rng.random(90)) * np.exp(2j * np.pi * rng.random(90))
    most = rng.uniform(0.25, 0.62) * np.pi * half_mm.prod()
    kept: list[tuple[float, float, float, float]] = []
    area, own_db = 0.0, rng.normal(0, rng.uniform(0, 3), 90)
    for place, radius, db in zip(places, radii, own_db, strict=True):
        room = 1 - (radius + 0.1) / half_mm
        u, v = place.real * room[0], place.imag * room[1]
        gap = rng.uniform(0.05, 0.25)
        if all(np.hypot((u - a) * half_mm[0], (v - b) * half_mm[1]) > radius + c + gap for a, b, c, _ in kept):
            kept.append((u, v, float(radius), float(db)))
            area += np.pi * radius**2
        if area > most:
            break
    return np.array(kept, np.float32).reshape(-1, 4)


def draw_decoy(rng: np.random.Generator) -> Nerve:
    """A tendon, bright and fibrillar, or a small dark muscle or node."""
    made = draw_nerve(rng, np.exp(rng.uniform(np.log(4.0), np.log(40.0))))
    none = np.zeros((0, 4), np.float32)
    if rng.random() < 0.6:
        return replace(
            made, fascicles=none, ground_db=rng.uniform(2, 14), streaks_db=rng.uniform(6, 14), fading_db_per_deg2=0.4
        )
    return replace(made, fascicles=none, ground_db=rng.uniform(-5, 0), streaks_db=rng.uniform(8, 18), halo_db=0.0)


def draw_vessel(rng: np.random.Generator, radius_mm: float, *, vein: bool) -> BloodVessel:
    """At the origin."""
    flat = np.exp(rng.uniform(0.0, 0.7 if vein else 0.12))
    bumps = rng.uniform(0.02, 0.16) if vein else 0.03
    waves = tuple(complex(*rng.normal(0, bumps / k, 2)) for k in range(1, 4))
    return BloodVessel(
        oval=Oval(0.0, 0.0, radius_mm * flat**0.5, radius_mm / flat**0.5, rng.normal(0, 0.25), waves),
        vein=vein,
        inside_db=rng.uniform(-15, -3),
        clutter_db=rng.uniform(0, 14),
        wall_db=rng.uniform(-4, 8) if vein else rng.uniform(0, 14),
        wall_mm=rng.uniform(0.1, 0.25) if vein else rng.uniform(0.15, 0.4),
        swing=rng.uniform(0.02, 0.08),
        behind_db=rng.uniform(0, 9),
    )


def apart(first: Oval, second: Oval) -> bool:
    a, b = first.outline(48), second.outline(48)
    inside = cv2.pointPolygonTest(a.astype(np.float32), (second.x_mm, second.depth_mm), False) > 0
    inside |= cv2.pointPolygonTest(b.astype(np.float32), (first.x_mm, first.depth_mm), False) > 0
    crossed = any(cv2.pointPolygonTest(a.astype(np.float32), (float(x), float(y)), False) > 0 for x, y in b[::3])
    return not inside and not crossed and gap_mm(a, b) > 0.45


def _draw_beds(rng: np.random.Generator, ovals: list[Oval]) -> tuple[Bed, ...]:
    return (_draw_bed(rng, ovals),) if ovals and rng.random() < 0.75 else ()


def _draw_bed(rng: np.random.Generator, ovals: list[Oval]) -> Bed:
    """Around some of the ovals."""
    outlines = np.concatenate([oval.outline(24) for oval in ovals] or [np.array([[-4.0, 8.0], [4.0, 12.0]])])
    low, high = outlines.min(axis=0) - 1.0, outlines.max(axis=0) + 1.0
    middle, half = (low + high) / 2, (high - low) / 2 * (rng.uniform(1.0, 2.5), rng.uniform(0.7, 1.2))
    scale = np.exp(rng.uniform(np.log(0.7), np.log(2.0)))
    return Bed(
        oval=Oval(
            float(middle[0]),
            float(middle[1]),
            float(half[0]),
            float(min(half[1], middle[1] - 1.5)),
            rng.normal(0, 0.1),
            tuple(complex(*rng.normal(0, 0.12 / k, 2)) for k in range(1, 4)),
        ),
        ground_db=rng.uniform(-26, -10),
        streaks_db=rng.uniform(6, 24),
        pattern=int(rng.integers(KINDS)),
        streak_scale=(scale, scale * np.exp(rng.uniform(np.log(0.2), 0.0))),
        edge_mm=rng.uniform(1.5, 5.0),
        fold_mm=rng.uniform(0, 1.6),
        fold_length_mm=rng.uniform(4, 20),
    )


def muscles_across(rng: np.random.Generator, muscle: SoftTissue, depth_mm: float) -> SoftTissue:
    """Muscles that are cut across, over a bone now and then; full contact, even gain."""
    bone = muscle.bone_mm
    if rng.random() < 0.35:
        radius, x_mm = rng.uniform(7, 40), rng.uniform(-20, 20)
        arc = radius - np.sqrt(np.maximum(radius**2 - (TABLE_X_MM - x_mm) ** 2, 0.0))
        bone = np.where(np.abs(TABLE_X_MM - x_mm) < 0.95 * radius, rng.uniform(0.5, 0.95) * depth_mm + arc, FAR_MM)
    muscle = replace(
        muscle,
        bellies=tuple(replace(b, ground_db=rng.uniform(-32, -20), line_db=rng.uniform(6, 19)) for b in muscle.bellies),
        skin_db=rng.uniform(-22, -6),
        fat_db=rng.uniform(-30, -12),
        deep_db=rng.uniform(-36, -20),
        evenness=rng.uniform(0.2, 1.6),
        seams=(*muscle.seams, *_draw_threads(rng, len(muscle.bellies))),
    )
    flat = replace(muscle, bone_mm=bone, contact=(-90.0, 90.0), coupling_db=np.zeros_like(TABLE_X_MM), vessels=())
    return _short_strands(rng, flat)


def _draw_threads(rng: np.random.Generator, n_bellies: int) -> tuple[Seam, ...]:
    """Thin pieces of fascia, one behind the other and none all across."""
    threads = []
    for _ in range(int(rng.integers(0, 16))):
        share = rng.uniform(0.02, 0.98) + rng.normal(0, 0.01) * TABLE_X_MM
        share = share + smooth_curve(rng, TABLE_X_MM, rng.uniform(2, 12), rng.uniform(0, 0.12))
        seen = np.clip(smooth_curve(rng, TABLE_X_MM, rng.uniform(1.5, 8), 1.5) + rng.uniform(-2, 0.5), 0, 1)
        threads.append(Seam(int(rng.integers(0, n_bellies)), np.clip(share, 0, 1), 10 ** rng.uniform(-0.3, 1.2) * seen))
    return tuple(threads)


def _short_strands(rng: np.random.Generator, muscle: SoftTissue) -> SoftTissue:
    """Perimysium as dashes and dots; its angle says nothing in a cut across."""

    def cut(belly: Belly) -> Belly:
        scale = np.exp(rng.uniform(np.log(0.7), np.log(1.6)))
        course = replace(belly.rest, angle_rad=float(rng.choice([-1, 1]) * rng.uniform(0.02, 0.25)))
        along = scale * np.exp(rng.uniform(np.log(0.06), np.log(0.35)))
        return replace(belly, rest=course, strand_scale=(scale, along), clear=None)

    sheets = tuple(replace(sheet, thickness_mm=sheet.thickness_mm * rng.uniform(0.3, 0.8)) for sheet in muscle.sheets)
    return replace(muscle, sheets=sheets, bellies=tuple(cut(belly) for belly in muscle.bellies))


def _led_around(sheets: tuple[FasciaSheet, ...], ovals: list[Oval]) -> tuple[FasciaSheet, ...]:
    """Fascia that gives way, up or down, to what lies there, and keeps its order."""
    led: list[FasciaSheet] = []
    for sheet in sheets:
        top = sheet.top_mm
        for oval in ovals:
            outline = oval.outline(48)
            x_mm, low, high = oval.x_mm, outline[:, 1].min() - 0.8, outline[:, 1].max() + 0.8
            near = np.exp(-(((TABLE_X_MM - x_mm) / (0.75 * np.ptp(outline[:, 0]) + 1.0)) ** 2))
            here = float(np.interp(x_mm, TABLE_X_MM, top))
            if low - sheet.thickness_mm < here < high:
                upward = here + sheet.thickness_mm / 2 < oval.depth_mm
                top = top + near * ((low - sheet.thickness_mm if upward else high) - here)
        soft = cv2.GaussianBlur(np.maximum(top, 1.5)[None], (0, 0), 3.0, borderType=cv2.BORDER_REFLECT)[0]
        led.append(replace(sheet, top_mm=soft))
    kept = [led[0]]
    for upper, lower in pairwise(led):
        kept.append(replace(lower, top_mm=np.maximum(lower.top_mm, kept[-1].top_mm + upper.thickness_mm + 1.0)))
    return tuple(kept)


def _draw_gain(rng: np.random.Generator, shown: list[Oval]) -> NDArray[np.float64]:
    """Uneven contact: mostly slight, now and then a side that lifts off, where nothing is `shown`."""
    gain = smooth_curve(rng, TABLE_X_MM, 10 ** rng.uniform(-0.3, 1.0), rng.uniform(0, 2.5))
    if rng.random() < 0.12:
        side, edge = rng.choice([-1, 1]), rng.uniform(10, 22)
        edge = max([edge, *(side * oval.x_mm + oval.half_width_mm + 2.0 for oval in shown)])
        gain = gain - 45 / (1 + np.exp(-np.clip((side * TABLE_X_MM - edge) / 0.6, -30, 30)))
    return gain


def draw_nerve_imaging(rng: np.random.Generator, depth_mm: float) -> Imaging:
    """A scanner's settings as they come, from a low-noise cart to a handheld probe."""
    return Imaging(
        depth_mm=depth_mm,
        frequency_mhz=rng.uniform(8, 18),
        dynamic_range_db=rng.uniform(58, 100),
        focus_mm=rng.uniform(0.2, 0.8) * depth_mm,
        tgc_db=tuple(rng.normal(0, 2, 8) + rng.normal(-3, 5) * np.linspace(0, 1, 8)),
        cycles=rng.uniform(0.8, 1.8),
        f_number=float(np.exp(rng.uniform(0.0, np.log(4.5)))),
        noise_db=rng.uniform(-92, -55),
        smoothing=rng.uniform(0.2, 1),
        gamma=10 ** rng.normal(0, 0.12),
    )
