"""How another screen gets in, as a QR code: at the terminal, on the page, and beside the picture on a board's own
screen."""

from typing import Final

import numpy as np
import segno
from numpy.typing import NDArray

from edge.overlay.draw import LARGEST_FONT_PX, SMALLEST_FONT_PX
from edge.overlay.palette import GREY, WHITE, Colour
from edge.overlay.sprite import paste
from edge.overlay.text import BOLD, REGULAR, line_height, styled, text_width, wrapped

_SHARE: Final = 0.42
"""Of the screen's longer side; the picture keeps the rest."""
_CODE_SHARE: Final = 0.6
"""Of the card's height; the words get the rest."""
_QUIET: Final = 4
"""Modules of white about the code, by its standard."""
_GROUND: Final = 14
_BYTES_IN_A_LINE: Final = 8
_EDGE_PX: Final = 5
Words = tuple[str, Colour, int]
"""One line of them, with its weight."""


def qr_code(address: str) -> segno.QRCode:
    """Read from a screen with some glare on it."""
    return segno.make(address, error="m")


def invitation_card(address: str, fingerprint: str, width: int, height: int) -> NDArray[np.uint8]:
    """For a screen of `width` x `height` pixels: (height, part of the width, 3) uint8 BGR, or on an upright screen
    (part of the height, width, 3). address: with its code. What does not fit of the words is left out, the last first.
    """
    below = width >= height
    wide, high = (round(width * _SHARE), height) if below else (width, round(height * _SHARE))
    card = np.full((high, wide, 3), _GROUND, np.uint8)
    modules = np.array([list(row) for row in qr_code(address).matrix_iter(border=_QUIET)], np.uint8)
    side = min(wide, _CODE_SHARE * high) if below else min(high, _CODE_SHARE * wide)
    px = max(1, int(side - 2 * _EDGE_PX) // len(modules))
    code = np.kron(np.where(modules, 0, 255).astype(np.uint8), np.ones((px, px), np.uint8))
    left, top = ((wide - len(code)) // 2, _EDGE_PX) if below else (_EDGE_PX, (high - len(code)) // 2)
    part = card[max(0, top) :, max(0, left) :][: len(code), : len(code)]
    part[:] = code[: part.shape[0], : part.shape[1], np.newaxis]
    x, y = (2 * _EDGE_PX, top + len(code) + _EDGE_PX) if below else (left + len(code) + 2 * _EDGE_PX, top)
    words = _words(address, fingerprint)
    size = _font_size(words, wide - x, high - y)
    for text, colour, weight in words:
        for line in wrapped(text, size, wide - x, weight):
            if y + line_height(size) <= high:
                paste(card, styled(line, size, colour, weight).sprite, x, y)
            y += line_height(size)
    return card


def _font_size(words: list[Words], width: int, height: int) -> int:
    """The largest at which all stand in `width` x `height` pixels, a line each."""
    sizes = range(LARGEST_FONT_PX, SMALLEST_FONT_PX, -1)
    fitting = (
        size
        for size in sizes
        if len(words) * line_height(size) <= height
        and all(text_width(text, size, weight) <= width for text, _, weight in words)
    )
    return next(fitting, SMALLEST_FONT_PX)


def _words(address: str, fingerprint: str) -> list[Words]:
    plain, _, code = address.partition("#code=")
    pairs = fingerprint.split(":")
    lines = [":".join(pairs[at : at + _BYTES_IN_A_LINE]) for at in range(0, len(pairs), _BYTES_IN_A_LINE)]
    return [
        (plain, WHITE, BOLD),
        (f"Code {code}", WHITE, BOLD),
        ("Certificate, SHA-256:", GREY, REGULAR),
        *((line, GREY, REGULAR) for line in lines),
    ]
