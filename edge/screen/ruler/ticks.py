"""Finds evenly spaced ticks among the positions of marks that stand in one line."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FEWEST = 4
_SHORTEST_PX = 3.5
_SNUG_PX = 0.9
_MOST_TRIES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Evenly spaced ticks, at `start_px + index * period_px`."""

    start_px: float
    period_px: float
    period_error_px: float
    """Standard error of the period."""
    indices: NDArray[np.int64]
    """(n,) ascending, from 0; where a number is left out, that tick was not seen."""
    members: NDArray[np.int64]
    """(n,) which of the positions that were given is each tick."""

    def position(self, index: float) -> float:
        return self.start_px + index * self.period_px


def fit_ticks(positions: NDArray[np.float64]) -> Ticks | None:
    """The ticks that explain most of the ascending `positions` (n,), in px; None for fewer than four or many gaps.

    The distances that neighbours have most often are tried as the period, and each is refined by least squares.
    """
    if positions.size < _FEWEST:
        return None
    best: Ticks | None = None
    for start, period in _candidates(positions):
        ticks = _refined(positions, start, period)
        if ticks is not None and (best is None or _worth(ticks) > _worth(best)):
            best = ticks
    return best


def _candidates(positions: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Pairs of a position to start from and a period in px, for the distances that neighbours have most often."""
    pairs = np.concatenate(
        [np.stack((np.arange(positions.size - k), positions[k:] - positions[:-k]), 1) for k in (1, 2)]
    )
    pairs = pairs[pairs[:, 1] >= _SHORTEST_PX]
    votes = (np.abs(pairs[:, 1, None] - pairs[None, :, 1]) <= np.minimum(1.2, 0.2 * pairs[:, 1])[:, None]).sum(axis=1)
    found: list[tuple[int, float]] = []
    for row in np.argsort(-votes, kind="stable"):
        index, period = int(pairs[row, 0]), float(pairs[row, 1])
        if votes[row] < 2 or len(found) >= _MOST_TRIES:
            break
        alike = [start for start, other in found if abs(other - period) <= 1.2]
        if len(alike) < 3 and all(abs(index - start) > positions.size // 5 for start in alike):
            found.append((index, float(np.median(pairs[np.abs(pairs[:, 1] - period) <= 1.2, 1]))))
    return found


def _worth(ticks: Ticks) -> float:
    return ticks.indices.size**2 / (int(ticks.indices[-1]) + 1)


def _refined(positions: NDArray[np.float64], anchor: int, period: float) -> Ticks | None:
    snug = min(_SNUG_PX, 0.2 * period)
    members, index = _walk(positions, anchor, period, snug)
    if members.size < _FEWEST:
        return None
    for _ in range(3):
        start, period = _line(index, positions[members])
        if period < _SHORTEST_PX:
            return None
        index_all = np.round((positions - start) / period).astype(np.int64)
        residual = np.abs(positions - start - index_all * period)
        near = (residual <= snug) & (index_all >= index[0] - 1) & (index_all <= index[-1] + 1)
        candidates = np.flatnonzero(near)
        order = candidates[np.argsort(residual[candidates], kind="stable")]
        _, first = np.unique(index_all[order], return_index=True)
        members = np.sort(order[first])
        index = index_all[members]
        if members.size < _FEWEST:
            return None
    inside = (positions >= positions[members[0]]) & (positions <= positions[members[-1]])
    span = index[-1] - index[0] + 1
    if members.size < 0.75 * span or members.size < 0.6 * inside.sum():
        return None
    start = start + index[0] * period
    index = index - index[0]
    left_over = positions[members] - start - index * period
    spread = max(float(np.sqrt((left_over**2).sum() / max(members.size - 2, 1))), 0.15)
    error = spread / float(np.sqrt(((index - index.mean()) ** 2).sum()))
    return Ticks(float(start), float(period), error, index, members)


def _line(index: NDArray[np.int64], positions: NDArray[np.float64]) -> tuple[float, float]:
    centred = index - index.mean()
    period = float((centred * positions).sum() / (centred * centred).sum())
    return float(positions.mean() - period * index.mean()), period


def _walk(
    positions: NDArray[np.float64], anchor: int, period: float, snug: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which positions (n,) are ticks, and the ticks' indices (n,), 0 at the `anchor`.

    Steps from tick to tick in both directions, correcting the period on the way, until three in a row are missing.
    """
    found = {0: anchor}
    for direction in (1, -1):
        step, last, last_index, index = period, positions[anchor], 0, 0
        while abs(index - last_index) < 3:
            index += direction
            expected = last + (index - last_index) * step
            nearest = int(np.argmin(np.abs(positions - expected)))
            if abs(positions[nearest] - expected) <= 1.4 * snug:
                found[index] = nearest
                last, last_index = positions[nearest], index
                step = (positions[nearest] - positions[anchor]) / index
    keys = np.array(sorted(found), np.int64)
    return np.array([found[int(key)] for key in keys], np.int64), keys
