"""What the network says of a plane through the lumbar spine: surfaces, posterior complex, midline; what lies where."""

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame
from edge.task.scores import BLOCK, SIDE, shares_of
from edge.task.spine.evidence import WIDE, KindJudge, evidence_of
from edge.task.spine.levels import KINDS
from edge.task.spine.seen import Floats, SeenAlong, SpineSeen
from edge.task.tensor import windowed_tensor

PLANES: Final = (
    "bone",
    "sacrum",
    "posterior complex",
    "midline",
    *(f"over {kind}" for kind in KINDS),
    "transverse view",
    "legible",
)
"""In the network's order; from the fifth on they hold for a column, or for the whole picture."""
BONE, SACRUM, COMPLEX, MIDLINE, FIRST_KIND = range(5)
TRANSVERSE_PLANE, LEGIBLE = 4 + len(KINDS), 5 + len(KINDS)
MM_PER_PX: Final = 0.36
"""Of the square, which shows 92 mm."""
CELL_MM: Final = MM_PER_PX * BLOCK
OVER_SKIN_MM: Final = 1.5
COMPLEX_MM: Final = (-0.3, 2.9)
"""Upper and lower side of what is marked as the posterior complex, under the ligamentum flavum's face."""
BAND_MM: Final = 5.0
"""To either side of the midline, or of the array's middle, over which evidence is averaged."""
DEPTHS_MM: Final = (3.0, 72.0)
"""Between which it is averaged."""
X_MM: Final = np.asarray((np.arange(SIDE // BLOCK) - (SIDE // BLOCK - 1) / 2) * CELL_MM, np.float64)
"""(columns,) of the network's cells, from the array's middle to the right."""
ROWS: Final = slice(*(int((OVER_SKIN_MM + depth) / CELL_MM) for depth in DEPTHS_MM))
LEAST_MIDLINE: Final = 0.2
LEAST_COMPLEX: Final = 0.4
LEAST_SKIN: Final = 14.0
"""Grey level of the skin under the array's middle."""
SKIN_BAND_MM: Final = 4.0
CONTACT_MM: Final = 15.0
"""To either side of the array's middle, where contact is looked for."""
LIT_MM: Final = (3.0, 22.0)
LEAST_LIT: Final = 12
"""Grey level of a column that touches skin, its mean over LIT_MM."""
ALONG_MM: Final = 40.0
"""To either side of the array's middle, as far as a paramedian view is read."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an ultrasound region that the network looks at: of one scale, under the array's middle."""

    px_per_px: tuple[float, float]
    """Pixels of the square per pixel of the region, across and down."""
    middle: float
    """Column of the region under the array's middle."""
    top: float
    """Row of the region in the square's first."""

    @classmethod
    def of(cls, shape: tuple[int, ...], mm_per_px: tuple[float, float], apex_mm: float) -> Self:
        """Of a region (height, width). apex_mm: from its upper side to the skin under the array's middle."""
        x_mm, y_mm = mm_per_px
        scale = x_mm / MM_PER_PX, y_mm / MM_PER_PX
        return cls(scale, (shape[1] - 1) / 2, (apex_mm - OVER_SKIN_MM) / y_mm)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3) from the region's pixels to the square's; centres at whole numbers."""
        x, y = self.px_per_px
        return np.array([[x, 0, (SIDE - 1) / 2 - x * self.middle], [0, y, 0.5 * y - 0.5 - y * self.top]])

    def tensor(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(1, 1, SIDE, SIDE): beside the region it is black."""
        return windowed_tensor(picture, self.px_per_px, self.matrix, SIDE)

    def in_region(self, x_mm: Floats, depth_mm: Floats) -> Floats:
        """(n, 2) pixels of the region of places beside the array's middle and under the skin."""
        x, y = self.px_per_px
        rows = self.top + (depth_mm + OVER_SKIN_MM) / MM_PER_PX / y - 0.5
        return np.stack((self.middle + x_mm / MM_PER_PX / x, rows), axis=-1)


def window_of(frame: Frame) -> Window | None:
    """None for a frame without scale."""
    spacing = frame.spacing
    if spacing is None:
        return None
    region = frame.ultrasound
    scale = spacing.x_mm_per_px, spacing.y_mm_per_px
    return Window.of((region.height, region.width), scale, apex_mm(region.crop(frame.pixels), scale))


def apex_mm(picture: NDArray[np.uint8], mm_per_px: tuple[float, float]) -> float:
    """From the upper side of a region (height, width) to the skin under the array's middle, which in a fan lies deeper
    than its corners; 0 where no skin is seen."""
    half = max(1, round(SKIN_BAND_MM / mm_per_px[0]))
    middle = picture.shape[1] // 2
    band = picture[: picture.shape[0] // 3 + 1, max(0, middle - half) : middle + half]
    rows = cv2.reduce(band, 1, cv2.REDUCE_AVG)[:, 0]
    bright = rows > LEAST_SKIN
    return float(bright.argmax()) * mm_per_px[1] if bright.any() else 0.0


def contact_of(square: NDArray[np.uint8]) -> float:
    """Share of the columns about the array's middle, of the square that the network is given, that are lit."""
    middle, half = SIDE // 2, round(CONTACT_MM / MM_PER_PX)
    rows = slice(*(int((OVER_SKIN_MM + depth) / MM_PER_PX) for depth in LIT_MM))
    level = cv2.reduce(square[rows, middle - half : middle + half], 0, cv2.REDUCE_AVG)[0]
    return float(np.count_nonzero(level > LEAST_LIT) / int(level.size))


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What the network says, in its cells."""

    cells: NDArray[np.float32]
    """(len(PLANES), rows, columns) log odds."""
    midline_mm: float | None
    evidence: Floats
    """(features, columns) as `evidence_of`; in a transverse view of one column, at the midline."""


def spoken_by(output: NDArray[np.float32], *, along: bool) -> Spoken:
    """output: (len(PLANES) * BLOCK ** 2, SIDE / BLOCK, SIDE / BLOCK). along: it is to be a paramedian view."""
    side = SIDE // BLOCK
    cells = output.reshape(len(PLANES), BLOCK**2, side, side).mean(axis=1)
    told = cells[:, ROWS]
    if along:
        return Spoken(cells, None, evidence_of(told[: COMPLEX + 1], told[FIRST_KIND : FIRST_KIND + len(KINDS)]))
    midline = _midline(shares_of(told[MIDLINE]))
    at = int(np.argmin(np.abs(X_MM - (midline or 0.0))))
    first = min(max(0, at - WIDE // 2), side - WIDE)
    near = told[:, :, first : first + WIDE]
    every = evidence_of(near[: COMPLEX + 1], near[FIRST_KIND : FIRST_KIND + len(KINDS)])
    return Spoken(cells, midline, every[:, WIDE // 2 : WIDE // 2 + 1])


def seen_by_network(spoken: Spoken, square: NDArray[np.uint8], judge: KindJudge, *, along: bool) -> SpineSeen:
    """square: (SIDE, SIDE) that the network was given."""
    chances = judge.chances(spoken.evidence, along=along)
    near = np.abs(X_MM - (spoken.midline_mm or 0.0)) <= BAND_MM
    legible = spoken.cells[LEGIBLE, ROWS].mean(axis=0)
    wide = np.abs(X_MM) < 4 * BAND_MM
    shown = np.abs(X_MM) <= ALONG_MM
    return SpineSeen(
        chances=chances[near].mean(axis=0) if along else chances[0],
        clear=float(shares_of(legible[near].mean())),
        contact=contact_of(square),
        transverse=float(shares_of(spoken.cells[TRANSVERSE_PLANE, ROWS][:, wide].mean(axis=0)).mean()),
        midline_mm=spoken.midline_mm,
        target_mm=_target(shares_of(spoken.cells[COMPLEX][:, near])),
        along=SeenAlong(X_MM[shown], chances[shown]) if along else None,
    )


def _midline(likely: NDArray[np.float32]) -> float | None:
    profile = cv2.blur(likely.mean(axis=0)[None], (5, 1))[0]
    peak = int(profile.argmax())
    if profile[peak] < LEAST_MIDLINE:
        return None
    part = slice(max(0, peak - 6), peak + 7)
    return float((profile[part] * X_MM[part]).sum() / profile[part].sum())


def _target(likely: NDArray[np.float32]) -> float | None:
    """Depth of the ligamentum flavum's face: the marked band's middle, less half its height."""
    profile = likely.mean(axis=1)
    smooth = cv2.blur(profile[:, None], (1, 5))[:, 0]
    peak = int(smooth.argmax())
    if smooth[peak] < LEAST_COMPLEX:
        return None
    part = slice(max(0, peak - 5), peak + 6)
    middle = float((profile[part] * np.arange(part.start, part.start + profile[part].size)).sum() / profile[part].sum())
    return float((middle + 0.5) * CELL_MM - OVER_SKIN_MM - sum(COMPLEX_MM) / 2)
