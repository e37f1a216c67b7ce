"""Where a nerve is looked for without a network: windows of several sizes all over the picture, what is said of each,
and the model that tells which may hold a nerve.

Of each window its texture is told, how it differs from what is beside it, and how both are laid out. The layout's idea
is the histogram of oriented gradients (Dalal and Triggs 2005), with Gabor magnitudes in place of gradients: speckle has
gradients everywhere.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.image.classifiers import Neighbours, Sigmoid, Steps, SupportVectors, packed, standardised, unpacked
from edge.image.gabor import ORIENTATIONS, GaborBank
from edge.image.textures import AROUND, describe, surroundings, texture_cells
from edge.image.textures import NAMES as TEXTURE_NAMES
from edge.image.windows import CELL_PX, SharedSums, Windows, shared, summed, tiled
from edge.image.working_picture import MM_PER_PX

SIZES: Final = ((4, 8, 2), (5, 11, 2), (7, 14, 2), (9, 18, 3), (12, 24, 3), (16, 32, 4))
"""(height, width, step) in cells: nerves from 5 to 19 mm wide."""
LEAST_LIT: Final = 0.5
"""Share of a window that must show an echo."""
AT_ONCE: Final = 1024
TURNS: Final = 4
"""Directions of structure, half a circle."""
BLOCKS: Final = 5
"""A side: the inner three are the window."""
LEAST_STRUCTURE: Final = 2.0
"""Mean magnitude below which there is no structure to speak of."""
_TURNS: Final = tuple(f"{180 * turn / TURNS:g} deg" for turn in range(TURNS))
LAYOUT: Final = tuple(
    f"block {row}{column} {what}" for row in range(BLOCKS) for column in range(BLOCKS) for what in ("grey", *_TURNS)
)
PLACE: Final = ("lit", "log size", "depth")
FEATURES: Final = (*TEXTURE_NAMES, *AROUND, *PLACE, *LAYOUT)
ARRAYS: Final = "windows.npz"
"""The file in the model's folder that holds all but the features' names."""
CHOSEN: Final = "features.txt"
"""The file with the names of the features that the arrays are about, one per line, in the arrays' order."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowGrid:
    """All windows of working pictures of one size."""

    windows: Windows
    room: NDArray[np.float32]
    """(n,) cells that each stands for: where windows stand further apart, each counts more."""

    def taken(self, which: NDArray[np.bool_]) -> "WindowGrid":
        return WindowGrid(self.windows.taken(which), self.room[which])


@lru_cache(maxsize=4)
def grid_of(rows: int, columns: int) -> WindowGrid:
    """rows, columns: of cells."""
    each = [tiled(rows, columns, (size,)) for size in SIZES]
    steps = [np.full(len(part), size[2] ** 2, np.float32) for part, size in zip(each, SIZES, strict=True)]
    return WindowGrid(tiled(rows, columns, SIZES), np.concatenate(steps))


