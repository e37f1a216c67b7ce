"""Which segment of the lumbar spine lies under the probe: frames, one after the other, counted from the sacrum.

A hidden Markov model, filtered forward (Rabiner 1989), whose states are places of `places.py` and the direction of the
hand. Evidence is weighed by the distance over which it was gathered, since neighbouring frames show the same: a probe
that rests learns nothing more. Where a space or vertebra may have been missed, the states in which it was stay
probable, and the level is unsure rather than guessed. Dangerous is a level told too low: the needle would go in higher
than meant.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from edge.task.spine.count import BROKEN, LIFTED, MIXED, SURELY_SACRAL, Count, Lowest
from edge.task.spine.holding import kept, restored
from edge.task.spine.levels import KINDS
from edge.task.spine.places import CELL_MM, CELLS, EMISSIONS, Floats, grid
from edge.task.spine.seen import SpineSeen
from edge.task.spine.telling import told
from edge.task.spine.travel import Travelled

SACRUM_MM: Final = 10.0
"""Of the sacrum, in one go, before counting starts: a single process is mostly longer, but is not seen as sacrum."""
SACRUM_CHANCE: Final = 0.85
SACRUM_OR_NEXT: Final = 0.99
"""Least chances that it is the sacrum, and that it is that or the space above, at which it may end."""
EXPONENT_PER_MM: Final = 0.5
"""Frames over 3.3 mm count as one independent look."""
DISBELIEF: Final = 0.12
"""Weight of "anything may be" in every frame: a frame that is wrong costs at most this."""
LOST: Final = 1e-5
"""Per cell, to any place at all: a count that is wrong finds back at the sacrum."""
CONTACT: Final = 0.3
"""Share of the array; below it the probe is lifted."""
HAND_MM_PER_S: Final = 40.0
LIFTED_S: Final = 0.25
"""Without contact, after which the count is lost."""
LONGEST_S: Final = 0.5
"""Between two frames, after which what lies between is not known."""
SLOW_MM_PER_S: Final = 4.0
STOPPED_S: Final = 0.15
TURNS: Final = (0.01, 0.1, 0.2)
"""Chance of turning back, before evidence: where the way alone speaks for it; where the hand was slow; where it
stopped."""
RESUMED_MM: Final = 2.5
"""Path after that, within which its direction shows."""
DECIDED: Final = 0.005
"""Least chance of either direction, below which it need not be looked at further."""
LOOK_MM: Final = 0.5
"""Least path after that, from which it is believed."""
CERTAIN: Final = 1e-3
"""No evidence of direction is believed further than to this chance of its contrary."""
LOOKS_SACRAL: Final = 0.85
SACRAL_MM: Final = 8.0
"""Of what looks so, after which the probe is on the sacrum,"""
NEAR: Final = 0.9
"""Chance of the sacrum, L5-S1 or L5, from which what a paramedian picture shows above the sacrum is L5-S1."""
NEAR_SACRUM: Final = 4
"""where it was thought to be higher than L5 and its spaces: below, a transitional vertebra may look so,"""
NOT_NEAR: Final = 0.1
"""with a chance of less than this to be there."""


def counted(before: Count | None, seen: SpineSeen, travel: Travelled, elapsed_s: float) -> Count:
    """After one more frame, `elapsed_s` seconds after the last; before: None of the first one."""
    along = seen.along is not None
    count = Count(grid(measured=along).nowhere, measured=along) if before is None else before
    if elapsed_s > LONGEST_S and before is not None:
        count = _astray(replace(count, lost=BROKEN), elapsed_s)
    if seen.contact < CONTACT:
        away = count.away_s + elapsed_s
        lost = LIFTED if away >= LIFTED_S else count.lost
        count = _astray(replace(count, away_s=away, lost=lost), elapsed_s)
        return told(count, count.belief, _likelihood(seen))
    count = replace(count, away_s=0.0, path_mm=count.path_mm + travel.mm)
    likelihood = _likelihood(seen)
    count = _gathered(_turned(count, travel, elapsed_s), travel, seen, likelihood)
    while count.pending_mm >= CELL_MM:
        count = _stepped(count)
    if seen.along is not None and travel.mm > 0 and count.grid.by_segment(count.belief)[:3].sum() > NEAR:
        count = replace(count, lowest=count.lowest.with_picture(seen.along))
    count = restored(count, travel)
    return kept(told(count, _believed(count), likelihood), travel)


def _likelihood(seen: SpineSeen) -> Floats:
    """(len(KINDS),): of the frame, by what lies under it."""
    believed = (1 - DISBELIEF) * min(max(seen.clear, 0.0), 1.0)
    return believed * seen.chances + (1 - believed) / len(KINDS)


def _astray(count: Count, elapsed_s: float) -> Count:
    """After a time in which the hand may have gone anywhere at HAND_MM_PER_S."""
    belief = np.broadcast_to(count.belief.sum(axis=0) / 2, count.belief.shape)
    cells = min(CELLS, round(HAND_MM_PER_S * elapsed_s / CELL_MM))
    up, down = belief[0], belief[1]
    spread_up, spread_down = up / (cells + 1), down / (cells + 1)
    for _ in range(cells):
        up, down = count.grid.raised(up), count.grid.lowered(down)
        spread_up, spread_down = spread_up + up / (cells + 1), spread_down + down / (cells + 1)
    apart = np.stack([spread_up, spread_down])
    apart = np.broadcast_to(apart.sum(axis=0) / 2, apart.shape)
    return replace(count.placed(apart), sacrum_mm=0.0, slow_s=0.0)


def _turned(count: Count, travel: Travelled, elapsed_s: float) -> Count:
    """With what is known of the direction of the frame's movement."""
    slow = travel.mm < SLOW_MM_PER_S * elapsed_s
    slow_s = count.slow_s + elapsed_s if slow else 0.0
    turn, resumed_mm, agreed = count.turn, count.resumed_mm, count.agreed
    if slow:
        stopped = TURNS[2 if slow_s >= STOPPED_S else 1]
        if turn is None or resumed_mm < travel.mm + CELL_MM:
            turn, resumed_mm = max(stopped, turn or 0.0), 0.0
    elif turn is None and travel.onward < 0.5:
        turn, resumed_mm = TURNS[0], 0.0
    if turn is not None and travel.mm > 0:
        onward = min(max(travel.onward, CERTAIN), 1 - CERTAIN)
        # What pictures of a probe at rest say of its direction is noise.
        if not slow:
            same = onward if agreed else 1 - onward
            turn = turn * (1 - same) / (turn * (1 - same) + (1 - turn) * same)
        agreed = agreed == (travel.onward >= 0.5)
        resumed_mm += travel.mm
    count = replace(count, slow_s=slow_s, turn=turn, resumed_mm=resumed_mm, agreed=agreed)
    decided = turn is not None and resumed_mm >= LOOK_MM and not DECIDED < turn < 1 - DECIDED
    if turn is not None and not slow and (decided or resumed_mm >= RESUMED_MM):
        count = replace(count, belief=_believed(count), turn=None, agreed=True)
    if travel.up is None or travel.mm <= 0:
        return count
    to_head = min(max(travel.up, CERTAIN), 1 - CERTAIN)
    # By the millimetre as all evidence: a wrong sign of one frame decides nothing.
    weight = min(1.0, travel.mm)
    up, down = count.belief
    belief = np.stack([up * to_head**weight, down * (1 - to_head) ** weight])
    return replace(count, belief=belief / belief.sum())


