"""Finds how many pixels of a picture the depth that a scanner states belongs to.

Depth runs along a beam from the skin line to where the scanner stops drawing: between the two long sides of a linear
array's picture, between the two arcs of a curved array's. Its end counts only where it is drawn hard, on one line or
one circle in many columns at once. Echoes that fade out end anywhere, and say nothing of where the depth ends.
"""

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.region.panels import difference_from_panels, find_panels, panel_noise
from edge.screen.region.rectangle import Rectangle

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STRIPS: Final = 48
"""Groups of neighbouring columns, each of which says where the picture begins and ends."""
AGREE: Final = 0.35
"""Share of the strips that must end on one line or circle."""
SNUG_PX: Final = 1.7
STRAIGHT_PX: Final = 3.0
"""A lower edge that bends by less over the picture's width is a line."""
SAME_EDGE: Final = 0.012
"""Share of the region's height within which the edge must lie at the region's own lower border."""
LEVELS: Final = (0, 3, 8, 16)
"""Grey levels above the panel's noise at which the edge is looked for: compression leaves specks beyond it."""
FLUSH: Final = 0.015
"""A picture that comes this near to the frame's edge, as a share of the frame, reaches it."""
BEFORE_ROWS: Final = 20
BELOW_ROWS: Final = 40
RISE_ROWS: Final = 4
"""A skin line that takes longer to reach half of its brightness fades in."""
STEP: Final = 2.5
"""How many times more the echoes must fall across a hard edge than they fell over the same distance before it."""
REST: Final = 0.12
"""Share of the echoes that compression may leave beyond a hard edge."""
SPECKS: Final = 0.015
"""Share of the pixels beyond a hard edge that may differ from the panel; where more do, the picture goes on."""
GLARE: Final = 1.8
"""A last row brighter than those above it by this factor is a reflector that casts a shadow, not the picture's edge."""
LAST_LEVELS: Final = 3.0
"""Grey levels that compression may take in one step where even tissue fades."""


@dataclass(frozen=True, slots=True)
class AxialExtent:
    """Of a picture, along a beam."""

    px: float | None
    """From the skin line to the end of the depth. None: the picture does not show it."""
    note: str = ""
    """Why it is not known, or what was taken for granted. Empty: both ends are seen."""


@dataclass(frozen=True, slots=True, eq=False)
class _Strips:
    """The picture with what is above and below it, as `n` strips."""

    x: Floats
    """(n,) their middles, in px of the frame."""
    half_width: float
    top: int
    """The first row, in px of the frame."""
    echoes: Floats
    """(n, rows) mean difference from the panels."""
    specks: Floats
    """(n, rows) share of the pixels that differ from the panels at all."""
    grain: Floats
    """(n, rows) mean difference from the next pixel to the right."""
    first: Floats
    """(n,) where each begins and, one past its end, ends; in px of the frame. NaN: nowhere in these rows."""
    last: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _LowerEdge:
    axis: float
    """Column of its lowest point."""
    row: float
    """One past the lowest point."""
    at: Floats
    """(n,) the same in each strip."""
    members: Flags
    """(n,) the strips that end on it."""


def find_axial_extent(pixels: NDArray[np.uint8], region: Region) -> AxialExtent:
    """Of the picture in `region` of `pixels` (height, width) uint8 grey."""
    height, width = pixels.shape
    box = Rectangle(region.x, region.y, region.x + region.width, region.y + region.height)
    if min(region.width, region.height) < 64:
        return AxialExtent(None, "the picture is too small to find where its depth begins and ends")
    difference, noise = _difference(pixels, box)
    slack = max(SAME_EDGE * region.height, 3.0)
    # A scanner exports the picture alone as a frame that it fills.
    fills = box.left <= FLUSH * width and box.right >= (1 - FLUSH) * width and box.top <= FLUSH * height
    begins: float | None = None
    whole = _strips(difference, box, noise)
    for level in LEVELS:
        strips = _with_ends(whole, difference, box, noise + level)
        lower = _lower_edge(strips)
        skin = _skin_line(strips, lower.axis if lower else (box.left + box.right) / 2)
        begins = skin if skin is not None and skin >= box.top - slack else begins
        beyond = _hard_end(strips, lower) if lower else None
        if lower is None or begins is None or beyond is None:
            continue
        ends = min(lower.row + beyond, float(height))
        if abs(ends - box.bottom) <= slack:
            cut = ends >= height - 2 and not fills
            return AxialExtent(ends - begins, "the depth ends where the frame cuts the picture off" if cut else "")
    if begins is None:
        return AxialExtent(None, "its skin line is not drawn sharply")
    if fills:
        return AxialExtent(height - begins, "the depth ends at the frame's dark lower edge")
    return AxialExtent(None, "it fades out before its depth ends")


