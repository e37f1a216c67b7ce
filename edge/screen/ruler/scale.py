"""Finds the millimetres per pixel that the depth ticks of a screen tell.

The period of the ticks is measured in pixels. How many mm that is follows from numerals beside them, a depth label and
the pattern of major and minor ticks. A value is used only where these leave no other: a wrong scale is far worse than
none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.ruler.mm_per_tick import Clue, from_label, from_numerals, from_pattern
from edge.screen.ruler.printed_numbers import read_numbers
from edge.screen.ruler.rulers import Ruler, find_rulers

_AGREEMENT = 0.03
_PIXEL_ASPECT_UNCERTAINTY = 0.002


@dataclass(frozen=True, slots=True)
class TickScale:
    """A scale read from ticks."""

    mm_per_px: float
    relative_uncertainty: float
    """Half-width as a share of the scale."""
    n_ticks: int
    evidence: str
    """What the ticks were taken for and why, in plain words."""


@dataclass(frozen=True, slots=True)
class TickReading:
    """A scale, or why there is none."""

    scale: TickScale | None
    reason: str
    """Empty where there is a scale."""


def read_scale(pixels: NDArray[np.uint8], region: Region) -> TickReading:
    """The scale by the depth ticks around `region` of `pixels` (height, width) uint8 grey; none where in doubt."""
    rulers = find_rulers(pixels, region)[:4]
    if not rulers:
        return TickReading(None, "no depth ticks were found")
    printed = read_numbers(pixels, region)
    readings = []
    for ruler in rulers:
        clues = [read(ruler, words, region) for words in printed for read in (from_numerals, from_label)]
        clues.append(from_pattern(ruler))
        readings.append(_conclude(ruler, [clue for clue in clues if clue is not None]))
    scales = [reading.scale for reading in readings if reading.scale is not None]
    if not scales:
        return readings[0]
    low, high = (limit(scale.mm_per_px for scale in scales) for limit in (min, max))
    if high > low * (1 + _AGREEMENT):
        return TickReading(None, f"two rulers contradict each other: {low:.4f} and {high:.4f} mm per px")
    return TickReading(max(scales, key=lambda scale: scale.n_ticks), "")


def _conclude(ruler: Ruler, clues: list[Clue]) -> TickReading:
    period, n_ticks = ruler.ticks.period_px, ruler.ticks.indices.size
    if not clues:
        return TickReading(None, f"{n_ticks} ticks {period:.1f} px apart, but nothing says how many mm that is")
    possible = set.intersection(*(set(clue.tick_mm) for clue in clues))
    why = ", ".join(clue.why for clue in clues)
    if len(possible) != 1:
        found = " or ".join(f"{mm:g}" for mm in sorted(possible)) if possible else "nothing that fits all"
        return TickReading(None, f"{n_ticks} ticks {period:.1f} px apart could be {found} mm ({why})")
    tick_mm = possible.pop()
    uncertainty = 2 * ruler.ticks.period_error_px / period + _PIXEL_ASPECT_UNCERTAINTY
    evidence = f"{n_ticks} ticks of {tick_mm:g} mm, {period:.2f} px apart ({why})"
    return TickReading(TickScale(tick_mm / period, uncertainty, n_ticks, evidence), "")
