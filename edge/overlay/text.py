"""Text as sprites.

OpenCV 5 brings a proportional font with all of Unicode; with OpenCV 4 the plotter font stands in, ASCII only.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.overlay.palette import Colour, dimmed
from edge.overlay.sprite import Sprite
from edge.terms import ASCII_SIGNS

REGULAR: Final = 430
BOLD: Final = 620
_LINE: Final = 1.3
"""Height of a line as a multiple of the font's size."""
_BASELINE: Final = 0.98
_PLOTTER_BASELINE: Final = 0.86
EDGE_PX: Final = 2
"""Room around the text for its dark edge."""
_PLOTTER_HEIGHT_PX: Final = 31.0
"""Size of the plotter font at scale 1, so that its capitals match the other font's."""
_BREAK: Final = re.compile(r"(?<!\d)\s+|\s+(?!(?:%|°|mm|cm|dB|MHz|px|s)(?!\w))")
"""Where a line may end: not between a number and its unit."""
_ASCII: Final = str.maketrans(dict(ASCII_SIGNS))


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One piece of text in one style, told apart by identity: `styled` gives the same one for the same text."""

    text: str
    size: int
    colour: Colour
    weight: int = REGULAR
    width: int = field(init=False)
    """Pixels, as `height`."""
    height: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", text_width(self.text, self.size, self.weight))
        object.__setattr__(self, "height", line_height(self.size))

    @property
    def sprite(self) -> Sprite:
        return sprite(self.text, self.size, self.colour, self.weight)

    def dim(self) -> "Text":
        return styled(self.text, self.size, dimmed(self.colour), self.weight)


@lru_cache(maxsize=1024)
def styled(text: str, size: int, colour: Colour, weight: int = REGULAR) -> Text:
    return Text(text, size, colour, weight)


def baseline(size: int) -> int:
    """Pixels from a sprite's top to the line that its letters stand on."""
    return round(size * (_BASELINE if has_unicode_font() else _PLOTTER_BASELINE))


def line_height(size: int) -> int:
    """Pixels from one line of text to the next, for a font of `size` pixels."""
    return round(size * _LINE)


@lru_cache(maxsize=4096)
def text_width(text: str, size: int, weight: int = REGULAR) -> int:
    """Pixels that `text` takes, its dark edge included."""
    return _measure(text, size, weight) + 2 * EDGE_PX


@lru_cache(maxsize=512)
def sprite(text: str, size: int, colour: Colour, weight: int = REGULAR, edge: bool = False) -> Sprite:
    """`text` in one line of `line_height(size)`; `edge`: with a soft dark edge, for text straight on the picture."""
    ink = _ink(text, size, weight)
    cover = np.maximum(ink, _soft_edge(ink, size)) if edge else ink
    paint = (ink[:, :, None].astype(np.uint16) * np.array(colour, np.uint16) // 255).astype(np.uint8)
    keep = np.repeat(255 - cover[:, :, None], 3, axis=2)
    return Sprite(paint, np.ascontiguousarray(keep))


@lru_cache(maxsize=256)
def wrapped(text: str, size: int, width: int, weight: int = REGULAR) -> tuple[str, ...]:
    """`text` in lines of at most `width` pixels, broken between words, or within a word that is longer than a line."""
    lines: list[str] = []
    for word in _BREAK.split(text.strip()):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, weight) <= width:
            lines[-1] = joined
        else:
            lines.extend(_pieces(word, size, width, weight))
    return tuple(lines)


def _pieces(word: str, size: int, width: int, weight: int) -> list[str]:
    pieces = [word[:1]]
    for letter in word[1:]:
        if text_width(pieces[-1] + letter, size, weight) <= width:
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _ink(text: str, size: int, weight: int) -> NDArray[np.uint8]:
    """(line height, text width) uint8: 255 where the text is."""
    ink = np.zeros((line_height(size), text_width(text, size, weight)), np.uint8)
    if has_unicode_font():
        cv2.putText(ink, text, (EDGE_PX, baseline(size)), (255, 255, 255), cv2.FontFace("sans"), size, weight)
    else:
        face, scale, thickness = _plotter(size, weight)
        cv2.putText(
            ink,
            plain_ascii(text),
            (EDGE_PX, baseline(size)),
            face,
            scale,
            255,
            thickness,
            cv2.LINE_AA,
        )
    return ink


def _measure(text: str, size: int, weight: int) -> int:
    if has_unicode_font():
        left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), cv2.FontFace("sans"), size, weight)
        return max(0, left) + width
    face, scale, thickness = _plotter(size, weight)
    return cv2.getTextSize(plain_ascii(text), face, scale, thickness)[0][0]


def has_unicode_font() -> bool:
    return hasattr(cv2, "FontFace")


def plain_ascii(text: str) -> str:
    """`text` with the signs that the plotter font lacks spelled out: `mm²` is `mm2`."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def _plotter(size: int, weight: int) -> tuple[int, float, int]:
    """Face, scale and stroke of the plotter font."""
    return cv2.FONT_HERSHEY_SIMPLEX, size / _PLOTTER_HEIGHT_PX, max(1, size // 14) + (weight >= BOLD and size >= 16)


def _soft_edge(ink: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    reach = 3 if size < 20 else 5
    wide = cv2.dilate(ink, np.ones((reach, reach), np.uint8))
    return cv2.convertScaleAbs(cv2.GaussianBlur(wide, (3, 3), 0), alpha=0.8).astype(np.uint8, copy=False)
