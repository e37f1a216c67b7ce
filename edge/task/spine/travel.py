"""How far the probe went since the last frame, and whether it goes on or has turned back.

Pictures across the spine move out of their plane: the distance is read off the speckle, and a turn is seen where the newest
picture shows again what lies behind. Pictures along the spine are shifted. What is remembered is a `Track`, handed on.
"""

from dataclasses import dataclass, replace
from math import exp, log
from typing import Final

import cv2
import numpy as np

from edge.task.spine.speckle import LEAST, Decorrelation, Picture, correlation

KEY_MM: Final = 0.5
"""Distance of the pictures that are remembered."""
KEYS: Final = 12
SLOW_MM_PER_S: Final = 3.0
FLOOR_MM: Final = 3.0
"""Pictures further apart have no speckle in common: what correlates all the same is the floor."""
FLOOR: Final = 0.15
"""Before it was measured."""
LEARNING: Final = 0.1
"""Weight of the newest picture in the floor."""
LOOK_MM: Final = 0.4
"""Path that is one independent look for a turn."""
OPEN_MM: Final = 4.0
"""Path after a slow moment, within which a turn is looked for."""
SCATTER: Final = 0.15
"""Standard deviation of the share of speckle about what is expected."""
RETRACED: Final = 0.7
"""Share of the speckle that is found again: a hand does not go back quite the way it came."""
UNSEEN: Final = 0.05
"""Chance that a turn does not show, because the hand went back another way."""
TURNED: Final = log(1000)
WENT_ON: Final = -log(15)
"""Logarithm of the odds for a turn, from which it is certain, and up to which it is out of the question."""
SHIFT_SD: Final = 0.1
"""Standard deviation of a shift within the plane, as a share of it, and of the least in mm."""
SHIFT_RESPONSE: Final = 0.08
"""Of phase correlation; a weaker one is chance."""
SIGN_MM: Final = 0.5
"""Path of the other sign from which the probe has turned, in a picture along the spine."""
BLIND_MM_PER_S: Final = (12.0, 12.0)
"""Speed of a hand, and its standard deviation, where pictures do not tell it."""


@dataclass(frozen=True, slots=True)
class Travelled:
    """Along the spine, from the last frame to this one."""

    mm: float
    """Length of the path, never negative."""
    sd_mm: float
    """Standard deviation of `mm`."""
    up: float | None = None
    """Chance that it went towards the head; None: the picture does not show which way."""
    onward: float = 0.5
    """Chance that it goes the way it went before it was last slow. Told once, when it is found out; 0.5: not now."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A picture that is remembered."""

    picture: Picture
    at_mm: float
    """Along the way of the hand, which turns with it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A slow moment after which the probe may go back."""

    at_mm: float
    gone_mm: float = 0.0
    odds: float = 0.0
    """Logarithm of the odds that it went back, as pictures alone have them."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What is remembered of the way so far."""

    last: Picture
    keys: tuple[Key, ...]
    """The newest last."""
    at_mm: float = 0.0
    sense: int = 1
    """1 or -1: the direction in `at_mm`."""
    from_key_mm: float = 0.0
    """Distance from the newest key."""
    floor: float = FLOOR
    turn: Turn | None = None
    against_mm: float = 0.0
    """Of a view along the spine: path against `sense`."""


def begun(picture: Picture) -> Track:
    """From the first picture."""
    return Track(picture, (Key(picture, 0.0),))


def across(before: Track, picture: Picture, elapsed_s: float, figures: Decorrelation) -> tuple[Track, Travelled]:
    """Of a transverse view, a picture of `speckle`, `elapsed_s` after the last."""
    share = _share(correlation(before.last, picture), before.floor, figures)
    step, step_sd = figures.distance_mm(share)
    from_key, key_sd = figures.distance_mm(_share(correlation(before.keys[-1].picture, picture), before.floor, figures))
    if share >= 1:
        # The same place but for the receiver's noise.
        moved, sd = 0.0, 0.0
    elif share > 0.8 and from_key > before.from_key_mm:
        # Small steps drown in noise; against a picture further back they add up.
        moved, sd = from_key - before.from_key_mm, key_sd
    else:
        moved, sd = step, step_sd
    sd = min(sd, max(moved, 0.1)) if moved else 0.0
    track = replace(before, last=picture, at_mm=before.at_mm + before.sense * moved, from_key_mm=from_key)
    track, onward = _looked_back(track, picture, moved, elapsed_s, figures)
    if track.from_key_mm >= KEY_MM or share <= LEAST:
        track = replace(track, keys=(*track.keys, Key(picture, track.at_mm))[-KEYS:], from_key_mm=0.0)
    return track, Travelled(moved, sd, None, onward)


