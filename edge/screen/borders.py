"""Where the picture's borders are, once its body is known: every row and column votes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.screen.panels import DARK_LEVEL, Mask, Panels

_STRONG = 24
_CLEAR = 20
_PRINTED = 60
"""Letters and marks are brighter than a panel by this much; the specks of noise in a dark picture are not."""
_PANEL_BLUR = 3
"""Pixels over which a panel's edge may be smeared."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, right, bottom; the last two are one past the end."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Border:
    """Where the picture begins, counted inwards."""

    position: int
    share: float
    """Share of the lines that begin there; 0 where there is no such line, as at the sides of a sector."""


def bounds(mask: Mask) -> Box:
    x, y, width, height = cv2.boundingRect(mask)
    return Box(x, y, x + width, y + height)


@dataclass(frozen=True, slots=True)
class Outline:
    """The picture's rectangle, and how far it could reach."""

    box: Box
    canvas: Box
    """Up to the next light panel or the screen's end."""
    straight: tuple[bool, bool, bool, bool]
    """Whether the left, upper, right and lower border were seen as a straight line."""


def find_borders(pixels: NDArray[np.uint8], panels: Panels, body: Mask) -> Outline:
    """The picture's outline around its `body`."""
    box = bounds(body)
    canvas, seen = box, (False, False, False, False)
    for _ in range(2):
        canvas = _canvas(panels, box)
        lift = _lift(pixels, panels, box)
        faint = _faint_noise(lift, panels, body)
        box, seen = _vote_borders(faint, lift, box, canvas)
        if not seen[-1]:
            box = replace(box, bottom=_end_of_floor(lift, box, _noise(lift, panels)))
        box = _with_ring_down(panels, _with_tongues(panels.ink, box, canvas), canvas)
        box = _snap(box, seen, canvas, panels)
    return Outline(box, canvas, seen)


def _faint_noise(lift: NDArray[np.uint8], panels: Panels, body: Mask) -> Mask:
    """Pixels that differ at all from the panels and hang together with the picture's body."""
    printed = (lift > _PRINTED).astype(np.uint8)
    _, labels = cv2.connectedComponents(printed, connectivity=8)
    of_body = np.zeros(labels.max() + 1, np.uint8)
    of_body[np.unique(labels[body > 0])] = 1
    of_body[0] = 0
    clutter = printed & (1 - of_body[labels])
    faint = ((lift > _noise(lift, panels)) & (_reach_of(clutter, lift) == 0)).astype(np.uint8)
    faint &= 1 - cv2.dilate(panels.light, np.ones((2 * _PANEL_BLUR + 1, 2 * _PANEL_BLUR + 1), np.uint8))
    window = max(7, round(0.02 * min(lift.shape)) | 1)
    cloud = (cv2.boxFilter(faint, cv2.CV_32F, (window, window)) > 0.04).astype(np.uint8) | body
    _, clouds = cv2.connectedComponents(cloud)
    joined = np.zeros(clouds.max() + 1, np.uint8)
    joined[np.unique(clouds[body > 0])] = 1
    return np.asarray(faint & joined[clouds], np.uint8)


def _painted(lift: NDArray[np.uint8]) -> Mask:
    """Names painted over: patches that differ from the panel by a level or two, and evenly, as noise never does."""
    square = np.ones((5, 5), np.uint8)
    low, high = cv2.erode(lift, square), cv2.dilate(lift, square)
    even = ((low >= 1) & (high <= 4) & (high - low <= 2)).astype(np.uint8)
    return np.asarray(cv2.dilate(even, np.ones((9, 9), np.uint8)), np.uint8)


def _reach_of(clutter: Mask, lift: NDArray[np.uint8]) -> Mask:
    """Letters, ticks and bars with what their edges leave around them: one antialiased pixel, or a block of ringing."""
    near, block = (cv2.dilate(clutter, np.ones((size, size), np.uint8)) for size in (5, 19))
    beside = lift[(block > near) & (lift <= _STRONG)]
    lossy = beside.size > 0 and (beside > 0).mean() > 0.05
    return np.asarray(block if lossy else near, np.uint8)


def _noise(lift: NDArray[np.uint8], panels: Panels) -> int:
    """What the panels themselves vary by (compression, analogue capture), from the quietest side of the screen."""
    quiet = cv2.dilate(panels.ink, np.ones((17, 17), np.uint8)) == 0
    depth = max(3, round(0.03 * min(lift.shape)))
    levels = [8]
    for side in (np.s_[:depth], np.s_[-depth:], np.s_[:, :depth], np.s_[:, -depth:]):
        calm = lift[side][quiet[side] & (lift[side] <= 8)]
        if calm.size > 0.3 * lift[side].size:
            levels.append(int(np.percentile(calm, 99.5)))
    return min(levels) if len(levels) > 1 else 2


