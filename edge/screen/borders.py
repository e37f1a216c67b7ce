"""Where the picture's borders are, once its body is known: every row and column votes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.screen.box import Box, bounds
from edge.screen.faint import faint_noise, lift_over_panels, painted, panel_noise
from edge.screen.growth import Sides, canvas_around, end_of_floor, snapped, with_ring_down, with_tongues
from edge.screen.panels import Mask, Panels

_CLEAR = 20
_RUNAWAY = 2.6
"""No picture is this much larger than its textured body; a box that is has followed noise over the panels."""


@dataclass(frozen=True, slots=True)
class Border:
    """Where the picture begins, counted inwards."""

    position: int
    share: float
    """Share of the lines that begin there; 0 where there is no such line, as at the sides of a sector."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The picture's rectangle, and how far it could reach."""

    box: Box
    canvas: Box
    """Up to the next light panel or the screen's end."""
    straight: Sides
    """Whether the left, upper, right and lower border were seen as a straight line."""


def find_borders(pixels: NDArray[np.uint8], panels: Panels, body: Mask) -> Outline:
    """The picture's outline around its `body`; a second round looks again with what the first found."""
    box = bounds(body)
    canvas, seen = box, (False, False, False, False)
    for _ in range(2):
        canvas = canvas_around(panels, box)
        lift = lift_over_panels(pixels, panels, box)
        box, seen = _vote_borders(faint_noise(lift, panels, body), lift, box, canvas)
        if not seen[-1]:
            box = replace(box, bottom=end_of_floor(lift, box, panel_noise(lift, panels)))
        box = with_ring_down(panels, with_tongues(panels.ink, box, canvas), canvas)
        box = snapped(box, seen, canvas, panels)
        if box.area > _RUNAWAY * bounds(body).area:
            box = bounds(body)
    return Outline(box, canvas, seen)


def _vote_borders(faint: Mask, lift: NDArray[np.uint8], box: Box, canvas: Box) -> tuple[Box, Sides]:
    # Below, an even floor is more often the picture's own than paint.
    unpainted = faint & (1 - painted(lift))
    rows = np.s_[box.top : box.bottom, canvas.left : canvas.right]
    first = _begin(unpainted[rows], lift[rows])
    last = _begin(unpainted[rows][:, ::-1], lift[rows][:, ::-1])
    left, right = canvas.left + first.position, canvas.right - last.position
    columns = np.s_[canvas.top : canvas.bottom, left:right]
    upper = _begin(unpainted[columns].T, lift[columns].T)
    lower = _begin(faint[columns].T[:, ::-1], lift[columns].T[:, ::-1])
    seen = (first.share > 0, upper.share > 0, last.share > 0, lower.share > 0)
    return Box(left, canvas.top + upper.position, right, canvas.bottom - lower.position), seen


def _begin(faint: Mask, lift: NDArray[np.uint8]) -> Border:
    """The border that clear pixels agree on, else the one that the faint ones show; lines run inwards."""
    border = _vote(faint & (lift > _CLEAR))
    if border.share < 0.35:
        border = _vote(faint)
    return replace(border, position=_past_halo(lift, border.position)) if border.share else border


def _vote(lines: Mask) -> Border:
    """Where the picture begins in most of `lines` (n, length), counted from index 0 of each."""
    used = lines.any(axis=1)
    if not used.any():
        return Border(0, 0.0)
    first = lines[used].argmax(axis=1)
    votes = np.bincount(first, minlength=lines.shape[1]).astype(float)
    beyond = np.cumsum(votes)
    straight = np.flatnonzero(np.convolve(votes, np.ones(3), mode="same") >= 0.12 * beyond[-1])
    for line in straight[:1]:
        start = max(int(line) - 1, 0)
        near = votes[start : line + 2]
        if beyond[start] - votes[start] < 0.35 * near.sum():
            return Border(start + int(np.argmax(near)), float(near.sum() / beyond[-1]))
    return Border(int(np.searchsorted(beyond, max(3.0, 0.015 * beyond[-1]))), 0.0)


def _past_halo(lines: NDArray[np.uint8], start: int, reach: int = 10) -> int:
    """Steps over the ringing that compression leaves outside a border, up to where brightness jumps."""
    profile = np.minimum(lines[:, start : start + 6 * reach], 64).mean(axis=0)
    if profile.size < 3 * reach:
        return start
    plateau = float(np.median(profile[reach:]))
    jumps = np.append(profile[2:] - profile[:-2], (0, 0))[:reach]
    jump = int(np.argmax(jumps))
    if jumps[jump] < 0.4 * plateau or profile[0] > 0.3 * plateau:
        return start
    return start + 1 + jump