def _share(correlated: float, floor: float, figures: Decorrelation) -> float:
    """Share of the speckle that is left."""
    return (correlated - floor) / max(figures.rest - floor, 0.1)


def _looked_back(
    track: Track, picture: Picture, moved: float, elapsed_s: float, figures: Decorrelation
) -> tuple[Track, float]:
    """Whether the probe goes back over what the keys show; with the chance that it goes on."""
    slow = moved < SLOW_MM_PER_S * elapsed_s
    turn = track.turn
    if slow and (turn is None or turn.gone_mm < KEY_MM):
        at = track.at_mm if turn is None else turn.at_mm
        return replace(track, turn=Turn(at)), 0.5
    far = [key for key in track.keys if abs(key.at_mm - track.at_mm) >= FLOOR_MM]
    if turn is None:
        if not far:
            return track, 0.5
        seen = correlation(far[-1].picture, picture)
        return replace(track, floor=track.floor + LEARNING * (seen - track.floor)), 0.5
    if moved <= 0:
        return track, 0.5
    gone = turn.gone_mm + moved
    turn = Turn(turn.at_mm, gone, turn.odds + min(1.0, moved / LOOK_MM) * _odds(track, picture, turn.at_mm, gone, figures))
    if turn.odds >= TURNED:
        at = turn.at_mm - track.sense * gone
        return replace(track, at_mm=at, sense=-track.sense, turn=None), 1 / (1 + exp(turn.odds))
    if turn.odds <= WENT_ON and gone >= 2 * LOOK_MM:
        return replace(track, turn=None), 1 / (1 + exp(turn.odds))
    return replace(track, turn=turn if gone < OPEN_MM else None), 0.5


def _odds(track: Track, picture: Picture, at_mm: float, gone_mm: float, figures: Decorrelation) -> float:
    """Logarithm of the odds that the picture lies behind the turn, not beyond it."""
    back_mm = at_mm - track.sense * gone_mm
    behind = [key for key in track.keys if track.sense * (at_mm - key.at_mm) > 0]
    if not behind:
        return 0.0
    key = min(behind, key=lambda one: abs(one.at_mm - back_mm))
    onward = figures.expected(abs(at_mm + track.sense * gone_mm - key.at_mm))
    back = RETRACED * figures.expected(abs(back_mm - key.at_mm))
    seen = _share(correlation(key.picture, picture), track.floor, figures)
    on = _bell(seen - onward)
    return log(((1 - UNSEEN) * _bell(min(0.0, seen - back)) + UNSEEN * on) / on)


def _bell(off: float) -> float:
    """Likelihood of a share this far off, never quite nothing."""
    return exp(-0.5 * (off / SCATTER) ** 2) + 0.01


def along(
    before: Track, picture: Picture, elapsed_s: float, mm_per_px: float, head: float | None = None
) -> tuple[Track, Travelled]:
    """Of a view along the spine, a picture of `speckle` whose pixels are `mm_per_px` wide.

    head: chance that the head lies to the picture's right; None: unknown.
    """
    window = cv2.createHanningWindow((picture.shape[1], picture.shape[0]), cv2.CV_32F)
    (shift, _), response = cv2.phaseCorrelate(before.last, picture, window)
    track = replace(before, last=picture)
    if response < SHIFT_RESPONSE:
        speed, sd = BLIND_MM_PER_S
        return track, Travelled(speed * elapsed_s, sd * elapsed_s)
    # What moves to the left in the picture: the probe went to the right.
    moved = -shift * mm_per_px
    mm = abs(moved)
    up = None if head is None else 0.5 + (head - 0.5) * float(np.sign(moved))
    against = max(0.0, track.against_mm - track.sense * moved)
    track = replace(track, at_mm=track.at_mm + moved, against_mm=against)
    onward = 0.5
    if against >= SIGN_MM:
        track, onward = replace(track, sense=-track.sense, against_mm=0.0), exp(-TURNED)
    return track, Travelled(mm, SHIFT_SD * max(mm, 1.0), up, onward)


def joined(travel: Travelled, onward: float) -> Travelled:
    """With what a second, independent witness says of going on."""
    on = travel.onward * onward
    back = (1 - travel.onward) * (1 - onward)
    return replace(travel, onward=on / max(on + back, 1e-9))
