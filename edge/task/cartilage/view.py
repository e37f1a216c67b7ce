"""Whether a dark band is the femoral cartilage over the trochlea, seen well enough to be measured.

The gate follows the view's definition: a V- or U-shaped bone line with its shadow, continuous over most of the
picture, cartilage on it without a break.
"""

import numpy as np

from edge.frame import Region
from edge.task.cartilage.band import Band, BoneLine, Borders, Floats

LEAST_CONTINUITY = 0.9
LEAST_WIDTH_SHARE = 0.3
LEAST_CONFIDENCE = 0.75
LEAST_BONE_CONTINUITY = 0.6
ANY_BONE_CONTINUITY = 0.3
"""Below it the band lies on something else than bone."""
THICKNESS_SHARES = (0.012, 0.25)
"""Mean thickness as a share of the region's height: outside, it is not cartilage."""
RISE_SHARE = 0.02
"""A condyle rises at least so far over the sulcus, as a share of the region's height."""
FLANK_SHARE = 0.06
"""One flank alone climbs at least so far."""


def view_faults(region: Region, borders: Borders, rise: float, confidence: float, bone: BoneLine) -> tuple[str, ...]:
    """Why this is not the trochlea; empty where nothing speaks against it. rise: `sulcus_rise` of its bone line."""
    x, lower = borders.x, borders.lower
    width = float(x[-1] - x[0]) / region.width
    if width < LEAST_WIDTH_SHARE or x.size < 12:
        return (f"not the trochlear view: a band like cartilage spans only {100 * width:.0f} % of the picture",)
    upper_sum, lower_sum = borders.y.sum(axis=1).tolist()
    share = (lower_sum - upper_sum) / x.size / region.height
    if not THICKNESS_SHARES[0] <= share <= THICKNESS_SHARES[1]:
        return ("not the trochlear view: the dark band is too thin or too thick for cartilage",)
    if confidence < LEAST_CONFIDENCE:
        return ("not the trochlear view: no band is clear enough to be taken for cartilage",)
    if bone.continuity < ANY_BONE_CONTINUITY:
        return ("not the trochlear view: there is no bright bone under the dark band",)
    if bone.below > 0.8 * bone.bone:
        return ("not the trochlear view: there is no shadow under the bright line",)
    if one_sided(region, rise) and not _slopes(lower, region.height):
        return ("not the trochlear view: no sulcus is seen between two condyles",)
    return ()


def band_faults(band: Band, bone: BoneLine) -> tuple[str, ...]:
    """Why a band on the trochlea cannot be measured."""
    if bone.continuity < LEAST_BONE_CONTINUITY:
        return (f"bone is seen under only {100 * bone.continuity:.0f} % of the band: hold the probe at a right angle",)
    if band.continuity < LEAST_CONTINUITY:
        return (f"the cartilage is not continuous: {100 * (1 - band.continuity):.0f} % of its course is not seen",)
    return ()


def one_sided(region: Region, rise: float) -> bool:
    """Whether the bone, whose `sulcus_rise` this is, rises on one side of its deepest point only."""
    return rise < RISE_SHARE * region.height


def sulcus_rise(lower: Floats) -> float:
    """How far the bone line (n,) rises on both sides of the sulcus, the smaller of the two, in the line's unit.

    Beyond the condyles the bone may fall again.
    """
    left_top = np.minimum.accumulate(lower)
    right_top = np.minimum.accumulate(lower[::-1])[::-1]
    return float((lower - np.maximum(left_top, right_top)).max())


def _slopes(lower: Floats, height: int) -> bool:
    """Whether the line is one flank of a trochlea: it climbs to one side, rather than lying flat or bulging."""
    top = int(np.argmin(lower))
    bulges = min(lower[0], lower[-1]) - lower[top] > FLANK_SHARE / 2 * height
    return not bulges and float(np.ptp(lower)) > FLANK_SHARE * height
