"""Calipers: two end caps, a line between them, and what was measured beside them."""

from collections.abc import Sequence
from math import hypot, isfinite

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark
from edge.overlay.layout import Box
from edge.overlay.lines import Line, dashed, draw_fixed, whole
from edge.overlay.palette import Colour
from edge.overlay.sheet import Sheet
from edge.overlay.sprite import paste
from edge.overlay.text import line_height, sprite, text_width


def draw_broken(
    picture: NDArray[np.uint8], paths: Sequence[Line], colour: Colour, width_px: int, cap_px: float
) -> None:
    """Draws callipers into `picture` (height, width, 3) uint8, their lines dashed."""
    caps = [ends for path in paths for ends in (path[:2], path[4:])]
    lines = dashed([path[2:4] for path in paths], cap_px * 0.75) + whole(caps, width_px)
    draw_fixed(picture, lines, colour, width_px)


def paths_of(marks: Sequence[CaliperMark], cap_px: float) -> list[Line]:
    """One line for each, caps included, of which `cap_px` is half the length: (6, 2), both ends of the first cap, start
    and end, both ends of the other cap. Those without a place are left out."""
    return [path for mark in marks if (path := _path(mark, cap_px)) is not None]


def _path(mark: CaliperMark, cap_px: float) -> Line | None:
    (x0, y0), (x1, y1) = mark.start, mark.end
    length_px = hypot(x1 - x0, y1 - y0)
    if not isfinite(length_px):
        return None
    ux, uy = ((x1 - x0) / length_px, (y1 - y0) / length_px) if length_px else (0.0, 1.0)
    x, y = uy * cap_px, -ux * cap_px
    first, last = ((x0 - x, y0 - y), (x0 + x, y0 + y)), ((x1 - x, y1 - y), (x1 + x, y1 + y))
    return np.array((*first, mark.start, mark.end, *last), np.float32)


def label_box(sheet: Sheet, mark: CaliperMark) -> Box | None:
    """Where the text goes: beyond the deeper end, where bone leaves the picture dark, else where it hides least, never
    over another text. None: there is no text, or no room for it."""
    if not mark.text or not all(map(isfinite, (*mark.start, *mark.end))):
        return None
    busy, size = sheet.busy, sheet.size
    width, height = text_width(mark.text, size), line_height(size)
    if width > busy.shape[1] or height > busy.shape[0]:
        return None
    upper, lower = sorted((mark.start, mark.end), key=lambda point: point[1])
    lefts = [min(max(0, round(lower[0] - width * share)), busy.shape[1] - width) for share in (0.5, 0.15, 0.85)]
    tops = [round(lower[1]) + sheet.gap + step * height // 2 for step in range(5)]
    tops += [round(upper[1]) - sheet.gap - height - step * height // 2 for step in range(5)]
    best, least = None, busy.size + 1
    for top in tops:
        for left in lefts if 0 <= top <= busy.shape[0] - height else ():
            box = Box(left, top, width, height)
            if box.meets_any(sheet.taken):
                continue
            hidden = cv2.countNonZero(busy[top : top + height, left : left + width])
            if hidden == 0:
                return box
            if hidden < least:
                best, least = box, hidden
    return best


def draw_label(picture: NDArray[np.uint8], mark: CaliperMark, box: Box, size: int, colour: Colour) -> None:
    paste(picture, sprite(mark.text, size, colour, edge=True), box.x, box.y)