def _difference(pixels: NDArray[np.uint8], box: Rectangle) -> tuple[NDArray[np.uint8], int]:
    """How far each pixel is from black and from every panel, and how much the panels vary in themselves."""
    panels = find_panels(pixels)
    difference = np.minimum(pixels, difference_from_panels(pixels, panels, box))
    for level in panels.levels:
        difference = np.minimum(difference, cv2.absdiff(pixels, np.full_like(pixels, level)))
    return difference, panel_noise(difference, panels)


def _strips(difference: NDArray[np.uint8], box: Rectangle, noise: int) -> _Strips:
    """Without their ends, which hang on the grey level that they are looked for at."""
    reach = max(26, round(0.06 * box.height))
    top, bottom = max(box.top - reach, 0), min(box.bottom + reach, difference.shape[0])
    part = difference[top:bottom, box.left : box.right]
    count = min(STRIPS, box.width // 6)
    seen = (part, part > noise, cv2.absdiff(part[:, 1:], part[:, :-1]))
    echoes, specks, grain = (np.asarray(_over_strips(one, count).T, np.float64) for one in seen)
    width = box.width / count
    x = np.asarray(box.left + (np.arange(count) + 0.5) * width, np.float64)
    nowhere = np.full(count, np.nan)
    return _Strips(x, width / 2, top, echoes, specks, grain, nowhere, nowhere)


def _with_ends(strips: _Strips, difference: NDArray[np.uint8], box: Rectangle, level: int) -> _Strips:
    """Where each begins and ends, by the pixels above `level`."""
    count, rows = strips.echoes.shape
    top, bottom = strips.top, strips.top + rows
    part = difference[top:bottom, box.left : box.right]
    drawn = (_over_strips(part > level, count) > 0.6 * count / box.width).astype(np.uint8)
    # Lines that are thin, such as a panel's border, go; the scattered specks of a dark picture stay.
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8)).astype(np.uint8)
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((6, 1), np.uint8)).astype(np.uint8)
    drawn_at_all = drawn.any(axis=0)
    first = np.where(drawn_at_all, top + drawn.argmax(axis=0), np.nan)
    last = np.where(drawn_at_all, bottom - drawn[::-1].argmax(axis=0), np.nan)
    if bottom < difference.shape[0]:
        last[last == bottom] = np.nan
    return replace(strips, first=first, last=last)


def _over_strips(values: NDArray[np.generic], count: int) -> NDArray[np.float32]:
    """(rows, count) mean of `values` (rows, columns) over each strip."""
    size = (count, values.shape[0])
    return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)


def _lower_edge(strips: _Strips) -> _LowerEdge | None:
    """The line or the circle, open to above, on which most strips end."""
    row, members = _agreeing(strips.last)
    flat = _LowerEdge(float(strips.x.mean()), row, np.full(strips.x.size, row), members)
    arc = _lower_arc(strips)
    best = arc if arc is not None and arc.members.mean() > flat.members.mean() + 0.12 else flat
    return best if best.members.mean() >= AGREE else None


def _agreeing(rows: Floats) -> tuple[float, Flags]:
    """The row about which most of `rows` (n,) lie, and which (n,) these are; NaN is none."""
    near = np.abs(rows[:, None] - rows[None, :]) <= SNUG_PX
    members = near[np.argmax(near.sum(axis=1))]
    return (float(np.median(rows[members])) if members.any() else 0.0), members


