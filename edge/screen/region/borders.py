"""Finds the borders of the picture around its body.

Each row and column votes for where the picture begins and ends. Then the picture takes in what the votes cannot show:
gaps to panels that frame it, a near field that is wider than shadowed sides, the transducer's ring-down, a dark floor.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.screen.region.panels import Panels, difference_from_panels, painted_over, panel_noise, picture_pixels
from edge.screen.region.rectangle import Mask, Rectangle, rectangle_around

_CLEAR = 20
_TOUCHING_PX = 5
_FLOOR_LEVEL = 20
_RUNAWAY = 2.6
"""A rectangle with more than this many times the area of the picture's body has followed noise over the panels."""

Sides = tuple[bool, bool, bool, bool]
"""One answer each for the left, upper, right and lower border."""


@dataclass(frozen=True, slots=True)
class _Border:
    """One side of the picture."""

    position: int
    """Where the picture begins, in px inwards."""
    share: float
    """Share of the rows (or columns) that begin there; 0 where they agree on no line, as at the sides of a sector."""


@dataclass(frozen=True, slots=True)
class PictureBorders:
    """The picture's box, and how far it could reach."""

    box: Rectangle
    canvas: Rectangle
    """Up to the next light panels or the screen's edges."""
    straight: Sides
    """Whether the left, upper, right and lower border were seen as a straight line."""


def find_borders(pixels: NDArray[np.uint8], panels: Panels, body: Mask) -> PictureBorders:
    """The borders of the picture whose textured part is `body`. A second round starts from those of the first."""
    box = rectangle_around(body)
    canvas, seen = box, (False, False, False, False)
    for _ in range(2):
        canvas = _canvas_around(panels, box)
        difference = difference_from_panels(pixels, panels, box)
        box, seen = _vote_borders(picture_pixels(difference, panels, body), difference, box, canvas)
        if not seen[-1]:
            box = replace(box, bottom=_end_of_floor(difference, box, panel_noise(difference, panels)))
        box = _with_ring_down(panels, _with_near_field(panels.ink, box, canvas), canvas)
        box = _extended_to_panels(box, seen, canvas, panels)
        if box.area > _RUNAWAY * rectangle_around(body).area:
            box = rectangle_around(body)
    return PictureBorders(box, canvas, seen)


def _vote_borders(
    picture: Mask, difference: NDArray[np.uint8], box: Rectangle, canvas: Rectangle
) -> tuple[Rectangle, Sides]:
    # At the lower border an even patch is more often the picture's own dark floor than paint, so it counts there.
    unpainted = picture & (1 - painted_over(difference))
    rows = np.s_[box.top : box.bottom, canvas.left : canvas.right]
    first = _begin(unpainted[rows], difference[rows])
    last = _begin(unpainted[rows][:, ::-1], difference[rows][:, ::-1])
    left, right = canvas.left + first.position, canvas.right - last.position
    columns = np.s_[canvas.top : canvas.bottom, left:right]
    upper = _begin(unpainted[columns].T, difference[columns].T)
    lower = _begin(picture[columns].T[:, ::-1], difference[columns].T[:, ::-1])
    seen = (first.share > 0, upper.share > 0, last.share > 0, lower.share > 0)
    return Rectangle(left, canvas.top + upper.position, right, canvas.bottom - lower.position), seen


def _begin(picture: Mask, difference: NDArray[np.uint8]) -> _Border:
    """The border that clearly visible pixels agree on, else the one of all pixels; rows (n, length) run inwards."""
    border = _vote(picture & (difference > _CLEAR))
    if border.share < 0.35:
        border = _vote(picture)
    return replace(border, position=_past_halo(difference, border.position)) if border.share else border


def _vote(lines: Mask) -> _Border:
    """Where the picture begins in most of `lines` (n, length), counted from index 0 of each."""
    used = lines.any(axis=1)
    if not used.any():
        return _Border(0, 0.0)
    first = lines[used].argmax(axis=1)
    votes = np.bincount(first, minlength=lines.shape[1]).astype(float)
    beyond = np.cumsum(votes)
    straight = np.flatnonzero(np.convolve(votes, np.ones(3), mode="same") >= 0.12 * beyond[-1])
    for line in straight[:1]:
        start = max(int(line) - 1, 0)
        near = votes[start : line + 2]
        if beyond[start] - votes[start] < 0.35 * near.sum():
            return _Border(start + int(np.argmax(near)), float(near.sum() / beyond[-1]))
    return _Border(int(np.searchsorted(beyond, max(3.0, 0.015 * beyond[-1]))), 0.0)


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


