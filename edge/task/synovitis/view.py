"""Whether what was seen is a finger's joint in the dorsal long view, well enough to be measured.

Two bones with their shadow under skin and tendon, a gap between them, their tops at about one level. The limits hold
98 % of the phantom joints each, and were set on them alone.
"""

from typing import Final

import numpy as np

from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.working import MM_PER_PX, px

LEAST_SCORE: Final = 0.45
"""Of a joint's place."""
BONE_MM: Final = 7.0
"""To either side of the gap, over which bone is looked at."""
GAP_MM: Final = 1.2
LEAST_BONE: Final = 0.8
"""Share of the bone's line that must be seen."""
LEAST_LEVEL: Final = 0.7
"""How clearly it must be seen, the median."""
SHADOW_MM: Final = (0.7, 4.0)
MOST_BEHIND: Final = 0.6
"""Brightness behind bone as a share of the soft tissue's."""
DEPTH_MM: Final = (2.4, 8.2)
"""Of bone under the skin, the median."""
TOPS_MM: Final = (1.2, 8.0)
"""Between the tops of both bones."""
MOST_SLANT: Final = 0.32
NO_JOINT: Final = "no finger joint is seen: two rounded bones with a gap between them, under skin and tendon"
NO_BONE: Final = "no finger joint is seen: the bones' line is broken or missing"
NO_SHADOW: Final = "no finger joint is seen: there is no shadow under the bright line"
TOO_DEEP: Final = (
    "no finger joint is seen: the bright line lies {depth:.1f} mm under the skin, bone lies 2 to 8 mm deep there"
)


def view_faults(seen: JointSeen | None) -> tuple[str, ...]:
    """Why this is no joint that may be measured; empty: nothing speaks against it."""
    if seen is None or seen.joint.score < LEAST_SCORE:
        return (NO_JOINT,)
    surfaces, joint = seen.surfaces, seen.joint
    columns = np.arange(surfaces.bone.size)
    near = np.abs(columns - joint.gap) < px(BONE_MM)
    beside = near & (np.abs(columns - joint.gap) > px(GAP_MM))
    if float(surfaces.seen[near].mean()) < LEAST_BONE or float(np.median(surfaces.level[beside])) < LEAST_LEVEL:
        return (NO_BONE,)
    depth_mm = float(np.median((surfaces.bone - surfaces.skin)[near])) * MM_PER_PX
    if not DEPTH_MM[0] <= depth_mm <= DEPTH_MM[1]:
        return (TOO_DEEP.format(depth=depth_mm),)
    (x0, y0), (x1, y1) = joint.tops
    if not TOPS_MM[0] <= (x1 - x0) * MM_PER_PX <= TOPS_MM[1] or abs(y1 - y0) > MOST_SLANT * (x1 - x0):
        return (NO_JOINT,)
    return (NO_SHADOW,) if _behind(seen, beside) > MOST_BEHIND else ()


def _behind(seen: JointSeen, beside: np.ndarray) -> float:
    """Brightness behind bone over that of the tissue on it."""
    calm, bone, skin = seen.work.calm[:, beside], seen.surfaces.bone[beside], seen.surfaces.skin[beside]
    rows = np.arange(calm.shape[0])[:, None]
    behind = (rows > bone + px(SHADOW_MM[0])) & (rows < bone + px(SHADOW_MM[1]))
    tissue = (rows > skin + px(0.3)) & (rows < bone - px(0.3))
    if not behind.any() or not tissue.any():
        return float("inf")
    return float(calm[behind].mean()) / max(float(calm[tissue].mean()), 1.0)