def _believed(count: Count) -> Floats:
    """The belief with the turn that may have been: what turned went the other way since then."""
    if count.turn is None:
        return count.belief
    up, down = count.belief
    turned_up, turned_down = down, up
    for _ in range(round(2 * count.resumed_mm / CELL_MM)):
        turned_up, turned_down = count.grid.raised(turned_up), count.grid.lowered(turned_down)
    return (1 - count.turn) * count.belief + count.turn * np.stack([turned_up, turned_down])


def _gathered(count: Count, travel: Travelled, seen: SpineSeen, likelihood: Floats) -> Count:
    """With the frame's movement and evidence, before they take effect."""
    # The frame weighs by its distance; the last of a rest weighs as much as its first.
    weight = count.weight + travel.mm
    evidence = tuple(was + travel.mm * float(now) for was, now in zip(count.evidence, np.log(likelihood), strict=True))
    shown = travel.mm * max(seen.clear, 0.0) ** 2 * seen.chances
    return replace(
        count,
        looks=tuple(was + float(now) for was, now in zip(count.looks, shown, strict=True)),
        pending_mm=count.pending_mm + travel.mm,
        pending_variance=count.pending_variance + travel.sd_mm**2,
        evidence=evidence,
        weight=weight,
    )


def _stepped(count: Count) -> Count:
    """One cell further, with what was seen on the way."""
    layout = count.grid
    steps = count.pending_mm / CELL_MM
    # As much too far as too short: none, one or two cells.
    astray = min(0.25, 0.5 * count.pending_variance / steps / CELL_MM**2)
    up, down = count.belief
    up_one, down_one = layout.raised(up), layout.lowered(down)
    up = astray * (up + layout.raised(up_one)) + (1 - 2 * astray) * up_one
    down = astray * (down + layout.lowered(down_one)) + (1 - 2 * astray) * down_one
    mean = np.exp(np.array(count.evidence) / count.weight)
    by_look = (EMISSIONS @ mean) ** (EXPONENT_PER_MM * CELL_MM)
    belief = np.stack([up, down]) * by_look[layout.emission]
    belief /= belief.sum()
    belief = (1 - LOST) * belief + LOST * layout.nowhere
    left = 1 - 1 / steps
    stepped = replace(
        count,
        belief=belief,
        pending_mm=count.pending_mm - CELL_MM,
        pending_variance=count.pending_variance * left,
        evidence=tuple(left * one for one in count.evidence),
        looks=tuple(left * one for one in count.looks),
        weight=left * count.weight,
    )
    shown = np.array(count.looks)
    return _noted(stepped, shown / shown.sum()) if shown.sum() > 0 else stepped