def _canvas_around(panels: Panels, box: Rectangle) -> Rectangle:
    """How far `box` could grow until it meets a light panel or the screen's end."""

    def reach(lines: NDArray[np.float64]) -> int:
        blocked = np.flatnonzero(lines > 0.8)
        return int(blocked[0]) if blocked.size else lines.size

    rows = panels.light[:, box.left : box.right].mean(axis=1)
    columns = panels.light[box.top : box.bottom].mean(axis=0)
    return Rectangle(
        box.left - reach(columns[: box.left][::-1]),
        box.top - reach(rows[: box.top][::-1]),
        box.right + reach(columns[box.right :]),
        box.bottom + reach(rows[box.bottom :]),
    )


def _extended_to_panels(box: Rectangle, seen: Sides, canvas: Rectangle, panels: Panels) -> Rectangle:
    """`box`, extended to light panels where its own border was not `seen`, if it touches two such panels already."""
    height, width = panels.light.shape
    limits = (canvas.left, canvas.top, canvas.right, canvas.bottom)
    is_panel = (limits[0] > 0, limits[1] > 0, limits[2] < width, limits[3] < height)
    found = (box.left, box.top, box.right, box.bottom)
    near = [abs(side - limit) <= _TOUCHING_PX for side, limit in zip(found, limits, strict=True)]
    if sum(at and panel for at, panel in zip(near, is_panel, strict=True)) < 2:
        return box
    framed = sum(near) == 3
    sides = zip(found, limits, is_panel, near, seen, strict=True)
    return Rectangle(
        *(limit if at or (panel and (framed or not clear)) else side for side, limit, panel, at, clear in sides)
    )


def _with_near_field(ink: Mask, box: Rectangle, canvas: Rectangle) -> Rectangle:
    """Takes in rows that run on unbroken past the sides: a bright near field above sides that lie in shadow."""

    def reach(outward: Mask) -> int:
        if outward.shape[1] == 0:
            return 0
        unbroken = np.cumsum(outward, axis=1) >= 0.93 * np.arange(1, outward.shape[1] + 1)
        supported = np.flatnonzero((unbroken & (outward > 0)).sum(axis=0) >= max(3, 0.006 * box.height))
        return int(supported[-1]) + 1 if supported.size and supported[-1] > 0.03 * box.width else 0

    rows = ink[box.top : box.bottom]
    left = reach(rows[:, canvas.left : box.left][:, ::-1])
    right = reach(rows[:, box.right : canvas.right])
    return replace(box, left=box.left - left, right=box.right + right)


def _with_ring_down(panels: Panels, box: Rectangle, canvas: Rectangle) -> Rectangle:
    """Takes in the rows above that fill the picture's width: the transducer's ring-down above dark tissue."""
    if box.left - canvas.left < 4 and canvas.right - box.right < 4:
        return box
    ink = panels.ink
    full = ink[canvas.top : box.top, box.left : box.right].mean(axis=1) > 0.7
    closed = np.ones(full.size, bool)
    for edge in (slice(max(box.left - 16, 0), max(box.left - 4, 0)), slice(box.right + 4, box.right + 16)):
        beside = ink[canvas.top : box.top, edge]
        if beside.size:
            closed &= beside.mean(axis=1) > 0.6
    full &= ~closed
    thick = np.convolve(full, np.ones(3), mode="same") >= 3 if full.size >= 3 else np.zeros(full.size, bool)
    rows = np.flatnonzero(thick)
    return replace(box, top=canvas.top + int(rows[0]) - 1) if rows.size else box


def _end_of_floor(difference: NDArray[np.uint8], box: Rectangle, noise: int) -> int:
    """Where the rows below `box` end that are a little lighter than the panel over the picture's whole width."""
    below = difference[box.bottom :, box.left : box.right]
    lifted = ((below > noise) & (below <= _FLOOR_LEVEL)).mean(axis=1) > 0.9
    dark = np.flatnonzero(~lifted)
    return box.bottom + (int(dark[0]) if dark.size else lifted.size)
