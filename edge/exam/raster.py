"""A figure as pixels, for readers of PNG."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.exam.figure import Area, Dots, Figure, Item, Label, Picture, Points, Polyline, Rgb
from edge.overlay.lines import draw_dashes, draw_line
from edge.overlay.palette import Colour
from edge.overlay.text import BOLD, EDGE_PX, REGULAR, baseline, sprite

DOTS_PER_INCH: Final = 300
_SHIFT: Final = 4
_HALF_SIZE: Final = 0.94
"""The overlay's font is a little larger than what is common in print at the same size."""


def raster_of(figure: Figure, dots_per_inch: float = DOTS_PER_INCH) -> NDArray[np.uint8]:
    """The figure as (height, width, 3) uint8 BGR."""
    scale = dots_per_inch / 72
    sheet = np.full((round(figure.height * scale), round(figure.width * scale), 3), 255, np.uint8)
    for item in figure.items:
        _draw(sheet, item, scale)
    return sheet


def _draw(sheet: NDArray[np.uint8], item: Item, scale: float) -> None:
    match item:
        case Polyline():
            _draw_polyline(sheet, item, scale)
        case Area():
            _draw_area(sheet, item, scale)
        case Dots():
            for x, y in _fixed(item.points, scale).tolist():
                radius = round(item.radius * scale * (1 << _SHIFT))
                cv2.circle(sheet, (x, y), radius, _bgr(item.colour), -1, cv2.LINE_AA, _SHIFT)
        case Label():
            _draw_label(sheet, item, scale)
        case Picture():
            _draw_picture(sheet, item, scale)


def _draw_polyline(sheet: NDArray[np.uint8], item: Polyline, scale: float) -> None:
    # OpenCV's smooth lines come out a pixel wider than asked for.
    points, width = (item.points * scale).astype(np.float32), max(1, round(item.width * scale) - 1)
    if item.dash:
        draw_dashes(sheet, points, _bgr(item.colour), width, item.dash * scale)
    else:
        draw_line(sheet, points, _bgr(item.colour), width)


def _draw_area(sheet: NDArray[np.uint8], item: Area, scale: float) -> None:
    fixed = _fixed(item.points, scale)
    x, y, width, height = cv2.boundingRect((fixed >> _SHIFT).astype(np.int32))
    part = sheet[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
    filled = part.copy()
    origin = np.array([max(0, x - 1), max(0, y - 1)], np.int32) << _SHIFT
    cv2.fillPoly(filled, [fixed - origin], _bgr(item.colour), cv2.LINE_AA, _SHIFT)
    cv2.addWeighted(filled, item.opacity, part, 1 - item.opacity, 0, part)


def _draw_label(sheet: NDArray[np.uint8], item: Label, scale: float) -> None:
    size = round(item.size * scale * _HALF_SIZE)
    text = sprite(item.text, size, _bgr(item.colour), BOLD if item.bold else REGULAR)
    along = {"start": EDGE_PX, "middle": text.width / 2, "end": text.width - EDGE_PX}[item.anchor]
    paint, keep = text.paint, text.keep
    drop = baseline(size)
    x, y = item.x * scale - along, item.y * scale - drop
    if item.turned:
        paint, keep = np.rot90(paint), np.rot90(keep)
        x, y = item.x * scale - drop, item.y * scale + along - text.width
    _paste(sheet, paint, keep, round(x), round(y))


def _paste(sheet: NDArray[np.uint8], paint: NDArray[np.uint8], keep: NDArray[np.uint8], x: int, y: int) -> None:
    target = sheet[max(0, y) : max(0, y + paint.shape[0]), max(0, x) : max(0, x + paint.shape[1])]
    part = (slice(max(0, -y), max(0, -y) + target.shape[0]), slice(max(0, -x), max(0, -x) + target.shape[1]))
    target[:] = target * (keep[part] / 255) + paint[part]


def _draw_picture(sheet: NDArray[np.uint8], item: Picture, scale: float) -> None:
    left, top, right, bottom = (
        round(edge * scale) for edge in (item.x, item.y, item.x + item.width, item.y + item.height)
    )
    way = cv2.INTER_AREA if right - left < item.pixels.shape[1] else cv2.INTER_CUBIC
    sheet[top:bottom, left:right] = cv2.resize(item.pixels, (right - left, bottom - top), interpolation=way)


def _fixed(points: Points, scale: float) -> NDArray[np.int32]:
    fixed: NDArray[np.int32] = np.rint(points * scale * (1 << _SHIFT)).astype(np.int32)
    return fixed


def _bgr(colour: Rgb) -> Colour:
    red, green, blue = colour
    return blue, green, red
