"""A finger's joint in the dorsal long view, and the section of it that a plane shows.

The anatomy has millimetres of its own: x distally from the middle of the joint gap, y into the finger from the line
that joins the tops of both bones. `section` gives a plane's curves in the picture's millimetres.

Sizes are of the order that anatomy books and sonographers give for an adult's finger; how much a degree of tilt, a
millimetre beside the midline or pressure change is this phantom's own choice, not a measurement.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge.phantom.records import Pose
from edge.task.synovitis.grades import Floats, SurfaceSizes, grey_grade, surface_sizes

CAPSULE_MM: Final = 0.1
"""Between a bone's surface and the capsule of a joint at rest."""
UNDER_TENDON_MM: Final = 0.2
GEL_YIELDS: Final = 5
"""Power of what pressure leaves: gel is squeezed out before anything else."""
FLATTENS: Final = 3
"""The same of the skin's course."""
PRESSED_FAT: Final = 0.45
"""Of the fat's height, which full pressure takes away."""
PRESSED_RECESS, PRESSED_FLUID = 0.8, 1.0
"""The same of hypertrophy and of fluid."""
OFF_LIFT: Final = 0.16
"""By which each millimetre beside the midline the capsule's side seems to lie higher: it is cut slantwise."""
TENDON_REACH_MM: Final = 2.6
"""Beside the midline, over which the tendon leaves the plane."""


@dataclass(frozen=True, slots=True)
class FingerJoint:
    """One joint. Lengths in mm, angles in degrees."""

    kind: str
    """MCP or PIP."""
    head_mm: float
    """Radius of the proximal bone's head."""
    head_at_mm: float
    """From the head's top to the gap's middle."""
    neck_mm: float
    """By which the neck lies deeper than the head's top."""
    gap_mm: float
    base_at_mm: float
    """From the gap's middle to the top of the distal bone's base."""
    base_mm: float
    """By which its shaft lies deeper than that."""
    step_mm: float
    """By which the distal top lies deeper than the proximal one."""
    cartilage_mm: float
    recess_mm: tuple[float, float]
    """From the gap to the capsule's attachment, proximally and distally."""
    pouch_mm: float
    """Height of the hypertrophy over the neck."""
    lift_mm: float
    """Height of the hypertrophy over the whole joint."""
    bulge: float
    """Its upper surface: below 0 hollow, 0 flat, 1 arched."""
    fluid_mm: float
    """Height of the effusion over the hypertrophy."""
    skin_mm: float
    fat_mm: float
    tendon_mm: float
    gel_mm: float
    inclination_deg: float
    """Of the joint in the picture, with the probe held upright."""
    erosion: tuple[float, float, float] | None = None
    """Place along the finger, depth and width of a notch in the bone."""
    osteophyte: tuple[float, float, float] | None = None
    """Place, height and width of a spur."""
    mirrored: bool = False
    """The finger's tip is on the picture's left."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """What a plane shows, by beam (beams,), in the picture's mm under the probe."""

    x_mm: Floats
    """Along the finger, distally; the gap's middle is 0."""
    skin: Floats
    """The skin's surface, under the gel."""
    skin_floor: Floats
    tendon: tuple[Floats, Floats]
    """Upper and lower surface."""
    tendon_there: float
    """Share of the tendon that is in the plane."""
    capsule: Floats
    fluid: Floats
    """Upper surface of the hypertrophy: what lies between it and the capsule is fluid."""
    floor: Floats
    """Surface of cartilage or bone, straight over the gap."""
    bone: Floats
    """Bone's surface; deep in the gap."""
    in_gap: np.ndarray
    in_recess: np.ndarray
    """Between the capsule's attachments."""
    joining: Floats
    """The line that joins the tops of both bones."""
    tops: tuple[tuple[float, float], tuple[float, float]]
    """x along the finger and depth of the proximal and the distal top."""
    slope: Floats
    """Of the tendon's course, as a tangent."""
    sizes: SurfaceSizes
    """Of the hypertrophy."""
    grade: int
    """By its sizes."""
    distended: SurfaceSizes
    """Of everything under the capsule, fluid too."""


def _smooth(values: Floats, step_mm: float, sigma_mm: float) -> Floats:
    reach = max(1, int(np.ceil(3 * sigma_mm / step_mm)))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step_mm / sigma_mm) ** 2)
    return np.convolve(np.pad(values, reach, "edge"), taps / taps.sum(), "valid")


