"""Reads the numbers and units that are printed on a screen around the ultrasound picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.ruler.glyphs import read_sign

LOST_POINT = "~"
"""Stands in a text between two digits so far apart that a decimal point may have faded between them."""
_CONTRAST = 40
_LOWEST_LETTER_PX = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A run of signs on one line; those that are neither digits, points nor part of a unit read `?`."""

    text: str
    x: float
    """Left, in px."""
    y: float
    """Middle of the line."""
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Sign:
    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width


def read_numbers(pixels: NDArray[np.uint8], region: Region) -> list[list[Word]]:
    """The words outside `region` of `pixels` (height, width) uint8 grey that hold a digit or a letter of a unit.

    One list of bright words; on a light screen a second one of dark words.
    """
    words: list[list[Word]] = []
    outside = np.ones(pixels.shape, bool)
    region.crop(outside)[:] = False
    around = pixels[outside]
    polarities = [pixels]
    if around.size and (around > _CONTRAST).mean() > 0.3:
        polarities.append(np.asarray(cv2.bitwise_not(pixels), np.uint8))
    for picture in polarities:
        relief = _relief(np.asarray(picture, np.uint8))
        relief[~outside] = 0
        words.append([word for line in _lines(_signs(relief)) for word in _read_line(relief, line)])
    return words


def _relief(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is brighter than all larger areas around it: a top-hat whose opening is done at a quarter of the size."""
    size = max(5, round(0.0125 * pixels.shape[0])) | 1
    low = cv2.erode(pixels, np.ones((5, 5), np.uint8))[::4, ::4]
    ground = cv2.dilate(cv2.erode(low, np.ones((size, size), np.uint8)), np.ones((size, size), np.uint8))
    ground = cv2.resize(ground, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.subtract(pixels, ground), np.uint8)


def _signs(relief: NDArray[np.uint8]) -> list[_Sign]:
    """Connected strokes, cut again at 40 % of their own brightness, which parts letters that touch."""
    tallest = max(14, 0.06 * relief.shape[0])
    binary = (relief > _CONTRAST).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    signs: list[_Sign] = []
    for x, y, width, height, area in stats[1:]:
        if height > tallest or width > 6 * tallest or area < 2:
            continue
        part = relief[y : y + height, x : x + width]
        sharp = (part > 0.4 * part.max()).astype(np.uint8)
        _, _, inner, _ = cv2.connectedComponentsWithStats(sharp, connectivity=8)
        signs += [_Sign(int(x + s[0]), int(y + s[1]), int(s[2]), int(s[3])) for s in inner[1:] if s[4] >= 2]
    return signs


def _lines(signs: list[_Sign]) -> list[list[_Sign]]:
    """Signs of like height that follow one another closely, left to right, with the points that stand on their line."""
    tall = sorted((sign for sign in signs if sign.height >= _LOWEST_LETTER_PX), key=lambda sign: sign.left)
    lines: list[list[_Sign]] = []
    for sign in tall:
        for line in reversed(lines):
            last = line[-1]
            size = max(last.height, sign.height)
            bottom_off = abs(last.top + last.height - sign.top - sign.height)
            if -2 <= sign.left - last.right < 0.75 * size and bottom_off <= 0.2 * size + 1 and size < 2.2 * sign.height:
                line.append(sign)
                break
        else:
            lines.append([sign])
    for point in signs:
        for line in lines:
            size = max(sign.height for sign in line)
            base = line[0].top + line[0].height
            small = point.height <= 0.35 * size + 1 and point.width <= 0.35 * size + 1
            on_base = abs(point.top + point.height - base) <= 0.15 * size + 1
            if small and on_base and line[0].left < point.left < line[-1].left and point not in line:
                line.append(point)
                line.sort(key=lambda sign: sign.left)
                break
    return lines


def _read_line(relief: NDArray[np.uint8], line: list[_Sign]) -> list[Word]:
    size = max(sign.height for sign in line)
    text = ""
    for i, sign in enumerate(line):
        gap = sign.left - line[i - 1].right if i else 0
        is_point = sign.height <= 0.35 * size + 1 and sign.width <= 0.35 * size + 1
        letter = "." if is_point else read_sign(relief[sign.top : sign.top + sign.height, sign.left : sign.right])
        if gap > 0.42 * size:
            text += " "
        elif _point_may_be_lost(text[-1:], letter, gap / size):
            text += LOST_POINT
        text += letter
    text = text.replace("..", ".")
    if not any(letter.isdigit() or letter in "cm" for letter in text):
        return []
    left, right = line[0].left, line[-1].right
    top = min(sign.top for sign in line)
    bottom = max(sign.top + sign.height for sign in line)
    return [Word(text, left, (top + bottom) / 2, right - left, bottom - top)]


def _point_may_be_lost(before: str, letter: str, gap: float) -> bool:
    """Whether two digits stand too far apart; `gap` is a share of the line's height. Around a 1 there is more room."""
    usual = 0.38 if "1" in (before, letter) else 0.25
    return gap > usual and before.isdigit() and letter.isdigit()
