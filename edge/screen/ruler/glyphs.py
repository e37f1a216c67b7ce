"""Reads printed characters, digits and the letters of `cm` and `mm`, by the most alike of many templates.

`glyphs.png` is a sheet of 16 x 16 pixel templates from many fonts, one row per class, blank where a row is shorter.
`tests/screen/ruler/draw_glyphs.py` draws it.
"""

from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 16
CLASSES = (*"0123456789", "c", "m", "cm", "mm", "?")
"""What the sheet's rows stand for; `?` is any other sign."""
_WORST_LIKENESS = 0.72


def read_sign(sign: NDArray[np.uint8]) -> str:
    """The text of `sign` (height, width), bright on dark and cropped: one character, or two whose strokes touch."""
    text, likeness = read_glyph(sign)
    height, width = sign.shape
    if width > 0.9 * height and likeness < 0.85 and width >= 8:
        middle = slice(width // 3, width - width // 3)
        cut = middle.start + int(np.argmin(sign[:, middle].sum(axis=0)))
        halves = [read_glyph(sign[:, :cut]), read_glyph(sign[:, cut + 1 :])]
        if min(half[1] for half in halves) > likeness and "?" not in (halves[0][0], halves[1][0]):
            return halves[0][0] + halves[1][0]
    return text


def read_glyph(glyph: NDArray[np.uint8]) -> tuple[str, float]:
    """The character in `glyph` (height, width), bright on dark and cropped, and its likeness to the template (to 1)."""
    templates, classes = _templates()
    likeness = templates @ normalised(glyph).ravel()
    best = int(np.argmax(likeness))
    if likeness[best] < _WORST_LIKENESS:
        return "?", float(likeness[best])
    return CLASSES[classes[best]], float(likeness[best])


def normalised(glyph: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`glyph` scaled by its longer side into (16, 16) float32 of zero mean and unit length."""
    height, width = glyph.shape
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    inside = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = inside
    square = np.asarray(cv2.GaussianBlur(square, (0, 0), 0.7), np.float32)
    square -= square.mean()
    return np.asarray(square / max(float(np.linalg.norm(square)), 1e-6), np.float32)


@cache
def _templates() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    sheet = cv2.imdecode(
        np.frombuffer(files("edge.screen.ruler").joinpath("glyphs.png").read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    if sheet is None:
        raise RuntimeError("edge/screen/ruler/glyphs.png is damaged; install the package again")
    vectors, classes = [], []
    for row in range(len(CLASSES)):
        for column in range(sheet.shape[1] // SIDE):
            tile = sheet[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
            if tile.any():
                vectors.append(normalised(np.asarray(tile, np.uint8)).ravel())
                classes.append(row)
    return np.stack(vectors), np.array(classes)
