"""Matching of what the sacrum, a spinous process and an interspinous space typically look like in a transverse view.

The first step of Yu, Tan, Sng, Li and Sia (Ultrasound Med Biol 2015; 41: 2677): templates slide over the picture; the
best value of each, and where it is, describe the picture.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.task.scores import SIDE
from edge.task.spine.levels import KINDS
from edge.task.spine.planes import MM_PER_PX, OVER_SKIN_MM, Window
from edge.task.spine.seen import Floats

CELL_MM: Final = 2 * MM_PER_PX
"""Of the working picture, which is the network's square made half as large."""
CELLS: Final = SIDE // 2
HALF_CELLS: Final = 35
"""To either side of a template's middle: spinous process, articular and transverse processes lie within."""
ABOVE_BELOW_MM: Final = ((8.0, 28.0), (6.0, 38.0), (18.0, 16.0))
"""By KINDS, what of a template lies above and below its anchor: the sacrum's crest, the process' tip, the posterior
complex."""
SIZES: Final = 3
"""Templates of each kind, from small to large bodies."""
CALM_CELLS: Final = 0.8
DETAIL_CELLS: Final = 6.0
"""What is wider is no detail: gain, attenuation, tissue beside shadow, the sides of a fan."""
GRAIN: Final = 4.0
"""Grey levels of contrast below which there is nothing to be seen."""
FILE: Final = "templates.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """The picture that is looked at."""

    window: Window
    """Where it lies in the ultrasound region."""
    fine: NDArray[np.uint8]
    """(SIDE, SIDE) of MM_PER_PX."""
    calm: NDArray[np.float32]
    """(CELLS, CELLS) of CELL_MM, speckle smoothed away."""
    detail: NDArray[np.float32]
    """(CELLS, CELLS) how much brighter than around it, in standard deviations of what is around: bone and membranes."""

    @classmethod
    def of(cls, picture: NDArray[np.uint8], window: Window) -> Self:
        """From the ultrasound region (height, width)."""
        fine = window.tensor(picture)[0, 0]
        half = cv2.resize(fine, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float32)
        calm = np.asarray(cv2.GaussianBlur(half, (0, 0), CALM_CELLS), np.float32)
        return cls(window, fine, calm, _detail(calm))


def _detail(calm: NDArray[np.float32]) -> NDArray[np.float32]:
    over = calm - cv2.GaussianBlur(calm, (0, 0), DETAIL_CELLS)
    contrast = np.sqrt(np.maximum(cv2.GaussianBlur(over * over, (0, 0), DETAIL_CELLS), 0))
    return np.asarray(over / (contrast + np.float32(GRAIN)), np.float32)


def x_of(column: NDArray[np.intp]) -> Floats:
    """To the right of the array's middle, mm, of columns of the working picture."""
    return np.asarray((column - (CELLS - 1) / 2) * CELL_MM)


def column_of(x_mm: float) -> int:
    return round(x_mm / CELL_MM + (CELLS - 1) / 2)


def depth_of(row: float) -> float:
    """Under the skin, mm, of a row of the working picture."""
    return (row + 0.5) * CELL_MM - OVER_SKIN_MM


def row_of(depth_mm: float) -> int:
    return round((depth_mm + OVER_SKIN_MM) / CELL_MM - 0.5)


def rows_around(kind: int) -> tuple[int, int]:
    """Of a template of a kind: rows above its anchor, and below, with the anchor's."""
    above, below = ABOVE_BELOW_MM[kind]
    return round(above / CELL_MM), round(below / CELL_MM)


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """What a model remembers."""

    planes: tuple[NDArray[np.float32], ...]
    """By KINDS (SIZES, rows, 2 * HALF_CELLS + 1) of the detail."""

    @classmethod
    def of(cls, arrays: Mapping[str, bytes]) -> Self:
        """From a model's arrays. Raises ModelError where they hold no templates of this version."""
        try:
            with np.load(io.BytesIO(arrays[FILE]), allow_pickle=False) as kept:
                planes = tuple(np.asarray(kept[kind], np.float32) for kind in KINDS)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ModelError(f"{FILE} holds no templates ({error}); install the model again") from error
        for kind, plane in enumerate(planes):
            wanted = SIZES, sum(rows_around(kind)), 2 * HALF_CELLS + 1
            if plane.shape != wanted:
                raise ModelError(f"{FILE} has a template {plane.shape}; expected {wanted}: it is of another version")
        return cls(planes)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """How well the templates of one kind fit."""

    map: NDArray[np.float32]
    """(rows, columns) the best template's correlation at each place; the first is a template's upper left corner."""
    values: tuple[float, ...]
    """(SIZES,) each template's best correlation, -1 to 1."""
    value: float
    """The best of them,"""
    size: int
    """whose it is,"""
    x_mm: float
    """and where its anchor lies: to the right of the array's middle,"""
    depth_mm: float
    """and under the skin."""


def matched(work: Working, templates: Templates) -> tuple[Match, ...]:
    """By KINDS."""
    return tuple(_match(work.detail, kind, planes) for kind, planes in enumerate(templates.planes))


def _match(detail: NDArray[np.float32], kind: int, planes: NDArray[np.float32]) -> Match:
    maps = [cv2.matchTemplate(detail, plane, cv2.TM_CCOEFF_NORMED) for plane in planes]
    # Where nothing is shown at all a correlation is not defined.
    found = np.clip(np.nan_to_num(np.stack(maps), posinf=0, neginf=0), -1, 1).astype(np.float32)
    values = found.reshape(len(planes), -1).max(axis=1)
    size = int(values.argmax())
    row, column = np.unravel_index(int(found[size].argmax()), found[size].shape)
    x_mm, depth_mm = float(x_of(np.array(column) + HALF_CELLS)), depth_of(float(row) + rows_around(kind)[0])
    return Match(found.max(axis=0), tuple(values.tolist()), float(values[size]), size, x_mm, depth_mm)


def cut_out(detail: NDArray[np.float32], kind: int, x_mm: float, depth_mm: float) -> NDArray[np.float32] | None:
    """What a template of a kind is the mean of: (rows, 2 * HALF_CELLS + 1) around an anchor. None: it reaches out of
    the picture."""
    above, below = rows_around(kind)
    row, column = row_of(depth_mm), column_of(x_mm)
    if row < above or row + below > CELLS or not HALF_CELLS <= column < CELLS - HALF_CELLS:
        return None
    return detail[row - above : row + below, column - HALF_CELLS : column + HALF_CELLS + 1]


def corners(match: Match, kind: int) -> Floats:
    """(5, 2) the outline of the best template, closed: mm to the right of the array's middle and under the skin."""
    above, below = ABOVE_BELOW_MM[kind]
    half = HALF_CELLS * CELL_MM
    left, right, top, bottom = match.x_mm - half, match.x_mm + half, match.depth_mm - above, match.depth_mm + below
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
