"""Draws `edge/screen/ruler/glyphs.png` from TrueType fonts: python tests/screen/ruler/draw_glyphs.py FONT.ttf ...

Each class keeps the few glyphs that stand for all the others best (k-medoids on likeness).
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.screen.ruler.glyphs import CLASSES, SIDE, normalised

OTHERS = "abdefghknpqrtuvwxyADEFHKLMNPRTUVWXY/%+#&*()>"
HERSHEY = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_PLAIN)
KEPT = {"?": 120, "cm": 10, "mm": 10, "c": 14, "m": 16}


def cropped(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    x, y, w, h = cv2.boundingRect((picture > 0.4 * picture.max()).astype(np.uint8))
    return picture[y : y + h, x : x + w]


def from_font(path: str, words: str, size: int) -> NDArray[np.uint8]:
    canvas = Image.new("L", (size * 4, size * 2))
    ImageDraw.Draw(canvas).text((size // 2, size // 3), words, font=ImageFont.truetype(path, size), fill=255)
    return cropped(np.array(canvas))


def from_strokes(face: int, words: str, scale: float) -> NDArray[np.uint8]:
    canvas = np.zeros((60, 160), np.uint8)
    cv2.putText(canvas, words, (10, 45), face, scale, 255, 1 if scale < 0.8 else 2, cv2.LINE_AA)
    return cropped(canvas)


def medoids(glyphs: list[NDArray[np.uint8]], count: int) -> list[NDArray[np.uint8]]:
    vectors = np.stack([normalised(glyph).ravel() for glyph in glyphs])
    likeness = vectors @ vectors.T
    chosen = [int(np.argmax(likeness.sum(axis=1)))]
    while len(chosen) < min(count, len(glyphs)):
        chosen.append(int(np.argmin(likeness[:, chosen].max(axis=1))))
    for _ in range(5):
        owner = np.argmax(likeness[:, chosen], axis=1)
        chosen = [
            members[np.argmax(likeness[np.ix_(members, members)].sum(axis=1))]
            for members in (np.flatnonzero(owner == k) for k in range(len(chosen)))
            if members.size
        ]
    return [glyphs[k] for k in chosen]


def main(fonts: list[str]) -> None:
    rows = []
    for name in CLASSES:
        words = OTHERS if name == "?" else (name,)
        glyphs = [from_font(font, word, size) for font in fonts for word in words for size in (11, 18, 30)]
        glyphs += [from_strokes(face, word, scale) for face in HERSHEY for word in words for scale in (0.4, 0.7, 1.0)]
        rows.append(medoids([glyph for glyph in glyphs if min(glyph.shape) > 0], KEPT.get(name, 24)))
    sheet = np.zeros((len(rows) * SIDE, max(map(len, rows)) * SIDE), np.uint8)
    for i, row in enumerate(rows):
        for j, glyph in enumerate(row):
            scale = SIDE / max(glyph.shape)
            size = (max(1, round(glyph.shape[1] * scale)), max(1, round(glyph.shape[0] * scale)))
            tile = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            y, x = i * SIDE + (SIDE - size[1]) // 2, j * SIDE + (SIDE - size[0]) // 2
            sheet[y : y + size[1], x : x + size[0]] = tile
    cv2.imwrite(str(Path(__file__).parents[3] / "edge/screen/ruler/glyphs.png"), sheet)


if __name__ == "__main__":
    main(sys.argv[1:])
