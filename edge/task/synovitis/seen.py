"""What a pathway saw of a joint, whichever way it looked; the sizes of the region; what speaks for grades and failures.

The features are what grade and failure flags are judged by: sizes, and how borders, tendon, gel and bone look around
them. Brightness counts as a share of the tissue's, lengths are mm.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.synovitis.grades import NOTHING_THERE, Floats, SurfaceSizes, surface_sizes
from edge.task.synovitis.joint import JointPlace
from edge.task.synovitis.region import SynovialRegion
from edge.task.synovitis.surfaces import Surfaces
from edge.task.synovitis.working import MM_PER_PX, Working, px

TENDON_MM: Final = (0.35, 1.1)
"""Over the capsule, where the tendon is looked at."""
GEL_MM: Final = 9.0
"""To either side of the gap, over which the skin is looked at."""
NEAR_MM: Final = 6.0
"""To either side of the gap, in which features are taken."""
FEATURES: Final = (
    "thickness",
    "distension",
    "arch",
    "root_area",
    "tops_apart",
    "contrast_left",
    "contrast_middle",
    "contrast_right",
    "darkness",
    "fluid_share",
    "gel",
    "tendon_left",
    "tendon_middle",
    "tendon_right",
    "tendon_fibres",
    "rise",
    "bone",
    "slant",
    "steepest",
    "span",
)
"""In their order; a network's own evidence for each grade comes behind."""


@dataclass(frozen=True, slots=True, eq=False)
class JointSeen:
    """In pixels of the working picture."""

    work: Working
    surfaces: Surfaces
    joint: JointPlace
    others: tuple[JointPlace, ...]
    """Further joints in the picture."""
    region: SynovialRegion
    evidence: tuple[float, ...] = ()
    """Of a network: log odds of grade 1, 2 and 3 or more."""

    @property
    def sizes(self) -> SurfaceSizes:
        """Of the hypertrophy, in mm."""
        region, joint = self.region, self.joint
        if not region.inside.any():
            return NOTHING_THERE
        columns = region.columns.astype(np.float64)
        tops = joint.tops[0][0] * MM_PER_PX, joint.tops[1][0] * MM_PER_PX
        upper, floor, line = (rows * MM_PER_PX for rows in (region.upper, region.floor, joint.joining(columns)))
        return surface_sizes(columns * MM_PER_PX, upper, floor, line, tops, region.inside)

    @property
    def fluid_mm2(self) -> float:
        region = self.region
        return float((region.upper - region.capsule)[region.inside].sum()) * MM_PER_PX**2


def features_of(seen: JointSeen) -> Floats:
    """(features,) by FEATURES, then the network's evidence."""
    region, sizes, surfaces = seen.region, seen.sizes, seen.surfaces
    near = np.abs(region.columns - seen.joint.gap) < px(NEAR_MM)
    columns = region.columns[near]
    tissue = _tissue_level(seen)
    band = _over_capsule(seen, columns, region.capsule[near])
    thirds = np.array_split(band.mean(axis=0), 3)
    edges = _contrast_by_third(region)
    fluid = seen.fluid_mm2
    slope = np.gradient(cv2.blur(region.capsule[None], (px(0.8) | 1, 1))[0])
    inside = region.inside
    steepest = float(np.degrees(np.arctan(np.quantile(np.abs(slope[near]), 0.8)))) if near.any() else 0.0
    (x0, y0), (x1, y1) = seen.joint.tops
    return np.array(
        (
            sizes.thickness_mm,
            sizes.distension_mm,
            sizes.arch_mm,
            sizes.area_mm2**0.5,
            (x1 - x0) * MM_PER_PX,
            *edges,
            region.dark,
            fluid / (fluid + sizes.area_mm2 + 0.5),
            _gel_mm(surfaces.skin[np.abs(np.arange(surfaces.skin.size) - seen.joint.gap) < px(GEL_MM)]),
            *(float(part.mean()) / tissue if part.size else 0.0 for part in thirds),
            float(np.abs(np.diff(band, axis=0)).mean()) / tissue if band.size else 0.0,
            seen.joint.rise_mm,
            float(surfaces.level[columns].mean()),
            float(np.degrees(np.arctan2(abs(y1 - y0), x1 - x0))),
            steepest,
            float(inside.sum()) * MM_PER_PX,
            *seen.evidence,
        )
    )


def _gel_mm(skin: Floats) -> float:
    """How far the skin lies under its highest place, the mean: gel lies there. Of a picture that begins at the skin
    nothing else tells of gel."""
    return float(np.clip(skin - skin.min(), 0, px(2.5)).mean()) * MM_PER_PX if skin.size else 0.0


def _tissue_level(seen: JointSeen) -> float:
    """Brightness of the soft tissue over the joint."""
    columns = seen.region.columns
    rows = np.arange(seen.work.calm.shape[0])[:, None]
    between = (rows > seen.surfaces.skin[None, columns] + px(0.3)) & (rows < seen.region.capsule[None])
    values = seen.work.calm[:, columns][between]
    return max(float(values.mean()), 4.0) if values.size else 4.0


def _over_capsule(seen: JointSeen, columns: NDArray[np.intp], capsule: Floats) -> NDArray[np.float32]:
    """(heights, columns) brightness where the tendon lies."""
    heights = np.arange(px(TENDON_MM[0]), px(TENDON_MM[1]) + 1)
    rows = (capsule[None] - heights[:, None]).astype(np.float32)
    x = np.ascontiguousarray(np.broadcast_to(columns[None], rows.shape)).astype(np.float32)
    if not columns.size:
        return np.zeros((heights.size, 0), np.float32)
    return np.asarray(cv2.remap(seen.work.calm, x, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32)


def _contrast_by_third(region: SynovialRegion) -> tuple[float, float, float]:
    """Of the capsule's border over the region's left, middle and right third; 0 where there is no region."""
    found = region.contrast[region.inside]
    if found.size < 6:
        return 0.0, 0.0, 0.0
    left, middle, right = (float(np.quantile(part, 0.3)) for part in np.array_split(found, 3))
    return left, middle, right


def region_mask(seen: JointSeen, shape: tuple[int, ...], upper: Floats, lower: Floats) -> NDArray[np.bool_]:
    """(height, width) of the ultrasound region's pixels between two borders of the region's columns."""
    height, width = shape
    across, down = seen.work.px_per_px
    x = (np.arange(width) + 0.5) * across - 0.5
    y = (np.arange(height) + 0.5) * down - 0.5
    columns = seen.region.columns.astype(np.float64)
    inside = np.interp(x, columns, seen.region.inside.astype(np.float64), left=0, right=0) > 0.5
    top, bottom = (np.interp(x, columns, border) for border in (upper, lower))
    return np.asarray((y[:, None] >= top) & (y[:, None] <= bottom) & inside)


def tissue_mask(seen: JointSeen, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(height, width) of the ultrasound region's pixels between skin and bone."""
    height, width = shape
    across, down = seen.work.px_per_px
    x = (np.arange(width) + 0.5) * across - 0.5
    y = (np.arange(height) + 0.5) * down - 0.5
    every = np.arange(seen.surfaces.skin.size)
    top, bottom = (np.interp(x, every, line) for line in (seen.surfaces.skin, seen.surfaces.bone))
    return np.asarray((y[:, None] > top) & (y[:, None] < bottom))
