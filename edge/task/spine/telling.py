"""Which level is told of what is believed, or why none is."""

from dataclasses import replace
from typing import Final

import numpy as np

from edge.task.spine.count import (
    MISSED,
    NOT_STARTED,
    SURELY_SACRAL,
    TOO_HIGH,
    TRANSITIONAL,
    TURNED,
    Count,
    sacral_share,
)
from edge.task.spine.places import BEYOND, Floats

TOLD: Final = 0.95
"""Least chance of a segment, or of it and a neighbour whose border the probe is at, from which it is told."""
ABOVE: Final = 0.01
"""Most chance that the truth lies above what is told."""
SPAN: Final = 0.98
ONE_WAY: Final = 0.99
LOWEST: Final = 3
"""Segments, sacrum to L5, that are told before all of L5 was seen."""


def told(count: Count, believed: Floats, likelihood: Floats) -> Count:
    """With the segment, or the reason why there is none; believed: as `Count.belief`, with a turn that may have been;
    likelihood: of the newest frame, by KINDS."""
    chances = count.grid.by_segment(believed)
    best = int(np.argmax(chances))
    summed = np.cumsum(chances)
    low = int(np.searchsorted(summed, (1 - SPAN) / 2))
    high = int(np.searchsorted(summed, 1 - (1 - SPAN) / 2))
    count = replace(count, chance=float(chances[best]), low=min(low, BEYOND - 1), high=min(high, BEYOND - 1))
    chosen = _chosen(chances, likelihood)
    why = _why(count, chances, chosen, likelihood, float(believed[0].sum()))
    return replace(count, segment=None if why else chosen, why=why)


def _chosen(chances: Floats, likelihood: Floats) -> int | None:
    """The segment that is sure enough. Of two whose border the probe is at, the one that the frame shows."""
    best = int(np.argmax(chances[:BEYOND]))
    sides = [side for side in (best - 1, best + 1) if 0 <= side < BEYOND]
    other = max(sides, key=lambda side: chances[side])
    low, high = min(best, other), max(best, other)
    if chances[low] + chances[high] < TOLD or chances[high + 1 :].sum() > ABOVE:
        return None
    looks = [_look(low, likelihood), _look(high, likelihood)]
    return high if chances[high] * looks[1] >= chances[low] * looks[0] else low


def _look(segment: int, likelihood: Floats) -> float:
    return float(likelihood[0 if segment == 0 else 1 + segment % 2])


def _why(count: Count, chances: Floats, chosen: int | None, likelihood: Floats, upward: float) -> str:
    """Why nothing is told; empty: `chosen` is. upward: chance that the hand moves towards the head."""
    if not count.started:
        return NOT_STARTED
    if count.lost:
        return count.lost
    if count.transitional or (chosen == 0 and min(count.lowest.sacral, sacral_share(likelihood)) < SURELY_SACRAL):
        return TRANSITIONAL
    if chosen is not None and chosen < LOWEST and count.lowest.hinted:
        return TRANSITIONAL
    if chosen is not None:
        return ""
    if chances[BEYOND] > ABOVE and chances[: BEYOND - 2].sum() < 1 - TOLD:
        return TOO_HIGH
    return TURNED if 1 - ONE_WAY < upward < ONE_WAY else MISSED
