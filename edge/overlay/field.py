"""Directions as colours over the picture, and the dial that says which colour is which direction."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil, cos, floor, radians, sin
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import FieldMark, MaskMark
from edge.overlay.buffers import Planes
from edge.overlay.layout import UPPER_RIGHT
from edge.overlay.lines import draw_fixed, in_sixteenths
from edge.overlay.mask import under
from edge.overlay.palette import WHITE
from edge.overlay.sheet import Sheet
from edge.overlay.sprite import Sprite, blank, paste, paste_over
from edge.overlay.text import line_height, sprite, text_width

STRENGTH: Final = 0.7
"""Of the colour where a direction is sure. It scales the grey levels, so that echoes keep their contrast."""
GLOW: Final = 0.06
"""Share of the colour that shows where there is no echo."""
UNSURE: Final = 0.08
"""Confidence that has no colour."""
SURE: Final = 0.5
"""Confidence that has all of it."""
_LIGHTNESS: Final = 76.0
_CHROMA: Final = 40.0
"""The most that a screen can show at this lightness in every hue: beyond it colours would jump."""
_HUE_OF_LEVEL_DEG: Final = 285.0
"""Level fibres are blue; rising ones turn to green and yellow, falling ones to purple and red."""
_STEEPNESS_DEG: Final = (0, 45, 90)
_TURN_OF_HUE_DEG: Final = (0, 150, 180)
"""At each steepness: most hues go to what fascicles do, few to what is nearly upright."""
_RADIUS_EM: Final = 2.9
_HOLE: Final = 0.42
_AROUND_PX: Final = 3
_LABELS: Final = (90, 45, 0, -45, -90)


def tint_field(
    picture: NDArray[np.uint8], mark: FieldMark, strength: float, planes: Planes, within: Sequence[MaskMark] = ()
) -> None:
    """Colours `picture` (height, width, 3) uint8 by the directions. strength: 0 to 1. within: what alone is
    coloured; without any, all is."""
    mark = _cut(mark, within) if within else mark
    if not mark.angle_deg.size:
        return
    left, top, width, height = _cover(mark)
    x, y = max(0, left), max(0, top)
    target = picture[y : max(0, top + height), x : max(0, left + width)]
    if not target.size:
        return
    part = slice(y - top, y - top + target.shape[0]), slice(x - left, x - left + target.shape[1])
    keep, paint = (
        cv2.resize(cells, (width, height), planes.plane(name, height, width, 3), interpolation=cv2.INTER_LINEAR)[part]
        for name, cells in zip(("keep", "paint"), _cells(mark, strength), strict=True)
    )
    coloured = planes.plane("mixed", *target.shape) if within else target
    cv2.multiply(target, keep, coloured, 1 / 255)
    cv2.add(coloured, paint, coloured)
    for one in within:
        moved = replace(one, origin=(one.origin[0] - x, one.origin[1] - y))
        place, inside = under(target, moved)
        if place.size:
            cv2.copyTo(under(coloured, moved)[0], inside, place)


def _cells(mark: FieldMark, strength: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Of each cell what is kept of the picture and what is painted on it, (rows, columns, 3) uint8."""
    sure = mark.confidence - np.float32(UNSURE)
    sure *= np.float32(strength / (SURE - UNSURE))
    np.minimum(np.maximum(sure, 0, out=sure), np.float32(strength), out=sure)
    colours = wheel().take(np.rint(mark.angle_deg).astype(np.intp), axis=0, mode="wrap")
    colours *= sure[..., None]
    paint = cv2.convertScaleAbs(colours, alpha=GLOW)
    sure *= -255
    sure += 255
    colours += sure[..., None]
    return cv2.convertScaleAbs(colours).astype(np.uint8, copy=False), paint.astype(np.uint8, copy=False)


def _cut(mark: FieldMark, within: Sequence[MaskMark]) -> FieldMark:
    """The cells around these structures: what lies elsewhere need not be made larger."""
    cells, origin = [], []
    for axis, at in enumerate(mark.origin):
        low = min(one.origin[axis] for one in within)
        high = max(one.origin[axis] + one.mask.shape[1 - axis] for one in within)
        first = max(0, floor((low - at) / mark.cell_px) - 1)
        cells.append(slice(first, max(first, ceil((high - at) / mark.cell_px) + 2)))
        origin.append(at + first * mark.cell_px)
    columns, rows = cells
    return replace(
        mark,
        angle_deg=mark.angle_deg[rows, columns],
        confidence=mark.confidence[rows, columns],
        origin=(origin[0], origin[1]),
    )


