"""Where a picture reaches further than its votes say: panels that frame it, the near field, an even dark floor."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.screen.box import Box
from edge.screen.panels import Mask, Panels

Sides = tuple[bool, bool, bool, bool]
"""Of the left, upper, right and lower border."""
_TOUCHING_PX = 5
_FLOOR_LEVEL = 20


def canvas_around(panels: Panels, box: Box) -> Box:
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


def snapped(box: Box, seen: Sides, canvas: Box, panels: Panels) -> Box:
    """A picture that two light panels touch fills the gap between the panels where its own border is not to be seen."""
    height, width = panels.light.shape
    limits = (canvas.left, canvas.top, canvas.right, canvas.bottom)
    is_panel = (limits[0] > 0, limits[1] > 0, limits[2] < width, limits[3] < height)
    found = (box.left, box.top, box.right, box.bottom)
    near = [abs(side - limit) <= _TOUCHING_PX for side, limit in zip(found, limits, strict=True)]
    if sum(at and panel for at, panel in zip(near, is_panel, strict=True)) < 2:
        return box
    framed = sum(near) == 3
    sides = zip(found, limits, is_panel, near, seen, strict=True)
    return Box(*(limit if at or (panel and (framed or not clear)) else side for side, limit, panel, at, clear in sides))


def with_tongues(ink: Mask, box: Box, canvas: Box) -> Box:
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


def with_ring_down(panels: Panels, box: Box, canvas: Box) -> Box:
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


def end_of_floor(lift: NDArray[np.uint8], box: Box, noise: int) -> int:
    """The end of the rows below `box` that are a little lighter than the panel all over the picture's width."""
    below = lift[box.bottom :, box.left : box.right]
    lifted = ((below > noise) & (below <= _FLOOR_LEVEL)).mean(axis=1) > 0.9
    dark = np.flatnonzero(~lifted)
    return box.bottom + (int(dark[0]) if dark.size else lifted.size)
