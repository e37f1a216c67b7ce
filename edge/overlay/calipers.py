"""Calipers: two end caps, a line between them, and what was measured beside them."""

from collections.abc import Iterable
from math import hypot, isfinite

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark
from edge.overlay.layout import Box, Sheet
from edge.overlay.lines import draw_dashes, draw_line
from edge.overlay.palette import Colour
from edge.overlay.text import line_height, paste, sprite, text_width


def draw_caliper(
    picture: NDArray[np.uint8], mark: CaliperMark, colour: Colour, width_px: int, cap_px: float, dashed: bool
) -> None:
    """Draws line and caps into `picture` (height, width, 3) uint8; `cap_px` is a cap's half length."""
    (x0, y0), (x1, y1) = mark.start, mark.end
    length_px = hypot(x1 - x0, y1 - y0)
    if not isfinite(length_px):
        return
    ux, uy = ((x1 - x0) / length_px, (y1 - y0) / length_px) if length_px else (0.0, 1.0)
    cap = np.array((uy * cap_px, -ux * cap_px))
    start, end = np.array(mark.start), np.array(mark.end)
    path = np.array((start - cap, start + cap, start, end, end - cap, end + cap), np.float32)
    if not dashed:
        draw_line(picture, path, colour, width_px)
        return
    draw_dashes(picture, path[2:4], colour, width_px, cap_px * 0.75)
    for ends in (path[:2], path[4:]):
        draw_line(picture, ends, colour, width_px)


def label_box(sheet: Sheet, mark: CaliperMark) -> Box | None:
    """Where the text goes: beyond the deeper end, where bone leaves the picture dark, else where it hides least, never
    over another text. None: there is no text, or no room for it."""
    if not mark.text or not all(map(isfinite, (*mark.start, *mark.end))):
        return None
    busy, size, gap = sheet.busy, sheet.size, sheet.gap
    width, height = text_width(mark.text, size), line_height(size)
    if width > busy.shape[1] or height > busy.shape[0]:
        return None
    upper, lower = sorted((mark.start, mark.end), key=lambda point: point[1])
    tops = [round(lower[1]) + gap + step * height // 2 for step in range(5)]
    tops += [round(upper[1]) - gap - height - step * height // 2 for step in range(5)]
    lefts = [min(max(0, round(lower[0] - width * share)), busy.shape[1] - width) for share in (0.5, 0.15, 0.85)]
    boxes = (Box(left, top, width, height) for top in tops for left in lefts if 0 <= top <= busy.shape[0] - height)
    return _least_busy(busy, (box for box in boxes if not any(box.overlap(other) for other in sheet.taken)))


def _least_busy(busy: NDArray[np.uint8], boxes: Iterable[Box]) -> Box | None:
    best, least = None, 0
    for box in boxes:
        hidden = cv2.countNonZero(box.cut(busy))
        if hidden == 0:
            return box
        if best is None or hidden < least:
            best, least = box, hidden
    return best


def draw_label(picture: NDArray[np.uint8], mark: CaliperMark, box: Box, size: int, colour: Colour) -> None:
    paste(picture, sprite(mark.text, size, colour, edge=True), box.x, box.y)
