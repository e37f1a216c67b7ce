"""The scale bar."""

from typing import Final

from edge.frame import PixelSpacing, SpacingOrigin
from edge.overlay.layout import LOWER_RIGHT, Sheet
from edge.overlay.palette import GREY, WARNING, WHITE, Colour
from edge.overlay.text import line_height, paste, sprite, text_width

_LENGTHS_MM: Final = (10, 5, 2, 1, 20, 50, 100)
"""The first that is neither a dot nor wider than the picture allows."""
_WIDEST_SHARE: Final = 0.4
_NARROWEST_PX: Final = 12
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
    small = sheet.size - sheet.size // 8
    first_px = text_width(text, sheet.size) + sheet.size // 5
    text_px = first_px + text_width(origin, small) if origin else text_width(text, sheet.size)
    tick = max(3, sheet.size // 3)
    height = line_height(sheet.size) + (2 * tick if bar_px else 0)
    box = sheet.claim("scale", max(bar_px + 1, text_px), height, LOWER_RIGHT, covering=False)
    if box is None:
        return
    x = box.right - text_px
    paste(sheet.picture, sprite(text, sheet.size, colour, edge=True), x, box.y)
    if origin:
        drop = round((line_height(sheet.size) - line_height(small)) * 0.75)
        paste(sheet.picture, sprite(origin, small, GREY, edge=True), x + first_px, box.y + drop)
    if bar_px:
        _draw_bar(sheet, box.right - 1, box.bottom - tick, bar_px, tick)


def _draw_bar(sheet: Sheet, right: int, y: int, length_px: int, tick: int) -> None:
    """A bar of exactly `length_px` between its outer ticks, on a dark edge."""
    left, thick = right - length_px, 1 + sheet.size // 16
    for grown, colour in ((1, (0, 0, 0)), (0, WHITE)):
        sheet.picture[y - grown : y + thick + grown, left - grown : right + 1 + grown] = colour
        for x in (left, right):
            sheet.picture[y - tick - grown : y + tick + grown, x - grown : x + 1 + grown] = colour
