"""What the network says of a joint: bone, capsule, tendon, region and effusion by pixel, evidence for each grade.

Bone's line and the joint are found as without a network, only on the network's map of bone; region and capsule are read
off the masks column by column.
"""

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import PixelSpacing, Region
from edge.task.scores import SIDE, shares_of
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.joint import JointPlace, find_joints
from edge.task.synovitis.region import CARTILAGE_MM, REACH_MM, SynovialRegion, floor_of, one_region
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.surfaces import Surfaces, followed
from edge.task.synovitis.working import Working, px
from edge.task.tensor import windowed_tensor

MASKS: Final = ("bone", "capsule", "tendon", "synovial region", "effusion")
GRADES: Final = ("grade 1 or more", "grade 2 or more", "grade 3")
PLANES: Final = (*MASKS, *GRADES)
"""In the network's order."""
ACROSS_MM_PER_PX, DOWN_MM_PER_PX = 0.13, 0.058
"""Of the square: 33 mm along the finger, 15 mm into it."""
OVER_SKIN_MM: Final = 0.6
FLOOR_LOGIT: Final = -8.0
ZONE_MM: Final = 6.0
"""To either side of the gap, in which the evidence for the grade is averaged."""
ZONE_OVER_MM, ZONE_UNDER_MM = 1.0, 0.5
BORDER_MM: Final = 0.4
"""Around the region's upper border, where the capsule's line is looked for."""
LEAST_REGION_MM2: Final = 0.4


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the region that the network looks at: of one scale, finer in depth, from the skin on."""

    x_px_per_px: float
    """Pixels of the square per pixel of the region."""
    y_px_per_px: float
    left: float
    """Column of the region under the square's first."""
    top: float

    @classmethod
    def of(cls, shape: tuple[int, ...], mm_per_px: tuple[float, float], skin_mm: float) -> Self:
        """Of a region (height, width). skin_mm: depth of the skin's highest place."""
        x_mm, y_mm = mm_per_px
        across, down = x_mm / ACROSS_MM_PER_PX, y_mm / DOWN_MM_PER_PX
        left = (shape[1] - SIDE / across) / 2
        return cls(across, down, left, max(0.0, skin_mm - OVER_SKIN_MM) / y_mm)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3) from the region's pixels to the square's; centres at whole numbers."""
        x, y = self.x_px_per_px, self.y_px_per_px
        return np.array([[x, 0, 0.5 * x - 0.5 - x * self.left], [0, y, 0.5 * y - 0.5 - y * self.top]])

    def tensor(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(1, 1, SIDE, SIDE): beside the region it is black."""
        return windowed_tensor(picture, (self.x_px_per_px, self.y_px_per_px), self.matrix, SIDE)


def window_of(region: Region, spacing: PixelSpacing, skin: Floats, work: Working) -> Window:
    """skin: rows of its surface in the working picture."""
    top = (float(skin.min()) + 0.5) / work.px_per_px[1] * spacing.y_mm_per_px
    return Window.of((region.height, region.width), (spacing.x_mm_per_px, spacing.y_mm_per_px), top)


def on_working(scores: NDArray[np.float32], work: Working, window: Window) -> NDArray[np.float32]:
    """(planes, height, width) of the working picture from logits (planes, SIDE, SIDE) of the window."""
    (x, _, left), (_, y, top) = window.matrix
    across, down = (1 / one for one in work.px_per_px)
    # Working pixel w lies at (w + 0.5) * step - 0.5 of the region.
    matrix = np.array([[x * across, 0, x * (0.5 * across - 0.5) + left], [0, y * down, y * (0.5 * down - 0.5) + top]])
    height, width = work.calm.shape
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = [
        cv2.warpAffine(
            plane, matrix, (width, height), flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=FLOOR_LOGIT
        )
        for plane in scores
    ]
    return np.asarray(np.stack(moved), np.float32)


def seen_by_network(work: Working, skin: Floats, planes: NDArray[np.float32]) -> JointSeen | None:
    """skin: (width,) rows of its surface; planes: logits by PLANES; both of the working picture."""
    bone, capsule, _, region, fluid = planes[: len(MASKS)]
    surfaces = followed(work, skin, shares_of(bone))
    joints = find_joints(work.calm, surfaces)
    if not joints:
        return None
    found = _region(surfaces, joints[0], region, fluid, shares_of(capsule))
    evidence = _evidence(planes[len(MASKS) :], found, joints[0])
    return JointSeen(work, surfaces, joints[0], joints[1:], found, evidence)


def _region(
    surfaces: Surfaces,
    joint: JointPlace,
    region: NDArray[np.float32],
    fluid: NDArray[np.float32],
    capsule: NDArray[np.float32],
) -> SynovialRegion:
    height, width = region.shape
    reach = px(REACH_MM)
    columns = np.arange(max(0, round(joint.gap) - reach), min(width, round(joint.gap) + reach + 1))
    floor = floor_of(surfaces, joint)[columns] - px(CARTILAGE_MM)
    tissue, water = region[:, columns] > 0, fluid[:, columns] > np.maximum(region[:, columns], 0)
    tissue &= ~water
    under = np.arange(height)[:, None] < floor[None] + px(0.4)
    tissue, water = tissue & under, water & under
    has, wet = tissue.any(axis=0), water.any(axis=0)
    top = np.where(has, tissue.argmax(axis=0) - 0.5, floor)
    bottom = np.where(has, height - tissue[::-1].argmax(axis=0) - 0.5, floor)
    over = np.where(wet, np.minimum(water.argmax(axis=0) - 0.5, top), top)
    inside = one_region(np.maximum(bottom - over, 0).astype(np.intp), columns, joint)
    # Fluid alone has no hypertrophy under it.
    top = np.where(has, top, np.where(wet, height - water[::-1].argmax(axis=0) - 0.5, floor))
    bottom = np.maximum(bottom, top)
    strength = _capsule_strength(capsule, columns, over)
    return SynovialRegion(columns, bottom, np.maximum(top, over), np.minimum(over, top), strength, inside, 0.0)


def _capsule_strength(capsule: NDArray[np.float32], columns: NDArray[np.intp], border: Floats) -> Floats:
    """(n,) how surely the network sees the capsule's line at the region's border."""
    offsets = np.arange(-px(BORDER_MM), px(BORDER_MM) + 1)
    rows = np.clip(border[None] + offsets[:, None], 0, capsule.shape[0] - 1).astype(np.intp)
    return np.asarray(capsule[rows, columns[None]].max(axis=0), np.float64)


def _evidence(planes: NDArray[np.float32], region: SynovialRegion, joint: JointPlace) -> tuple[float, ...]:
    """Mean log odds of each grade around the joint."""
    near = np.abs(region.columns - joint.gap) < px(ZONE_MM)
    columns = region.columns[near]
    rows = np.arange(planes.shape[1])[:, None]
    zone = (rows > region.capsule[near] - px(ZONE_OVER_MM)) & (rows < region.floor[near] + px(ZONE_UNDER_MM))
    if not zone.any():
        return (0.0,) * len(planes)
    return tuple(float(plane[:, columns][zone].mean()) for plane in planes)