def _lift(pixels: NDArray[np.uint8], panels: Panels, box: Box) -> NDArray[np.uint8]:
    """(height, width): how far each pixel is from the nearest panel colour that is found around `box`."""
    margin = max(4, round(0.04 * min(pixels.shape)))
    ring = np.zeros(pixels.shape, bool)
    ring[max(box.top - margin, 0) : box.bottom + margin, max(box.left - margin, 0) : box.right + margin] = True
    ring[box.top : box.bottom, box.left : box.right] = False
    around = pixels[ring & (panels.ink == 0)].astype(np.int16)
    dark = [level for level in panels.dark if (np.abs(around - level) <= 1).sum() > 0.05 * around.size]
    light = [
        level
        for level in panels.levels
        if level > DARK_LEVEL and (np.abs(around - level) <= 4).sum() > 0.1 * around.size
    ]
    lift = np.full(pixels.shape, 255, np.uint8)
    for level in dark[:1] + light:
        lift = np.minimum(lift, cv2.absdiff(pixels, np.full_like(pixels, level)))
    return lift


def _snap(box: Box, seen: tuple[bool, bool, bool, bool], canvas: Box, panels: Panels) -> Box:
    """A picture that two light panels touch fills the gap between the panels where its own border is not to be seen."""
    height, width = panels.light.shape
    limits = (canvas.left, canvas.top, canvas.right, canvas.bottom)
    is_panel = (limits[0] > 0, limits[1] > 0, limits[2] < width, limits[3] < height)
    found = (box.left, box.top, box.right, box.bottom)
    near = [abs(side - limit) <= _PANEL_BLUR + 2 for side, limit in zip(found, limits, strict=True)]
    if sum(at and panel for at, panel in zip(near, is_panel, strict=True)) < 2:
        return box
    framed = sum(near) == 3
    sides = zip(found, limits, is_panel, near, seen, strict=True)
    return Box(*(limit if at or (panel and (framed or not clear)) else side for side, limit, panel, at, clear in sides))


def _canvas(panels: Panels, box: Box) -> Box:
    """How far `box` could grow until it meets a light panel or the screen's end."""

    def reach(lines: NDArray[np.float64]) -> int:
        blocked = np.flatnonzero(lines > 0.8)
        return int(blocked[0]) if blocked.size else lines.size

    rows = panels.light[:, box.left : box.right].mean(axis=1)
    columns = panels.light[box.top : box.bottom].mean(axis=0)
    return Box(
        box.left - reach(columns[: box.left][::-1]),
        box.top - reach(rows[: box.top][::-1]),
        box.right + reach(columns[box.right :]),
        box.bottom + reach(rows[box.bottom :]),
    )


def _vote_borders(
    faint: Mask, lift: NDArray[np.uint8], box: Box, canvas: Box
) -> tuple[Box, tuple[bool, bool, bool, bool]]:
    def begin(view: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Border:
        brightness = view(lift)
        border = _vote(view(clear))
        if border.share < 0.35:
            border = _vote(view(faint))
        return replace(border, position=_past_halo(brightness, border.position)) if border.share else border

    clear = faint & (lift > _CLEAR)
    rows = np.s_[box.top : box.bottom, canvas.left : canvas.right]
    upright = faint
    faint = faint & (1 - _painted(lift))
    first, last = begin(lambda picture: picture[rows]), begin(lambda picture: picture[rows][:, ::-1])
    left, right = canvas.left + first.position, canvas.right - last.position
    columns = np.s_[canvas.top : canvas.bottom, left:right]
    upper = begin(lambda picture: picture[columns].T)
    faint = upright  # below, an even floor is more often the picture's own than paint
    lower = begin(lambda picture: picture[columns].T[:, ::-1])
    seen = (first.share > 0, upper.share > 0, last.share > 0, lower.share > 0)
    return Box(left, canvas.top + upper.position, right, canvas.bottom - lower.position), seen


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


def _end_of_floor(lift: NDArray[np.uint8], box: Box, noise: int) -> int:
    """The end of the rows below `box` that are a little lighter than the panel all over the picture's width."""
    below = lift[box.bottom :, box.left : box.right]
    lifted = ((below > noise) & (below <= _CLEAR)).mean(axis=1) > 0.9
    dark = np.flatnonzero(~lifted)
    return box.bottom + (int(dark[0]) if dark.size else lifted.size)


def _with_tongues(ink: Mask, box: Box, canvas: Box) -> Box:
    """Takes in rows that run on unbroken past the sides: the bright near field over sides that lie in shadow."""

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


def _with_ring_down(panels: Panels, box: Box, canvas: Box) -> Box:
    """Takes in the lines above that fill the picture's width: the transducer's ring-down over dark tissue."""
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