def _bones(joint: FingerJoint, x: Floats, off_mm: float) -> Floats:
    """(beams,) depth of the bones' surface in the joint's mm; far down in the gap."""
    head, at, half = joint.head_mm, joint.head_at_mm, joint.gap_mm / 2
    bone = np.full_like(x, 12.0)
    proximal, distal = x <= -half, x >= half
    round_side = head - np.sqrt(np.maximum(head**2 - (x + at) ** 2, (0.15 * head) ** 2))
    share = np.clip((-at - x) / (1.35 * head), 0, None)
    neck = joint.neck_mm * (1 - np.cos(np.pi * np.minimum(share, 1))) / 2 - 0.04 * head * np.maximum(share - 1, 0)
    bone[proximal] = np.where(x < -at, neck, round_side)[proximal] + off_mm**2 / (1.8 * head)
    lip = np.clip((joint.base_at_mm - x) / (joint.base_at_mm - half), 0, 1) ** 2 * 0.8
    shaft = joint.base_mm * (1 - np.cos(np.pi * np.clip((x - joint.base_at_mm) / 8.0, 0, 1))) / 2
    bone[distal] = (joint.step_mm + np.maximum(lip, shaft))[distal] + off_mm**2 / (2.4 * head)
    if joint.erosion is not None:
        place, depth, width = joint.erosion
        bone += np.where(proximal, depth * np.exp(-(np.abs((x - place) / (width / 2)) ** 4)), 0)
    if joint.osteophyte is not None:
        place, height, width = joint.osteophyte
        bone -= np.where(proximal | distal, height * np.exp(-(((x - place) / (width / 2)) ** 2)), 0)
    return bone


def _floor(joint: FingerJoint, x: Floats, bone: Floats) -> Floats:
    """Surface of cartilage and bone, straight over the gap."""
    at, half = joint.head_at_mm, joint.gap_mm / 2
    cartilage = joint.cartilage_mm * np.clip((x + at + 0.5 * joint.head_mm) / (0.6 * joint.head_mm), 0, 1)
    cartilage = np.where(x > half, 0.6 * joint.cartilage_mm * np.clip((joint.base_at_mm - x) / 0.8, 0, 1), cartilage)
    floor = bone - cartilage
    known = (x < -half - 0.5) | (x > half + 0.3)
    return np.asarray(np.interp(x, x[known], floor[known]))


def _hull(x: Floats, floor: Floats) -> Floats:
    """The tightest cover over a surface: the upper side of its convex hull."""
    ring = cv2.convexHull(np.stack((x, floor), axis=1).astype(np.float32))[:, 0].astype(np.float64)
    ends = np.interp(ring[:, 0], x[[0, -1]], floor[[0, -1]])
    cover = ring[ring[:, 1] <= ends + 1e-6]
    cover = cover[np.argsort(cover[:, 0])]
    return np.asarray(np.minimum(np.interp(x, cover[:, 0], cover[:, 1]), floor))


def _lifted(joint: FingerJoint, x: Floats) -> tuple[Floats, Floats]:
    """(beams,) by which hypertrophy lifts the capsule over the neck and over the whole joint, 0 to 1 each."""
    proximal, distal = joint.recess_mm
    middle = (joint.base_at_mm - joint.head_at_mm) / 2
    reach = np.where(x < middle, proximal + middle, distal - middle)
    u = np.clip(np.abs(x - middle) / reach, 0, 1)
    flat = (1 - np.clip((u - 0.55) / 0.45, 0, 1) ** 2) ** 2
    sag = 0.22 * np.exp(-(((x - middle) / 1.4) ** 2))
    arch = 1 - u**1.6
    share = np.clip(joint.bulge, 0, 1)
    whole = (1 - share) * (flat - max(0.0, -joint.bulge) * sag) + share * arch
    pouch_at, half = -joint.head_at_mm - 0.62 * joint.head_mm, 0.62 * joint.head_mm
    pouch = np.clip(1 - ((x - pouch_at) / half) ** 2, 0, 1) ** 1.3
    inside = (x > -proximal) & (x < distal)
    return np.where(inside, pouch, 0), np.where(inside, whole, 0)


