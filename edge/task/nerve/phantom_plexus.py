"""The roots and trunks of a brachial plexus at random: dark and nearly without fascicles, one under the other in the
groove between two muscles (interscalene), or close together beside a great artery (supraclavicular)."""

from dataclasses import replace

import numpy as np

from edge.phantom.soft_tissue_drawing import draw_soft_tissue
from edge.task.nerve.phantom_anatomy import Limb, Nerve
from edge.task.nerve.phantom_drawing import Room, apart, draw_decoy, draw_nerve, draw_vessel, joined, muscles_across
from edge.task.nerve.phantom_oval import Oval

ROOTS = (3, 4, 5)
NEVER_MM = 2.5
"""Depth under the skin above which there is none."""


def draw_plexus(rng: np.random.Generator, width_mm: float, depth_mm: float) -> Limb:
    """Two to five roots in a view of this size; the groove may reach beyond it."""
    muscle = muscles_across(rng, draw_soft_tissue(rng), depth_mm)
    room = Room(width_mm, depth_mm, muscle.bone_mm)
    middle = complex(rng.uniform(-0.28, 0.28) * width_mm, rng.uniform(0.25, 0.55) * depth_mm)
    along = np.exp(1j * (np.pi / 2 + rng.normal(0, 0.45)))
    roots = _chain(rng, middle, complex(along), room)
    taken = [root.oval for root in roots]
    muscles = _beside(rng, roots, complex(along)) if roots and rng.random() < 0.8 else ()
    vessels = []
    for _ in range(int(rng.choice([0, 1, 2], p=[0.35, 0.4, 0.25]))):
        vessel = draw_vessel(rng, rng.uniform(1.2, 5.0), vein=rng.random() < 0.5)
        if oval := room.placed(rng, vessel.oval, taken):
            vessels.append(replace(vessel, oval=oval))
    return joined(rng, muscle, roots, vessels, muscles)


def _chain(rng: np.random.Generator, middle: complex, along: complex, room: Room) -> tuple[Nerve, ...]:
    """One after the other along the groove, each a little to its side; those that meet others or bone are left out."""
    number = int(rng.choice(ROOTS))
    typical = rng.uniform(1.1, 2.8)
    roots: list[Nerve] = []
    radii = typical * np.exp(rng.normal(0, 0.2, number))
    gaps = rng.uniform(0.5, rng.uniform(0.8, 2.5), number)
    ends = np.cumsum(2 * radii + gaps)
    for radius, end in zip(radii, ends, strict=True):
        aside = rng.normal(0, 0.35 if rng.random() < 0.7 else 1.0) * typical
        place = middle + along * (end - radius - ends[-1] / 2) + 1j * along * aside
        root = _root(rng, float(radius))
        oval = replace(root.oval, x_mm=place.real, depth_mm=place.imag)
        outline = oval.outline(48)
        if outline[:, 1].min() < NEVER_MM or not room.above_bone(outline):
            continue
        if all(apart(oval, other.oval) for other in roots):
            roots.append(replace(root, oval=oval))
    return tuple(roots)


def _root(rng: np.random.Generator, radius_mm: float) -> Nerve:
    """At the origin: dark, its rim brighter, its fascicles few and faint."""
    nerve = draw_nerve(rng, np.pi * radius_mm**2, flattening=float(np.exp(rng.uniform(0.0, 0.45))))
    few = nerve.fascicles[: int(rng.choice([0, 1, 2, 4], p=[0.55, 0.15, 0.15, 0.15]))]
    return replace(
        nerve,
        fascicles=few,
        ground_db=rng.uniform(-10, 4),
        fascicle_db=-rng.uniform(1, 7),
        rim_db=rng.uniform(4, 16),
        streaks_db=rng.uniform(0, 8),
        halo_db=rng.uniform(0, 6),
    )


def _beside(rng: np.random.Generator, roots: tuple[Nerve, ...], along: complex) -> tuple[Nerve, ...]:
    """The two muscles of the groove: wide, no brighter than what is around them, with streaks."""
    places = np.array([complex(root.oval.x_mm, root.oval.depth_mm) for root in roots])
    middle, wide = complex(places.mean()), max(root.oval.half_width_mm for root in roots)
    length = float(np.ptp((places * np.conj(along)).real)) / 2 + wide
    muscles = []
    for side in (-1, 1):
        half = rng.uniform(3.5, 9.0)
        centre = middle + 1j * along * side * (half + wide + rng.uniform(0.6, 2.0))
        half_length = length * rng.uniform(0.7, 1.5) + 1.0
        waves = tuple(complex(*rng.normal(0, 0.05 / k, 2)) for k in range(1, 4))
        oval = Oval(centre.real, centre.imag, half_length, half, float(np.angle(along)), waves)
        if oval.outline(48)[:, 1].min() > NEVER_MM:
            dark = replace(draw_decoy(rng), oval=oval, fascicles=np.zeros((0, 4), np.float32), halo_db=0.0)
            muscles.append(
                replace(dark, ground_db=rng.uniform(-6, 0), streaks_db=rng.uniform(6, 16), fading_db_per_deg2=0.08)
            )
    return tuple(muscles)