def _lower_arc(strips: _Strips) -> _LowerEdge | None:
    """Of the circles through three ends each, the one on which most strips end."""
    middle, y = float(strips.x.mean()), strips.last
    # A strip ends with the lowest point in it, which of an arc is the one nearer to the axis.
    x = strips.x - strips.half_width * np.sign(strips.x - middle)
    usable = np.flatnonzero(np.isfinite(y))
    apart = max(2, usable.size // 6)
    a, b, c = usable[::2][_triples((usable.size + 1) // 2)].T
    far = np.flatnonzero((b - a >= apart) & (c - b >= apart))
    if not far.size:
        return None
    a, b, c = a[far], b[far], c[far]
    first, second = (y[b] - y[a]) / (x[b] - x[a]), (y[c] - y[b]) / (x[c] - x[b])
    bent = np.flatnonzero(first > second + 1e-6)
    if not bent.size:
        return None
    a, b, c, first, second = a[bent], b[bent], c[bent], first[bent], second[bent]
    # The perpendicular bisectors of both chords meet in the centre; the steeper chord's gives its height best.
    centre_x = (first * second * (y[a] - y[c]) + second * (x[a] + x[b]) - first * (x[b] + x[c])) / (
        2 * (second - first)
    )
    steeper = np.abs(first) > np.abs(second)
    slope = np.where(steeper, first, second)
    chord_x, chord_y = ((np.where(steeper, v[a], v[c]) + v[b]) / 2 for v in (x, y))
    centre_y = chord_y - (centre_x - chord_x) / slope
    radius = np.hypot(x[b] - centre_x, y[b] - centre_y)
    width = float(strips.x[-1] - strips.x[0])
    fits = (centre_y < y[b]) & (np.abs(centre_x - middle) < 0.15 * width) & (width**2 / (8 * radius) > STRAIGHT_PX)
    if not fits.any():
        return None
    centre_x, centre_y, radius = centre_x[fits], centre_y[fits], radius[fits]
    inside = np.maximum(radius[:, None] ** 2 - (x[None, :] - centre_x[:, None]) ** 2, 0.0)
    at = centre_y[:, None] + np.sqrt(inside)
    members = np.abs(y[None, :] - at) <= SNUG_PX
    best = int(np.argmax(members.sum(axis=1)))
    return _LowerEdge(float(centre_x[best]), float(centre_y[best] + radius[best]), at[best], members[best])


@cache
def _triples(count: int) -> NDArray[np.intp]:
    """(n, 3): three of `count` places, in each way that there is."""
    return np.array(list(combinations(range(count), 3)), np.intp).reshape(-1, 3)


def _hard_end(strips: _Strips, lower: _LowerEdge) -> float | None:
    """Rows from the edge to where the echoes of the strips that end on it stop at once; None where they fade out."""
    profile = _profile(strips, strips.echoes, lower.at, lower.members, -BEFORE_ROWS, 6)
    grain = _profile(strips, strips.grain, lower.at, lower.members, -6, -2)
    if profile is None or grain is None or _goes_on(strips, lower):
        return None
    before, at_edge, beyond = (float(profile[part].mean()) for part in (slice(0, 10), slice(14, 18), slice(-4, None)))
    fall, on_the_way = at_edge - beyond, max(before - at_edge, 0.0) * 8 / 11
    if beyond > REST * at_edge or fall < STEP * on_the_way or profile[8:18].max() > GLARE * max(before, 1.0):
        return None
    # What fades shows its last grey levels as steps where it is even; speckle and noise do not. A few specks of noise
    # are an edge where they do not get fewer towards it.
    even = float(grain.mean()) < 0.3 * at_edge
    if (even and fall < LAST_LEVELS) or (fall < 0.5 and not 0.6 < at_edge / max(before, 1e-6) < 1.7):
        return None
    bright = np.flatnonzero(profile > (before + beyond) / 2)
    return float(bright[-1] + 1 - BEFORE_ROWS) if bright.size else None


def _skin_line(strips: _Strips, axis: float) -> float | None:
    """Where the picture begins on its axis; None where the strips there do not agree, or it fades in."""
    nearest = np.argsort(np.abs(strips.x - axis))[: max(5, strips.x.size // 8)]
    row, agreeing = _agreeing(strips.first[nearest])
    if agreeing.sum() < 0.6 * nearest.size:
        return None
    members = np.zeros(strips.x.size, bool)
    members[nearest[agreeing]] = True
    profile = _profile(strips, strips.echoes, strips.first, members, -BEFORE_ROWS, BELOW_ROWS)
    if profile is None:
        return None
    above, below = float(profile[BEFORE_ROWS - 10 : BEFORE_ROWS - 2].mean()), profile[BEFORE_ROWS:]
    bright = np.flatnonzero(below > below[6:].mean() / 2)
    if not bright.size or bright[0] > RISE_ROWS or above > 2 * REST * float(below[2:12].mean()):
        return None
    return row + float(bright[0])


def _goes_on(strips: _Strips, lower: _LowerEdge) -> bool:
    """Whether specks of noise lie in all rows beyond the edge in most strips, unlike a line of text or marks."""
    beyond = _rows(strips, strips.specks, lower.at, lower.members, 10, 26)
    return beyond.size > 0 and float(np.median(beyond.reshape(-1, 4, 4).mean(axis=2).min(axis=1))) > SPECKS


def _profile(strips: _Strips, values: Floats, at: Floats, members: Flags, start: int, stop: int) -> Floats | None:
    """(stop - start,) mean over the member strips of what `_rows` gives; None where they are too few."""
    rows = _rows(strips, values, at, members, start, stop)
    return np.asarray(rows.mean(axis=0), np.float64) if len(rows) >= 3 else None


def _rows(strips: _Strips, values: Floats, at: Floats, members: Flags, start: int, stop: int) -> Floats:
    """(strips, stop - start) of `values` (n, rows) of the member strips in the rows from `at`; outside of them 0."""
    index = np.rint(at[members][:, None]).astype(int) - strips.top + np.arange(start, stop)[None, :]
    found = np.take_along_axis(values[members], np.clip(index, 0, values.shape[1] - 1), axis=1)
    return np.asarray(np.where((index >= 0) & (index < values.shape[1]), found, 0.0), np.float64)
