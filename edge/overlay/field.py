"""Directions as colours over the picture, and the dial that says which colour is which direction."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import FieldMark, MaskMark
from edge.overlay.layout import UPPER_RIGHT, Box, Sheet
from edge.overlay.lines import draw_line
from edge.overlay.mask import under
from edge.overlay.palette import WHITE
from edge.overlay.text import line_height, paste, sprite, text_width

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
_LABELS: Final = (90, 45, 0, -45, -90)


def tint_field(picture: NDArray[np.uint8], mark: FieldMark, strength: float, within: Sequence[MaskMark] = ()) -> None:
    """Colours `picture` (height, width, 3) uint8 by the directions. strength: 0 to 1. within: what alone is
    coloured; without any, all is."""
    sure = np.clip((mark.confidence - UNSURE) / (SURE - UNSURE), 0, 1)
    share = (strength * sure)[..., None]
    colours = wheel()[np.round(mark.angle_deg).astype(int) % 180] / 255
    keep = np.round(255 * (1 - share * (1 - colours))).astype(np.uint8)
    paint = np.round(255 * GLOW * share * colours).astype(np.uint8)
    left, top, width, height = _cover(mark)
    keep, paint = (cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR) for part in (keep, paint))
    rows = slice(max(0, -top), max(0, min(height, picture.shape[0] - top)))
    columns = slice(max(0, -left), max(0, min(width, picture.shape[1] - left)))
    target = picture[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    if target.size:
        coloured = cv2.add(cv2.multiply(target, keep[rows, columns], scale=1 / 255), paint[rows, columns])
        inside = np.full(picture.shape[:2], 0 if within else 1, np.uint8)
        for one in within:
            place, mask = under(inside, one)
            place |= mask
        cv2.copyTo(coloured, inside[max(0, top) :, max(0, left) :][: target.shape[0], : target.shape[1]], target)


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
    small = max(9, sheet.size - sheet.size // 5)
    labels = {degrees: f"{degrees}°" for degrees in _LABELS}
    radius = round(_RADIUS_EM * sheet.size)
    side = max(text_width(label, small) for label in labels.values())
    line = line_height(small)
    around = 3
    box = sheet.claim("key", radius + side + 3 * around, 2 * (radius + 2 * around) + line, UPPER_RIGHT)
    if box is None:
        return
    ground = box.cut(sheet.picture)
    cv2.convertScaleAbs(ground, ground, 0.35, 6.0)
    middle = (box.x + around, box.y + box.height // 2)
    _draw_ring(sheet.picture, middle, radius)
    for degrees, label in labels.items():
        x, y = _around(middle, radius + around, degrees)
        paste(sheet.picture, sprite(label, small, WHITE, edge=True), round(x), round(y - line / 2))
    if angle_deg is not None:
        hand = np.array((_around(middle, radius * 0.08, angle_deg), _around(middle, radius + 1, angle_deg)), np.float32)
        draw_line(sheet.picture, hand, (0, 0, 0), 3)
        draw_line(sheet.picture, hand, WHITE, 1 if sheet.size < 20 else 2)


def _around(middle: tuple[int, int], radius: float, degrees: float) -> tuple[float, float]:
    return middle[0] + radius * float(np.cos(np.radians(degrees))), middle[1] - radius * float(
        np.sin(np.radians(degrees))
    )


def _draw_ring(picture: NDArray[np.uint8], middle: tuple[int, int], radius: int) -> None:
    box = Box(middle[0], middle[1] - radius, radius + 1, 2 * radius + 1)
    target = box.cut(picture)
    y, x = np.mgrid[: box.height, : box.width].astype(np.float32)
    y = radius - y
    distance = np.hypot(x, y)
    angle = np.round(np.degrees(np.arctan2(y, np.maximum(x, 1e-6)))).astype(int) % 180
    cover = np.clip(radius - distance + 0.5, 0, 1) * np.clip(distance - _HOLE * radius + 0.5, 0, 1)
    mixed = target * (1 - cover[..., None]) + wheel()[angle] * cover[..., None]
    target[:] = np.round(mixed).astype(np.uint8)
