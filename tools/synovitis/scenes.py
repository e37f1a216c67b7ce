"""Scenes of phantom finger joints: a seed is a picture, with its grade, its truth, and the ways in which it goes wrong.

`foreign` scenes have physics and anatomy outside of what the others draw (edge/task/synovitis/phantom_drawing.py):
other frequencies, dynamic ranges, contrasts of hypertrophy and capsule, sizes of heads, heights of fat and skin.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.phantom.records import Pose
from edge.task.synovitis.judging import FAILURES
from edge.task.synovitis.phantom import Colouring, SynovitisPicture, synovitis_picture
from edge.task.synovitis.phantom_drawing import draw_joint, draw_tissue
from edge.task.synovitis.spec import PALETTES

SHARES: Final = (("none", 0.5), ("pressure", 0.1), ("tendon", 0.1), ("oblique", 0.1), ("effusion", 0.1), ("weak", 0.1))
"""Ways in which a scene goes wrong, and how often."""
TRUE_PRESSURE: Final = 0.35
TRUE_TILT_DEG: Final = 8.0
TRUE_OFF_MM: Final = 1.8
TRUE_FLUID_MM: Final = 0.4
TRUE_FADING_DB: Final = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One picture with what is true of it."""

    taken: SynovitisPicture
    failures: frozenset[str]
    """Of FAILURES, those that are truly there."""

    @property
    def frame(self) -> Frame:
        return frame_of(self.taken)


def frame_of(taken: SynovitisPicture) -> Frame:
    """As a source gives it, with its scale."""
    spacing = PixelSpacing(taken.mm_per_px, taken.mm_per_px, SpacingOrigin.USER)
    colour = taken.colour
    shown = None if colour is None else lambda: colour
    return Frame(taken.pixels, 0, 0, "phantom:synovitis", spacing, Region.whole(taken.pixels), colour=shown)


def draw_scene(seed: int, *, foreign: bool = False, coloured: bool = False) -> Scene:
    """The scene of a seed."""
    rng = np.random.default_rng([4242, seed, foreign])
    way = str(rng.choice([name for name, _ in SHARES], p=[share for _, share in SHARES]))
    joint = draw_joint(rng, int(rng.integers(0, 4)), foreign=foreign)
    tissue = draw_tissue(rng, foreign=foreign)
    tilt, pressure, off = float(rng.normal(0, 2.2)), float(rng.uniform(0, 0.15)), float(abs(rng.normal(0, 0.4)))
    tissue = replace(tissue, weak=(tissue.weak[0], tissue.weak[1], 0.0))
    joint = replace(joint, fluid_mm=0.0)
    if way == "pressure":
        pressure = float(rng.uniform(TRUE_PRESSURE, 1.0))
    elif way == "tendon":
        tilt = float(rng.uniform(TRUE_TILT_DEG, 15) * rng.choice((-1, 1)))
    elif way == "oblique":
        off = float(rng.uniform(TRUE_OFF_MM, 4.0))
    elif way == "effusion":
        joint = replace(joint, fluid_mm=float(rng.uniform(TRUE_FLUID_MM, 1.6)))
    elif way == "weak":
        tissue = replace(
            tissue,
            weak=(float(rng.uniform(-7, 3)), float(rng.uniform(1.0, 2.2)), float(rng.uniform(TRUE_FADING_DB, 14))),
        )
    pose = Pose(slide_mm=float(rng.normal(-1.0, 1.6)), tilt_deg=tilt, pressure=pressure)
    how = None
    if coloured:
        how = Colouring(
            int(rng.integers(0, 4)),
            str(rng.choice(PALETTES)),
            float(rng.uniform(0, 0.35)),
            seed=int(rng.integers(1 << 30)),
        )
    taken = synovitis_picture(
        rng, joint=joint, tissue=tissue, pose=pose, off_mm=off, colouring=how, foreign=foreign, rows=(260, 400)
    )
    return Scene(taken, _failures(way, taken))


def _failures(way: str, taken: SynovitisPicture) -> frozenset[str]:
    """What is truly wrong: a capsule that fades where nothing lies under it hides nothing."""
    if way == "weak":
        # Over the joint's middle a region that is there at all lies under the capsule.
        return frozenset(("weak_boundary",)) if taken.section.sizes.thickness_mm > 0.8 else frozenset()
    return frozenset((way,)) if way in FAILURES else frozenset()


def true_grade(scene: Scene) -> int:
    """Of the joint without pressure or a wrong plane."""
    return scene.taken.grade


def shown_grade(scene: Scene) -> int:
    """Of what this plane shows under this pressure."""
    return scene.taken.section.grade