def _noted(count: Count, looks: Floats) -> Count:
    """With what the last cell says about the sacrum and the lowest vertebra; looks: (len(KINDS),) of that cell."""
    chances = count.grid.by_segment(count.belief)
    sacral_mm = count.sacral_mm + CELL_MM if looks[0] >= LOOKS_SACRAL else 0.0
    if sacral_mm >= SACRAL_MM and chances[:NEAR_SACRUM].sum() < NOT_NEAR:
        return _anew(count)
    count = replace(count, sacral_mm=sacral_mm)
    lowest = count.lowest.seen(chances, looks)
    surely = chances[0] > SACRUM_CHANCE and chances[:2].sum() > SACRUM_OR_NEXT and lowest.sacral > MIXED[1]
    sacrum = count.sacrum_mm + CELL_MM if surely else 0.0
    if sacrum >= SACRUM_MM:
        return replace(count, sacrum_mm=sacrum, started=True, lost="", lowest=_begun(lowest))
    counting = count.started and not count.lost
    odd = lowest.mixed or (lowest.odd and chances[3:].sum() > 0.5)
    # What lies higher was judged when it was passed.
    odd = odd and chances[4:].sum() < 0.5
    return replace(count, sacrum_mm=sacrum, lowest=lowest, transitional=count.transitional or bool(counting and odd))


def _begun(lowest: Lowest) -> Lowest:
    """On the sacrum: what a paramedian picture shows beyond it is kept; what hints at L5, until it is surely sacrum."""
    hinted_mm = lowest.hinted_mm if lowest.sacral < SURELY_SACRAL else 0.0
    return Lowest(sacral=lowest.sacral, hinted_mm=hinted_mm, pictured=lowest.pictured, pictured_mm=lowest.pictured_mm)


def _anew(count: Count) -> Count:
    """On the sacrum, which nothing far above it looks like for so long: another recording, or another sweep in it."""
    belief = np.where(count.grid.segment == 0, count.grid.nowhere, 0.0)
    return Count(belief / belief.sum(), measured=count.measured)
