"""A panorama as a picture of its own: what its columns show above them, the frame's place in it, and a scale bar."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import PanoramaLabel, PanoramaMark
from edge.overlay.palette import GREEN, GREY, ORANGE, WHITE
from edge.overlay.sprite import paste
from edge.overlay.text import BOLD, REGULAR, line_height, styled

WIDTH_PX: Final = 1280
_SMALLEST_PX: Final = 11
_LARGEST_PX: Final = 24
_PER_SIZE: Final = 54
"""Width of the picture as a multiple of its font's size."""
_HIGHEST_SHARE: Final = 0.45
"""Of the width: a panorama that has just begun is not blown up beyond."""
_BARS_MM: Final = (20, 10, 5)
"""The first that fits."""
_GROUND: Final = 14


def draw_panorama(mark: PanoramaMark, width_px: int = WIDTH_PX) -> NDArray[np.uint8]:
    """A new (height, `width_px`, 3) uint8 BGR picture; the height goes by the plane's. Texts that would lie over each
    other are moved aside a little or else left out, the emphasised ones last; their brackets stay."""
    size = min(_LARGEST_PX, max(_SMALLEST_PX, width_px // _PER_SIZE))
    rows, columns = mark.plane.shape
    scale = min(width_px / columns, _HIGHEST_SHARE * width_px / rows)
    wide, high = max(1, round(columns * scale)), max(1, round(rows * scale))
    left, top = (width_px - wide) // 2, line_height(size) + size if mark.labels else 0
    foot = line_height(size) + size // 4
    picture = np.full((top + high + foot, width_px, 3), _GROUND, np.uint8)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    plane = np.asarray(cv2.resize(mark.plane, (wide, high), interpolation=how), np.uint8)
    picture[top : top + high, left : left + wide] = plane[:, :, np.newaxis]
    _draw_labels(picture, mark.labels, left, scale, top, size)
    if mark.here is not None:
        _draw_here(picture, left + round((mark.here + 0.5) * scale), top, high, size)
    if mark.mm_per_px is not None:
        _draw_bar(picture, left, wide, mark.mm_per_px / scale, top + high, size)
    return picture


def _draw_labels(
    picture: NDArray[np.uint8], labels: tuple[PanoramaLabel, ...], left: int, scale: float, top: int, size: int
) -> None:
    """A bracket over the columns of each, and its text above that."""
    y, tick, thick = top - round(0.6 * size), max(2, size // 3), 1 + size // 16
    taken: list[tuple[int, int]] = []
    for label in sorted(labels, key=lambda one: not one.emphasised):
        colour = GREEN if label.emphasised else GREY
        start = left + round(label.start * scale) + 1
        end = max(start, left + round(label.end * scale) - 2)
        picture[y : y + thick, start : end + 1] = colour
        for x in (start, end):
            picture[y : y + tick, x : x + thick] = colour
        text = styled(label.text, size, colour if label.emphasised else WHITE, BOLD if label.emphasised else REGULAR)
        x = min(max(0, (start + end - text.width) // 2), picture.shape[1] - text.width)
        free = [at for at in _beside(x, text.width, picture.shape[1]) if _is_free(at, text.width, taken)]
        if free:
            paste(picture, text.sprite, free[0], y - text.height)
            taken.append((free[0], free[0] + text.width))


def _beside(x: int, width: int, most: int) -> list[int]:
    """Where a text may stand: at its place, or moved aside by up to a third of its width, the nearest first."""
    moved = (x + side * step for step in range(width // 3 + 1) for side in (-1, 1))
    return [at for at in moved if 0 <= at <= most - width]


def _is_free(x: int, width: int, taken: list[tuple[int, int]]) -> bool:
    return all(x + width <= first or x >= last for first, last in taken)


def _draw_here(picture: NDArray[np.uint8], x: int, top: int, high: int, size: int) -> None:
    """A line on a dark edge through the plane, and an arrow under it."""
    thick = 1 + size // 12
    picture[top : top + high, max(0, x - 1) : x + thick + 1] //= 3
    picture[top : top + high, max(0, x) : x + thick] = ORANGE
    reach, middle = size // 3, x + thick // 2
    arrow = np.array([(middle, top + high), (middle - reach, top + high + reach), (middle + reach, top + high + reach)])
    cv2.fillPoly(picture, [arrow.astype(np.int32)], ORANGE, cv2.LINE_AA)


def _draw_bar(picture: NDArray[np.uint8], left: int, wide: int, mm_per_px: float, y: int, size: int) -> None:
    """Under the plane, flush with its right end; its text beside it."""
    length_mm = next((one for one in _BARS_MM if one / mm_per_px <= wide), None)
    if length_mm is None:
        return
    length, tick, thick = round(length_mm / mm_per_px), max(2, size // 4), 1 + size // 16
    right, middle = left + wide - 1, y + line_height(size) // 2
    picture[middle : middle + thick, right - length : right + 1] = WHITE
    for x in (right - length, right + 1 - thick):
        picture[middle - tick : middle + tick + thick, x : x + thick] = WHITE
    text = styled(f"{length_mm} mm", size, WHITE)
    beside = right - length - text.width - size // 3
    if beside >= 0:
        paste(picture, text.sprite, beside, y)
