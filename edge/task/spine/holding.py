"""What was believed where a level was told, taken up again where the probe is known to be there again."""

from dataclasses import replace
from typing import Final

import numpy as np

from edge.task.spine.count import TURNED, Count, Held
from edge.task.spine.places import BEYOND, CELL_MM
from edge.task.spine.travel import Travelled

NEXT_MM: Final = 1.2
"""Between two places that are held."""
WITHIN_MM: Final = 2.5
"""Of such a place it is taken up again."""
MOST: Final = 400
AWAY_MM: Final = 6.0
"""Of path since then, beside the way between: the probe was elsewhere in the meantime, and is back."""
CONTRARY: Final = 0.05
"""Chance of what was told there, below which a count that is not lost does not go back to it."""


def kept(count: Count, travel: Travelled) -> Count:
    """With this place, where a level is told at it."""
    spot = travel.spot
    if count.segment is None or spot is None or count.turn is not None or len(count.held) >= MOST:
        return count
    if any(one.spot.chart == spot.chart and abs(one.spot.mm - spot.mm) < NEXT_MM for one in count.held):
        return count
    up = float(count.belief[0].sum())
    upwards = up if travel.way > 0 else 1 - up
    belief = count.belief.sum(axis=0).astype(np.float32)
    return replace(count, held=(*count.held, Held(spot, count.path_mm, belief, upwards)))


def restored(count: Count, travel: Travelled) -> Count:
    """Put right by places that are known again."""
    joint = travel.joined
    if joint is not None:
        moved = [
            replace(one, spot=joint.moved(one.spot), upwards=one.upwards if joint.sign > 0 else 1 - one.upwards)
            if one.spot.chart == joint.chart
            else one
            for one in count.held
            if one.path_mm < joint.since_mm
        ]
        count = replace(count, held=tuple(moved))
    lately = count.path_mm - count.restored_mm < AWAY_MM
    unsure = count.lost or (not lately and (count.segment is None or count.turn is not None))
    spot = travel.spot
    if not travel.known or spot is None or not (unsure or joint is not None):
        return count
    near = [
        one
        for one in count.held
        if one.spot.chart == spot.chart
        and abs(one.spot.mm - spot.mm) <= WITHIN_MM
        and count.path_mm - one.path_mm > abs(one.spot.mm - spot.mm) + AWAY_MM
    ]
    if not near:
        turned = joint is not None and joint.chart == joint.into and count.started
        return replace(count, lost=TURNED) if turned and not count.lost else count
    best = min(near, key=lambda one: abs(one.spot.mm - spot.mm))
    layout = count.grid
    told = layout.by_segment(np.stack([best.belief, np.zeros_like(best.belief)]))
    if joint is None and not count.lost:
        likely = told[:BEYOND] > 0.5 * told[:BEYOND].max()
        if layout.by_segment(count.belief)[:BEYOND][likely].sum() < CONTRARY:
            return count
    place = best.belief.astype(np.float64)
    cells = round((spot.mm - best.spot.mm) * (1 if best.upwards > 0.5 else -1) / CELL_MM)
    for _ in range(abs(cells)):
        place = layout.raised(place) if cells > 0 else layout.lowered(place)
    up = best.upwards if travel.way > 0 else 1 - best.upwards
    placed = count.placed(np.stack([up * place, (1 - up) * place]) / place.sum())
    return replace(placed, lost="", restored_mm=count.path_mm)
