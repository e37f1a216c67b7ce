"""The scale bar."""

from functools import lru_cache
from typing import Final

from edge.frame import PixelSpacing, SpacingOrigin
from edge.overlay.layout import LOWER_RIGHT
from edge.overlay.palette import GREY, WARNING, WHITE, Colour
from edge.overlay.sheet import Sheet
from edge.overlay.sprite import Sprite, blank, paste, paste_over
from edge.overlay.text import line_height, sprite, text_width

_LENGTHS_MM: Final = (10, 5, 2, 1, 20, 50, 100)
"""The first that is neither a dot nor wider than the picture allows."""
_WIDEST_SHARE: Final = 0.4
_NARROWEST_PX: Final = 12
_EDGE_PX: Final = 1
"""Dark, around the bar."""
_ORIGINS: Final = {
    SpacingOrigin.USER: "as entered",
    SpacingOrigin.DICOM: "from DICOM",
    SpacingOrigin.DEPTH: "from depth",
    SpacingOrigin.TICKS: "from ticks",
}


def draw_scale(sheet: Sheet, spacing: PixelSpacing | None) -> None:
    """Draws a bar of a round length with where the scale comes from, or says that it is unknown."""
    length_mm = 0 if spacing is None else bar_length_mm(spacing.x_mm_per_px, sheet.region.width)
    if spacing is None or length_mm == 0:
        _write(sheet, "scale unknown" if spacing is None else "no scale bar", 0, WARNING)
        return
    _write(sheet, f"{length_mm} mm", round(length_mm / spacing.x_mm_per_px), WHITE, _ORIGINS[spacing.origin])


def bar_length_mm(mm_per_px: float, width_px: int) -> int:
    """Length of the bar for a region of `width_px`: 10 mm where that can be seen and fits; 0: none does."""
    fits = (mm for mm in _LENGTHS_MM if _NARROWEST_PX <= mm / mm_per_px <= _WIDEST_SHARE * width_px)
    return next(fits, 0)


def _write(sheet: Sheet, text: str, bar_px: int, colour: Colour, origin: str = "") -> None:
    bar = _sprite(text, bar_px, colour, origin, sheet.size)
    box = sheet.claim("scale", bar.width - 2 * _EDGE_PX, bar.height - _EDGE_PX, LOWER_RIGHT, covering=False)
    if box is not None:
        paste(sheet.picture, bar, box.x - _EDGE_PX, box.y)


@lru_cache(maxsize=8)
def _sprite(text: str, bar_px: int, colour: Colour, origin: str, size: int) -> Sprite:
    """What is written, flush right over the bar if there is one, with room for its edge at both sides and below."""
    small = size - size // 8
    first_px = text_width(text, size) + size // 5
    text_px = first_px + text_width(origin, small) if origin else text_width(text, size)
    tick = max(3, size // 3)
    width, height = max(bar_px + 1, text_px), line_height(size) + (2 * tick if bar_px else 0)
    whole = blank(width + 2 * _EDGE_PX, height + _EDGE_PX)
    x = _EDGE_PX + width - text_px
    paste_over(whole, sprite(text, size, colour, edge=True), x, 0)
    if origin:
        drop = round((line_height(size) - line_height(small)) * 0.75)
        paste_over(whole, sprite(origin, small, GREY, edge=True), x + first_px, drop)
    if bar_px:
        _draw_bar(whole, _EDGE_PX + width - 1, height - tick, bar_px, tick, 1 + size // 16)
    return whole


def _draw_bar(whole: Sprite, right: int, y: int, length_px: int, tick: int, thick: int) -> None:
    """A bar of exactly `length_px` between its outer ticks, on a dark edge."""
    left = right - length_px
    for grown, colour in ((_EDGE_PX, (0, 0, 0)), (0, WHITE)):
        boxes = [(slice(y - grown, y + thick + grown), slice(left - grown, right + 1 + grown))]
        boxes += [(slice(y - tick - grown, y + tick + grown), slice(x - grown, x + 1 + grown)) for x in (left, right)]
        for box in boxes:
            whole.keep[box] = 0
            whole.paint[box] = colour