def _cover(mark: FieldMark) -> tuple[int, int, int, int]:
    """Left, top, width and height in pixels of what the cells cover."""
    rows, columns = mark.angle_deg.shape
    left, top = (round(at - mark.cell_px / 2 + 0.5) for at in mark.origin)
    return left, top, max(1, round(columns * mark.cell_px)), max(1, round(rows * mark.cell_px))


@lru_cache(maxsize=1)
def wheel() -> NDArray[np.float32]:
    """(180, 3) BGR, 0 to 255, of each degree: hues of one strength for the eye (CIE Lab), as bright as can be, so that
    the echoes under them stay bright."""
    degrees = (np.arange(180) + 90) % 180 - 90
    turn = np.sign(degrees) * np.interp(np.abs(degrees), _STEEPNESS_DEG, _TURN_OF_HUE_DEG)
    hue = np.radians(_HUE_OF_LEVEL_DEG - turn)
    lab = np.stack((np.full(180, _LIGHTNESS), _CHROMA * np.cos(hue), _CHROMA * np.sin(hue)), axis=1)
    colours = np.clip(cv2.cvtColor(lab[None].astype(np.float32), cv2.COLOR_Lab2BGR)[0], 0, 1)
    return np.asarray(255 * colours / colours.max(axis=1, keepdims=True), np.float32)


def draw_key(sheet: Sheet, angle_deg: float | None) -> None:
    """A half ring in which each direction has its colour, with a hand at `angle_deg`."""
    ring = _key(sheet.size)
    box = sheet.claim("key", ring.width, ring.height, UPPER_RIGHT)
    if box is None:
        return
    paste(sheet.picture, ring, box.x, box.y)
    if angle_deg is not None:
        middle, radius = (box.x + _AROUND_PX, box.y + box.height // 2), round(_RADIUS_EM * sheet.size)
        ends = [_around(middle, far, angle_deg) for far in (radius * 0.08, radius + 1)]
        hand = [in_sixteenths(np.array(ends, np.float32))]
        draw_fixed(sheet.picture, hand, (0, 0, 0), 3)
        draw_fixed(sheet.picture, hand, WHITE, 1 if sheet.size < 20 else 2)


@lru_cache(maxsize=4)
def _key(size: int) -> Sprite:
    """Without its hand."""
    small = max(9, size - size // 5)
    labels = {degrees: f"{degrees}°" for degrees in _LABELS}
    radius, line = round(_RADIUS_EM * size), line_height(small)
    width = radius + max(text_width(label, small) for label in labels.values()) + 3 * _AROUND_PX
    key = blank(width, 2 * (radius + 2 * _AROUND_PX) + line, 0.35, 6)
    middle = (_AROUND_PX, key.height // 2)
    paste_over(key, _ring(radius), middle[0], middle[1] - radius)
    for degrees, label in labels.items():
        x, y = _around(middle, radius + _AROUND_PX, degrees)
        paste_over(key, sprite(label, small, WHITE, edge=True), round(x), floor(y - line / 2 + 0.5))
    return key


def _around(middle: tuple[int, int], radius: float, degrees: float) -> tuple[float, float]:
    return middle[0] + radius * cos(radians(degrees)), middle[1] - radius * sin(radians(degrees))


def _ring(radius: int) -> Sprite:
    y, x = np.mgrid[: 2 * radius + 1, : radius + 1].astype(np.float32)
    y = radius - y
    distance = np.hypot(x, y)
    angle = np.round(np.degrees(np.arctan2(y, np.maximum(x, 1e-6)))).astype(int) % 180
    cover = np.clip(radius - distance + 0.5, 0, 1) * np.clip(distance - _HOLE * radius + 0.5, 0, 1)
    paint = np.round(wheel()[angle] * cover[..., None]).astype(np.uint8)
    return Sprite(paint, np.repeat(np.round(255 * (1 - cover[..., None])).astype(np.uint8), 3, axis=2))