def section(joint: FingerJoint, pose: Pose, x_mm: Floats, off_mm: float = 0.0) -> Section:
    """The curves under beams at `x_mm` (beams,), evenly spaced, 0 in the picture's middle.

    pose: `slide_mm` moves the probe along the finger, `tilt_deg` lets it slant. off_mm: beside the midline.
    """
    x = (-x_mm if joint.mirrored else x_mm) + pose.slide_mm
    order = np.argsort(x)
    x = x[order]
    step = float(x[1] - x[0])
    pressure = pose.pressure
    bone = _bones(joint, x, off_mm)
    floor = _floor(joint, x, bone)
    proximal, distal = joint.recess_mm
    within = (x > -proximal) & (x < distal)
    rest = floor - CAPSULE_MM
    if within.sum() > 3:
        rest[within] -= 0.35 * (floor - _hull(x, floor))[within]
    rest = np.minimum(_smooth(rest, step, 0.25), floor - 0.05)
    pouch, whole = _lifted(joint, x)
    left = 1 - PRESSED_RECESS * pressure
    lift = left * (joint.pouch_mm * pouch + joint.lift_mm * whole) + OFF_LIFT * abs(off_mm) * whole
    # Beside the midline the capsule is cut slantwise: it seems lifted where nothing fills it.
    real = left * (joint.pouch_mm * pouch + joint.lift_mm * whole)
    fluid = (1 - PRESSED_FLUID * pressure) * joint.fluid_mm * np.maximum(whole, 0.8 * pouch)
    upper = np.minimum(rest - lift, floor)
    capsule = upper - fluid
    true_upper = np.minimum(rest - real, floor)
    over = np.minimum(_smooth(np.minimum(capsule, floor - 0.3), step, 1.1), capsule) - UNDER_TENDON_MM
    tendon_top = over - joint.tendon_mm * (1 - 0.15 * pressure)
    fat = joint.fat_mm * (1 - PRESSED_FAT * pressure)
    skin_floor = _smooth(np.minimum(tendon_top, tendon_top.min() + 1.6) - fat, step, 2.2)
    skin_floor = _smooth(np.minimum(skin_floor, tendon_top - 0.15), step, 1.0)
    # A flat probe that presses flattens the skin: what was gel beside the joint is filled.
    skin_floor = skin_floor.min() + (skin_floor - skin_floor.min()) * (1 - pressure) ** FLATTENS
    skin_floor = np.minimum(skin_floor, tendon_top - 0.1)
    skin = skin_floor - joint.skin_mm
    slant = np.tan(np.radians(joint.inclination_deg + pose.tilt_deg))
    gel = joint.gel_mm * (1 - pressure) ** GEL_YIELDS
    slanted = slant * x
    offset = gel - float((skin + slanted).min())
    tops = _tops(joint, x, bone)
    line = tops[0][1] + (tops[1][1] - tops[0][1]) * (x - tops[0][0]) / (tops[1][0] - tops[0][0])
    sizes = surface_sizes(x, true_upper, floor, line, (tops[0][0], tops[1][0]), within)
    distended = surface_sizes(x, capsule, floor, line, (tops[0][0], tops[1][0]), within)

    def placed(curve: Floats) -> Floats:
        return np.asarray((curve + slanted + offset)[np.argsort(order)])

    def seen(place: tuple[float, float]) -> tuple[float, float]:
        return place[0], place[1] + slant * place[0] + offset

    back = np.argsort(order)
    return Section(
        x_mm=x[back],
        skin=placed(skin),
        skin_floor=placed(skin_floor),
        tendon=(placed(tendon_top), placed(over)),
        tendon_there=float(np.exp(-((off_mm / TENDON_REACH_MM) ** 2))),
        capsule=placed(capsule),
        fluid=placed(upper),
        floor=placed(floor),
        bone=placed(bone),
        in_gap=(np.abs(x) < joint.gap_mm / 2)[back],
        in_recess=within[back],
        joining=placed(line),
        tops=(seen(tops[0]), seen(tops[1])),
        slope=np.gradient(over + slanted, step)[back],
        sizes=sizes,
        grade=grey_grade(sizes),
        distended=distended,
    )


def _tops(joint: FingerJoint, x: Floats, bone: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the bones' heads are highest, without spurs and notches."""
    found = []
    for place in (-joint.head_at_mm, joint.base_at_mm):
        near = np.abs(x - place) < 1.2
        depth = float(np.median(np.sort(bone[near])[:9])) if near.any() else float(np.interp(place, x, bone))
        found.append((place, depth))
    return found[0], found[1]