def windows_of(picture: NDArray[np.uint8], names: tuple[str, ...] = FEATURES) -> tuple[WindowGrid, NDArray[np.float32]]:
    """The windows of a working picture (height, width) that show an echo, and (n, names) of each. names: of FEATURES;
    nothing is computed that they do not need."""
    grid = grid_of(picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    echoes = (picture > 0).astype(np.float32)
    lit = shared(summed(echoes)[..., None]).mean_over(grid.windows, CELL_PX**2)[:, 0]
    which = lit >= LEAST_LIT
    grid, windows = grid.taken(which), grid.windows.taken(which)
    asked = set(names)
    texture, around, layout = (tuple(n for n in of if n in asked) for of in (TEXTURE_NAMES, AROUND, LAYOUT))
    bank = GaborBank(picture.astype(np.float32))
    cells = texture_cells(picture, texture, bank)
    counts, values = shared(cells.counts), shared(cells.values)
    parts = [
        _textures(counts, values, windows, texture),
        surroundings(picture, windows, around),
        lit[which, None],
        np.log2(windows.cells.astype(np.float32))[:, None],
        # In mm if the picture is 38 mm wide.
        ((windows.top + windows.bottom) * (CELL_PX / 2 * MM_PER_PX))[:, None],
        _layout(bank, windows, layout),
    ]
    told = {name: column for column, name in enumerate((*texture, *around, *PLACE, *layout))}
    features = np.concatenate(parts, axis=1, dtype=np.float32)
    return grid, features[:, [told[name] for name in names]]


def _textures(counts: SharedSums, values: SharedSums, windows: Windows, names: tuple[str, ...]) -> NDArray[np.float32]:
    """(n, names) of the textures' NAMES."""
    found = np.empty((len(windows), len(names)), np.float32)
    # As many at once as the processor's nearest memory holds the counts of.
    for start in range(0, len(windows), AT_ONCE):
        some = windows.taken(slice(start, start + AT_ONCE))
        pixels = (some.cells * CELL_PX**2).astype(np.float32)
        found[start : start + AT_ONCE] = describe(counts.over(some), values.over(some), pixels, names)
    return found


def _layout(bank: GaborBank, windows: Windows, names: tuple[str, ...]) -> NDArray[np.float32]:
    """(n, names) of LAYOUT: brightness and direction of structure, block by block.

    Grey: block less window, in shares of the whole range; directions: mean magnitude in shares of the window's.
    """
    half = bank.level(1)
    planes = [half, *(bank.magnitude(1, turn * ORIENTATIONS // TURNS) for turn in range(TURNS))]
    sums = [cv2.integral(plane, sdepth=cv2.CV_64F) for plane in planes]
    rows = _edges(windows.top, windows.bottom, half.shape[0])
    columns = _edges(windows.left, windows.right, half.shape[1])
    # Of each way of sums, what stands at each corner between blocks.
    at: dict[tuple[int, int, int], NDArray[np.float64]] = {}

    def corner(plane: int, row: int, column: int) -> NDArray[np.float64]:
        key = plane, row, column
        if key not in at:
            at[key] = np.take(sums[plane], rows[row] * sums[plane].shape[1] + columns[column])
        return at[key]

    def mean(plane: int, top: int, left: int, bottom: int, right: int) -> NDArray[np.float64]:
        total = corner(plane, bottom, right) - corner(plane, top, right) - corner(plane, bottom, left)
        total += corner(plane, top, left)
        return total / np.maximum((rows[bottom] - rows[top]) * (columns[right] - columns[left]), 1)

    level, *strengths = (mean(plane, 1, 1, BLOCKS - 1, BLOCKS - 1) for plane in range(1 + TURNS))
    strength = sum(strengths) / TURNS + LEAST_STRUCTURE
    found = []
    for name in names:
        row, column, what = int(name[6]), int(name[7]), name[9:]
        if what == "grey":
            empty = (rows[row + 1] == rows[row]) | (columns[column + 1] == columns[column])
            # What lies outside the picture is neither brighter nor darker.
            found.append(np.where(empty, 0, (mean(0, row, column, row + 1, column + 1) - level) / 255))
        else:
            plane = 1 + _TURNS.index(what)
            found.append(mean(plane, row, column, row + 1, column + 1) / strength)
    return np.stack(found, axis=1).astype(np.float32) if found else np.zeros((len(windows), 0), np.float32)


def _edges(start: NDArray[np.intp], end: NDArray[np.intp], length: int) -> list[NDArray[np.intp]]:
    """Where the blocks of a window (in cells) begin and end, in pixels of half the resolution."""
    per_cell = CELL_PX / 2
    third = (end - start) * (per_cell / 3)
    places = (np.round(start * per_cell + third * (index - 1)) for index in range(BLOCKS + 1))
    return [np.clip(place, 0, length).astype(np.intp) for place in places]


@dataclass(frozen=True, slots=True, eq=False)
class WindowModel:
    """What tells windows apart: chosen features, a support vector machine, neighbours, and what makes them
    probabilities."""

    features: tuple[str, ...]
    """Of FEATURES; those that were chosen."""
    mean: NDArray[np.float32]
    """(features,) that training subtracted,"""
    deviation: NDArray[np.float32]
    """(features,) and divided by."""
    machine: SupportVectors
    sigmoid: Sigmoid
    neighbours: Neighbours
    steps: Steps

    def scaled(self, chosen: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, chosen) standard deviations from the mean, of the chosen features."""
        return standardised(chosen, self.mean, self.deviation)

    def scaled_of_all(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same from (n, FEATURES)."""
        return self.scaled(features[:, [FEATURES.index(name) for name in self.features]])

    def probability(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) that each window holds what is looked for, by the support vector machine."""
        return self.sigmoid.probability(self.machine.decide(scaled))

    def second_opinion(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) the same by the neighbours."""
        return self.steps.probability(self.neighbours.share(scaled))


def window_model_of(files: Mapping[str, bytes]) -> WindowModel:
    """From the content of each file that `files_of` made. Raises ModelError where they are no such files."""
    try:
        features = tuple(files[CHOSEN].decode().splitlines())
        with np.load(io.BytesIO(files[ARRAYS]), allow_pickle=False) as arrays:
            vectors = unpacked(arrays["vectors"])
            bias, gamma, slope, offset = (float(value) for value in arrays["figures"])
            model = WindowModel(
                features,
                arrays["mean"],
                arrays["deviation"],
                SupportVectors(vectors, arrays["weights"], bias, gamma),
                Sigmoid(slope, offset),
                Neighbours(vectors, arrays["positive"], int(arrays["count"])),
                Steps(arrays["score"], arrays["share"]),
            )
    except KeyError as error:
        raise ModelError(f"the nerve windows' model lacks {error}; reinstall sonoedge") from error
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(f"the nerve windows' model cannot be read: {error}; reinstall sonoedge") from error
    if unknown := set(features) - set(FEATURES):
        raise ModelError(
            f"the nerve windows' model asks for features that this version does not know: "
            f"{', '.join(sorted(unknown))}; update sonoedge"
        )
    if vectors.shape[1:] != (len(features),):
        raise ModelError(
            f"the nerve windows' model has arrays of shape {vectors.shape} for {len(features)} features; "
            "reinstall sonoedge"
        )
    return model


def files_of(model: WindowModel) -> dict[str, bytes]:
    """The content of each file of a model whose machine and neighbours have the same vectors; they are `packed`."""
    buffer = io.BytesIO()
    machine = model.machine
    np.savez_compressed(
        buffer,
        mean=model.mean,
        deviation=model.deviation,
        vectors=packed(machine.vectors),
        weights=machine.weights,
        figures=np.array([machine.bias, machine.gamma, model.sigmoid.slope, model.sigmoid.offset]),
        positive=model.neighbours.positive,
        count=np.array(model.neighbours.count),
        score=model.steps.score,
        share=model.steps.share,
    )
    return {ARRAYS: buffer.getvalue(), CHOSEN: "".join(f"{name}\n" for name in model.features).encode()}
